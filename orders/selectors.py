"""Reads of orders: they return unevaluated QuerySets."""

import re
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import (
    Case,
    Count,
    DecimalField,
    Exists,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    When,
)
from django.db.models.functions import Coalesce, Right

from accounts.models import User
from core.emails import normalize_email
from core.together import as_json
from orders.models import (
    PHONE_END,
    Document,
    DocumentKind,
    Order,
    OrderItem,
    OrderMail,
    OrderStatus,
    Payment,
    PaymentStatus,
)
from orders.numbers import read_number
from orders.owners import Owner

# The bounds of the staff's search: the orders that are searched, the words, and the orders found by one key.
SEARCHED = 20_000
MAX_WORDS = 5
MAX_FOUND = 1_000
# The beginning of an order's uuid, with a digit or long enough not to be a word.
BEGINNING = re.compile(r"(?=.*\d)[0-9a-f]{4,32}|[0-9a-f]{8,32}")
# The shop has got the money of these, if not all of it has gone back.
PAID_PAYMENTS = (PaymentStatus.SUCCEEDED, PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.REFUNDED)
# The columns of a payment that the API shows.
SHOWN_OF_PAYMENTS = [
    "uuid",
    "order_id",
    "status",
    "currency",
    "amount",
    "refunded",
    "client_secret",
    "failure",
]
PHONE = re.compile(r"\+?[\d\s()/.-]+")


def orders_of(owner: Owner | None) -> QuerySet[Order]:
    """The owner's orders and drafts; none for a visitor who has written nothing yet."""
    return Order.objects.filter(**owner.lookup()) if owner else Order.objects.none()


def orders_seen_by(owner: Owner | None) -> QuerySet[Order]:
    """The owner's orders; all orders for staff who may see both orders and users."""
    staff = owner.user if owner and owner.user and owner.user.acts_as_staff else None
    if staff and staff.has_perms(["orders.view_order", "accounts.view_user"]):
        return Order.objects.all()
    return orders_of(owner)


def order(owner: Owner | None, uuid: UUID) -> QuerySet[Order]:
    return orders_of(owner).filter(pk=uuid)


def expired_orders(now: datetime) -> QuerySet[Order]:
    """Pending orders whose time is over, the oldest first."""
    return Order.objects.filter(status=OrderStatus.PENDING, expires_at__lte=now).order_by("expires_at", "pk")


def orders_without_invoice(*, since: datetime | None = None) -> QuerySet[Order]:
    """Orders that were paid with money, at that moment or later, and have no invoice, the oldest first."""
    invoices = Document.objects.filter(order=OuterRef("pk"), kind=DocumentKind.INVOICE)
    paid = Order.objects.filter(~Exists(invoices), paid_at__isnull=False, amount__gt=0)
    return (paid.filter(paid_at__gte=since) if since else paid).order_by("paid_at", "pk")


def unsent_mails() -> QuerySet[OrderMail]:
    """Mails that no mail server has accepted yet."""
    return OrderMail.objects.filter(mailed_at=None)


def payments_to_come() -> QuerySet[Payment]:
    """The live payments of all pending orders, the newest order first."""
    live = Payment.objects.filter(order__status=OrderStatus.PENDING).exclude(status=PaymentStatus.CANCELLED)
    return live.select_related("order").order_by("-order__created_at", "-order")


def uses_of(emails: Collection[str]) -> Case:
    """An expression that counts a discount code's uses by a customer, for codes that limit them.

    The customer is known by the addresses of their orders and of their account, which are in one spelling.
    """
    people = User.objects.filter(email__in=emails).values("pk")
    theirs = Q(email__in=emails) | Q(user__in=people)
    placed = Order.objects.filter(theirs, discount_code=OuterRef("code"), cancelled_at=None)
    uses = placed.exclude(status=OrderStatus.DRAFT).order_by().values("discount_code").annotate(n=Count("pk"))
    return Case(
        When(max_uses_each__isnull=False, then=Coalesce(Subquery(uses.values("n")), 0)),
        default=0,
        output_field=IntegerField(),
    )


