"""Which statements are taken for harmless, and which keys are checked (contract section 4)."""

from typing import Any

import pytest
from django.db import connection, transaction

from tests.events.kinds import execute
from tests.events.tables import Child, Note, Parent
from workflow_events.events import Event, emit, on
from workflow_events.events.isolation.constraints import ForeignKeyCheck
from workflow_events.events.isolation.statements import Kind, kind_of, written_table


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a FROM t",
        "select a\nfrom t where x = 'y'",
        "  SELECT COUNT(*) FROM t FOR UPDATE",
        'SELECT MAX("t"."a") AS "m" FROM "t" WHERE ("t"."a" IN (1) AND NOT (EXISTS(SELECT 1)))',
        "SAVEPOINT s",
        "RELEASE SAVEPOINT s",
        "ROLLBACK TO SAVEPOINT s",
        "SET CONSTRAINTS ALL IMMEDIATE",
        "PRAGMA foreign_key_check",
        "SELECT a FROM t;",
        "SELECT a FROM t ; \n",
    ],
)
def test_harmless(sql: str) -> None:
    assert kind_of(sql) is Kind.READ


@pytest.mark.parametrize(
    "sql",
    [
        "WITH gone AS (DELETE FROM t RETURNING a) SELECT a FROM gone",
        "WITH x AS (SELECT a FROM t) SELECT a FROM x",
        "SELECT do_something()",
        "SELECT do_something(a) FROM t",
        "SELECT a INTO u FROM t",
        "SELECT a FROM t; DELETE FROM t",
        "SAVEPOINT s; DELETE FROM t",
        "/* c */ DELETE FROM t",
        "-- SELECT a FROM t\nDELETE FROM t",
        "(SELECT a FROM t) UNION (SELECT a FROM u)",
        "CALL p()",
        "DO $$ BEGIN DELETE FROM t; END $$",
        "EXPLAIN ANALYZE DELETE FROM t",
        "TRUNCATE t",
        "MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE",
        "EXECUTE prepared",
        "",
        b"SELECT a FROM t",
        None,
    ],
)
def test_unknown(sql: Any) -> None:
    assert kind_of(sql) is Kind.UNKNOWN


@pytest.mark.parametrize(
    "sql",
    ["BEGIN", "begin immediate", "COMMIT;", "END", "ABORT", "ROLLBACK", "START TRANSACTION"],
)
def test_control_of_the_transaction(sql: str) -> None:
    assert kind_of(sql) is Kind.TRANSACTION


@pytest.mark.parametrize(
    ("sql", "table"),
    [
        ("INSERT INTO t (a) VALUES (1)", "t"),
        ('insert into "My Table" (a) values (1)', "My Table"),
        ("INSERT OR REPLACE INTO t VALUES (1)", "t"),
        ('UPDATE "t" SET a = 1', "t"),
        ("UPDATE ONLY t SET a = 1", "t"),
        ('DELETE FROM "t" WHERE a', "t"),
        ("DELETE FROM ONLY t", "t"),
        ("REPLACE INTO t VALUES (1)", "t"),
        (" \n UPDATE t SET a=1", "t"),
    ],
)
def test_writes(sql: str, table: str) -> None:
    assert kind_of(sql) is Kind.WRITE
    assert written_table(sql) == table


ODD_WRITES = [
    "UPDATE main.{0} SET slug = 'q'",
    "DELETE FROM main.{0}",
    "UPDATE OR IGNORE {0} SET slug = 'q'",
    "DELETE FROM `{0}`",
    "DELETE FROM [{0}]",
    "DELETE FROM{0:>0}",
    "UPDATE {0} SET slug = 'q'",
    "INSERT OR REPLACE INTO {1} (id, name, size, data, parent_id) VALUES (7, '', 0, '{{}}', 'x')",
    "INSERT INTO \"main\".\"{1}\" (name, size, data, parent_id) VALUES ('', 0, '{{}}', 'x')",
    "REPLACE INTO {1} (name, size, data, parent_id) VALUES ('', 0, '{{}}', 'x')",
    "DROP TABLE {0}",
]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL checks every key anyway")
@pytest.mark.parametrize("sql", [s for s in ODD_WRITES if "{0:>0}" not in s])
@pytest.mark.usefixtures("tables")
def test_odd_writes_on_sqlite(sql: str, errors: Any) -> None:
    """a foreign key left dangling by an insert, an update or a delete leaves no trace."""

    class Matter(Event):
        pass

    Parent.objects.create(slug="p")
    Child.objects.create(parent_id="p")
    statement = sql.format(Parent._meta.db_table, Child._meta.db_table)
    on(Matter)(lambda: execute(statement))
    on(Matter)(lambda: Note.write("after"))
    with transaction.atomic():
        emit(Matter, sender=None)
    assert len(errors()) == 1
    assert Parent.objects.get().slug == "p"
    assert Child.objects.get().parent_id == "p"
    assert Note.all_by() == ["after"]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL needs no reading of schemas")
@pytest.mark.usefixtures("tables")
def test_only_what_may_dangle_is_scanned(statements: Any) -> None:
    """checked for the tables that the receiver's statements concern."""

    class Matter(Event):
        pass

    Parent.objects.create(slug="p")
    on(Matter)(lambda: Note.write("a"))
    with transaction.atomic(), statements() as sent:
        emit(Matter, sender=None)
    assert [verb for verb in sent.verbs if "foreign_key_check" in verb] == []
    on(Matter)(lambda: Parent.objects.update(name="x"))
    Note.objects.all().delete()
    with transaction.atomic(), statements() as sent:
        emit(Matter, sender=None)
    scanned = [q["sql"] for q in sent.captured_queries if "foreign_key_check(" in q["sql"].lower()]
    assert {sql.partition("(")[2] for sql in scanned} == {f'"{Child._meta.db_table}")'}


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL needs no reading of schemas")
@pytest.mark.usefixtures("tables")
def test_tables_made_later(errors: Any) -> None:
    """A table that is made after the first emission is known to the next."""

    class Matter(Event):
        pass

    Parent.objects.create(slug="p")
    on(Matter)(lambda: Note.write("a"))
    with transaction.atomic():
        emit(Matter, sender=None)
    Note.objects.all().delete()
    execute(
        "CREATE TABLE later (p VARCHAR CONSTRAINT fk REFERENCES"
        f' "{Parent._meta.db_table}" ("slug") ON DELETE NO ACTION DEFERRABLE INITIALLY DEFERRED)'
    )
    try:
        execute("INSERT INTO later VALUES ('p')")
        on(Matter)(lambda: execute(f"DELETE FROM {Parent._meta.db_table}"))
        with transaction.atomic():
            emit(Matter, sender=None)
        assert len(errors()) == 1
        assert Parent.objects.count() == 1
    finally:
        execute("DROP TABLE later")


@pytest.mark.usefixtures("tables")
def test_the_check_fits_the_database() -> None:
    check = ForeignKeyCheck.of(connection)
    assert type(check) is not ForeignKeyCheck
