"""Images: the user's own, given by name or pushed to a repository of this stack, and who may pull which."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from aws_platform.naming import physical_name
from aws_platform.zone import Zone

SIGV4_PROXY = "public.ecr.aws/aws-observability/aws-sigv4-proxy:1.10"
"""Signs requests to services of AWS for programs that cannot."""
KEEP = 50  # images; older ones are removed
PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
PRIVATE = re.compile(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com/([^:@]+)")


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


def repositories_of(images: Sequence[pulumi.Input[str]]) -> pulumi.Output[Sequence[str]]:
    """ARNs of the private repositories that these images are in; a public image is in none."""
    return pulumi.Output.all(*images).apply(_repositories)


def _repositories(images: Sequence[str]) -> Sequence[str]:
    found = [match.groups() for image in images if (match := PRIVATE.match(image))]
    return sorted({f"arn:aws:ecr:{region}:{account}:repository/{path}" for account, region, path in found})
