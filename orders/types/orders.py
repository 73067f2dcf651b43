"""GraphQL types of orders and payments."""

from datetime import datetime
from decimal import Decimal
from typing import Protocol, cast
from uuid import UUID

import strawberry
import strawberry_django
from django.db.models import Q, QuerySet
from django.utils.translation import gettext
from strawberry import auto, relay

import api
from accounts.types import PostalAddress, User
from core.money import from_units
from core.together import build
from orders import models, selectors, totals
from orders.models import OrderStatus, PaymentStatus
from orders.owners import Owner, owner_of
from orders.types.documents import Document
from orders.types.items import HasCurrency, OrderItem, visible_orders
from orders.types.parcels import Fulfilment, Refund, Return
from orders.types.taxes import TaxAmount

api.describe(
    OrderStatus,
    description="Status of an order.",
    DRAFT="The draft is being filled item by item. No stock is reserved yet.",
    PENDING="The order is placed and its stock is taken. It can be paid until `expiresAt`.",
    PAID="The order is paid, and not shipped yet.",
    PARTIALLY_SHIPPED="The order is paid, and a part of it is on its way.",
    SHIPPED="The order is paid and on its way.",
    CANCELLED="The order is cancelled. Any payment is refunded.",
    REFUNDED="The whole payment has been refunded.",
)
api.describe(
    PaymentStatus,
    description="Status of a payment.",
    PENDING="Waiting for the shopper to pay with `clientSecret`.",
    REQUIRES_ACTION="Waiting for the shopper to confirm the payment with the bank, with `clientSecret`.",
    PROCESSING="The bank is processing the payment. Ask again with `refreshPayment`.",
    SUCCEEDED="The payment has succeeded.",
    FAILED="The payment was declined; see `failure`. The shopper may try again with the same `clientSecret`.",
    CANCELLED="The payment is cancelled. `retryPayment` starts another.",
    PARTIALLY_REFUNDED="A part of the payment has been refunded.",
    REFUNDED="The whole payment has been refunded.",
)


@strawberry_django.type(models.Shipping, description="A shipping or billing address of an order.")
class Shipping(PostalAddress, relay.Node):
    id: relay.NodeID[int]
    email: str = api.field(description="E-mail address for the confirmation.")

    @classmethod
    def visible(cls, info: api.Info) -> QuerySet[models.Shipping]:
        visible = Order.visible(info)
        return models.Shipping.objects.filter(Q(order__in=visible) | Q(billed_order__in=visible))


@strawberry.type(description="Who the invoice of an order is for.")
class Billing:
    company: str = strawberry.field(description="Company; may be empty.")
    vat_id: str = strawberry.field(description="VAT id, such as DE136695976; may be empty.")
    address: Shipping = strawberry.field(
        description="The billing address, which may be the shipping address."
    )


class HasWholeAddress(Protocol):
    """Every column of an address: whatever is selected of it is then read with the order."""

    id: int
    first_name: str
    last_name: str
    company: str
    phone: str
    address: str
    address2: str
    building_number: str
    city: str
    zip_code: str
    state: str
    country: str
    email: str


class HasBilling(Protocol):
    billing_company: str
    vat_id: str
    billing_address: HasWholeAddress | None


class HasAmount(HasCurrency, Protocol):
    amount: Decimal


class HasSubtotal(HasCurrency, Protocol):
    subtotal: Decimal


class HasDiscountTotal(HasCurrency, Protocol):
    discount_total: Decimal


class HasDeliveryTotal(HasCurrency, Protocol):
    delivery_total: Decimal


class HasDelivery(HasDeliveryTotal, Protocol):
    delivery_name: str


class HasDiscountCode(Protocol):
    discount_code: str


class HasTaxTotal(HasCurrency, Protocol):
    tax_total: Decimal


class HasRefunded(HasCurrency, Protocol):
    refunded: Decimal


class HasFailure(Protocol):
    failure: str


