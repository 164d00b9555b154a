"""Images and versions that programs start servers and databases from, each stated once with its date.

A spec may name another one in `settings`. A program's own modules cannot import this table: where one names an
image, `tests/catalog/test_versions.py` compares it with the table.
"""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Release:
    """use: the address of an image or the version of an engine, as a program takes it.

    since: the day from which stackgen has used it. releases: the page that lists newer ones.
    """

    use: str
    since: date
    releases: str


ALERTMANAGER = Release(
    "docker.io/prom/alertmanager:v0.34.1"
    "@sha256:e9733bafb1bdef9b00e25a21f8f99dc26a22224bf16641ad754d1649f4c3357a",
    date(2026, 11, 25),
    "https://github.com/prometheus/alertmanager/releases",
)
AWS_DEEP_JAVA_LIBRARY = Release(
    "0.34.0-lmi16.0.0-cu128",
    date(2026, 11, 24),
    "https://github.com/aws/deep-learning-containers/blob/master/available_images.md",
)
AWS_OTEL_COLLECTOR = Release(
    "public.ecr.aws/aws-observability/aws-otel-collector:v0.45.1",
    date(2026, 11, 24),
    "https://github.com/aws-observability/aws-otel-collector/releases",
)
AWS_POSTGRESQL = Release(
    "17.11",  # has the fixes of 2026-08-13 (https://www.postgresql.org/support/security/); Aurora and RDS offer it
    date(2026, 11, 27),
    "https://docs.aws.amazon.com/AmazonRDS/latest/PostgreSQLReleaseNotes/postgresql-release-calendar.html",
)
AWS_SAGEMAKER_MLFLOW = Release(
    "3.4", date(2026, 11, 24), "https://docs.aws.amazon.com/sagemaker/latest/dg/mlflow.html"
)
AWS_SIGV4_PROXY = Release(
    "public.ecr.aws/aws-observability/aws-sigv4-proxy:1.10",
    date(2026, 11, 24),
    "https://github.com/awslabs/aws-sigv4-proxy/releases",
)
CLOUDNATIVE_PG = Release(
    "ghcr.io/cloudnative-pg/postgresql:17.11-standard-trixie"
    "@sha256:91e0de662d53895a45f1396f4ee1a75daeb0c26fc87853afc9c8f43e01fdaa21",
    date(2026, 11, 27),
    "https://github.com/cloudnative-pg/postgres-containers",
)
GCP_OTEL_COLLECTOR = Release(
    "us-docker.pkg.dev/cloud-ops-agents-artifacts/google-cloud-opentelemetry-collector/otelcol-google:0.131.0",
    date(2026, 11, 24),
    "https://github.com/GoogleCloudPlatform/opentelemetry-operations-collector/releases",
)
GCP_POSTGRESQL = Release("17", date(2026, 11, 27), "https://cloud.google.com/sql/docs/postgres/db-versions")
GCP_PROMETHEUS_FRONTEND = Release(
    "gke.gcr.io/prometheus-engine/frontend:v0.15.3-gke.0",
    date(2026, 11, 24),
    "https://github.com/GoogleCloudPlatform/prometheus-engine/releases",
)
GRAFANA = Release(
    "docker.io/grafana/grafana:12.4.4", date(2026, 11, 25), "https://github.com/grafana/grafana/releases"
)
JAEGER = Release(
    "docker.io/jaegertracing/jaeger:2.20.0"
    "@sha256:46a886260e04002d8f45e213fc39063fa11a50446048fdaa64786fc0840cb9f8",
    date(2026, 11, 27),
    "https://github.com/jaegertracing/jaeger/releases",
)
LITELLM = Release(
    "ghcr.io/berriai/litellm-non_root:v1.106.2",
    date(2026, 11, 24),
    "https://github.com/BerriAI/litellm/releases",
)
LLAMA_CPP = Release(
    "ghcr.io/ggml-org/llama.cpp:server-b11176",
    date(2026, 11, 25),
    "https://github.com/ggml-org/llama.cpp/releases",
)
MLFLOW = Release(
    "ghcr.io/mlflow/mlflow:v3.17.2-full", date(2026, 11, 24), "https://github.com/mlflow/mlflow/releases"
)
MLSERVER = Release(
    "docker.io/seldonio/mlserver:1.7.1", date(2026, 11, 24), "https://github.com/SeldonIO/MLServer/releases"
)
OTEL_COLLECTOR = Release(
    "docker.io/otel/opentelemetry-collector-contrib:0.159.0"
    "@sha256:1f2c54a30e713fac6b3ae77a1ec84010c2007e29ced8ec666214fc2f6739c1cc",
    date(2026, 11, 25),
    "https://github.com/open-telemetry/opentelemetry-collector-releases/releases",
)
PGVECTOR = Release(
    "docker.io/pgvector/pgvector:0.8.6-pg17-bookworm"
    "@sha256:cf134a767f474095eeba57e0117be8e568e011a63f33fbf252f14c9b760f8e6f",
    date(2026, 11, 25),
    "https://github.com/pgvector/pgvector/tags",
)
PROMETHEUS = Release(
    "docker.io/prom/prometheus:v3.13.3"
    "@sha256:6976aa8a60fec930796ce5772b8d12da7a318a5daa8d40d69c5c7819a05eeed7",
    date(2026, 11, 25),
    "https://github.com/prometheus/prometheus/releases",
)
PYTHON = Release(
    "docker.io/library/python:3.13-slim", date(2026, 11, 24), "https://hub.docker.com/_/python/tags"
)
PYTHON_FROM_ECR = Release(
    "public.ecr.aws/docker/library/python:3.13-slim",
    date(2026, 11, 24),
    "https://gallery.ecr.aws/docker/library/python",
)
TEXT_EMBEDDINGS_INFERENCE = Release(
    "ghcr.io/huggingface/text-embeddings-inference:cpu-1.8.2",
    date(2026, 11, 24),
    "https://github.com/huggingface/text-embeddings-inference/releases",
)
VERSITYGW = Release(
    "docker.io/versity/versitygw:v1.8.0"
    "@sha256:30292fc2eeacc67a36993b01f7a7a5e3361a19cced0e80c1d71cfa2a4b0a2499",
    date(2026, 11, 25),
    "https://github.com/versity/versitygw/releases",
)
VLLM = Release(
    "docker.io/vllm/vllm-openai:v0.29.0"
    "@sha256:c2914767605584b6d8f45686b82de173ecc99e781897aa3d0a66dacd72c51ae1",
    date(2026, 11, 27),
    "https://github.com/vllm-project/vllm/releases",
)
VMAUTH = Release(
    "docker.io/victoriametrics/vmauth:v1.140.0",
    date(2026, 11, 24),
    "https://github.com/VictoriaMetrics/VictoriaMetrics/releases",
)
