"""An object in a process of its own, with Django on one database, that is called over a pipe."""

import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from types import MappingProxyType
from typing import Any

SECONDS_TO_END = 30


class Remote:
    """Calls the methods of the object in its process."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def __call__(self, name: str, *arguments: Any) -> Any:
        """Call the method; raises ``RuntimeError`` with its traceback when it fails."""
        self._pipe.send((name, arguments))
        return self.answer()

    def answer(self) -> Any:
        """Wait for the answer."""
        failure, result = self._pipe.recv()
        if failure is not None:
            raise RuntimeError(failure)
        return result


@contextmanager
def in_a_process(
    make: Callable[[], object], url: str, variables: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Remote]:
    """Make the object in a process on the database with this URL, and end it afterwards."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    arguments = (make, url, dict(variables), theirs)
    process = context.Process(target=_serve, args=arguments, daemon=True)
    process.start()
    theirs.close()
    try:
        made = Remote(ours)
        made.answer()
        yield made
    finally:
        ours.close()
        process.join(SECONDS_TO_END)
        process.kill()


def _serve(
    make: Callable[[], object], url: str, variables: dict[str, str], pipe: Connection
) -> None:
    from benchmarks.__main__ import set_up

    set_up(url, variables, quiet=True)
    made = make()
    pipe.send((None, True))
    with suppress(EOFError):  # the other end was closed
        while True:
            name, arguments = pipe.recv()
            try:
                pipe.send((None, getattr(made, name)(*arguments)))
            except Exception:
                pipe.send((traceback.format_exc(), None))
