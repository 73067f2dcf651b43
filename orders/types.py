"""GraphQL types of carts, orders and payments."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import strawberry
import strawberry_django
from django.db.models import QuerySet
from strawberry import auto, relay

from accounts import models as accounts
from accounts.types import User
from backend import api
from catalog.types import InsufficientStock, Product
from orders import cart, models, selectors
from orders.models import OrderStatus, PaymentStatus
from orders.owners import owner_of

strawberry.enum(OrderStatus)
strawberry.enum(PaymentStatus)

# ── Cart ─────────────────────────────────────────────────────────────────────


@strawberry_django.type(models.CartItem)
class CartItem(relay.Node):
    id: relay.NodeID[int]
    product: Product
    quantity: int

    @api.field(only=["product"])
    @staticmethod
    def unit_price(root: strawberry.Parent[models.CartItem]) -> api.Money:
        return api.Money.of(root.final_price)

    @api.field(only=["quantity", "product"])
    @staticmethod
    def total(root: strawberry.Parent[models.CartItem]) -> api.Money:
        return api.Money.of(root.final_price * root.quantity)

    @classmethod
    def visible(cls, info: api.Info) -> QuerySet[models.CartItem]:
        return cart.items_of(owner_of(info.context.request)).filter(product__stock__isnull=False)


@strawberry.type
class PriceChanged:
    item: CartItem
    before: api.Money
    now: api.Money


@strawberry.type(description="Fewer are left than the cart holds.")
class StockReduced:
    item: CartItem
    available: int


@strawberry.type(description="It is no longer sold. `removeFromCart` takes it out of the cart.")
class ProductRemoved:
    product_id: strawberry.ID
    name: str


CartChange = Annotated[PriceChanged | StockReduced | ProductRemoved, strawberry.union("CartChange")]


@strawberry.type
class Cart(relay.Node):
    key: relay.NodeID[str]
    cart: strawberry.Private[cart.Cart]

    @strawberry.field(graphql_type=list[CartItem])
    def items(self) -> list[models.CartItem]:
        return self.cart.items

    @strawberry.field
    def total_quantity(self) -> int:
        return self.cart.total_quantity

    @strawberry.field(description="Before discounts.")
    def subtotal(self) -> api.Money:
        return api.Money.of(self.cart.subtotal)

    @strawberry.field
    def discount_total(self) -> api.Money:
        return api.Money.of(self.cart.subtotal - self.cart.total)

    @strawberry.field
    def total(self) -> api.Money:
        return api.Money.of(self.cart.total)

    @strawberry.field(
        graphql_type=list[CartChange],
        description="What has happened to the cart's products since they were put in.",
    )
    def changes(self) -> list[PriceChanged | StockReduced | ProductRemoved]:
        return [change_type(change) for change in self.cart.changes]

    @classmethod
    def current(cls, info: api.Info) -> "Cart":
        """The caller's cart with all that the operation selects of its lines, in one go."""
        owner = owner_of(info.context.request)
        lines = api.optimized_below(
            cart.items_of(owner),
            info,
            answer="Cart",
            paths=("items", "changes.item"),
            only=["product", "quantity", "product_name", "seen_price"],
        )
        return cls(key="mine", cart=cart.Cart(owner, lines=api.read(lines)))

    @classmethod
    def resolve_node(cls, node_id: str, *, info: api.Info, required: bool = False) -> "Cart | None":  # type: ignore[override]
        """The id is the same for everyone, and everyone's own cart is behind it."""
        return cls.current(info) if node_id == "mine" else None


def change_type(change: cart.Change) -> PriceChanged | StockReduced | ProductRemoved:
    match change:
        case cart.PriceChanged():
            before, now = api.Money.of(change.before), api.Money.of(change.now)
            return PriceChanged(item=change.item, before=before, now=now)  # type: ignore[arg-type]  # its model
        case cart.StockReduced():
            return StockReduced(item=change.item, available=change.available)  # type: ignore[arg-type]  # its model
        case cart.ProductRemoved():
            return ProductRemoved(product_id=api.id_of("Product", change.product_pk), name=change.name)


