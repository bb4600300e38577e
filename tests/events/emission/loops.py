"""Event loops that tests run, for as long as they may take."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connections

LIMIT = 30
"""Seconds, after which a test that waits for ever has failed."""


def run(main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run async code in an event loop of its own, and close the connection of its thread."""

    async def limited() -> Any:
        try:
            async with asyncio.timeout(LIMIT):
                return await main()
        finally:
            await sync_to_async(connections.close_all)()

    return asyncio.run(limited())


class Meeting:
    """Where a number of receivers wait for each other, so that they must run at the same time."""

    def __init__(self, parties: int) -> None:
        self.barrier = asyncio.Barrier(parties)

    async def wait(self) -> None:
        async with asyncio.timeout(LIMIT):
            await self.barrier.wait()
