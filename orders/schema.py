"""The queries and mutations of carts, checkout and orders."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated
from uuid import UUID

import strawberry
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

import api
from core.errors import NotFound
from core.throttle import Limit, client_address, count_attempt, count_failures
from orders import cart, cart_terms, checkout, links, models, returns, selectors, services, types
from orders.errors import OrderError
from orders.owners import Owner, ensure_owner, owner_of

# These only stop floods, of refused attempts as well. orders.holds limits the stock that one owner can hold.
CHECKOUT_LIMITS = [
    Limit(action="checkout", rate="6000/5m", by_address=True, uncounted=True),
    Limit(action="checkout", rate="3000/5m", by_account=True, uncounted=True),
]
# Each of these calls Stripe. A page that waits for the bank's answer sends one every few seconds.
PAYMENT_LIMITS = [Limit(action="payment", rate="60/5m", by_account=True, uncounted=True)]
# Of refused codes, so that nobody finds one by trying.
CODE_LIMITS = [Limit(action="discount_code", rate="20/5m", by_address=True)]
RETURN_LIMITS = [Limit(action="request_return", rate="60/1h", by_address=True, uncounted=True)]
CREATE_ORDER_LIMITS = [Limit(action="create_order", rate="100/1h", by_account=True, uncounted=True)]


@strawberry.type
class Query:
    @strawberry.field(description="The caller's cart. Reading it creates no session.")
    def cart(self, info: api.Info) -> types.Cart:
        return types.Cart.current(info)

    @strawberry.field(
        graphql_type=types.Order | None,
        description="An order of the signed-in person, or of this session's guest; null if there is none.",
    )
    def order(
        self, info: api.Info, uuid: Annotated[UUID, strawberry.argument(description="The order's `uuid`.")]
    ) -> models.Order | None:
        return types.read_order(owner_of(info.context.request), uuid, info)

    @strawberry.field(
        graphql_type=types.Order | None,
        description=(
            "The order that a mailed link leads to, for whoever holds the link. Null if the token has expired, or its "
            "link is incomplete."
        ),
    )
    def order_by_token(
        self,
        info: api.Info,
        token: Annotated[str, strawberry.argument(description="The token of the link.")],
    ) -> models.Order | None:
        info.context.shareable = False  # the token expires
        order = links.order_of(token)
        return types.read_order(Owner(order=order), order, info) if order else None


@strawberry.type
class Mutation:
    @api.mutation(types.CartResult, description="Adds a variant to the cart, or more of it.")
    def add_to_cart(self, info: api.Info, input: types.CartItemInput) -> Callable[[api.Info], types.Cart]:
        choice = types.choice_of(input.product_id, input.variant_id)
        with ensure_owner(info.context.request) as owner:
            cart.ShoppingCart(owner).add(
                choice, input.quantity, idempotency_key=input.idempotency_key, now=timezone.now()
            )
        return types.Cart.current

    @api.mutation(types.CartResult, description="Sets the quantity of an item; 0 removes it.")
    def update_cart_item(
        self, info: api.Info, input: types.UpdateCartItemInput
    ) -> Callable[[api.Info], types.Cart]:
        choice = types.choice_of(input.product_id, input.variant_id)
        owner = owner_of(info.context.request)
        cart.ShoppingCart(owner).update(choice, input.quantity, now=timezone.now())
        return types.Cart.current

    @api.mutation(types.CartResult, description="Removes a variant, even one that is no longer sold.")
    def remove_from_cart(
        self, info: api.Info, input: types.RemoveFromCartInput
    ) -> Callable[[api.Info], types.Cart]:
        choice = types.choice_of(input.product_id, input.variant_id)
        cart.ShoppingCart(owner_of(info.context.request)).remove(choice)
        return types.Cart.current

    @api.mutation(types.CartResult, description="Removes everything from the cart.")
    def clear_cart(self, info: api.Info) -> Callable[[api.Info], types.Cart]:
        cart.ShoppingCart(owner_of(info.context.request)).clear()
        return types.Cart.current

    @api.mutation(
        types.CartDeliveryResult,
        description="Says where the cart goes, and by what. Its total then has delivery and tax as they are there.",
    )
    def set_cart_delivery(
        self, info: api.Info, input: types.CartDeliveryInput
    ) -> Callable[[api.Info], types.Cart]:
        method = types.key_of_method(input.method_id)
        with ensure_owner(info.context.request) as owner:
            cart_terms.set_delivery(
                owner,
                country=input.country,
                zip_code=input.zip_code,
                state=input.state,
                method=method,
                now=timezone.now(),
            )
        return types.Cart.current

    @api.mutation(
        types.DiscountCodeResult,
        description="Applies a discount code to the cart. A cart has one code; another takes its place.",
    )
    def apply_discount_code(
        self, info: api.Info, input: types.DiscountCodeInput
    ) -> Callable[[api.Info], types.Cart]:
        request = info.context.request
        with count_failures(request, CODE_LIMITS), ensure_owner(request) as owner:
            cart_terms.apply_code(owner, text=input.code, now=timezone.now())
        return types.Cart.current

    @api.mutation(types.CartResult, description="Takes the discount code off the cart, if it has one.")
    def remove_discount_code(self, info: api.Info) -> Callable[[api.Info], types.Cart]:
        cart_terms.remove_code(owner_of(info.context.request))
        return types.Cart.current

    @api.mutation(
        types.CheckoutResult,
        description=(
            "Places an order of everything in the cart: in one transaction it creates the order and its items, takes "
            "the stock and empties the cart. The same shopper's idempotencyKey always returns the same order. An "
            "error changes nothing."
        ),
        limits=CHECKOUT_LIMITS,
    )
    def checkout(self, info: api.Info, input: types.CheckoutInput) -> QuerySet[models.Order]:
        with ensure_owner(info.context.request) as owner:
            uuid = checkout.checkout(
                owner=owner,
                address=client_address(info.context.request),
                details=input.to_details(),
                idempotency_key=input.idempotency_key,
                expected_total=input.expected_total,
                now=timezone.now(),
            )
        return models.Order.objects.filter(pk=uuid)

    @api.mutation(
        types.CreateOrderResult,
        description="Creates an empty draft. Fill it with `addOrderItem`, and place it with `placeOrder`.",
        limits=CREATE_ORDER_LIMITS,
    )
    def create_order(self, info: api.Info) -> QuerySet[models.Order]:
        user = api.require_user(info)
        uuid = services.create_order(user=user, now=timezone.now())
        return selectors.order(Owner(user=user), uuid)

    @api.mutation(types.OrderItemResult, description="Adds a variant to a draft, or more of it.")
    def add_order_item(self, info: api.Info, input: types.OrderItemInput) -> QuerySet[models.Order]:
        owner = require_owner(info)
        services.add_order_item(
            owner=owner,
            order_uuid=input.order_uuid,
            choice=types.choice_of(input.product_id, input.variant_id),
            quantity=input.quantity,
            now=timezone.now(),
        )
        return selectors.order(owner, input.order_uuid)

    @api.mutation(types.OrderItemResult, description="Removes a variant from a draft.")
    def remove_order_item(self, info: api.Info, input: types.RemoveOrderItemInput) -> QuerySet[models.Order]:
        owner = require_owner(info)
        services.remove_order_item(
            owner=owner,
            order_uuid=input.order_uuid,
            choice=types.choice_of(input.product_id, input.variant_id),
            now=timezone.now(),
        )
        return selectors.order(owner, input.order_uuid)

    @api.mutation(
        types.CheckoutResult,
        description="Places a draft. A draft that is placed already is returned unchanged.",
        limits=CHECKOUT_LIMITS,
    )
    def place_order(self, info: api.Info, input: types.PlaceOrderInput) -> QuerySet[models.Order]:
        owner = require_owner(info)
        checkout.place_draft(
            owner=owner,
            address=client_address(info.context.request),
            order_uuid=input.order_uuid,
            details=input.to_details(),
            expected_total=input.expected_total,
            now=timezone.now(),
        )
        return selectors.order(owner, input.order_uuid)

    @api.mutation(types.RetryPaymentResult, description="Starts another attempt at paying a pending order.")
    def retry_payment(self, info: api.Info, input: types.OrderInput) -> Callable[[api.Info], models.Order]:
        owner = require_paying_owner(info, input.token)
        with told_to(owner):
            services.retry_payment(owner=owner, order_uuid=input.uuid, now=timezone.now())
        return changed_order(owner, input.uuid)

    @api.mutation(
        types.RetryPaymentResult,
        description="Updates the payment from the payment provider, for the page that the shopper returns to.",
    )
    def refresh_payment(self, info: api.Info, input: types.OrderInput) -> Callable[[api.Info], models.Order]:
        owner = require_paying_owner(info, input.token)
        services.refresh_payment(owner=owner, order_uuid=input.uuid, now=timezone.now())
        return changed_order(owner, input.uuid)

    @api.mutation(
        types.CancelOrderResult,
        description="Cancels an order that is not shipped, and refunds what was paid.",
    )
    def cancel_order(self, info: api.Info, input: types.OrderInput) -> Callable[[api.Info], models.Order]:
        owner = require_owner(info, input.token)
        with told_to(owner):
            services.cancel_order(owner=owner, order_uuid=input.uuid, now=timezone.now())
        return changed_order(owner, input.uuid)

    @api.mutation(
        types.ReturnResult,
        description="Asks for the return of what was shipped, within the time for it. No reason is needed.",
        limits=RETURN_LIMITS,
    )
    def request_return(
        self, info: api.Info, input: types.RequestReturnInput
    ) -> Callable[[api.Info], models.Order]:
        owner = require_owner(info, input.token)
        returns.request_return(
            owner=owner,
            order_uuid=input.order_uuid,
            quantities=input.quantities(),
            reason=input.reason,
            now=timezone.now(),
        )
        return changed_order(owner, input.order_uuid)

    @api.mutation(
        types.RequestOrderLinkResult,
        description=(
            "Mails the link of an order again, with a fresh token. The answer is the same whether or not there is an "
            "order with this number and address."
        ),
    )
    def request_order_link(self, info: api.Info, input: types.RequestOrderLinkInput) -> api.Done:
        services.request_order_link(info.context.request, number=input.number, email=input.email)
        return api.Done()


def changed_order(owner: Owner, uuid: UUID) -> Callable[[api.Info], models.Order]:
    """Return what reads the order after the change. Raises NotFound, if somebody has deleted it since."""

    def read(info: api.Info) -> models.Order:
        order = types.read_order(owner, uuid, info)
        if order is None:
            raise NotFound("order")
        return order

    return read


@contextmanager
def told_to(owner: Owner) -> Iterator[None]:
    """Let errors of the block show the order to the holder of its link, too."""
    try:
        yield
    except OrderError as error:
        error.by_link = owner.order is not None
        raise


def require_owner(info: api.Info, token: str | None = None) -> Owner:
    """Return the owner who is asking, or the holder of the link with this token.

    Raises: NotFound, for a token that opens nothing, and a visitor who has written nothing yet and so has no orders.
    """
    if token is None:
        owner = owner_of(info.context.request)
    else:
        order = links.order_of(token)
        owner = Owner(order=order) if order else None
    if owner is None:
        raise NotFound(_("No such order."))
    return owner


def require_paying_owner(info: api.Info, token: str | None) -> Owner:
    """Return the owner who is asking, and count a call to Stripe for them.

    Raises: NotFound; TooManyAttempts beyond PAYMENT_LIMITS.
    """
    owner = require_owner(info, token)
    count_attempt(info.context.request, PAYMENT_LIMITS, account=f"{owner.column}:{owner.key}")
    return owner
