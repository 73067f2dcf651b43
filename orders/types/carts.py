"""GraphQL types of a cart and of the changes of what is in it."""

from decimal import Decimal
from typing import Annotated, Protocol

import strawberry
import strawberry_django
from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from strawberry import relay

import api
from catalog.types import HasFinalPrice, Product, ProductVariant
from catalog.visibility import is_published
from core.money import from_units
from orders import cart, models
from orders.cart import Line
from orders.cart_terms import PricedCart
from orders.owners import Owner, owner_of
from orders.types.taxes import TaxAmount
from pricing.quote import Quote
from pricing.types import AppliedDiscountCode, DeliveryOption, Destination


class HasLinePrice(Protocol):
    variant: HasFinalPrice


class HasLineTotal(HasLinePrice, Protocol):
    quantity: int


# The attribute of a line whose price is not the shop's own.
CHARGED = "charged_unit_price"


def unit_price_of(line: HasLinePrice) -> Decimal:
    """Return the price of one that checkout would charge; `Cart.current` sets it where it is another one."""
    price: Decimal = vars(line).get(CHARGED, line.variant.final_price)
    return price


@strawberry_django.type(models.CartItem, description="A variant of a product in the cart, with its quantity.")
class CartItem(relay.Node):
    id: relay.NodeID[int]
    product: Product = api.field(description="The product as it is now.")
    variant: ProductVariant = api.field(description="The variant as it is now.")
    quantity: int = api.field(description="The quantity, 1 to 999.")

    @api.field(
        description=(
            "The price of one unit that checkout would charge: the variant's current final price. Where the shop keeps "
            "its net prices abroad, it has the tax of the destination."
        )
    )
    @staticmethod
    def unit_price(root: strawberry.Parent[HasLinePrice]) -> api.Money:
        return api.Money.of(unit_price_of(root))

    @api.field(description="The unit price times the quantity.")
    @staticmethod
    def total(root: strawberry.Parent[HasLineTotal]) -> api.Money:
        return api.Money.of(unit_price_of(root) * root.quantity)

    @classmethod
    def visible(cls, info: api.Info) -> QuerySet[models.CartItem]:
        return cart.items_of(owner_of(info.context.request)).filter(
            is_published("product__"), variant__stock__isnull=False
        )


@strawberry.type(description="The variant's final price has changed since it was added.")
class PriceChanged:
    item: CartItem = strawberry.field(description="The item with the new price.")
    before: api.Money = strawberry.field(description="The final price when the variant was added.")
    now: api.Money = strawberry.field(description="The current final price, which checkout charges.")


@strawberry.type(description="The stock is smaller than the quantity in the cart.")
class StockReduced:
    item: CartItem = strawberry.field(description="The item with too large a quantity.")
    available: int = strawberry.field(description="The quantity that is still available.")


@strawberry.type(
    description="The product, or the variant of it, is no longer sold. `removeFromCart` removes it from the cart."
)
class ProductRemoved:
    product_id: strawberry.ID = strawberry.field(description="ID of the product, for `removeFromCart`.")
    variant_id: strawberry.ID = strawberry.field(description="ID of the variant, for the same.")
    name: str = strawberry.field(description="Name of the product.")
    variant_title: str = strawberry.field(description="Title of the variant; empty if it had none.")


CartChange = Annotated[
    PriceChanged | StockReduced | ProductRemoved,
    strawberry.union("CartChange", description="A change of a product since it was added to the cart."),
]


