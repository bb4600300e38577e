"""What tests of the commands for deliveries share."""

import pytest

from tests.delivery.conftest import nudges
from workflow_events.cli.commands import operate
from workflow_events.events import Event, on

__all__ = ["nudges"]


@pytest.fixture(autouse=True)
def _receivers(nudges):
    class PostMatter(Event):
        pass

    class PostOther(Event):
        pass

    @on(PostMatter, delivery="background", name="mail.send")
    def send(): ...

    @on("post_*", delivery="background", name="search.index")
    def index(): ...


@pytest.fixture
def typed(capsys):
    """Run a command; returns its status, and what it wrote to both outputs."""

    def typed(line, *more):
        command, *options = [*line.split(), *map(str, more)]
        try:
            status = operate(command, options)
        except SystemExit as end:
            status = end.code
        written = capsys.readouterr()
        return status, written.out, written.err

    return typed
