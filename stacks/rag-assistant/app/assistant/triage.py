"""Asks the predictive model over the Open Inference Protocol."""

import os
from typing import Any

import httpx

FEATURES = ("amount", "days_since_start", "earlier_claims", "injured")


def triage(claim: dict[str, Any]) -> str:
    """`urgent` or `normal`; raises KeyError for a missing feature, httpx.HTTPError if the model can't be asked."""
    values = [float(claim[name]) for name in FEATURES]
    tensor = {"name": "input", "shape": [1, len(values)], "datatype": "FP64", "data": values}
    url, model = os.environ["TRIAGE_OPEN_INFERENCE_URL"], os.environ["TRIAGE_OPEN_INFERENCE_MODEL"]
    reply = httpx.post(f"{url}/v2/models/{model}/infer", json={"inputs": [tensor]}, timeout=10)
    reply.raise_for_status()
    return "urgent" if reply.json()["outputs"][0]["data"][0] else "normal"