@strawberry_django.type(models.Payment, description="An attempt at paying an order.")
class Payment(relay.Node):
    id: relay.NodeID[UUID]
    status: PaymentStatus = api.field(description="Status of the payment.")

    @api.field(description="The amount to pay.")
    @staticmethod
    def amount(root: strawberry.Parent[HasAmount]) -> api.Money:
        return api.Money.of(root.amount, root.currency)

    @api.field(description="The refunded part of the amount.")
    @staticmethod
    def refunded(root: strawberry.Parent[HasRefunded]) -> api.Money:
        return api.Money.of(root.refunded, root.currency)

    @api.field(
        only=["client_secret", "status", "order__user", "order__visitor"],
        select_related=["order"],
        description="Secret for Stripe.js, while it can be paid. Only the order's owner and its link's holder see it.",
    )
    @staticmethod
    def client_secret(root: strawberry.Parent[models.Payment], info: api.Info) -> str | None:
        owner = owner_of(info.context.request)
        owned = root.order.is_read_by_link or (owner is not None and owner.owns(root.order))
        payable = root.is_open and owned
        return (root.client_secret or None) if payable else None

    @api.field(description="Why the payment last failed, in words for the shopper; null if it has not.")
    @staticmethod
    def failure(root: strawberry.Parent[HasFailure]) -> str | None:
        return gettext(root.failure) if root.failure else None

    @classmethod
    def resolve_id_attr(cls) -> str:
        return "uuid"

    @classmethod
    def visible(cls, info: api.Info) -> QuerySet[models.Payment]:
        return models.Payment.objects.filter(order__in=Order.visible(info))


@strawberry.type(description="How an order is delivered.")
class OrderDelivery:
    name: str = strawberry.field(description="The method's name when the order was placed.")
    cost: api.Money = strawberry.field(description="The price of the delivery, before the code.")


