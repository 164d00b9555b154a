"""Records of runs: what was measured of which implementation, when, on what; one file per contract, signed."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stackgen import __version__, checkout
from stackgen.catalog.shelf import Entry
from stackgen.contracts import Clause, contract
from stackgen.planning.model import Plan
from stackgen.program.modules import own_packages
from stackgen.verification.model import Report, Result
from stackgen.verification.signing import sign, signature_problem

FOLDER, SIGNERS = "records", "signers.txt"
WORST = ("broken", "undeclared", "not-kept", "declared", "kept")


def write_records(report: Report, plan: Plan, board: Path) -> list[Path]:
    """Write a record per implementation and contract that the run reached, in full; the files, sorted.

    Where two components have one implementation, the worse result of a clause counts. The first signer of a board
    becomes its trusted one; others are added to `signers.txt` by hand.
    """
    written: list[Path] = []
    for (entry, name), results in _grouped(report, plan).items():
        content = sign(_body(entry, name, results))
        path = board / FOLDER / _place(content)
        checkout.require_inside(path, board)
        path.parent.mkdir(parents=True, exist_ok=True)
        checkout.write_file(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n", within=board)
        signers = board / SIGNERS
        if not signers.is_file():
            checkout.write_file(signers, f"{content['signature']['public_key']}\n", within=board)
        written.append(path)
    return sorted(written)


def read_records(board: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every readable record of a board, oldest first."""
    found: list[tuple[str, Path, dict[str, Any]]] = []
    for path in sorted((board / FOLDER).rglob("*.json")):
        try:
            content: Any = json.loads(checkout.read_text(path, within=board), object_pairs_hook=_each_once)
        except (ValueError, RecursionError):
            continue
        if isinstance(content, dict) and isinstance(content.get("clauses"), list):
            found.append((str(content.get("date", "")), path, content))
    for _, path, content in sorted(found, key=lambda item: (item[0], item[1])):
        yield path, content


def check_records(board: Path) -> dict[Path, str]:
    """File → what is wrong with it, for every record that can't be believed."""
    signers = board / SIGNERS
    lines = checkout.read_text(signers, within=board).splitlines() if signers.is_file() else []
    trusted = frozenset(line.split("#")[0].strip() for line in lines)
    known = dict(read_records(board))
    wrong = {
        path: "it is no record" for path in sorted((board / FOLDER).rglob("*.json")) if path not in known
    }
    for path, content in known.items():
        why = signature_problem(content, trusted)
        if why is None and path != board / FOLDER / _place(content):
            why = f"it was copied: its place is {_place(content)}"
        if why is not None:
            wrong[path] = why
    return wrong


def _place(content: Mapping[str, Any]) -> Path:
    """Where a record is kept, below the board's records: in another place it would speak for another run."""
    capability, implementation, name, date = (
        str(content.get(key, "")) for key in ("capability", "implementation", "contract", "date")
    )
    file = f"{name.partition('/')[0]}-{date[:10]}.json"
    return Path(capability, implementation.replace("/", "-"), file)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; ValueError where a key stands in it twice, since readers disagree on which counts."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def implementation_digest(entry: Entry) -> str:
    """Digest of what decides how an implementation behaves.

    That is its component, the files beside it, the values of its settings and sizes, and the packages that only some
    programs of its provider have, such as a server's with its lock.
    """
    found = hashlib.sha256()
    paths = (entry.folder / "component.py", *entry.files())
    own = {path.relative_to(entry.folder).as_posix(): path.read_bytes() for path in paths}
    for name, data in sorted({**own, **own_packages(entry)}.items()):
        found.update(f"{name} {len(data)}\n".encode() + data)
    stated = entry.implementation
    defaults = {name: repr(info.get_default()) for name, info in stated.settings.model_fields.items()}
    values = json.dumps([defaults, stated.sizes], sort_keys=True, default=repr)
    found.update(f"values {len(values)}\n{values}".encode())
    return found.hexdigest()


def _grouped(report: Report, plan: Plan) -> dict[tuple[Entry, str], dict[str, Result]]:
    found: dict[tuple[Entry, str], dict[str, Result]] = {}
    for result in report.results:
        item = plan.by_name.get(result.component)
        if item is None or result.contract in item.behind_lacks:
            continue  # no longer in the spec; or its upstream was measured, and not all of the component itself
        clauses = found.setdefault((item.entry, result.contract), {})
        known = clauses.get(result.clause)
        if known is None or WORST.index(result.status) < WORST.index(known.status):
            clauses[result.clause] = result
    return {
        (entry, name): clauses
        for (entry, name), clauses in found.items()
        if all(_complete(clause, clauses) for clause in contract(name).clauses)
    }


def _complete(clause: Clause, results: Mapping[str, Result]) -> bool:
    """True if a clause was measured, if it can be."""
    result = results.get(clause.name)
    return result is not None and (result.measured or clause.probe is None)


def _body(entry: Entry, name: str, results: Mapping[str, Result]) -> dict[str, Any]:
    return {
        "version": 1,
        "capability": entry.capability,
        "implementation": entry.id,
        "digest": implementation_digest(entry),
        "contract": f"{name}/{contract(name).version}",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "stackgen": __version__,
        "machine": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "clauses": [
            {
                "name": clause.name,
                "status": results[clause.name].status,
                "evidence": results[clause.name].detail,
            }
            for clause in contract(name).clauses
        ],
    }
