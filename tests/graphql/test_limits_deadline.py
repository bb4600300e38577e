"""A request that takes too long ends, and leaves nothing of what it did not finish."""

import math
import subprocess
import sys
import threading
from contextlib import suppress

import pytest
from django.db import connection, connections, transaction
from django.db.backends.signals import connection_created
from django.test import override_settings

from tests.graphql.rows import make_case
from tests.project.processes import ROOT, environment
from workflow_events.events import on
from workflow_events.graphql.limits import deadline
from workflow_events.graphql.limits.deadline import Deadline, DeadlineExceeded, limit_statements
from workflow_events.workflow import api as workflow_api
from workflow_events.workflow.events import post_create_case, pre_create_case
from workflow_events.workflow.models import Case, Task, WorkItem
from workflow_events.workflow.users import BaseUser

TOO_LONG = "The request takes too long; REQUEST_DEADLINE allows 30 seconds."
SLOW = {
    "postgresql": "SELECT pg_sleep(60)",
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
    "SELECT COUNT(*) FROM n WHERE i < 0",
}


def let_it_pass():
    """Let the deadline of the request that runs pass, now."""
    deadline._ends.set(-math.inf)


def query_tasks():
    return Task.objects.count()


def start(alias):
    return f'{alias}: saveCase(input: {{workflow: "linear"}}) {{ case {{ status }} }}'


def test_what_is_done_stays_and_what_is_not_is_undone(api, linear):
    @on(pre_create_case)
    def slow():
        if Case.objects.count() == 1:
            let_it_pass()

    answer = api(f"mutation {{ {start('a')} {start('b')} {start('c')} last: __typename }}")

    assert answer.status == 200
    started = {"case": {"status": "RUNNING"}}
    assert answer.body["data"] == {"a": started, "b": None, "c": None, "last": "Mutation"}
    assert [(error["path"], error["extensions"]) for error in answer.body["errors"]] == [
        (["b"], {"code": "LIMIT_EXCEEDED"}),
        (["c"], {"code": "LIMIT_EXCEEDED"}),
    ]
    assert [error["message"] for error in answer.body["errors"]] == [TOO_LONG] * 2
    assert Case.objects.count() == WorkItem.objects.count() == 1


def test_what_was_done_before_the_deadline_is_told(api, linear):
    @on(post_create_case)
    def slow():
        let_it_pass()

    assert api(f"mutation {{ {start('a')} }}").data == {"a": {"case": {"status": "RUNNING"}}}
    assert Case.objects.count() == 1

    more = "{ case { id workItems { totalCount } } }"
    answer = api(f'mutation {{ a: saveCase(input: {{workflow: "linear"}}) {more} }}')

    # The path says that the operation itself was done, and what could not be read.
    assert answer.body["data"] == {"a": None}
    assert answer.code == "LIMIT_EXCEEDED"
    assert answer.error["path"][:3] == ["a", "case", "workItems"]
    assert Case.objects.count() == 2


@pytest.mark.parametrize("options", [{}, {"raise_exception": True}, {"atomic": False}])
@pytest.mark.parametrize("event", [pre_create_case, post_create_case])
def test_no_receiver_contains_it(api, linear, caplog, event, options):
    called = []

    @on(event, **options)
    def slow():
        called.append("slow")
        query_tasks()
        let_it_pass()
        with suppress(Exception):
            query_tasks()

    @on(event)
    def after():
        called.append("after")

    answer = api(f"mutation {{ {start('a')} }}")

    assert answer.body["data"] == {"a": None}
    assert answer.code == "LIMIT_EXCEEDED"
    assert answer.error["path"] == ["a"]
    assert called == ["slow"]
    assert Case.objects.count() == WorkItem.objects.count() == 0
    assert caplog.records == []


