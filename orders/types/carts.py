"""GraphQL types of a cart and of what has happened to its products."""

from typing import Annotated, Protocol

import strawberry
import strawberry_django
from django.db.models import QuerySet
from strawberry import relay

import api
from catalog.types import HasFinalPrice, Product
from orders import cart, models
from orders.cart import Line
from orders.owners import Owner, owner_of


class HasLinePrice(Protocol):
    product: HasFinalPrice


class HasLineTotal(HasLinePrice, Protocol):
    quantity: int


@strawberry_django.type(models.CartItem, description="One product of a cart, with how many of it.")
class CartItem(relay.Node):
    id: relay.NodeID[int]
    product: Product = api.field(description="As it is now.")
    quantity: int = api.field(description="1 to 999.")

    @api.field(description="The product's final price as it is now.")
    @staticmethod
    def unit_price(root: strawberry.Parent[HasLinePrice]) -> api.Money:
        return api.Money.of(root.product.final_price)

    @api.field(description="The unit price times the quantity.")
    @staticmethod
    def total(root: strawberry.Parent[HasLineTotal]) -> api.Money:
        return api.Money.of(root.product.final_price * root.quantity)

    @classmethod
    def visible(cls, info: api.Info) -> QuerySet[models.CartItem]:
        return cart.items_of(owner_of(info.context.request)).filter(product__stock__isnull=False)


@strawberry.type(description="The final price is no longer what it was when the product was put in.")
class PriceChanged:
    item: CartItem = strawberry.field(description="The item of the cart.")
    before: api.Money = strawberry.field(description="The final price when it was put in.")
    now: api.Money = strawberry.field(description="The final price that will be charged.")


@strawberry.type(description="Fewer are left than the cart holds.")
class StockReduced:
    item: CartItem = strawberry.field(description="The item of the cart.")
    available: int = strawberry.field(description="How many are left.")


@strawberry.type(description="It is no longer sold. `removeFromCart` takes it out of the cart.")
class ProductRemoved:
    product_id: strawberry.ID = strawberry.field(
        description="The id that the product had, for `removeFromCart`."
    )
    name: str = strawberry.field(description="What the product was called.")


CartChange = Annotated[
    PriceChanged | StockReduced | ProductRemoved,
    strawberry.union(
        "CartChange", description="What has happened to a product in the cart since it was put in."
    ),
]


@strawberry.type(
    description="What the caller is about to buy. It has the same id for everyone, and behind it everyone's own."
)
class Cart(relay.Node):
    key: relay.NodeID[str]
    cart: strawberry.Private[cart.ShoppingCart]

    @strawberry.field(graphql_type=list[CartItem], description="In the order in which they were put in.")
    def items(self) -> list[Line]:
        return self.cart.items

    @strawberry.field(description="The number for a badge: the sum over the items.")
    def total_quantity(self) -> int:
        return self.cart.total_quantity

    @strawberry.field(description="Before discounts.")
    def subtotal(self) -> api.Money:
        return api.Money.of(self.cart.subtotal)

    @strawberry.field(description="What the discounts take off.")
    def discount_total(self) -> api.Money:
        return api.Money.of(self.cart.subtotal - self.cart.total)

    @strawberry.field(description="What the shopper pays. Hand it to `checkout` as `expectedTotal`.")
    def total(self) -> api.Money:
        return api.Money.of(self.cart.total)

    @strawberry.field(
        graphql_type=list[CartChange],
        description="What has happened to the cart's products since they were put in.",
    )
    def changes(self) -> list[PriceChanged | StockReduced | ProductRemoved]:
        return [build_change(change) for change in self.cart.changes]

    @classmethod
    def current(cls, info: api.Info) -> "Cart":
        """The caller's cart with all that the operation selects of its lines, in one go."""
        owner = owner_of(info.context.request)
        lines = lines_of(owner, info) if owner else []
        return cls(key="mine", cart=cart.ShoppingCart(owner, lines=lines))

    @classmethod
    def resolve_node(cls, node_id: str, *, info: api.Info, required: bool = False) -> "Cart | None":  # type: ignore[override]
        """The id is the same for everyone, and everyone's own cart is behind it."""
        return cls.current(info) if node_id == "mine" else None


def lines_of(owner: Owner, info: api.Info) -> list[Line]:
    def build(bind: api.Bind) -> QuerySet[models.CartItem]:
        key = bind(owner.column, api.column_of(models.Cart, owner.column))
        return cart.items().filter(**{f"cart__{owner.column}": key})

    return api.read(
        build,
        info,
        model=models.CartItem,
        values={owner.column: owner.key},
        kept=owner.column,
        answer="Cart",
        paths=("items", "changes.item"),
        only=("product", "quantity", "product_name", "seen_price"),
    )


def build_change(change: cart.Change) -> PriceChanged | StockReduced | ProductRemoved:
    match change:
        case cart.PriceChanged():
            before, now = api.Money.of(change.before), api.Money.of(change.now)
            return PriceChanged(item=change.item, before=before, now=now)  # type: ignore[arg-type]  # its model
        case cart.StockReduced():
            return StockReduced(item=change.item, available=change.available)  # type: ignore[arg-type]  # its model
        case cart.ProductRemoved():
            return ProductRemoved(product_id=api.id_of("Product", change.product_pk), name=change.name)
