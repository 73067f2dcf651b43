"""The page /dev/mail/ has every mail of the store."""

import runpy
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings as project
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from pytest_django import Settings

from backend.dev import find_samples
from tests.conftest import GraphQLClient

SAMPLES = sorted(
    path.stem for path in Path(project.BASE_DIR).glob("*/templates/*/mail/*.html") if path.stem[0] != "_"
)


class Pictures(HTMLParser):
    """A parser of a mail, which finds what mail programs would fetch or ignore."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)


def html_of(mail: EmailMultiAlternatives) -> str:
    [(html, _)] = mail.alternatives
    return str(html)


@pytest.mark.django_db
class TestPage:
    def test_lists_every_mail(self, api: GraphQLClient) -> None:
        assert sorted(find_samples("en")) == SAMPLES
        page = api.get("/dev/mail/").content.decode()
        for name in SAMPLES:
            assert f"/dev/mail/{name}.html" in page

    @pytest.mark.parametrize("name", SAMPLES)
    def test_shows_each(self, api: GraphQLClient, name: str, settings: Settings) -> None:
        settings.STORE_NAME, settings.STORE_ADDRESS = "Tom & Co", ["1 High Street"]
        settings.STORE_COLOUR = "#ffcc00"
        html = api.get(f"/dev/mail/{name}.html").content.decode()
        for part in ("Tom &amp; Co", "1 High Street", "#ffcc00"):
            assert part in html
        # Mail programs load no scripts and style sheets, and hide pictures.
        assert not Pictures(html).tags & {"img", "link", "script", "style"}
        text = api.get(f"/dev/mail/{name}.txt")
        assert text["Content-Type"].startswith("text/plain")
        assert "Tom & Co" in text.content.decode()
        assert "&amp;" not in text.content.decode()

    @pytest.mark.parametrize("name", SAMPLES)
    def test_shows_each_in_every_language(self, api: GraphQLClient, name: str) -> None:
        english, german = find_samples("en")[name], find_samples("de")[name]
        assert html_of(english) != html_of(german)
        html = api.get(f"/dev/mail/{name}.html?language=de").content.decode()
        assert '<html lang="de" dir="ltr">' in html
        assert str(german.subject) in api.get("/dev/mail/").content.decode()

    @pytest.mark.parametrize("path", ["unknown.html", "confirmation.exe", "confirmation.html?language=fr"])
    def test_of_an_unknown_one_is_none(self, api: GraphQLClient, path: str) -> None:
        assert api.get(f"/dev/mail/{path}").status_code == 404

    def test_is_for_development(self, settings: Settings) -> None:
        def names() -> set[str | None]:
            patterns = runpy.run_path(str(project.BASE_DIR / "backend/urls.py"))["urlpatterns"]
            return {getattr(pattern, "name", None) for pattern in patterns}

        assert {"dev-mail", "dev-mail-sample"} <= names()
        settings.MAIL_SAMPLES_SHOWN = False
        assert not {"dev-mail", "dev-mail-sample"} & names()


@pytest.mark.django_db
def test_a_shop_replaces_a_template(client: Client, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "base.html").write_text("Ours: {% block content %}{% endblock %}")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path, *settings.TEMPLATES[0]["DIRS"]]}]
    html = client.get("/dev/mail/verify-email.html").content.decode()
    assert html.startswith("Ours: ")
    assert "Somebody, probably you" in html
