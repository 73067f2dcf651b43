"""The texts of mails about orders.

Names and addresses are cut and stripped of links, because anyone can type them together with another person's address.
"""

from collections.abc import Iterable
from decimal import Decimal

from django.conf import settings
from django.core.mail import EmailMessage

from core.addresses import lines_of
from core.mail import build, shorten
from core.money import format_money
from orders.models import Order, OrderItem, OrderMail, Refund
from orders.totals import sum_of

MOST_IN_NAME, MOST_IN_LINE = 40, 80


def write(
    kind: str, order: Order, *, items: Iterable[OrderItem], refund: Refund | None = None
) -> EmailMessage:
    """Build a mail of this OrderMail.Kind. One of REFUNDED is about the refund."""
    assert order.shipping is not None, "a constraint of the table"

    def money(amount: Decimal) -> str:
        return format_money(amount, order.currency)

    return build(
        f"orders/mail/{OrderMail.Kind(kind)}",
        to=order.shipping.email,
        order=order,
        name=shorten(order.shipping.first_name, most=MOST_IN_NAME),
        items=[
            {
                "name": shorten(item.name, most=MOST_IN_LINE),
                "variant": shorten(item.variant_title, most=MOST_IN_LINE),
                "full_name": shorten(item.full_name, most=MOST_IN_LINE),
                "quantity": item.quantity,
                "price": money(item.unit_price),
                "total": money(item.unit_price * item.quantity),
            }
            for item in items
        ],
        sums=[(name, money(amount)) for name, amount in sum_of(order)],
        ships_to=[shorten(line, most=MOST_IN_LINE) for line in lines_of(order.shipping)],
        total=money(order.amount),
        refunded=money(refund.amount) if refund else "",
        # A guest's order can only be seen in the browser that placed it.
        url=f"{settings.STORE_FRONTEND_URL.rstrip('/')}/orders/{order.pk}" if order.user_id else "",
    )
