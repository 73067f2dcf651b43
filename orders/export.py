"""Export of orders as CSV, a line for each item."""

import csv
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from catalog.exchange.exporting import BYTE_ORDER_MARK, Echo
from catalog.exchange.rows import escape
from core.money import round_half_up
from orders.models import Order, OrderItem

COLUMNS = (
    *("number", "status", "created_at", "paid_at", "shipped_at", "cancelled_at", "email", "name", "country"),
    *("currency", "order_total", "order_discount", "order_delivery", "order_tax", "vat_id"),
    *("item", "variant", "sku", "quantity", "unit_price", "discount", "tax", "fulfilled", "refunded"),
)


def export_orders(orders: QuerySet[Order]) -> Iterator[str]:
    """Yield the lines of a file of the orders, the newest first. Times are in the zone of the shop."""
    writer = csv.writer(Echo())
    yield BYTE_ORDER_MARK + writer.writerow(COLUMNS)
    items = OrderItem.objects.filter(order__in=orders.order_by()).select_related("order__shipping")
    for item in items.order_by("-order__created_at", "-order", "pk").iterator(chunk_size=2_000):
        yield writer.writerow([escape(str(cell)) for cell in cells_of(item)])


def cells_of(item: OrderItem) -> Iterator[Any]:
    order = item.order
    yield from (order.number, order.status)
    for moment in (order.created_at, order.paid_at, order.shipped_at, order.cancelled_at):
        yield timezone.localtime(moment).isoformat(timespec="seconds") if moment else ""
    yield from (order.email, order.shipping.name if order.shipping else "")
    yield from (order.shipping.country if order.shipping else "", order.currency)
    amounts = (order.amount, order.discount_total, order.delivery_total, order.tax_total)
    yield from (round_half_up(amount, order.currency) for amount in amounts)
    yield from (order.vat_id, item.name, item.variant_title, item.sku or "", item.quantity)
    yield from (
        round_half_up(amount, order.currency) for amount in (item.unit_price, item.discount, item.tax)
    )
    yield from (item.fulfilled, item.refunded)
