"""Root fields that a developer adds: their answers are kept only if they say so, and are never out of date."""

from collections.abc import Iterator
from datetime import timedelta
from time import sleep

import pytest
import strawberry
from django.db import connection, models
from django.utils import timezone
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types

from api.context import Info
from api.public import PUBLIC
from api.scalars import SCALARS
from backend.http import views
from backend.http.documents import Documents
from backend.schema import Root, Schema
from orders.models import CartItem
from tests.factories import (
    make_user,
)
from tests.guests import Entrance

pytestmark = pytest.mark.django_db(transaction=True)


class Notice(models.Model):
    """A table that is not listed anywhere."""

    text = models.TextField()
    objects: models.Manager["Notice"] = models.Manager()

    class Meta:
        app_label = "notices"


def texts() -> list[str]:
    return list(Notice.objects.values_list("text", flat=True))


def language(info: Info) -> str:
    return info.context.request.headers.get("Accept-Language", "none")


def name(info: Info) -> str:
    return str(info.context.user)


def carts() -> int:
    return CartItem.objects.count()


def until(info: Info) -> str:
    now = timezone.now()
    info.context.hold_until(now + timedelta(seconds=0.5))
    return now.isoformat()


@strawberry.type
class Notices:
    """Root fields as a developer would add them."""

    notices: list[str] = strawberry.field(resolver=texts, metadata=PUBLIC)
    undeclared: list[str] = strawberry.field(resolver=texts)
    language: str = strawberry.field(resolver=language, metadata=PUBLIC)
    name: str = strawberry.field(resolver=name, metadata=PUBLIC)
    carts: int = strawberry.field(resolver=carts, metadata=PUBLIC)
    until: str = strawberry.field(resolver=until, metadata=PUBLIC)


@pytest.fixture
def notices(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Create a new table, and root fields that read it."""
    added = Schema(query=merge_types("Query", (Notices, Root)), config=StrawberryConfig(scalar_map=SCALARS))
    monkeypatch.setattr(views, "schema", added)
    monkeypatch.setattr("backend.schema.documents", Documents(number=10, characters=10_000))
    with connection.schema_editor() as editor:
        editor.create_model(Notice)
    yield
    with connection.schema_editor() as editor:
        editor.delete_model(Notice)


@pytest.mark.usefixtures("notices")
class TestNewFields:
    def test_over_a_new_table_are_outdated_by_a_write_to_it(self, entrance: Entrance) -> None:
        for text in ("one", "two"):
            Notice.objects.create(text=text)
            for _ in range(2):
                assert entrance.post("{ notices }").data["notices"][-1] == text
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM notices_notice")
        assert entrance.post("{ notices }").data == {"notices": []}
        assert entrance.worked_out == 3

    @pytest.mark.parametrize(
        "query", ["{ undeclared }", "{ notices undeclared }", "{ notices carts }", "{ carts }"]
    )
    def test_that_say_nothing_or_read_what_is_private_are_not_kept(
        self, entrance: Entrance, query: str
    ) -> None:
        first, second = entrance.post(query), entrance.post(query)
        assert first.data == second.data
        assert entrance.worked_out == 2
        assert entrance.answers.kept == {}

    def test_that_look_at_the_request_are_not_kept(self, entrance: Entrance) -> None:
        for language in ("en", "de"):
            reply = entrance.post("{ notices language }", HTTP_ACCEPT_LANGUAGE=language)
            assert reply.data == {"notices": [], "language": language}
            assert reply.headers["Cache-Control"] == "private, no-store"
        assert entrance.answers.kept == {}

    def test_that_find_somebody_signed_in_are_not_kept(
        self, entrance: Entrance, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The person is found by other means than the session's cookie, such as a header with a token."""
        assert entrance.post("{ name }").data == {"name": "AnonymousUser"}
        assert len(entrance.answers.kept) == 1
        entrance.answers.kept.clear()
        user = make_user()
        monkeypatch.setattr("django.contrib.auth.middleware.get_user", lambda request: user)
        assert entrance.post("{ name }").data == {"name": str(user)}
        assert entrance.answers.kept == {}

    def test_that_the_clock_changes_are_kept_until_then(self, entrance: Entrance) -> None:
        first = entrance.post("{ until notices }").data
        assert entrance.post("{ until notices }").data == first
        sleep(0.5)
        assert entrance.post("{ until notices }").data != first
