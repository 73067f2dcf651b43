"""The variants of a product on its page, edited together and written by their service."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, product
from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import TabularInline
from unfold.decorators import display

from catalog.admin.forms import PartFormSet
from catalog.announcing import announce_changes
from catalog.models import MAX_VARIANTS, OPTIONS, Product, ProductImage, ProductVariant, StockMovement
from catalog.pictures import pictures_of
from catalog.variants import (
    VariantFields,
    Wanted,
    build_variants,
    find_taken_sku,
    save_variants,
    variants_of,
)
from core.admin import edit_form
from core.errors import FieldError, ValidationError
from core.text import single_line

# What the page of a product with one variant has above.
OF_ONE_VARIANT = ("price", "discount", "stock")
PATH = re.compile(r"(?:(\d+)\.)?(\w*)")
# The service's names of fields, where a form's differ.
FORM_NAMES = {"weightGrams": "weight_grams"}
REMOVED = "Somebody has removed this variant. Tick “Delete” to save without it."
LAST = 32_767  # behind every position


@dataclass(frozen=True, kw_only=True)
class Edits:
    """The changes to a product's variants that were made in the fields of the product itself.

    `options` tells whether the names of the options have changed, `values` lists for each option the values to combine
    with those of the others, and `one` has the fields of the only variant.
    """

    options: bool = False
    values: Sequence[Sequence[str]] = ((), (), ())
    one: VariantFields = field(default_factory=lambda: VariantFields())


class VariantForm(forms.ModelForm[ProductVariant]):
    def _post_clean(self) -> None:
        """Leave the rules of the row to the service, which knows the others."""


class VariantFormSet(PartFormSet):
    """The rows of a product's variants. What was not shown, or not edited, stays as it is."""

    @property
    def edits(self) -> Edits:
        return getattr(self.instance, "edits", Edits())

    def validate_unique(self) -> None:
        """Leave it to the service: two variants may swap their values."""

    def clean(self) -> None:
        """Check all variants by the rules of the service, and add each error to its row."""
        for form in self.initial_forms:
            if form.instance.pk is None and not self._should_delete_form(form):
                form.add_error(None, REMOVED)
        if any(form.errors for form in self.forms if not self._should_delete_form(form)):
            return
        rows, wanted = self.plan()
        try:
            variants = build_variants(self.instance, wanted)
            if taken := find_taken_sku(self.instance, variants, wanted):
                raise taken
        except ValidationError as error:
            for wrong in error.fields:
                self.report(wrong, rows)

    def plan(self) -> tuple[list[forms.ModelForm[Any] | None], Wanted]:
        """Return what the variants shall be, in order, with the form of each; None for one that has none."""
        before = variants_of(self.instance)
        # The place of each, then what it shall be.
        listed: list[tuple[int, forms.ModelForm[Any] | None, VariantFields]] = []
        shown = set()
        for form in self.initial_forms:
            key = form.instance.pk
            shown.add(key)
            if key in before and not self._should_delete_form(form):
                listed.append((place_of(form, before[key].position), form, self.fields_of(form, before[key])))
        hidden = (variant for key, variant in before.items() if key not in shown)
        listed += [(variant.position, None, VariantFields(id=variant.pk)) for variant in hidden]
        for form in self.extra_forms:
            if form.has_changed() and not self._should_delete_form(form):
                listed.append((place_of(form, LAST), form, self.fields_of(form, ProductVariant())))
        listed.sort(key=lambda row: row[0])
        if len(listed) == 1:
            listed[0][2].update(self.edits.one)
        rows = [form for _, form, _ in listed]
        fields = [fields for _, _, fields in listed]
        added = list(self.combine(fields, before))
        wanted = Wanted(
            fields=[*fields, *added], before=before, path="{}.", pictures=self.chosen_pictures(rows)
        )
        return [*rows, *[None] * len(added)], wanted

    def chosen_pictures(self, rows: Sequence[forms.ModelForm[Any] | None]) -> dict[int, ProductImage | None]:
        """Return the pictures that were chosen, by the places of their rows.

        Where the picture is removed at the same time, or another person has just removed it, the variant shows the
        first one.
        """
        chosen = {
            place: form.cleaned_data["image"]
            for place, form in enumerate(rows)
            if form and "image" in form.cleaned_data
        }
        pictures = {picture.pk: picture for picture in pictures_of(self.instance).values()} if chosen else {}
        return {place: pictures.get(key) for place, key in chosen.items()}

    def fields_of(self, form: forms.ModelForm[Any], variant: ProductVariant) -> VariantFields:
        """Return the edited fields of a row, and its values of the options in use."""
        cleaned = form.cleaned_data
        options = OPTIONS[: len(self.instance.option_names)]
        values = [cleaned.get(option, getattr(variant, option)) for option in options]
        names = VariantFields.__annotations__.keys() & cleaned.keys() - {"id", "image"}
        fields = {"option_values": values, **{name: cleaned[name] for name in names}}
        if variant.pk is not None:
            fields["id"] = variant.pk
        return cast(VariantFields, fields)

    def combine(
        self, listed: Sequence[VariantFields], before: Mapping[int, ProductVariant]
    ) -> Iterator[VariantFields]:
        """Yield the variants that are missing of all combinations, at the price of the first and without stock.

        An option without new values is combined with those that it has. A product's only variant, which has no values
        yet, gets the first combination.
        """
        if not any(self.edits.values) or not listed:
            return
        existing = [tuple(fields.get("option_values") or ()) for fields in listed]
        count = len(self.instance.option_names)
        axes = [
            self.edits.values[place]
            or list(dict.fromkeys(values[place] for values in existing if values[place:]))
            for place in range(count)
        ]
        first = listed[0]
        variant = before.get(first.get("id", 0))
        price = {name: first.get(name, getattr(variant, name, None)) for name in ("price", "discount")}
        for values in islice(product(*axes), MAX_VARIANTS + 1 + len(existing)):
            if len(listed) == 1 and not any(existing[0]):
                first["option_values"] = list(values)
                existing = [values]
            elif values not in existing:
                yield cast(VariantFields, {"option_values": list(values), **price})

    def report(self, error: FieldError, rows: Sequence[forms.ModelForm[Any] | None]) -> None:
        """Add an error to its row and field, or above the rows."""
        found = PATH.fullmatch(error.field)
        place, name = (found[1], found[2]) if found else (None, "")
        form = rows[int(place)] if place else None
        if form is None:
            self._non_form_errors.append(error.message)
            return
        name = FORM_NAMES.get(name, name)
        if name == "optionValues":
            used = [option for option in OPTIONS if option in form.fields]
            name = next((option for option in used if not form[option].value()), used[0] if used else "")
        form.add_error(name if name in form.fields else None, error.message)

    def save(self, commit: bool = True) -> list[ProductVariant]:
        """Write the variants, whose product the view has locked, and say what has changed, for the admin's log.

        Raises:
            ValidationError: somebody else has just taken a SKU.
        """
        self.new_objects: list[ProductVariant] = []
        self.changed_objects: list[tuple[ProductVariant, list[str]]] = []
        self.deleted_objects: list[ProductVariant] = []
        edits = self.edits
        if not (self.has_changed() or any(edits.values) or edits.one or edits.options):
            return []
        now = timezone.now()
        rows, wanted = self.plan()
        variants = build_variants(self.instance, wanted)
        save_variants(self.instance, variants, wanted, now=now)
        Product.objects.filter(pk=self.instance.pk).update(updated_at=now)
        announce_changes({self.instance.pk}, now=now)
        for variant, form in zip(variants, rows, strict=True):
            if variant.pk not in wanted.before:
                self.new_objects.append(variant)
            elif form is not None and form.has_changed():
                self.changed_objects.append((variant, form.changed_data))
        kept = {variant.pk for variant in variants}
        self.deleted_objects = [variant for key, variant in wanted.before.items() if key not in kept]
        return variants