def spent_by(user: User) -> dict[str, Decimal]:
    """Return what the user has paid and not got back, by currency."""
    paid = Payment.objects.filter(order__user=user, status__in=PAID_PAYMENTS).order_by("currency")
    sums = paid.values_list("currency").annotate(Sum("amount"), Sum("refunded"))
    return {currency: amount - refunded for currency, amount, refunded in sums}


def earnings_of_codes() -> dict[str, Coalesce]:
    """Expressions for a discount code's live orders, the discounts that it gave them, and their amounts.

    They are of orders in the store's currency that are neither cancelled nor refunded.
    """
    live = [OrderStatus.PENDING, OrderStatus.PAID, OrderStatus.PARTIALLY_SHIPPED, OrderStatus.SHIPPED]
    orders = Order.objects.filter(
        discount_code=OuterRef("code"), status__in=live, currency=settings.STORE_CURRENCY
    )
    sums = orders.order_by().values("discount_code")
    amount = DecimalField(max_digits=20, decimal_places=2)
    return {
        "live_orders": Coalesce(Subquery(sums.annotate(n=Count("pk")).values("n")), 0),
        "discounts": Coalesce(
            Subquery(sums.annotate(sum=Sum("discount_total")).values("sum")), Decimal(0), output_field=amount
        ),
        "amounts": Coalesce(
            Subquery(sums.annotate(sum=Sum("amount")).values("sum")), Decimal(0), output_field=amount
        ),
    }


def newest_payment() -> Subquery:
    """An expression for an order's live payment, or its last one, as JSON of the columns that the API shows."""
    is_live = Case(When(status=PaymentStatus.CANCELLED, then=0), default=1)
    payments = Payment.objects.filter(order=OuterRef("pk")).order_by(is_live.desc(), "-created_at", "-pk")
    return Subquery(payments.values(columns=as_json(SHOWN_OF_PAYMENTS))[:1])


def search_orders(orders: QuerySet[Order], text: str) -> QuerySet[Order]:
    """Find orders by number, beginning of the uuid, phone or e-mail address, or else by customer or product.

    The first four use indexes. Words are only searched for in the newest SEARCHED orders, so that the cost does not
    grow with the shop.
    """
    keys = exact_keys(text)
    if keys:
        return orders.filter(pk__in=keys)
    newest = Order.objects.order_by("-created_at", "-pk").values_list("created_at", flat=True)
    for oldest in newest[SEARCHED : SEARCHED + 1]:
        orders = orders.filter(created_at__gt=oldest)
    for word in text.split()[:MAX_WORDS]:
        bought = OrderItem.objects.filter(order=OuterRef("pk"), name__icontains=word)
        orders = orders.filter(
            Q(shipping__first_name__icontains=word)
            | Q(shipping__last_name__icontains=word)
            | Q(email__icontains=word)
            | Q(shipping__phone__contains=word)
            | Q(user__email__icontains=word)
            | Q(user__profile__name__icontains=word)
            | Exists(bought)
        )
    return orders


def exact_keys(text: str) -> set[UUID]:
    """Find the orders with this number, uuid, phone number or e-mail address."""
    keys: set[UUID] = set()
    if number := read_number(text):
        keys.update(Order.objects.filter(number=number).values_list("pk", flat=True))
    beginning = text.strip().lower().replace("-", "")
    if BEGINNING.fullmatch(beginning):
        first, last = UUID(beginning.ljust(32, "0")), UUID(beginning.ljust(32, "f"))
        keys.update(Order.objects.filter(pk__range=(first, last)).values_list("pk", flat=True)[:MAX_FOUND])
    digits = re.sub(r"\D", "", text).lstrip("0")
    if PHONE.fullmatch(text.strip()) and len(digits) >= PHONE_END:
        ends = Order.objects.alias(end=Right("shipping__phone", PHONE_END)).filter(end=digits[-PHONE_END:])
        keys.update(ends.filter(shipping__phone__endswith=digits).values_list("pk", flat=True)[:MAX_FOUND])
    if "@" in text:
        with suppress(ValidationError):  # no order has an address that cannot receive mail
            sent = Order.objects.filter(email=normalize_email(text))
            keys.update(sent.values_list("pk", flat=True)[:MAX_FOUND])
        people = User.objects.with_email(text.strip()).values("pk")
        keys.update(Order.objects.filter(user__in=people).values_list("pk", flat=True)[:MAX_FOUND])
    return keys
