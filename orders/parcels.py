"""Packing: the steps that write a parcel. Each runs in its caller's transaction, which has locked the order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote
from uuid import UUID

from django.db.models import F, QuerySet

from catalog.stock import number_of
from hooks.models import Kind as News
from orders.announcing import announce
from orders.events import SHOP, Actor, Kind, event_of
from orders.models import Fulfilment, OrderEvent, OrderItem, OrderStatus, Portion
from orders.transitions import move

# The pages on which carriers show where a parcel is, by their names in lower case.
TRACKING = {
    "dhl": "https://www.dhl.com/global-en/home/tracking.html?tracking-id={}",
    "dpd": "https://tracking.dpd.de/status/en_US/parcel/{}",
    "fedex": "https://www.fedex.com/fedextrack/?trknbr={}",
    "gls": "https://gls-group.com/track/{}",
    "ups": "https://www.ups.com/track?tracknum={}",
    "usps": "https://tools.usps.com/go/TrackConfirmAction?tLabels={}",
}


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """A parcel to write: how many of each item, by primary key, and who brings it."""

    quantities: Mapping[int, int] = field(default_factory=dict)
    carrier: str = ""
    tracking_number: str = ""
    tracking_url: str = ""

    def row(self, order_uuid: UUID, *, now: datetime) -> Fulfilment:
        """Build the row. Without a link, a known carrier's is made of the number."""
        page = TRACKING.get(self.carrier.strip().lower(), "")
        number = self.tracking_number.strip()
        made = page.format(quote(number, safe="")) if number else ""
        return Fulfilment(
            order_id=order_uuid,
            carrier=self.carrier,
            tracking_number=self.tracking_number,
            tracking_url=self.tracking_url or made,
            shipped_at=now,
        )


def items_to_ship(order_uuid: UUID) -> QuerySet[OrderItem]:
    """The items of which some still have to leave."""
    return OrderItem.objects.filter(order=order_uuid, quantity__gt=F("fulfilled") + F("withdrawn"))


def pack(
    order_uuid: UUID, parcel: Parcel, *, now: datetime, by: Actor = SHOP
) -> tuple[Fulfilment, OrderEvent]:
    """Write a parcel, and count what it has as fulfilled. Return it with its event, which the caller inserts.

    Raises: IntegrityError, for more than still has to leave.
    """
    fulfilment = parcel.row(order_uuid, now=now)
    fulfilment.save(force_insert=True)
    Portion.objects.bulk_create(
        Portion(fulfilment=fulfilment, item_id=item, quantity=quantity)
        for item, quantity in parcel.quantities.items()
    )
    OrderItem.objects.filter(pk__in=parcel.quantities).update(
        fulfilled=F("fulfilled") + number_of(parcel.quantities)
    )
    return fulfilment, event_of(
        order_uuid,
        Kind.SHIPPED,
        by=by,
        now=now,
        units=sum(parcel.quantities.values()),
        text=" ".join(filter(None, (fulfilment.carrier, fulfilment.tracking_number))),
    )


def pack_all(order_uuid: UUID, *, now: datetime) -> OrderEvent:
    """Write one parcel of everything that has to leave, and set the order to SHIPPED."""
    quantities = {item.pk: item.to_ship for item in items_to_ship(order_uuid)}
    _, event = pack(order_uuid, Parcel(quantities=quantities), now=now)
    move(order_uuid, OrderStatus.SHIPPED, now=now)
    announce(order_uuid, News.ORDER_SHIPPED, now=now)
    return event


def follow_parcels(order_uuid: UUID, *, now: datetime) -> None:
    """Set an order of which something has left to SHIPPED if nothing is left to ship, else to PARTIALLY_SHIPPED."""
    is_done = not items_to_ship(order_uuid).exists()
    move(order_uuid, OrderStatus.SHIPPED if is_done else OrderStatus.PARTIALLY_SHIPPED, now=now)
    announce(order_uuid, News.ORDER_SHIPPED if is_done else News.ORDER_PARTIALLY_SHIPPED, now=now)
