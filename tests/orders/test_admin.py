"""The admin's pages of orders."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from catalog.models import Product
from core.addresses import lines_of
from orders import selectors
from orders.fulfilment import ship
from orders.models import Order, OrderItem, Shipping
from tests.conftest import GraphQLClient
from tests.factories import make_product, make_user
from tests.orders.conftest import (
    ADDRESS,
    Bank,
    add_to_cart,
    checkout,
    nothing_changes,
    statements,
)
from tests.staff import clerk

pytestmark = pytest.mark.django_db

ORDERS = reverse("admin:orders_order_changelist")
Placed = Callable[..., Order]


@pytest.fixture
def placed(bank: Bank, settings: Settings) -> Placed:
    """Place an order, each time as a new visitor, who buys 2 of 10."""
    settings.STORE_SHIP_ON_PAYMENT = False

    def order(*, paid: bool = False, user: User | None = None, **address: str) -> Order:
        browser = GraphQLClient()
        if user:
            browser.force_login(user)
        add_to_cart(browser, make_product(), quantity=2)
        uuid = checkout(browser, shipping={**ADDRESS, **address})["uuid"]
        if paid:
            bank.pay(uuid)
        return Order.objects.get(pk=uuid)

    return order


def page_of(order: Order) -> str:
    return reverse("admin:orders_order_change", args=[order.pk])


def button(name: str, order: Order) -> str:
    return reverse(f"admin:orders_order_{name}_this", args=[order.pk])


def press(browser: Client, name: str, order: Order, **fields: str) -> Any:
    return browser.post(button(name, order), {"_form_submitted": "True", **fields})


def act(browser: Client, action: str, *orders: Order) -> Any:
    return browser.post(ORDERS, {"action": action, "_selected_action": [order.pk for order in orders]})


def messages_of(response: HttpResponse) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]  # type: ignore[attr-defined]


def status(order: Order) -> str:
    return Order.objects.get(pk=order.pk).status


class TestList:
    def test_shows_orders(self, superuser: Client, placed: Placed) -> None:
        order = placed(firstName="Grace", lastName="Hopper")
        page = superuser.get(ORDERS).text
        for text in (order.number, "Grace Hopper", "ada@example.com", "$20.00", "Pending"):
            assert text in page

    def test_shows_drafts(self, superuser: Client) -> None:
        user = make_user(first_name="Grace", last_name="Hopper")
        Order.objects.create(user=user, currency="USD")
        page = superuser.get(ORDERS).text
        assert "Grace Hopper" in page
        assert "Draft" in page

    def test_searches_and_filters(self, superuser: Client, placed: Placed) -> None:
        user = make_user(email="grace@example.com")
        grace = placed(paid=True, user=user, firstName="Grace", lastName="Hopper", email="gh@example.com")
        alan = placed(firstName="Alan", lastName="Turing")
        Order.objects.filter(pk=alan.pk).update(
            created_at=timezone.now() - timedelta(days=400), currency="EUR", disputed_at=timezone.now()
        )

        def find_shown(**query: str) -> set[str]:
            page = superuser.get(ORDERS, query).text
            return {name for name, order in (("grace", grace), ("alan", alan)) if page_of(order) in page}

        assert find_shown() == {"grace", "alan"}
        for term in ("Hopper", "grace@example.com", "gh@example", str(grace.pk), grace.pk.hex[:8]):
            assert find_shown(q=term) == {"grace"}
        assert find_shown(status__exact="pending") == {"alan"}
        assert find_shown(currency="EUR") == {"alan"}
        assert find_shown(disputed="yes") == {"alan"}
        assert find_shown(created_at__gte=(timezone.now() - timedelta(days=7)).isoformat()) == {"grace"}
        assert find_shown(created_at__year=str(timezone.now().year)) == {"grace"}

    @pytest.mark.slow
    def test_finds_by_number_phone_and_product(self, superuser: Client, placed: Placed) -> None:
        grace = placed(phone="+49 221 1234567", country="DE", zipCode="50667", state="")
        other = placed()
        OrderItem.objects.filter(order=grace).update(name="Stoneware Mug, blue")
        shown = {
            text: {
                order for order in (grace, other) if page_of(order) in superuser.get(ORDERS, {"q": text}).text
            }
            for text in (
                *("+49 221 1234567", "0221 1234567", "0221/123 45-67", "1234567", "+492211234567"),
                *(str(grace.pk), str(grace.pk)[:8], grace.pk.hex),
                *(grace.number, str(grace), f"#{grace.number}", grace.number.replace("-", "")),
                *(f" {grace.number.replace('-', ' ')} ", f"ORDER #{grace.number}"),
                *("stoneware", "mug blue", "MUG"),
            )
        }
        assert {text: found for text, found in shown.items() if found != {grace}} == {}
        nothing = (
            "+49 221 1234568",
            "teapot",
            "ffffffff-ffff-ffff-ffff-ffffffffffff",
            "%",
            "'\"",
            "(" * 500,
        )
        for text in nothing:
            page = superuser.get(ORDERS, {"q": text}).text
            assert page_of(grace) not in page, text

    def test_words_are_sought_in_the_newest_alone(
        self, superuser: Client, placed: Placed, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(selectors, "SEARCHED", 1)
        old, new = placed(firstName="Grace"), placed(firstName="Grace")
        page = superuser.get(ORDERS, {"q": "Grace"}).text
        assert (page_of(old) in page, page_of(new) in page) == (False, True)
        assert page_of(old) in superuser.get(ORDERS, {"q": str(old.pk)}).text

    def test_marks_what_is_disputed(self, superuser: Client, placed: Placed) -> None:
        placed(paid=True)
        Order.objects.update(disputed_at=timezone.now())
        assert "Paid, disputed" in superuser.get(ORDERS).text

    @pytest.mark.slow
    def test_takes_as_many_statements_for_many(self, superuser: Client, placed: Placed) -> None:
        def visit() -> int:
            return statements(lambda: superuser.get(ORDERS))

        for _ in range(3):
            placed(paid=True, user=make_user())
        visit()  # the first visit reads content types
        few = visit()
        for _ in range(27):
            placed(user=make_user())
        assert visit() == few

    def test_is_closed_without_the_right(self) -> None:
        assert clerk("view_product").get(ORDERS).status_code == 403
        assert clerk("view_order").get(ORDERS).status_code == 200


class TestPage:
    def test_shows_items_payment_and_address(self, superuser: Client, placed: Placed) -> None:
        order = placed(paid=True)
        page = superuser.get(page_of(order)).text
        item, payment = order.items.get(), order.payments.get()
        for text in (
            item.name,
            "$10.00",
            "$20.00",
            "Succeeded",
            str(payment.intent_id),
            "San Francisco",
        ):
            assert text in page

    def test_shows_which_variant_was_bought(self, superuser: Client, placed: Placed) -> None:
        order = placed()
        order.items.update(variant_title="M / Red", sku="TEE-M-RED")
        page = superuser.get(page_of(order)).text
        assert "M / Red" in page
        assert "TEE-M-RED" in page

    def test_takes_as_many_statements_for_many_items(self, superuser: Client) -> None:
        def visit(items: int) -> int:
            order = Order.objects.create(user=make_user(), currency="USD")
            for _ in range(items):
                product = make_product()
                order.items.create(
                    product=product, name=product.name, quantity=1, unit_price=product.final_price
                )
            return statements(lambda: superuser.get(page_of(order)))

        visit(1)
        assert visit(3) == visit(30)

    def test_hides_items_and_payments_without_the_right(self, placed: Placed) -> None:
        order = placed(paid=True)
        page = clerk("view_order").get(page_of(order)).text
        assert order.items.get().name not in page
        assert str(order.payments.get().intent_id) not in page

    def test_offers_what_the_status_allows(self, superuser: Client, placed: Placed) -> None:
        pending, paid = placed(), placed(paid=True)

        def list_actions(order: Order) -> set[str]:
            page = superuser.get(page_of(order)).text
            names = ("ship", "cancel", "refund", "restock", "mail")
            return {name for name in names if button(name, order) in page}

        assert list_actions(pending) == {"cancel"}
        assert list_actions(paid) == {"ship", "cancel", "refund", "mail"}
        press(superuser, "ship", paid)
        assert list_actions(paid) == {"refund", "mail"}
        press(superuser, "refund", paid, amount="20.00")
        assert list_actions(paid) == {"restock", "mail"}

    @pytest.mark.parametrize("rights", [("view_order",), ("change_order",)])
    def test_is_never_edited(self, placed: Placed, rights: tuple[str, ...]) -> None:
        order = placed()
        browser = clerk(*rights, "add_order", "delete_order")
        with nothing_changes():
            assert browser.post(page_of(order), {"status": "paid", "amount": "1"}).status_code == 403
            assert browser.post(f"{page_of(order)}../delete/", {"post": "yes"}).status_code == 403
            assert browser.post(reverse("admin:orders_order_add"), {"currency": "USD"}).status_code == 403

    def test_payments_have_none(self) -> None:
        with pytest.raises(NoReverseMatch):
            reverse("admin:orders_payment_changelist")


class TestShip:
    def test_ships_those_that_are_paid_and_says_which_are_not(
        self, superuser: Client, placed: Placed
    ) -> None:
        first, second, pending = placed(paid=True), placed(paid=True), placed()
        response = act(superuser, "ship_orders", first, second, pending)
        assert [status(order) for order in (first, second, pending)] == ["shipped", "shipped", "pending"]
        assert sorted(messages_of(response)) == sorted(
            [
                f"{second}, {first}: Shipped.",
                f"{pending}: The order is pending and cannot be shipped.",
            ]
        )

    def test_by_the_button(self, superuser: Client, placed: Placed) -> None:
        order = placed(paid=True)
        response = press(superuser, "ship", order)
        assert response.headers["HX-Redirect"] == page_of(order)
        assert messages_of(response) == [f"{order}: Shipped."]
        assert status(order) == "shipped"

    def test_asks_first(self, superuser: Client, placed: Placed) -> None:
        order = placed(paid=True)
        with nothing_changes():
            for page in (superuser.get(button("ship", order)), superuser.post(button("ship", order))):
                assert "What is in the parcel?" in page.text

    def test_an_order_that_is_none_is_not_found(self, superuser: Client, placed: Placed) -> None:
        for key in ("x", "00000000-0000-0000-0000-000000000000"):
            page = reverse("admin:orders_order_ship_this", args=[key])
            assert superuser.post(page, {"_form_submitted": "True"}).status_code == 404


class TestCancel:
    def test_returns_stock_and_money(self, superuser: Client, placed: Placed) -> None:
        pending, paid = placed(), placed(paid=True)
        act(superuser, "cancel_orders", pending, paid)
        assert (status(pending), status(paid)) == ("cancelled", "refunded")
        assert paid.payments.get().refunded == paid.amount
        assert [product.stock for product in Product.objects.all()] == [10, 10]

    def test_says_why_not(self, superuser: Client, placed: Placed) -> None:
        order = placed(paid=True)
        ship(order, now=timezone.now())
        with nothing_changes():
            response = press(superuser, "cancel", order)
        assert messages_of(response) == [f"{order}: The order is shipped and cannot be cancelled."]


class TestRefund:
    def test_gives_back_a_part(self, superuser: Client, placed: Placed) -> None:
        order = placed(paid=True)
        response = press(superuser, "refund", order, amount="5.00")
        assert messages_of(response) == [f"{order}: Refund on its way."]
        assert str(order.payments.get().refunded) == "5.00"
        assert status(order) == "paid"

    def test_refuses_more_than_there_is(self, superuser: Client, placed: Placed) -> None:
        order = placed(paid=True)
        with nothing_changes():
            [message] = messages_of(press(superuser, "refund", order, amount="20.01"))
            assert "amount" in press(superuser, "refund", order, amount="much").text
        assert "Enter an amount between 0.01 and 20.00" in message


class TestRestock:
    def test_puts_back_once(self, superuser: Client, placed: Placed) -> None:
        order = placed(paid=True)
        act(superuser, "ship_orders", order)
        press(superuser, "refund", order, amount="20.00")
        act(superuser, "restock_orders", order)
        assert Product.objects.get().stock == 10
        response = press(superuser, "restock", order)
        assert messages_of(response)[-1] == f"{order}: The goods are already back in stock."
        assert Product.objects.get().stock == 10


class TestRights:
    def test_those_who_only_look_cannot_act(self, placed: Placed) -> None:
        order = placed(paid=True)
        browser = clerk("view_order", "view_orderitem", "view_payment")
        with nothing_changes():
            for name in ("ship", "cancel", "refund", "restock", "mail"):
                assert button(name, order) not in browser.get(page_of(order)).text
                assert press(browser, name, order, amount="1.00").status_code == 403
            for action in ("ship_orders", "cancel_orders", "restock_orders"):
                act(browser, action, order)

    def test_those_who_may_change_orders_act(self, placed: Placed) -> None:
        order = placed(paid=True)
        press(clerk("change_order"), "ship", order)
        assert status(order) == "shipped"

    def test_strangers_links_do_nothing(self, superuser: Client, placed: Placed) -> None:
        order = placed(paid=True)
        browser = Client(enforce_csrf_checks=True)
        browser.cookies = superuser.cookies
        with nothing_changes():
            assert press(browser, "ship", order).status_code == 403


class TestWhatAPageSays:
    @pytest.mark.parametrize(
        ("address", "lines"),
        [
            (
                {"country": "US", "city": "San Francisco", "state": "CA", "zipCode": "94103"},
                "Ada Lovelace\nLovelace Ltd\n12 Market Street\n3rd floor\nSan Francisco, CA 94103\nUNITED STATES",
            ),
            (
                {"country": "DE", "city": "Köln", "state": "", "zipCode": "50667"},
                "Ada Lovelace\nLovelace Ltd\nMarket Street 12\n3rd floor\n50667 Köln\nGERMANY",
            ),
            (
                {"country": "FR", "city": "Paris", "state": "", "zipCode": "75001"},
                "Lovelace Ltd\nAda Lovelace\n12 Market Street\n3rd floor\n75001 Paris\nFRANCE",
            ),
        ],
    )
    def test_the_address_as_its_country_writes_it(self, address: dict[str, str], lines: str) -> None:
        shipping = Shipping(
            first_name="Ada", last_name="Lovelace", company="Lovelace Ltd", phone="+15551234567",
            address="Market Street", building_number="12", address2="3rd floor", city=address["city"],
            state=address["state"], zip_code=address["zipCode"], country=address["country"],
        )  # fmt: skip
        assert "\n".join(lines_of(shipping)) == f"{lines}\n+15551234567"

    def test_what_cannot_be_formatted_is_shown_as_it_is(self) -> None:
        shipping = Shipping(first_name="Ada", address="Street", city="Town", country="XX")
        assert lines_of(shipping) == ["Ada", "Street", "Town", "XX"]

    def test_the_dialog_of_refunds_names_currency_and_most(self, superuser: Client, placed: Placed) -> None:
        order = placed(paid=True)
        press(superuser, "refund", order, amount="5.00")
        page = superuser.get(button("refund", order)).text
        assert "Amount in USD" in page
        assert "At most $15.00." in page

    def test_the_breadcrumbs_name_orders_once(self, superuser: Client) -> None:
        assert apps.get_app_config("orders").verbose_name == "Sales"

    def test_times_are_the_shops(self, superuser: Client, placed: Placed, settings: Settings) -> None:
        order = placed()
        Order.objects.update(created_at=datetime(2026, 3, 1, 23, 30, tzinfo=UTC))
        settings.TIME_ZONE, settings.LANGUAGE_CODE = "Asia/Tokyo", "de"
        assert "2. März 2026 08:30" in superuser.get(page_of(order)).text
