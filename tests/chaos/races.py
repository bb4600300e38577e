"""The races: what is asked at once, and what may come out of it."""

import json
import random
from collections.abc import Callable
from typing import Any

from tests.chaos.clients import LOST, Answer, Request
from tests.chaos.findings import Findings, Result
from tests.chaos.server import Server, Started

REFUSED = "INVALID_TRANSITION"
CONFLICT = "CONFLICT"


Race = Callable[[Server], Result]


class RaceFindings(Findings):
    """The violations of one round, answers and events included."""

    def expect_codes(self, answers: list[Answer], *allowed: str | None) -> None:
        """Note every answer with another code; None is success."""
        self.extend(
            f"answer {answer.code}: {answer.text}"
            for answer in answers
            if answer.code not in allowed
        )

    def expect_events(self, server: Server, case: Started, *expected: tuple[str, Any]) -> None:
        """Note a violation unless exactly these pairs were emitted, each once."""
        if not server.records:
            return
        pairs = [
            (f"{when}_{verb}_{'case' if task is None else 'work_item'}", task)
            for verb, task in expected
            for when in ("pre", "post")
        ]
        self.expect("events", server.events(case), {pair: pairs.count(pair) for pair in pairs})


def complete(item: str, **context: Any) -> Request:
    """Complete a work item; the context is what `tests.chaos.receivers.obey` shall do."""
    told = {"context": json.dumps(context)} if context else {}
    return Request("completeWorkItem", {"id": item, **told})


def siblings_before_a_join(server: Server) -> Result:
    """The join is created exactly once, by whoever came last."""
    case, findings = _fresh(server, "join"), RaceFindings()
    answers = server.at_once(complete(case.items["a"]), complete(case.items["b"]))
    findings.expect_codes(answers, None)
    items = [("a", "completed"), ("b", "completed"), ("c", "ready")]
    findings.expect("items", server.items(case), items)
    findings.expect("case", server.status(case), "running")
    findings.expect_events(server, case, ("complete", "a"), ("complete", "b"), ("create", "c"))
    return Result(_last(answers, "a last", "b last"), findings)


def last_two_items(server: Server) -> Result:
    """The case closes exactly once."""
    case, findings = _fresh(server, "pair"), RaceFindings()
    answers = server.at_once(complete(case.items["x"]), complete(case.items["y"]))
    findings.expect_codes(answers, None)
    findings.expect("items", server.items(case), [("x", "completed"), ("y", "completed")])
    findings.expect("case", server.status(case), "completed")
    findings.expect_events(server, case, ("complete", "x"), ("complete", "y"), ("complete", None))
    return Result(_last(answers, "x last", "y last"), findings)


def one_item_twice(server: Server) -> Result:
    """One succeeds, the other is told; what follows is created once."""
    case, findings = _fresh(server, "sequence"), RaceFindings()
    answers = server.at_once(complete(case.items["a"]), complete(case.items["a"]))
    findings.expect_codes(answers, None, REFUSED, CONFLICT)
    findings.expect("successes", _succeeded(answers).count(True), 1)
    findings.expect("items", server.items(case), [("a", "completed"), ("b", "ready")])
    findings.expect_events(server, case, ("complete", "a"), ("create", "b"))
    return Result(_first(answers, "one client first", "other client first"), findings)


def complete_against_cancel(server: Server) -> Result:
    """One order or the other, and never an open item in a canceled case."""
    case, findings = _fresh(server, "sequence"), RaceFindings()
    answers = server.at_once(complete(case.items["a"]), Request("cancelCase", {"id": case.id}))
    findings.expect_codes(answers[:1], None, REFUSED)
    findings.expect_codes(answers[1:], None)
    findings.expect("case", server.status(case), "canceled")
    completed_first = answers[0].code is None
    if completed_first:
        findings.expect("items", server.items(case), [("a", "completed"), ("b", "canceled")])
        expected = [("complete", "a"), ("create", "b"), ("cancel", "b"), ("cancel", None)]
    else:
        findings.expect("items", server.items(case), [("a", "canceled")])
        expected = [("cancel", "a"), ("cancel", None)]
    findings.expect_events(server, case, *expected)
    return Result("complete first" if completed_first else "cancel first", findings)


def cancel_against_suspend(server: Server) -> Result:
    """The case ends up canceled; suspend came before, or was told."""
    case, findings = _fresh(server, "pair"), RaceFindings()
    answers = server.at_once(
        Request("cancelCase", {"id": case.id}), Request("suspendCase", {"id": case.id})
    )
    findings.expect_codes(answers[:1], None)
    findings.expect_codes(answers[1:], None, REFUSED)
    findings.expect("case", server.status(case), "canceled")
    findings.expect("items", server.items(case), [("x", "canceled"), ("y", "canceled")])
    suspended = answers[1].code is None
    verbs = ("suspend", "cancel") if suspended else ("cancel",)
    expected = [(verb, of) for verb in verbs for of in ("x", "y", None)]
    findings.expect_events(server, case, *expected)
    return Result("suspend first" if suspended else "cancel first", findings)


