"""Rows of a deployment that has run for years, made by PostgreSQL itself.

One case has five work items; every tenth case is the child of the one before it. One case in ten
is still running, most of them among the latest. Items are addressed to one or two of some 500
groups, few of them busy. Whatever the number of rows, as many match what is looked for.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

from django.db import connection

from benchmarks.million_names import FEW, FEW_MATCHES, MATCHES, RARE_UNITS, STEADY
from workflow_events.workflow import design
from workflow_events.workflow.users import BaseUser

ITEMS_PER_CASE = 5

DICE = """
CREATE FUNCTION pg_temp.dice(number int, salt int, sides int) RETURNS int LANGUAGE sql IMMUTABLE
RETURN (hashint4(number # (salt * 7919)) & 2147483647) % sides;

-- A UUID of version 7, in the order of the number.
CREATE FUNCTION pg_temp.key(kind int, number int) RETURNS uuid LANGUAGE sql IMMUTABLE
RETURN (lpad(to_hex(1600000000000 + number::bigint * 1000), 12, '0') || '7' || kind || '00'
    || '8' || lpad(to_hex(hashint4(number) & 2147483647), 15, '0'))::uuid;
"""

CASES = """
INSERT INTO workflow_case (id, family_id, workflow_id, status, meta,
    created_at, modified_at, created_by_user, created_by_group, closed_at)
SELECT pg_temp.key(1, n), pg_temp.key(1, root), 'workflow-' || pg_temp.dice(n, 1, 5),
    CASE WHEN running THEN 'running' WHEN pg_temp.dice(n, 2, 20) = 0 THEN 'canceled'
        ELSE 'completed' END,
    jsonb_build_object('dossier', 'D-' || n, 'canton', 'canton-' || pg_temp.dice(n, 3, 26),
        'year', 2016 + n * 10 / %(cases)s, 'fee', pg_temp.dice(n, 4, 5000)),
    born, born, 'user-' || pg_temp.dice(n, 5, 300), 'unit-' || pg_temp.dice(n, 6, 500),
    CASE WHEN running THEN NULL ELSE born + interval '40 days' END
FROM (
    SELECT n, n - (n %% 10 = 9)::int AS root, pg_temp.dice(n - (n %% 10 = 9)::int, 7, 100)
            < CASE WHEN n > %(cases)s * 0.9 THEN 80 ELSE 3 END AS running,
        timestamptz '2016-01-01 00:00Z' + n * (interval '10 years' / %(cases)s) AS born
    FROM generate_series(0, %(cases)s - 1) AS n
) AS numbered
"""

ITEMS = """
INSERT INTO workflow_workitem (id, case_id, task_id, name, description, status, meta, deadline,
    addressed_groups, controlling_groups, assigned_users, child_case_id, previous_work_item_id,
    created_at, modified_at, created_by_user, created_by_group, closed_at, closed_by_user)
SELECT pg_temp.key(2, i), c.id, task.slug, task.name, task.description, item.status,
    jsonb_build_object('priority', pg_temp.dice(i, 11, 5), 'reference', 'R-' || i),
    CASE WHEN pg_temp.dice(i, 12, 5) > 0 THEN item.born + interval '1 day'
        + pg_temp.dice(i, 13, 60 * 86400) * interval '1 second' END,
    CASE WHEN pg_temp.dice(i, 14, 10) < 3 THEN jsonb_build_array('clerks')
        WHEN pg_temp.dice(i, 14, 10) = 3 AND item.status <> 'ready'
            THEN jsonb_build_array('archive')
        WHEN pg_temp.dice(i, 14, 10) < 7 THEN jsonb_build_array(item.unit)
        ELSE jsonb_build_array(item.unit, 'unit-' || pg_temp.dice(i, 15, 500)) END,
    CASE WHEN pg_temp.dice(i, 16, 2) = 0 THEN jsonb_build_array('control') ELSE '[]' END,
    CASE WHEN pg_temp.dice(i, 17, 3) = 0
        THEN jsonb_build_array('user-' || pg_temp.dice(i, 18, 300)) ELSE '[]' END,
    CASE WHEN place = 1 AND n %% 10 = 8 AND n + 1 < %(cases)s THEN pg_temp.key(1, n + 1) END,
    CASE WHEN place > 0 THEN pg_temp.key(2, i - 1) END,
    item.born, item.born, c.created_by_user, c.created_by_group,
    CASE WHEN item.status <> 'ready' THEN item.born + interval '5 days' END,
    CASE WHEN item.status <> 'ready' THEN c.created_by_user END
FROM generate_series(0, %(cases)s - 1) AS n
JOIN workflow_case AS c ON c.id = pg_temp.key(1, n)
CROSS JOIN generate_series(0, 4) AS place
CROSS JOIN LATERAL (SELECT n * 5 + place AS i) AS numbered
CROSS JOIN LATERAL (
    SELECT CASE WHEN c.status = 'running' AND place >= 3 THEN 'ready'
            WHEN c.status = 'canceled' AND place >= 3 THEN 'canceled'
            WHEN pg_temp.dice(i, 19, 50) = 0 THEN 'skipped' ELSE 'completed' END AS status,
        c.created_at + place * interval '6 days' AS born,
        -- A low number is far more frequent than a high one.
        'unit-' || (500 * (pg_temp.dice(i, 20, 1000) / 1000.0) ^ 3)::int AS unit
) AS item
JOIN workflow_task AS task ON task.slug = 'task-' || place
ORDER BY i
"""

ADDRESS = """
UPDATE workflow_workitem
SET addressed_groups = addressed_groups || jsonb_build_array(%(group)s::text)
WHERE id IN (
    SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place, count(*) OVER () AS n
        FROM workflow_workitem WHERE status = 'ready' AND task_id = 'task-4') AS ready
    WHERE (place - %(offset)s) %% (n / %(matches)s) = 0 ORDER BY id LIMIT %(matches)s)
"""

MARK = """
UPDATE workflow_case SET meta = meta || jsonb_build_object('campaign', %(value)s::text)
WHERE id IN (
    SELECT pg_temp.key(1, %(offset)s + n * (%(cases)s / %(matches)s - 1))
    FROM generate_series(0, %(matches)s - 1) AS n)
"""


def seed(items: int) -> None:
    """Fill the database that Django is connected to, whose tables are empty, with so many items."""
    _design()
    cases = items // ITEMS_PER_CASE
    with connection.cursor() as cursor:
        with _bare_tables():
            cursor.execute(DICE)
            cursor.execute(CASES, {"cases": cases})
            cursor.execute("ANALYZE workflow_case")
            cursor.execute(ITEMS, {"cases": cases})
        # Not before: an index on rows that were updated is not used at once.
        groups = [(STEADY, MATCHES), (FEW, FEW_MATCHES)]
        groups += [(unit, FEW_MATCHES) for unit in RARE_UNITS]
        for offset, (group, matches) in enumerate(groups):
            _update(ADDRESS, {"group": group, "matches": matches, "offset": offset})
        for offset, (value, matches) in enumerate([(STEADY, MATCHES), (FEW, FEW_MATCHES)]):
            _update(MARK, {"value": value, "matches": matches, "offset": offset, "cases": cases})
        cursor.execute("VACUUM ANALYZE workflow_case, workflow_workitem")


def _update(statement: str, parameters: dict[str, object]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        assert cursor.rowcount == parameters["matches"], (parameters, cursor.rowcount)


def _design() -> None:
    author = BaseUser("bench")
    tasks = [f"task-{place}" for place in range(ITEMS_PER_CASE)]
    for task in tasks:
        design.save_task(task, author, name=task.title(), address_groups="['clerks']|groups")
    for number in range(5):
        slug = f"workflow-{number}"
        design.save_workflow(slug, author, name=slug.title(), start_tasks=tasks[:1])
        for task, following in pairwise(tasks):
            design.add_workflow_flow(slug, [task], f"'{following}'|task", None, author)


@contextmanager
def _bare_tables() -> Iterator[None]:
    """Make indexes and foreign keys after the rows, which is several times as fast."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),"
            " format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname,"
            " pg_get_constraintdef(oid)) FROM pg_constraint WHERE contype = 'f' AND conrelid IN"
            " ('workflow_case'::regclass, 'workflow_workitem'::regclass)"
        )
        keys = cursor.fetchall()
        cursor.execute(
            "SELECT format('DROP INDEX %s', indexrelid::regclass), pg_get_indexdef(indexrelid)"
            " FROM pg_index WHERE NOT indisunique AND indrelid IN"
            " ('workflow_case'::regclass, 'workflow_workitem'::regclass)"
        )
        indexes = cursor.fetchall()
        for drop, _ in [*keys, *indexes]:
            cursor.execute(drop)
        yield
        cursor.execute("SET maintenance_work_mem = '256MB'")
        for _, create in [*indexes, *keys]:
            cursor.execute(create)
        cursor.execute("RESET maintenance_work_mem")
