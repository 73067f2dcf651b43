"""Returns: customers ask, the staff approve or decline, receive the goods, put them back, and refund."""

from collections.abc import Collection, Mapping
from datetime import datetime, time, timedelta
from uuid import UUID

from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS
from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from catalog.stock import number_of, put_back
from core.errors import NotFound, ValidationError, field_errors
from orders.errors import STATUS_WORDS, ReturnNotPossible
from orders.events import CUSTOMER, Actor, Kind, record_event
from orders.mail import promise_mail
from orders.models import (
    MAX_LINES,
    Order,
    OrderItem,
    OrderMail,
    OrderStatus,
    Payment,
    Portion,
    Return,
    ReturnStatus,
)
from orders.owners import Owner
from orders.payments.settlement import try_settle
from orders.refunding import Wanted, lock_paid, write_refund

Status = ReturnStatus

RETURNABLE = frozenset({OrderStatus.PARTIALLY_SHIPPED, OrderStatus.SHIPPED})
# The statuses from which a return goes on to each. Goods may arrive unannounced, and a customer may keep them.
MOVES: dict[Status, frozenset[Status]] = {
    Status.APPROVED: frozenset({Status.REQUESTED}),
    Status.DECLINED: frozenset({Status.REQUESTED}),
    Status.RECEIVED: frozenset({Status.REQUESTED, Status.APPROVED}),
    Status.REFUNDED: frozenset({Status.APPROVED, Status.RECEIVED}),
}
EVENTS = {
    Status.APPROVED: Kind.RETURN_APPROVED,
    Status.DECLINED: Kind.RETURN_DECLINED,
    Status.RECEIVED: Kind.RETURN_RECEIVED,
}
MAILS = {
    Status.APPROVED: OrderMail.Kind.RETURN_APPROVED,
    Status.DECLINED: OrderMail.Kind.RETURN_DECLINED,
    Status.RECEIVED: OrderMail.Kind.RETURN_RECEIVED,
}


def last_moment(order: Order) -> datetime | None:
    """Return when the time for returns ends: with a day in the shop's zone, counted from the last parcel.

    None, if nothing has left.
    """
    last = order.fulfilments.aggregate(last=Max("shipped_at"))["last"]
    if last is None:
        return None
    day = timezone.localdate(last) + timedelta(days=settings.STORE_RETURN_DAYS + 1)
    return timezone.make_aware(datetime.combine(day, time()))


@transaction.atomic(durable=True)
def request_return(
    *, owner: Owner, order_uuid: UUID, quantities: Collection[tuple[int, int]], reason: str, now: datetime
) -> None:
    """Ask for the return of items, by primary key. No reason is needed.

    Raises: NotFound, ReturnNotPossible, ValidationError.
    Locks: the order.
    """
    order = Order.objects.select_for_update().filter(pk=order_uuid, **owner.lookup()).first()
    if order is None:
        raise NotFound(_("No such order."))
    check_returnable(order, now=now)
    wanted = check_quantities(order, quantities)
    requested = Return(order=order, reason=reason.strip(), created_at=now, updated_at=now)
    with field_errors(**{NON_FIELD_ERRORS: "reason"}):
        requested.clean_fields(exclude=["order"])
    requested.save(force_insert=True)
    Portion.objects.bulk_create(
        Portion(sent_back=requested, item_id=item, quantity=quantity) for item, quantity in wanted.items()
    )
    OrderItem.objects.filter(pk__in=wanted).update(returned=F("returned") + number_of(wanted))
    Order.objects.filter(pk=order.pk).update(updated_at=now)
    units = sum(wanted.values())
    record_event(order.pk, Kind.RETURN_REQUESTED, by=CUSTOMER, now=now, units=units, text=requested.reason)
    promise_mail(order.pk, OrderMail.Kind.RETURN_REQUESTED, sent_back=requested, now=now)


# Translators: The word stands in "The return is … already."
STATUS_WORDS_OF_RETURNS = {
    Status.REQUESTED: pgettext_lazy("the return is …", "requested"),
    Status.APPROVED: pgettext_lazy("the return is …", "approved"),
    Status.DECLINED: pgettext_lazy("the return is …", "declined"),
    Status.RECEIVED: pgettext_lazy("the return is …", "received"),
    Status.REFUNDED: pgettext_lazy("the return is …", "refunded"),
}


def check_returnable(order: Order, *, now: datetime) -> None:
    """Check whether anything of the order can be returned.

    Raises: ReturnNotPossible.
    """
    if order.status not in RETURNABLE:
        status = STATUS_WORDS[OrderStatus(order.status)]
        raise ReturnNotPossible(
            _("The order is %(status)s. Only what has been shipped can be returned.") % {"status": status}
        )
    if order.disputed_at:
        raise ReturnNotPossible(_("The payment is disputed. Please contact us."))
    end = last_moment(order)
    if end is None or now >= end:
        raise ReturnNotPossible(_("The time for returning this order is over. Please contact us."))


