"""Parts of the forms of products and categories."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from unfold.forms import PaginationInlineFormSet
from unfold.widgets import UnfoldAdminImageFieldWidget, UnfoldAdminTextareaWidget

from catalog.exchange.lines import read_lines, write_lines
from catalog.models import Category, Product
from catalog.selectors import attributes_of, categories_in_tree_order
from core import images
from core.errors import RateLimited
from core.errors import ValidationError as NotValid

INDENT = "\N{EM SPACE}"


class PartFormSet(PaginationInlineFormSet):
    """The rows of a product's page."""

    def add_fields(self, form: Any, index: int | None) -> None:
        """Take a row's key as a number. Django's field reads each row again."""
        super().add_fields(form, index)
        form.fields["id"] = forms.IntegerField(
            required=False, initial=form.instance.pk, widget=forms.HiddenInput
        )


class PictureForm(forms.ModelForm[Any]):
    # Not Django's ImageField, which would let Pillow read any format that it knows.
    image = forms.FileField(required=False, widget=UnfoldAdminImageFieldWidget({"accept": "image/*"}))

    def clean_image(self) -> Any:
        upload = self.cleaned_data["image"]
        if isinstance(upload, UploadedFile):  # otherwise the current picture, or False to remove it
            try:
                images.prepare(upload)
            except (images.InvalidImage, RateLimited) as error:
                raise ValidationError(str(error)) from error
        return upload


class AttributesField(forms.CharField):
    """The attributes of a product as text, a line for each value: `Brand: Acme`."""

    widget = UnfoldAdminTextareaWidget

    def __init__(self) -> None:
        super().__init__(required=False, help_text="A line for each value, such as “Brand: Acme”.")

    @staticmethod
    def text_of(product: Product) -> str:
        named = attributes_of({product.pk})[product.pk]
        return write_lines({name: values for (name, _), values in named.items()})

    @staticmethod
    def read(text: str) -> dict[str, list[str]]:
        """Return the names and values as they are stored.

        Raises: Django's ValidationError.
        """
        try:
            return read_lines(text)
        except NotValid as error:
            raise ValidationError([field.message for field in error.fields]) from error


class TreeChoiceField(forms.ModelChoiceField[Category]):
    def label_from_instance(self, category: Category) -> str:
        return indent(category)


class TreeChoices:
    """Mixin of an admin: a choice of a category shows the tree, each category indented below its parent."""

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        if db_field.related_model is Category:
            options |= {"form_class": TreeChoiceField, "queryset": categories_in_tree_order()}
        return super().formfield_for_foreignkey(db_field, request, **options)  # type: ignore[misc]  # the admin's


def indent(category: Category) -> str:
    """Return the name, indented by the category's level."""
    level: int = category.level
    return INDENT * 2 * (level - 1) + category.name
