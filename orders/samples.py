"""The mails about orders with sample data, for the page /dev/mail/."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import timezone

from accounts.models import User
from core.languages import current_language
from orders.letters import write, write_link
from orders.models import Fulfilment, Order, OrderItem, OrderMail, OrderTax, Portion, Refund, Return, Shipping

Kind = OrderMail.Kind


def mails() -> dict[str, EmailMessage]:
    """Build a mail of each kind."""
    now = timezone.now()
    order = Order(
        user=User(pk=1),
        currency=settings.STORE_CURRENCY,
        language=current_language(),
        subtotal=Decimal(116),
        discount_total=Decimal(10),
        discount_code="WELCOME",
        delivery_name="Parcel",
        delivery_total=Decimal(5),
        tax_total=Decimal("18.50"),
        prices_include_tax=True,
        amount=Decimal(111),
        created_at=now,
        paid_at=now,
        shipped_at=now if settings.STORE_SHIP_ON_PAYMENT else None,
        email="ada@example.com",
        shipping=address(city="London", zip_code="SW1Y 4JH"),
        billing_address=address(city="Manchester", zip_code="M2 5DB"),
        billing_company="Analytical Engines Ltd",
        vat_id="GB123456782",
    )
    taxes = [OrderTax(name="VAT", percent=Decimal(20), base=Decimal("92.50"), amount=Decimal("18.50"))]
    order._prefetched_objects_cache = {"taxes": taxes}  # type: ignore[attr-defined]  # the order is in no database
    items = [
        OrderItem(name="Linen shirt", variant_title="M, white", quantity=2, unit_price=Decimal(39)),
        OrderItem(name="Desk lamp with a dimmer and a very long name", quantity=1, unit_price=Decimal(38)),
    ]
    shirts, lamp = items
    about: dict[str, dict[str, Any]] = {
        Kind.REFUNDED: {"refund": Refund(amount=Decimal(38))},
        Kind.SHIPPED: {
            "fulfilment": Fulfilment(
                carrier="DHL",
                tracking_number="00340434161094042557",
                tracking_url="https://www.dhl.com/global-en/home/tracking.html?tracking-id=00340434161094042557",
            ),
            "portions": [Portion(item=shirts, quantity=2), Portion(item=lamp, quantity=1)],
        },
    }
    returned = {
        "sent_back": Return(reason="One is too small.", created_at=now),
        "portions": [Portion(item=shirts, quantity=1)],
    }
    for kind in (Kind.RETURN_REQUESTED, Kind.RETURN_APPROVED, Kind.RETURN_DECLINED, Kind.RETURN_RECEIVED):
        about[kind] = returned
    letters = {str(kind): write(kind, order, items=items, **about.get(kind, {})) for kind in Kind}
    return {**letters, "order-link": write_link(order)}


def address(*, city: str, zip_code: str) -> Shipping:
    return Shipping(
        first_name="Ada",
        last_name="Lovelace",
        phone="+442079460000",
        address="St James's Square",
        building_number="12",
        city=city,
        zip_code=zip_code,
        country="GB",
    )
