"""The running service: probes, CORS, logs and limits over real HTTP."""

import json
import re
import socket

import pytest

from tests.project.processes import run
from tests.project.services import JSON, QUERY, service

pytestmark = pytest.mark.any_database

ORIGIN = "https://portal.example.org"


def test_probes(tmp_path):
    with service(tmp_path, ALLOWED_HOSTS="workflow.example.org") as running:
        for method in ("GET", "HEAD"):
            for path in ("/healthz", "/healthz/", "/readyz", "/readyz/"):
                response, text = running.request(method, path)
                assert response.status == 200
                assert response.headers["Content-Type"] == "application/json"
                assert bool(text) is (method == "GET")
        status, answer = running.ask(QUERY, Host="workflow.example.org")
        assert (status, answer) == (200, {"data": {"__typename": "Query"}})
        assert running.request("GET", "/graphql?query={__typename}")[0].status == 400


def test_a_database_that_is_lost_comes_back(tmp_path):
    file = tmp_path / "db.sqlite3"
    with service(tmp_path) as running:
        running.wait_until("/readyz", 200)

        # A path that cannot be opened, as a disk that is gone.
        file.rename(tmp_path / "aside")
        file.mkdir()
        lost = running.wait_until("/readyz", 503)
        assert lost == {
            "status": "failed",
            "checks": {
                "database": "failed",
                "migrations": "failed",
                "receivers": "ok",
                "deliveries": "failed",
            },
        }
        assert running.request("GET", "/healthz")[0].status == 200

        file.rmdir()
        (tmp_path / "aside").rename(file)
        assert running.wait_until("/readyz", 200)["status"] == "ok"
        line = running.output.wait_for("Check 'database' passes again")
        assert "workflow_events.readiness" in line
    # Why is in the log, once, however often it was asked.
    assert len([line for line in running.output.lines if "Check 'database' fails" in line]) == 1
    assert "unable to open database file" in "\n".join(running.output.lines)


def test_a_page_of_an_allowed_origin_may_call(tmp_path):
    preflight = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,accept-language,language",
    }
    with service(tmp_path, CORS_ORIGIN_WHITELIST=f"{ORIGIN}, http://localhost:4200") as running:
        for origin in (ORIGIN, "http://localhost:4200"):
            response, _ = running.request("OPTIONS", "/graphql/", Origin=origin, **preflight)
            assert response.status == 200
            assert response.headers["Access-Control-Allow-Origin"] == origin
            assert response.headers["Access-Control-Allow-Credentials"] == "true"
            assert response.headers["Access-Control-Allow-Methods"] == "OPTIONS, GET, POST"
            allowed = response.headers["Access-Control-Allow-Headers"].split(", ")
            assert {"authorization", "content-type", "accept-language", "language"} <= set(allowed)
            assert "origin" in response.headers["Vary"]

        # What is refused may be read, too.
        for body, status in ((json.dumps(QUERY), 200), ("{", 400)):
            response, _ = running.request("POST", "/graphql/", body, Origin=ORIGIN, **JSON)
            assert response.status == status
            assert response.headers["Access-Control-Allow-Origin"] == ORIGIN

        for origin in ("https://elsewhere.example", f"{ORIGIN}.evil.example", "null"):
            response, _ = running.request("OPTIONS", "/graphql/", Origin=origin, **preflight)
            assert "Access-Control-Allow-Origin" not in response.headers


def test_without_origins_nothing_is_said_of_them(tmp_path):
    with service(tmp_path) as running:
        response, _ = running.request("POST", "/graphql", json.dumps(QUERY), Origin=ORIGIN, **JSON)
    assert response.status == 200
    assert not [name for name in response.headers if name.lower().startswith("access-control")]
    assert "Vary" not in response.headers


def test_every_origin_can_be_allowed(tmp_path):
    variables = {"CORS_ORIGIN_ALLOW_ALL": "true", "CORS_ALLOW_CREDENTIALS": "false"}
    with service(tmp_path, **variables) as running:
        response, _ = running.request("POST", "/graphql", json.dumps(QUERY), Origin=ORIGIN, **JSON)
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.parametrize(
    "origin",
    [
        "portal.example.org",
        "https://portal.example.org/",
        "https://*.example.org",
        "ftp://portal.example.org",
        "https://",
        "*",
        "https://user@portal.example.org",
        "https://portal.example.org:port",
    ],
)
def test_a_malformed_origin_stops_the_start(tmp_path, origin):
    ended = run("check", cwd=tmp_path, ENV="dev", CORS_ORIGIN_WHITELIST=f"{ORIGIN},{origin}")
    assert ended.returncode == 1
    assert ended.stderr.startswith(
        f"workflow-events: CORS_ORIGIN_WHITELIST: {origin!r} is no origin"
    )
    assert len(ended.stderr.splitlines()) == 1


