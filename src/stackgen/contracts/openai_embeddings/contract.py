"""openai-embeddings/1: text to vectors. https://platform.openai.com/docs/api-reference/embeddings."""

from __future__ import annotations

import math
from typing import ClassVar
from uuid import uuid4

from pydantic import Field, SecretStr

from stackgen.contracts.model import Binding, Clause, ClauseBroken, Contract, address, https, require
from stackgen.contracts.openai_chat.contract import OTHER_ACCOUNT, client

TEXTS = ["The cat sleeps on the sofa.", "A kitten naps on the couch.", "Revenue grew by four percent."]


class OpenaiEmbeddingsBinding(Binding):
    """Connection to an embeddings API, and the identity of the embedding space.

    Vectors of two identities can't be compared.
    """

    variables: ClassVar = {
        "base_url": "OPENAI_BASE_URL",
        "api_key": "OPENAI_API_KEY",
        "model": "OPENAI_EMBEDDING_MODEL",
    }
    base_url: str = Field(description="Base URL; it ends in /v1.")
    api_key: SecretStr = Field(description="Key that clients send.")
    model: str = Field(description="Name of the model to ask for.")
    dimensions: int | None = Field(default=None, description="Length of the vectors.")
    revision: str | None = Field(
        default=None, description="Revision of the weights, or the service's own identifier."
    )
    normalised: bool | None = Field(default=None, description="Whether vectors have norm 1.")
    metric: str | None = Field(
        default=None, description="How nearness is measured: cosine, l2 or inner-product."
    )

    @property
    def reads(self) -> tuple[str, ...]:
        """Variables of the openai client."""
        return ("OPENAI_*",)

    @property
    def overrides(self) -> tuple[str, ...]:
        """Variables of another organisation or project, and the names that older clients use."""
        return OTHER_ACCOUNT


def embed(binding: OpenaiEmbeddingsBinding, texts: list[str]) -> list[list[float]]:
    """Return the vectors of `texts`, with the request that an application sends."""
    connection = client(binding.base_url, binding.api_key.get_secret_value())
    answer = connection.embeddings.create(model=binding.model, input=texts, encoding_format="float")
    return [item.embedding for item in sorted(answer.data, key=lambda item: item.index)]


def cosine(a: list[float], b: list[float]) -> float:
    """Return the cosine similarity of two vectors."""
    dot = sum(x * y for x, y in zip(a, b, strict=True))
    return dot / (math.hypot(*a) * math.hypot(*b))


def probe_single(binding: OpenaiEmbeddingsBinding) -> str:
    (vector,) = embed(binding, TEXTS[:1])
    require(len(vector) > 1 and any(vector), "the vector is empty or zero")
    return f"{len(vector)} dimensions"


def probe_batch(binding: OpenaiEmbeddingsBinding) -> str:
    together = embed(binding, TEXTS)
    require(len(together) == len(TEXTS), f"{len(TEXTS)} texts gave {len(together)} vectors")
    alone = [embed(binding, [text])[0] for text in TEXTS]
    worst = min(cosine(a, b) for a, b in zip(together, alone, strict=True))
    require(
        worst > 0.999,
        f"vectors of a batch differ from those made alone (cosine {worst:.4f}), or are out of order",
    )
    near, far = cosine(together[0], together[1]), cosine(together[0], together[2])
    require(near > far, f"a kitten is no nearer to a cat ({near:.2f}) than revenue is ({far:.2f})")
    return f"in order; cat-kitten {near:.2f}, cat-revenue {far:.2f}"


def probe_stable_vector(binding: OpenaiEmbeddingsBinding) -> str:
    first, second = embed(binding, TEXTS[:1])[0], embed(binding, TEXTS[:1])[0]
    similarity = cosine(first, second)
    require(similarity > 0.9999, f"the same text gave two vectors (cosine {similarity:.4f})")
    return "the same text gives the same vector"


def probe_stated_dimension(binding: OpenaiEmbeddingsBinding) -> str:
    length = len(embed(binding, TEXTS[:1])[0])
    require(binding.dimensions, "the binding does not state its dimensions")
    require(length == binding.dimensions, f"{binding.dimensions} dimensions are stated, {length} came")
    return f"{length}"


def probe_unit_norm(binding: OpenaiEmbeddingsBinding) -> str:
    norms = [math.hypot(*vector) for vector in embed(binding, TEXTS)]
    require(all(abs(norm - 1) < 0.01 for norm in norms), f"norms are {[round(norm, 3) for norm in norms]}")
    return "norm 1"


def probe_auth_required(binding: OpenaiEmbeddingsBinding) -> str:
    from stackgen.contracts import limited_http

    body = {"model": binding.model, "input": TEXTS[:1]}
    answer = limited_http.post(f"{binding.base_url}/embeddings", json=body, timeout=30)
    require(
        answer.status_code in (401, 403), f"a request without a key is answered with {answer.status_code}"
    )
    return f"refused with {answer.status_code}"


def probe_wrong_credentials(binding: OpenaiEmbeddingsBinding) -> str:
    from openai import AuthenticationError, PermissionDeniedError

    connection = client(binding.base_url, f"sk-wrong-{uuid4().hex}")
    try:
        connection.embeddings.create(model=binding.model, input=TEXTS[:1])
    except (AuthenticationError, PermissionDeniedError) as error:
        return f"refused with {error.status_code}"
    raise ClauseBroken("a wrong key is accepted")


CONTRACT = Contract(
    "openai-embeddings",
    1,
    OpenaiEmbeddingsBinding,
    (
        Clause("single", "It embeds a text.", probe_single),
        Clause("batch", "It embeds many texts at once, in order, and near meanings are near.", probe_batch),
        Clause("stable-vector", "The same text always gives the same vector.", probe_stable_vector),
        Clause("stated-dimension", "Vectors have the stated length.", probe_stated_dimension),
        Clause("unit-norm", "Vectors have norm 1.", probe_unit_norm),
        Clause("auth-required", "Requests without a key are refused.", probe_auth_required, door=True),
        Clause("wrong-credentials-refused", "A wrong key is refused.", probe_wrong_credentials, door=True),
        Clause("tls", "The connection is encrypted.", lambda binding: https(binding.base_url), door=True),
    ),
    lambda binding: address(binding.base_url),
    ("httpx", "openai"),
)
