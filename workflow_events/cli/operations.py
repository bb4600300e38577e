"""Redelivers, cancels, prunes and replays: what an operator does with deliveries."""

import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, TypeVar

from django.db.models import Count, QuerySet

from workflow_events.cli import arguments
from workflow_events.cli.terminal import Progress, agreed
from workflow_events.delivery import operating
from workflow_events.delivery.models import Delivery, LoggedEvent, State

Step = TypeVar("Step", operating.Changed, operating.Pruned, operating.Replayed)

FAILED: Final = 1
"""The exit status when there was nothing to do, or something named was not done."""
CANCELED: Final = "Canceled"
WHY_LEFT: Final = {
    State.PENDING: "on its way already",
    State.RUNNING: "on its way already",
    State.DONE: "done already",
    State.CANCELED: "canceled already",
}


def redeliver(options: list[str]) -> int:
    """Redeliver what is named, or what the filters mean; returns the exit status."""
    parser = arguments.Parser("redeliver", "Delivers again what is dead, canceled or done.")
    return _change(parser, options, [State.DEAD], "Redelivered", operating.redeliver_in_steps)


def cancel(options: list[str]) -> int:
    """Cancel what is named, or what the filters mean; returns the exit status."""
    parser = arguments.Parser("cancel", "Gives up what is pending, running or dead.")
    states = operating.NEEDS_ATTENTION
    return _change(parser, options, states, CANCELED, operating.cancel_in_steps)


def prune(options: list[str]) -> int:
    """Delete old events with their deliveries; returns the exit status."""
    parser = arguments.Parser(
        "prune", "Deletes old events, unless one of their deliveries is pending, running or dead."
    )
    parser.add_argument(
        "--before",
        type=arguments.moment,
        metavar="TIME",
        help="30d, or 2026-11-21 (default: EVENT_LOG_RETENTION days ago)",
    )
    parser.add_argument("--dry-run", action="store_true", help="only count")
    given = parser.read(options)
    before = given.before or operating.end_of_retention()
    if before is None:
        _say("Nothing is pruned: EVENT_LOG_RETENTION is 0. --before says otherwise.")
        return 0
    number = LoggedEvent.objects.filter(time__lt=before).count()
    steps = operating.prune_in_steps(before, dry_run=given.dry_run)
    total = _walk(steps, operating.Pruned(), "Pruned", number, lambda s: s.events + s.kept)
    verb = "Would delete" if given.dry_run else "Deleted"
    events, deliveries = _counted(total.events, "event"), _counted(total.deliveries, "delivery")
    _say(f"{verb} {events} from before {before:%Y-%m-%d %H:%M %Z} with {deliveries}.")
    if total.kept:
        _say(f"Kept {total.kept:,} as old: a delivery of each is pending, running or dead.")
    return 0


def replay(options: list[str]) -> int:
    """Deliver logged events to a receiver; returns the exit status."""
    parser = arguments.Parser(
        "replay", "Delivers logged events, again or for the first time, to one receiver."
    )
    arguments.add_receiver(parser, required=True, help="its name, or the end of it")
    arguments.add_events(parser)
    for name, meaning in (("--since", "2026-11-21, or 2h for two hours ago"), ("--until", "so")):
        parser.add_argument(name, type=arguments.moment, metavar="TIME", help=meaning)
    parser.add_argument("--dry-run", action="store_true", help="only count")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    given = parser.read(options)
    receiver = _one_receiver(parser, given.receiver)
    try:
        operating.check_hearing(receiver, given.event or ())
        heard = operating.names_heard_by(receiver)
    except operating.CannotReplay as error:
        return _refuse(parser, str(error))
    events = operating.logged_events(
        events=given.event or (), cases=given.case or (), since=given.since, until=given.until
    )
    number = events.filter(name__in=heard).count()
    if not number:
        return _refuse(parser, f"no logged event that {receiver} listens to matches")
    if not given.dry_run:
        _ask(parser, given, f"Replay {_counted(number, 'event')} to {receiver}?")
    steps = operating.replay_in_steps(events, receiver, dry_run=given.dry_run)
    total = _walk(steps, operating.Replayed(), "Replayed", number, _seen)
    _report_replayed(total, receiver, dry_run=given.dry_run)
    return FAILED if total.failed else 0


