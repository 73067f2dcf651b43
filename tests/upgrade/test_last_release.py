"""While a new release is rolled out, processes of the last one still run on the migrated database."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django_migration_linter.migration_linter import MigrationLinter
from psycopg import sql

from tests.upgrade.release import new_migrations, require_history, unpack_release

pytestmark = [pytest.mark.slow, pytest.mark.database]

# Migrations that the linter refuses and the last release survives, as app.name, with the reason.
SURVIVED: dict[str, str] = {}


@pytest.fixture
def database_url(tmp_path: Path) -> Iterator[str]:
    """A database of the test's own, on the server of the tests."""
    if connection.vendor == "sqlite":
        yield f"sqlite:///{tmp_path}/db.sqlite3"
        return
    server = connection.settings_dict
    host, port, user, password = (str(server[key]) for key in ("HOST", "PORT", "USER", "PASSWORD"))
    name = f"store_release_{os.getpid()}"
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    with psycopg.connect(
        host=host, port=port or None, user=user, password=password, dbname="postgres", autocommit=True
    ) as admin:
        admin.execute(drop)
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield f"postgres://{user}:{password}@{host}:{port}/{name}"
        admin.execute(drop)


def test_the_last_release_sells_on_the_new_schema(database_url: str, tmp_path: Path) -> None:
    require_history()
    release = tmp_path / "release"
    unpack_release(release)
    manage, buy = (str(settings.BASE_DIR / path) for path in ("manage.py", "tests/upgrade/buy.py"))
    bought = subprocess.run(
        [sys.executable, buy, str(tmp_path), database_url, manage],
        cwd=release,
        env={
            **os.environ,
            "DEBUG": "true",
            "DATABASE_URL": database_url,
            "DJANGO_SETTINGS_MODULE": "backend.settings",
        },
        capture_output=True,
        text=True,
    )
    assert bought.returncode == 0, bought.stdout + bought.stderr


class TestMigrations:
    """They expand first, and contract in a later release: docs/production.md."""

    @pytest.fixture
    def linter(self) -> MigrationLinter:
        if connection.vendor != "postgresql":
            pytest.skip("The migrations are checked in PostgreSQL's SQL, by make test-postgres.")
        return MigrationLinter(str(settings.BASE_DIR), no_cache=True)

    @pytest.mark.django_db
    def test_the_last_release_survives_them(self, linter: MigrationLinter) -> None:
        require_history()
        for app, name in new_migrations():
            linter.reset_counters()
            linter.lint_all_migrations(app_label=app, migration_name=name)
            survives = not linter.has_errors or f"{app}.{name}" in SURVIVED
            assert survives, f"The last release does not survive {app}.{name}."

    @pytest.mark.django_db
    def test_one_that_drops_a_column_is_found(
        self, linter: MigrationLinter, capsys: pytest.CaptureFixture[str]
    ) -> None:
        linter.lint_all_migrations(app_label="orders", migration_name="0011_order_without_confirmation")
        assert linter.has_errors
        assert "DROPPING columns" in capsys.readouterr().out
