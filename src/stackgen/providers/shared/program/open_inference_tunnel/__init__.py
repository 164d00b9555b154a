"""The Open Inference Protocol through managed endpoints that pass on nothing but a POST to one path.

`front.py` stands where applications connect and packs each request into such a POST; `server.py` stands beside
MLServer inside the endpoint and unpacks it. `Dockerfile` makes the endpoint's image, with a model in it.
"""

from __future__ import annotations

from pathlib import Path

FRONT = (Path(__file__).parent / "front.py").read_text(encoding="utf-8")
ALIVE = "/alive"
"""Answers 200 whenever the front itself runs."""
