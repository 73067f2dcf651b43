"""Parcels and returns: on the page of their order, and the returns on pages of their own."""

from datetime import datetime
from functools import partial

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.dataclasses import UnfoldAction
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm

from core.admin import ReadOnlyInline
from orders.admin.actions import ServiceAdmin, ask_first
from orders.admin.dialogs import DeliveryForm, ReceiveForm
from orders.events import Actor
from orders.models import Fulfilment, Portion, Return, ReturnStatus
from orders.returns import MOVES, decide, receive, refund_return

APPROVE, DECLINE, RECEIVE, REFUND = "Approve", "Decline", "Goods have arrived", "Refund"
TARGETS = {
    "approve": ReturnStatus.APPROVED,
    "decline": ReturnStatus.DECLINED,
    "receive": ReturnStatus.RECEIVED,
    "refund": ReturnStatus.REFUNDED,
}


def list_portions(portions: QuerySet[Portion]) -> str:
    return "\n".join(str(portion) for portion in portions.all())


class ParcelInline(ReadOnlyInline):
    model = Fulfilment
    verbose_name_plural = "parcels"
    fields = readonly_fields = ("shipped_at", "contents", "carrier", "tracking")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Fulfilment]:
        parcels: QuerySet[Fulfilment] = super().get_queryset(request)
        return parcels.prefetch_related("items__item")

    @display(description="Contents")
    def contents(self, parcel: Fulfilment) -> str:
        return list_portions(parcel.items)  # type: ignore[arg-type]  # a manager, too

    @display(description="Tracking", empty_value="–")
    def tracking(self, parcel: Fulfilment) -> str | None:
        if not parcel.tracking_url:
            return parcel.tracking_number or None
        return format_html('<a href="{}">{}</a>', parcel.tracking_url, parcel.tracking_number or "Link")


class ReturnInline(ReadOnlyInline):
    model = Return
    verbose_name_plural = "returns"
    fields = readonly_fields = ("created_at", "status", "contents", "reason", "page")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Return]:
        returns: QuerySet[Return] = super().get_queryset(request)
        return returns.prefetch_related("items__item")

    @display(description="Contents")
    def contents(self, asked: Return) -> str:
        return list_portions(asked.items)  # type: ignore[arg-type]  # a manager, too

    @display(description="Page")
    def page(self, asked: Return) -> str:
        return format_html('<a href="{}">Decide</a>', reverse("admin:orders_return_change", args=[asked.pk]))


@admin.register(Return)
class ReturnAdmin(ServiceAdmin):
    """The list is what the staff have to decide, the oldest first."""

    list_display = ("order", "status", "contents", "created_at")
    list_filter = (("status", ChoicesDropdownFilter), "created_at")
    list_filter_submit = True
    list_select_related = ("order",)
    list_per_page = 50
    show_full_result_count = False
    ordering = ("created_at", "pk")
    fields = readonly_fields = ("order", "status", "contents", "reason", "created_at", "updated_at")
    actions_detail = ("approve_this", "decline_this", "receive_this", "refund_this")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Return]:
        returns: QuerySet[Return] = super().get_queryset(request)
        return returns.prefetch_related("items__item")

    @display(description="Contents")
    def contents(self, asked: Return) -> str:
        return list_portions(asked.items)  # type: ignore[arg-type]  # a manager, too

    @action(
        description=APPROVE,
        url_path="approve",
        permissions=["fulfil"],
        icon="check",
        variant=ActionVariant.PRIMARY,
        dialog=ask_first("May the customer send the goods back?", submit=APPROVE),
    )
    def approve_this(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        service = partial(decide, to=ReturnStatus.APPROVED)
        return self.attempt_one(request, object_id, service, done="Approved")

    @action(
        description=DECLINE,
        url_path="decline",
        permissions=["fulfil"],
        icon="block",
        variant=ActionVariant.DANGER,
        dialog=ask_first("The customer may ask again while there is time.", submit=DECLINE),
    )
    def decline_this(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        service = partial(decide, to=ReturnStatus.DECLINED)
        return self.attempt_one(request, object_id, service, done="Declined")

    @action(
        description=RECEIVE,
        url_path="receive",
        permissions=["fulfil"],
        icon="inventory_2",
        dialog=ask_first("How many go back in stock?", submit=RECEIVE, form=ReceiveForm),
    )
    def receive_this(self, request: HttpRequest, form: ReceiveForm, object_id: str) -> HttpResponse:
        service = partial(receive, back=form.quantities())
        return self.attempt_one(request, object_id, service, done="Received")

    @action(
        description=REFUND,
        url_path="refund",
        permissions=["fulfil"],
        icon="undo",
        dialog=ask_first("The customer gets back what these goods cost.", submit=REFUND, form=DeliveryForm),
    )
    def refund_this(self, request: HttpRequest, form: DeliveryForm, object_id: str) -> HttpResponse:
        def give_back(asked: Return, *, now: datetime, by: Actor) -> None:
            refund_return(asked, with_delivery=form.cleaned_data["with_delivery"], now=now, by=by)

        return self.attempt_one(request, object_id, give_back, done="Refund on its way")

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[UnfoldAction]:
        asked = self.get_object(request, object_id)
        actions: list[UnfoldAction] = super().get_actions_detail(request, object_id)
        return [action for action in actions if asked and is_offered(action.path, asked)]


def is_offered(name: str, asked: Return) -> bool:
    """Whether the return's page shows the button. While the payment is disputed, nothing can be refunded."""
    return asked.status in MOVES[TARGETS[name]] and not (name == "refund" and asked.order.disputed_at)
