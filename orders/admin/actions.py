"""Buttons that call a service for one row or many."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Protocol

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from unfold.dataclasses import ActionDialog
from unfold.forms import BaseDialogForm

from accounts.models import User
from core.admin import ModelAdmin
from core.errors import DomainError
from orders.events import Actor, staff


class Service(Protocol):
    def __call__(self, row: Any, /, *, now: datetime, by: Actor) -> None: ...


class ServiceAdmin(ModelAdmin):
    """A page whose actions call services, which open their own transactions; Django opens none around an action."""

    def attempt(self, request: HttpRequest, rows: Iterable[Any], service: Service, *, done: str) -> None:
        """Run the service for each row. A refusal does not stop the rest; each outcome gets one message."""
        outcomes: dict[tuple[int, str], list[str]] = defaultdict(list)
        user = request.user
        assert isinstance(user, User), "signed in"
        for row in rows:
            try:
                service(row, now=timezone.now(), by=staff(user))
            except DomainError as refusal:
                outcomes[messages.ERROR, refusal.message].append(str(row))
            else:
                outcomes[messages.SUCCESS, f"{done}."].append(str(row))
                self.log_change(request, row, done)
        for (level, outcome), names in outcomes.items():
            self.message_user(request, f"{', '.join(names)}: {outcome}", level)

    def attempt_one(
        self, request: HttpRequest, object_id: str, service: Service, *, done: str
    ) -> HttpResponse:
        """Run the service for one row, and make the dialog's script reload the row's page."""
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        self.attempt(request, [row], service, done=done)
        page = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
        return HttpResponse(headers={"HX-Redirect": reverse(page, args=[row.pk])})

    def has_fulfil_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return bool(request.user.has_perm("orders.change_order"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def ask_first(question: str, *, submit: str, form: type[BaseDialogForm] | None = None) -> ActionDialog:
    """Build the dialog that a button opens. It posts a form, so that a stranger's link cannot trigger the action."""
    return ActionDialog(title=submit, description=question, form_class=form, form_submit_text=submit)
