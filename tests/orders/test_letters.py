"""The texts of mails about orders, in plain text and HTML."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import translation
from pytest_django import Settings

from catalog.models import Product
from orders.links import order_of
from orders.models import Order, OrderMail, Shipping
from orders.payments.gateway import client
from orders.refunding import refund
from tests.conftest import GraphQLClient
from tests.factories import make_product, make_staff
from tests.orders.conftest import ADDRESS, Bank, add_to_cart, checkout
from tests.orders.test_admin import messages_of, page_of, press
from tests.staff import browser_of, clerk
from tests.tasks import outbox

pytestmark = pytest.mark.django_db

CANCEL = "mutation($uuid: UUID!) { cancelOrder(input: {uuid: $uuid}) { ... on Order { status } } }"


@pytest.fixture(autouse=True)
def _patient_shop(settings: Settings) -> None:
    settings.STORE_SHIP_ON_PAYMENT = False


def buy(api: GraphQLClient, bank: Bank, product: Product | None = None, **shipping: str) -> Order:
    add_to_cart(api, product or make_product(name="Lamp & Co", price=Decimal("12.50")), 2)
    uuid = checkout(api, shipping={**ADDRESS, **shipping})["uuid"]
    bank.pay(uuid)
    return Order.objects.get(pk=uuid)


def html_of(mail: Any) -> str:
    [html] = mail.alternatives
    assert html.mimetype == "text/html"
    content: str = html.content
    return content


def kinds() -> list[str]:
    return [mail.kind for mail in OrderMail.objects.filter(mailed_at__isnull=False)]


class TestConfirmation:
    def test_has_what_was_bought_and_where_it_goes(self, api: GraphQLClient, bank: Bank) -> None:
        order = buy(api, bank)
        [mail] = outbox
        html = html_of(mail)
        for part in ("Ada", order.number, "$25.00", "Market Street", "94105", "It is paid."):
            assert part in mail.body
            assert part in html
        assert "2 × Lamp & Co, $12.50" in mail.body
        assert "Lamp &amp; Co" in html
        assert "2 × $12.50" in html

    def test_has_the_delivery_the_code_and_who_the_invoice_is_for(
        self, api: GraphQLClient, bank: Bank
    ) -> None:
        order = buy(api, bank)
        office = Shipping.objects.get()
        office.pk, office.city = None, "Oakland"
        office.save()
        Order.objects.filter(pk=order.pk).update(
            billing_address=office,
            billing_company="Ada & Sons",
            vat_id="ATU12345678",
            delivery_name="Parcel",
            delivery_total=5,
            discount_code="SPRING",
            discount_total=2,
        )
        [mail] = outbox
        html = html_of(mail)
        for part in ("Parcel", "$5.00", "SPRING", "-$2.00", "Invoice to", "Oakland", "ATU12345678"):
            assert part in mail.body
            assert part in html
        assert "Ada & Sons" in mail.body
        assert "Ada &amp; Sons" in html

    def test_has_money_and_dates_of_the_orders_language(self, api: GraphQLClient, bank: Bank) -> None:
        order = buy(api, bank)
        Order.objects.filter(pk=order.pk).update(
            language="de", created_at=datetime(2026, 3, 1, 12, tzinfo=UTC)
        )
        [mail] = outbox
        for text in (mail.body, html_of(mail)):
            assert "25,00\xa0$" in text
            assert "1. März 2026" in text

    def test_is_in_the_language_in_which_the_order_was_placed(
        self, api: GraphQLClient, bank: Bank, settings: Settings
    ) -> None:
        settings.TIME_ZONE = "Pacific/Auckland"
        api.defaults["HTTP_ACCEPT_LANGUAGE"] = "de"
        order = buy(api, bank, make_product(name="Lampe", price=Decimal("1234.50")))
        moment = datetime(2026, 3, 1, 20, tzinfo=UTC)  # 2 March in New Zealand
        Order.objects.filter(pk=order.pk).update(created_at=moment)
        with translation.override("fr"):  # the worker's own language counts for nothing
            [mail] = outbox
        assert mail.subject == "Store: Ihre Bestellung"
        for text in (mail.body, html_of(mail)):
            for part in ("Guten Tag Ada,", "2.469,00\xa0$", "Gesamtbetrag", "2. März 2026", "Lieferung an"):
                assert part in text
            assert not re.search(r"\b(order|your)\b", str(text), re.IGNORECASE)

    def test_says_that_it_is_on_its_way(self, api: GraphQLClient, bank: Bank, settings: Settings) -> None:
        settings.STORE_SHIP_ON_PAYMENT = True
        buy(api, bank)
        [mail] = outbox
        assert "It is paid and on its way." in mail.body
        assert "It is paid and on its way." in html_of(mail)

    def test_links_to_the_order_by_a_token_that_opens_it(
        self, api: GraphQLClient, bank: Bank, settings: Settings
    ) -> None:
        settings.STORE_FRONTEND_URL = "https://shop.example/"
        order = buy(api, bank)
        [mail] = outbox
        url = rf"https://shop\.example/orders/{order.pk}\?token=([\w.-]+)"
        for text in (mail.body, html_of(mail)):
            found = re.search(url, str(text))
            assert found
            assert order_of(found[1]) == order.pk

    def test_of_a_product_that_was_deleted(self, api: GraphQLClient, bank: Bank) -> None:
        product = make_product(name="Lamp")
        buy(api, bank, product)
        product.delete()
        assert "2 × Lamp" in outbox[0].body

    def test_what_a_stranger_typed_is_short_and_links_nowhere(self, api: GraphQLClient, bank: Bank) -> None:
        evil = "https://evil.example/ <img src=x> "
        buy(
            api,
            bank,
            make_product(name=evil + "y" * 150),
            firstName=evil + "x" * 60,
            address=evil + "z" * 150,
            city=evil,
        )
        [mail] = outbox
        html = html_of(mail)
        for text in (mail.body, html.replace("http://localhost:3000", "")):
            assert "evil.example" not in text
        assert mail.body.count("://") == 1  # the order's own link
        assert "<img" not in html
        assert max(len(line) for line in mail.body.splitlines() if "://" not in line) < 110


class TestShipped:
    def test_is_mailed_when_the_staff_ship(self, api: GraphQLClient, bank: Bank) -> None:
        order = buy(api, bank)
        press(browser_of(make_staff()), "ship", order)
        assert ["your order" in mail.subject for mail in outbox] == [True, True]
        assert "We have sent your order." in outbox[1].body
        assert "Lamp &amp; Co" in html_of(outbox[1])
        assert kinds() == ["confirmation", "shipped"]

    def test_is_not_mailed_when_shipping_is_refused(self, api: GraphQLClient, bank: Bank) -> None:
        order = buy(api, bank)
        for _ in range(2):
            press(browser_of(make_staff()), "ship", order)
        assert len(outbox) == 2

    def test_is_not_mailed_with_the_confirmation(
        self, api: GraphQLClient, bank: Bank, settings: Settings
    ) -> None:
        settings.STORE_SHIP_ON_PAYMENT = True
        buy(api, bank)
        assert len(outbox) == 1


class TestCancelled:
    def test_a_paid_order(self, api: GraphQLClient, bank: Bank) -> None:
        order = buy(api, bank)
        assert len(outbox) == 1
        api.run(CANCEL, uuid=str(order.pk))
        bank.deliver()
        _, cancelled, refunded = outbox
        assert "We refund $25.00" in cancelled.body
        assert "$25.00 refunded" in refunded.subject
        assert kinds() == ["confirmation", "cancelled", "refunded"]

    def test_an_order_that_cost_nothing_is_not_refunded(self, api: GraphQLClient, bank: Bank) -> None:
        add_to_cart(api, make_product(discount=Decimal(100)))
        uuid = checkout(api)["uuid"]
        assert len(outbox) == 1
        api.run(CANCEL, uuid=uuid)
        assert "is cancelled" in outbox[1].body
        assert "refund" not in outbox[1].body

    def test_an_unpaid_order_has_no_mail(self, api: GraphQLClient, bank: Bank) -> None:
        """Anyone can place orders with another person's address."""
        add_to_cart(api, make_product())
        uuid = checkout(api)["uuid"]
        api.run(CANCEL, uuid=uuid)
        bank.deliver()
        assert (len(outbox), OrderMail.objects.count()) == (0, 0)


