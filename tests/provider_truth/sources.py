"""What is built, and of which version: published Go modules, unmodified but for services left out.

A provider with all its services takes more than an hour to compile; with those that the programs use, minutes.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Source:
    """A Go module and the command that is built of it.

    registration: the file that registers services, relative to the module; services: those that stay. local:
    the type names' prefix in Terraform, "" for what is no provider.
    """

    name: str
    module: str
    version: str
    release: str
    package: str = "."
    registration: str = ""
    services: tuple[str, ...] = ()
    local: str = ""

    @property
    def binary(self) -> str:
        """Name of the executable, as OpenTofu looks for it."""
        return f"terraform-provider-{self.local}" if self.local else self.name


# s3 calls for s3control, and the provider's own start for organizations.
AWS_SERVICES = (
    "amp",
    "appautoscaling",
    "cloudwatch",
    "ec2",
    "ecr",
    "ecs",
    "grafana",
    "iam",
    "kms",
    "lambda",
    "logs",
    "meta",
    "organizations",
    "rds",
    "s3",
    "s3control",
    "sagemaker",
    "scheduler",
    "secretsmanager",
    "sts",
    "vpclattice",
)
GOOGLE_SERVICES = (
    "alloydb",
    "artifactregistry",
    "cloudrunv2",
    "cloudscheduler",
    "compute",
    "dns",
    "iambeta",
    "kms",
    "logging",
    "monitoring",
    "resourcemanager",
    "secretmanager",
    "servicenetworking",
    "serviceusage",
    "sql",
    "storage",
    "vertexai",
)

TOFU = Source("tofu", "github.com/opentofu/opentofu", "v1.12.6", "1.12.6", package="./cmd/tofu")
AWS = Source(
    "aws",
    "github.com/hashicorp/terraform-provider-aws",
    "v1.60.1-0.20260602190131-5f2286d6d836",
    "6.48.0-dev",
    registration="internal/provider/sdkv2/service_packages_gen.go",
    services=AWS_SERVICES,
    local="aws",
)
GOOGLE = Source(
    "google",
    "github.com/hashicorp/terraform-provider-google",
    "v1.20.1-0.20260828184646-f3721fb45fa3",
    "8.0.0",
    registration="google/provider/provider_register_services.go",
    services=GOOGLE_SERVICES,
    local="google",
)
SOURCES = (TOFU, GOOGLE, AWS)


def cache() -> Path:
    """Where builds are kept: outside of the tree, `$STACKGEN_CACHE` first."""
    root = os.environ.get("STACKGEN_CACHE")
    return (Path(root) if root else Path.home() / ".cache" / "stackgen") / "provider-truth"
