"""MLServer on any provider: the script that downloads its model."""

from __future__ import annotations

from pathlib import Path

FETCH_MODEL = (Path(__file__).parent / "fetch_model.py").read_text(encoding="utf-8")
