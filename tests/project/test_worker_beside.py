"""The worker that `serve --worker` runs: it lives with the server, and dies with it."""

import os
import re
import signal

import pytest

from tests.project.processes import free_port
from tests.project.workers import Place, heard

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def place(tmp_path, settings):
    place = Place(tmp_path, settings)
    place.variables |= {"PORT": str(free_port()), "WEB_CONCURRENCY": "1"}
    return place


@pytest.fixture
def serving(place):
    """A server with a worker, and what they print."""
    with place.started("serve", "--worker") as (process, output):
        output.wait_for("^Serving ")
        output.wait_for(r"^Delivering to 1 receiver\.$")
        yield process, output


def test_it_delivers_in_a_process_of_its_own(place, serving):
    process, output = serving
    place.emit("first")
    assert heard(output, "first") != process.pid
    process.terminate()
    assert process.wait(timeout=20) == 0
    output.wait_for_the_end()
    assert len(output.lines) == 3


def test_ctrl_c_ends_both_quickly_and_quietly(place, serving):
    process, output = serving
    place.emit("endless")
    heard(output, "endless")
    # The terminal sends it to all processes of the group.
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(timeout=10) == 0
    output.wait_for_the_end(5)
    assert len(output.lines) == 3
    assert place.states() in (["running"], ["pending"])


def test_sigterm_lets_receivers_end(place, serving):
    process, output = serving
    place.emit("slow")
    heard(output, "slow")
    process.terminate()
    assert process.wait(timeout=20) == 0
    assert output.wait_for("^ended")
    assert place.states() == ["done"]


def test_a_worker_that_dies_is_replaced(place, serving):
    process, output = serving
    place.emit("first")
    worker = heard(output, "first")
    os.kill(worker, signal.SIGKILL)
    line = output.wait_for("The worker has ended")
    assert re.search(r"\(SIGKILL\); another one starts at once$", line)
    place.emit("second")
    assert heard(output, "second") not in (worker, process.pid)
    os.kill(heard(output, "second"), signal.SIGKILL)
    output.wait_for(r"The worker has ended \(SIGKILL\); another one starts in 1 s$")
    place.emit("third")
    heard(output, "third")


def test_it_ends_when_the_server_is_killed(place, serving):
    process, output = serving
    place.emit("first")
    heard(output, "first")
    process.kill()
    process.wait(timeout=10)
    # Whoever lives has the output open.
    output.wait_for_the_end(10)
    place.emit("second")
    assert not [line for line in output.lines if line.startswith("heard second")]
    assert place.states() == ["done", "pending"]
