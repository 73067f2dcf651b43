"""The admin's pages for moderation. The staff switch comments off and on, and do not rewrite them."""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import TabularInline
from unfold.decorators import action, display

from catalog.models import RATINGS
from core.admin import EditForm, ModelAdmin
from reviews import services
from reviews.models import Comment, Report

EXCERPT = 80
REPORTED = Exists(Report.objects.filter(comment=OuterRef("pk")))
OPEN = Exists(Report.objects.filter(comment=OuterRef("pk"), settled_at=None))


class Moderation(admin.SimpleListFilter):
    title = "moderation"
    parameter_name = "moderation"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("waiting", "Reported and still active"),
            ("reported", "Reported"),
            ("unreported", "Not reported"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Comment]) -> QuerySet[Comment]:
        match self.value():
            case "waiting":
                return queryset.filter(OPEN, active=True)
            case "reported":
                return queryset.filter(REPORTED)
            case "unreported":
                return queryset.filter(~REPORTED)
            case _:
                return queryset


class ReportInline(TabularInline):
    model = Report
    fields = readonly_fields = ("user", "reason", "created_at", "settled_at")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Report]:
        reports: QuerySet[Report] = super().get_queryset(request)
        return reports.select_related("user")


@admin.register(Comment)
class CommentAdmin(ModelAdmin):
    """All writes go through reviews.services. Inside the transaction of Django's views it calls their steps."""

    list_display = ("excerpt", "product", "author", "stars", "active", "reports", "created_at")
    list_filter = (Moderation, "active", "rating")
    list_select_related = ("product", "user__profile")
    search_fields = ("body", "product__name", "user__email", "user__profile__name")
    readonly_fields = ("product", "author", "stars", "body", "created_at", "updated_at")
    fields = (*readonly_fields, "active")
    inlines = (ReportInline,)
    actions = ("keep", "switch_off", "switch_on")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Comment]:
        comments = Comment.objects.annotate(report_count=Count("reports", filter=Q(reports__settled_at=None)))
        return comments.order_by(*self.get_ordering(request))

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Put the most reported comments first. Django's check of the attribute `ordering` only allows columns."""
        return ("-report_count", "-created_at", "-slug")

    @display(description="Comment")
    def excerpt(self, comment: Comment) -> str:
        return comment.body if len(comment.body) <= EXCERPT else f"{comment.body[:EXCERPT]}…"

    @display(description="Author", ordering="user__profile__name")
    def author(self, comment: Comment) -> str:
        return comment.user.profile.name

    @display(description="Rating", ordering="rating", empty_value="–")
    def stars(self, comment: Comment) -> str | None:
        rating = comment.rating
        return "★" * rating + "☆" * (len(RATINGS) - rating) if rating else None

    @display(description="Open reports", ordering="report_count")
    def reports(self, comment: Comment) -> int:
        count: int = comment.report_count  # type: ignore[attr-defined]  # annotated
        return count

    @action(description="Keep, and close the reports", permissions=["change"])
    def keep(self, request: HttpRequest, comments: QuerySet[Comment]) -> None:
        chosen = list(comments)
        services.keep(comments, now=timezone.now())
        self.log_action_on(request, chosen, "Kept")

    @action(description="Switch off", permissions=["change"])
    def switch_off(self, request: HttpRequest, comments: QuerySet[Comment]) -> None:
        chosen = list(comments)
        services.set_active(comments, active=False)
        self.log_action_on(request, chosen, "Switched off")

    @action(description="Switch on", permissions=["change"])
    def switch_on(self, request: HttpRequest, comments: QuerySet[Comment]) -> None:
        chosen = list(comments)
        services.set_active(comments, active=True)
        self.log_action_on(request, chosen, "Switched on")

    def save_model(self, request: HttpRequest, obj: Comment, form: EditForm, change: bool) -> None:
        if form.edited_columns:
            services.switch(Comment.objects.filter(pk=obj.pk), active=obj.active)

    def lock(self, object_id: str) -> None:
        """Lock the product first, under whose lock a comment changes, and then the comment."""
        if object_id.isdecimal():
            services.lock_products_of(Comment.objects.filter(pk=int(object_id)))
        super().lock(object_id)

    def delete_model(self, request: HttpRequest, obj: Comment) -> None:
        services.remove(Comment.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Comment]) -> None:
        with transaction.atomic(durable=True):
            services.remove(queryset)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
