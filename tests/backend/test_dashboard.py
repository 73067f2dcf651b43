"""The admin's overview."""

import json
import re
from datetime import datetime, timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from backend.tasks import housekeeping
from catalog.models import ProductVariant
from core.tasks import enqueue
from orders.models import Order, OrderMail, OrderStatus, Shipping
from reviews.models import Report
from tests.factories import make_comment, make_product, make_staff, make_user
from tests.staff import clerk

pytestmark = pytest.mark.django_db

OVERVIEW = reverse("admin:index")


def make_order(status: OrderStatus, amount: str = "10.00", **fields: Any) -> Order:
    shipping = Shipping.objects.create(
        first_name="Ada",
        last_name="Lovelace",
        email="ada@example.com",
        phone="+14155552671",
        address="Market Street",
        building_number="1",
        city="San Francisco",
        country="US",
    )
    order = {
        "user": make_user(),
        "currency": "USD",
        "amount": Decimal(amount),
        "shipping": shipping,
        "email": shipping.email,
    }
    return Order.objects.create(status=status, **{**order, **fields})


def cards(client: Client) -> dict[str, str]:
    return {card["title"]: str(card["value"]) for card in client.get(OVERVIEW).context["cards"]}


def bars(chart: str) -> dict[str, float]:
    data = json.loads(chart)
    [dataset] = data["datasets"]
    return dict(zip(data["labels"], dataset["data"], strict=True))


def list_cards(client: Client, page: str, query: str) -> list[Any]:
    return list(client.get(reverse(f"admin:{page}") + query).context["cl"].result_list)


def days_ago(days: float) -> datetime:
    return timezone.now() - timedelta(days=days)


class TestDashboard:
    def test_sales_are_what_was_paid_in_the_days_and_stayed_so(self, superuser: Client) -> None:
        make_order(OrderStatus.PAID, "1000.50", paid_at=days_ago(0))
        make_order(OrderStatus.SHIPPED, "200.25", paid_at=days_ago(29))
        make_order(OrderStatus.SHIPPED, "7.00", paid_at=days_ago(30))
        make_order(OrderStatus.REFUNDED, "7.00", paid_at=days_ago(1))
        make_order(OrderStatus.PENDING, "7.00")
        make_order(OrderStatus.PAID, "7", currency="JPY", paid_at=days_ago(1))
        response = superuser.get(OVERVIEW)
        assert cards(superuser)["Sales"] == "$1,200.75"
        [dataset] = json.loads(response.context["sales_chart"])["datasets"]
        assert (dataset["data"][0], dataset["data"][-1], len(dataset["data"])) == (200.25, 1000.5, 30)
        drawn, *_ = re.findall(r'data-type="bar" data-value="([^"]*)"', response.content.decode())
        assert json.loads(unescape(drawn))["datasets"] == [dataset]

    def test_orders_by_how_long_they_wait_and_products_by_how_many_are_left(self, superuser: Client) -> None:
        for days in (0, 1, 6, 6, 7, 40):
            make_order(OrderStatus.PAID, paid_at=days_ago(days))
        make_order(OrderStatus.SHIPPED, paid_at=days_ago(1))
        make_order(OrderStatus.PENDING)
        for stock in (0, 0, 1, 10, 11):
            make_product(stock=stock)
        context = superuser.get(OVERVIEW).context
        waiting, left = bars(context["waiting_chart"]), bars(context["stock_chart"])
        assert {label: number for label, number in waiting.items() if number} == {
            "Today": 1,
            "1 day": 1,
            "6 days": 2,
            "A week or more": 2,
        }
        assert list(waiting)[2:4] == ["2 days", "3 days"]
        assert {label: number for label, number in left.items() if number} == {"Sold out": 2, "1": 1, "10": 1}
        assert cards(superuser)["Low stock"] == "4"

    def test_signing_in_leads_here(self) -> None:
        make_staff(email="staff@example.com", password="open sesame")
        form = {"username": "staff@example.com", "password": "open sesame"}
        assert Client().post(reverse("admin:login"), form).headers["location"] == OVERVIEW

    def test_what_waits_is_counted_and_listed(self, superuser: Client) -> None:
        later = make_order(OrderStatus.PAID, paid_at=days_ago(1))
        first = make_order(OrderStatus.PAID, paid_at=days_ago(2))
        make_order(OrderStatus.PENDING)
        make_product(name="Plenty", stock=11)
        make_product(name="<b>Few</b>", stock=10)
        comment = make_comment()
        Report.objects.create(comment=comment, user=make_user())
        found = cards(superuser)
        assert [found[title] for title in ("To ship", "Awaiting payment", "To moderate")] == ["2", "1", "1"]
        page = superuser.get(OVERVIEW).content.decode()
        assert page.index(str(first)) < page.index(str(later))
        assert "&lt;b&gt;Few&lt;/b&gt;" in page
        assert "Plenty" not in page

    def test_every_card_leads_to_what_it_counts(self, superuser: Client) -> None:
        make_order(OrderStatus.PENDING)
        make_product(stock=0)
        for card in superuser.get(OVERVIEW).context["cards"][1:]:
            response = superuser.get(card["href"])
            assert response.status_code == 200
            assert response.context["cl"].result_count == card["value"]

    @pytest.mark.parametrize(
        ("rights", "titles"),
        [
            ((), []),
            (("view_order",), ["Sales", "To ship", "Awaiting payment"]),
            (("view_product",), ["Low stock"]),
            (("view_comment",), ["To moderate"]),
        ],
    )
    def test_each_sees_what_they_may_see(self, rights: tuple[str, ...], titles: list[str]) -> None:
        order = make_order(OrderStatus.PAID, paid_at=days_ago(1))
        make_product(name="Nearly gone", stock=1)
        client = clerk(*rights)
        page = client.get(OVERVIEW).content.decode()
        assert list(cards(client)) == titles
        assert (str(order) in page) == ("view_order" in rights)
        assert ("Nearly gone" in page) == ("view_product" in rights)
        assert (reverse("admin:orders_order_changelist") in page) == ("view_order" in rights)

    def test_strangers_see_nothing(self) -> None:
        assert Client().get(OVERVIEW).status_code == 302

    def test_the_statements_do_not_grow(self, superuser: Client) -> None:
        def statements() -> int:
            with CaptureQueriesContext(connection) as captured:
                superuser.get(OVERVIEW)
            return len(captured)

        make_order(OrderStatus.PAID, paid_at=days_ago(1))
        make_product(stock=1)
        few = statements()
        for day in range(5):
            make_order(OrderStatus.PAID, paid_at=days_ago(day))
            make_product(stock=1)
        assert statements() == few


