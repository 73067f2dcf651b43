"""GraphQL inputs and results of the mutations of carts and orders."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

import strawberry
from django.utils.translation import gettext as _
from strawberry import relay

import api
from accounts.types import PostalAddressInput
from catalog.types import InsufficientStock
from core.errors import ValidationError
from orders import details, models, selectors
from orders.choices import Choice
from orders.models import MAX_NOTE, OrderStatus
from orders.owners import Owner, owner_of
from orders.types.carts import Cart
from orders.types.orders import Order, read_order
from pricing.types import DeliveryUnavailable, DiscountCodeRefused

# ── Errors ───────────────────────────────────────────────────────────────────


@strawberry.type(description="The cart or the draft is empty, so there is nothing to buy.")
class CartEmpty(api.UserError):
    pass


@strawberry.type(description="The product, or the variant of it, has been deleted since it was added.")
class ProductUnavailable(api.UserError):
    product_pk: strawberry.Private[int]
    variant_pk: strawberry.Private[int]
    name: str = strawberry.field(description="Name of the product.")
    variant_title: str = strawberry.field(description="Title of the variant; empty if it had none.")

    @strawberry.field(description="ID of the product, for `removeFromCart` or `removeOrderItem`.")
    def product_id(self) -> strawberry.ID:
        return api.id_of("Product", self.product_pk)

    @strawberry.field(description="ID of the variant, for the same.")
    def variant_id(self) -> strawberry.ID:
        return api.id_of("ProductVariant", self.variant_pk)


@strawberry.type(
    description="The total differs from `expectedTotal`. Show the actual total, and ask the shopper again."
)
class TotalChanged(api.UserError):
    expected: api.Money = strawberry.field(description="The total that the shopper was shown.")
    actual: api.Money = strawberry.field(description="The total that would be charged now.")


@strawberry.type(
    description="The payment cannot be taken: its amount is too small or too large, or the provider is unreachable."
)
class PaymentUnavailable(api.UserError):
    pass


@strawberry.type(
    description="The shopper's unpaid orders leave no room for another one: pay or cancel one of `orders` first."
)
class TooManyOpenOrders(api.UserError):
    @strawberry.field(
        graphql_type=list[Order], description="The unpaid orders, the oldest first, at most three."
    )
    def orders(self, info: api.Info) -> list[api.HasKey]:
        mine = selectors.orders_of(owner_of(info.context.request))
        return api.every(mine.filter(status=OrderStatus.PENDING).order_by("created_at", "pk"), info)


@strawberry.type
class OrderError(api.UserError):
    """The fields of errors that come of an order's status. The client that caused one had another in its cache."""

    order_uuid: strawberry.Private[UUID]
    by_link: strawberry.Private[bool]
    status: OrderStatus = strawberry.field(description="The order's status.")

    @strawberry.field(
        graphql_type=Order | None,
        description="The order as it is now, for the client's cache; null if it has been deleted since.",
    )
    def order(self, info: api.Info) -> models.Order | None:
        owner = Owner(order=self.order_uuid) if self.by_link else owner_of(info.context.request)
        return read_order(owner, self.order_uuid, info)


@strawberry.type(description="The order's status does not allow this change.")
class OrderNotEditable(OrderError):
    pass


@strawberry.type(description="The order cannot be cancelled, for the reason in `message`.")
class OrderNotCancellable(OrderError):
    pass


@strawberry.type(description="This cannot be returned, or not any more, for the reason in `message`.")
class ReturnNotPossible(api.UserError):
    pass


# ── Inputs ───────────────────────────────────────────────────────────────────


PRODUCT_ID = "ID of the product, which is enough if it has one variant. Give either this or `variantId`."
VARIANT_ID = "ID of the variant."


def choice_of(product_id: relay.GlobalID | None, variant_id: relay.GlobalID | None) -> Choice:
    """Return what is chosen by one of the two ids.

    Raises:
        ValidationError: neither is given, or both.
    """
    if variant_id is None and product_id is None:
        raise ValidationError.of(productId=_("Give either `productId` or `variantId`."))
    if variant_id is None:
        assert product_id is not None
        return Choice(api.key_of(product_id, "Product"), by_product=True)
    if product_id is not None:
        raise ValidationError.of(variantId=_("Give either `productId` or `variantId`, not both."))
    return Choice(api.key_of(variant_id, "ProductVariant"))


