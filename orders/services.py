"""Writes of drafts, and of orders after they are placed: paying and cancelling."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.models import User
from catalog.models import ProductVariant
from catalog.stock import InsufficientStock
from core.emails import normalize_email
from core.errors import NotFound, TooManyAttempts, ValidationError, field_errors
from core.tasks import enqueue
from core.throttle import Limit, count_attempt
from orders import cancellation
from orders.cart import check_payable_at_once, check_quantity, too_many_of_one
from orders.choices import Choice, find_variant
from orders.errors import OrderNotEditable, PaymentUnavailable
from orders.filling import KEPT, item_of, put_items
from orders.mail import mail_link
from orders.models import MAX_LINES, MAX_QUANTITY, Order, OrderItem, OrderStatus
from orders.numbers import read_number, redraw_if_taken
from orders.owners import Owner
from orders.payments.attempts import ensure_attempt, live_attempt, start_payment
from orders.payments.settlement import try_settle
from orders.totals import FROZEN, FROZEN_OF_ITEMS, freeze, put_taxes, sale_to
from pricing.tax import home
from pricing.terms import Goods, price, read_terms

MAX_DRAFTS = 10
# Numbers can be guessed, and each mail goes to an address that somebody else may have typed.
REQUEST_ORDER_LINK_LIMITS = [
    Limit(action="request_order_link", rate="50/1h", by_address=True),
    Limit(action="request_order_link", rate="5/1h", by_account=True),
]


@redraw_if_taken
@transaction.atomic(durable=True)
def create_order(*, user: User, now: datetime) -> UUID:
    """Create an empty draft and return its uuid.

    Raises: TooManyAttempts beyond MAX_DRAFTS, until drafts are placed or cancelled.
    Locks: the user.
    """
    User.objects.select_for_update().get(pk=user.pk)
    if Order.objects.filter(user=user, status=OrderStatus.DRAFT).count() >= MAX_DRAFTS:
        raise TooManyAttempts(retry_after_seconds=int(settings.STORE_ORDER_EXPIRY.total_seconds()))
    return Order.objects.create(
        user=user, currency=settings.STORE_CURRENCY, created_at=now, updated_at=now
    ).pk


@transaction.atomic(durable=True)
def add_order_item(*, owner: Owner, order_uuid: UUID, choice: Choice, quantity: int, now: datetime) -> None:
    """Add to a variant's quantity in the draft. Stock is only taken when the draft is placed.

    Raises: ValidationError, NotFound, OrderNotEditable, InsufficientStock.
    Locks: the order.
    """
    check_quantity(quantity)
    order = lock_draft(owner, order_uuid)
    variant = find_variant(choice)
    items = items_by_variant(order)
    if variant.pk not in items and len(items) >= MAX_LINES:
        raise ValidationError.of(
            **{
                choice.field: _("An order can have at most %(most)s products. Please remove one first.")
                % {"most": MAX_LINES}
            }
        )
    wanted = quantity + (items[variant.pk].quantity if variant.pk in items else 0)
    if wanted > MAX_QUANTITY:
        raise too_many_of_one()
    if wanted > variant.stock:
        raise InsufficientStock(variant=variant, product_name=variant.product.name, requested=wanted)
    item = item_of(order, variant, name=variant.product.name, quantity=wanted)
    item.product = variant.product
    items[variant.pk] = item
    add_up(order, items, added=item, now=now)


@transaction.atomic(durable=True)
def remove_order_item(*, owner: Owner, order_uuid: UUID, choice: Choice, now: datetime) -> None:
    """Take a variant out, even one that has been deleted.

    Raises: NotFound, OrderNotEditable; ValidationError, where the product has several variants, and the item's own
    still exists.
    Locks: the order.
    """
    order = lock_draft(owner, order_uuid)
    others = ProductVariant.objects.filter(product=OuterRef("product")).exclude(pk=OuterRef("variant_key"))
    found = order.items.filter(**{f"{choice.noun}_key": choice.key}).annotate(has_several=Exists(others))
    items = list(found[:2])
    if not items:
        raise NotFound(_("No such product in the order."))
    several = items[0].variant_id is not None and items[0].has_several
    if choice.by_product and (len(items) > 1 or several):
        raise choice.refuse_several()
    items[0].delete()
    add_up(order, items_by_variant(order), now=now)


def lock_draft(owner: Owner, order_uuid: UUID) -> Order:
    order = Order.objects.select_for_update().filter(pk=order_uuid, **owner.lookup()).first()
    if order is None:
        raise NotFound(_("No such order."))
    if order.status != OrderStatus.DRAFT:
        raise OrderNotEditable(order_uuid=order_uuid, status=OrderStatus(order.status))
    return order


def items_by_variant(order: Order) -> dict[int, OrderItem]:
    """Return the items of the order with their products, by the keys of their variants."""
    return {item.variant_key: item for item in order.items.select_related("product")}


def add_up(
    order: Order, items: Mapping[int, OrderItem], *, added: OrderItem | None = None, now: datetime
) -> None:
    """Write what the draft costs in the shop's country, with one item that is `added` or changed.

    Raises: ValidationError, if it is too much for one payment.
    """
    sale = sale_to(home(), now=now)
    terms = read_terms(sale, delivers=False)
    priced = price([goods_of_item(key, item) for key, item in items.items()], terms, with_code=False)
    freeze(order, items, priced, sale)
    check_payable_at_once(order.amount)
    if added:
        put_items([added], written=(*KEPT, "quantity"))
    OrderItem.objects.bulk_update(
        [item for item in items.values() if item is not added], fields=FROZEN_OF_ITEMS
    )
    put_taxes(order, items, priced.quote)
    order.updated_at = now
    order.save(update_fields=[*FROZEN, "updated_at"])


def goods_of_item(key: int, item: OrderItem) -> Goods:
    """Return what decides on the price of a draft's item. It has no code, and its destination is not known yet."""
    return Goods(
        key=key,
        product=item.product_id or 0,
        path="",
        tax_class=item.product.tax_class_id if item.product else None,
        is_shipped=item.requires_shipping,
        weight=0,
        unit=item.unit_price,
        full=item.unit_price,
        quantity=item.quantity,
    )