def _change(
    parser: arguments.Parser,
    options: list[str],
    states: Sequence[str],
    verb: str,
    change: Callable[[QuerySet[Delivery]], Iterator[operating.Changed]],
) -> int:
    arguments.add_keys(parser)
    arguments.add_filters(parser, states=", ".join(states))
    parser.add_argument("--yes", action="store_true", help="do not ask")
    given = parser.read(options)
    filtered = any(getattr(given, name) for name in arguments.FILTERS)
    if bool(given.ids) == filtered:
        wrong = "give ids, or filters, not both" if filtered else "which? give ids, or filters"
        parser.error(wrong)
    found = arguments.selected(parser, given, states)
    matching = Counter(dict(found.order_by().values_list("state").annotate(Count("pk"))))
    if not matching and filtered:
        return _refuse(parser, "no delivery matches")
    if filtered:
        command = parser.prog.split()[-1].capitalize()
        number = _counted(matching.total(), "delivery")
        _ask(parser, given, f"{command} {number}: {_states(matching)}?")
    total = _walk(change(found), operating.Changed(), verb, matching.total(), lambda s: s.changed)
    missing = sorted({*given.ids} - {*found.values_list("pk", flat=True)}) if given.ids else []
    _report_changed(total, verb, missing)
    done = total.changed and not (given.ids and (missing or total.left))
    return 0 if done else FAILED


def _report_changed(total: operating.Changed, verb: str, missing: list[int]) -> None:
    former = f": {_states(total.former)}" if total.changed else ""
    _say(f"{verb} {_counted(total.changed, 'delivery')}{former}.")
    if verb == CANCELED and (running := total.former[State.RUNNING]):
        _say(f"Of these, {running:,} ran: what it writes to the database is not stored.")
    for state, number in sorted(total.left.items()):
        why = WHY_LEFT.get(State(state), "no longer selected")
        _say(f"Left {number:,} as it is: {state}, {why}.")
    for key in missing:
        _say(f"There is no delivery {key}.")


def _report_replayed(total: operating.Replayed, receiver: str, *, dry_run: bool) -> None:
    events = _counted(total.created + total.redelivered, "event")
    verb = "Would deliver" if dry_run else "Delivers"
    times = f"{total.created:,} for the first time, {total.redelivered:,} again"
    _say(f"{verb} {events} to {receiver}: {times}.")
    for number, why in (
        (total.unfinished, "on its way already"),
        (total.skipped, "its sender or a filter of the receiver says no"),
        (total.failed, "a filter of the receiver failed; the log says how"),
    ):
        if number:
            _say(f"Left out {number:,}: {why}.")


def _one_receiver(parser: arguments.Parser, name: str) -> str:
    found = arguments.receivers(parser, [name])
    if len(found) > 1:
        parser.error(f"--receiver: {name!r} may be any of {', '.join(found)}")
    return found[0]


def _ask(parser: arguments.Parser, given: Namespace, question: str) -> None:
    """Go on if whoever is there says so; end the process where nobody can be asked."""
    if given.yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        parser.error(f"--yes: is needed where nobody can be asked: {question}")
    if not agreed(question):
        parser.exit(FAILED, "Nothing was done.\n")


def _walk(
    steps: Iterable[Step], total: Step, verb: str, number: int, size: Callable[[Step], int]
) -> Step:
    progress = Progress(verb, number)
    try:
        for step in steps:
            total += step
            progress.add(size(step))
    except BaseException:
        progress.end()
        sys.stderr.write(f"Stopped: {verb.lower()} {size(total):,} of {number:,}.\n")
        raise
    progress.end()
    return total


def _seen(step: operating.Replayed) -> int:
    return step.created + step.redelivered + step.unfinished + step.skipped + step.failed


def _states(counted: Counter[str]) -> str:
    return ", ".join(f"{counted[state]:,} {state}" for state in State.values if counted[state])


def _counted(number: int, noun: str) -> str:
    plural = f"{noun.removesuffix('y')}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def _refuse(parser: arguments.Parser, why: str) -> int:
    sys.stderr.write(f"{parser.prog}: {why}\n")
    return FAILED


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