class TestRefunded:
    def test_each_refund_once(self, api: GraphQLClient, bank: Bank) -> None:
        order = buy(api, bank)
        for amount in ("5.00", "7.50"):
            refund(order_uuid=order.pk, amount=Decimal(amount), now=order.created_at)
            bank.deliver()
            bank.deliver()
        assert [mail.subject.split(": ")[1] for mail in outbox] == [
            "your order",
            "$5.00 refunded",
            "$7.50 refunded",
        ]

    def test_one_of_stripes_dashboard(self, api: GraphQLClient, bank: Bank) -> None:
        order = buy(api, bank)
        assert len(outbox) == 1
        client().v1.refunds.create({"payment_intent": bank.intent(str(order.pk)), "amount": 300})
        bank.deliver()
        assert outbox[1].subject.endswith("$3.00 refunded")
        assert "$3.00" in html_of(outbox[1])


class TestSendAgain:
    def mail_of(self, order: Order) -> OrderMail:
        return OrderMail.objects.get(order=order)

    def test_the_staff_send_a_mail_again(self, api: GraphQLClient, bank: Bank) -> None:
        order = buy(api, bank)
        assert len(outbox) == 1
        browser = browser_of(make_staff())
        answer = press(browser, "mail", order, mail=str(self.mail_of(order).pk))
        assert messages_of(answer) == [f"{order}: Mail on its way."]
        assert [mail.to for mail in outbox] == [[ADDRESS["email"]]] * 2
        assert self.mail_of(order).mailed_at

    def test_one_that_is_still_to_be_sent_is_not_offered(self, api: GraphQLClient, bank: Bank) -> None:
        order = buy(api, bank)
        press(browser_of(make_staff()), "mail", order, mail=str(self.mail_of(order).pk))
        assert len(outbox) == 1

    def test_one_of_another_order_is_refused(self, api: GraphQLClient, bank: Bank) -> None:
        order, other = buy(api, bank), buy(GraphQLClient(), bank)
        assert len(outbox) == 2
        press(browser_of(make_staff()), "mail", order, mail=str(self.mail_of(other).pk))
        assert len(outbox) == 2

    def test_who_may_only_look_cannot(self, api: GraphQLClient, bank: Bank) -> None:
        order = buy(api, bank)
        assert len(outbox) == 1
        press(clerk("view_order", "view_ordermail"), "mail", order, mail=str(self.mail_of(order).pk))
        assert len(outbox) == 1

    def test_the_page_of_the_order_lists_them(self, api: GraphQLClient, bank: Bank) -> None:
        order = buy(api, bank)
        assert len(outbox) == 1
        browser: Client = browser_of(make_staff())
        assert "Confirmation" in browser.get(page_of(order)).content.decode()
