"""What stops the start, and what `check` warns of: id, message, remedy, line (issue 5, `check`)."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from django.core.checks import WARNING, run_checks
from django.core.checks import registry as django_checks

from tests.events.checked_modules import Modules, modules_in
from workflow_events.events import Event, on
from workflow_events.events.checking.problems import CheckId
from workflow_events.events.checks import TAG, check_receivers
from workflow_events.events.registration.definitions import Place, place_of
from workflow_events.events.registration.registry import registry

pytestmark = pytest.mark.any_database

SHOP = """
from workflow_events.events import Event, filter_events, on

class Clerk: ...
class Boss: ...
class Stranger: ...

class PostSell(Event, senders=lambda: [Clerk, Boss]):
    thing: str
    price: int

class PostCancelSale(Event, senders=lambda: [Boss]):
    thing: str

class PreSell(Event, senders=lambda: [Clerk, Boss]):
    thing: str
"""


@pytest.fixture
def modules(tmp_path: Path) -> Iterator[Modules]:
    with modules_in(tmp_path) as found:
        yield found


def lines(code: str) -> str:
    """Return a module with the events above, in which the first line of the code is line 19."""
    return f"{SHOP.strip()}\n\n{code.strip()}\n"


FIRST = len(lines("x").splitlines())

WRONG = {
    "@on('post_sel')\ndef f(): ...": (
        "E003",
        ["f listens to 'post_sel', but no such event is declared. (", "Did you mean 'post_sell'"],
    ),
    "@on('nothing')\ndef f(): ...": ("E003", ["Declared are "]),
    "@on('post_*cancel_sal')\ndef f(): ...": (
        "E004",
        ["'post_*cancel_sal'", "Did you mean 'post_cancel_sale'"],
    ),
    "import re; on(re.compile('cancel_sal'))(print_it := lambda: None)": (
        "E004",
        ["It must match the whole name, and matches a part of post_cancel_sale"],
    ),
    "@on('post_sell')\ndef f(thing, prize): ...": (
        "E005",
        [
            "f asks for prize, which the event post_sell does not carry; it carries event, price, "
            "sender, thing. (",
            "Did you mean 'price'?",
        ],
    ),
    "@on(PostSell)\n@filter_events(lambda nope: nope)\ndef f(): ...": (
        "E005",
        ["f asks for nope", "Ask for one of these, or give the parameter a default."],
    ),
    "@on([PostSell, PostCancelSale, PreSell])\ndef f(price): ...": (
        "E005",
        ["price, which the events post_cancel_sale, pre_sell do not carry; all carry event, "],
    ),
    "@on(PostSell, sender=Stranger)\ndef f(): ...": (
        "E006",
        ["which never sends post_sell; senders are Boss, Clerk.", "Name one of these senders"],
    ),
    "@on(PostSell, sender='Clark')\ndef f(): ...": ("E006", ["Did you mean 'Clerk'?"]),
    "@on(PostSell, sender='post_sell')\ndef f(): ...": (
        "E007",
        ["'post_sell' names an event;", "write sender=Boss or sender=Clerk."],
    ),
    "@on(PostSell, sender='sale_post_cancel')\ndef f(): ...": ("E007", ["write sender=Boss."]),
    "from django.db.models.signals import post_save\n"
    "on(post_save, sender='workflow.Case')(lambda: None)": (
        "E007",
        ["which names no class here", "Write the model itself, sender=Case, or 'workflow_events."],
    ),
    "from django.db.models.signals import post_save, pre_save\n"
    "on([pre_save, post_save], sender='workflow.Caze')(lambda: None)": (
        "E006",
        ["'workflow.Caze', which names no model", "Did you mean 'Case'?"],
    ),
    "from django.db.models.signals import post_save\n"
    "on(post_save, sender='nonsense')(lambda: None)": ("E006", ["Write the model itself."]),
    "Other = type('Clerk', (Clerk,), {'__module__': 'else'})\n"
    "on(PostSell, sender='Clerk')(lambda: None)": (
        "E008",
        ["sender='Clerk' is ambiguous: it names ", "Give the class or its dotted path."],
    ),
    "on(PostSell, background=True)(lambda: None)": ("E009", ["a lambda in the background needs"]),
    "@on(PostSell, background=True)\n@on(PostSell, background=True)\ndef f(): ...": (
        "E010",
        ["f' already, at ", "Give one of them name=…"],
    ),
    "@on(['pre_sell', PostSell], background=True)\ndef f(): ...": (
        "E011",
        ["f cannot get pre_sell in the background: what it announces would be over."],
    ),
    "@on(PostSell)\nasync def f():\n    yield": ("E013", ["calling it runs nothing"]),
}


@pytest.mark.parametrize("code", WRONG)
def test_what_stops_the_start(modules: Modules, code: str) -> None:
    """Each with an id, a hint and the file and line."""
    found = modules.check(lines(code))
    id_, parts = WRONG[code]
    at = FIRST + (code.startswith(("from", "Other")))
    assert found.short == [f"{id_}:{at}"], found.lines
    assert [part for part in parts if part not in found.lines[0]] == [], found.lines[0]
    assert found.refused.startswith("EVENT_RECEIVER_MODULES: ")
    assert found.refused.count("\n") == 0
    assert registry.loaded


def test_modules_that_cannot_be_imported(modules: Modules) -> None:
    broken = modules.write("\n1 / 0\n")
    wrong = modules.write("def def")
    found = modules.load(broken, "nowhere", wrong, f"{broken}.*", broken)
    assert found.short == ["E002:2", "E001:-", "E002:-"]
    assert f"{modules.path / wrong}.py:1) [workflow_events.E002]" in found.lines[2]
    assert found.lines[1] == (
        "there is no module 'nowhere'. [workflow_events.E001] Hint: Correct the name; modules are "
        "found in the directories of PYTHONPATH."
    )


def test_all_that_is_wrong_is_said_at_once(modules: Modules) -> None:
    """All problems of all modules: one per line, those of imports first, each once."""
    other = modules.write("from workflow_events.events import on\non('nothing')(lambda: None)\n")
    code = "@on('post_sel')\ndef f(): ...\n\n@on(PostSell, sender='x')\ndef g(nope): ...\n"
    found = modules.check(lines(code), other, other, "nowhere")
    assert [short[:4] for short in found.short] == ["E001", "E003", "E005", "E006", "E003"]
    assert found.refused.startswith("EVENT_RECEIVER_MODULES: 5 problems\n  there is no module")


def test_a_pattern_that_fits_nobody_without_a_sender(modules: Modules) -> None:
    code = "class Rare(Event, by_pattern=False): ...\n"
    found = modules.check(lines(f"{code}@on('rar*')\ndef f(): ..."))
    assert found.short == [f"E004:{FIRST + 1}"]
    assert "a pattern means rare only together with a sender." in found.lines[0]
    assert modules.check(lines(f"{code}@on('rar*', sender=1)\ndef f(): ...")).lines == []


def test_in_the_background_without_a_recorder(modules: Modules) -> None:
    recorder, registry.recorder = registry.recorder, None
    try:
        found = modules.check(lines("@on(PostSell, background=True)\ndef f(): ..."))
    finally:
        registry.recorder = recorder
    assert found.short == [f"E012:{FIRST}"]
    assert "add workflow_events.delivery to INSTALLED_APPS" in found.lines[0]


VAIN = {
    "@on(PostCancelSale, sender=[Boss, Stranger])\ndef f(): ...": (
        "W005",
        "Stranger, which never sends post_cancel_sale.\n\tHINT: Leave it out; senders are Boss.",
    ),
    "@on(PostSell, sender=[Boss, 'post_cancel_sale'])\ndef f(): ...": (
        "W005",
        "HINT: 'post_cancel_sale' names an event; the class of a mutation is the sender here",
    ),
    "@on([PostSell, 'post_cancel_sale'], sender=Clerk)\ndef f(): ...": (
        "W006",
        "f also listens to post_cancel_sale, which ",
    ),
    "@on(PreSell, delivery='commit')\ndef f(): ...": ("W004", "f gets pre_sell after COMMIT"),
}


@pytest.mark.parametrize("code", VAIN)
def test_what_comes_in_vain(modules: Modules, code: str) -> None:
    found = modules.check(lines(code))
    id_, part = VAIN[code]
    assert (found.refused, found.short) == ("", [f"{id_}:{FIRST}"]), found.lines
    assert found.lines[0].startswith(f"{found.file}:{FIRST}: (workflow_events.{id_}) ")
    assert part in found.lines[0]


TWICE = [
    "@on(PostSell)\n@on(PostSell)\ndef f(): ...",
    "@on(PostSell, sender=Clerk)\n@on('post_*')\ndef f(): ...",
    "@on(PostSell, sender='Clerk')\n@on(PostSell, sender=Clerk, order=3)\ndef f(): ...",
    "class Bell:\n    def ring(self): ...\nbell = Bell()\non(PostSell)(bell.ring)\n"
    "on(PostSell)(bell.ring)",
]
ONCE = [
    "@on(PostSell)\n@on(PostCancelSale)\ndef f(): ...",
    "@on(PostSell, sender=Clerk)\n@on(PostSell, sender=Boss)\ndef f(): ...",
    "@on(PostSell)\n@on(PostSell, delivery='commit')\ndef f(): ...",
    "def f(): ...\nfor price in (1, 2):\n"
    "    on(PostSell)(filter_events(lambda price, p=price: p == price)(f))",
    "class Bell:\n    def ring(self): ...\non(PostSell)(Bell().ring)\non(PostSell)(Bell().ring)",
    "def make(n):\n    @on(PostSell)\n    def f(): return n\nmake(1)\nmake(2)",
    "for n in (1, 2):\n    @on(PostSell)\n    def f(n=n): ...",
]


@pytest.mark.parametrize("code", TWICE)
def test_the_same_receiver_twice(modules: Modules, code: str) -> None:
    found = modules.check(lines(code))
    assert [short[:4] for short in found.short] == ["W001"], found.lines
    assert "is registered twice for post_sell, and runs twice." in found.lines[0]


@pytest.mark.parametrize("code", ONCE)
def test_what_is_not_the_same(modules: Modules, code: str) -> None:
    assert modules.check(lines(code)).lines == []


def test_a_module_under_two_names(modules: Modules) -> None:
    """It exists twice, and so do its receivers."""
    events = modules.write(SHOP)
    code = (
        f"from {events} import *\n@on(PostSell)\n@filter_events(lambda thing: thing)\ndef f(): ..."
    )
    modules.write("import sys; sys.path.append(__path__[0])", "shop.__init__")
    modules.write(code, "shop.orders")
    found = modules.load("shop.orders", "orders")
    assert found.short == ["W001:2"], found.lines
    assert "the other time as shop.orders.f" in found.lines[0]
    assert "Import the module under one name only." in found.lines[0]


def test_a_warning_that_is_meant(modules: Modules) -> None:
    """A comment on the line that the warning names silences the ids in it, and no others."""
    code = "@on(PreSell, delivery='commit')  # workflow_events: ignore[W001, W004]\ndef f(): ..."
    assert modules.check(lines(code)).lines == []
    found = modules.check(lines(code.replace("W004", "W002")))
    assert found.short == [f"W004:{FIRST}"]
    error = "@on('nothing')  # workflow_events: ignore[E003]\ndef f(): ..."
    assert modules.check(lines(error)).short == [f"E003:{FIRST}"]


def test_it_is_one_of_django_s_checks() -> None:
    """`check`, `migrate` and `runserver` run it; so does `check --tag workflow_events`."""
    assert check_receivers in django_checks.registry.registered_checks

    class PostRing(Event):
        pass

    @on(PostRing)
    @on(PostRing)
    def ring() -> None: ...

    [message] = run_checks(tags=[TAG])
    assert (message.id, message.level) == ("workflow_events.W001", WARNING)
    assert message.obj == Place(__file__, ring.__code__.co_firstlineno)
    assert CheckId.GENERATOR.is_error
    assert not CheckId.BLOCKING_CALL.is_error


def test_what_is_not_written_in_python_has_no_line() -> None:
    class Callable:
        def __call__(self) -> None: ...

    assert place_of(print) is None
    assert place_of(partial(print)) is None
    assert place_of(partial(Callable())) == Place(
        __file__, Callable.__call__.__code__.co_firstlineno
    )


def test_classes_are_checked_like_functions(modules: Modules) -> None:
    """`Listener` and `Observer` are sugar for registrations, and found at their methods."""
    found = modules.check(
        lines(
            """
