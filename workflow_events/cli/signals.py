"""How a process is told to stop: by a signal, or by the end of the one that started it."""

import os
import signal
import threading
from typing import Final

STOPPING: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
LOOK: Final = 0.5
"""Seconds between two looks whether the process that started this one lives."""


def stop_by_signals(stop: threading.Event) -> None:
    """Set ``stop`` at the first of these signals; a second one ends the process at once.

    One that is ignored, as SIGHUP is with nohup, stays so. Only for the main thread.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)

    def receive(_signal: int, _frame: object) -> None:
        for number in handled:
            signal.signal(number, signal.SIG_DFL)

    def wait() -> None:
        while os.read(reader, 1)[0] not in handled:
            pass
        stop.set()

    handled = [number for number in STOPPING if signal.getsignal(number) is not signal.SIG_IGN]
    threading.Thread(target=wait, name="signals", daemon=True).start()
    # Heard even while the main thread is in a call that does not return, such as SQLite's waiting.
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in handled:
        signal.signal(number, receive)


def stop_without(parent: int, stop: threading.Event) -> None:
    """Set ``stop`` as soon as the process with this id, which started this one, has ended."""

    def watch() -> None:
        while not stop.wait(LOOK):
            if os.getppid() != parent:
                stop.set()

    threading.Thread(target=watch, name="parent", daemon=True).start()
