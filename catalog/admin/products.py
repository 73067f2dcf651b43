"""Products with their stock and its ledger, for the staff."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RelatedDropdownFilter
from unfold.decorators import action, display

from catalog.admin.exchange import Exchange
from catalog.admin.filters import Availability, OnSale, Publication
from catalog.admin.forms import TreeChoices
from catalog.admin.pictures import PictureInline
from catalog.admin.product_forms import VALUES, OneVariantForm, ProductForm
from catalog.admin.variants import OF_ONE_VARIANT, MovementInline, VariantInline
from catalog.announcing import announce_changes
from catalog.attributes import set_attributes
from catalog.models import FEW_LEFT, OPTIONS, Product, ProductVariant
from catalog.pictures import delete_with_pictures
from catalog.previews import LIFETIME, preview_url
from catalog.selectors import mark_several
from catalog.services import (
    WRITTEN,
    publish_products,
    refuse_deleted_category,
    unpublish_products,
)
from catalog.slugs import change_slug, follow_name, take_from_name
from catalog.stock import lock_products
from catalog.variants import (
    VariantFields,
    Wanted,
    build_variants,
    save_variants,
    variants_of,
    wanted_of_only,
)
from core import images
from core.admin import ModelAdmin, edit_form
from core.errors import ValidationError
from core.money import Money
from core.slugs import save_with_slug
from core.text import sort_key

ROW_KEY = re.compile(r"form-\d+-id")


@admin.register(Product)
class ProductAdmin(Exchange, TreeChoices, ModelAdmin):
    """The admin of products. Writes use the steps of catalog.services and catalog.stock in the views' transaction."""

    form = ProductForm
    inlines = (PictureInline, VariantInline, MovementInline)
    list_display = (
        *("product", "category", "price", "discount", "discounted_price"),
        *("stock", "availability", "publication", "rating"),
    )
    ordering = ("-pk",)  # every other order has an index for published products alone
    list_editable = ("price", "discount", "stock")
    list_filter = (
        ("category", RelatedDropdownFilter),
        Availability,
        OnSale,
        Publication,
        ("product_values__value", AutocompleteSelectFilter),
        ("user", AutocompleteSelectFilter),
    )
    list_filter_submit = True
    actions = (*Exchange.actions, "publish", "unpublish")
    list_select_related = ("category", "user__profile")
    list_per_page = list_max_show_all = 25  # a page stays below 150 kB
    show_full_result_count = False
    search_fields = ("name", "slug")
    search_help_text = "Name, slug, SKU or barcode"
    autocomplete_fields = ("user",)
    counted = ("stock",)

    class Media:
        css = {"all": ["catalog/products.css"]}

    readonly_fields = (
        "preview_link",
        "seller",
        "discounted_price",
        "sold_count",
        "rating",
        "added_at",
        "updated_at",
    )

    def get_fieldsets(self, request: HttpRequest, obj: Product | None = None) -> Any:
        """Let people who may see users choose the seller. Others sell in their own name."""
        seller = "user" if request.user.has_perm("accounts.view_user") else "seller"
        options: tuple[Any, ...] = OPTIONS
        if self.has_change_permission(request, obj):
            options = tuple(zip(OPTIONS, VALUES, strict=True))
        return (
            (None, {"fields": ("name", "description", ("category", seller), "attributes")}),
            ("Publication", {"fields": (("published_at", "preview_link"), "slug")}),
            ("Search engines", {"fields": ("seo_title", "seo_description")}),
            (
                "Price and stock",
                {"fields": (("price", "discount"), ("stock", "discounted_price"), "tax_class")},
            ),
            *([("Options", {"fields": options})] if obj else ()),
            ("Records", {"fields": (("added_at", "updated_at"), ("sold_count", "rating"))}),
        )

    def get_inlines(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Let a new product come with its pictures."""
        return super().get_inlines(request, obj) or (PictureInline,)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"user": request.user.pk, **super().get_changeform_initial_data(request)}

    def get_changelist_form(self, request: HttpRequest, **options: Any) -> Any:
        """Use inputs with a single class: Unfold's classes are a third of the page."""
        number = forms.NumberInput({"class": "list-number"})
        widgets = dict.fromkeys(self.list_editable, number)
        form = edit_form(OneVariantForm, counted=self.counted)
        return super().get_changelist_form(request, form=form, widgets=widgets, **options)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        return mark_several(super().get_queryset(request))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Product], search_term: str
    ) -> tuple[QuerySet[Product], bool]:
        """Find the SKU and the barcode as they are: both have an index."""
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        if term := search_term.strip():
            numbered = ProductVariant.objects.filter(Q(sku_key=sort_key(term)) | Q(barcode=term))
            found |= queryset.filter(pk__in=numbered.order_by().values("product"))
        return found, may_repeat

    @display(description="Product", ordering="sort_name", header=True)
    def product(self, product: Product) -> list[Any]:
        return [product.name, self.seller(product), product.name[:1], thumbnail(product)]

    @display(description="Seller")
    def seller(self, product: Product) -> str:
        return product.user.profile.name

    @display(description="Final price", ordering="final_price")
    def discounted_price(self, product: Product) -> str:
        money = Money.of(product.final_price, settings.STORE_CURRENCY)
        return f"{money.amount} {money.currency}"

    @display(
        description="Availability",
        ordering="stock",
        label={"plenty": "success", "few": "warning", "none": "danger"},
    )
    def availability(self, product: Product) -> tuple[str, str]:
        if not product.stock:
            return "none", "Sold out"
        return ("few", "Few left") if product.stock <= FEW_LEFT else ("plenty", "In stock")

    @display(
        description="Publication",
        ordering="published_at",
        label={"published": "success", "to_come": "info", "draft": "warning"},
    )
    def publication(self, product: Product) -> tuple[str, str]:
        if product.published_at is None:
            return "draft", "Draft"
        if product.is_published:
            return "published", "Published"
        return "to_come", f"From {date_format(timezone.localtime(product.published_at), 'j M Y, H:i')}"

    @display(description="Preview", empty_value="Save it first.")
    def preview_link(self, product: Product) -> str | None:
        """Return a link that shows the page before it is published, to anyone who has the link."""
        if product.pk is None:
            return None
        days = LIFETIME.days
        return format_html('<a href="{}">Show the page</a> (for {} days)', preview_url(product), days)

    @display(description="Rating", ordering="rating_average", empty_value="–")
    def rating(self, product: Product) -> str | None:
        return f"{product.rating_average:.1f} ★ ({product.rating_count})" if product.rating_count else None

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Lock the edited products in order of primary key first. Django saves them in the order of the list."""
        rows = [str(value) for name, value in request.POST.items() if ROW_KEY.fullmatch(name)]
        response: HttpResponse
        if "_save" in request.POST:
            with transaction.atomic():
                lock_products({int(row) for row in rows if row.isdecimal()})
                response = super().changelist_view(request, extra_context)
        else:
            response = super().changelist_view(request, extra_context)
        return response

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> Any:
        """Show why the database refused what the forms had accepted. Nothing is saved then."""
        try:
            with refuse_deleted_category():
                return super().changeform_view(request, object_id, form_url, extra_context)
        except ValidationError as error:
            self.message_user(request, error.message, level=messages.ERROR)
            return redirect(request.path)

    @action(description="Publish", permissions=["change"])
    def publish(self, request: HttpRequest, products: QuerySet[Product]) -> None:
        chosen = list(products)
        publish_products(products, now=timezone.now())
        self.log_action_on(request, chosen, "Published")

    @action(description="Unpublish, as drafts", permissions=["change"])
    def unpublish(self, request: HttpRequest, products: QuerySet[Product]) -> None:
        chosen = list(products)
        unpublish_products(products, now=timezone.now())
        self.log_action_on(request, chosen, "Unpublished")

    def save_model(self, request: HttpRequest, obj: Product, form: Any, change: bool) -> None:
        if not change:
            insert(obj, seller=request.user, now=timezone.now())
        elif form.changed_data:
            # On the product's page the form of its variants writes those.
            of_variants = OF_ONE_VARIANT if isinstance(form, ProductForm) else ()
            fields = [field for field in form.edited_columns if field not in of_variants]
            write_changes(obj, fields, now=timezone.now())
        if "attributes" in form.changed_data:
            set_attributes({obj.pk: form.cleaned_data["attributes"]}, whole=True)
        if not change or form.changed_data:
            announce_changes({obj.pk}, now=timezone.now())

    def delete_model(self, request: HttpRequest, obj: Product) -> None:
        delete_with_pictures(obj)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        for product in lock_products(set(queryset.values_list("pk", flat=True))).values():
            self.delete_model(request, product)


def thumbnail(product: Product) -> dict[str, Any] | None:
    """Return the thumbnail's address for Unfold's header. Opens no file."""
    if not product.image.name:
        return None
    name = images.thumbnail_name(product.image.name, images.ThumbnailSize.SMALL)
    return {"path": default_storage.url(name), "squared": True, "width": 32}  # a height lets the width shrink


def insert(product: Product, *, seller: Any, now: datetime) -> None:
    """Insert a product of the seller, with one variant. The ledger records its stock as the first movement."""
    if product.user_id is None:
        product.user = seller
    product.updated_at = product.added_at = now
    product.publish(product.published_at)
    one: VariantFields = {"price": product.price, "discount": product.discount, "stock": product.stock}
    wanted = Wanted(fields=[one], path="")
    variants = build_variants(product, wanted)
    save_with_slug(product, product.slug or product.name)
    save_variants(product, variants, wanted, now=now)


def write_changes(edited: Product, fields: Sequence[str], *, now: datetime) -> None:
    """Write the edited fields over the row's current values, those of the one variant over the variant's.

    Locks:
        The product.
    """
    product = lock_products({edited.pk})[edited.pk]
    old_name = product.name
    one: VariantFields = {}
    for field in fields:
        if field == "published_at":
            product.publish(edited.published_at)
        elif field in OF_ONE_VARIANT:
            one[field] = getattr(edited, field)  # type: ignore[literal-required]  # a key of VariantFields
        elif field != "slug":
            setattr(product, field, getattr(edited, field))
    product.updated_at = now
    product.save(update_fields=(*WRITTEN, "user"))
    if "slug" not in fields:
        follow_name(product, before=old_name)
    elif edited.slug:
        change_slug(product, edited.slug)
    else:
        take_from_name(product)
    if one:
        wanted = wanted_of_only(variants_of(product), one)
        save_variants(product, build_variants(product, wanted), wanted, now=now)