import time
from workflow_events.events import Listener

class Bell(Listener):
    listens_for = [PostSell]

    def handle(self, thing):
        self.ring()

    def ring(self):
        time.sleep(1)

class Gong(Listener):
    listens_for = [PostSell]

    def handle(self, thin): ...
"""
        )
    )
    assert found.short == [f"E005:{FIRST + 15}"]
    assert "Gong.handle asks for thin" in found.lines[0]
    code = "from workflow_events.events import Listener\nimport time\nclass Bell(Listener):\n"
    code += "    listens_for = PostSell\n    def handle(self):\n        self.ring()\n"
    code += "    def ring(self):\n        time.sleep(1)\n"
    found = modules.check(lines(code))
    assert found.short == [f"W002:{FIRST + 7}"], found.lines
    assert "Bell.handle waits inside the transaction" in found.lines[0]


def test_brackets_beside_another_sender(modules: Modules) -> None:
    code = """
from typing import Generic, TypeVar
T = TypeVar("T")
class Changed(Event, Generic[T], subscript_is_sender=True): ...
class Under(Clerk): ...
on(Changed[Clerk], sender=Boss)(lambda: None)
on(Changed[Clerk], sender=[Boss, Under])(lambda: None)
on(Changed[Clerk], sender="Under")(lambda: None)
"""
    found = modules.check(lines(code))
    assert found.short == [f"E006:{FIRST + 4}"], found.lines
    assert "listens to changed[Clerk], and for sender checked_" in found.lines[0]
    assert "Boss: nothing is both." in found.lines[0]
