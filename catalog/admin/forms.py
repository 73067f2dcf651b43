"""Parts of the forms of products and categories."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminImageFieldWidget

from catalog.models import Category
from catalog.selectors import categories_in_tree_order
from core import images
from core.errors import RateLimited

INDENT = "\N{EM SPACE}"


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
