"""Tokens that the provider is asked about (OpenID Connect Core 1.0, section 5.3)."""

import json
import logging
import threading
import time
from http import HTTPStatus
from typing import Any

from workflow_events.auth.cache import TokenCache
from workflow_events.auth.client import Answer, Client, NoAnswer
from workflow_events.auth.errors import ProviderUnavailable, Unauthorized

PAUSE = 5
"""Seconds for which a provider that gave no answer is not asked again."""

logger = logging.getLogger("workflow_events.auth")


class UserinfoTokens:
    """Asks the userinfo endpoint who a token belongs to.

    Takes the client, the endpoint, and the seconds for which an answer is good; 0 asks on every
    request.
    """

    def __init__(self, client: Client, endpoint: str, *, revalidation_time: float) -> None:
        self._client = client
        self._endpoint = endpoint
        self._revalidation_time = revalidation_time
        self._answers: TokenCache[str] = TokenCache(time.monotonic)
        self._outage = _Outage(client.timeout)

    def claims(self, token: str) -> dict[str, Any]:
        """Return what the provider says of the token's user.

        Raises `Unauthorized` when it refuses the token, `ProviderUnavailable` when it does
        anything but to answer with a JSON object.
        """
        known = self._answers.get(token)
        if known is not None:
            claims: dict[str, Any] = json.loads(known)
            return claims
        asked_at = time.monotonic()
        answer = self._ask(token)
        if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise Unauthorized("The identity provider does not accept the token.")
        told = answer.json()
        if told is None:
            logger.warning("Userinfo answered with status %s, or no JSON object", answer.status)
            raise ProviderUnavailable
        if self._revalidation_time:
            # Counted from the question: what the answer says was true by then.
            self._answers.put(token, json.dumps(told), until=asked_at + self._revalidation_time)
        return told

    def _ask(self, token: str) -> Answer:
        begun = self._outage.begin()
        try:
            answer = self._client.get(self._endpoint, headers={"Authorization": f"Bearer {token}"})
        except NoAnswer as error:
            self._outage.failed(begun)
            logger.warning("Userinfo gave no answer: %s", error)
            raise ProviderUnavailable from error
        self._outage.ended()
        return answer


class _Outage:
    """Whether the provider is silent: then one request at a time tries it, the others fail at once.

    Otherwise each would hold its thread for the whole timeout, one after the other. A failure is
    no outage when another request was answered meanwhile.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._answered_at = 0.0
        self._retry_at: float | None = None
        self._lock = threading.Lock()

    def begin(self) -> float:
        """Return the time; raise `ProviderUnavailable` during an outage."""
        with self._lock:
            now = time.monotonic()
            if self._retry_at is not None:
                if now < self._retry_at:
                    raise ProviderUnavailable
                # This request is the one that tries.
                self._retry_at = now + self._timeout
            return now

    def failed(self, begun: float) -> None:
        """Note that a request, begun at this time, got no answer."""
        with self._lock:
            if self._answered_at < begun:
                self._retry_at = time.monotonic() + PAUSE

    def ended(self) -> None:
        """Note that a request was answered."""
        with self._lock:
            self._answered_at = time.monotonic()
            self._retry_at = None