def place_of(form: forms.ModelForm[Any], position: int) -> int:
    """Return the position that was typed, or else the one that it has."""
    return cast(int, form.cleaned_data["position"]) if "position" in form.changed_data else position


def picture_field(product: Product) -> forms.IntegerField:
    """Return a field for the key of one of the product's pictures.

    Django's own field of a foreign key reads the choices again for each row.
    """
    choices = [("", "The first")]
    for place, picture in enumerate(pictures_of(product).values(), start=1):
        choices.append((str(picture.pk), f"{place}. {picture.image_alt}".strip()))
    return forms.IntegerField(
        label="Picture", required=False, widget=forms.Select({"class": "list-text"}, choices)
    )


def has_several(shown: Product | None) -> bool:
    """Whether the page shows a product with several variants, by the selector's annotation."""
    return bool(getattr(shown, "has_several", False))


def posted_options(request: HttpRequest, shown: Product | None) -> dict[str, str]:
    """Return the names of the options in use by column, as the form names them or the product has them."""
    if shown is None:
        return {}
    names = {option: single_line(request.POST.get(option, getattr(shown, option))) for option in OPTIONS}
    return {option: name for option, name in names.items() if name}


def split_values(text: str) -> list[str]:
    """Return the values of a list with commas, each once."""
    return list(dict.fromkeys(value for value in map(single_line, text.split(",")) if value))


