"""A service that runs in a process of its own, and a client that speaks HTTP with it."""

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.project.processes import COMMAND, Output, free_port, started

QUERY = {"query": "{ __typename }"}
JSON = {"Content-Type": "application/json"}


class Service:
    """A service that runs, and what it prints."""

    def __init__(self, port: int, output: Output) -> None:
        self.port = port
        self.output = output

    def request(self, method, path, body=None, **headers):
        """Send one request; returns the response, read to its end, and its text."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response, response.read().decode()
        finally:
            connection.close()

    def ask(self, body, **headers):
        """Post an operation; returns the status and the answer."""
        response, text = self.request("POST", "/graphql", json.dumps(body), **{**JSON, **headers})
        return response.status, json.loads(text)

    def wait_until(self, path, status):
        """Ask until that is the status; returns the answer."""
        end = time.monotonic() + 30
        while time.monotonic() < end:
            response, text = self.request("GET", path)
            if response.status == status:
                return json.loads(text)
        raise AssertionError(f"{path} never had status {status}")


@contextmanager
def service(directory: Path, **variables: str) -> Iterator[Service]:
    """Run the service on a database of its own, as a single process."""
    port = free_port()
    variables = {"ENV": "dev", "WEB_CONCURRENCY": "1", "PORT": str(port), **variables}
    command = [COMMAND, "serve", "--migrate"]
    with started(command, cwd=directory, **variables) as (_, output):
        output.wait_for("^Serving ")
        yield Service(port, output)
