"""GraphQL types of orders and payments."""

from datetime import datetime
from uuid import UUID

import strawberry
import strawberry_django
from django.db.models import QuerySet
from strawberry import auto, relay

from accounts import models as accounts
from accounts.types import User
from backend import api
from catalog.types import Product
from orders import models, selectors
from orders.models import OrderStatus, PaymentStatus
from orders.owners import owner_of

strawberry.enum(OrderStatus)
strawberry.enum(PaymentStatus)


@strawberry_django.type(models.OrderItem)
class OrderItem(relay.Node):
    id: relay.NodeID[int]
    product: Product | None = strawberry_django.field(
        description="Null once the product has been deleted; the name and price below stay as they were bought."
    )
    name: auto
    quantity: int

    @api.field(only=["unit_price", "order__currency"], select_related=["order"])
    @staticmethod
    def unit_price(root: strawberry.Parent[models.OrderItem]) -> api.Money:
        return api.Money.of(root.unit_price, root.order.currency)

    @api.field(only=["unit_price", "quantity", "order__currency"], select_related=["order"])
    @staticmethod
    def total(root: strawberry.Parent[models.OrderItem]) -> api.Money:
        return api.Money.of(root.unit_price * root.quantity, root.order.currency)

    @classmethod
    def visible(cls, info: api.Info) -> QuerySet[models.OrderItem]:
        return models.OrderItem.objects.filter(order__in=Order.visible(info))


@strawberry_django.type(models.Shipping)
class Shipping(relay.Node):
    id: relay.NodeID[int]
    first_name: auto
    last_name: auto
    email: auto
    phone: auto
    address: auto
    building_number: auto
    city: auto
    zip_code: auto
    state: auto
    country: str = strawberry_django.field(description="ISO 3166-1 alpha-2.")

    @classmethod
    def visible(cls, info: api.Info) -> QuerySet[models.Shipping]:
        return models.Shipping.objects.filter(order__in=Order.visible(info))


@strawberry_django.type(models.Payment)
class Payment(relay.Node):
    id: relay.NodeID[UUID]
    status: PaymentStatus

    @api.field(only=["amount", "currency"])
    @staticmethod
    def amount(root: strawberry.Parent[models.Payment]) -> api.Money:
        return api.Money.of(root.amount, root.currency)

    @api.field(only=["refunded", "currency"])
    @staticmethod
    def refunded(root: strawberry.Parent[models.Payment]) -> api.Money:
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

    @api.field(only=["failure"], description="Why the last attempt failed, in the shopper's words.")
    @staticmethod
    def failure(root: strawberry.Parent[models.Payment]) -> str | None:
        return root.failure or None

    @classmethod
    def resolve_id_attr(cls) -> str:
        return "uuid"

    @classmethod
    def visible(cls, info: api.Info) -> QuerySet[models.Payment]:
        return models.Payment.objects.filter(order__in=Order.visible(info))


@strawberry_django.type(models.Order)
class Order(relay.Node):
    id: relay.NodeID[UUID]
    uuid: auto
    status: OrderStatus
    user: User | None = strawberry_django.field(description="Null for a guest's order.")
    items: list[OrderItem]
    shipping: Shipping | None = strawberry_django.field(description="Null while the order is a draft.")
    created_at: auto
    updated_at: auto
    expires_at: datetime | None = strawberry_django.field(
        description="When a pending order is given up and its stock goes back."
    )
    paid_at: datetime | None
    shipped_at: datetime | None
    cancelled_at: datetime | None

    @api.field(only=["amount", "currency"], description="The sum over the items.")
    @staticmethod
    def amount(root: strawberry.Parent[models.Order]) -> api.Money:
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


@strawberry.type
class OrderConnection(api.Connection[Order]):
    @classmethod
    def of_user(
        cls,
        user: accounts.User,
        info: api.Info,
        *,
        status: OrderStatus | None,
        first: int | None,
        after: str | None,
    ) -> "OrderConnection":
        """A person's orders, the newest first."""
        visible = Order.visible(info)
        page = api.nested_page(
            user,
            info,
            queryset=visible.filter(status=status) if status else visible,
            parent="user_id",
            answer="OrderConnection",
            sort=NEWEST,
            first=first,
            after=after,
        )
        return cls(page=page)
