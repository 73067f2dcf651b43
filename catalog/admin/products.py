"""Products with their stock and its ledger, for the staff."""

import re
from collections.abc import Sequence
from datetime import datetime, time
from typing import Any, ClassVar, cast

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RelatedDropdownFilter
from unfold.decorators import action, display
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.models import User
from catalog.admin.forms import AttributesField, TreeChoices
from catalog.admin.pictures import PictureInline
from catalog.admin.variants import OF_ONE_VARIANT, Edits, MovementInline, VariantInline, split_values
from catalog.announcing import announce_changes
from catalog.attributes import set_attributes
from catalog.exchange import (
    COLUMNS,
    FORMATS,
    BadFile,
    Note,
    Outcome,
    Step,
    export_products,
    import_products,
    preview,
    read_rows,
    template,
)
from catalog.models import FEW_LEFT, OPTIONS, Product, ProductVariant
from catalog.pictures import delete_with_pictures
from catalog.previews import LIFETIME, preview_url
from catalog.selectors import ProductFilter, fully_held, mark_several, narrow
from catalog.services import (
    WRITTEN,
    check_options,
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
from catalog.visibility import is_draft, is_published, is_to_come
from core import images
from core.admin import ModelAdmin, edit_form
from core.errors import ValidationError
from core.money import Money
from core.slugs import save_with_slug
from core.text import sort_key

VALUES = ("values_1", "values_2", "values_3")
COMBINED = "Such as S, M, L. Each is combined with those of the other options, and what is missing is added."
ROW_KEY = re.compile(r"form-\d+-id")


class Availability(admin.SimpleListFilter):
    title = "availability"
    parameter_name = "available"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        few, held = f"{FEW_LEFT} or fewer", "Held by unpaid orders"
        return [("yes", "In stock"), ("no", "Sold out"), ("few", few), ("held", held)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        if self.value() == "few":
            return queryset.filter(stock__lte=FEW_LEFT)
        if self.value() == "held":
            return queryset.filter(pk__in=fully_held().values("pk"))
        in_stock = {"yes": True, "no": False}.get(self.value() or "")
        return narrow(queryset, ProductFilter(in_stock=in_stock))


class OnSale(admin.SimpleListFilter):
    title = "discount"
    parameter_name = "on_sale"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "On sale"), ("no", "Full price")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        on_sale = {"yes": True, "no": False}.get(self.value() or "")
        return narrow(queryset, ProductFilter(on_sale=on_sale))


class Publication(admin.SimpleListFilter):
    title = "publication"
    parameter_name = "publication"
    conditions: ClassVar = {"published": is_published, "draft": is_draft, "to_come": is_to_come}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("published", "Published"), ("draft", "Draft"), ("to_come", "To be published")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        condition = self.conditions.get(self.value() or "")
        return queryset.filter(condition()) if condition else queryset


class OneVariantForm(forms.ModelForm[Product]):
    """A form that changes price, discount and stock of a product with one variant. Of several, it only shows them."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # The selector's annotation; a new product has none.
        if getattr(self.instance, "has_several", False):
            for name in self.fields.keys() & {*OF_ONE_VARIANT}:
                self.fields[name].disabled = True


class PublicationField(forms.SplitDateTimeField):
    """A day and a time in the shop's time zone. A day alone means its midnight."""

    def compress(self, data_list: Any) -> datetime | None:
        if data_list and data_list[0] and not data_list[1]:
            data_list = (data_list[0], time.min)
        return super().compress(data_list)


def values_field(**options: Any) -> forms.CharField:
    return forms.CharField(
        required=False, label="Values to add", widget=UnfoldAdminTextInputWidget(), **options
    )


class ProductForm(OneVariantForm):
    """The form of a product, with lists of values of its options from which variants are made."""

    published_at = PublicationField(
        label="Published",
        required=False,
        widget=UnfoldAdminSplitDateTimeWidget,
        help_text="From when shoppers see it; a day without a time begins at midnight. Leave it empty for a draft.",
    )
    attributes = AttributesField()
    values_1 = values_field(help_text=COMBINED)
    values_2 = values_field()
    values_3 = values_field()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk is not None:
            self.initial["attributes"] = AttributesField.text_of(self.instance)

    def clean_attributes(self) -> dict[str, list[str]]:
        return AttributesField.read(self.cleaned_data["attributes"])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        names = [cleaned.get(option, getattr(self.instance, option)) for option in OPTIONS]
        while names and not names[-1]:
            names.pop()
        try:
            check_options(names)
        except ValidationError as error:
            self.add_error("option_1" if "option_1" in self.fields else None, error.message)
        values = [split_values(cleaned.get(name) or "") for name in VALUES]
        for name in VALUES[len(names) :]:
            if cleaned.get(name):
                self.add_error(name, "Name the option of these values, too.")
        one = {
            name: cleaned[name] for name in OF_ONE_VARIANT if name in self.changed_data and name in cleaned
        }
        renamed = any(option in self.changed_data for option in OPTIONS)
        self.instance.edits = Edits(  # type: ignore[attr-defined]  # read by the form of the variants
            options=renamed, values=values, one=cast(VariantFields, one)
        )
        return cleaned


class ImportForm(forms.Form):
    file = forms.FileField(widget=UnfoldAdminFileFieldWidget({"accept": ",".join(FORMATS)}))
    categories = forms.ChoiceField(
        label="Unknown categories",
        choices=[("create", "Create them"), ("report", "Report their rows as errors")],
        initial="create",
        required=False,  # a script that sends the file alone
        widget=UnfoldAdminSelectWidget,
    )

    def clean_categories(self) -> str:
        return self.cleaned_data["categories"] or "create"


@admin.register(Product)
class ProductAdmin(TreeChoices, ModelAdmin):
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
    actions = ("export", "publish", "unpublish")
    actions_list = ("bring_in",)
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

    @action(description="Export as CSV", permissions=["view"])
    def export(self, request: HttpRequest, products: QuerySet[Product]) -> StreamingHttpResponse:
        headers = {"Content-Disposition": "attachment; filename=products.csv"}
        lines = export_products(products, suffix=".csv")
        return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)

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

    @action(description="Import", url_path="import", permissions=["import"], icon="upload")
    def bring_in(self, request: HttpRequest) -> HttpResponse:
        """Show the form, and below it the result of an import. Each batch is imported in its own transaction.

        The page's script inserts only the preview into the page, so that the browser keeps the chosen file.
        """
        form = ImportForm(request.POST or None, request.FILES or None)
        assert isinstance(request.user, User)  # the admin lets nobody else in
        context: dict[str, Any] = {}
        if form.is_valid():
            file = form.cleaned_data["file"]
            options = {"create_categories": form.cleaned_data["categories"] == "create"}
            rows = read_rows(file, name=file.name)
            try:
                if "preview" in request.POST:
                    items = preview(rows, seller=request.user, now=timezone.now(), **options)
                    context["notes"] = [item for item in items if isinstance(item, Note)]
                    context["steps"] = [item for item in items if isinstance(item, Step)]
                else:
                    outcome = Outcome()
                    for batch in import_products(rows, seller=request.user, now=timezone.now(), **options):
                        outcome.add(batch)
                    context |= {"outcome": outcome, "notes": outcome.notes}
                    refusals = sorted(outcome.refused, key=lambda refusal: refusal.line)
                    listed = [[bad.line, bad.reason] for bad in refusals]
                    context["refusals"] = {"headers": ["Line", "Reason"], "rows": listed}
            except BadFile as error:
                form.add_error("file", str(error))
        context |= {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Import products",
            "form": form,
            "columns": COLUMNS,
        }
        return render(request, "admin/catalog/product/import.html", context)

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.download_template)
        return [path("import/template.csv", page, name="catalog_product_template"), *super().get_urls()]

    def download_template(self, request: HttpRequest) -> HttpResponse:
        if not self.has_import_permission(request):
            raise PermissionDenied
        headers = {"Content-Disposition": "attachment; filename=products-template.csv"}
        return HttpResponse(template(), content_type="text/csv; charset=utf-8", headers=headers)

    def has_import_permission(self, request: HttpRequest) -> bool:
        return bool(self.has_add_permission(request) and self.has_change_permission(request))

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
