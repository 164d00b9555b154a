"""Retrieval and answer: nearest chunks, a prompt with their text, citations of exactly these."""

import os
from dataclasses import asdict, dataclass
from typing import Any

from opentelemetry import trace

from assistant.clients import database, models
from assistant.telemetry import token_usage, tracer

TOP = 3
SYSTEM = "Answer from the numbered sources alone, and cite them like [1]. If they don't say, say so."


@dataclass(frozen=True)
class Citation:
    """A chunk that was given to the model. score: cosine similarity."""

    number: int
    source: str
    heading: str
    score: float
    excerpt: str


def retrieve(question: str, product: str | None = None) -> list[Citation]:
    """The chunks nearest to the question, of one product if given."""
    client, model = models(), os.environ["OPENAI_EMBEDDING_MODEL"]
    with tracer().start_as_current_span(f"embeddings {model}") as span:
        _describe(span, "embeddings", model)
        vector = str(
            client.embeddings.create(model=model, input=question, encoding_format="float").data[0].embedding
        )
    query = """
        select source, heading, 1 - (embedding <=> %(vector)s::vector), content from chunks
        where %(product)s::text is null or metadata @> jsonb_build_object('product', %(product)s::text)
        order by embedding <=> %(vector)s::vector limit %(top)s
    """
    with tracer().start_as_current_span("retrieve"), database() as connection:
        rows = connection.execute(query, {"vector": vector, "product": product, "top": TOP}).fetchall()
    return [
        Citation(number, source, heading, round(score, 3), content)
        for number, (source, heading, score, content) in enumerate(rows, start=1)
    ]


def prompt(question: str, citations: list[Citation]) -> list[Any]:
    """Messages for the chat model."""
    sources = "\n\n".join(f"[{c.number}] {c.excerpt}" for c in citations)
    return [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": f"{sources}\n\nQuestion: {question}"},
    ]


def answer(question: str, product: str | None = None) -> dict[str, Any]:
    """Answer, citations and the trace's id."""
    with tracer().start_as_current_span("ask") as span:
        citations = retrieve(question, product)
        text, model = _chat(prompt(question, citations))
        trace_id = format(span.get_span_context().trace_id, "032x")
    return {"answer": text, "citations": [asdict(c) for c in citations], "model": model, "trace_id": trace_id}


def _chat(messages: list[Any]) -> tuple[str, str]:
    model = os.environ["OPENAI_MODEL"]
    with tracer().start_as_current_span(f"chat {model}") as span:
        _describe(span, "chat", model)
        completion = models().chat.completions.create(model=model, messages=messages, max_tokens=300)
        usage = completion.usage
        if usage is not None:
            for kind, count in (("input", usage.prompt_tokens), ("output", usage.completion_tokens)):
                span.set_attribute(f"gen_ai.usage.{kind}_tokens", count)
                token_usage().record(count, {"gen_ai.token.type": kind, "gen_ai.request.model": model})
    return completion.choices[0].message.content or "", model


def _describe(span: trace.Span, operation: str, model: str) -> None:
    span.set_attributes({"gen_ai.operation.name": operation, "gen_ai.request.model": model})