class TestFrontEnd:
    def test_the_way_to_the_site_leads_to_the_front_end(self) -> None:
        for client, path in ((clerk(), OVERVIEW), (Client(), reverse("admin:login"))):
            assert f'href="{settings.STORE_FRONTEND_URL}"' in client.get(path).content.decode()


def make_mail(created_at: datetime, **columns: Any) -> OrderMail:
    order = make_order(OrderStatus.SHIPPED, paid_at=created_at)
    return OrderMail.objects.create(
        order=order, kind=OrderMail.Kind.CONFIRMATION, created_at=created_at, **columns
    )


def make_task(status: str = "READY", *, enqueued_at: datetime) -> DBTaskResult[Any, Any]:
    enqueue(housekeeping)
    tasks = DBTaskResult.objects.order_by("-enqueued_at")
    tasks.filter(pk=tasks[0].pk).update(status=status, enqueued_at=enqueued_at)
    return tasks.get(enqueued_at=enqueued_at)


class TestWhatGoesWrong:
    def test_is_no_card_while_nothing_does(self, superuser: Client) -> None:
        make_order(OrderStatus.PAID, paid_at=days_ago(1))
        make_mail(days_ago(0))
        make_mail(days_ago(1), mailed_at=days_ago(1))
        make_task(enqueued_at=days_ago(0))
        make_task("SUCCESSFUL", enqueued_at=days_ago(1))
        wrong = {"Mails not sent", "Held by unpaid orders", "Tasks failed", "Tasks waiting"}
        assert not wrong & cards(superuser).keys()

    def test_mails_that_no_server_accepts(self, superuser: Client) -> None:
        unsent = make_mail(days_ago(1)).order
        make_mail(days_ago(1), mailed_at=days_ago(1))
        assert cards(superuser)["Mails not sent"] == "1"
        [row] = (
            superuser.get(reverse("admin:orders_order_changelist") + "?mails=unsent")
            .context["cl"]
            .result_list
        )
        assert row == unsent

    @pytest.mark.parametrize(
        ("title", "status", "query"),
        [("Tasks failed", "FAILED", "?status__exact=FAILED"), ("Tasks waiting", "READY", "?late=yes")],
    )
    def test_tasks_that_no_worker_has_done(
        self, superuser: Client, title: str, status: str, query: str
    ) -> None:
        wrong = make_task(status, enqueued_at=days_ago(1))
        make_task(enqueued_at=days_ago(0))
        assert cards(superuser)[title] == "1"
        assert list_cards(superuser, "django_tasks_database_dbtaskresult_changelist", query) == [wrong]
        assert title not in cards(clerk("view_order"))

    def test_products_that_unpaid_orders_hold(self, superuser: Client) -> None:
        product = make_product(stock=3)
        make_product(stock=3)
        ProductVariant.objects.filter(product=product).update(stock=0, held=3)
        assert cards(superuser)["Held by unpaid orders"] == "1"
        [row] = (
            superuser.get(reverse("admin:catalog_product_changelist") + "?available=held")
            .context["cl"]
            .result_list
        )
        assert row == product
