"""Loading receiver modules, in processes of their own (contract section 6)."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from textwrap import dedent

import pytest

from workflow_events.events.errors import ReceiverLoadError
from workflow_events.events.loading import load_receivers

START = """
import django
from django.conf import settings

settings.configure(
    INSTALLED_APPS=["workflow_events.events", *%r],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    EVENT_RECEIVER_MODULES=%r,
    USE_TZ=True,
)
"""
EVENTS = """
    from workflow_events.events import Event

    class Started(Event):
        number: int = 1
"""


class Project:
    """A directory with modules, and a process that starts Django with it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.write("shop_events.py", EVENTS)

    def write(self, name: str, text: str) -> None:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text))

    def run(
        self, modules: list[str] | None, then: str = "", before: str = "", apps: Sequence[str] = ()
    ) -> "Outcome":
        script = START % (list(apps), modules)
        script += dedent(before) + "\ndjango.setup()\n" + dedent(then)
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", script],
            env={**os.environ, "PYTHONPATH": f"{self.path}:{os.getcwd()}"},
            cwd=self.path,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return Outcome(done)


class Outcome:
    """What the process said."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        self.ok = done.returncode == 0
        self.lines = done.stdout.splitlines()
        self.error = done.stderr.strip().rpartition("\n")[2]
        self.all = done.stderr


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


EMIT = """
from shop_events import Started
from workflow_events.events import emit
emit(Started, sender=None)
"""


def receiver(name: str) -> str:
    return f"""
        from shop_events import Started
        from workflow_events.events import on
        print("import {name}")

        @on(Started)
        def receive():
            print("run {name}")
    """


def test_in_the_order_of_the_setting(project: Project) -> None:
    """`EVENT_RECEIVER_MODULES` lists modules, in order. They are imported once."""
    for name in ("one", "two", "three"):
        project.write(f"{name}.py", receiver(name))
    outcome = project.run(["three", "one", "three", "two"], EMIT)
    assert outcome.ok, outcome.all
    names = ["three", "one", "two"]
    assert outcome.lines == [*(f"import {n}" for n in names), *(f"run {n}" for n in names)]


def test_a_whole_package(project: Project) -> None:
    """`extensions.*` is every module of the package, by name."""
    project.write("shop/__init__.py", "print('import package')")
    for name in ("b", "a", "c"):
        project.write(f"shop/{name}.py", receiver(name))
    project.write("shop/sub/__init__.py", receiver("sub"))
    project.write("shop/sub/deep.py", receiver("deep"))
    project.write("shop/notes.txt", "not python")
    outcome = project.run(["shop.c", "shop.*"], EMIT)
    assert outcome.ok, outcome.all
    names = ["c", "a", "b", "sub"]
    assert outcome.lines == [
        *("import package", *(f"import {n}" for n in names)),
        *(f"run {n}" for n in names),
    ]


def test_a_package_without_init(project: Project) -> None:
    project.write("shop/a.py", receiver("a"))
    outcome = project.run(["shop.*"], EMIT)
    assert outcome.lines == ["import a", "run a"], outcome.all


@pytest.mark.parametrize(
    ("modules", "reason"),
    [
        (["nowhere"], "there is no module 'nowhere'."),
        (["shop_events.nowhere"], "there is no module 'shop_events.nowhere'."),
        (["shop.nowhere"], "there is no module 'shop.nowhere'."),
        (["nowhere.at.all"], "there is no module 'nowhere.at.all'."),
        (["nowhere.*"], "there is no module 'nowhere'."),
        (["shop_events.*"], "shop_events.*: shop_events is a module, not a package."),
        (["dependent"], "dependent fails to import: ModuleNotFoundError: No module named 'absent'"),
        (
            ["shop.*"],
            "shop.dependent fails to import: ModuleNotFoundError: No module named 'shop.absent'",
        ),
        (["broken"], "broken fails to import: ZeroDivisionError: division by zero"),
        (["halting"], "halting fails to import: SystemExit: 3"),
        (["wrong"], "wrong fails to import: SyntaxError: invalid syntax (wrong.py, line 1)"),
        (["misnamed"], "misnamed fails to import: ImportError: cannot import name 'Strated'"),
        ([".relative"], ".relative fails to import: TypeError: the 'package' argument is required"),
    ],
)
def test_what_stops_the_start(project: Project, modules: list[str], reason: str) -> None:
    """stops the start with one message that names the setting, the module and the reason."""
    project.write("shop/__init__.py", "")
    project.write("shop/dependent.py", "import shop.absent")
    project.write("dependent.py", "import absent")
    project.write("broken.py", "1 / 0")
    project.write("halting.py", "raise SystemExit(3)")
    project.write("wrong.py", "def def")
    project.write("misnamed.py", "from shop_events import Strated")
    outcome = project.run(modules, "print('started')")
    assert not outcome.ok
    assert outcome.lines == []
    kind = "workflow_events.events.errors.ReceiverLoadError: EVENT_RECEIVER_MODULES: "
    assert outcome.error.startswith(kind + reason), outcome.all


def test_where_a_module_fails(project: Project) -> None:
    """The message names the line that raised, not those of Python's import machinery."""
    project.write("deep.py", "def divide():\n    return 1 / 0\n")
    project.write("broken.py", "import deep\n\ndeep.divide()\n")
    outcome = project.run(["broken"], "print('started')")
    assert f"division by zero ({project.path / 'deep.py'}:2)" in outcome.error, outcome.all
    project.write("dependent.py", "\nimport absent\n")
    outcome = project.run(["dependent"], "print('started')")
    assert f"'absent' ({project.path / 'dependent.py'}:2)" in outcome.error, outcome.all


