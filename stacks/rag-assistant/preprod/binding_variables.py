"""Bindings as environment variables, under the names that unmodified clients already read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

import pulumi

Bindings = Mapping[str, Mapping[str, pulumi.Input[Any]]]

# contract → binding key → variable
VARIABLES: dict[str, dict[str, str]] = {
    "pgvector": {
        "host": "PGHOST",
        "port": "PGPORT",
        "database": "PGDATABASE",
        "username": "PGUSER",
        "password": "PGPASSWORD",
        "sslmode": "PGSSLMODE",
    },
    "openai-chat": {"base-url": "OPENAI_BASE_URL", "api-key": "OPENAI_API_KEY", "model": "OPENAI_MODEL"},
    "openai-embeddings": {
        "base-url": "OPENAI_BASE_URL",
        "api-key": "OPENAI_API_KEY",
        "model": "OPENAI_EMBEDDING_MODEL",
    },
    "open-inference": {"url": "OPEN_INFERENCE_URL", "model": "OPEN_INFERENCE_MODEL"},
    "mlflow": {
        "tracking-uri": "MLFLOW_TRACKING_URI",
        "username": "MLFLOW_TRACKING_USERNAME",
        "password": "MLFLOW_TRACKING_PASSWORD",
    },
    "s3": {
        "endpoint": "AWS_ENDPOINT_URL_S3",
        "access-key-id": "AWS_ACCESS_KEY_ID",
        "secret-access-key": "AWS_SECRET_ACCESS_KEY",
        "region": "AWS_REGION",
        "bucket": "S3_BUCKET",
    },
    "prometheus": {
        "url": "PROMETHEUS_URL",
        "username": "PROMETHEUS_USERNAME",
        "password": "PROMETHEUS_PASSWORD",
    },
    "otlp": {"endpoint": "OTEL_EXPORTER_OTLP_ENDPOINT", "headers": "OTEL_EXPORTER_OTLP_HEADERS"},
    "http": {"url": "URL"},
}
# variable → a second name that gets its value too
ALSO = {"AWS_REGION": "AWS_DEFAULT_REGION"}  # the one that boto3 and version 1 of the AWS CLI read
PREFIXED_ONLY = {"http"}  # names too common to stand without their component's
SECRET = ("PASSWORD", "API_KEY", "SECRET_ACCESS_KEY", "ACCESS_KEY_ID", "HEADERS", "DATABASE_URL")


def environment(used: Mapping[str, Bindings]) -> dict[str, pulumi.Output[str]]:
    """Variables for a consumer of these components' bindings; every value may be secret.

    Each variable stands prefixed with its component's name (KNOWLEDGE_PGHOST), and plain where only one
    used component has that contract.
    """
    contracts = Counter(contract for bindings in used.values() for contract in bindings)
    found: dict[str, pulumi.Output[str]] = {}
    for component, bindings in used.items():
        prefix = component.upper().replace("-", "_")
        for contract, binding in bindings.items():
            for name, value in _variables(contract, binding):
                found[f"{prefix}_{name}"] = value
                if contracts[contract] == 1 and contract not in PREFIXED_ONLY:
                    found[name] = value
    return found


def split(
    variables: Mapping[str, pulumi.Output[str]],
) -> tuple[dict[str, pulumi.Output[str]], dict[str, pulumi.Output[str]]]:
    """Plain variables, and those that hold a secret, by name."""
    secret = {name: value for name, value in variables.items() if name.endswith(SECRET)}
    return {name: value for name, value in variables.items() if name not in secret}, secret


def _variables(
    contract: str, binding: Mapping[str, pulumi.Input[Any]]
) -> Iterable[tuple[str, pulumi.Output[str]]]:
    for key, name in VARIABLES.get(contract, {}).items():
        if key in binding:
            yield name, pulumi.Output.from_input(binding[key]).apply(str)
            if name in ALSO:
                yield ALSO[name], pulumi.Output.from_input(binding[key]).apply(str)
    if contract == "pgvector":
        yield "DATABASE_URL", pulumi.Output.all(**binding).apply(_database_url)


def _database_url(binding: Mapping[str, Any]) -> str:
    password = quote(str(binding["password"]), safe="")
    place = f"{binding['host']}:{binding['port']}/{binding['database']}"
    return f"postgresql://{binding['username']}:{password}@{place}?sslmode={binding['sslmode']}"
