"""Calls that wait inside the transaction: found in the source, without running it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.events.checked_modules import Modules, modules_in

pytestmark = pytest.mark.any_database

CLIENTS = """
class Client:
    def __enter__(self): return self
    def __exit__(self, *error): ...
    def get(self, url): ...
    def send(self, request): ...

class Request:
    def get(self, name): ...

def get(url): ...
"""
TASKS = """
class Task:
    def delay(self, *given): ...
    def apply_async(self, *given, **options): ...
    def delay_on_commit(self, *given): ...
    def s(self, *given): return self

notify = Task()

class Clock:
    def delay(self, seconds): ...

clock = Clock()
"""
HEAD = """
import functools, subprocess, time, urllib.request
import httpx, requests, shop_tasks
import django.core.mail as mails
from django.core.mail import EmailMessage, EmailMultiAlternatives, send_mail
from django.db import transaction
from django.utils.functional import SimpleLazyObject
from shop_tasks import clock, notify
from workflow_events.events import Event, filter_events, on

class PostSell(Event):
    thing: str

class PreSell(Event):
    thing: str

session = requests.Session()
lazy = SimpleLazyObject(lambda: 1 / 0)
"""


@pytest.fixture
def modules(tmp_path: Path) -> Iterator[Modules]:
    with modules_in(tmp_path) as found:
        found.write(CLIENTS, "httpx._client")
        found.write("from httpx._client import Client, Request, get\n", "httpx.__init__")
        found.write(TASKS, "shop_tasks")
        yield found


def module(code: str) -> str:
    return f"{HEAD.strip()}\n\n{code.strip()}\n"


def line_of(code: str) -> int:
    """Return the line of the call that the code marks."""
    [line] = [n for n, text in enumerate(module(code).splitlines(), 1) if "# here" in text]
    return line


def body(*statements: str, head: str = "def f(thing):", on: str = "@on(PostSell)") -> str:
    return "\n".join([on, head, *(f"    {statement}" for statement in statements)])


WAITING = [
    body("requests.post(thing)  # here"),
    body("requests.get(thing).json()['a'].get('b')  # here"),
    body("session.put(thing)  # here"),
    body("with requests.Session() as s:", "    s.get(thing)  # here"),
    body("s = requests.Session()", "s.headers.get('x')", "s.post(thing)  # here"),
    body("httpx.get(thing)  # here"),
    body("with httpx.Client() as client:", "    client.get(thing)  # here"),
    body("from httpx import Client as C", "C().send(thing)  # here"),
    body("import absent_library, aiohttp", "aiohttp.request('GET', thing)  # here"),
    body(
        "import aiohttp",
        "async with aiohttp.ClientSession() as s:",
        "    await s.get(thing)  # here",
        head="async def f(thing):",
    ),
    body("import urllib3", "urllib3.PoolManager().request('GET', thing)  # here"),
    body("urllib.request.urlopen(thing)  # here"),
    body("import http.client", "http.client.HTTPSConnection(thing).request('GET', '/')  # here"),
    body("send_mail('s', 'm', None, [thing])  # here"),
    body("mails.mail_admins('s', 'm')  # here"),
    body("mail = EmailMessage('s', 'm')", "mail.send()  # here"),
    body("EmailMultiAlternatives('s', 'm').send()  # here"),
    body("class Letter: ...", "if thing:", "    time.sleep(2)  # here"),
    body("subprocess.run(['true'])  # here"),
    "def helper(thing):\n    time.sleep(1)  # here\n\n" + body("helper(thing)"),
    body("def inner():", "    time.sleep(1)  # here", "inner()"),
    "class Bell:\n    client = requests.Session()\n    def ring(self, thing):\n"
    "        self.shake(thing)\n    def shake(self, thing):\n"
    "        self.client.get(thing)  # here\n\non(PostSell)(Bell().ring)",
    "class Bell:\n    def __call__(self, thing):\n        time.sleep(1)  # here\n\n"
    "on(PostSell)(Bell())",
    "def f(thing, n):\n    time.sleep(n)  # here\n\non(PostSell)(functools.partial(f, n=1))",
    "on(PostSell)(lambda thing: None), on(PostSell)(lambda thing: time.sleep(1))  # here",
    "@on(PostSell)\n@filter_events(lambda thing: requests.get(thing))  # here\ndef f(): ...",
    "def ring(thing):\n    nap = time.sleep\n    @on(PostSell)\n    def f():\n"
    "        nap(1)  # here\n\nring(1)",
    "def loud(function):\n    @functools.wraps(function)\n    def wrapper(*a, **k):\n"
    "        return function(*a, **k)\n    return wrapper\n\n"
    + body("time.sleep(1)  # here", on="@on(PostSell)\n@loud"),
]
NOT_WAITING = [
    body("thing.get('x')", "thing.delay()", "lazy.get('x')", "lazy.send()"),
    body("httpx.Request().get(thing)", "raise requests.HTTPError(thing)"),
    body("requests = thing", "requests.get(1)"),
    body("s = requests.Session()", "s = thing", "s.get(1)"),
    body("s = s.get(1)", "t: int", "del s", "for session in thing: session.get(1)"),
    body("transaction.on_commit(lambda: notify.delay(thing))"),
    body("transaction.on_commit(functools.partial(send_mail, 's', 'm', None, []))"),
    body("def later():", "    requests.get(thing)", "transaction.on_commit(later)"),
    body("notify.delay_on_commit(thing)", "clock.delay(3)"),
    body("time.sleep(1)", on="@on(PostSell, delivery='commit')"),
    body("time.sleep(1)", on="@on(PostSell, background=True)"),
    "def deep():\n    time.sleep(1)\n\ndef helper():\n    deep()\n\n" + body("helper()"),
    "def later(function):\n    @functools.wraps(function)\n    def wrapper(*a, **k):\n"
    "        transaction.on_commit(lambda: function(*a, **k))\n    return wrapper\n\n"
    + body("time.sleep(1)", on="@on(PostSell)\n@later"),
    "from django.core.signals import request_finished\n\n"
    + body("time.sleep(1)", head="def f():", on="@on(request_finished)"),
    body("time.sleep(1)  # workflow_events: ignore[W002]"),
    "exec(compile('def f(thing): requests.get(thing)', 'nowhere.py', 'exec'))\non(PostSell)(f)",
]


@pytest.mark.parametrize("code", WAITING)
def test_what_waits(modules: Modules, code: str) -> None:
    found = modules.check(module(code))
    assert (found.refused, found.short) == ("", [f"W002:{line_of(code)}"]), found.lines
    assert " waits inside the transaction of the operation: " in found.lines[0]
    assert "HINT: Let it run after the operation: @on(…, background=True)" in found.lines[0]


@pytest.mark.parametrize("code", NOT_WAITING)
def test_what_does_not_wait(modules: Modules, code: str) -> None:
    found = modules.check(module(code))
    assert (found.refused, found.lines) == ("", [])


QUEUING = [
    body("notify.delay(thing)  # here"),
    body("notify.apply_async((thing,), countdown=3)  # here"),
    body("shop_tasks.notify.s(thing).delay()  # here"),
    body("from shop_tasks import notify as tell", "tell.delay(thing)  # here"),
    body("from absent_tasks import tell", "tell.delay(thing)  # here"),
]


@pytest.mark.parametrize("code", QUEUING)
def test_what_queues_before_commit(modules: Modules, code: str) -> None:
    found = modules.check(module(code))
    assert (found.refused, found.short) == ("", [f"W003:{line_of(code)}"]), found.lines
    assert "hands a task to a queue inside the transaction" in found.lines[0]
    assert "delay_on_commit(…)" in found.lines[0]


@pytest.mark.parametrize("on", ["@on(PreSell)", "@on(PostSell, raise_exception=True)"])
def test_one_that_decides_is_told_otherwise(modules: Modules, on: str) -> None:
    """There is no way to the background for what may refuse the operation."""
    found = modules.check(module(body("requests.get(thing)", on=on)))
    assert [short[:4] for short in found.short] == ["W002"]
    assert "with a short timeout" in found.lines[0]
    assert "background=True" not in found.lines[0]


def test_each_call_once(modules: Modules) -> None:
    """However many registrations and ways lead there; a helper is said to be one."""
    code = (
        "def helper():\n    time.sleep(1)\n\n@on(PostSell)\n@on(PreSell)\ndef f():\n"
        "    helper()\n    helper()\n    time.sleep(2)\n"
    )
    found = modules.check(module(code))
    assert len(found.lines) == 4, found.lines  # two that end otherwise: by PreSell it may refuse
    assert sum("time.sleep(…), by way of helper." in line for line in found.lines) == 2


@pytest.mark.parametrize("text", ["def broken(:", "", "\0", "def f(other): ..."])
def test_a_file_that_has_changed_since(modules: Modules, text: str) -> None:
    """What cannot be read, or is no longer there, is passed over."""
    rewrite = "import pathlib, linecache\nlinecache.checkcache()\n"
    rewrite += f"pathlib.Path(__file__).write_text({text!r})"
    found = modules.check(module(f"{body('time.sleep(1)')}\n{rewrite}"))
    assert (found.refused, found.lines) == ("", [])
