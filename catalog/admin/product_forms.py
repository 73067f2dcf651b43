"""The forms of a product, on its page and in the list."""

from datetime import datetime, time
from typing import Any, cast

from django import forms
from unfold.widgets import (
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextInputWidget,
)

from catalog.admin.forms import AttributesField
from catalog.admin.variants import OF_ONE_VARIANT, Edits, split_values
from catalog.fields import check_options
from catalog.models import OPTIONS, Product
from catalog.variants import (
    VariantFields,
)
from core.errors import ValidationError

VALUES = ("values_1", "values_2", "values_3")
COMBINED = "Such as S, M, L. Each is combined with those of the other options, and what is missing is added."


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
