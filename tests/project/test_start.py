"""A start that cannot succeed says why in one message; a start that can, answers."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.project.processes import COMMAND, ROOT, environment, free_port, run, started

pytestmark = pytest.mark.any_database

QUERY = b'{"query": "{ __typename }"}'
PRODUCTION = {
    "SECRET_KEY": "x" * 50,
    "ALLOWED_HOSTS": "127.0.0.1",
    "PERMISSION_CLASSES": "workflow_events.access.permissions.AllowAny",
    "VISIBILITY_CLASSES": "workflow_events.access.visibilities.Any",
}
"""What must be set outside development."""


def post(port, body=QUERY, **headers):
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql",
        body,
        {"Content-Type": "application/json", **headers},
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({}, "SECRET_KEY: must be set"),
        ({"SECRET_KEY": "x"}, "ALLOWED_HOSTS: must be set"),
        ({**PRODUCTION, "PERMISSION_CLASSES": ""}, "PERMISSION_CLASSES: must be set"),
        ({**PRODUCTION, "VISIBILITY_CLASSES": ""}, "VISIBILITY_CLASSES: must be set"),
        ({"ENV": "staging"}, "ENV: 'staging' is not one of dev, production"),
        ({"ENV": "dev", "EVENT_MAX_DEPTH": "deep"}, "EVENT_MAX_DEPTH: 'deep' is not a whole"),
        ({"ENV": "dev", "EVENT_MAX_DEPTH": "0"}, "EVENT_MAX_DEPTH: 0 is not between"),
        ({"ENV": "dev", "DATABASE_URL": "nowhere"}, "DATABASE_URL: no database URL"),
        (
            {**PRODUCTION, "DATABASE_HOST": "db"},
            "DATABASE_HOST: is not read here; set DATABASE_URL",
        ),
        (
            {"ENV": "dev", "CALUMA_OIDC_USER_FACTORY": "extensions.users.RoleUser"},
            "CALUMA_OIDC_USER_FACTORY: is not read here; set OIDC_USER_FACTORY",
        ),
        (
            {"ENV": "dev", "ATOMIC_REQUESTS": "yes"},
            "ATOMIC_REQUESTS: would make several operations",
        ),
        (
            {"ENV": "dev", "ATOMIC_MUTATIONS": "1"},
            "ATOMIC_MUTATIONS: would make several operations",
        ),
        (
            {"ENV": "dev", "DATABASE_URL": "sqlite:///db.sqlite3?atomic_requests=true"},
            "DATABASE_URL: atomic_requests would make several operations one transaction",
        ),
        ({"ENV": "dev", "PORT": "http"}, "PORT: 'http' is not a whole number"),
        ({"ENV": "dev", "LANGUAGE_CODE": "xx"}, "LANGUAGE_CODE: Django knows no language 'xx'"),
        ({"ENV": "dev", "LANGUAGES": "de, fr"}, "LANGUAGES: LANGUAGE_CODE, en, is missing"),
    ],
)
@pytest.mark.parametrize("command", ["serve", "migrate"])
def test_a_bad_setting_stops_the_start_in_one_line(tmp_path, command, variables, message):
    ended = run(command, cwd=tmp_path, **variables)
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr.startswith(f"workflow-events: {message}")
    assert len(ended.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (None, "there is no module"),
        ("import missing_library", "missing_library"),
        ("1 / 0", "division by zero"),
        ("def broken(:", "SyntaxError|invalid syntax"),
        (
            "from workflow_events.events import on\n"
            "from workflow_events.workflow.events import post_create_case\n"
            "@on(post_create_case)\n"
            "def listen(work_item): ...\n",
            "work_item",
        ),
    ],
)
def test_a_module_of_receivers_that_cannot_be_loaded_stops_the_start(tmp_path, source, reason):
    if source is not None:
        (tmp_path / "broken_receivers.py").write_text(source)
    ended = run("check", cwd=tmp_path, ENV="dev", EVENT_RECEIVER_MODULES="broken_receivers")
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert "EVENT_RECEIVER_MODULES" in ended.stderr
    assert "broken_receivers" in ended.stderr
    assert re.search(reason, ended.stderr)


@pytest.mark.parametrize("command", ["serve", "worker", "deliveries"])
def test_who_is_impatient_sees_no_traceback(tmp_path, command):
    """Ctrl-C before there is anything to stop."""
    interrupt = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n"
    (tmp_path / "slow_receivers.py").write_text(interrupt)
    ended = run(command, cwd=tmp_path, ENV="dev", EVENT_RECEIVER_MODULES="slow_receivers")
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "")


@pytest.mark.parametrize("setting", ["DYNAMIC_TASKS_CLASSES", "DYNAMIC_GROUPS_CLASSES"])
def test_a_dynamic_class_that_cannot_be_loaded_stops_the_start(tmp_path, setting):
    ended = run("check", cwd=tmp_path, ENV="dev", **{setting: "missing.Class"})
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert setting in ended.stderr
    assert "missing.Class" in ended.stderr


def test_a_port_that_is_taken_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = run("serve", "--migrate", cwd=tmp_path, ENV="dev", PORT=str(port))
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"workflow-events: PORT: {port} on 127.0.0.1 is in use")
    assert len(ended.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_does_not_answer_is_named(tmp_path):
    url = f"postgres://user:secret@127.0.0.1:{free_port()}/name"
    ended = run("serve", "--migrate", cwd=tmp_path, ENV="dev", DATABASE_URL=url)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert ended.stderr.startswith("workflow-events: DATABASE_URL: ")
    assert "secret" not in ended.stderr


def test_a_file_that_is_no_database_is_named(tmp_path):
    file = tmp_path / "notes.sqlite3"
    file.write_text("not a database" * 100)
    ended = run("serve", "--migrate", cwd=tmp_path, ENV="dev", DATABASE_URL=f"sqlite:///{file}")
    assert ended.returncode == 1
    assert ended.stderr == (
        "workflow-events: DATABASE_URL: the database does not answer: "
        f"file is not a database ({file})\n"
    )


def test_tables_that_are_missing_stop_the_start(tmp_path):
    ended = run("serve", cwd=tmp_path, ENV="dev", PORT=str(free_port()))
    assert ended.returncode == 1
    assert ended.stderr.startswith("workflow-events: DATABASE_URL: the tables are missing or not")
    assert "workflow-events migrate" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_serves_in_production_and_stops_cleanly(tmp_path, end):
    port = free_port()
    variables = {**PRODUCTION, "PORT": str(port)}
    command = [COMMAND, "serve", "--migrate"]
    with started(command, cwd=tmp_path, **variables) as (process, output):
        output.wait_for(f"^Serving http://127.0.0.1:{port}/graphql ")
        assert post(port) == {"data": {"__typename": "Query"}}
        with pytest.raises(urllib.error.HTTPError) as refused:
            post(port, Host="elsewhere.example")
        assert refused.value.code == 400
        refused.value.close()
        process.send_signal(end)
        assert process.wait(timeout=30) == 0
    # Nothing of an example that is not loaded, no news of gunicorn, no traceback.
    assert len(output.lines) == 2
    assert "DisallowedHost: Invalid HTTP_HOST header: 'elsewhere.example'" in output.lines[1]


def test_services_that_start_together_share_new_tables(tmp_path):
    ports = [free_port() for _ in range(2)]
    command = [COMMAND, "serve", "--migrate", "--load-example"]
    with ExitStack() as stack:
        outputs = [
            stack.enter_context(started(command, cwd=tmp_path, ENV="dev", PORT=str(port)))[1]
            for port in ports
        ]
        for output in outputs:
            output.wait_for("^Serving ")
        answer = post(ports[0], b'{"query": "{ allWorkflows { totalCount } }"}')
    assert answer == {"data": {"allWorkflows": {"totalCount": 1}}}
    assert "already exists" not in "\n".join(outputs[0].lines + outputs[1].lines)


def test_a_closed_terminal_stops_all_of_make_run(tmp_path):
    port = free_port()
    command, variables = make_run(tmp_path, PORT=str(port))
    with started(command, cwd=ROOT, **variables) as (process, output):
        output.wait_for("^Then write a receiver")
        os.killpg(process.pid, signal.SIGHUP)
        process.wait(timeout=30)
    assert output.lines[-1].startswith("Then write a receiver")
    socket.create_server(("127.0.0.1", port)).close()


def test_under_nohup_it_outlives_the_terminal(tmp_path):
    port = free_port()
    variables = {"ENV": "dev", "PORT": str(port)}
    with started(["nohup", COMMAND, "serve", "--migrate"], cwd=tmp_path, **variables) as (
        process,
        output,
    ):
        output.wait_for("^Serving ")
        os.killpg(process.pid, signal.SIGHUP)
        assert post(port) == {"data": {"__typename": "Query"}}


def test_python_path_wins_over_the_working_directory(tmp_path):
    for place in ("here", "there"):
        (tmp_path / place / "extensions").mkdir(parents=True)
        (tmp_path / place / "extensions/which.py").write_text(f"print('from {place}')")
    ended = run("check", cwd=tmp_path / "here", ENV="dev", PYTHONPATH=str(tmp_path / "there"))
    assert ended.returncode == 0, ended.stderr
    assert "from there" in ended.stdout
    assert "from here" not in ended.stdout


def test_a_change_of_the_models_has_its_migration(tmp_path):
    ended = run("makemigrations", "--check", "--dry-run", cwd=tmp_path, ENV="dev")
    assert ended.returncode == 0, ended.stdout


def test_commands_can_be_listed_without_any_setting(tmp_path):
    ended = run("--help", cwd=tmp_path)
    assert ended.returncode == 0
    assert "load-example" in ended.stdout


def test_the_schema_is_printed(tmp_path):
    ended = run("schema", cwd=tmp_path, ENV="dev")
    assert ended.returncode == 0, ended.stderr
    assert "type Mutation {" in ended.stdout


def make_run(tmp_path, **variables):
    """Return the command line and environment of ``make run`` with this test's interpreter."""
    venv = Path(sys.prefix)
    # The environment of the tests is complete: nothing is to be installed into it.
    command = ["make", "run", f"VENV={venv}", f"--old-file={venv}/bin/.installed"]
    database = f"sqlite:///{tmp_path}/run.sqlite3"
    return command, {"DATABASE_URL": database, **variables}


