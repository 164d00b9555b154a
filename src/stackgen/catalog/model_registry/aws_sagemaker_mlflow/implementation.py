"""MLflow as Amazon SageMaker runs it."""

from typing import Literal

from pydantic import Field

from stackgen.contracts.mlflow import profiles as mlflow
from stackgen.contracts.profile import without
from stackgen.descriptors.model import Implementation, ImplementationSettings
from stackgen.descriptors.properties import Properties
from stackgen.providers.versions import AWS_SAGEMAKER_MLFLOW

PLUGIN = "https://docs.aws.amazon.com/sagemaker/latest/dg/mlflow-track-experiments.html"


class Settings(ImplementationSettings):
    """Settings of a SageMaker tracking server."""

    mlflow_version: str = Field(
        default=AWS_SAGEMAKER_MLFLOW.use, pattern=r"^\d+\.\d+$", description="MLflow version."
    )
    server_size: Literal["Small", "Medium", "Large"] = Field(
        default="Small", description="Size of the server, by team: about 25, 50 or 100 people."
    )
    maintenance: str = Field(
        default="Sun:03:30",
        pattern=r"^(Mon|Tue|Wed|Thu|Fri|Sat|Sun):([01]\d|2[0-3]):[0-5]\d$",
        description="Start of the weekly maintenance, UTC.",
    )


IMPLEMENTATION = Implementation(
    description="Amazon SageMaker's managed MLflow: nothing to run, for clients with AWS's plugin.",
    level="managed",
    settings=Settings,
    sizes={
        "small": {},
        "medium": {"server_size": "Medium"},
        "large": {"server_size": "Large"},
    },
    kept={"mlflow": without(mlflow.FULL, "traces", "wrong-credentials-refused")},
    not_kept={
        "mlflow": {
            "traces": "what of tracing the service's API allows is not documented per version "
            "(https://docs.aws.amazon.com/sagemaker/latest/dg/mlflow.html)",
            "wrong-credentials-refused": "there is no user name and password: requests are signed with AWS "
            f"credentials by the plugin sagemaker-mlflow, which clients must install ({PLUGIN})",
        }
    },
    properties=Properties(
        encryption_at_rest=(
            "provider-key",
            "artifacts are encrypted with the environment's KMS key; the tracking server's own store, "
            "with AWS's",
        ),
        network_exposure=(
            "internet",
            "an API of AWS, on the internet for whoever has permission in the account; from this VPC by "
            "a private endpoint",
        ),
        tls=("required", "AWS's APIs answer on HTTPS only"),
        authentication=("identity", "requests are signed with the role of the workload; there is no key"),
        backup=(
            "versions",
            "old versions of artifacts for 90 days; runs and versions are with AWS, without a restore of "
            "one's own",
        ),
        high_availability=(
            "restart",
            "AWS keeps the one tracking server running; it documents no redundancy",
        ),
    ),
    billing="always-on",
    licence="AWS service terms; Apache-2.0 (MLflow)",
    maturity="beta",
    notes=(
        f"clients need the package sagemaker-mlflow beside mlflow ({PLUGIN})",
        "a workload that only reads (`reads`, a predictor) may write too: roles are given every action",
    ),
)
