"""manage.py drill: back up the database, restore it into another one, and compare and audit the copy."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from secrets import token_hex
from sqlite3 import connect
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

Counts = dict[str, int]
# libpq's parameters of the connection. The others are psycopg's or the session's.
LIBPQ = ("host", "port", "user", "sslmode", "sslrootcert", "sslcert", "sslkey")


class Command(BaseCommand):
    help = (
        "Try the backup: dump the database, restore it into another one beside it, compare the number of rows of each "
        "table, run audit on the copy, and drop it. The shop may go on meanwhile. Exits with 1 if anything differs."
    )

    def handle(self, **_: Any) -> None:
        backup = back_up_sqlite if connection.vendor == "sqlite" else back_up_postgresql
        with (
            TemporaryDirectory(prefix="store-drill-") as folder,
            backup(Path(folder)) as (before, after, url),
        ):
            different = {table for table in before | after if before.get(table) != after.get(table)}
            for table in sorted(different):
                self.stdout.write(f"  {table}: {before.get(table)} rows, {after.get(table)} in the copy")
            if different:
                raise CommandError(f"{len(different)} tables of the copy differ.")
            self.stdout.write(f"{len(before)} tables with {sum(before.values())} rows were restored.")
            audit(url)
            self.stdout.write("The copy passes the audit.")


def audit(url: str) -> None:
    """Run the audit on the copy.

    Raises:
        CommandError: with what it has found.
    """
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "audit"]
    environment = {**os.environ, "DATABASE_URL": url}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CommandError(f"The copy does not pass the audit.\n{done.stdout}{done.stderr}")


def count_rows() -> Counts:
    """Count the rows of the tables of all models. The search index, which is made of them, is left out."""
    counts = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.django_table_names(only_existing=True, include_views=False):
            cursor.execute(f"SELECT COUNT(*) FROM {connection.ops.quote_name(table)}")
            [counts[table]] = cursor.fetchone()
    return counts


@contextmanager
def back_up_sqlite(folder: Path) -> Iterator[tuple[Counts, Counts, str]]:
    """Copy the file by SQLite's backup API. Yield the counts of rows before and after, and the copy's URL."""
    copy = folder / "copy.sqlite3"
    connection.ensure_connection()
    connection.connection.execute("BEGIN")  # one view for the counts and the copy
    try:
        before = count_rows()
        with closing(connect(copy)) as target:
            connection.connection.backup(target)
    finally:
        connection.connection.execute("ROLLBACK")
    with closing(connect(copy)) as target:
        after = {table: target.execute(f'SELECT COUNT(*) FROM "{table}"').fetchone()[0] for table in before}
    yield before, after, f"sqlite:///{copy}"


@contextmanager
def back_up_postgresql(folder: Path) -> Iterator[tuple[Counts, Counts, str]]:
    """Dump the database and restore it into a new one, which is dropped in the end. Yield as `back_up_sqlite` does."""
    given = connection.get_connection_params()
    line = [f"{name}={given[name]}" for name in LIBPQ if given.get(name)]
    environment = {**os.environ, **({"PGPASSWORD": given["password"]} if given.get("password") else {})}
    name, dump = f"{given['dbname']}_drill_{token_hex(4)}", folder / "dump"

    def run(program: str, *options: str, database: str) -> str:
        command = [program, *options, "--dbname", " ".join([*line, f"dbname={database}"])]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise CommandError(f"{program} failed: {done.stderr.strip()}")
        return done.stdout

    with connection.cursor() as cursor:
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            cursor.execute("SELECT pg_export_snapshot()")  # one view for the counts and the dump
            [snapshot] = cursor.fetchone()
            before = count_rows()
            run(
                "pg_dump",
                "--format=custom",
                f"--snapshot={snapshot}",
                f"--file={dump}",
                database=given["dbname"],
            )
        finally:
            cursor.execute("ROLLBACK")
    quoted = connection.ops.quote_name(name)
    run("psql", "--quiet", "--command", f"CREATE DATABASE {quoted}", database=given["dbname"])
    try:
        run("pg_restore", "--exit-on-error", "--no-owner", str(dump), database=name)
        counting = "; ".join(f"SELECT COUNT(*) FROM {connection.ops.quote_name(table)}" for table in before)
        counted = run("psql", "--no-align", "--tuples-only", "--command", counting, database=name)
        after = dict(zip(before, map(int, counted.split()), strict=True))
        yield before, after, urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
    finally:
        run("psql", "--quiet", "--command", f"DROP DATABASE {quoted}", database=given["dbname"])
