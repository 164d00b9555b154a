"""Secrets in Secret Manager, kept in the region, each readable by the one workload it is for."""

from __future__ import annotations

import pulumi
import pulumi_gcp as gcp

from gcp_platform.naming import physical_name
from gcp_platform.workloads import Workload
from gcp_platform.zone import Zone


def secret_for(
    workload: Workload, name: str, value: pulumi.Input[str], zone: Zone, opts: pulumi.ResourceOptions
) -> gcp.secretmanager.SecretVersion:
    """Create a secret that the workload may read, and return its first version."""
    replica = gcp.secretmanager.SecretReplicationUserManagedReplicaArgs(
        location=zone.region,
        customer_managed_encryption=gcp.secretmanager.SecretReplicationUserManagedReplicaCustomerManagedEncryptionArgs(
            kms_key_name=zone.key_id
        ),
    )
    encrypted = zone.grant_key("secretmanager.googleapis.com")
    secret = gcp.secretmanager.Secret(
        name,
        secret_id=physical_name(name, 255),
        replication=gcp.secretmanager.SecretReplicationArgs(
            user_managed=gcp.secretmanager.SecretReplicationUserManagedArgs(replicas=[replica])
        ),
        deletion_protection=False,  # it is made from the state, and can be made again
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[encrypted])),
    )
    reader = gcp.secretmanager.SecretIamMember(
        name,
        secret_id=secret.secret_id,
        role="roles/secretmanager.secretAccessor",
        member=workload.member,
        opts=opts,
    )
    return gcp.secretmanager.SecretVersion(
        name,
        secret=secret.id,
        secret_data=pulumi.Output.secret(value),
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[reader])),
    )
