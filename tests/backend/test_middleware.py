"""The headers of every response, including Django's own error pages."""

import logging
from typing import Any

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import DatabaseError
from django.http import HttpResponse
from django.test import Client, RequestFactory
from pytest_django import Settings

from backend.middleware import security_headers

pytestmark = pytest.mark.django_db

QUERY = {"query": "{ me { id } }"}


def errors(response: Any) -> list[dict[str, Any]]:
    assert response["Content-Type"] == "application/json"
    found: list[dict[str, Any]] = response.json()["errors"]
    return found


class TestSecurityHeaders:
    @pytest.mark.parametrize("path", ["/graphql/", "/graphiql/", "/admin/login/", "/readyz", "/nowhere"])
    def test_are_on_every_answer(self, client: Client, path: str) -> None:
        response = client.get(path)
        policy = response["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; ")
        assert "frame-ancestors 'none'" in policy
        assert "http" not in policy
        assert "camera=()" in response["Permissions-Policy"]
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Referrer-Policy"] == "same-origin"
        assert response["X-Frame-Options"] == "DENY"

    def test_pictures_of_another_origin_show(self, rf: RequestFactory, settings: Settings) -> None:
        settings.MEDIA_URL = "https://cdn.example.com/shop/"
        answer = security_headers(lambda request: HttpResponse())(rf.get("/admin/"))
        assert "img-src https://cdn.example.com 'self' data: blob:;" in answer["Content-Security-Policy"]

    def test_scripts_within_pages_run_in_the_admin_alone(self, client: Client) -> None:
        for path, inline in (("/admin/login/", True), ("/graphiql/", False), ("/dev/stripe/", False)):
            scripts = client.get(path)["Content-Security-Policy"].split("script-src ")[1].split(";")[0]
            assert ("'unsafe-inline'" in scripts) is inline

    def test_graphiql_has_none(self, client: Client) -> None:
        page = client.get("/graphiql/").content.decode()
        assert "<script>" not in page
        assert "onclick" not in page


class TestJsonErrors:
    @pytest.mark.parametrize("debug", [False, True])
    def test_a_host_that_is_not_ours(self, client: Client, settings: Settings, debug: bool) -> None:
        settings.DEBUG = debug
        for path in ("/graphql/", "/graphql"):
            response = client.post(path, QUERY, content_type="application/json", HTTP_HOST="evil.example")
            assert response.status_code == 400
            assert [error["extensions"]["code"] for error in errors(response)] == ["BAD_USER_INPUT"]

    @pytest.mark.parametrize("debug", [False, True])
    def test_an_address_that_does_not_exist(self, client: Client, settings: Settings, debug: bool) -> None:
        settings.DEBUG = debug
        response = client.get("/graphql/nothing")
        assert response.status_code == 404
        assert errors(response)[0]["message"] == "Not Found"

    def test_pages_stay_pages(self, client: Client) -> None:
        response = client.get("/nowhere")
        assert (response.status_code, response["Content-Type"].split(";")[0]) == (404, "text/plain")

    def test_without_the_slash_it_is_the_same(self, client: Client, settings: Settings) -> None:
        settings.STORE_MAX_COST_PER_MINUTE = 0  # each answer contains the remaining budget
        for send in (client.get, client.post):
            answers = [
                send(path, QUERY, content_type="application/json") for path in ("/graphql", "/graphql/")
            ]
            assert [(answer.status_code, answer.content) for answer in answers] == [
                (answers[0].status_code, answers[0].content)
            ] * 2

    def test_a_store_of_sessions_that_is_down(
        self, client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def broken(*_: object) -> None:
            raise DatabaseError("password=hunter2")

        client.cookies["sessionid"] = "a" * 32
        monkeypatch.setattr(SessionStore, "_get_session_from_db", broken)
        with caplog.at_level(logging.ERROR):
            response = client.post("/graphql/", QUERY, content_type="application/json")
        assert [error["extensions"]["code"] for error in errors(response)] == ["INTERNAL"]
        assert "hunter2" not in response.content.decode()
        assert [record.name for record in caplog.records if record.exc_info] == ["backend.faults"]
