"""Write a working skeleton of an implementation into a catalog; nothing that is there is overwritten."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from stackgen import checkout
from stackgen.authoring.examples import EXAMPLE_FILE
from stackgen.authoring.skeletons import FOLDER, Skeleton
from stackgen.catalog.shelf import Entry, Shelf
from stackgen.errors import ExitCode, Problem, StackgenError, did_you_mean

ENTRY_PATTERN = re.compile(
    r"(?P<capability>[a-z_]+)/(?P<provider>[a-z]+)/(?P<name>[a-z][a-z0-9]*(-[a-z0-9]+)*)"
)
TEST_FILE = "test_catalog.py"
TEST_TEXT = '''"""What `stackgen catalog check` checks, as a test of this catalog."""

from pathlib import Path

from stackgen.authoring.checking import check_catalog
from stackgen.catalog.shelf import Shelf

ROOT = Path(__file__).parent


def test_every_implementation_passes_the_checks() -> None:
    checked = check_catalog(Shelf([ROOT], lenient=True), ROOT)
    assert [problem.render() for problem in checked.problems] == []
'''
CONFIGURATION = "stackgen.toml"


@dataclass(frozen=True)
class CreatedSkeleton:
    """Files that were written. is_configured: a configuration names the catalog, so that stacks can use it."""

    entry: Entry
    files: tuple[Path, ...]
    is_configured: bool


def create_skeleton(shelf: Shelf, wanted: str, into: Path) -> CreatedSkeleton:
    """Write `<into>/<capability>/<provider>_<name>/`, a test beside it if there is none, and stackgen.toml likewise.

    wanted: CAPABILITY/PROVIDER/NAME. Raises StackgenError (usage, unknown-capability, unknown-provider, exists).
    """
    entry = _entry(shelf, wanted, into)
    texts = {entry.folder / path: text for path, text in Skeleton(shelf, entry).files().items()}
    texts[entry.folder / EXAMPLE_FILE] = _example(shelf, entry)
    if not os.path.lexists(into / TEST_FILE):
        texts[into / TEST_FILE] = TEST_TEXT
    configured = _configured()
    if not configured:
        name = os.path.relpath(into)
        texts[Path(CONFIGURATION)] = f'catalogs = ["{name}"]\n'
    checkout.require_inside(into, Path.cwd() if not into.is_absolute() else into.parent, done="written")
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        checkout.write_file(path, text, within=path.parent)
    return CreatedSkeleton(entry, tuple(texts), into.resolve() in configured or not configured)


def _entry(shelf: Shelf, wanted: str, into: Path) -> Entry:
    match = ENTRY_PATTERN.fullmatch(wanted)
    if match is None:
        message = f"'{wanted[:200]}' is not CAPABILITY/PROVIDER/NAME, such as vector_store/local/my-database"
        raise StackgenError(
            Problem("usage", message, hint="a name has lower-case letters, digits and hyphens")
        )
    problems = list(_unknown(shelf, match["capability"], match["provider"]))
    if problems:
        raise StackgenError(problems, ExitCode.NOT_FOUND)
    name = f"{match['provider']}_{match['name'].replace('-', '_')}"
    entry = Entry(match["capability"], into / match["capability"] / name, None)
    if entry.id in shelf.implementations[entry.capability] or os.path.lexists(entry.folder):
        taken = shelf.implementations[entry.capability].get(entry.id, entry).folder
        message = f"{entry.capability}/{entry.id} is there already: {taken}"
        raise StackgenError(Problem("exists", message, hint="choose another name; nothing was written"))
    return entry


def _unknown(shelf: Shelf, capability: str, provider: str) -> Iterator[Problem]:
    offered = [name for name in shelf.capability_names if not shelf.capability(name).internal]
    begun = [name for name, folder in shelf.provider_folders.items() if (folder / FOLDER).is_dir()]
    for kind, word, known in (("capability", capability, offered), ("provider", provider, begun)):
        if word not in known:
            message = f"there is no {kind} '{word}' to begin an implementation for"
            hint = did_you_mean(word, known)
            yield Problem(f"unknown-{kind}", message, None, hint, tuple(known), "stackgen catalog list")


def _configured() -> set[Path]:
    """Catalogs that the nearest configuration names; empty where there is none."""
    from stackgen.catalog.roots import list_roots

    return {root.resolve() for root in list_roots(Path.cwd())}


def _example(shelf: Shelf, entry: Entry) -> str:
    """The example of an implementation of the same capability and provider, with this one in its place."""
    import yaml

    model = shelf.default(entry.capability, entry.provider)
    if model is None or not (model.folder / EXAMPLE_FILE).is_file():
        components = {"example": {"capability": entry.capability, "implementation": entry.id}}
        content: dict[str, Any] = {
            "components": components,
            "environments": {"dev": {"provider": entry.provider}},
        }
    else:
        content = yaml.safe_load(checkout.read_file(model.folder / EXAMPLE_FILE))
        for component in cast("dict[str, dict[str, Any]]", content["components"]).values():
            if component["capability"] == entry.capability:
                component["implementation"] = entry.id
                for key in ("settings", "size", "needs"):
                    component.pop(key, None)
        for environment in cast("dict[str, dict[str, Any]]", content["environments"]).values():
            environment.pop("components", None)
    name = entry.folder.name.replace("_", "-")
    head = {"apiVersion": "stackgen/v1", "name": f"an-example-of-{name}"[:40].rstrip("-")}
    body = {key: value for key, value in content.items() if key not in head}
    text = yaml.safe_dump({**head, **body}, sort_keys=False, default_flow_style=False)
    return f"# The smallest stack that uses it: what `catalog check` plans and renders.\n{text}"