def complete_against_suspend_of_item(server: Server) -> Result:
    """A single item is completed or suspended, not both."""
    case, findings = _fresh(server, "sequence"), RaceFindings()
    item = case.items["a"]
    answers = server.at_once(complete(item), Request("suspendWorkItem", {"id": item}))
    findings.expect_codes(answers, None, REFUSED)
    findings.expect("successes", _succeeded(answers).count(True), 1)
    if answers[0].code is None:
        findings.expect("items", server.items(case), [("a", "completed"), ("b", "ready")])
        findings.expect_events(server, case, ("complete", "a"), ("create", "b"))
    else:
        findings.expect("items", server.items(case), [("a", "suspended")])
        findings.expect_events(server, case, ("suspend", "a"))
    return Result(_first(answers, "complete first", "suspend first"), findings)


def add_against_last(server: Server) -> Result:
    """An item joins its ready sibling and holds the flow, or came too late and is told."""
    case, findings = _fresh(server, "many"), RaceFindings()
    add = Request("createWorkItem", {"case": case.id, "multipleInstanceTask": "m"})
    answers = server.at_once(complete(case.items["m"]), add)
    findings.expect_codes(answers[:1], None)
    findings.expect_codes(answers[1:], None, REFUSED)
    findings.expect("case", server.status(case), "running")
    if answers[1].code is None:
        findings.expect("items", server.items(case), [("m", "completed"), ("m", "ready")])
        findings.expect_events(server, case, ("complete", "m"), ("create", "m"))
    else:
        findings.expect("items", server.items(case), [("m", "completed"), ("z", "ready")])
        findings.expect_events(server, case, ("complete", "m"), ("create", "z"))
    return Result("complete first" if answers[1].code else "add first", findings)


def across_families(server: Server) -> Result:
    """Receivers complete an item of the other family: the loser gets CONFLICT, and can retry."""
    one, other = _fresh(server, "pair"), _fresh(server, "pair")
    findings = RaceFindings()
    requests = [
        complete(one.items["x"], at="post_complete_work_item", complete=other.items["y"]),
        complete(other.items["x"], at="post_complete_work_item", complete=one.items["y"]),
    ]
    answers = server.at_once(*requests)
    findings.expect_codes(answers, None, CONFLICT)
    lost = [place for place, answer in enumerate(answers) if answer.code is not None]
    findings.expect("losers", len(lost), 0, 1)
    for place in lost:
        won, beaten = (other, one) if place == 0 else (one, other)
        findings.expect("winner", server.items(won), [("x", "completed"), ("y", "ready")])
        findings.expect("loser", server.items(beaten), [("x", "ready"), ("y", "completed")])
        findings.expect_codes(server.at_once(requests[place]), None)
    for case in (one, other):
        findings.expect("case", server.status(case), "completed")
        findings.expect("items", server.items(case), [("x", "completed"), ("y", "completed")])
    twice = {(f"{w}_complete_{of}", t): 2 for w in ("pre", "post") for of, t in _PAIR}
    findings.expect("events", server.events(one, other), twice)
    return Result("deadlock" if lost else "in turn", findings)


def killed_worker(server: Server) -> Result:
    """A worker is killed in the middle: nothing of the operation remains, and it can be retried."""
    case, findings = _fresh(server, "sequence"), RaceFindings()
    moments = [f"{w}_{v}_work_item" for w in ("pre", "post") for v in ("complete", "create")]
    moment = random.choice(moments)
    answers = server.at_once(complete(case.items["a"], at=moment, die=True))
    findings.expect_codes(answers, LOST)
    findings.expect("items", server.items(case), [("a", "ready")])
    findings.expect_codes(server.at_once(complete(case.items["a"])), None)
    findings.expect("items", server.items(case), [("a", "completed"), ("b", "ready")])
    findings.expect_events(server, case, ("complete", "a"), ("create", "b"))
    return Result(moment.removesuffix("_work_item"), findings)


_PAIR = (("work_item", "x"), ("work_item", "y"), ("case", None))

RACES: dict[str, Race] = {
    "siblings before a join": siblings_before_a_join,
    "last two items of a case": last_two_items,
    "one item twice": one_item_twice,
    "complete against cancel case": complete_against_cancel,
    "cancel against suspend case": cancel_against_suspend,
    "complete against suspend item": complete_against_suspend_of_item,
    "add item against the last one": add_against_last,
}
"""Run by turns on the server with and on the one without receivers."""

RACES_OF_RECEIVERS: dict[str, Race] = {
    "receivers across two families": across_families,
    "worker killed in the middle": killed_worker,
}


def _fresh(server: Server, workflow: str) -> Started:
    case = server.start(workflow)
    server.events()  # what came before does not count
    return case


def _succeeded(answers: list[Answer]) -> list[bool]:
    return [answer.code is None for answer in answers]


def _first(answers: list[Answer], first: str, second: str) -> str:
    return first if answers[0].code is None else second


def _last(answers: list[Answer], first: str, second: str) -> str:
    return first if answers[0].moment > answers[1].moment else second
