"""Search terms for the staff: the most frequent, those that found nothing, and those after which nothing was opened."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from catalog.models import SearchTerm, Synonym
from catalog.search_terms import Counted, list_most_frequent, list_unopened, list_without_matches
from core.admin import ModelAdmin

SPANS = (7, 30, 90)  # days


@admin.register(SearchTerm)
class SearchTermAdmin(ModelAdmin):
    """The lists of search terms, which shoppers alone write."""

    fields = readonly_fields = ("day", "term", "found", "nothing", "opened")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        asked = request.GET.get("days")
        days = next((span for span in SPANS if str(span) == asked), SPANS[0])
        since = timezone.localdate() - timedelta(days=days - 1)
        may_add = request.user.has_perm(f"{Synonym._meta.app_label}.add_{Synonym._meta.model_name}")
        without = list_without_matches(since=since)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Search terms",
            "days": days,
            "spans": [{"days": span, "href": f"?days={span}"} for span in SPANS],
            "most_frequent": table(
                ("Term", "Searches", "Found nothing", "Products opened"),
                [
                    (row.term, row.searches, row.nothing, row.opened)
                    for row in list_most_frequent(since=since)
                ],
            ),
            "without_matches": table(
                ("Term", "Found nothing", "Last searched", "Synonym"),
                [
                    (row.term, row.nothing, row.last_day, link_to_synonym(row) if may_add else "")
                    for row in without
                ],
            ),
            "unopened": table(
                ("Term", "Searches", "Last searched"),
                [(row.term, row.searches, row.last_day) for row in list_unopened(since=since)],
            ),
        }
        return render(request, "admin/catalog/searchterm/change_list.html", context)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> dict[str, Any]:
    """Return the table as Unfold's component shows it."""
    return {"headers": headers, "rows": rows}


def link_to_synonym(counted: Counted) -> SafeString:
    """Return a link to the form of a new synonym, which begins with the term."""
    page = f"{reverse('admin:catalog_synonym_add')}?{urlencode({'words': f'{counted.term}, '})}"
    return format_html('<a class="text-primary-600 dark:text-primary-500" href="{}">Add a synonym</a>', page)
