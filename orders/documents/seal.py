"""The trigger that refuses every change of a document, on both databases.

It is installed after each `migrate`, because SQLite drops a table's triggers when a migration rebuilds the table. It
does not refuse deleting: Django's flush deletes rows on SQLite. The audit names each number that is missing.
"""

from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from orders.models import Document

TABLE = Document._meta.db_table
NAME = "document_is_sealed"
REFUSED = "A document that was issued is never changed. Issue a credit note."
INSTALL = {
    "sqlite": [
        f"""CREATE TRIGGER IF NOT EXISTS {NAME} BEFORE UPDATE ON {TABLE}
            BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"""
    ],
    "postgresql": [
        f"""CREATE OR REPLACE FUNCTION {NAME}() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION '{REFUSED}' USING ERRCODE = 'integrity_constraint_violation'; END $$""",
        f"""CREATE OR REPLACE TRIGGER {NAME} BEFORE UPDATE ON {TABLE}
            FOR EACH ROW EXECUTE FUNCTION {NAME}()""",
    ],
}
PRESENT = {
    "sqlite": "SELECT 1 FROM sqlite_master WHERE type = 'trigger' AND name = %s",
    "postgresql": "SELECT 1 FROM pg_trigger WHERE tgname = %s AND tgenabled IN ('O', 'A') "
    f"AND tgrelid = to_regclass('{TABLE}')",
}


def install(*, using: str, **_: Any) -> None:
    """Install the trigger. Receives `post_migrate`, also that of `migrate orders zero`."""
    connection = connections[using]
    if TABLE not in connection.introspection.table_names() or is_installed(connection):
        return
    with connection.cursor() as cursor:
        for statement in INSTALL[connection.vendor]:
            cursor.execute(statement)


def is_installed(connection: BaseDatabaseWrapper) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(PRESENT[connection.vendor], [NAME])
        return cursor.fetchone() is not None
