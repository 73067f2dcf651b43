"""GraphQL types of what happens to an order after its payment: parcels, refunds, returns."""

from decimal import Decimal
from typing import Protocol
from uuid import UUID

import strawberry
import strawberry_django
from django.db.models import QuerySet
from strawberry import auto, relay

import api
from orders import models
from orders.models import ReturnStatus
from orders.types.items import HasCurrency, OrderItem, visible_orders

api.describe(
    ReturnStatus,
    description="Status of a return.",
    REQUESTED="The customer has asked for it.",
    APPROVED="The customer may send the goods back.",
    DECLINED="The shop does not take the goods back.",
    RECEIVED="The goods have arrived at the shop.",
    REFUNDED="The refund of the goods is on its way, or has arrived.",
)


@strawberry_django.type(
    models.Portion,
    name="FulfilmentItem",
    description="A quantity of an order's item, in a parcel or a return.",
)
class FulfilmentItem:
    item: OrderItem = api.field(description="The item of the order.")
    quantity: int = api.field(description="How many of it.")


class HasTrackingUrl(Protocol):
    tracking_url: str


@strawberry_django.type(models.Fulfilment, description="A parcel that has left.")
class Fulfilment(relay.Node):
    id: relay.NodeID[int]
    items: list[FulfilmentItem] = api.field(description="What is in it.")
    carrier: auto = api.field(description="Who brings it; may be empty.")
    tracking_number: auto = api.field(description="The carrier's number of it; may be empty.")
    shipped_at: auto = api.field(description="When it left.")

    @api.field(description="The carrier's page about it; null if it is not known.")
    @staticmethod
    def tracking_url(root: strawberry.Parent[HasTrackingUrl]) -> str | None:
        return root.tracking_url or None

    @classmethod
    def visible(cls, info: api.Info) -> QuerySet[models.Fulfilment]:
        return models.Fulfilment.objects.filter(order__in=visible_orders(info))


class HasRefundedAmount(Protocol):
    amount: Decimal
    payment: HasCurrency


@strawberry_django.type(models.Refund, description="Money that goes back to the customer.")
class Refund(relay.Node):
    id: relay.NodeID[UUID]
    created_at: auto = api.field(description="When the refund was made. The bank may take some days.")

    @api.field(description="The amount.")
    @staticmethod
    def amount(root: strawberry.Parent[HasRefundedAmount]) -> api.Money:
        return api.Money.of(root.amount, root.payment.currency)

    @classmethod
    def resolve_id_attr(cls) -> str:
        return "uuid"

    @classmethod
    def visible(cls, info: api.Info) -> QuerySet[models.Refund]:
        refunds = models.Refund.objects.filter(payment__order__in=visible_orders(info))
        return refunds.exclude(status=models.Refund.Status.FAILED)


@strawberry_django.type(models.Return, description="Goods of an order that go back to the shop.")
class Return(relay.Node):
    id: relay.NodeID[int]
    status: ReturnStatus = api.field(description="Status of the return.")
    items: list[FulfilmentItem] = api.field(description="What goes back.")
    reason: auto = api.field(description="The customer's reason; empty if none was given. None is needed.")
    created_at: auto = api.field(
        description="When the customer asked, which counts as the time of withdrawal."
    )

    @classmethod
    def visible(cls, info: api.Info) -> QuerySet[models.Return]:
        return models.Return.objects.filter(order__in=visible_orders(info))