def retry_payment(*, owner: Owner, order_uuid: UUID, now: datetime) -> None:
    """Start the pending order's live attempt at paying, or a new one.

    Raises: NotFound, OrderNotEditable, PaymentUnavailable.
    """
    get_order(owner, order_uuid)
    if not start_payment(ensure_attempt(order_uuid, now=now), now=now):
        raise PaymentUnavailable


def refresh_payment(*, owner: Owner, order_uuid: UUID, now: datetime) -> None:
    """Update the order from the state of its payment at Stripe.

    Raises: NotFound, PaymentUnavailable.
    """
    get_order(owner, order_uuid)
    payment = live_attempt(order_uuid)
    if payment is None:
        return
    if not (start_payment(payment, now=now) and try_settle(payment, now=now)):
        raise PaymentUnavailable


def cancel_order(*, owner: Owner, order_uuid: UUID, now: datetime) -> None:
    """Cancel the owner's order, and refund it if it is paid.

    Raises: NotFound, OrderNotCancellable.
    """
    cancellation.cancel(get_order(owner, order_uuid), now=now)


def request_order_link(request: HttpRequest, *, number: str, email: str) -> None:
    """Mail the link of the order with this number again, if the order has this address.

    The caller cannot tell whether it has, because only the task looks for it.

    Raises: ValidationError, if this is neither the form of a number nor an e-mail address; TooManyAttempts.
    """
    read = read_number(number)
    if read is None:
        raise ValidationError.of(number=_("Enter the number with its nine digits, such as 482-917-350."))
    with field_errors(**{NON_FIELD_ERRORS: "email"}):
        email = normalize_email(email)
    count_attempt(request, REQUEST_ORDER_LINK_LIMITS, account=email)
    enqueue(mail_link, read, email)


def get_order(owner: Owner, order_uuid: UUID) -> Order:
    order = Order.objects.filter(pk=order_uuid, **owner.lookup()).first()
    if order is None:
        raise NotFound(_("No such order."))
    return order
