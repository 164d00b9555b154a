"""Variables that unmodified clients of each contract read. Written by stackgen from its contracts."""

# contract → binding key → variable
VARIABLES: dict[str, dict[str, str]] = {
    "http": {"url": "URL"},
    "mlflow": {
        "tracking-uri": "MLFLOW_TRACKING_URI",
        "username": "MLFLOW_TRACKING_USERNAME",
        "password": "MLFLOW_TRACKING_PASSWORD",
    },
    "open-inference": {"url": "OPEN_INFERENCE_URL", "model": "OPEN_INFERENCE_MODEL"},
    "openai-chat": {"base-url": "OPENAI_BASE_URL", "api-key": "OPENAI_API_KEY", "model": "OPENAI_MODEL"},
    "openai-embeddings": {
        "base-url": "OPENAI_BASE_URL",
        "api-key": "OPENAI_API_KEY",
        "model": "OPENAI_EMBEDDING_MODEL",
    },
    "otlp": {"endpoint": "OTEL_EXPORTER_OTLP_ENDPOINT", "headers": "OTEL_EXPORTER_OTLP_HEADERS"},
    "pgvector": {
        "host": "PGHOST",
        "port": "PGPORT",
        "database": "PGDATABASE",
        "username": "PGUSER",
        "password": "PGPASSWORD",
        "sslmode": "PGSSLMODE",
    },
    "prometheus": {
        "url": "PROMETHEUS_URL",
        "username": "PROMETHEUS_USERNAME",
        "password": "PROMETHEUS_PASSWORD",
    },
    "s3": {
        "endpoint": "AWS_ENDPOINT_URL_S3",
        "access-key-id": "AWS_ACCESS_KEY_ID",
        "secret-access-key": "AWS_SECRET_ACCESS_KEY",
        "region": "AWS_REGION",
        "bucket": "S3_BUCKET",
    },
}
# contract → variable → address made of binding keys; a secret is percent-encoded in it
COMPOSED: dict[str, dict[str, str]] = {
    "pgvector": {
        "DATABASE_URL": "postgresql://{username}:{password}@{host}:{port}/{database}?sslmode={sslmode}",
    },
}
# variable → others with the same value, which other clients read instead
ALSO: dict[str, list[str]] = {"AWS_REGION": ["AWS_DEFAULT_REGION"]}
# contracts whose variables are too common to stand without their component's name
PREFIXED_ONLY: list[str] = ["http"]
# variables that hold a secret
SECRET: list[str] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "DATABASE_URL",
    "MLFLOW_TRACKING_PASSWORD",
    "OPENAI_API_KEY",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "PGPASSWORD",
    "PROMETHEUS_PASSWORD",
]
