"""The texts of mails about orders.

Names and addresses are cut and stripped of links, because anyone can type them together with another person's address.
"""

from collections.abc import Iterable
from decimal import Decimal

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import translation
from django.utils.translation import gettext as _

from core.addresses import lines_of
from core.mail import build, shorten
from core.money import format_money
from orders.links import LIFETIME, token_of
from orders.models import Order, OrderItem, OrderMail, Refund
from orders.totals import sum_of

MOST_IN_NAME, MOST_IN_LINE = 40, 80


def write(
    kind: str, order: Order, *, items: Iterable[OrderItem], refund: Refund | None = None
) -> EmailMessage:
    """Build a mail of this OrderMail.Kind in the order's language. One of REFUNDED is about the refund."""
    assert order.shipping is not None, "a constraint of the table"
    language = order.language or settings.LANGUAGE_CODE

    def money(amount: Decimal) -> str:
        return format_money(amount, order.currency)

    with translation.override(language):
        return build(
            f"orders/mail/{OrderMail.Kind(kind)}",
            to=order.email,
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
            sums=[{**vars(line), "amount": money(line.amount)} for line in sum_of(order)],
            ships_to=short_lines(lines_of(order.shipping)),
            bills_to=short_lines(bill_of(order)),
            total=money(order.amount),
            refunded=money(refund.amount) if refund else "",
            url=order_url(order),
        )


def write_link(order: Order) -> EmailMessage:
    """Build the mail with a fresh link, for whoever has asked for it."""
    with translation.override(order.language or settings.LANGUAGE_CODE):
        return build(
            "orders/mail/order-link", to=order.email, order=order, url=order_url(order), days=LIFETIME.days
        )


def order_url(order: Order) -> str:
    """Return the address of the order's page in the front end, with a token for `orderByToken`."""
    return f"{settings.STORE_FRONTEND_URL.rstrip('/')}/orders/{order.pk}?token={token_of(order.pk)}"


def bill_of(order: Order) -> list[str]:
    """Return the lines of who the invoice is for; none unless the shopper has said so."""
    if order.billing_address is None:
        return []
    vat_id = [_("VAT id %(vat_id)s") % {"vat_id": order.vat_id}] if order.vat_id else []
    company = [order.billing_company] if order.billing_company else []
    return [*company, *lines_of(order.billing_address), *vat_id]


def short_lines(lines: Iterable[str]) -> list[str]:
    return [shorten(line, most=MOST_IN_LINE) for line in lines]