def test_where_a_registration_is_refused(project: Project) -> None:
    """The message names the line of the module that called, not the one that refused."""
    code = "from workflow_events.events import on\n\non('started', delivery='later')\n"
    project.write("wrong.py", code)
    outcome = project.run(["wrong"], "print('started')")
    assert "delivery='later' is none of" in outcome.error
    assert f"({project.path / 'wrong.py'}:3)" in outcome.error, outcome.all


@pytest.mark.parametrize(
    "line",
    [
        "__import__('json').loads('{')",
        "__import__('workflow_events.events').events.declare_event('no name', number=int)",
    ],
    ids=["of Python", "of this package by way of Python"],
)
def test_where_a_call_of_python_is_refused(project: Project, line: str) -> None:
    """The message names the line of the module that called, not one of Python's own modules."""
    project.write("wrong.py", f"\n\n{line}\n")
    outcome = project.run(["wrong"], "print('started')")
    assert f"({project.path / 'wrong.py'}:3)" in outcome.error, outcome.all


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("on('strated')(lambda: None)", "listens to 'strated', but no such event is declared"),
        ("on('started')(lambda nope: None)", "asks for nope, which the event started does not"),
        ("on(3)(lambda: None)", "fails to import: RegistrationError: @on listens to"),
        ("on('start*', sender=int)(lambda: None)", None),
        ("import functools; on('x')(functools.partial(print))", "listens to 'x'"),
    ],
)
def test_checks_at_start_up(project: Project, code: str, reason: str | None) -> None:
    """found at start-up, not at the first emission."""
    project.write(
        "receivers.py", f"import shop_events\nfrom workflow_events.events import on\n{code}"
    )
    outcome = project.run(["receivers"], "print('started')")
    if reason is None:
        assert outcome.lines == ["started"], outcome.all
        return
    assert not outcome.ok
    assert "EVENT_RECEIVER_MODULES: " in outcome.error
    assert reason in outcome.error


def test_events_that_are_declared_by_a_later_module(project: Project) -> None:
    """names and patterns are checked when all modules are loaded."""
    project.write(
        "early.py",
        """
        from workflow_events.events import on
        on("late")(lambda number: print("run", number))
    """,
    )
    project.write(
        "late.py",
        """
        from workflow_events.events import Event
        class Late(Event):
            number: int
    """,
    )
    then = "from late import Late\nfrom workflow_events.events import emit\n"
    outcome = project.run(["early", "late"], then + "emit(Late, sender=None, number=2)")
    assert outcome.lines == ["run 2"], outcome.all


def test_emitting_before(project: Project) -> None:
    """emitting earlier is an error."""
    outcome = project.run([], before=EMIT)
    assert not outcome.ok
    assert (
        "ReceiversNotLoaded: Started was emitted before the receivers were loaded" in outcome.error
    )


def test_emitting_while_loading(project: Project) -> None:
    """They are imported when all apps are ready; emitting earlier, while importing, is an error."""
    project.write("eager.py", EMIT)
    outcome = project.run(["eager"])
    assert "eager fails to import: ReceiversNotLoaded" in outcome.error


def test_a_second_call(project: Project) -> None:
    """They are imported once."""
    project.write("one.py", receiver("one"))
    then = "from workflow_events.events.loading import load_receivers\n"
    outcome = project.run(["one"], then + "load_receivers(['one', 'nowhere'])" + EMIT)
    assert outcome.lines == ["import one", "run one"], outcome.all


def test_without_the_setting(project: Project) -> None:
    """`events` of each app, then `receivers`, in the order of INSTALLED_APPS."""
    project.write("till/__init__.py", "")
    project.write("till/events.py", "print('import events of till')")
    project.write("till/receivers.py", receiver("receivers of till"))
    project.write("stock/receivers.py", "from till import events\n" + dedent(receiver("stock")))
    project.write("stock/__init__.py", "")
    project.write("bare/__init__.py", "")
    outcome = project.run(None, EMIT, apps=["stock", "bare", "till"])
    assert outcome.lines == [
        "import events of till",
        "import stock",
        "import receivers of till",
        "run stock",
        "run receivers of till",
    ], outcome.all


def test_a_module_of_an_app_that_fails(project: Project) -> None:
    """The message says why a module was imported that no setting names."""
    project.write("till/__init__.py", "")
    project.write("till/receivers.py", "import till.absent")
    outcome = project.run(None, EMIT, apps=["till"])
    assert (
        "ReceiverLoadError: EVENT_RECEIVER_MODULES is not set, so events and receivers of each app "
        "are loaded: till.receivers fails to import: ModuleNotFoundError: No module named "
        f"'till.absent' ({project.path / 'till/receivers.py'}:1)"
    ) in outcome.error, outcome.all


def test_a_string_instead_of_a_list() -> None:
    with pytest.raises(ReceiverLoadError) as refused:
        load_receivers("till.receivers")
    assert str(refused.value) == (
        "EVENT_RECEIVER_MODULES: give a list of modules, not the string 'till.receivers'."
    )