def test_no_receiver_around_a_nested_operation_contains_it(api, linear):
    called = []

    @on(post_create_case)
    def outer(case, context):
        if context is None:
            with suppress(Exception):
                workflow_api.start_case("linear", BaseUser("u"), context={"inner": True})
            called.append("went on")

    @on(post_create_case)
    def inner(context):
        if context is not None:
            let_it_pass()
            query_tasks()

    answer = api(f"mutation {{ {start('a')} }}")

    assert answer.code == "LIMIT_EXCEEDED"
    assert called == ["went on"]
    assert Case.objects.count() == WorkItem.objects.count() == 0


def test_a_request_that_is_over_does_not_end_the_next_one(api, linear):
    @on(post_create_case)
    def slow(context):
        if context:
            let_it_pass()
            query_tasks()

    mutation = 'mutation { saveCase(input: {workflow: "linear", context: "1"}) { case { id } } }'
    assert api(mutation).code == "LIMIT_EXCEEDED"
    assert api(f"mutation {{ {start('a')} }}").data
    assert connection.execute_wrappers == []


@override_settings(REQUEST_DEADLINE=0)
def test_a_deadline_of_zero_is_none(api, linear):
    with Deadline(0):
        assert query_tasks() == 2
    assert api(f"mutation {{ {start('a')} }}").data


def test_a_query_that_is_over_answers_what_it_has(api, monkeypatch):
    for _ in range(3):
        make_case()
    seen = []

    def resolve(case, _info):
        seen.append(case)
        let_it_pass()
        return "RUNNING"

    from workflow_events.graphql.schema import schema

    monkeypatch.setattr(schema.graphql_schema.type_map["Case"].fields["status"], "resolve", resolve)

    answer = api(
        "{ a: allCases { totalCount } b: allCases { edges { node { status } } } "
        "c: allCases { totalCount } }"
    )

    # Without SQL, the clock is looked at before each object. One error, not one for each row.
    assert answer.body["data"] == {"a": {"totalCount": 3}, "b": None, "c": None}
    assert [error["path"] for error in answer.body["errors"]] == [["b", "edges", 1], ["c"]]
    assert {error["extensions"]["code"] for error in answer.body["errors"]} == {"LIMIT_EXCEEDED"}
    assert len(seen) == 1


def test_each_statement_costs_no_other_statement(db, django_assert_num_queries):
    with django_assert_num_queries(1), Deadline(30):
        query_tasks()


def test_what_ends_a_transaction_works_after_the_deadline(db):
    def create():
        with transaction.atomic():
            with transaction.atomic():
                Task.objects.create(slug="kept", name="t")
                let_it_pass()
            query_tasks()

    with pytest.raises(DeadlineExceeded), Deadline(30):
        create()
    assert Task.objects.count() == 0


@pytest.fixture
def limited(transactional_db):
    """Connections of a process that serves, with a deadline of one second."""
    database = connections.settings["default"]
    before = dict(database["OPTIONS"])
    connection.close()
    try:
        with override_settings(REQUEST_DEADLINE=1):
            limit_statements()
            yield
    finally:
        connection.close()
        database["OPTIONS"] = connection.settings_dict["OPTIONS"] = before
        connection_created.disconnect(dispatch_uid="workflow_events.deadline")


def slow_statement():
    with connection.cursor() as cursor:
        cursor.execute(SLOW[connection.vendor])
        cursor.fetchall()


def test_the_database_cuts_off_a_statement(limited, api, linear, caplog):
    called = []

    @on(post_create_case)
    def slow():
        with suppress(Exception):
            slow_statement()
        called.append("went on")

    answer = api(f"mutation {{ {start('a')} }}")

    assert answer.body["data"] == {"a": None}
    assert answer.code == "LIMIT_EXCEEDED"
    assert answer.error["message"].endswith("REQUEST_DEADLINE allows 1 seconds.")
    assert called == ["went on"]
    assert Case.objects.count() == WorkItem.objects.count() == 0
    assert [record for record in caplog.records if record.name.startswith("workflow_events")] == []