@strawberry.input(description="A variant to add to the cart, with a quantity.")
class CartItemInput:
    product_id: relay.GlobalID | None = strawberry.field(default=None, description=PRODUCT_ID)
    variant_id: relay.GlobalID | None = strawberry.field(default=None, description=VARIANT_ID)
    quantity: int = strawberry.field(
        default=1, description="The quantity to add, at least 1. The cart can hold 999 of a variant."
    )
    idempotency_key: UUID | None = strawberry.field(
        default=None,
        description="A key that the client makes for each addition, so that it may send it again after a lost answer: "
        "among the last 20 keys of the cart, one adds once. A key that was refused can be used again.",
    )


@strawberry.input(description="A variant in the cart, with its new quantity.")
class UpdateCartItemInput:
    product_id: relay.GlobalID | None = strawberry.field(default=None, description=PRODUCT_ID)
    variant_id: relay.GlobalID | None = strawberry.field(default=None, description=VARIANT_ID)
    quantity: int = strawberry.field(description="The new quantity, 0 to 999. 0 removes the item.")


@strawberry.input(description="A variant to remove from the cart. It may have been deleted.")
class RemoveFromCartInput:
    product_id: relay.GlobalID | None = strawberry.field(default=None, description=PRODUCT_ID)
    variant_id: relay.GlobalID | None = strawberry.field(default=None, description=VARIANT_ID)


@strawberry.input(
    description="A shipping address. Some countries need a postal code or a state: `addressRules` lists the "
    "fields that a country requires."
)
class ShippingInput(PostalAddressInput):
    email: str = strawberry.field(description="E-mail address for the confirmation.")

    def row(self) -> models.Shipping:
        """Build the unsaved row."""
        return models.Shipping(**vars(self))


@strawberry.input(description="Who the invoice is for.")
class BillingInput:
    company: str = strawberry.field(default="", description="Company, at most 200 characters.")
    vat_id: str = strawberry.field(
        default="",
        description="VAT id of a company in the European Union, such as DE136695976, with any spaces and dots. With "
        "it, and where the law has it so, no tax is charged (reverse charge).",
    )
    address: ShippingInput | None = strawberry.field(
        default=None, description="The billing address; the shipping address if it is null."
    )

    def to_billing(self) -> details.Billing:
        return details.Billing(
            company=self.company, vat_id=self.vat_id, address=self.address.row() if self.address else None
        )


@strawberry.input
class DetailsInput:
    """The fields of all inputs that place an order."""

    shipping: ShippingInput = strawberry.field(description="The shipping address.")
    billing: BillingInput | None = strawberry.field(
        default=None, description="Who the invoice is for; null if nobody else was asked for."
    )
    note: str = strawberry.field(
        default="", description=f"A note for the store, at most {MAX_NOTE} characters."
    )
    delivery_method_id: relay.GlobalID | None = strawberry.field(
        default=None,
        description=(
            "ID of the delivery method. Needed where none was chosen for the cart, and several can deliver there."
        ),
    )

    def to_details(self) -> details.Details:
        return details.Details(
            shipping=self.shipping.row(),
            billing=self.billing.to_billing() if self.billing else None,
            note=self.note,
            delivery_method=key_of_method(self.delivery_method_id),
        )


def key_of_method(id: relay.GlobalID | None) -> int | None:
    return None if id is None else api.key_of(id, "DeliveryMethod")


@strawberry.input(description="The details of a checkout.")
class CheckoutInput(DetailsInput):
    idempotency_key: UUID = strawberry.field(
        description="A UUID that the client makes, one for each purchase. Send the same one again when retrying."
    )
    expected_total: Decimal | None = strawberry.field(
        default=None, description="The total that the shopper was shown; any other total is refused."
    )


@strawberry.input(description="Where the cart goes, and by what.")
class CartDeliveryInput:
    country: str = strawberry.field(description="ISO 3166-1 alpha-2 code of the country.")
    zip_code: str = strawberry.field(default="", description="Postal code, if it is known already.")
    state: str = strawberry.field(
        default="", description="Name or code of the state, province or region, if it is known already."
    )
    method_id: relay.GlobalID | None = strawberry.field(
        default=None, description="ID of the delivery method; the cheapest, if it is left out."
    )


@strawberry.input(description="A discount code.")
class DiscountCodeInput:
    code: str = strawberry.field(description="The code. Case and spaces do not matter.")


@strawberry.input(description="One of the caller's orders, or the order of a mailed link.")
class OrderInput:
    uuid: UUID = strawberry.field(description="UUID of the order.")
    token: str | None = strawberry.field(
        default=None, description="The token of the order's mailed link, for whoever holds it."
    )


@strawberry.input(description="An order, as its confirmation names it.")
class RequestOrderLinkInput:
    number: str = strawberry.field(description="Number of the order, such as 482-917-350.")
    email: str = strawberry.field(description="The order's e-mail address, which receives the link.")


