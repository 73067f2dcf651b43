"""The attributes of products and their values, for the staff."""

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.decorators import display

from catalog.models import Attribute, AttributeValue, ProductValue
from core.admin import ModelAdmin
from core.counting import MAX_COUNT, CountUpTo

VALUES = "admin:catalog_attributevalue_changelist"


def show_count(count: int) -> str:
    return f"{count} or more" if count == MAX_COUNT else str(count)


class NamedAdmin(ModelAdmin):
    """A page of rows with a name, from which a slug is made."""

    search_fields = ("name",)
    readonly_fields = ("slug",)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change and "name" in form.edited_columns:
            obj.save(update_fields=[*form.edited_columns, "sort_name"])
        else:
            super().save_model(request, obj, form, change)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        """List only the rows themselves. Django would list every product's value."""
        chosen = list(objs)
        return [str(row) for row in chosen], {str(self.opts.verbose_name_plural): len(chosen)}, set(), []


@admin.register(Attribute)
class AttributeAdmin(NamedAdmin):
    list_display = ("name", "slug", "position", "values")
    list_editable = ("position",)
    fieldsets = ((None, {"fields": (("name", "position"), "slug")}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Attribute]:
        values = AttributeValue.objects.filter(attribute=OuterRef("pk"))
        found: QuerySet[Attribute] = super().get_queryset(request).filter(of_options=False)
        return found.annotate(value_count=CountUpTo(values))

    @display(description="Values", ordering="value_count")
    def values(self, attribute: Attribute) -> SafeString:
        count: int = attribute.value_count  # type: ignore[attr-defined]  # annotated
        address = f"{reverse(VALUES)}?attribute__id__exact={attribute.pk}"
        return format_html('<a href="{}">{}</a>', address, show_count(count))


@admin.register(AttributeValue)
class AttributeValueAdmin(NamedAdmin):
    list_display = ("name", "attribute", "slug", "products")
    list_filter = (("attribute", RelatedDropdownFilter),)
    list_select_related = ("attribute",)
    fieldsets = ((None, {"fields": (("name", "attribute"), "slug")}),)
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[AttributeValue]:
        having = ProductValue.objects.filter(value=OuterRef("pk"))
        found: QuerySet[AttributeValue] = super().get_queryset(request).select_related("attribute")
        found = found.filter(attribute__of_options=False)
        return found.annotate(product_count=CountUpTo(having))

    def get_readonly_fields(self, request: HttpRequest, obj: AttributeValue | None = None) -> tuple[str, ...]:
        """A value stays with its attribute: the products with it have not been given the other one."""
        return ("slug", "attribute") if obj else ("slug",)

    @display(description="Products", ordering="product_count")
    def products(self, value: AttributeValue) -> str:
        return show_count(value.product_count)  # type: ignore[attr-defined]  # annotated
