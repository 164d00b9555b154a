"""Golden questions of open-inference: predictions of a model for requests of an application."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from pydantic import Field

from stackgen.contracts.open_inference.contract import request
from stackgen.contracts.questions import Drift, Finding, Pairs, Questions, Share, brief
from stackgen.spec.stack import Name


class Predictions(Questions):
    """Predictions of a model, by Open Inference requests as the application sends them."""

    key: ClassVar[str] = "predictions"
    about: ClassVar[str] = "Predictions of models."
    asks: ClassVar[Mapping[str, str]] = {"model": "open-inference"}
    tolerances: ClassVar[frozenset[str]] = frozenset({"agreement", "drift"})

    model: Name = Field(description="Component that predicts, by the open-inference contract.")
    requests: list[dict[str, Any]] = Field(
        min_length=1, max_length=1000, description="Request bodies, each with its `inputs`."
    )
    agreement: Share = Field(default=1.0, description="Least share of requests with the same prediction.")
    drift: Drift = Field(
        default=0.0, description="By how much a predicted number may differ and be the same."
    )

    def answers(self, bindings: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the outputs of each request."""
        model = bindings["model"]
        for body in self.requests:
            answer = request(model, "POST", f"models/{model.model}/infer", json=body)
            answer.raise_for_status()
            outputs = [{"name": item["name"], "data": item["data"]} for item in answer.json()["outputs"]]
            yield {"outputs": outputs}

    def findings(self, group: str, pairs: Pairs) -> Iterator[Finding]:
        """Measure the share of equal predictions, with numbers within `drift`; names of outputs are ignored."""
        changed: list[str] = []
        for number, answers in enumerate(pairs, start=1):
            was, now = ([item["data"] for item in answer["outputs"]] for answer in answers)
            if not _alike(was, now, self.drift):
                changed.append(f"request {number}: {brief(was)} was, {brief(now)} is")
        share = 1 - len(changed) / len(pairs)
        yield Finding(group, "same predictions", share, self.agreement, False, len(pairs), tuple(changed))


def _alike(old: Any, new: Any, drift: float) -> bool:
    """Return True if two values differ by at most `drift` in every number, and in nothing else."""
    if isinstance(old, list) and isinstance(new, list):
        before, after = list[Any](old), list[Any](new)
        return len(before) == len(after) and all(map(lambda a, b: _alike(a, b, drift), before, after))
    if isinstance(old, bool) or isinstance(new, bool) or not isinstance(old, float | int):
        return type(old) is type(new) and bool(old == new)
    return isinstance(new, float | int) and math.isclose(old, new, rel_tol=1e-9, abs_tol=drift)


QUESTIONS = Predictions