@strawberry.input(description="A variant to add to a draft, with a quantity.")
class OrderItemInput:
    order_uuid: UUID = strawberry.field(description="UUID of the draft.")
    product_id: relay.GlobalID | None = strawberry.field(default=None, description=PRODUCT_ID)
    variant_id: relay.GlobalID | None = strawberry.field(default=None, description=VARIANT_ID)
    quantity: int = strawberry.field(
        default=1, description="The quantity to add, at least 1. The draft can have 999 of a variant."
    )


@strawberry.input(description="A variant to remove from a draft. It may have been deleted.")
class RemoveOrderItemInput:
    order_uuid: UUID = strawberry.field(description="UUID of the draft.")
    product_id: relay.GlobalID | None = strawberry.field(default=None, description=PRODUCT_ID)
    variant_id: relay.GlobalID | None = strawberry.field(default=None, description=VARIANT_ID)


@strawberry.input(description="A draft to place, with the details of a checkout.")
class PlaceOrderInput(DetailsInput):
    order_uuid: UUID = strawberry.field(description="UUID of the draft.")
    expected_total: Decimal | None = strawberry.field(
        default=None, description="The total that the shopper was shown; any other total is refused."
    )


@strawberry.input(description="A quantity of an order's item to return.")
class ReturnItemInput:
    order_item_id: relay.GlobalID = strawberry.field(description="ID of the order's item.")
    quantity: int = strawberry.field(description="How many of it, at least 1.")


@strawberry.input(description="What to return of one of the caller's orders.")
class RequestReturnInput:
    order_uuid: UUID = strawberry.field(description="UUID of the order.")
    items: list[ReturnItemInput] = strawberry.field(description="The items, each once.")
    reason: str = strawberry.field(
        default="",
        description=f"The reason, if the customer wants to give one: at most {MAX_NOTE} characters.",
    )
    token: str | None = strawberry.field(
        default=None, description="The token of the order's mailed link, for whoever holds it."
    )

    def quantities(self) -> list[tuple[int, int]]:
        return [(api.key_of(item.order_item_id, "OrderItem"), item.quantity) for item in self.items]


# ── Results ──────────────────────────────────────────────────────────────────

CartResult = Annotated[
    Cart | InsufficientStock | ProductUnavailable | api.NotFound | api.ValidationError,
    strawberry.union("CartResult", description="The cart, or why it could not be changed."),
]
CartDeliveryResult = Annotated[
    Cart | DeliveryUnavailable | api.ValidationError,
    strawberry.union(
        "CartDeliveryResult",
        description="The cart with what delivery costs, or why it cannot be delivered there.",
    ),
]
DiscountCodeResult = Annotated[
    Cart | DiscountCodeRefused | api.TooManyAttempts,
    strawberry.union(
        "DiscountCodeResult", description="The cart with the code, or why the code cannot be used."
    ),
]
CheckoutResult = Annotated[
    Order
    | CartEmpty
    | InsufficientStock
    | ProductUnavailable
    | TotalChanged
    | DeliveryUnavailable
    | DiscountCodeRefused
    | api.ValidationError
    | PaymentUnavailable
    | TooManyOpenOrders
    | OrderNotEditable
    | api.NotFound,
    strawberry.union("CheckoutResult", description="The order, or why it could not be placed."),
]
CreateOrderResult = Annotated[
    Order | api.TooManyAttempts,
    strawberry.union("CreateOrderResult", description="The new draft, or why none could be created."),
]
OrderItemResult = Annotated[
    Order | api.NotFound | InsufficientStock | ProductUnavailable | OrderNotEditable | api.ValidationError,
    strawberry.union("OrderItemResult", description="The draft, or why it could not be changed."),
]
RetryPaymentResult = Annotated[
    Order | api.NotFound | OrderNotEditable | PaymentUnavailable,
    strawberry.union(
        "RetryPaymentResult",
        description="The order with its payment, or why the payment could not be started or updated.",
    ),
]
CancelOrderResult = Annotated[
    Order | api.NotFound | OrderNotCancellable,
    strawberry.union(
        "CancelOrderResult", description="The cancelled order, or why it could not be cancelled."
    ),
]
ReturnResult = Annotated[
    Order | ReturnNotPossible | api.ValidationError | api.NotFound,
    strawberry.union(
        "ReturnResult", description="The order with its returns, or why nothing can be returned."
    ),
]
RequestOrderLinkResult = Annotated[
    api.Done | api.ValidationError | api.TooManyAttempts,
    strawberry.union(
        "RequestOrderLinkResult",
        description="Done if the request was accepted, or why no link could be requested.",
    ),
]
