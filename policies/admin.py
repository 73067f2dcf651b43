"""The admin's page of the policies."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from unfold.decorators import display

from core.admin import ModelAdmin, ReadOnlyInline
from policies import services
from policies.markdown import render
from policies.models import Policy, PolicyVersion


class VersionInline(ReadOnlyInline):
    """What the policy said before."""

    model = PolicyVersion
    fields = readonly_fields = ("created_at", "title", "length")
    per_page = 10
    show_change_link = True

    @display(description="Length")
    def length(self, version: PolicyVersion) -> str:
        return f"{len(version.body)} characters"


@admin.register(Policy)
class PolicyAdmin(ModelAdmin):
    """The admin of policies. Each change of a text is kept as a version, so none is deleted."""

    list_display = ("title", "slug", "is_shown", "updated_at")
    search_fields = ("title", "slug")
    fields = ("title", "slug", "body", "position", "as_shown")
    readonly_fields = ("as_shown",)
    inlines = (VersionInline,)

    @display(description="Shown", boolean=True)
    def is_shown(self, policy: Policy) -> bool:
        return bool(policy.body)

    @display(description="As shoppers see it")
    def as_shown(self, policy: Policy) -> SafeString:
        return format_html('<div class="prose">{}</div>', shown(policy.body))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Policy, form: Any, change: bool) -> None:
        if form.changed_data:
            services.save_policy(obj, now=timezone.now())


@admin.register(PolicyVersion)
class PolicyVersionAdmin(ModelAdmin):
    """A version as it was. The page of its policy and the orders lead here."""

    fields = readonly_fields = ("policy", "title", "created_at", "as_shown")
    list_display = ("title", "policy", "created_at")
    list_select_related = ("policy",)

    @display(description="As shoppers saw it")
    def as_shown(self, version: PolicyVersion) -> SafeString:
        return format_html('<div class="prose">{}</div>', shown(version.body))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def shown(text: str) -> SafeString:
    """Return the HTML of the text. `render` lets no HTML of the text itself through."""
    return mark_safe(render(text))  # see above
