"""Cart, checkout and orders: queries and mutations."""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

import strawberry
from django.db.models import QuerySet
from django.utils import timezone

import api
from core.errors import NotFound
from core.throttle import Limit, client_address, count_attempt
from orders import cart, checkout, models, selectors, services, types
from orders.owners import Owner, ensure_owner, owner_of

# Against floods alone, also of refused attempts: how much stock one owner can hold is bounded in orders.holds.
CHECKOUT_LIMITS = [
    Limit(action="checkout", rate="6000/5m", by_address=True),
    Limit(action="checkout", rate="3000/5m", by_account=True),
]
# Each asks Stripe. A page that waits for the bank's answer asks every few seconds.
PAYMENT_LIMITS = [Limit(action="payment", rate="60/5m", by_account=True)]
CREATE_ORDER_LIMITS = [Limit(action="create_order", rate="100/1h", by_account=True)]


@strawberry.type
class Query:
    @strawberry.field(description="The caller's cart. Reading it makes no session.")
    def cart(self, info: api.Info) -> types.Cart:
        return types.Cart.current(info)

    @strawberry.field(
        graphql_type=types.Order | None,
        description="An order of the signed-in person, or one that this browser's session placed as a guest.",
    )
    def order(
        self, info: api.Info, uuid: Annotated[UUID, strawberry.argument(description="As the order tells it.")]
    ) -> api.HasKey | None:
        return api.one(selectors.order(owner_of(info.context.request), uuid), info)


@strawberry.type
class Mutation:
    @api.mutation(types.CartResult, description="Puts so many more of a product into the cart.")
    def add_to_cart(self, info: api.Info, input: types.CartItemInput) -> Callable[[api.Info], types.Cart]:
        product_pk = api.key_of(input.product_id, "Product")
        with ensure_owner(info.context.request) as owner:
            cart.ShoppingCart(owner).add(product_pk, input.quantity, now=timezone.now())
        return types.Cart.current

    @api.mutation(types.CartResult, description="Sets the quantity; 0 removes the item.")
    def update_cart_item(
        self, info: api.Info, input: types.UpdateCartItemInput
    ) -> Callable[[api.Info], types.Cart]:
        product_pk = api.key_of(input.product_id, "Product")
        owner = owner_of(info.context.request)
        cart.ShoppingCart(owner).update(product_pk, input.quantity, now=timezone.now())
        return types.Cart.current

    @api.mutation(types.CartResult, description="Takes a product out, also one that is no longer sold.")
    def remove_from_cart(
        self, info: api.Info, input: types.RemoveFromCartInput
    ) -> Callable[[api.Info], types.Cart]:
        cart.ShoppingCart(owner_of(info.context.request)).remove(api.key_of(input.product_id, "Product"))
        return types.Cart.current

    @api.mutation(types.CartResult, description="Takes everything out.")
    def clear_cart(self, info: api.Info) -> Callable[[api.Info], types.Cart]:
        cart.ShoppingCart(owner_of(info.context.request)).clear()
        return types.Cart.current

    @api.mutation(
        types.CheckoutResult,
        description=(
            "In one transaction: read the cart, create the order and its items, take the stock, empty the cart. The "
            "same idempotencyKey of the same shopper always answers with the same order. Any refusal leaves all as "
            "it was."
        ),
        limits=CHECKOUT_LIMITS,
    )
    def checkout(self, info: api.Info, input: types.CheckoutInput) -> QuerySet[models.Order]:
        with ensure_owner(info.context.request) as owner:
            uuid = checkout.checkout(
                owner=owner,
                address=client_address(info.context.request),
                shipping=input.shipping.row(),
                idempotency_key=input.idempotency_key,
                expected_total=input.expected_total,
                now=timezone.now(),
            )
        return models.Order.objects.filter(pk=uuid)

    @api.mutation(
        types.CreateOrderResult,
        description="An empty draft of the signed-in person, to be filled item by item and then placed.",
        limits=CREATE_ORDER_LIMITS,
    )
    def create_order(self, info: api.Info) -> QuerySet[models.Order]:
        user = api.signed_in(info)
        uuid = services.create_order(user=user, now=timezone.now())
        return selectors.order(Owner(user=user), uuid)

    @api.mutation(types.OrderItemResult, description="Puts so many more of a product into a draft.")
    def add_order_item(self, info: api.Info, input: types.OrderItemInput) -> QuerySet[models.Order]:
        owner = require_owner(info)
        services.add_order_item(
            owner=owner,
            order_uuid=input.order_uuid,
            product_pk=api.key_of(input.product_id, "Product"),
            quantity=input.quantity,
            now=timezone.now(),
        )
        return selectors.order(owner, input.order_uuid)

    @api.mutation(types.OrderItemResult, description="Takes a product out of a draft.")
    def remove_order_item(self, info: api.Info, input: types.RemoveOrderItemInput) -> QuerySet[models.Order]:
        owner = require_owner(info)
        services.remove_order_item(
            owner=owner,
            order_uuid=input.order_uuid,
            product_pk=api.key_of(input.product_id, "Product"),
            now=timezone.now(),
        )
        return selectors.order(owner, input.order_uuid)

    @api.mutation(
        types.CheckoutResult,
        description="Places a draft; a draft that is placed already answers as it is.",
        limits=CHECKOUT_LIMITS,
    )
    def place_order(self, info: api.Info, input: types.PlaceOrderInput) -> QuerySet[models.Order]:
        owner = require_owner(info)
        checkout.place_draft(
            owner=owner,
            address=client_address(info.context.request),
            order_uuid=input.order_uuid,
            shipping=input.shipping.row(),
            expected_total=input.expected_total,
            now=timezone.now(),
        )
        return selectors.order(owner, input.order_uuid)

    @api.mutation(types.RetryPaymentResult, description="Another attempt at paying a pending order.")
    def retry_payment(self, info: api.Info, input: types.OrderInput) -> QuerySet[models.Order]:
        owner = require_paying_owner(info)
        services.retry_payment(owner=owner, order_uuid=input.uuid, now=timezone.now())
        return selectors.order(owner, input.uuid)

    @api.mutation(
        types.RetryPaymentResult,
        description="Asks the payment provider how the payment stands: for the page that the shopper returns to.",
    )
    def refresh_payment(self, info: api.Info, input: types.OrderInput) -> QuerySet[models.Order]:
        owner = require_paying_owner(info)
        services.refresh_payment(owner=owner, order_uuid=input.uuid, now=timezone.now())
        return selectors.order(owner, input.uuid)

    @api.mutation(
        types.CancelOrderResult, description="Gives up an order that is not shipped; what was paid goes back."
    )
    def cancel_order(self, info: api.Info, input: types.OrderInput) -> QuerySet[models.Order]:
        owner = require_owner(info)
        services.cancel_order(owner=owner, order_uuid=input.uuid, now=timezone.now())
        return selectors.order(owner, input.uuid)


def require_owner(info: api.Info) -> Owner:
    """Who may have orders; a visitor who has written nothing yet has none."""
    owner = owner_of(info.context.request)
    if owner is None:
        raise NotFound("order")
    return owner


def require_paying_owner(info: api.Info) -> Owner:
    """The same for one who asks Stripe by it: TooManyAttempts beyond PAYMENT_LIMITS."""
    owner = require_owner(info)
    count_attempt(info.context.request, PAYMENT_LIMITS, account=f"{owner.column}:{owner.key}")
    return owner
