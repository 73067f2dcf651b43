"""The texts of mails about orders.

Names and addresses are cut and stripped of links, because anyone can type them together with another person's address.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.translation import gettext as _

from core.addresses import lines_of
from core.languages import in_language
from core.mail import build, shorten
from core.money import format_money
from orders.links import LIFETIME, token_of
from orders.models import Fulfilment, Order, OrderItem, OrderMail, Portion, Refund, Return
from orders.totals import sum_of
from policies.selectors import shown_policies

MOST_IN_NAME, MOST_IN_LINE, MOST_IN_REASON = 40, 80, 200
# The slugs of the policies that mails link to, if the shop has them.
POLICIES = ("returns", "terms", "imprint")


def write(
    kind: str,
    order: Order,
    *,
    items: Iterable[OrderItem],
    refund: Refund | None = None,
    fulfilment: Fulfilment | None = None,
    sent_back: Return | None = None,
    portions: Iterable[Portion] = (),
) -> EmailMessage:
    """Build a mail of this OrderMail.Kind in the order's language.

    One of REFUNDED is about the refund, one of SHIPPED about the parcel, and those of returns about the return, with
    the portions of it.
    """
    assert order.shipping is not None, "a constraint of the table"
    items = list(items)

    def money(amount: Decimal) -> str:
        return format_money(amount, order.currency)

    with in_language(order.language):
        return build(
            f"orders/mail/{OrderMail.Kind(kind)}",
            to=order.email,
            order=order,
            name=shorten(order.shipping.first_name, most=MOST_IN_NAME),
            items=[
                {
                    **words_of(item),
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
            parcel=fulfilment,
            portions=[{**words_of(portion.item), "quantity": portion.quantity} for portion in portions],
            is_part=fulfilment is not None and is_part(portions, items),
            asked_at=sent_back.created_at if sent_back else None,
            reason=shorten(sent_back.reason, most=MOST_IN_REASON) if sent_back else "",
            **frame_of(order),
        )


def write_link(order: Order) -> EmailMessage:
    """Build the mail with a fresh link, for whoever has asked for it."""
    with in_language(order.language):
        words = {"order": order, "days": LIFETIME.days, **frame_of(order)}
        return build("orders/mail/order-link", to=order.email, **words)


def frame_of(order: Order) -> dict[str, Any]:
    """Return what every mail about an order ends with: its link, and those of the shop's policies."""
    policies = shown_policies().filter(slug__in=POLICIES).values_list("slug", "title")
    return {
        "url": order_url(order),
        "policies": [(title, f"{frontend()}/policies/{slug}") for slug, title in policies],
    }


def words_of(item: OrderItem) -> dict[str, str]:
    return {
        "name": shorten(item.name, most=MOST_IN_LINE),
        "variant": shorten(item.variant_title, most=MOST_IN_LINE),
        "full_name": shorten(item.full_name, most=MOST_IN_LINE),
    }


def is_part(portions: Iterable[Portion], items: Iterable[OrderItem]) -> bool:
    """Whether the parcel with these portions has less than all of the items that ever leave."""
    units = sum(portion.quantity for portion in portions)
    return units < sum(item.quantity - item.withdrawn for item in items)


def order_url(order: Order) -> str:
    """Return the address of the order's page in the front end, with a token for `orderByToken`."""
    return f"{frontend()}/orders/{order.pk}?token={token_of(order.pk)}"


def frontend() -> str:
    return settings.STORE_FRONTEND_URL.rstrip("/")


def bill_of(order: Order) -> list[str]:
    """Return the lines of who the invoice is for; none unless the shopper has said so."""
    if order.billing_address is None:
        return []
    vat_id = [_("VAT id %(vat_id)s") % {"vat_id": order.vat_id}] if order.vat_id else []
    company = [order.billing_company] if order.billing_company else []
    return [*company, *lines_of(order.billing_address), *vat_id]


def short_lines(lines: Iterable[str]) -> list[str]:
    return [shorten(line, most=MOST_IN_LINE) for line in lines]
