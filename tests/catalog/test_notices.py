"""Stock notices: who is told, of what, how often, and how it is stopped."""

from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.admin.models import LogEntry
from django.core.mail import EmailMessage
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from catalog import notices
from catalog.models import Product, ProductVariant, StockNotice
from catalog.tasks import tell_waiting
from tests.conftest import GraphQLClient, global_id
from tests.factories import make_product, make_staff, make_user, set_stock, variant_of
from tests.races.interleaving import slip_in
from tests.staff import browser_of, clerk
from tests.tasks import outbox, skip_pauses

pytestmark = pytest.mark.django_db

SUBSCRIBE = """
mutation($input: StockNoticeInput!) {
  subscribeToStock(input: $input) {
    __typename ... on UserError { code message } ... on ValidationError { fields { field } }
  }
}
"""
ADA, BOB = "ada@example.com", "bob@example.com"
TOMORROW = timedelta(days=1)


def ask(browser: GraphQLClient, product: Product, email: str = ADA) -> dict[str, Any]:
    variant = global_id("ProductVariant", variant_of(product).pk)
    answer: dict[str, Any] = browser.run(SUBSCRIBE, input={"variantId": variant, "email": email})
    return answer["subscribeToStock"]  # type: ignore[no-any-return]


def wait_for(product: Product, *emails: str) -> None:
    for email in emails:
        notices.subscribe(variant_pk=variant_of(product).pk, email=email, now=timezone.now())


def waiting() -> list[str]:
    return sorted(StockNotice.objects.values_list("email", flat=True))


def told() -> list[str]:
    """Return who has been mailed, after the task by the clock."""
    tell_waiting.call()
    return sorted(mail.to[0] for mail in outbox)


def publish(product: Product, moment: datetime | None) -> None:
    product.publish(moment)
    product.save(update_fields=["published_at", "added_at"])


@pytest.fixture
def lamp() -> Product:
    return make_product(name="Lamp", stock=0)