class PartInline(TabularInline):
    """Rows of a product, to read. They have no page of their own."""

    hide_title = True
    extra = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The rows are shown to everyone who may see the product."""
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class VariantInline(PartInline):
    """The variants, for everyone who may change the product."""

    model = ProductVariant
    formset = VariantFormSet
    verbose_name_plural = "variants"
    readonly_fields = ("final_price", "held")
    can_delete = True
    ordering_field = "position"

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        options = posted_options(request, obj)
        if has_several(obj):
            pictures = ("image",) if obj.image else ()  # without any, there is nothing to choose
            return (
                *(*options, "sku", "price", "discount", "final_price", "stock", "held", *pictures),
                *("weight_grams", "requires_shipping", "barcode", "position"),
            )
        return (*options, "sku", "weight_grams", "requires_shipping", "barcode", "held")

    def get_formset(self, request: HttpRequest, obj: Any = None, **options: Any) -> Any:
        """Label the options' columns with their names, and use inputs with a single class: Unfold's are long."""
        texts = dict.fromkeys((*OPTIONS, "sku", "barcode"), forms.TextInput({"class": "list-text"}))
        counts = dict.fromkeys(
            ("price", "discount", "stock", "weight_grams", "position"),
            forms.NumberInput({"class": "list-number"}),
        )
        form = edit_form(VariantForm, counted=("stock",))
        formset = super().get_formset(request, obj, form=form, widgets={**texts, **counts}, **options)
        for option, name in posted_options(request, obj).items():
            if option in formset.form.base_fields:
                formset.form.base_fields[option].label = name
        if "image" in formset.form.base_fields:
            formset.form.base_fields["image"] = picture_field(obj)
        return formset

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProductVariant]:
        """Read the pictures along, for people who may only look."""
        variants: QuerySet[ProductVariant] = super().get_queryset(request)
        return variants.select_related("image")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("catalog.change_product")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The first further ones come with the names and values of the options."""
        return self.has_change_permission(request) and has_several(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request) and has_several(obj)


class MovementInline(PartInline):
    model = StockMovement
    verbose_name_plural = "stock movements"
    fields = readonly_fields = ("created_at", "variant", "change", "reason", "order_uuid")
    per_page = 10

    def get_queryset(self, request: HttpRequest) -> QuerySet[StockMovement]:
        movements: QuerySet[StockMovement] = super().get_queryset(request)
        return movements.select_related("variant")

    @display(description="Change")
    def change(self, movement: StockMovement) -> str:
        return f"{movement.delta:+d}"
