"""What the pages about events say by hand agrees with the declarations."""

import re

import pytest

from tests.project.processes import ROOT
from workflow_events import records
from workflow_events.events.declaration.event import RESERVED
from workflow_events.workflow import events
from workflow_events.workflow.transitions import events_of

REFERENCE = ROOT / "docs/reference"
EVENTS = (REFERENCE / "events.md").read_text(encoding="utf-8")
ORDER = EVENTS.split("## Order within one operation")[1].split("## Events")[0]
NAMES = {name for name in events.__all__ if name.startswith(("pre_", "post_"))}


def in_row(first_cell):
    """Return the events that a row of the order table names, in order."""
    [row] = [line for line in ORDER.splitlines() if line.startswith(f"| {first_cell} |")]
    return [name for name in re.findall(r"\w+", row) if name in NAMES]


def test_every_event_has_its_section():
    of_records = {name for name in records.__all__ if name.startswith(("pre_", "post_"))}
    ours = NAMES | of_records | {"debug_event"}
    assert sorted(re.findall(r"^### (\w+)$", EVENTS, re.MULTILINE)) == sorted(ours)
    assert (len(NAMES), len(of_records)) == (26, 6)


@pytest.mark.parametrize(
    ("verb", "rows"),
    [
        ("start_case", ["SaveCase (create), StartCase"]),
        ("save_case", ["SaveCase (create), StartCase"]),
        ("complete_work_item", ["CompleteWorkItem", "*continue*"]),
        ("redo_work_item", ["RedoWorkItem"]),
        ("reopen_case", ["ReopenCase"]),
        ("create_work_item", ["CreateWorkItem, SaveWorkItem (create)"]),
        ("save_work_item", ["CreateWorkItem, SaveWorkItem (create)"]),
    ],
)
def test_the_order_is_that_of_the_transition_table(verb, rows):
    written = [name for row in rows for name in in_row(row)]
    assert written == [event.event_name for event in events_of(verb)]


def test_all_reserved_names_are_listed():
    page = (REFERENCE / "receivers.md").read_text(encoding="utf-8")
    [sentence] = re.findall(r"^\* (.*) are reserved\.", page, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", sentence)) == RESERVED