def check_quantities(order: Order, quantities: Collection[tuple[int, int]]) -> Mapping[int, int]:
    """Return the quantities by item.

    Raises: ValidationError, unless each item is there once, and as many as have left and are not returned yet.
    """
    wanted = dict(quantities)
    if not wanted:
        raise ValidationError.of(items=_("Choose what to return."))
    if len(wanted) != len(quantities) or len(wanted) > MAX_LINES:
        raise ValidationError.of(items=_("Name each item once."))
    left = {item.pk: item.fulfilled - item.returned for item in order.items.filter(pk__in=wanted)}
    for place, (item, quantity) in enumerate(quantities):
        if item not in left:
            raise ValidationError.of(**{f"items.{place}.orderItemId": _("The order has no such item.")})
        if not 0 < quantity <= left[item]:
            raise ValidationError.of(
                **{f"items.{place}.quantity": _("You can return %(left)s of this.") % {"left": left[item]}}
            )
    return wanted


@transaction.atomic(durable=True)
def decide(asked: Return, *, to: Status, now: datetime, by: Actor) -> None:
    """Approve or decline a return. What was declined can be asked for again.

    Raises: ReturnNotPossible, if it is decided already.
    Locks: the order.
    """
    lock_return(asked, to, now=now)
    if to == Status.DECLINED:
        portions = number_of(dict(asked.items.values_list("item", "quantity")))
        OrderItem.objects.filter(portions__sent_back=asked).update(returned=F("returned") - portions)
    record_event(asked.order_id, EVENTS[to], by=by, now=now)
    promise_mail(asked.order_id, MAILS[to], sent_back=asked, now=now)


@transaction.atomic(durable=True)
def receive(asked: Return, *, back: Mapping[int, int], now: datetime, by: Actor) -> None:
    """Note that the goods are here, and put those that can be sold again `back` in stock, by item.

    Raises: ReturnNotPossible; ValidationError, for more than was sent back.
    Locks: the order, its products.
    """
    lock_return(asked, Status.RECEIVED, now=now)
    portions = {portion.item_id: portion for portion in asked.items.select_related("item")}
    counted = {item: quantity for item, quantity in back.items() if quantity}
    for item, quantity in counted.items():
        if item not in portions or not 0 < quantity <= portions[item].quantity:
            raise ValidationError.of(items=_("That is more than was sent back."))
    if counted:
        OrderItem.objects.filter(pk__in=counted).update(restocked=F("restocked") + number_of(counted))
        variants = {item: portions[item].item.variant_id for item in counted}
        by_variant = {variant: counted[item] for item, variant in variants.items() if variant is not None}
        put_back(by_variant, order_uuid=asked.order_id, now=now)
    record_event(asked.order_id, Kind.RETURN_RECEIVED, by=by, now=now, restocked=sum(counted.values()))
    promise_mail(asked.order_id, MAILS[Status.RECEIVED], sent_back=asked, now=now)


def refund_return(asked: Return, *, with_delivery: bool, now: datetime, by: Actor) -> None:
    """Refund what was sent back, and the delivery if it is wanted.

    Raises: ReturnNotPossible, ValidationError.
    """
    try_settle(record_return_refund(asked, with_delivery=with_delivery, now=now, by=by), now=now)


@transaction.atomic(durable=True)
def record_return_refund(asked: Return, *, with_delivery: bool, now: datetime, by: Actor) -> Payment:
    """Write the refund of a return.

    Raises: ReturnNotPossible, ValidationError.
    Locks: the order, its payment.
    """
    order, payment = lock_paid(asked.order_id)
    lock_return(asked, Status.REFUNDED, now=now)
    wanted = Wanted(quantities=dict(asked.items.values_list("item", "quantity")), with_delivery=with_delivery)
    written = write_refund(order, payment, wanted, by=by, now=now)
    Return.objects.filter(pk=asked.pk).update(refund=written)
    return payment


def lock_return(asked: Return, to: Status, *, now: datetime) -> None:
    """Move the return to a status.

    Raises: ReturnNotPossible, if the table of moves forbids it.
    Locks: the order.
    """
    Order.objects.select_for_update().get(pk=asked.order_id)
    moved = Return.objects.filter(pk=asked.pk, status__in=MOVES[to]).update(status=to, updated_at=now)
    if not moved:
        asked.refresh_from_db()
        status = STATUS_WORDS_OF_RETURNS[Status(asked.status)]
        raise ReturnNotPossible(_("The return is %(status)s already.") % {"status": status})