def test_the_database_cuts_off_what_writes(limited, api, linear):
    @on(post_create_case)
    def slow(case):
        rows = SLOW[connection.vendor]
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                recursive, select = rows.rsplit(" SELECT ", 1)
                cursor.execute(
                    f"{recursive} UPDATE workflow_case SET status = status "
                    f"WHERE 0 < (SELECT {select})"
                )
            else:
                cursor.execute("UPDATE workflow_case SET status = pg_sleep(60)::text")

    answer = api(f"mutation {{ {start('a')} {start('b')} }}")

    assert answer.body["data"] == {"a": None, "b": None}
    assert [error["extensions"]["code"] for error in answer.body["errors"]] == [
        "LIMIT_EXCEEDED",
        "LIMIT_EXCEEDED",
    ]
    assert Case.objects.count() == WorkItem.objects.count() == 0
    assert Task.objects.count() == 2


def test_a_slow_query_is_cut_off(limited, api, monkeypatch):
    from workflow_events.graphql.schema import schema

    monkeypatch.setattr(
        schema.graphql_schema.query_type.fields["allCases"],
        "resolve",
        lambda *_, **__: slow_statement(),
    )

    answer = api("{ allTasks { totalCount } allCases { totalCount } }")

    assert answer.body["data"] == {"allTasks": {"totalCount": 0}, "allCases": None}
    assert answer.code == "LIMIT_EXCEEDED"


def test_who_waits_for_a_lock_does_not_wait_longer(limited, api, linear):
    case = api('mutation { saveCase(input: {workflow: "linear"}) { case { id } } }').data
    locked, done = threading.Event(), threading.Event()

    def hold():
        try:
            with transaction.atomic():
                list(Case.objects.select_for_update().all())
                locked.set()
                assert done.wait(60)
        finally:
            connection.close()

    if connection.vendor == "sqlite":
        connection.close()
        connections.settings["default"]["OPTIONS"]["timeout"] = 1  # as settings.py says
    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert locked.wait(60)
        answer = api.mutate("cancelCase", "{ case { id } }", id=case["saveCase"]["case"]["id"])
    finally:
        done.set()
        thread.join()

    assert answer.body["data"] == {"cancelCase": None}
    assert answer.code in ("LIMIT_EXCEEDED", "CONFLICT")
    assert Case.objects.get().status == "running"


def test_a_statement_that_somebody_else_cancels_is_no_deadline(db):
    class Canceled(Exception):
        sqlstate = "57014"

    from django.db import OperationalError

    error = OperationalError("canceled")
    error.__cause__ = Canceled()
    with Deadline(30):
        assert not deadline.was_cut_off(error)
        let_it_pass()
        assert deadline.was_cut_off(error)


@pytest.mark.parametrize("module", ["workflow_events.wsgi", "workflow_events.asgi"])
def test_any_server_has_the_deadline(tmp_path, module):
    """Not only `serve`: whoever imports the application gets limited connections."""
    program = (
        f"import {module}\n"
        "from django.db import connections\n"
        "from django.db.backends.signals import connection_created\n"
        "options = connections.settings['default']['OPTIONS'].get('options')\n"
        "print(options, len(connection_created.receivers))\n"
    )
    told = {}
    for seconds in ("0", "7"):
        for url in ("postgres://u@127.0.0.1/x?options=-c%20work_mem%3D8MB", "sqlite:///x"):
            ended = subprocess.run(
                [sys.executable, "-c", program],
                env=environment(
                    ENV="dev", DATABASE_URL=url, REQUEST_DEADLINE=seconds, PYTHONPATH=str(ROOT)
                ),
                cwd=tmp_path,
                capture_output=True,
                text=True,
                timeout=60,
                check=True,
            )
            told[url[:6], seconds] = ended.stdout.rsplit(" ", 1)
    assert told["postgr", "0"][0] == "-c work_mem=8MB"
    assert told["postgr", "7"][0] == "-c statement_timeout=7000 -c work_mem=8MB"
    assert int(told["sqlite", "7"][1]) == int(told["sqlite", "0"][1]) + 1
