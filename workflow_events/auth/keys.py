"""The provider's public keys, fetched when they are needed and known for a while."""

import logging
import math
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from jwt import PyJWK
from jwt.exceptions import PyJWTError

from workflow_events.auth.client import Client, NoAnswer
from workflow_events.auth.deadlines import Deadline
from workflow_events.auth.errors import ProviderUnavailable, Unauthorized

LIFETIME = 300
"""Seconds after which keys are fetched again: a key that the provider removed is known as long."""
PAUSE = 5
"""Seconds between the end of a fetch and the next one, whatever tokens clients send."""
LONGEST_OUTAGE = 86_400
"""Seconds for which known keys go on working when the provider does not answer."""

logger = logging.getLogger("workflow_events.auth")

KeyName = tuple[str | None, str]
"""The id of a key (None: the only one) and the algorithm that it is used with."""


@dataclass(frozen=True)
class _Fetched:
    """What the last fetch, and the last successful one, left behind."""

    keys: Mapping[KeyName, PyJWK] = field(default_factory=dict)
    succeeded_at: float = -math.inf
    ended_at: float = -math.inf
    has_failed: bool = False


class KeySet:
    """Keys by id and algorithm, for many threads.

    Takes what fetches the keys (JSON Web Keys, RFC 7517), or raises `NoAnswer`, within ``timeout``
    seconds; the algorithms that are accepted; and the clock. One fetch at a time serves all who
    wait for it, and runs in a thread of its own, so that nobody waits who need not. After one that
    failed, only who begins the next one waits for it.
    """

    def __init__(
        self,
        fetch: Callable[[], Iterable[Any]],
        algorithms: Iterable[str],
        *,
        timeout: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._algorithms = tuple(algorithms)
        self._timeout = timeout
        self._clock = clock
        self._fetched = _Fetched()
        self._running: threading.Event | None = None
        self._lock = threading.Lock()

    @property
    def is_fetching(self) -> bool:
        """Whether a fetch runs at the moment."""
        return self._running is not None

    def find(self, key_id: str | None, algorithm: str) -> PyJWK:
        """Return the key; raise `Unauthorized` if the provider has none like that.

        A key that is not known, or not for sure any more, makes a fetch. Raises
        `ProviderUnavailable` when that fails; but while fetches fail, known keys go on working.
        """
        fetched = self._fetched
        key = fetched.keys.get((key_id, algorithm))
        age = self._clock() - fetched.succeeded_at
        if key is not None and age <= LIFETIME:
            return key
        running = self._refresh()
        if key is not None and fetched.has_failed and age <= LONGEST_OUTAGE:
            return key
        # A little longer than the fetch itself, which knows its end better.
        is_over = running is None or running.wait(self._timeout + 1)
        return self._found(key_id, algorithm, is_over=is_over)

    def _found(self, key_id: str | None, algorithm: str, *, is_over: bool) -> PyJWK:
        fetched = self._fetched
        key = fetched.keys.get((key_id, algorithm))
        if key is not None and self._clock() - fetched.succeeded_at <= LONGEST_OUTAGE:
            return key
        if fetched.has_failed or not is_over:
            raise ProviderUnavailable
        if key_id is None:
            raise Unauthorized("The token does not name its key, of which there are several.")
        raise Unauthorized("The token is signed by a key that the provider does not have.")

    def _refresh(self) -> threading.Event | None:
        """Return the end of the fetch that runs; None if one has ended a moment ago.

        None also during an outage, to all but the one whose fetch it is: the others would only
        hold their threads for its whole time.
        """
        with self._lock:
            if self._running is not None:
                return None if self._fetched.has_failed else self._running
            if self._clock() - self._fetched.ended_at < PAUSE:
                return None
            end = threading.Event()
            threading.Thread(target=self._run, args=(end,), name="oidc-keys", daemon=True).start()
            self._running = end
            return end

    def _run(self, end: threading.Event) -> None:
        fetched = replace(self._fetched, has_failed=True)
        try:
            keys = _usable(self._fetch(), self._algorithms)
            fetched = _Fetched(keys, succeeded_at=self._clock(), has_failed=False)
        except NoAnswer as error:
            logger.warning("The keys of the identity provider could not be fetched: %s", error)
        except Exception:
            logger.exception("The keys of the identity provider could not be read")
        with self._lock:
            self._fetched = replace(fetched, ended_at=self._clock())
            self._running = None
        end.set()


def fetch_keys(client: Client, issuer: str, endpoint: str) -> Iterable[Any]:
    """Return the JSON Web Keys from the endpoint or, where that is empty, the issuer's own.

    The endpoint is then read from the issuer's configuration (OpenID Connect Discovery 1.0,
    section 4). Raises `NoAnswer` when anything is not as it should be.
    """
    deadline = Deadline(client.timeout)
    endpoint = endpoint or _discovered(client, issuer, deadline)
    keys = _document(client, endpoint, deadline).get("keys")
    if not isinstance(keys, list):
        raise NoAnswer(f"{endpoint} has no list of keys")
    return keys


def _discovered(client: Client, issuer: str, deadline: Deadline) -> str:
    url = issuer.rstrip("/") + "/.well-known/openid-configuration"
    document = _document(client, url, deadline)
    if document.get("issuer") != issuer:
        raise NoAnswer(f"{url} is of the issuer {document.get('issuer')!r}, not OIDC_ISSUER")
    endpoint = document.get("jwks_uri")
    allowed = ("https://",) if issuer.startswith("https://") else ("https://", "http://")
    if not isinstance(endpoint, str) or not endpoint.startswith(allowed):
        raise NoAnswer(f"{url} has no jwks_uri beginning with {' or '.join(allowed)}")
    return endpoint


def _document(client: Client, url: str, deadline: Deadline) -> dict[str, Any]:
    answer = client.get(url, deadline=deadline)
    document = answer.json()
    if document is None:
        raise NoAnswer(f"{url} answered with status {answer.status}, or no JSON object")
    return document


def _usable(jwks: Iterable[Any], algorithms: Iterable[str]) -> dict[KeyName, PyJWK]:
    """Return the keys for signatures; one of an unknown kind is no fault."""
    keys: dict[KeyName, PyJWK] = {}
    for algorithm in algorithms:
        of_algorithm = [key for jwk in jwks if (key := _key(jwk, algorithm)) is not None]
        for key in of_algorithm:
            if key.key_id is not None:
                keys.setdefault((key.key_id, algorithm), key)
        if len(of_algorithm) == 1:
            keys[None, algorithm] = of_algorithm[0]
    return keys


def _key(jwk: Any, algorithm: str) -> PyJWK | None:
    if not isinstance(jwk, dict) or not isinstance(jwk.get("kid"), str | None):
        return None
    if "d" in jwk:
        # A private key that is published proves nothing.
        return None
    if jwk.get("use", "sig") != "sig" or jwk.get("alg", algorithm) != algorithm:
        return None
    try:
        return PyJWK(jwk, algorithm)
    except PyJWTError:
        return None
