"""Types of the bindings of each contract: what its clients connect with. Written by stackgen from its contracts."""

from typing import NotRequired, TypedDict

import pulumi


class HttpBinding(TypedDict):
    """Binding of http."""

    url: pulumi.Input[str]


MlflowBinding = TypedDict(
    "MlflowBinding",
    {
        "tracking-uri": pulumi.Input[str],
        "username": NotRequired[pulumi.Input[str]],
        "password": NotRequired[pulumi.Input[str]],
    },
)


class OpenInferenceBinding(TypedDict):
    """Binding of open-inference."""

    url: pulumi.Input[str]
    model: pulumi.Input[str]


OpenaiChatBinding = TypedDict(
    "OpenaiChatBinding",
    {
        "base-url": pulumi.Input[str],
        "api-key": pulumi.Input[str],
        "model": pulumi.Input[str],
    },
)


OpenaiEmbeddingsBinding = TypedDict(
    "OpenaiEmbeddingsBinding",
    {
        "base-url": pulumi.Input[str],
        "api-key": pulumi.Input[str],
        "model": pulumi.Input[str],
        "dimensions": NotRequired[pulumi.Input[int]],
        "revision": NotRequired[pulumi.Input[str]],
        "normalised": NotRequired[pulumi.Input[bool]],
        "metric": NotRequired[pulumi.Input[str]],
    },
)


OpenmetricsBinding = TypedDict(
    "OpenmetricsBinding",
    {
        "url": pulumi.Input[str],
        "bearer-token": NotRequired[pulumi.Input[str]],
    },
)


OtlpBinding = TypedDict(
    "OtlpBinding",
    {
        "endpoint": pulumi.Input[str],
        "headers": NotRequired[pulumi.Input[str]],
        "query-url": NotRequired[pulumi.Input[str]],
    },
)


class PgvectorBinding(TypedDict):
    """Binding of pgvector."""

    host: pulumi.Input[str]
    port: pulumi.Input[int]
    database: pulumi.Input[str]
    username: pulumi.Input[str]
    password: pulumi.Input[str]
    sslmode: NotRequired[pulumi.Input[str]]
    dimensions: NotRequired[pulumi.Input[int]]


class PrometheusBinding(TypedDict):
    """Binding of prometheus."""

    url: pulumi.Input[str]
    username: NotRequired[pulumi.Input[str]]
    password: NotRequired[pulumi.Input[str]]


S3Binding = TypedDict(
    "S3Binding",
    {
        "endpoint": pulumi.Input[str],
        "access-key-id": NotRequired[pulumi.Input[str]],
        "secret-access-key": NotRequired[pulumi.Input[str]],
        "region": pulumi.Input[str],
        "bucket": pulumi.Input[str],
    },
)


Bindings = TypedDict(
    "Bindings",
    {
        "http": HttpBinding,
        "mlflow": MlflowBinding,
        "open-inference": OpenInferenceBinding,
        "openai-chat": OpenaiChatBinding,
        "openai-embeddings": OpenaiEmbeddingsBinding,
        "openmetrics": OpenmetricsBinding,
        "otlp": OtlpBinding,
        "pgvector": PgvectorBinding,
        "prometheus": PrometheusBinding,
        "s3": S3Binding,
    },
    total=False,
)
"""Contract → binding, of one component."""
