"""The admin's pages of endpoints, and of what was sent to them."""

import json
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.dataclasses import ActionDialog
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from core.admin import ModelAdmin
from hooks import services
from hooks.connection import AddressRefused, check_url
from hooks.models import Delivery, Endpoint, Kind

SECRET_SHOWN = "The secret that signs is {secret} Copy it now: no page shows it again."
ROTATION_SHOWN = "The secret before is valid for a day longer."
STATES = {
    "Active": "success",
    "Paused": "warning",
    "Failing": "warning",
    "Switched off": "danger",
    "Off": "default",
}
COLOURS = {
    Delivery.Status.WAITING: "info",
    Delivery.Status.DELIVERED: "success",
    Delivery.Status.FAILED: "danger",
}


class EndpointForm(forms.ModelForm[Endpoint]):
    kinds = forms.MultipleChoiceField(
        label="Events",
        choices=[choice for choice in Kind.choices if choice[0] != Kind.PING],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    class Meta:
        model = Endpoint
        fields = ("url", "description", "kinds", "is_active")
        widgets = {"url": UnfoldAdminTextInputWidget}

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        try:
            check_url(url)
        except AddressRefused as refusal:
            raise ValidationError(str(refusal)) from refusal
        return url


@admin.register(Endpoint)
class EndpointAdmin(ModelAdmin):
    """The staff add endpoints, test them, and rotate their secrets."""

    form = EndpointForm
    list_display = ("__str__", "url", "state", "failing_since")
    list_filter = ("is_active",)
    search_fields = ("url", "description")
    fields = ("url", "description", "kinds", "is_active", "state", "failing_since")
    readonly_fields = ("state", "failing_since")
    actions_detail = ("ping", "rotate")

    @display(description="State", label=STATES)
    def state(self, endpoint: Endpoint) -> str:
        if not endpoint.is_active:
            return "Switched off" if endpoint.switched_off_at else "Off"
        if endpoint.paused_until:
            return "Paused"
        return "Failing" if endpoint.failures else "Active"

    def save_model(self, request: HttpRequest, obj: Endpoint, form: Any, change: bool) -> None:
        if not change:
            secret = services.add_endpoint(obj, now=timezone.now())
            self.message_user(request, SECRET_SHOWN.format(secret=secret), messages.WARNING)
            return
        super().save_model(request, obj, form, change)
        if "is_active" in form.changed_data and obj.is_active:
            services.resume(obj)

    @action(
        description="Send a test",
        icon="network_ping",
        permissions=["change"],
        dialog=ActionDialog(
            title="Send a test",
            description="An event of the kind “ping” is sent. The log shows the answer.",
            form_submit_text="Send a test",
        ),
    )
    def ping(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        endpoint = self.found(request, object_id)
        if services.ping(endpoint, now=timezone.now()):
            self.log_change(request, endpoint, "A test sent")
            self.message_user(request, "The test is on its way. See the log of deliveries.")
        else:
            self.message_user(request, "The endpoint is not active.", messages.ERROR)
        return back_to(endpoint)

    @action(
        description="New secret",
        icon="key",
        variant=ActionVariant.WARNING,
        permissions=["change"],
        dialog=ActionDialog(
            title="New secret",
            description="For a day, the new secret and the one before both sign. Then only the new one does.",
            form_submit_text="New secret",
        ),
    )
    def rotate(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        endpoint = self.found(request, object_id)
        secret = services.rotate_secret(endpoint, now=timezone.now())
        self.log_change(request, endpoint, "The secret replaced")
        self.message_user(request, f"{SECRET_SHOWN.format(secret=secret)} {ROTATION_SHOWN}", messages.WARNING)
        return back_to(endpoint)

    def found(self, request: HttpRequest, object_id: str) -> Endpoint:
        endpoint: Endpoint | None = self.get_object(request, object_id)
        if endpoint is None:
            raise Http404
        return endpoint


def back_to(endpoint: Endpoint) -> HttpResponse:
    """Make the dialog's script load the endpoint's page again."""
    return HttpResponse(headers={"HX-Redirect": reverse("admin:hooks_endpoint_change", args=[endpoint.pk])})


@admin.register(Delivery)
class DeliveryAdmin(ModelAdmin):
    """The log. The staff read it, and send events again."""

    list_display = ("kind", "subject", "endpoint", "state", "attempts", "created_at", "next", "answer_status")
    list_filter = (
        ("status", ChoicesDropdownFilter),
        ("kind", ChoicesDropdownFilter),
        ("endpoint", RelatedDropdownFilter),
    )
    list_filter_submit = True
    list_select_related = ("endpoint",)
    list_per_page = 50
    show_full_result_count = False
    search_fields = ("subject",)
    fields = readonly_fields = (
        *("endpoint", "event", "kind", "subject", "shown_body", "state", "attempts", "created_at"),
        *("last_attempt_at", "next", "delivered_at", "answer_status", "answer"),
    )
    actions = ("send_again",)

    @display(description="Status", ordering="status", label=COLOURS)
    def state(self, delivery: Delivery) -> tuple[str, str]:
        return delivery.status, delivery.get_status_display()

    @display(description="Next attempt", empty_value="–")
    def next(self, delivery: Delivery) -> Any:
        return delivery.next_attempt_at if delivery.status == Delivery.Status.WAITING else None

    @display(description="Body")
    def shown_body(self, delivery: Delivery) -> str:
        return json.dumps(json.loads(delivery.body), indent=2)

    @action(description="Send again", permissions=["resend"])
    def send_again(self, request: HttpRequest, deliveries: QuerySet[Delivery]) -> None:
        ended = list(deliveries.exclude(status=Delivery.Status.WAITING))
        number = services.send_again(deliveries, now=timezone.now())
        self.log_action_on(request, ended, "Sent again")
        events = "event is" if number == 1 else "events are"
        self.message_user(request, f"{number} {events} sent again.")

    def has_resend_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("hooks.change_delivery"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
