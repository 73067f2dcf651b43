"""Probes are answered in time, at any address and by plain HTTP."""

import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from django.core.cache import caches
from django.db import DatabaseError, connection
from django.test import Client
from pytest_django import Settings

from backend.http import health
from backend.http.health import Dependency

pytestmark = pytest.mark.django_db

PATHS = ["/livez", "/readyz", "/healthz"]


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reset the results of checks, so that no test sees those of another."""
    health.check_migrations.cache_clear()
    fresh = [Dependency(known.name, known.check, vital=known.vital) for known in health.DEPENDENCIES]
    monkeypatch.setattr(health, "DEPENDENCIES", fresh)


@pytest.fixture
def hanging() -> Iterator[Dependency]:
    event = Event()

    def hang() -> None:
        event.wait(30)

    yield Dependency("hanging", hang)
    event.set()


class TestProbes:
    @pytest.mark.parametrize("path", PATHS)
    def test_come_by_address_and_plain_http(self, client: Client, settings: Settings, path: str) -> None:
        settings.SECURE_SSL_REDIRECT = True
        settings.ALLOWED_HOSTS = ["shop.example"]
        answer = client.get(path, headers={"Host": "10.0.0.7:8000"})
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
        assert answer["Cache-Control"] == "no-store"
        assert client.get(f"{path}/", headers={"Host": "10.0.0.7:8000"}).status_code in (301, 400)
        assert client.get("/graphql/", headers={"Host": "shop.example"}).status_code == 301

    def test_liveness_touches_nothing(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(connection, "cursor", None)
        monkeypatch.setattr(health, "DEPENDENCIES", None)
        assert client.get("/livez").status_code == 200

    def test_a_process_that_is_about_to_stop(
        self, client: Client, settings: Settings, tmp_path: Path
    ) -> None:
        file = tmp_path / "leaving"
        settings.STORE_DRAIN_FILE = str(file)
        assert [client.get(path).status_code for path in PATHS] == [200, 200, 200]
        file.touch()
        answers = [client.get(path) for path in PATHS]
        assert [(answer.status_code, answer.json()["status"]) for answer in answers] == [
            (404, "leaving"),
            (503, "leaving"),
            (200, "ok"),
        ]

    def test_health_without_a_database(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse() -> None:
            raise DatabaseError

        monkeypatch.setattr(connection, "cursor", refuse)
        response = client.get("/healthz")
        assert (response.status_code, response.json()) == (503, {"status": "no database"})


class TestReadiness:
    def test_without_a_database(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(connection.settings_dict, "NAME", "/nowhere/at/all")
        response = client.get("/readyz")
        assert response.status_code == 503
        assert response.json() == {"status": "no database, no migrations"}

    @pytest.mark.django_db(transaction=True)
    def test_before_the_last_migration(self, client: Client) -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE django_migrations SET name = 'x' || name WHERE app = 'reviews'")
        try:
            assert client.get("/readyz").json() == {"status": "no migrations"}
        finally:
            with connection.cursor() as cursor:
                cursor.execute("UPDATE django_migrations SET name = substr(name, 2) WHERE app = 'reviews'")
        time.sleep(health.FRESH_SECONDS)
        assert client.get("/readyz").json() == {"status": "ok"}

    def test_without_a_cache_the_store_serves(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: object, **__: object) -> None:
            raise ConnectionError

        monkeypatch.setattr(type(caches["default"]), "set", refuse)
        response = client.get("/readyz")
        assert (response.status_code, response.json()) == (200, {"status": "no cache"})

    def test_without_a_cache_and_a_database(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: object, **__: object) -> None:
            raise ConnectionError

        monkeypatch.setattr(type(caches["default"]), "set", refuse)
        monkeypatch.setitem(connection.settings_dict, "NAME", "/nowhere/at/all")
        response = client.get("/readyz")
        assert response.status_code == 503
        assert response.json() == {"status": "no database, no migrations, no cache"}

    def test_is_answered_in_time(
        self, client: Client, monkeypatch: pytest.MonkeyPatch, hanging: Dependency
    ) -> None:
        monkeypatch.setattr(health, "PATIENCE_SECONDS", 0.2)
        monkeypatch.setattr(health, "DEPENDENCIES", [hanging])
        began = time.monotonic()
        assert client.get("/readyz").json() == {"status": "no hanging"}
        assert 0.2 <= time.monotonic() - began < 2
        began = time.monotonic()
        assert client.get("/readyz").status_code == 503
        assert time.monotonic() - began < 0.2  # a check that hangs is not waited for again

    def test_many_who_ask_cost_one_look(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        looks: list[None] = []
        monkeypatch.setattr(health, "DEPENDENCIES", [Dependency("counted", lambda: looks.append(None))])
        for _ in range(5):
            assert client.get("/readyz").status_code == 200
        assert len(looks) == 1
