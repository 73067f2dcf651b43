"""The access log, and lines of JSON."""

import json
import logging

import pytest
from django.test import Client
from pytest_django import Settings

from core.logs import JsonLines, facts
from tests.conftest import GraphQLClient
from tests.factories import make_staff
from tests.staff import browser_of

pytestmark = pytest.mark.django_db

QUERY = "query Names { products { nodes { name } } }"


def events(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    return [record.__dict__["event"] for record in caplog.records if record.name == "backend.access"]


@pytest.fixture
def log(settings: Settings, caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    settings.STORE_ACCESS_LOG = True
    caplog.set_level(logging.INFO, "backend.access")
    return caplog


def post(api: Client, **operation: object) -> str:
    response = api.post("/graphql/?secret=1", operation, content_type="application/json")
    return response.headers["X-Request-Id"]


class TestAccessLog:
    def test_an_operation(self, api: GraphQLClient, log: pytest.LogCaptureFixture) -> None:
        request_id = post(api, query=QUERY, operationName="Names")
        [event] = events(log)
        assert float(str(event.pop("ms"))) > 0
        assert event == {
            "method": "POST",
            "path": "/graphql/",
            "status": 200,
            "statements": 1,
            "operation": "Names",
            "cost": 26,
            "request_id": request_id,
        }

    def test_errors_are_counted(self, api: GraphQLClient, log: pytest.LogCaptureFixture) -> None:
        post(api, query="{ nothing }")
        assert [event["errors"] for event in events(log)] == [1]

    def test_a_name_that_is_none_is_left_out(self, api: GraphQLClient, log: pytest.LogCaptureFixture) -> None:
        post(api, query=QUERY, operationName="a\nb status=500")
        assert "operation" not in events(log)[0]

    def test_a_page_of_the_staff_names_the_key_alone(self, log: pytest.LogCaptureFixture) -> None:
        staff = make_staff(email="root@example.com")
        browser = browser_of(staff)
        log.clear()
        browser.get("/admin/")
        [event] = events(log)
        assert event["user"] == staff.pk
        assert "root@example.com" not in log.text

    def test_a_path_cannot_forge_a_record(self, client: Client, log: pytest.LogCaptureFixture) -> None:
        client.get("/a%0AERROR%20b")
        assert [event["path"] for event in events(log)] == ["/a%0AERROR%20b"]

    def test_off_by_default(self, api: GraphQLClient, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, "backend.access")
        post(api, query=QUERY)
        assert events(caplog) == []


class TestJsonLines:
    def test_one_line_with_the_request(self) -> None:
        error = ValueError("first\nsecond")
        record = logging.LogRecord("a.b", logging.ERROR, "x", 1, "%s\nä", ("x",), (ValueError, error, None))
        token = facts.set({"request_id": "abc"})
        text = JsonLines().format(record)
        facts.reset(token)
        assert "\n" not in text
        line = json.loads(text)
        assert (line["level"], line["logger"], line["message"]) == ("ERROR", "a.b", "x\nä")
        assert line["request_id"] == "abc"
        assert line["time"].endswith("+00:00")
        assert "ValueError: first" in line["exception"]

    def test_an_event_becomes_fields(self) -> None:
        record = logging.makeLogRecord({"msg": "done", "event": {"status": 200}})
        assert json.loads(JsonLines().format(record))["status"] == 200