def test_the_access_log(tmp_path):
    secret = {"Authorization": "Basic secret-token"}
    with service(tmp_path, ENABLE_ACCESS_LOG="true", LOG_LEVEL="ERROR") as running:
        running.ask({"query": "query Mine { allTasks { totalCount } }"})
        running.ask({"query": '{ node(id: "secret") { id } }', "variables": {"v": "secret"}})
        running.ask({"query": "{ nothing }"})
        running.ask(QUERY, **secret)
        running.request("GET", "/graphql/a%0A%7B%22status_code%22:200%7D?query=%7B__typename%7D")
        running.request("GET", "/healthz")
        running.output.wait_for(r'"path": "/graphql/a\\n')
    lines = [json.loads(line) for line in running.output.lines if line.startswith("{")]
    told = [
        (line["operation_name"], line["selection"], line["status_code"], line["error_codes"])
        for line in lines
    ]
    assert told == [
        ("Mine", ["allTasks"], 200, []),
        (None, ["node"], 200, ["INVALID_INPUT"]),
        (None, [], 400, ["INVALID_DOCUMENT"]),
        (None, [], 401, ["UNAUTHENTICATED"]),
        (None, ["__typename"], 200, []),
    ]
    assert "secret" not in "\n".join(running.output.lines)


def test_a_refusal_is_one_line_with_its_reason(tmp_path):
    with service(tmp_path) as running:
        running.ask({"query": "{ nothing }"})
        line = running.output.wait_for("Bad Request")
    assert re.search(
        r"WARNING django\.request: Bad Request: /graphql: INVALID_DOCUMENT: "
        r"Cannot query field 'nothing' on type 'Query'\.$",
        line,
    )
    assert len(running.output.lines) == 2


def test_too_much_is_refused(tmp_path):
    with service(tmp_path, MAX_BODY_SIZE="200000") as running:
        for query in (
            "{" + " ".join(f"a{number}: __typename" for number in range(10_000)) + "}",
            "{" * 1_000 + "id" + "}" * 1_000,
        ):
            status, answer = running.ask({"query": query})
            assert status == 400
            assert answer["errors"][0]["extensions"] == {"code": "LIMIT_EXCEEDED"}
        status, answer = running.ask({"query": " " * 200_000})
        assert status == 413
        assert answer["errors"][0]["extensions"] == {"code": "LIMIT_EXCEEDED"}
        # It is refused by what is announced: nothing of it has been sent.
        with socket.create_connection(("127.0.0.1", running.port), timeout=30) as client:
            client.sendall(
                b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                b"Content-Length: 10000000000\r\n\r\n"
            )
            assert client.recv(12) == b"HTTP/1.1 413"


def test_a_request_ends_at_its_deadline(tmp_path):
    """The statement is cut off by the database, and the next request is served."""
    (tmp_path / "slow.py").write_text(
        "from django.db import connection\n"
        "from workflow_events.events import on\n"
        "from workflow_events.workflow.events import post_create_case\n"
        "@on(post_create_case)\n"
        "def slow(case, context):\n"
        "    if context:\n"
        "        with connection.cursor() as cursor:\n"
        "            cursor.execute('WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
        "FROM n) SELECT COUNT(*) FROM n WHERE i < 0')\n"
        "            cursor.fetchall()\n"
    )
    variables = {"EVENT_RECEIVER_MODULES": "slow", "REQUEST_DEADLINE": "1", "THREADS": "1"}
    start = 'mutation { saveCase(input: {workflow: "application"%s}) { case { status } } }'
    assert run("migrate", cwd=tmp_path, ENV="dev", **variables).returncode == 0
    assert run("load-example", cwd=tmp_path, ENV="dev", **variables).returncode == 0
    with service(tmp_path, **variables) as running:
        status, answer = running.ask({"query": start % ', context: "1"'})
        assert status == 200
        assert answer["data"] == {"saveCase": None}
        assert answer["errors"][0]["extensions"] == {"code": "LIMIT_EXCEEDED"}
        status, answer = running.ask({"query": start % ""})
        assert answer == {"data": {"saveCase": {"case": {"status": "RUNNING"}}}}
        status, answer = running.ask({"query": "{ allCases { totalCount } }"})
        assert answer == {"data": {"allCases": {"totalCount": 1}}}


def test_introspection_is_off_in_production(tmp_path):
    variables = {
        "ENV": "production",
        "SECRET_KEY": "x" * 50,
        "ALLOWED_HOSTS": "127.0.0.1",
        "PERMISSION_CLASSES": "workflow_events.access.permissions.AllowAny",
        "VISIBILITY_CLASSES": "workflow_events.access.visibilities.Any",
    }
    with service(tmp_path, **variables) as running:
        status, answer = running.ask({"query": "{ __schema { types { name } } }"})
        assert status == 400
        assert "DISABLE_INTROSPECTION" in answer["errors"][0]["message"]
        status, answer = running.ask({"query": "{ allCase { totalCount } }"})
        assert answer["errors"][0]["message"] == "Cannot query field 'allCase' on type 'Query'."
        assert running.ask(QUERY) == (200, {"data": {"__typename": "Query"}})
