"""Receivers that compare their sender with a text, as in Caluma, where senders are texts."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping

from django.db.models.signals import ModelSignal
from django.dispatch import Signal

from workflow_events.events.checking.problems import CheckId, Problem
from workflow_events.events.checking.scopes import names_bound, own_nodes
from workflow_events.events.checking.senders import known_senders, written_here
from workflow_events.events.checking.sources import Sources, functions_of, place_in
from workflow_events.events.declaration import event as events
from workflow_events.events.declaration.event import Event
from workflow_events.events.registration.receivers import Receiver


def vain_comparisons(receiver: Receiver, sources: Sources) -> Iterator[Problem]:
    """Give the comparisons of ``sender`` with a text, in a receiver and in its filters.

    Only where it is known who sends its events, and none of the senders is a text.
    """
    known = _known(receiver)
    if known is None:
        return
    for function, _ in functions_of(receiver):
        node = sources.definition(function)
        if node is None or Counter(names_bound(node))["sender"] != 1:
            continue
        for found in own_nodes(node):
            if isinstance(found, ast.Compare):
                for text in _compared(found):
                    yield Problem(
                        CheckId.COMPARED_IN_VAIN,
                        f"{receiver.name} compares the sender with the text {text!r}, which no "
                        "sender of its events equals.",
                        written_here(text, known)
                        or "Compare it with a class, or say @on(…, sender=…).",
                        place_in(function, found),
                    )


def _known(receiver: Receiver) -> Mapping[type[Event], list[object]] | None:
    """Return the senders of its events, which are no texts; None where that is not known."""
    for wanted in (target.wanted for target in receiver.targets):
        if isinstance(wanted, Signal) and not isinstance(wanted, ModelSignal):
            return None
    meant = [event for event in events.declared.values() if receiver.means(event)]
    known = known_senders(meant)
    if len(known) < len(meant) or any(
        isinstance(s, str) for found in known.values() for s in found
    ):
        return None
    return known


def _compared(node: ast.Compare) -> Iterator[str]:
    """Give the texts that ``sender`` is compared with."""
    if len(node.ops) != 1 or not isinstance(node.ops[0], ast.Eq | ast.NotEq | ast.In | ast.NotIn):
        return
    left, [right] = node.left, node.comparators
    if not isinstance(left, ast.Name):
        left, right = right, left
    if not (isinstance(left, ast.Name) and left.id == "sender"):
        return
    items = right.elts if isinstance(right, ast.Tuple | ast.List | ast.Set) else [right]
    is_one = isinstance(node.ops[0], ast.Eq | ast.NotEq) == (items == [right])
    for item in items:
        if is_one and isinstance(item, ast.Constant) and isinstance(item.value, str):
            yield item.value
