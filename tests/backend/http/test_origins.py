"""A refused origin is logged, and a flood of them does not fill the log."""

import pytest
from django.conf import settings as configured
from django.test import Client
from pytest_django import Settings

from backend.http import origins
from core.logs import Sparingly

pytestmark = pytest.mark.django_db

QUERY = {"query": "{ shop { currency } }"}
ELSEWHERE = "https://elsewhere.example"


@pytest.fixture(autouse=True)
def _nothing_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(origins, "reports", Sparingly(seconds=60))


def reports(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "backend.origins"]


class TestReports:
    def test_name_the_origin_and_the_setting(self, client: Client, caplog: pytest.LogCaptureFixture) -> None:
        assert client.get("/graphql/", QUERY, headers={"Origin": ELSEWHERE}).status_code == 403
        [report] = reports(caplog)
        assert ELSEWHERE in report
        assert "STORE_ORIGINS" in report

    def test_a_preflight_is_reported_too(self, client: Client, caplog: pytest.LogCaptureFixture) -> None:
        client.options("/graphql/", headers={"Origin": ELSEWHERE, "Access-Control-Request-Method": "POST"})
        assert len(reports(caplog)) == 1

    @pytest.mark.parametrize(
        ("path", "origin"),
        [
            ("/graphql/", configured.STORE_ORIGINS[0]),
            ("/graphql/", "http://testserver"),
            ("/graphql/", None),
            ("/admin/login/", ELSEWHERE),
        ],
    )
    def test_others_are_none(
        self, client: Client, caplog: pytest.LogCaptureFixture, path: str, origin: str | None
    ) -> None:
        client.get(path, QUERY, headers={"Origin": origin} if origin else {})
        assert reports(caplog) == []

    def test_once_a_minute_with_the_number_of_the_others(
        self, client: Client, caplog: pytest.LogCaptureFixture
    ) -> None:
        for number in range(5):
            client.get("/graphql/", QUERY, headers={"Origin": f"https://{number}.example"})
        assert len(reports(caplog)) == 1
        origins.reports.due = 0.0
        client.get("/graphql/", QUERY, headers={"Origin": ELSEWHERE})
        assert reports(caplog)[1].endswith("(4 more since the last such message.)")

    def test_a_long_one_is_cut_and_has_no_line_breaks(
        self, client: Client, caplog: pytest.LogCaptureFixture
    ) -> None:
        client.get("/graphql/", QUERY, headers={"Origin": "https://a\n" + "b" * 5000})
        [report] = reports(caplog)
        assert len(report) < 400
        assert "\n" not in report


class TestSameOriginProxy:
    """A development server that forwards /graphql/ with the browser's own Host and Origin."""

    @pytest.mark.parametrize("port", [5173, 4321])
    def test_needs_no_setting(self, client: Client, settings: Settings, port: int) -> None:
        settings.STORE_ORIGINS = []
        settings.ALLOWED_HOSTS = ["localhost"]
        headers = {"Host": f"localhost:{port}", "Origin": f"http://localhost:{port}"}
        body = {"query": "mutation { logout }"}
        assert (
            client.post("/graphql/", body, content_type="application/json", headers=headers).status_code
            == 200
        )
