"""Every state that a swap can leave behind, a restart in it, and each of the three ways out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Cli
from tests.local.applications import numbers, rows, version
from tests.local.processes import reboot, supervisor
from tests.local.swapping import KNOWLEDGE, OLDER, STACK, bindings, gone, kill, spec, swap, up

pytestmark = [pytest.mark.local, pytest.mark.nightly, pytest.mark.timeout(1800)]
WORDS = ("swap", "stack.yaml", "knowledge", "-e", "dev", "--yes")


def _apply(cli: Cli) -> None:
    swap(cli, "knowledge", "--apply", *OLDER)


def _killed(step: str, word: str = "--apply") -> Callable[[Cli], None]:
    """A move that was killed at the end of a step, before the step was noted."""
    return lambda cli: kill(cli, "after", step, *WORDS, word, *(OLDER if word == "--apply" else ()))


def _after(*moves: Callable[[Cli], None]) -> Callable[[Cli], None]:
    def reach(cli: Cli) -> None:
        for move in moves:
            move(cli)

    return reach


def _roll_back(cli: Cli) -> None:
    swap(cli, "knowledge", "--rollback")


# State → how it comes about, and what each way out makes of it: the version that serves, or the code of a refusal.
STATES: dict[str, tuple[Callable[[Cli], None], dict[str, int | str]]] = {
    "swapped": (_apply, {"--apply": 16, "--rollback": 18, "--retire": 16}),
    "returned": (_after(_apply, _roll_back), {"--apply": 18, "--rollback": 18, "--retire": 18}),
    "deployed": (_killed("deploy"), {"--apply": 16, "--rollback": 18, "--retire": "swap-unfinished"}),
    "frozen": (_killed("freeze"), {"--apply": 16, "--rollback": 18, "--retire": "swap-unfinished"}),
    "switched": (_killed("switch"), {"--apply": 16, "--rollback": 18, "--retire": "swap-unfinished"}),
    "on the way back": (
        _after(_apply, _killed("freeze", "--rollback")),
        {"--apply": "swap-unfinished", "--rollback": 18, "--retire": "swap-unfinished"},
    ),
    "back in the spec": (
        _after(_apply, _killed("switch", "--rollback")),
        {"--apply": "swap-unfinished", "--rollback": 18, "--retire": "swap-unfinished"},
    ),
    "given up": (
        _after(_killed("deploy"), _killed("remove", "--rollback")),
        {"--apply": "swap-unfinished", "--rollback": 18, "--retire": "swap-unfinished"},
    ),
    "retiring": (
        _after(_apply, _killed("remove", "--retire")),
        {"--apply": "swap-unfinished", "--rollback": "swap-unfinished", "--retire": 16},
    ),
}


def _stop(cli: Cli) -> None:
    cli("down", *STACK, "--yes")


def _lose_the_supervisor(cli: Cli) -> None:
    lost = supervisor(cli.folder / "data")
    lost.kill()
    lost.wait(60)


def _reboot(cli: Cli) -> None:
    reboot(cli.folder / "data")


RESTARTS: dict[str, Callable[[Cli], None]] = {
    "down": _stop,
    "loss of the supervisor": _lose_the_supervisor,
    "reboot": _reboot,
}
WAYS = ("--apply", "--rollback", "--retire")
ROWS = [
    (
        state,
        list(RESTARTS)[(row + column) % len(RESTARTS)],
        way,
    )  # each state, and each way, meets every restart
    for row, state in enumerate(STATES)
    for column, way in enumerate(WAYS)
]


@pytest.mark.parametrize(("state", "restart", "way"), ROWS)
def test_a_state_survives_a_restart_and_each_way_out_works(
    stack: Cli, state: str, restart: str, way: str
) -> None:
    reach, outcomes = STATES[state]
    up(stack, KNOWLEDGE)
    rows(bindings(stack))(1)
    reach(stack)
    RESTARTS[restart](stack)
    stack("up", *STACK, "--yes")
    outcome = outcomes[way]
    if isinstance(outcome, str):
        _refused(stack, way, outcome)
        way = next(word for word, serving in outcomes.items() if isinstance(serving, int))
    swap(stack, "knowledge", way)
    _whole(stack, outcomes[way])
    gone(stack)


def _refused(cli: Cli, way: str, code: str) -> None:
    """The refusal names a command that is not refused, and touches nothing."""
    before = spec(cli)
    errors: list[dict[str, Any]] = swap(cli, "knowledge", way, code=2)["errors"]
    assert errors[0]["code"] == code
    assert errors[0]["next"].split()[-1] != way
    assert spec(cli) == before


def _whole(cli: Cli, serving: int | str) -> None:
    """The row is there, rows are taken, and nothing is left to change."""
    found = bindings(cli)
    assert version(found) == serving
    assert 1 in numbers(found)
    rows(found)(2)
    assert "nothing changed" in cli("up", *STACK, "--yes").stderr
