"""The running service on PostgreSQL: its deadline, and a database that does not answer."""

import socket
import threading

import pytest
from django.db import connection

from tests.project.processes import run
from tests.project.services import service

pytestmark = [
    pytest.mark.skipif(connection.vendor != "postgresql", reason="is about PostgreSQL"),
    pytest.mark.django_db(transaction=True),
]


def url(port=None):
    """Return the URL of the database of the tests, through another port if one is given."""
    database = connection.settings_dict
    authority = f"{database['USER']}:{database['PASSWORD']}@{database['HOST']}"
    return f"postgres://{authority}:{port or database['PORT']}/{database['NAME']}"


class Proxy:
    """Passes bytes between clients and the database, until it is told to hang."""

    def __init__(self):
        database = connection.settings_dict
        self._target = (database["HOST"], int(database["PORT"]))
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self.flows = threading.Event()
        self.flows.set()
        self._sockets = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self._server.accept()
                database = socket.create_connection(self._target)
            except OSError:
                return
            self._sockets += [client, database]
            for source, sink in ((client, database), (database, client)):
                threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source, sink):
        try:
            while data := source.recv(65536):
                self.flows.wait()
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            return

    def close(self):
        self.flows.set()
        for each in [self._server, *self._sockets]:
            each.close()


@pytest.fixture
def proxy():
    running = Proxy()
    yield running
    running.close()


def test_a_database_that_hangs_is_noticed_in_bounded_time(tmp_path, proxy):
    with service(tmp_path, DATABASE_URL=url(proxy.port)) as running:
        running.wait_until("/readyz", 200)
        proxy.flows.clear()
        answer = running.wait_until("/readyz", 503)
        assert answer["checks"]["database"] == "failed"
        # However long it hangs: each poll is answered, and liveness is another matter.
        assert [running.request("GET", "/readyz")[0].status for _ in range(2)] == [503, 503]
        assert running.request("GET", "/healthz")[0].status == 200
        proxy.flows.set()
        assert running.wait_until("/readyz", 200)["status"] == "ok"


def test_a_statement_is_cut_off_in_the_service_and_not_in_commands(tmp_path):
    (tmp_path / "slow.py").write_text(
        "from django.db import connection\n"
        "from workflow_events.events import on\n"
        "from workflow_events.workflow.events import post_create_case\n"
        "@on(post_create_case)\n"
        "def slow(case, context):\n"
        "    with connection.cursor() as cursor:\n"
        "        cursor.execute('SHOW statement_timeout')\n"
        "        print('allowed', cursor.fetchone()[0])\n"
        "        if context:\n"
        "            cursor.execute('SELECT pg_sleep(60)')\n"
    )
    variables = {"EVENT_RECEIVER_MODULES": "slow", "REQUEST_DEADLINE": "1", "DATABASE_URL": url()}
    assert run("load-example", cwd=tmp_path, ENV="dev", **variables).returncode == 0
    start = 'mutation { saveCase(input: {workflow: "application"%s}) { case { status } } }'
    with service(tmp_path, **variables) as running:
        status, answer = running.ask({"query": start % ', context: "1"'})
        assert status == 200
        assert answer["data"] == {"saveCase": None}
        assert answer["errors"][0]["extensions"] == {"code": "LIMIT_EXCEEDED"}
        status, answer = running.ask({"query": start % ""})
        assert answer == {"data": {"saveCase": {"case": {"status": "RUNNING"}}}}
        assert running.output.wait_for("^allowed") == "allowed 1s"
    command = (
        "from workflow_events.workflow.api import start_case; "
        "from workflow_events.workflow.users import BaseUser; "
        "start_case('application', BaseUser('u'))"
    )
    ended = run("shell", "-v", "0", "-c", command, cwd=tmp_path, ENV="dev", **variables)
    assert ended.stdout.strip() == "allowed 0", ended.stderr


@pytest.fixture
def ascii_database():
    """A database whose encoding ICU does not know."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE DATABASE we_ascii ENCODING 'SQL_ASCII' TEMPLATE template0 LOCALE 'C'"
        )
    yield url().rpartition("/")[0] + "/we_ascii"
    with connection.cursor() as cursor:
        cursor.execute("DROP DATABASE we_ascii WITH (FORCE)")


def test_a_database_that_cannot_order_texts_stops_the_start(ascii_database, tmp_path):
    ended = run("serve", "--migrate", cwd=tmp_path, ENV="dev", DATABASE_URL=ascii_database)

    assert ended.returncode == 1
    [line] = ended.stderr.splitlines()
    assert line.startswith("workflow-events: DATABASE_URL: this PostgreSQL has no collation")
