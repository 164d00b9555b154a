"""Properties of components on AWS: containers behind the service network, and services behind a gateway."""

from dataclasses import replace

from stackgen.descriptors.properties import Properties

SERVICE = Properties(
    encryption_at_rest=(
        "not-applicable",
        "it keeps no data; its secrets (Secrets Manager) and logs are encrypted with the environment's KMS key",
    ),
    network_exposure=(
        "private",
        "VPC Lattice in this VPC; only the security groups of its callers, and `peers`, are let in",
    ),
    tls=(
        "required",
        "VPC Lattice takes HTTPS only, with a certificate AWS keeps; from there to the task it is HTTP in the VPC "
        "(https://docs.aws.amazon.com/vpc-lattice/latest/ug/listeners.html)",
    ),
    authentication=("shared-secret", "a generated key or password, kept in Secrets Manager"),
    backup=("not-applicable", "it keeps no data"),
    high_availability=(
        "restart",
        "one task, started again by ECS; from two tasks on (`minimum`, size medium) they are spread over zones",
    ),
)

JOB = replace(
    SERVICE,
    network_exposure=("not-applicable", "nothing listens; the task is in private subnets without an address"),
    tls=("not-applicable", "nothing listens"),
    authentication=("not-applicable", "nothing listens; only its schedule's role may start it"),
    high_availability=("restart", "a failed start is tried twice more; the next one comes with the schedule"),
)

# Reached through the stack's gateway: what an application sees is the gateway's key.
BEHIND_GATEWAY = Properties(
    encryption_at_rest=("not-applicable", "it keeps no data of the stack's"),
    network_exposure=(
        "internet",
        "an API of AWS, on the internet for whoever has permission in the account; from this VPC by a private endpoint",
    ),
    tls=("required", "AWS's APIs answer on HTTPS only, and so does the gateway"),
    authentication=(
        "shared-secret",
        "applications hold the gateway's key; the gateway signs with its task's role, without a stored key",
    ),
    backup=("not-applicable", "it keeps no data of the stack's"),
    high_availability=("zones", "a regional service of AWS, in several zones"),
)

DATABASE = Properties(
    encryption_at_rest=(
        "customer-key",
        "storage, snapshots and Performance Insights are encrypted with the environment's KMS key",
    ),
    network_exposure=(
        "private",
        "private subnets, not publicly accessible; only the security groups of its callers, and `peers`, are let in",
    ),
    tls=("required", "rds.force_ssl is on; clients use sslmode=require"),
    authentication=(
        "shared-secret",
        "a generated password; IAM database authentication is on as well, for clients that can use it",
    ),
    backup=(
        "point-in-time",
        "continuous, 14 days by default (`backup_retention`), 35 with `protect`; a final snapshot at deletion",
    ),
    high_availability=("zones", "a standby in another zone takes over"),
)
