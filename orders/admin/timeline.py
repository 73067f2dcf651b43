"""What has happened to an order, as its page shows it."""

from decimal import Decimal

from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from core.admin import ReadOnlyInline
from core.money import format_money
from orders.models import OrderEvent


class EventInline(ReadOnlyInline):
    model = OrderEvent
    verbose_name_plural = "history"
    fields = readonly_fields = ("created_at", "what", "who")

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderEvent]:
        events: QuerySet[OrderEvent] = super().get_queryset(request)
        return events.select_related("order", "user__profile").order_by("-created_at", "-pk")

    @display(description="What")
    def what(self, event: OrderEvent) -> str:
        return describe_event(event)

    @display(description="Who")
    def who(self, event: OrderEvent) -> str:
        return event.user.email if event.user else event.get_by_display()


def describe_event(event: OrderEvent) -> str:
    """Describe the event in a line: its kind, then its amount and texts."""
    details = [str(event.data[name]) for name in ("text", "reason") if event.data.get(name)]
    if "amount" in event.data:
        details.insert(0, format_money(Decimal(event.data["amount"]), event.order.currency))
    return ": ".join([event.get_kind_display(), *([", ".join(details)] if details else [])])
