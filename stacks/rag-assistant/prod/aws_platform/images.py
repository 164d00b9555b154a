"""The image of the user's own code: one given by name, or one pushed to a repository of this stack."""

from __future__ import annotations

import json

import pulumi
import pulumi_aws as aws

from aws_platform.naming import physical_name
from aws_platform.zone import Zone

KEEP = 50  # images; older ones are removed


def own_image(
    name: str, zone: Zone, image: str | None, tag: str, opts: pulumi.ResourceOptions
) -> pulumi.Input[str]:
    """`image` if given, else `tag` in a private repository that scans what is pushed and never moves a tag."""
    if image is not None:
        return image
    repository = aws.ecr.Repository(
        f"{name}-repository",
        name=physical_name(name, 200),
        image_tag_mutability="IMMUTABLE",
        force_delete=zone.deletable,
        encryption_configurations=[
            aws.ecr.RepositoryEncryptionConfigurationArgs(encryption_type="KMS", kms_key=zone.key.arn)
        ],
        image_scanning_configuration=aws.ecr.RepositoryImageScanningConfigurationArgs(scan_on_push=True),
        opts=opts,
    )
    rule = {
        "rulePriority": 1,
        "description": f"Keep the last {KEEP} images",
        "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": KEEP},
        "action": {"type": "expire"},
    }
    aws.ecr.LifecyclePolicy(
        f"{name}-repository", repository=repository.name, policy=json.dumps({"rules": [rule]}), opts=opts
    )
    return pulumi.Output.concat(repository.repository_url, ":", tag)
