"""GraphQL types of orders and payments."""

from datetime import datetime
from decimal import Decimal
from typing import Protocol
from uuid import UUID

import strawberry
import strawberry_django
from django.db.models import QuerySet
from strawberry import auto, relay

import api
from accounts.types import User
from catalog.types import Product
from orders import models, selectors
from orders.models import OrderStatus, PaymentStatus
from orders.owners import owner_of

api.describe(
    OrderStatus,
    description="How an order stands.",
    DRAFT="Being filled item by item; nothing is reserved yet.",
    PENDING="Placed, with its stock taken, and waiting to be paid until `expiresAt`.",
    PAID="Paid, and not on its way yet.",
    SHIPPED="Paid and on its way.",
    CANCELLED="Given up; what was paid goes back.",
    REFUNDED="All that was paid has gone back.",
)
api.describe(
    PaymentStatus,
    description="How an attempt at paying stands.",
    PENDING="Waiting for the shopper to pay, by `clientSecret`.",
    REQUIRES_ACTION="Waiting for the shopper to confirm it with the bank, by `clientSecret`.",
    PROCESSING="Under way at the bank; ask again with `refreshPayment`.",
    SUCCEEDED="Paid.",
    FAILED="Declined, see `failure`; the shopper may try again, by the same `clientSecret`.",
    CANCELLED="Over; `retryPayment` begins another.",
    PARTIALLY_REFUNDED="Paid, and a part of it has gone back.",
    REFUNDED="All of it has gone back.",
)


class HasCurrency(Protocol):
    currency: str


class HasUnitPrice(Protocol):
    unit_price: Decimal
    order: HasCurrency


class HasTotal(HasUnitPrice, Protocol):
    quantity: int


@strawberry_django.type(models.OrderItem, description="One product of an order, as it was bought.")
class OrderItem(relay.Node):
    id: relay.NodeID[int]
    product: Product | None = strawberry_django.field(
        description="Null once the product has been deleted; the name and price below stay as they were bought."
    )
    name: auto = api.field(description="What the product was called then.")
    quantity: int = api.field(description="1 to 999.")

    @api.field(description="What one of it cost then.")
    @staticmethod
    def unit_price(root: strawberry.Parent[HasUnitPrice]) -> api.Money:
        return api.Money.of(root.unit_price, root.order.currency)

    @api.field(description="The unit price times the quantity.")
    @staticmethod
    def total(root: strawberry.Parent[HasTotal]) -> api.Money:
        return api.Money.of(root.unit_price * root.quantity, root.order.currency)

    @classmethod
    def visible(cls, info: api.Info) -> QuerySet[models.OrderItem]:
        return models.OrderItem.objects.filter(order__in=Order.visible(info))


@strawberry_django.type(models.Shipping, description="Where an order goes.")
class Shipping(relay.Node):
    id: relay.NodeID[int]
    first_name: auto = api.field(description="Of the recipient.")
    last_name: auto = api.field(description="Of the recipient; may be empty.")
    email: str = api.field(description="Where the confirmation goes.")
    phone: auto = api.field(description="In the international form: +14155552671, or +14155552671 ext. 89.")
    address: auto = api.field(description="The street.")
    building_number: auto = api.field(description="With whatever belongs to it: 12b; may be empty.")
    city: auto = api.field(description="Empty where the country has none in its addresses.")
    zip_code: auto = api.field(description="Empty where the country has none.")
    state: auto = api.field(
        description="Province or region; empty where the country has none in its addresses."
    )
    country: str = strawberry_django.field(description="ISO 3166-1 alpha-2.")

    @classmethod
    def visible(cls, info: api.Info) -> QuerySet[models.Shipping]:
        return models.Shipping.objects.filter(order__in=Order.visible(info))


class HasAmount(HasCurrency, Protocol):
    amount: Decimal


class HasRefunded(HasCurrency, Protocol):
    refunded: Decimal


class HasFailure(Protocol):
    failure: str


