"""The tree of categories, for the staff."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from unfold.decorators import display

from catalog import categories
from catalog.admin.forms import PictureForm, TreeChoices
from catalog.models import Category, Product
from catalog.pictures import delete_files_after_commit, set_picture
from catalog.selectors import tree_order
from catalog.slugs import change_slug, follow_name, take_from_name
from core import images
from core.admin import ModelAdmin
from core.counting import MAX_COUNT, CountUpTo
from core.errors import NotFound, ValidationError


class CategoryForm(PictureForm):
    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if "parent" in self.cleaned_data:
            category: Category = self.instance
            try:
                categories.check_parent(category, self.cleaned_data["parent"])
            except ValidationError as error:
                self.add_error("parent", str(error))
        return cleaned


@admin.register(Category)
class CategoryAdmin(TreeChoices, ModelAdmin):
    """The admin of categories. Writes use catalog.categories, in the views' transactions, under the tree's lock."""

    form = CategoryForm
    list_display = ("indented_name", "slug", "position", "products")
    list_display_links = ("indented_name",)
    list_editable = ("position",)
    search_fields = ("name",)
    fieldsets = (
        (None, {"fields": ("name", ("parent", "position"), "description", "image")}),
        ("Search engines", {"fields": ("slug", "seo_title", "seo_description")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Category]:
        own = Product.objects.filter(category=OuterRef("pk"))
        found: QuerySet[Category] = super().get_queryset(request)
        return found.annotate(product_count=CountUpTo(own))

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        """Order by the tree, here and in the filter of the list of products."""
        return [tree_order().asc()]

    @display(description="Name")
    def indented_name(self, category: Category) -> SafeString:
        indentation = mark_safe("&emsp;" * 2 * (category.level - 1))  # nothing of a user's
        return format_html("{}{}", indentation, category.name)

    @display(description="Products", ordering="product_count")
    def products(self, category: Category) -> str:
        count: int = category.product_count  # type: ignore[attr-defined]  # annotated
        return f"{count} or more" if count == MAX_COUNT else str(count)

    def lock(self, object_id: str) -> None:
        """Lock the whole tree. With the lock of a single category, a move would wait for another's in a circle."""
        categories.lock_tree()

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        response: HttpResponse
        try:
            if "_save" in request.POST:
                with transaction.atomic():
                    categories.lock_tree()
                    response = super().changelist_view(request, extra_context)
            else:
                response = super().changelist_view(request, extra_context)
        except (NotFound, ValidationError) as error:
            response = self.refuse(request, error)
        return response

    def changeform_view(self, request: HttpRequest, *arguments: Any, **options: Any) -> HttpResponse:
        """Show the page, or why the database has refused what the form let pass."""
        response: HttpResponse
        try:
            response = super().changeform_view(request, *arguments, **options)
        except (NotFound, ValidationError) as error:
            response = self.refuse(request, error)
        return response

    def save_model(self, request: HttpRequest, obj: Category, form: Any, change: bool) -> None:
        upload = form.cleaned_data.get("image") if "image" in form.changed_data else None
        with images.store_upload(upload or None, folder="categories", field="image") as picture:
            if change:
                write_changes(obj, form.edited_columns, picture=picture)
            else:
                categories.create_category(obj, picture=picture)

    def get_deleted_objects(
        self, objs: Iterable[Category], request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        """List only the categories, and why they have to stay. Django would list each of their products."""
        chosen = list(objs)
        hindrances = [why for category in chosen if (why := categories.find_hindrance(category))]
        return [str(category) for category in chosen], {"categories": len(chosen)}, set(), hindrances

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Show the page, or why the category got something to hold on to in the meantime."""
        response: HttpResponse
        try:
            response = super().delete_view(request, object_id, extra_context)
        except (NotFound, ValidationError) as error:
            response = self.refuse(request, error)
        return response

    def refuse(self, request: HttpRequest, error: NotFound | ValidationError) -> HttpResponse:
        """Show the list with the error. The transaction has been rolled back."""
        self.message_user(request, str(error), messages.ERROR)
        return redirect("admin:catalog_category_changelist")

    def delete_model(self, request: HttpRequest, obj: Category) -> None:
        categories.delete_category(category_pk=obj.pk)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Category]) -> None:
        for category in queryset:
            self.delete_model(request, category)


def write_changes(edited: Category, fields: Iterable[str], *, picture: images.StoredImage | None) -> None:
    """Write the edited fields. Another parent moves the category."""
    current = Category.objects.get(pk=edited.pk)
    written = {*fields}
    if "parent" in written:
        categories.move_category(category_pk=edited.pk, parent_pk=edited.parent_id)
        written.remove("parent")
    if "image" in written:
        set_picture(edited, picture)
        delete_files_after_commit(current.image.name)
        written |= {"image_width", "image_height", "image_placeholder"}
    if "name" in written:
        written.add("sort_name")
    slug, edited.slug = edited.slug, current.slug
    if written - {"slug"}:
        edited.save(update_fields=written - {"slug"})
    if "slug" not in written:
        follow_name(edited, before=current.name)
    elif slug:
        change_slug(edited, slug)
    else:
        take_from_name(edited)
