"""The shop's synonyms, for the staff, with the products that each of them adds."""

from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

from catalog.admin.attributes import show_count
from catalog.models import Synonym
from catalog.search.additions import find_additions
from core.admin import ModelAdmin


@admin.register(Synonym)
class SynonymAdmin(ModelAdmin):
    list_display = ("words", "same")
    search_fields = ("words",)
    readonly_fields = ("adds",)
    fieldsets = ((None, {"fields": ("words", "adds")}),)

    @display(description="the same", boolean=True)
    def same(self, synonym: Synonym) -> bool:
        return synonym.is_same

    @display(
        description="It adds",
        empty_value="What it adds to the search for each word is shown here once it is saved.",
    )
    def adds(self, synonym: Synonym) -> SafeString | None:
        """For each word the products that only the other words find: how many, and the best sellers of them."""
        if synonym.pk is None:
            return None
        return format_html_join(
            "",
            "<p>“{}”: {}</p>",
            (
                (found.phrase, f"{show_count(found.count)} products, such as {', '.join(found.names)}")
                if found.count
                else (found.phrase, "no products")
                for found in find_additions(synonym.phrases)
            ),
        )
