"""The programs under test: every cloud example of the shelf, and the example stack's own."""

from __future__ import annotations

import os
import shutil
import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path

from stackgen.catalog.shelf import Shelf
from stackgen.disk.writing import write_program
from stackgen.planning.plan import plan_environment
from stackgen.program.build import build_program
from stackgen.spec.loading import load_spec, parse_spec
from tests.catalog.identities import SPECS
from tests.clouds.recording import ROOT, Recording, run_program

CATALOG = ROOT / "src" / "stackgen" / "catalog"
STACK = ROOT / "stacks" / "rag-assistant"
EXAMPLES = {
    f"{path.parent.parent.name}-{path.parent.name}": path
    for provider in ("aws", "gcp")
    for path in sorted(CATALOG.glob(f"*/{provider}_*/example.yaml"))
}
ENVIRONMENTS = ("prod", "prod-gcp", "prod-mixed")
PROGRAMS = (*ENVIRONMENTS, *EXAMPLES)
SECRETS = {"huggingFaceToken": "hf-canary-3141592653"}
"""What people set with `pulumi config set --secret`."""
SCRATCH = Path(tempfile.mkdtemp(prefix="stackgen-clouds-"))


@cache
def program(name: str) -> Path:
    """Folder of a program: the committed one, or one generated from an example."""
    if name in ENVIRONMENTS:
        return STACK / name
    target = SCRATCH / name
    loaded = load_spec(EXAMPLES[name])
    write_program(
        build_program(plan_environment(loaded, next(iter(loaded.stack.environments)), Shelf()), target)
    )
    return target


def environment(name: str) -> str:
    """The Pulumi stack a program is run as."""
    return name if name in ENVIRONMENTS else "prod"


_POOL = ThreadPoolExecutor(max_workers=max(2, (os.cpu_count() or 2)))
_STARTED: dict[str, Future[Recording]] = {}


def recorded(name: str) -> Recording:
    """What a program does under mocks; the first call starts all of them."""
    if not _STARTED:
        for one in PROGRAMS:
            folder, stack = program(one), environment(one)
            _STARTED[one] = _POOL.submit(run_program, folder, SECRETS, stack=stack)
    return _STARTED[name].result()


def generated(text: str, folder: Path, which: str = "prod") -> Path:
    """The program of a spec given as text; `folder` is where it stands."""
    loaded = parse_spec(text.encode(), folder / "stack.yaml")
    target = folder / which
    write_program(build_program(plan_environment(loaded, which, Shelf()), target))
    return target


def spec_that_allows_deletion(provider: str) -> str:
    """The spec of every implementation of a provider, with `protect: true` and `allow_deletion: true`."""
    text = (SPECS / f"{provider}.yaml").read_text(encoding="utf-8")
    assert text.count("    settings: {") == text.count("    protect: true") == 1
    return text.replace("    settings: {", "    settings: {allow_deletion: true, ")


def copy_of(name: str, folder: Path) -> Path:
    """A program that a test may spoil."""
    shutil.copytree(program(name), folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("venv"))
    return folder