# ── Orders ───────────────────────────────────────────────────────────────────


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
        return models.OrderItem.objects.filter(order__in=selectors.orders_of(owner_of(info.context.request)))


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
        return models.Shipping.objects.filter(order__in=selectors.orders_of(owner_of(info.context.request)))


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
        return models.Payment.objects.filter(order__in=selectors.orders_of(owner_of(info.context.request)))


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
        return selectors.orders_of(owner_of(info.context.request))


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
        """A person's orders, the newest first; only the person and the staff see a User at all."""
        page = api.nested_page(
            user,
            info,
            queryset=selectors.orders(status),
            parent="user_id",
            answer="OrderConnection",
            sort=NEWEST,
            first=first,
            after=after,
        )
        return cls(page=page)


# ── Errors ───────────────────────────────────────────────────────────────────


@strawberry.type
class CartEmpty(api.UserError):
    pass


@strawberry.type(description="The product has been deleted since it was put in.")
class ProductUnavailable(api.UserError):
    product_pk: strawberry.Private[int]
    name: str

    @strawberry.field
    def product_id(self) -> strawberry.ID:
        return api.id_of("Product", self.product_pk)


@strawberry.type
class TotalChanged(api.UserError):
    expected: api.Money
    actual: api.Money


@strawberry.type
class PaymentUnavailable(api.UserError):
    pass


@strawberry.type
class OrderNotEditable(api.UserError):
    status: OrderStatus


@strawberry.type
class OrderNotCancellable(api.UserError):
    status: OrderStatus


# ── Inputs ───────────────────────────────────────────────────────────────────


@strawberry.input
class CartItemInput:
    product_id: relay.GlobalID
    quantity: int = 1


@strawberry.input
class UpdateCartItemInput:
    product_id: relay.GlobalID
    quantity: int


@strawberry.input
class RemoveFromCartInput:
    product_id: relay.GlobalID


@strawberry.input
class ShippingInput:
    first_name: str
    last_name: str
    email: str
    phone: str
    address: str
    building_number: str
    country: str = strawberry.field(description="ISO 3166-1 alpha-2.")
    city: str = ""
    zip_code: str = ""
    state: str = ""

    def row(self) -> models.Shipping:
        """Unsaved."""
        return models.Shipping(**vars(self))


@strawberry.input
class CheckoutInput:
    shipping: ShippingInput
    idempotency_key: UUID = strawberry.field(description="Made by the client, one for each intent to buy.")
    expected_total: Decimal | None = strawberry.field(
        default=None, description="What the shopper was shown; any other total is refused."
    )


@strawberry.input
class OrderInput:
    uuid: UUID


@strawberry.input
class OrderItemInput:
    order_uuid: UUID
    product_id: relay.GlobalID
    quantity: int = 1


@strawberry.input
class RemoveOrderItemInput:
    order_uuid: UUID
    product_id: relay.GlobalID


@strawberry.input
class PlaceOrderInput:
    order_uuid: UUID
    shipping: ShippingInput
    expected_total: Decimal | None = None


# ── Results ──────────────────────────────────────────────────────────────────

CartResult = Annotated[
    Cart | InsufficientStock | ProductUnavailable | api.NotFound | api.ValidationError,
    strawberry.union("CartResult"),
]
CheckoutResult = Annotated[
    Order
    | CartEmpty
    | InsufficientStock
    | ProductUnavailable
    | TotalChanged
    | api.ValidationError
    | PaymentUnavailable
    | OrderNotEditable
    | api.NotFound,
    strawberry.union("CheckoutResult"),
]
CreateOrderResult = Annotated[Order | api.TooManyAttempts, strawberry.union("CreateOrderResult")]
OrderItemResult = Annotated[
    Order | api.NotFound | InsufficientStock | ProductUnavailable | OrderNotEditable | api.ValidationError,
    strawberry.union("OrderItemResult"),
]
RetryPaymentResult = Annotated[
    Order | api.NotFound | OrderNotEditable | PaymentUnavailable, strawberry.union("RetryPaymentResult")
]
CancelOrderResult = Annotated[
    Order | api.NotFound | OrderNotCancellable, strawberry.union("CancelOrderResult")
]
