"""The admin's page of orders. The staff ship, cancel, refund and restock orders, and edit no fields."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.dataclasses import UnfoldAction
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm
from unfold.utils import display_for_label

from core.addresses import lines_of
from core.admin import ReadOnlyInline
from core.money import format_money
from orders.admin.actions import ServiceAdmin, ask_first
from orders.admin.dialogs import MailForm, NoteForm, RefundForm, RefundItemsForm, ShipForm
from orders.admin.documents import DocumentInline
from orders.admin.parcels import ParcelInline, ReturnInline
from orders.admin.timeline import EventInline
from orders.cancellation import CANCELLABLE, cancel
from orders.events import Actor, add_note
from orders.export import export_orders
from orders.fulfilment import RESTOCKABLE, SHIPPABLE, restock, ship
from orders.mail import send_again
from orders.models import Order, OrderItem, OrderMail, OrderStatus, Payment, PaymentStatus, Shipping
from orders.refunding import refund, refund_items
from orders.selectors import search_orders, unsent_mails
from orders.totals import sum_of
from policies.models import TERMS
from policies.selectors import versions_at

ORDER_COLOURS = {
    OrderStatus.DRAFT: "default",
    OrderStatus.PENDING: "warning",
    OrderStatus.PAID: "info",
    OrderStatus.PARTIALLY_SHIPPED: "info",
    OrderStatus.SHIPPED: "success",
    OrderStatus.CANCELLED: "danger",
    OrderStatus.REFUNDED: "primary",
}
PAYMENT_COLOURS = {
    PaymentStatus.PENDING: "warning",
    PaymentStatus.REQUIRES_ACTION: "warning",
    PaymentStatus.PROCESSING: "info",
    PaymentStatus.SUCCEEDED: "success",
    PaymentStatus.FAILED: "danger",
    PaymentStatus.CANCELLED: "default",
    PaymentStatus.PARTIALLY_REFUNDED: "primary",
    PaymentStatus.REFUNDED: "primary",
}
REFUNDABLE = frozenset({OrderStatus.PAID, OrderStatus.PARTIALLY_SHIPPED, OrderStatus.SHIPPED})
# The statuses in which a page offers each action. The service checks again, under a lock.
OFFERED = {
    "ship": SHIPPABLE,
    "cancel": CANCELLABLE,
    "refund-items": REFUNDABLE,
    "refund": REFUNDABLE,
    "restock": RESTOCKABLE,
    "note": frozenset(OrderStatus),
    "mail": frozenset(OrderStatus) - {OrderStatus.DRAFT, OrderStatus.PENDING},
}
FROZEN_BY_DISPUTE = {"ship", "cancel", "refund-items", "refund"}
SHIP, CANCEL, REFUND, RESTOCK = "Ship", "Cancel order", "Refund an amount", "Put back in stock"
REFUND_ITEMS = "Refund items"
NOTE, MAIL = "Add a note", "Send a mail again"


class Disputed(admin.SimpleListFilter):
    title = parameter_name = "disputed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Disputed")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        return queryset.filter(disputed_at__isnull=False) if self.value() else queryset


class Mails(admin.SimpleListFilter):
    title = parameter_name = "mails"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("unsent", "Not mailed yet")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        return queryset.filter(pk__in=unsent_mails().values("order")) if self.value() else queryset


class ItemInline(ReadOnlyInline):
    model = OrderItem
    verbose_name_plural = "items"
    fields = readonly_fields = (
        *("name", "variant_title", "sku", "price", "quantity", "fulfilled", "refunded", "total"),
        *("reduction", "contained_tax", "product"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderItem]:
        items: QuerySet[OrderItem] = super().get_queryset(request)
        return items.select_related("order", "product")

    @display(description="Unit price")
    def price(self, item: OrderItem) -> str:
        return format_money(item.unit_price, item.order.currency)

    @display(description="Total")
    def total(self, item: OrderItem) -> str:
        return format_money(item.unit_price * item.quantity, item.order.currency)

    @display(description="Discount", empty_value="–")
    def reduction(self, item: OrderItem) -> str | None:
        return format_money(-item.discount, item.order.currency) if item.discount else None

    @display(description="Tax", empty_value="–")
    def contained_tax(self, item: OrderItem) -> str | None:
        return format_money(item.tax, item.order.currency) if item.tax else None


class PaymentInline(ReadOnlyInline):
    model = Payment
    fields = readonly_fields = ("state", "total", "refund_total", "intent_id", "failure", "created_at")

    @display(description="Status")
    def state(self, payment: Payment) -> str:
        return payment_label(payment)

    @display(description="Amount")
    def total(self, payment: Payment) -> str:
        return format_money(payment.amount, payment.currency)

    @display(description="Refunded")
    def refund_total(self, payment: Payment) -> str:
        return format_money(payment.refunded, payment.currency)


class MailInline(ReadOnlyInline):
    model = OrderMail
    verbose_name_plural = "mails"
    fields = readonly_fields = ("kind", "created_at", "mailed_at")


@admin.register(Order)
class OrderAdmin(ServiceAdmin):
    list_display = ("number", "customer", "state", "total", "payment", "created_at")
    list_filter = (("status", ChoicesDropdownFilter), Disputed, Mails, "created_at", "currency")
    list_filter_submit = True
    list_select_related = ("shipping", "user__profile")
    list_per_page = 50
    show_full_result_count = False
    date_hierarchy = "created_at"
    search_fields = ("number",)  # shows the box; get_search_results does the search
    search_help_text = "Number, e-mail address, phone, customer or product"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("number", "state"),
                    ("sum", "user"),
                    ("ships_to", "bills_to"),
                    ("billing_company", "vat_id"),
                    ("email", "note"),
                    ("uuid", "terms"),
                )
            },
        ),
        (
            "Times",
            {
                "fields": (
                    ("created_at", "expires_at"),
                    ("paid_at", "shipped_at"),
                    ("cancelled_at", "updated_at"),
                )
            },
        ),
    )
    readonly_fields = ("state", "sum", "ships_to", "bills_to", "terms")
    inlines = (ItemInline, ParcelInline, ReturnInline, PaymentInline, DocumentInline, MailInline, EventInline)
    actions = ("ship_orders", "cancel_orders", "restock_orders", "export")
    actions_detail = (
        *("ship_this", "cancel_this", "refund_items_this", "refund_this", "restock_this"),
        *("note_this", "mail_this"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        orders: QuerySet[Order] = super().get_queryset(request)
        return orders.prefetch_related("payments")

    @display(description="Customer", header=True, ordering="shipping__last_name")
    def customer(self, order: Order) -> tuple[str, str]:
        """The name of the shipping address and the e-mail address, or those of the account if it is a draft."""
        if order.shipping:
            return order.shipping.name, order.email
        return (order.user.profile.name, order.user.email) if order.user else ("Guest", "")

    @display(description="Status", ordering="status")
    def state(self, order: Order) -> str:
        if order.disputed_at:
            return label(order.status, f"{order.get_status_display()}, disputed", {order.status: "danger"})
        return label(order.status, order.get_status_display(), ORDER_COLOURS)

    @display(description="Amount", ordering="amount")
    def total(self, order: Order) -> str:
        return format_money(order.amount, order.currency)

    @display(description="Amount")
    def sum(self, order: Order) -> str:
        """The sum as an invoice shows it, and whether the customer owes the tax."""
        lines = [f"{line.name}: {format_money(line.amount, order.currency)}" for line in sum_of(order)]
        return "\n".join([*lines, *(["Reverse charge"] if order.is_reverse_charge else [])])

    @display(description="Payment", empty_value="–")
    def payment(self, order: Order) -> str | None:
        live = [payment_label(payment) for payment in order.payments.all() if payment.is_live]
        return live[0] if live else None

    @display(description="Ships to")
    def ships_to(self, order: Order) -> str:
        return written(order.shipping)

    @display(description="Invoice to")
    def bills_to(self, order: Order) -> str:
        same = order.billing_address_id == order.shipping_id
        return "The shipping address" if same and order.shipping_id else written(order.billing_address)

    @display(description="Terms", empty_value="–")
    def terms(self, order: Order) -> SafeString | None:
        """The version of the terms that the order was placed under."""
        version = versions_at(order.created_at, slug=TERMS).first()
        if version is None or not version.body:
            return None
        address = reverse("admin:policies_policyversion_change", args=[version.pk])
        return format_html('<a href="{}">{}</a>', address, version)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Order], search_term: str
    ) -> tuple[QuerySet[Order], bool]:
        """Search by number, phone, e-mail address, customer or product."""
        return search_orders(queryset, search_term), False

    @action(description="Export as CSV", permissions=["view"])
    def export(self, request: HttpRequest, orders: QuerySet[Order]) -> StreamingHttpResponse:
        headers = {"Content-Disposition": "attachment; filename=orders.csv"}
        return StreamingHttpResponse(
            export_orders(orders), content_type="text/csv; charset=utf-8", headers=headers
        )

    @action(description=SHIP, permissions=["fulfil"])
    def ship_orders(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        self.attempt(request, orders, ship, done="Shipped")

    @action(description=CANCEL, permissions=["fulfil"])
    def cancel_orders(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        self.attempt(request, orders, cancel, done="Cancelled")

    @action(description=RESTOCK, permissions=["fulfil"])
    def restock_orders(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        self.attempt(request, orders, restock, done="Back in stock")

    @action(
        description=SHIP,
        url_path="ship",
        permissions=["fulfil"],
        icon="local_shipping",
        variant=ActionVariant.PRIMARY,
        dialog=ask_first(
            "What is in the parcel? The order can no longer be cancelled after this.",
            submit=SHIP,
            form=ShipForm,
        ),
    )
    def ship_this(self, request: HttpRequest, form: ShipForm, object_id: str) -> HttpResponse:
        service = partial(ship, parcel=form.parcel())
        return self.attempt_one(request, object_id, service, done="Shipped")

    @action(
        description=CANCEL,
        url_path="cancel",
        permissions=["fulfil"],
        icon="cancel",
        variant=ActionVariant.DANGER,
        dialog=ask_first("This puts the goods back in stock and refunds the customer.", submit=CANCEL),
    )
    def cancel_this(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        return self.attempt_one(request, object_id, cancel, done="Cancelled")

    @action(
        description=RESTOCK,
        url_path="restock",
        permissions=["fulfil"],
        icon="inventory_2",
        dialog=ask_first(
            "Have all goods of the order come back, and can they be sold again?", submit=RESTOCK
        ),
    )
    def restock_this(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        return self.attempt_one(request, object_id, restock, done="Back in stock")

    @action(
        description=REFUND_ITEMS,
        url_path="refund-items",
        permissions=["fulfil"],
        icon="assignment_return",
        dialog=ask_first(
            "At the prices that were paid. What has not been shipped goes back in stock.",
            submit=REFUND_ITEMS,
            form=RefundItemsForm,
        ),
    )
    def refund_items_this(self, request: HttpRequest, form: RefundItemsForm, object_id: str) -> HttpResponse:
        def give_back(order: Order, *, now: datetime, by: Actor) -> None:
            refund_items(
                order_uuid=order.pk,
                quantities=form.quantities(),
                with_delivery=form.cleaned_data["with_delivery"],
                now=now,
                by=by,
            )

        return self.attempt_one(request, object_id, give_back, done="Refund on its way")

    @action(
        description=REFUND,
        url_path="refund",
        permissions=["fulfil"],
        icon="undo",
        dialog=ask_first(
            "The money goes back to the customer by the way it was paid.", submit=REFUND, form=RefundForm
        ),
    )
    def refund_this(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        def give_back(order: Order, *, now: datetime, by: Actor) -> None:
            refund(order_uuid=order.pk, amount=form.cleaned_data["amount"], now=now, by=by)

        return self.attempt_one(request, object_id, give_back, done="Refund on its way")

    @action(
        description=NOTE,
        url_path="note",
        permissions=["fulfil"],
        icon="edit_note",
        dialog=ask_first("The customer never sees it.", submit=NOTE, form=NoteForm),
    )
    def note_this(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        write = partial(add_note, text=form.cleaned_data["note"])
        return self.attempt_one(request, object_id, write, done="Noted")

    @action(
        description=MAIL,
        url_path="mail",
        permissions=["fulfil"],
        icon="forward_to_inbox",
        dialog=ask_first("The customer gets it once more, as the order is now.", submit=MAIL, form=MailForm),
    )
    def mail_this(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        def repeat(order: Order, *, now: datetime, by: Actor) -> None:
            send_again(form.cleaned_data["mail"].pk, now=now)

        return self.attempt_one(request, object_id, repeat, done="Mail on its way")

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[UnfoldAction]:
        order = self.get_object(request, object_id)
        actions: list[UnfoldAction] = super().get_actions_detail(request, object_id)
        return [action for action in actions if order and is_offered(action.path, order)]


def is_offered(name: str, order: Order) -> bool:
    """Whether the order's page shows the button. While the payment is disputed, only the staff's notes are possible."""
    return order.status in OFFERED[name] and not (order.disputed_at and name in FROZEN_BY_DISPUTE)


def written(address: Shipping | None) -> str:
    """Return the address as its country writes it, with the e-mail address; a dash if there is none."""
    return "\n".join((*lines_of(address), address.email)) if address else "–"


def payment_label(payment: Payment) -> str:
    return label(payment.status, payment.get_status_display(), PAYMENT_COLOURS)


def label(status: str, text: str, colours: Mapping[Any, str]) -> SafeString:
    """Render a coloured label for any page; Unfold's own decorator only colours lists."""
    html: SafeString = display_for_label((status, text), "", colours)
    return html
