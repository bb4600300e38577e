"""An identity provider in a process of its own, and requests with its tokens."""

import json
import re
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.test import RequestFactory

from tests.project.processes import ROOT, started
from workflow_events.auth import AuthenticationError, authenticate

NO_ANSWER = (
    "silent",
    "drip-headers",
    "drip-body",
    "endless-body",
    "endless-headers",
    "truncated",
    "garbage",
    "reset",
)
"""What a provider may do instead of to answer."""
NO_CLAIMS = ("not-json", "array", "nested", "redirect", "error")
"""What it may answer instead of a JSON object."""
GENEROUS = 60
"""Seconds to wait for what must happen at all; without a deadline it never would."""


class Provider:
    """Tells the provider's process what to do."""

    def __init__(self, url: str, context: Any = None) -> None:
        self.url = url
        self.userinfo = f"{url}/userinfo"
        self._context = context

    def __call__(self, do: str, **values: Any) -> Any:
        body = json.dumps({"do": do, **values}).encode()
        with urllib.request.urlopen(
            f"{self.url}/control", body, timeout=30, context=self._context
        ) as answer:
            return json.load(answer)["done"]

    def text(self, path: str) -> str:
        """Return what the provider publishes there."""
        with urllib.request.urlopen(self.url + path, timeout=30, context=self._context) as answer:
            body: bytes = answer.read()
        return body.decode()

    def read(self, path: str) -> Any:
        """Return the JSON document that the provider publishes there."""
        return json.loads(self.text(path))

    def token(self, *, without: tuple[str, ...] = (), signed: Any = None, **claims: Any) -> str:
        """Return a token; ``signed`` says by which key, algorithm and headers."""
        now = int(time.time())
        usual = {"iss": self.url, "aud": "workflow", "sub": "ann", "iat": now, "exp": now + 600}
        said = {name: value for name, value in (usual | claims).items() if name not in without}
        token: str = self("sign", claims=said, **(signed or {}))
        return token

    def rotate(self, kid: str, algorithm: str = "RS256", **options: Any) -> None:
        self("rotate", kid=kid, algorithm=algorithm, **options)

    def misbehave(self, path: str, behaviour: str | None) -> None:
        self("behave", path=path, behaviour=behaviour)

    def asked(self, path: str) -> int:
        """How many requests there were for the path."""
        count: int = self("counts").get(path, 0)
        return count


@pytest.fixture(scope="session")
def _process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    command = [sys.executable, "-m", "tests.auth.provider"]
    with started(command, cwd=ROOT) as (_, output):
        yield Provider(output.wait_for("^Provider at ").removeprefix("Provider at "))


@pytest.fixture
def provider(_process: Provider) -> Provider:
    _process("reset")
    return _process


@pytest.fixture
def jwt_mode(provider: Provider, settings: Any) -> Provider:
    settings.OIDC_ISSUER = provider.url
    settings.OIDC_AUDIENCE = ["workflow"]
    settings.OIDC_TIMEOUT = 5
    return provider


@pytest.fixture
def userinfo_mode(provider: Provider, settings: Any) -> Provider:
    settings.OIDC_USERINFO_ENDPOINT = provider.userinfo
    provider("set", users={"opaque": {"sub": "ann", "caluma_groups": ["clerks"]}})
    return provider


def sent(header: str | None) -> Any:
    """Return the user of a request with this Authorization header."""
    headers = {} if header is None else {"authorization": header}
    return authenticate(RequestFactory().post("/graphql", headers=headers))


def user_of(token: str) -> Any:
    """Return the user of a request with this bearer token."""
    return sent(f"Bearer {token}")


def in_time(call: Any, *arguments: Any) -> Any:
    """Return what the call returns, or raise what it raises; fail when it does neither."""
    executor = ThreadPoolExecutor(1)
    try:
        return executor.submit(call, *arguments).result(GENEROUS)
    finally:
        executor.shutdown(wait=False)


def refused(call: Any, *arguments: Any) -> str | None:
    """Return the message with which the call refuses, or None if it does not."""
    try:
        call(*arguments)
    except AuthenticationError as error:
        return str(error)
    return None


def eventually(condition: Any) -> Any:
    """Return the first result that is true, within a generous time."""
    pause = threading.Event()
    for _ in range(GENEROUS * 20):
        if result := condition():
            return result
        pause.wait(0.05)
    raise AssertionError("it never happened")


def quoted(text: str) -> str:
    """Return a pattern of exactly this message."""
    return rf"\A{re.escape(text)}\Z"
