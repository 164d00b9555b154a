"""Which box the spec may have serve at each point of a move, and when a box that serves has lost its data."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackgen.contracts.mover import describe_large_losses
from stackgen.errors import StackgenError
from stackgen.swap.consistency import refuse_reverted_spec
from stackgen.swap.journal import Journal, Kind

pytestmark = pytest.mark.unit

FIRST = {"implementation": "local/versitygw", "beside": {"implementation": "local/seaweedfs", "box": 2}}
SECOND = {"implementation": "local/seaweedfs", "box": 2, "beside": {"implementation": "local/versitygw"}}


@pytest.mark.parametrize(
    ("kind", "source", "target", "done", "serves"),
    [
        ("swap", 1, 2, ("copy",), 1),
        ("swap", 1, 2, ("copy", "switch"), 2),
        ("return", 2, 1, ("copy",), 2),
        ("return", 2, 1, ("copy", "switch"), 1),
        ("abandon", 1, 2, ("thaw",), 1),
        ("retire", 1, 2, (), 2),
    ],
)
def test_a_spec_must_have_the_box_serve_that_a_move_has_come_to(
    kind: Kind, source: int, target: int, done: tuple[str, ...], serves: int
) -> None:
    wanted = {"swap": FIRST, "return": SECOND}.get(kind, {})
    journal = Journal(Path("journal.json"), kind, "documents", source, target, wanted=wanted)
    journal.done = {step: {} for step in done}
    refuse_reverted_spec(journal, serves, "dev")
    with pytest.raises(StackgenError) as caught:
        refuse_reverted_spec(journal, 3 - serves, "dev")
    problem = caught.value.problems[0]
    assert problem.code == "spec-and-journal-differ"
    assert f"by its swap box {serves} does" in problem.message
    if wanted:
        assert ('"box": 2, "beside"' in (problem.hint or "")) == (serves == 2)

    journal.running = "switch"  # the spec may be written, and the journal not
    refuse_reverted_spec(journal, 3 - serves, "dev")


def test_a_box_has_lost_data_where_less_than_a_half_of_many_is_left() -> None:
    assert describe_large_losses({"objects": 5}, {"objects": 10}) == ""
    assert describe_large_losses({"objects": 4}, {"objects": 10}) == "4 of the 10 objects"
    assert describe_large_losses(
        {"rows of public.a": 90}, {"rows of public.a": 90, "rows of public.b": 12}
    ) == ("0 of the 12 rows of public.b")
    assert describe_large_losses({}, {"rows of public.queue": 9}) == ""