@strawberry.type(
    description="The caller's cart. All carts have the same ID, which gives each caller their own."
)
class Cart(relay.Node):
    key: relay.NodeID[str]
    cart: strawberry.Private[cart.ShoppingCart]
    priced: strawberry.Private[PricedCart]

    @strawberry.field(
        graphql_type=list[CartItem], description="The items, in the order in which they were added."
    )
    def items(self) -> list[Line]:
        return self.cart.items

    @strawberry.field(description="The sum of the items' quantities, for a badge.")
    def total_quantity(self) -> int:
        return self.cart.total_quantity

    @strawberry.field(
        description=(
            "Whether any of the items is shipped. If not, `checkout` needs no delivery method, street or phone."
        )
    )
    def requires_shipping(self) -> bool:
        return any(item.requires_shipping for item in self.cart.items)

    @property
    def quote(self) -> Quote:
        return self.priced.priced.quote

    @strawberry.field(description="The total of the items before discounts.")
    def subtotal(self) -> api.Money:
        return money(self.quote.subtotal + self.quote.reduction)

    @strawberry.field(description="The sum of the discounts, of the products and of the code.")
    def discount_total(self) -> api.Money:
        return money(self.quote.reduction + self.quote.discount_total)

    @strawberry.field(description="The price of the delivery, before the code; 0 while it is not known.")
    def delivery_total(self) -> api.Money:
        return money(self.quote.delivery_total)

    @strawberry.field(
        description="The tax. `total` includes it; so do prices if the shop's `pricesIncludeTax` says so."
    )
    def tax_total(self) -> api.Money:
        return money(self.quote.tax_total)

    @strawberry.field(description="The tax by rate, the highest first.")
    def taxes(self) -> list[TaxAmount]:
        return [
            TaxAmount(
                name=tax.rate.name, rate=tax.rate.percent, base=money(tax.base), amount=money(tax.amount)
            )
            for tax in self.quote.taxes
        ]

    @strawberry.field(
        description=(
            "The total that the shopper pays: `subtotal` less `discountTotal`, plus `deliveryTotal`, plus `taxTotal` "
            "unless prices include it. Pass it to `checkout` as `expectedTotal`."
        )
    )
    def total(self) -> api.Money:
        return money(self.quote.total)

    @strawberry.field(description="Where the cart goes; null while that is not known.")
    def destination(self) -> Destination | None:
        known = self.priced.destination
        return (
            Destination(country=known.country, zip_code=known.zip_code, state=known.state) if known else None
        )

    @strawberry.field(
        description=(
            "What can bring the cart to its destination, the cheapest first. Empty while the destination is not known, "
            "and in a shop without delivery methods, which delivers for nothing."
        )
    )
    def delivery_options(self) -> list[DeliveryOption]:
        return [DeliveryOption.of(offer) for offer in self.priced.priced.offers]

    @strawberry.field(
        description="What brings the cart: the chosen option, or the cheapest. Null if there is none."
    )
    def delivery(self) -> DeliveryOption | None:
        chosen = self.priced.priced.delivery
        return DeliveryOption.of(chosen) if chosen else None

    @strawberry.field(description="The cart's discount code; null without one.")
    def discount_code(self) -> AppliedDiscountCode | None:
        code, hindrance = self.priced.row.discount_code, self.priced.hindrance
        if not code:
            return None
        return AppliedDiscountCode(
            code=code,
            amount=money(self.quote.discount_total),
            applies=hindrance is None,
            message=str(hindrance.label) if hindrance else None,
        )

    @strawberry.field(
        graphql_type=list[CartChange],
        description="Changes of the cart's products since they were added.",
    )
    def changes(self) -> list[PriceChanged | StockReduced | ProductRemoved]:
        return [build_change(change) for change in self.cart.changes]

    @classmethod
    def current(cls, info: api.Info) -> "Cart":
        """Read the caller's cart, with everything that the operation selects of its lines, in one statement."""
        owner = owner_of(info.context.request)
        lines = lines_of(owner, info) if owner else []
        shopping = cart.ShoppingCart(owner, lines=lines)
        priced = PricedCart(shopping, now=timezone.now())
        charged = priced.unit_prices()
        for line in lines:
            if line.variant_id in charged:
                vars(line)[CHARGED] = charged[line.variant_id]
        return cls(key="mine", cart=shopping, priced=priced)

    @classmethod
    def resolve_node(cls, node_id: str, *, info: api.Info, required: bool = False) -> "Cart | None":  # type: ignore[override]
        """Return the caller's own cart for the one id that all carts share."""
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
        only=("product", "variant", "quantity", "product_name", "variant_title", "seen_price"),
    )


def money(units: int) -> api.Money:
    """Make an amount of a quote, in the store's currency."""
    return api.Money.of(from_units(units, settings.STORE_CURRENCY))


def build_change(change: cart.Change) -> PriceChanged | StockReduced | ProductRemoved:
    match change:
        case cart.PriceChanged():
            before, now = api.Money.of(change.before), api.Money.of(change.now)
            return PriceChanged(item=change.item, before=before, now=now)  # type: ignore[arg-type]  # its model
        case cart.StockReduced():
            return StockReduced(item=change.item, available=change.available)  # type: ignore[arg-type]  # its model
        case cart.ProductRemoved():
            return ProductRemoved(
                product_id=api.id_of("Product", change.product_pk),
                variant_id=api.id_of("ProductVariant", change.variant_pk),
                name=change.name,
                variant_title=change.variant_title,
            )