@strawberry_django.type(
    models.Order, description="An order or a draft. Names and prices stay the same once it is placed."
)
class Order(relay.Node):
    id: relay.NodeID[UUID]
    uuid: auto = api.field(description="The order's key: for `order`, and for the URL of its page.")
    number: auto = api.field(
        description="The order's number for people, such as 482-917-350. It opens nothing by itself."
    )
    status: OrderStatus = api.field(description="Status of the order.")
    user: User | None = strawberry_django.field(
        description="The person who placed the order; null for a guest, and for the holder of its link."
    )
    items: list[OrderItem] = api.field(description="The items of the order, each variant once.")
    shipping: Shipping | None = strawberry_django.field(
        description="The shipping address; null while the order is a draft."
    )
    note: auto = api.field(description="The shopper's note; empty if there is none.")
    created_at: auto = api.field(description="When the order or draft was created.")
    updated_at: auto = api.field(description="When the order last changed.")
    paid_at: datetime | None = api.field(description="When the order was paid; null before that.")
    shipped_at: datetime | None = api.field(description="When the order was shipped; null before that.")
    cancelled_at: datetime | None = api.field(description="When the order was cancelled; null unless it was.")

    @api.field(description="Who the invoice is for; null unless it was said when the order was placed.")
    @staticmethod
    def billing(root: strawberry.Parent[HasBilling]) -> Billing | None:
        if root.billing_address is None:
            return None
        return Billing(
            company=root.billing_company,
            vat_id=root.vat_id,
            address=root.billing_address,  # type: ignore[arg-type]  # its row
        )

    @api.field(
        only=["expires_at", "status"],
        description=(
            "When the order is cancelled if it is not paid. The time is extended once the shopper has tried to pay. "
            "Null unless the order is pending."
        ),
    )
    @staticmethod
    def expires_at(root: strawberry.Parent[models.Order]) -> datetime | None:
        return root.expires_at if root.status == OrderStatus.PENDING else None

    @api.field(
        only=["amount", "currency"],
        description=(
            "The total that is charged: `subtotal` less `discountTotal`, plus `deliveryTotal`, plus `taxTotal` unless "
            "`pricesIncludeTax`. These parts stay the same once the order is placed."
        ),
    )
    @staticmethod
    def amount(root: strawberry.Parent[HasAmount]) -> api.Money:
        return api.Money.of(root.amount, root.currency)

    @api.field(only=["subtotal", "currency"], description="The total of the items, before the code.")
    @staticmethod
    def subtotal(root: strawberry.Parent[HasSubtotal]) -> api.Money:
        return api.Money.of(root.subtotal, root.currency)

    @api.field(
        only=["discount_total", "currency"],
        description="The discount by the code, on the items and on the delivery.",
    )
    @staticmethod
    def discount_total(root: strawberry.Parent[HasDiscountTotal]) -> api.Money:
        return api.Money.of(root.discount_total, root.currency)

    @api.field(only=["delivery_total", "currency"], description="The price of the delivery, before the code.")
    @staticmethod
    def delivery_total(root: strawberry.Parent[HasDeliveryTotal]) -> api.Money:
        return api.Money.of(root.delivery_total, root.currency)

    @api.field(only=["tax_total", "currency"], description="The tax on the items and on the delivery.")
    @staticmethod
    def tax_total(root: strawberry.Parent[HasTaxTotal]) -> api.Money:
        return api.Money.of(root.tax_total, root.currency)

    @api.field(
        only=["currency"],
        prefetch_related=["taxes"],
        description="The tax by rate, the highest first.",
    )
    @staticmethod
    def taxes(root: strawberry.Parent[models.Order]) -> list[TaxAmount]:
        return [
            TaxAmount(
                name=tax.rate.name,
                rate=tax.rate.percent,
                base=api.Money.of(from_units(tax.base, root.currency), root.currency),
                amount=api.Money.of(from_units(tax.amount, root.currency), root.currency),
            )
            for tax in totals.taxes_of(root)
        ]

    @api.field(
        only=["delivery_name", "delivery_total", "currency"],
        description="How the order is delivered; null for a draft, and where the shop delivers for nothing.",
    )
    @staticmethod
    def delivery(root: strawberry.Parent[HasDelivery]) -> "OrderDelivery | None":
        if not root.delivery_name:
            return None
        return OrderDelivery(name=root.delivery_name, cost=api.Money.of(root.delivery_total, root.currency))

    @api.field(description="The discount code of the order; null without one.")
    @staticmethod
    def discount_code(root: strawberry.Parent[HasDiscountCode]) -> str | None:
        return root.discount_code or None

    prices_include_tax: bool = strawberry_django.field(
        description="Whether the prices of the items and of the delivery include the tax."
    )
    requires_shipping: bool = strawberry_django.field(description="Whether any of the items is shipped.")
    is_reverse_charge: bool = strawberry_django.field(
        description="Whether no tax was charged because the customer, a company abroad, owes it."
    )

    @api.field(
        only=["user", "visitor"],
        annotate=selectors.newest_payment(),
        description="The live payment, or the last one if there is none; null if nothing was to be paid.",
    )
    @staticmethod
    def payment(root: strawberry.Parent[models.Order]) -> Payment | None:
        if root.payment is None:
            return None
        payment = build(models.Payment.objects.all(), root.payment)
        payment.order = root  # type: ignore[attr-defined]  # its owner sees the secret
        return payment  # type: ignore[return-value]  # its model

    fulfilments: list[Fulfilment] = api.field(description="The parcels that have left, the first one first.")
    returns: list[Return] = api.field(description="The returns that the customer has asked for.")
    documents: list[Document] = api.field(
        description="The invoice once the order is paid, and credit notes for what was refunded; none for a free order."
    )

    @api.field(
        only=["currency"],
        prefetch_related=["payments__refunds"],
        description="The refunds that are on their way or have arrived.",
    )
    @staticmethod
    def refunds(root: strawberry.Parent[models.Order]) -> list[Refund]:
        made = [refund for payment in root.payments.all() for refund in payment.refunds.all()]
        made.sort(key=lambda refund: (refund.created_at, refund.pk))
        return [refund for refund in made if refund.status != models.Refund.Status.FAILED]  # type: ignore[misc]  # models

    @classmethod
    def resolve_id_attr(cls) -> str:
        return "uuid"

    @classmethod
    def visible(cls, info: api.Info) -> QuerySet[models.Order]:
        return visible_orders(info)


def read_order(owner: Owner | None, uuid: UUID, info: api.Info) -> models.Order | None:
    """Read an order for its owner. The holder of its link is not told whose account it belongs to."""
    order = cast("models.Order | None", api.one(selectors.order(owner, uuid), info))
    if order and owner and owner.order:
        order.user = None
        order.is_read_by_link = True
    return order


NEWEST = api.Sort(("created_at", "uuid"), descending=True)


@strawberry.type(description="A page of orders.")
class OrderConnection(api.Connection[Order]):
    @classmethod
    def of_user(
        cls,
        user: api.HasKey,
        info: api.Info,
        *,
        status: OrderStatus | None,
        paging: api.Paging,
    ) -> "OrderConnection":
        """Read a page of a user's orders, the newest first."""
        visible = Order.visible(info)
        page = api.nested_page(
            user,
            info,
            found=visible.filter(status=status) if status else visible,
            parent="user_id",
            answer="OrderConnection",
            sort=NEWEST,
            paging=paging,
        )
        return cls(page=page)
