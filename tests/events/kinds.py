"""Every kind of failure of contract section 4, each a function of no arguments."""

import contextlib
from collections.abc import Callable
from typing import NamedTuple

from django.db import DatabaseError, IntegrityError, connection, transaction

from tests.events.tables import Child, Note, Parent


class Kind(NamedTuple):
    """What a receiver does, and where it counts as a failure."""

    misbehave: Callable[[], None]
    databases: tuple[str, ...] = ("postgresql", "sqlite")


def raise_plainly() -> None:
    raise ValueError("no")


def raise_integrity_error() -> None:
    Note.write("emitter")


def raise_data_error() -> None:
    Child.objects.create(parent_id="p", size=10**30)


def raise_out_of_inner_block() -> None:
    with transaction.atomic():
        Note.write("inner")
        raise ValueError("no")


def raise_out_of_block_without_savepoint() -> None:
    with transaction.atomic(savepoint=False):
        Note.write("inner")
        raise ValueError("no")


def swallow_out_of_block_without_savepoint() -> None:
    with contextlib.suppress(ValueError):
        raise_out_of_block_without_savepoint()


def swallow_error_of_the_orm() -> None:
    try:
        with transaction.atomic(savepoint=False):
            raise_integrity_error()
    except IntegrityError:
        pass


def swallow_error_of_a_raw_statement() -> None:
    with contextlib.suppress(DatabaseError):
        execute("SELECT nothing FROM nowhere")


def break_a_raw_statement() -> None:
    execute("SELEKT 1")


def roll_back() -> None:
    Note.write("inner")
    transaction.set_rollback(True)


def dangle_by_insert() -> None:
    Child.objects.create(parent_id="nobody")


def dangle_by_update() -> None:
    Child.objects.update(parent_id="nobody")


def dangle_by_delete() -> None:
    Parent.objects.filter(pk="p")._raw_delete("default")  # type: ignore[attr-defined]


def dangle_by_new_key() -> None:
    Parent.objects.filter(pk="p").update(slug="q")


def dangle_by_raw_delete() -> None:
    execute(f"delete from {Parent._meta.db_table} where slug = %s", ["p"])


def dangle_by_expression() -> None:
    table = Parent._meta.db_table
    execute(
        f"WITH gone AS (DELETE FROM {table} WHERE slug = 'p' RETURNING slug) SELECT * FROM gone"
    )


def dangle_by_prefixed_delete() -> None:
    table = Parent._meta.db_table
    execute(f"WITH p AS (SELECT slug FROM {table}) DELETE FROM {table} WHERE slug IN p")


def dangle_by_second_statement() -> None:
    table = Parent._meta.db_table
    execute(f"SELECT slug FROM {table}; DELETE FROM {table} WHERE slug = 'p'")


def dangle_behind_a_comment() -> None:
    execute(f"/* SELECT 1 FROM x */ DELETE FROM {Parent._meta.db_table}")


def execute(sql: str, parameters: list[object] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


KINDS = {
    "exception": Kind(raise_plainly),
    "integrity error": Kind(raise_integrity_error),
    "data error": Kind(raise_data_error),
    "inner block": Kind(raise_out_of_inner_block),
    "block without savepoint": Kind(raise_out_of_block_without_savepoint),
    "block without savepoint, swallowed": Kind(swallow_out_of_block_without_savepoint),
    "error of the ORM, swallowed": Kind(swallow_error_of_the_orm),
    # On SQLite a failed statement leaves the transaction usable, so swallowing it is fine.
    "error of a raw statement, swallowed": Kind(swallow_error_of_a_raw_statement, ("postgresql",)),
    "broken raw statement": Kind(break_a_raw_statement),
    "set_rollback": Kind(roll_back),
    "key dangling by insert": Kind(dangle_by_insert),
    "key dangling by update": Kind(dangle_by_update),
    "key dangling by delete": Kind(dangle_by_delete),
    "key dangling by new key": Kind(dangle_by_new_key),
    "key dangling by raw delete": Kind(dangle_by_raw_delete),
    "key dangling behind a comment": Kind(dangle_behind_a_comment),
    # SQLite knows no DELETE inside WITH, and no second statement.
    "key dangling by WITH (DELETE)": Kind(dangle_by_expression, ("postgresql",)),
    "key dangling by second statement": Kind(dangle_by_second_statement, ("postgresql",)),
    "key dangling by WITH … DELETE": Kind(dangle_by_prefixed_delete, ("sqlite",)),
}


def kinds_here() -> list[str]:
    """Return the kinds that are failures on the database of this run."""
    return [name for name, kind in KINDS.items() if connection.vendor in kind.databases]
