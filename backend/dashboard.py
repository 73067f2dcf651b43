"""The admin's overview: sales, waiting orders, and low stock."""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Count, Sum
from django.db.models.functions import TruncDate
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django_tasks_db.models import DBTaskResult

from catalog.models import FEW_LEFT
from catalog.selectors import fully_held, running_out
from core.money import format_money
from core.worker import LATE, late_tasks
from hooks.selectors import failing_endpoints
from orders.models import Order, OrderStatus
from orders.selectors import unsent_mails
from reviews.admin import OPEN
from reviews.models import Comment

DAYS = 30
WEEK = 7
ROWS = 8


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the cards, charts and tables of `admin/index.html` that the user may see to the template's context."""
    user, now = request.user, timezone.now()
    cards: list[dict[str, Any]] = []
    if user.has_perm("orders.view_order"):
        sales = sales_by_day(now)
        cards += [sales_card(sales), *order_cards(), *unsent_cards(now)]
        context |= {
            "sales_chart": sales_chart(sales, now=now),
            "waiting_chart": waiting_chart(now),
            "orders_to_ship": orders_to_ship(),
        }
    if user.has_perm("catalog.view_product"):
        left = products_left()
        cards += [stock_card(left), *held_cards()]
        context |= {"stock_chart": stock_chart(left), "low_stock": low_stock()}
    if user.has_perm("reviews.view_comment"):
        cards.append(moderation_card())
    if user.has_perm("django_tasks_database.view_dbtaskresult"):
        cards += task_cards(now)
    if user.has_perm("hooks.view_endpoint"):
        cards += webhook_cards()
    return context | {"cards": cards, "days": DAYS}


def sales_by_day(now: datetime) -> dict[Any, tuple[Decimal, int]]:
    """Return the amount paid and the number of orders by day, without orders cancelled or refunded since."""
    paid = Order.objects.filter(
        status__in=[OrderStatus.PAID, OrderStatus.PARTIALLY_SHIPPED, OrderStatus.SHIPPED],
        currency=settings.STORE_CURRENCY,
        paid_at__date__gt=timezone.localdate(now) - timedelta(days=DAYS),
    )
    by_day = paid.annotate(day=TruncDate("paid_at")).order_by().values("day")
    rows = by_day.annotate(total=Sum("amount"), number=Count("pk")).values_list("day", "total", "number")
    return {day: (total, number) for day, total, number in rows}


def sales_card(sales: Mapping[Any, tuple[Decimal, int]]) -> dict[str, Any]:
    total = sum((total for total, _ in sales.values()), Decimal(0))
    number = sum(number for _, number in sales.values())
    orders = "order" if number == 1 else "orders"
    return card(
        "Sales",
        icon="payments",
        value=format_money(total, settings.STORE_CURRENCY),
        note=f"{number} {orders} in {DAYS} days",
        page="orders_order",
    )


def sales_chart(sales: Mapping[Any, tuple[Decimal, int]], *, now: datetime) -> str:
    """Return a chart with a bar for each day, including days without sales."""
    today = timezone.localdate(now)
    days = [today - timedelta(days=ago) for ago in range(DAYS - 1, -1, -1)]
    bars = {date_format(day, "j M"): float(sales[day][0]) if day in sales else 0 for day in days}
    return chart(f"Sales, {settings.STORE_CURRENCY}", bars)


def waiting_chart(now: datetime) -> str:
    """Return a chart of the orders to ship by the days that they have waited."""
    paid = Order.objects.filter(status=OrderStatus.PAID).annotate(day=TruncDate("paid_at")).order_by()
    by_day = paid.values_list("day").annotate(Count("pk"))
    today = timezone.localdate(now)
    ages: Counter[int] = Counter()
    for day, number in by_day:
        ages[min((today - day).days, WEEK)] += number
    labels = ["Today", "1 day", *(f"{days} days" for days in range(2, WEEK)), "A week or more"]
    return chart("Orders to ship", {label: ages[age] for age, label in enumerate(labels)})


def products_left() -> dict[int, int]:
    """Return the number of products by stock, for products that are running out."""
    return dict(running_out().order_by().values_list("stock").annotate(Count("pk")))


def stock_chart(left: Mapping[int, int]) -> str:
    bars = {str(stock) if stock else "Sold out": left.get(stock, 0) for stock in range(FEW_LEFT + 1)}
    return chart("Products", bars)


def chart(label: str, bars: Mapping[str, float]) -> str:
    """Return the data of a bar chart for Chart.js."""
    return json.dumps(
        {
            "labels": list(bars),
            "datasets": [
                {
                    "label": label,
                    "data": list(bars.values()),
                    "backgroundColor": "var(--color-primary-600)",
                    "borderRadius": 4,
                    "maxBarThickness": 20,
                    "displayYAxis": True,
                }
            ],
        }
    )