def test_make_run_gives_its_environment_to_the_service(tmp_path):
    (tmp_path / "mine.py").write_text(
        "from workflow_events.events import on\n"
        "from workflow_events.workflow.events import post_create_case\n"
        "@on(post_create_case)\n"
        "def tell(case): print('started', case.workflow_id)\n"
    )
    port = free_port()
    command, variables = make_run(
        tmp_path, PORT=str(port), EVENT_RECEIVER_MODULES="mine", PYTHONPATH=str(tmp_path)
    )
    mutation = 'mutation { saveCase(input: {workflow: "application"}) { case { status } } }'
    for state in ("Created the example", "is there already"):
        with started(command, cwd=ROOT, **variables) as (process, output):
            output.wait_for(f"^Serving http://127.0.0.1:{port}/graphql ")
            output.wait_for(state)
            answer = post(port, json.dumps({"query": mutation}).encode())
            assert answer == {"data": {"saveCase": {"case": {"status": "RUNNING"}}}}
            output.wait_for("^started application$")
            # As Ctrl-C does: to make and everything it runs.
            os.killpg(process.pid, signal.SIGINT)
            process.wait(timeout=30)
        assert "Traceback" not in "\n".join(output.lines)


def test_make_run_says_what_is_wrong_without_a_traceback(tmp_path):
    command, variables = make_run(tmp_path, EVENT_MAX_DEPTH="deep")
    ended = subprocess.run(
        command,
        env=environment(**variables),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode != 0
    assert ended.stderr.startswith("workflow-events: EVENT_MAX_DEPTH: 'deep'")
    assert "Traceback" not in ended.stderr
