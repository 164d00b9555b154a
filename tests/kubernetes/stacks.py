"""The Kubernetes programs under test: the example stack's own, one of what it does not use, and every example."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from stackgen.catalog.shelf import Shelf
from stackgen.disk.writing import write_program
from stackgen.planning.model import Plan
from stackgen.planning.plan import plan_environment
from stackgen.program.build import build_program
from stackgen.spec.loading import load_spec, parse_spec
from tests.kubernetes.control_plane.credentials import NAME

ROOT = Path(__file__).parents[2]
STACK = ROOT / "stacks" / "rag-assistant" / "stack.yaml"
CATALOG = ROOT / "src" / "stackgen" / "catalog"
EXAMPLES = {
    f"{path.parent.parent.name}-{path.parent.name}": path
    for path in sorted(CATALOG.glob("*/kubernetes_*/example.yaml"))
}
ENVIRONMENT = "preprod"
EVERY_CHANGE = {"rag-assistant": STACK, "beyond": Path(__file__).with_name("beyond.yaml")}
"""Programs that have every implementation between them; examples have each by itself."""
SPECS = {**EVERY_CHANGE, **EXAMPLES}
MADE_UP = "onprem-preprod"
"""The context that specs name."""


@cache
def planned(name: str) -> Plan:
    """The plan of one of `SPECS`."""
    return plan_environment(load_spec(SPECS[name]), ENVIRONMENT, Shelf())


def generated(name: str, folder: Path, namespace: str, **changes: str) -> Path:
    """Its program in `folder`, for a namespace of the test's own, with data that may go. changes: old → new text."""
    text = SPECS[name].read_text(encoding="utf-8").replace("protect: true", "protect: false")
    for old, new in changes.items():
        text = text.replace(old, new)
    return from_text(text, folder, namespace)


def from_text(text: str, folder: Path, namespace: str) -> Path:
    """The program of a spec given as text; what it makes in the cluster may be deleted."""
    own = f"{{context: {NAME}, namespace: {namespace}, allow_deletion: true"
    text = text.replace(f"{{context: {MADE_UP}", own)
    text = text.replace(
        f"      context: {MADE_UP}\n",
        f"      context: {NAME}\n      namespace: {namespace}\n      allow_deletion: true\n",
    )
    spec = folder / "stack.yaml"
    folder.mkdir(parents=True, exist_ok=True)
    for code in ("app", "training"):
        (folder / code).mkdir(exist_ok=True)
    spec.write_text(text, encoding="utf-8")
    write_program(
        build_program(plan_environment(parse_spec(text.encode(), spec), ENVIRONMENT, Shelf())), force=True
    )
    return folder / ENVIRONMENT
