"""The image of the user's own code: one given by name, or one pushed to a repository of this stack."""

from __future__ import annotations

import pulumi
import pulumi_gcp as gcp

from gcp_platform.naming import physical_name
from gcp_platform.workloads import Workload
from gcp_platform.zone import Zone


def own_image(
    name: str,
    zone: Zone,
    workload: Workload,
    image: str | None,
    tag: str,
    opts: pulumi.ResourceOptions,
) -> pulumi.Input[str]:
    """`image` if given, else `tag` in a private repository that scans what is pushed and never moves a tag."""
    if image is not None:
        return image
    encrypted = zone.grant_key("artifactregistry.googleapis.com")
    repository = gcp.artifactregistry.Repository(
        f"{name}-repository",
        repository_id=physical_name(name),
        location=zone.region,
        format="DOCKER",
        description=f"Images of {name}",
        kms_key_name=zone.key_id,
        docker_config=gcp.artifactregistry.RepositoryDockerConfigArgs(immutable_tags=True),
        vulnerability_scanning_config=gcp.artifactregistry.RepositoryVulnerabilityScanningConfigArgs(
            enablement_config="INHERITED"
        ),
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[encrypted])),
    )
    gcp.artifactregistry.RepositoryIamMember(
        f"{name}-repository",
        repository=repository.name,
        location=zone.region,
        role="roles/artifactregistry.reader",
        member=workload.member,
        opts=opts,
    )
    host = f"{zone.region}-docker.pkg.dev/{zone.project}"
    return pulumi.Output.concat(host, "/", repository.repository_id, f"/{name}:{tag}")
