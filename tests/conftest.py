"""A client that speaks GraphQL over the real endpoint, as a browser does: with cookies."""

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from math import inf
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.cache import caches
from django.core.files.base import File
from django.db import connection
from django.test import Client
from pytest_django import DjangoDbBlocker, Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from core.mail import breaker
from hooks.subscriptions import wanted
from tests.factories import make_staff
from tests.staff import browser_of

# Fast hashes: the tests are about rights, not about the cost of a guess.
FAST_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# The tables that `migrate` fills with what the models say.
DERIVED = {"django_content_type", "auth_permission"}


class GraphQLClient(Client):
    """A visitor's browser. `run` returns the data of a success, `expect_refusal` the code of a refusal."""

    def send(self, query: str, files: dict[str, File[Any]] | None = None, **variables: Any) -> dict[str, Any]:
        """Post one operation; `files` maps the name of a variable (`input.avatar`) to an upload.

        An upload that stands there several times is sent once.
        """
        if files:
            uploads = {str(index): upload for index, upload in enumerate(dict.fromkeys(files.values()))}
            paths = {
                index: [f"variables.{path}" for path, file in files.items() if file is upload]
                for index, upload in uploads.items()
            }
            form = {
                "operations": json.dumps({"query": query, "variables": variables}),
                "map": json.dumps(paths),
            }
            response = self.post("/graphql/", {**form, **uploads}, headers={"Apollo-Require-Preflight": "1"})
        else:
            body = {"query": query, "variables": variables}
            response = self.post("/graphql/", body, content_type="application/json")
        answer: dict[str, Any] = response.json()
        return answer

    def run(self, query: str, files: dict[str, File[Any]] | None = None, **variables: Any) -> dict[str, Any]:
        answer = self.send(query, files, **variables)
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    def expect_refusal(self, query: str, **variables: Any) -> str:
        """Return the `extensions.code` of the only top-level error."""
        answer = self.send(query, **variables)
        [error] = answer["errors"]
        code: str = error["extensions"]["code"]
        return code


def global_id(node: str, key: object) -> str:
    """Return the API's id of a row."""
    return base64.b64encode(f"{node}:{key}".encode()).decode()


@pytest.fixture
def api() -> GraphQLClient:
    """A visitor who is not signed in."""
    return GraphQLClient()


@pytest.fixture
def signed_in() -> Callable[[User], GraphQLClient]:
    """A browser in which this person has signed in."""

    def client(user: User) -> GraphQLClient:
        browser = GraphQLClient()
        browser.force_login(user)
        return browser

    return client


@pytest.fixture
def superuser() -> Client:
    """A browser in which a superuser has signed in to the admin."""
    return browser_of(make_staff(email="root@example.com"))


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Let no commit wait for PostgreSQL's disk, and empty its tables by row after a test that commits.

    Only a machine that crashes could tell the former, and no test crashes PostgreSQL's. Django would truncate all
    tables instead, which makes new files for all of them and their indexes, and waits for the disk.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with django_db_blocker.unblock():
        with connection.cursor() as cursor:
            name = connection.ops.quote_name(connection.settings_dict["NAME"])
            cursor.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
        connection.close()  # the next connection has it
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection.ops, "sql_flush", delete_rows)
        yield


def delete_rows(style: Any, tables: Sequence[str], **_: Any) -> list[str]:
    """Return a statement for each of the tables that has rows. Foreign keys are checked when all have run.

    What `migrate` derives from the models stays, as it would only be made again.
    """
    names = [connection.ops.quote_name(table) for table in tables if table not in DERIVED]
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in names)
        )
        return [f"DELETE FROM {name}" for (name,) in cursor.fetchall()]


@pytest.fixture(scope="session")
def live_server(django_db_setup: None, live_server: LiveServer) -> LiveServer:
    """Start the server after the test database. With one in memory, it would share a connection and crash."""
    return live_server


@pytest.fixture(autouse=True)
def _fast_passwords(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = FAST_HASHERS


@pytest.fixture(autouse=True)
def _frozen_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Freeze django-ratelimit's clock, so that no window ends while a test fills it."""
    monkeypatch.setattr("django_ratelimit.core.time", SimpleNamespace(time=lambda: 1_800_000_000))


@pytest.fixture(autouse=True)
def _own_files(settings: Settings, tmp_path: Path) -> None:
    """Let no test leave files behind."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.STRIPE_FAKE_DB = tmp_path / "stripe.sqlite3"


@pytest.fixture(autouse=True)
def _closed_breaker() -> None:
    """Forget the failures of another test's mail server."""
    breaker.record(failed=False)


@pytest.fixture(autouse=True)
def _no_endpoints() -> None:
    """Know that there are no endpoints of webhooks, so that no test counts the statement that looks for them.

    A test that makes one has it looked for again.
    """
    wanted.remember((), seconds=inf)


@pytest.fixture(autouse=True)
def _fresh_cache() -> Iterator[None]:
    """Clear all caches, so that no test sees another's counts of attempts or documents."""
    for cache in caches.all():
        cache.clear()
    yield
    for cache in caches.all():
        cache.clear()
