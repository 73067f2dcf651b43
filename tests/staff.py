"""Browsers in which a member of the staff has signed in to the admin."""

from html.parser import HTMLParser

from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import User
from tests.factories import make_user


def browser_of(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def clerk(*rights: str) -> Client:
    """Make a member of the staff with only these permissions, by codename."""
    user = make_user(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return browser_of(user)


class FormParser(HTMLParser):
    """A parser of the fields of a page's forms, as a browser would send them."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: list[tuple[str, str]] = []
        self.name = ""  # the name of the open select or textarea
        self.text: list[str] | None = None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        name, value = given.get("name") or "", given.get("value") or ""
        if "disabled" in given:
            return  # a browser does not send it
        if tag == "input" and name and given.get("type") not in ("submit", "file", "button"):
            if given.get("type") not in ("checkbox", "radio") or "checked" in given:
                self.fields.append((name, value or ("on" if given.get("type") == "checkbox" else "")))
        elif tag == "select":
            self.name = name
        elif tag == "option" and "selected" in given and self.name:
            self.fields.append((self.name, value))
        elif tag == "textarea":
            self.name, self.text = name, []

    def handle_data(self, data: str) -> None:
        if self.text is not None:
            self.text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self.text is not None:
            # HTML ignores a line break at the start.
            self.fields.append((self.name, "".join(self.text).removeprefix("\n")))
            self.name, self.text = "", None
        elif tag == "select":
            self.name = ""


def form_on(page: str, **edits: str | list[str]) -> dict[str, list[str]]:
    """Return the form of a browser that has opened this page and edited these fields."""
    parser = FormParser()
    parser.feed(page.replace("\r\n", "\n").replace("\r", "\n"))
    sent: dict[str, list[str]] = {}
    for name, value in parser.fields:
        if not name.startswith(("_", "csrf", "select_across", "action", "index")):
            sent.setdefault(name, []).append(value.replace("\n", "\r\n"))
    return sent | {name: [value] if isinstance(value, str) else value for name, value in edits.items()}