class TestSubscribeToStock:
    def test_a_guest_waits_without_a_session(self, api: GraphQLClient, lamp: Product) -> None:
        assert ask(api, lamp, " Ada@EXAMPLE.com ") == {"__typename": "Done"}
        notice = StockNotice.objects.get()
        assert (notice.email, notice.variant_id, notice.language) == (ADA, variant_of(lamp).pk, "en")
        assert not api.cookies
        assert told() == []

    def test_asking_again_is_answered_alike_and_renews(self, api: GraphQLClient, lamp: Product) -> None:
        wait_for(lamp, ADA)
        before = timezone.now() - timedelta(days=100)
        StockNotice.objects.update(asked_at=before)
        assert ask(api, lamp) == ask(api, lamp, BOB) == {"__typename": "Done"}
        assert waiting() == [ADA, BOB]
        assert StockNotice.objects.get(email=ADA).asked_at > before

    def test_takes_as_many_statements_for_who_waits_already(self, api: GraphQLClient, lamp: Product) -> None:
        counts = []
        for _ in range(2):
            with CaptureQueriesContext(connection) as statements:
                ask(api, lamp)
            counts.append(len(statements))
        assert counts[0] == counts[1]

    def test_what_is_in_stock_is_refused(self, api: GraphQLClient) -> None:
        answer = ask(api, make_product(stock=1))
        assert (answer["__typename"], answer["fields"]) == ("ValidationError", [{"field": "variantId"}])
        assert waiting() == []

    @pytest.mark.parametrize(
        "email", ["", "ada", "ada@", "ada@example.com\r\nBcc: bob@example.com", "a" * 2000]
    )
    def test_what_is_no_address_is_refused(self, api: GraphQLClient, lamp: Product, email: str) -> None:
        answer = ask(api, lamp, email)
        assert (answer["__typename"], answer["fields"]) == ("ValidationError", [{"field": "email"}])
        assert waiting() == []

    @pytest.mark.parametrize("published_at", [None, timezone.now() + TOMORROW])
    def test_what_is_not_published_is_not_there(self, api: GraphQLClient, published_at: Any) -> None:
        draft = make_product(stock=0, published_at=published_at)
        assert ask(api, draft)["__typename"] == "NotFound"
        missing = {"variantId": global_id("ProductVariant", 999), "email": ADA}
        assert api.run(SUBSCRIBE, input=missing)["subscribeToStock"]["__typename"] == "NotFound"
        assert waiting() == []

    def test_an_id_of_something_else_is_refused(self, api: GraphQLClient, lamp: Product) -> None:
        input = {"variantId": global_id("Product", lamp.pk), "email": ADA}
        assert api.expect_refusal(SUBSCRIBE, input=input) == "BAD_USER_INPUT"

    def test_the_last_ones_count(self, api: GraphQLClient, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(notices, "MOST_WAITED_FOR", 2)
        products = [make_product(stock=0) for _ in range(3)]
        wait_for(products[0], BOB)
        for product in products:
            assert ask(api, product) == {"__typename": "Done"}
        assert waiting() == [ADA, ADA, BOB]
        mine = StockNotice.objects.filter(email=ADA).values_list("variant__product", flat=True)
        assert set(mine) == {product.pk for product in products[1:]}

    def test_too_many_from_one_address(self, api: GraphQLClient, lamp: Product) -> None:
        for _ in range(60):
            ask(api, lamp)
        assert ask(GraphQLClient(), lamp, BOB)["__typename"] == "TooManyAttempts"
        assert waiting() == [ADA]

    def test_too_many_of_one_account(
        self, signed_in: Callable[[User], GraphQLClient], lamp: Product, settings: Settings
    ) -> None:
        settings.STORE_TRUSTED_PROXIES, settings.STORE_CLIENT_HEADER = 1, "XClient"
        browser = signed_in(make_user())
        for number in range(60):
            browser.defaults["HTTP_XCLIENT"] = f"192.0.2.{number}"
            ask(browser, lamp)
        browser.defaults["HTTP_XCLIENT"] = "192.0.2.99"
        assert ask(browser, lamp, BOB)["__typename"] == "TooManyAttempts"


class TestTelling:
    def test_everyone_once(self, lamp: Product) -> None:
        wait_for(lamp, ADA, BOB)
        assert told() == []
        set_stock(lamp, 5)
        assert told() == [ADA, BOB]
        assert waiting() == []
        set_stock(lamp, 0)
        set_stock(lamp, 5)
        assert told() == [ADA, BOB]  # as before

    def test_of_the_variant_alone(self) -> None:
        shirt = make_product(
            options=["Size"], variants=[{"values": "M", "stock": 0}, {"values": "L", "stock": 0}]
        )
        medium, large = shirt.variants.order_by("position")
        for variant, email in ((medium, ADA), (large, BOB)):
            notices.subscribe(variant_pk=variant.pk, email=email, now=timezone.now())
        ProductVariant.objects.filter(pk=large.pk).update(stock=1)  # however it came
        assert told() == [BOB]
        assert waiting() == [ADA]
        assert "?Size=L" in outbox[0].body

    @pytest.mark.parametrize("published_at", [None, timezone.now() + TOMORROW])
    def test_not_before_it_is_published(self, lamp: Product, published_at: Any) -> None:
        wait_for(lamp, ADA)
        publish(lamp, published_at)
        set_stock(lamp, 5)
        assert told() == []
        assert waiting() == [ADA]
        publish(lamp, timezone.now())
        assert told() == [ADA]

    def test_in_batches(self, lamp: Product, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(notices, "BATCH", 2)
        everyone = [f"person{number}@example.com" for number in range(5)]
        wait_for(lamp, *everyone)
        set_stock(lamp, 5)
        assert told() == everyone

    def test_that_more_wait_than_there_are(self, lamp: Product, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(notices, "BATCH", 1)
        wait_for(lamp, ADA, BOB)
        set_stock(lamp, 1)
        assert told() == [ADA, BOB]
        assert all("More people have been waiting" in mail.body for mail in outbox)

    def test_of_what_is_sold_out_again_waits_on(self, lamp: Product) -> None:
        wait_for(lamp, ADA)
        set_stock(lamp, 5)
        tell_waiting.call()
        assert waiting() == []
        set_stock(lamp, 0)
        assert list(outbox) == []
        assert waiting() == [ADA]
        set_stock(lamp, 1)
        assert told() == [ADA]

    def test_of_what_is_deleted_ends(self, lamp: Product) -> None:
        chair = make_product(stock=0)
        wait_for(lamp, ADA)
        wait_for(chair, ADA)
        set_stock(lamp, 5)
        tell_waiting.call()
        lamp.delete()
        chair.delete()
        assert told() == []
        assert waiting() == []

    def test_a_row_that_another_worker_took_is_not_told_twice(
        self, lamp: Product, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        wait_for(lamp, ADA, BOB)
        set_stock(lamp, 5)
        slip_in(monkeypatch, notices, "enqueue", before=StockNotice.objects.all().delete)
        assert notices.tell_some(variant_of(lamp).pk, scarce=False) == 1
        assert [mail.to for mail in outbox] == [[ADA]]

    def test_waits_for_a_mail_server_that_refuses(self, lamp: Product, settings: Settings) -> None:
        settings.STORE_MAILS_PER_HOUR = 1
        chair = make_product(stock=0)
        wait_for(lamp, ADA)
        wait_for(chair, ADA)
        set_stock(lamp, 1)
        set_stock(chair, 1)
        assert told() == [ADA]
        settings.STORE_MAILS_PER_HOUR = 2
        skip_pauses()
        assert told() == [ADA, ADA]

    def test_takes_no_more_statements_for_what_nobody_waits_for(self, lamp: Product) -> None:
        wait_for(lamp, ADA)
        for _ in range(3):
            make_product(stock=1)
        with CaptureQueriesContext(connection) as statements:
            tell_waiting.call()
        assert len(statements) == 1

    def test_by_the_command(self, lamp: Product) -> None:
        wait_for(lamp, ADA)
        set_stock(lamp, 5)
        out = StringIO()
        call_command("tell_waiting", stdout=out)
        assert out.getvalue() == "1 mails to people who have waited for a product.\n"


def send_one(lamp: Product) -> EmailMessage:
    wait_for(lamp, ADA)
    set_stock(lamp, 5)
    tell_waiting.call()
    return outbox[0]


def link_in(mail: EmailMessage) -> str:
    """Return the path and query of the header's link."""
    address = urlsplit(mail.extra_headers["List-Unsubscribe"].strip("<>"))
    return f"{address.path}?{address.query}"


class TestTheMail:
    def test_leads_to_the_product_and_can_be_stopped(self, lamp: Product, settings: Settings) -> None:
        settings.STORE_FRONTEND_URL = "https://shop.example/"
        mail = send_one(lamp)
        assert mail.subject == "Lamp is in stock again"
        assert f"https://shop.example/products/{lamp.slug}\n" in mail.body
        assert "More people" not in mail.body
        assert mail.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert f"https://shop.example{link_in(mail)}" in mail.body
        # A header may be folded where it has a space, but an address in the middle of it is broken.
        assert f" <https://shop.example{link_in(mail)}>\n" in mail.message().as_string()

    def test_names_the_stores_own_address(self, lamp: Product, settings: Settings) -> None:
        settings.STORE_PUBLIC_URL = "https://api.shop.example"
        assert (
            send_one(lamp)
            .extra_headers["List-Unsubscribe"]
            .startswith("<https://api.shop.example/notices/stop/")
        )


class TestStopping:
    def test_asks_first_and_then_stops_all(self, client: Client, lamp: Product) -> None:
        link = link_in(send_one(lamp))
        others = [make_product(stock=0) for _ in range(2)]
        for product in others:
            wait_for(product, ADA, BOB)
        page = client.get(link)
        assert ADA in page.content.decode()
        assert page["Cache-Control"].startswith("max-age=0, no-cache, no-store")
        assert len(waiting()) == 4
        assert "is not waiting for anything" in client.post(link).content.decode()
        assert waiting() == [BOB, BOB]
        assert client.post(link).status_code == 200

    def test_by_a_mail_programs_button(self, lamp: Product) -> None:
        """It has no cookie, no token against CSRF and no origin (RFC 8058)."""
        link = link_in(send_one(lamp))
        wait_for(make_product(stock=0), ADA)
        program = Client(enforce_csrf_checks=True)
        assert program.post(link, {"List-Unsubscribe": "One-Click"}).status_code == 200
        assert waiting() == []
        assert not program.cookies

    @pytest.mark.parametrize("change", ["", "x", "YWRhQGV4YW1wbGUuY29t:forged"])
    def test_a_forged_link_stops_nothing(self, client: Client, lamp: Product, change: str) -> None:
        wait_for(lamp, ADA)
        for method in (client.get, client.post):
            assert method(f"/notices/stop/?token={change}").status_code == 404
        assert client.get("/notices/stop/").status_code == 404
        assert waiting() == [ADA]

    def test_by_another_method(self, client: Client) -> None:
        assert client.put("/notices/stop/").status_code == 405


class TestTheRows:
    def test_are_deleted_when_they_are_old(self, lamp: Product, settings: Settings) -> None:
        wait_for(lamp, ADA, BOB)
        old = timezone.now() - settings.STORE_KEEP_NOTICES - timedelta(seconds=1)
        StockNotice.objects.filter(email=ADA).update(asked_at=old)
        call_command("housekeeping", stdout=StringIO())
        assert waiting() == [BOB]

    def test_are_listed_for_the_staff(self, lamp: Product) -> None:
        wait_for(lamp, ADA)
        notice = StockNotice.objects.get()
        staff, page = browser_of(make_staff()), "/admin/catalog/stocknotice/"
        for address in (page, f"{page}?q=ada", f"{page}?q=lamp", f"{page}{notice.pk}/change/"):
            text = staff.get(address).content.decode()
            assert ADA in text
            assert "Lamp" in text
        assert staff.get(f"{page}add/").status_code == 403
        assert clerk("view_product").get(page).status_code == 403
        staff.post(f"{page}{notice.pk}/delete/", {"post": "yes"})
        assert waiting() == []
        # The log outlasts the row, which the staff delete because somebody asked for it.
        assert LogEntry.objects.get().object_repr == f"Notice {notice.pk}"