def order_cards() -> list[dict[str, Any]]:
    waiting = [OrderStatus.PAID, OrderStatus.PENDING]
    counts = dict(
        Order.objects.filter(status__in=waiting).order_by().values_list("status").annotate(Count("pk"))
    )
    return [
        card(
            title,
            icon=icon,
            value=counts.get(status, 0),
            note=note,
            page="orders_order",
            query=f"?status__exact={status}",
        )
        for status, title, icon, note in (
            (OrderStatus.PAID, "To ship", "local_shipping", "paid, not yet shipped"),
            (OrderStatus.PENDING, "Awaiting payment", "hourglass_top", "placed, not yet paid"),
        )
    ]


def stock_card(left: Mapping[int, int]) -> dict[str, Any]:
    return card(
        "Low stock",
        icon="inventory_2",
        value=sum(left.values()),
        note=f"products with {FEW_LEFT} or fewer left",
        page="catalog_product",
        query="?available=few",
    )


def held_cards() -> list[dict[str, Any]]:
    """Return a card if unpaid orders hold as many of a product as they may. One shopper may be holding the stock."""
    number = fully_held().count()
    if not number:
        return []
    return [
        card(
            "Held by unpaid orders",
            icon="front_hand",
            value=number,
            note="products that cannot be ordered until unpaid orders are paid or expire",
            page="catalog_product",
            query="?available=held",
        )
    ]


def unsent_cards(now: datetime) -> list[dict[str, Any]]:
    """Return a card if mails about orders wait longer than the mail server takes."""
    number = unsent_mails().filter(created_at__lt=now - LATE).values("order").distinct().count()
    if not number:
        return []
    return [
        card(
            "Mails not sent",
            icon="unsubscribe",
            value=number,
            note="orders with a mail that the mail server has not accepted; see the log",
            page="orders_order",
            query="?mails=unsent",
        )
    ]


def task_cards(now: datetime) -> list[dict[str, Any]]:
    """Return a card of the tasks that were given up, and one of those that no worker runs."""
    tasks = DBTaskResult.objects.all()
    return [
        card(
            title, icon=icon, value=number, note=note, page="django_tasks_database_dbtaskresult", query=query
        )
        for title, icon, number, note, query in (
            (
                "Tasks failed",
                "error",
                tasks.failed().count(),
                "tried for a day; see what is wrong, then try again",
                "?status__exact=FAILED",
            ),
            (
                "Tasks waiting",
                "hourglass_disabled",
                late_tasks(tasks, now=now).count(),
                "due, but no worker runs them: is manage.py db_worker running?",
                "?late=yes",
            ),
        )
        if number
    ]


def webhook_cards() -> list[dict[str, Any]]:
    """Return a card if endpoints of webhooks are failing."""
    number = failing_endpoints().count()
    if not number:
        return []
    return [
        card(
            "Webhooks failing",
            icon="webhook",
            value=number,
            note="endpoints that are paused or were switched off; see the log of deliveries",
            page="hooks_endpoint",
        )
    ]


def moderation_card() -> dict[str, Any]:
    return card(
        "To moderate",
        icon="flag",
        value=Comment.objects.filter(OPEN, active=True).count(),
        note="reported comments, still active",
        page="reviews_comment",
        query="?moderation=waiting",
    )


def card(title: str, *, icon: str, value: object, note: str, page: str, query: str = "") -> dict[str, Any]:
    href = reverse(f"admin:{page}_changelist") + query
    return {"title": title, "icon": icon, "value": value, "note": note, "href": href}


def orders_to_ship() -> dict[str, Any]:
    """Return a table of the paid orders that have waited longest."""
    paid = Order.objects.filter(status=OrderStatus.PAID).select_related("shipping").order_by("paid_at", "pk")
    return {
        "headers": ["Order", "Customer", "Total", "Paid"],
        "rows": [
            [
                link("orders_order", order.pk, str(order)),
                str(order.shipping or ""),
                format_money(order.amount, order.currency),
                date_format(timezone.localtime(order.paid_at), "j M, H:i"),
            ]
            for order in paid[:ROWS]
        ],
    }


def low_stock() -> dict[str, Any]:
    """Return a table of the best sellers that are running out."""
    products = running_out().order_by("-sold_count", "-slug")[:ROWS]
    return {
        "headers": ["Product", "In stock", "Sold"],
        "rows": [
            [
                link("catalog_product", product.pk, product.name),
                product.stock or "Sold out",
                product.sold_count,
            ]
            for product in products.only("name", "stock", "sold_count")
        ],
    }


def link(page: str, key: object, text: str) -> str:
    return format_html(
        '<a class="font-medium text-primary-600 dark:text-primary-500" href="{}">{}</a>',
        reverse(f"admin:{page}_change", args=[key]),
        text,
    )