@strawberry_django.type(models.Payment, description="An attempt at paying an order.")
class Payment(relay.Node):
    id: relay.NodeID[UUID]
    status: PaymentStatus = api.field(description="How it stands.")

    @api.field(description="What is to be paid.")
    @staticmethod
    def amount(root: strawberry.Parent[HasAmount]) -> api.Money:
        return api.Money.of(root.amount, root.currency)

    @api.field(description="How much of it has gone back; 0 at first.")
    @staticmethod
    def refunded(root: strawberry.Parent[HasRefunded]) -> api.Money:
        return api.Money.of(root.refunded, root.currency)

    @api.field(
        only=["client_secret", "status", "order__user", "order__visitor"],
        select_related=["order"],
        description="For Stripe.js; only the order's owner sees it, and only while there is something to pay.",
    )
    @staticmethod
    def client_secret(root: strawberry.Parent[models.Payment], info: api.Info) -> str | None:
        owner = owner_of(info.context.request)
        payable = root.is_open and owner is not None and owner.owns(root.order)
        return (root.client_secret or None) if payable else None

    @api.field(description="Why the last attempt failed, in the shopper's words.")
    @staticmethod
    def failure(root: strawberry.Parent[HasFailure]) -> str | None:
        return root.failure or None

    @classmethod
    def resolve_id_attr(cls) -> str:
        return "uuid"

    @classmethod
    def visible(cls, info: api.Info) -> QuerySet[models.Payment]:
        return models.Payment.objects.filter(order__in=Order.visible(info))


@strawberry_django.type(
    models.Order, description="An order, or a draft of one. Names and prices are those of when it was placed."
)
class Order(relay.Node):
    id: relay.NodeID[UUID]
    uuid: auto = api.field(
        description="For `order`, for the address of the order's page, and for talking to the shop."
    )
    status: OrderStatus = api.field(description="How it stands.")
    user: User | None = strawberry_django.field(description="Null for a guest's order.")
    items: list[OrderItem] = api.field(description="What was bought, each product once.")
    shipping: Shipping | None = strawberry_django.field(description="Null while the order is a draft.")
    created_at: auto = api.field(description="When it was begun.")
    updated_at: auto = api.field(description="When it last changed.")
    paid_at: datetime | None = api.field(description="Null until it is paid.")
    shipped_at: datetime | None = api.field(description="Null until it is on its way.")
    cancelled_at: datetime | None = api.field(description="Null unless it is cancelled.")

    @api.field(
        only=["expires_at", "status"],
        description=(
            "When the order is given up and its stock goes back; later once a way to pay was tried. Null unless it is "
            "pending."
        ),
    )
    @staticmethod
    def expires_at(root: strawberry.Parent[models.Order]) -> datetime | None:
        return root.expires_at if root.status == OrderStatus.PENDING else None

    @api.field(only=["amount", "currency"], description="The sum over the items.")
    @staticmethod
    def amount(root: strawberry.Parent[HasAmount]) -> api.Money:
        return api.Money.of(root.amount, root.currency)

    @api.field(
        only=["user", "visitor"],
        prefetch_related=["payments"],
        description="The live attempt at paying, else the last one.",
    )
    @staticmethod
    def payment(root: strawberry.Parent[models.Order]) -> Payment | None:
        attempts = sorted(root.payments.all(), key=lambda payment: (payment.is_live, payment.created_at))
        return attempts[-1] if attempts else None  # type: ignore[return-value]  # its model

    @classmethod
    def resolve_id_attr(cls) -> str:
        return "uuid"

    @classmethod
    def visible(cls, info: api.Info) -> QuerySet[models.Order]:
        return selectors.orders_seen_by(owner_of(info.context.request))


NEWEST = api.Sort(("created_at", "uuid"), descending=True)


@strawberry.type(description="A page of orders.")
class OrderConnection(api.Connection[Order]):
    @classmethod
    def of_user(
        cls,
        user: api.HasKey,
        info: api.Info,
        *,
        status: OrderStatus | None,
        paging: api.Paging,
    ) -> "OrderConnection":
        """A person's orders, the newest first."""
        visible = Order.visible(info)
        page = api.nested_page(
            user,
            info,
            found=visible.filter(status=status) if status else visible,
            parent="user_id",
            answer="OrderConnection",
            sort=NEWEST,
            paging=paging,
        )
        return cls(page=page)
