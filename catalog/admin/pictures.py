"""The pictures on the page of a product: added several at once, and put in order by dragging."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import TabularInline
from unfold.widgets import UnfoldAdminImageFieldWidget

from catalog.admin.forms import PartFormSet, PictureForm
from catalog.announcing import announce_changes
from catalog.models import MAX_IMAGES, Product, ProductImage
from catalog.pictures import build_picture, pictures_of, save_pictures, store_uploads, too_many
from core import images
from core.admin import EditForm


class PictureWidget(UnfoldAdminImageFieldWidget):
    """Shows a stored picture, or asks for a new one. To replace a picture, people remove it and add another."""

    template_name = "admin/catalog/product/picture.html"

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        if context["widget"]["is_initial"]:
            small = images.thumbnail_name(value.name, images.ThumbnailSize.SMALL)
            context |= {"full": images.url(value.name), "small": images.url(small)}
        return context


class PictureField(forms.FileField):
    """A field for a new picture. Where it only shows a stored one, it opens no file."""

    def clean(self, data: Any, initial: Any = None) -> Any:
        return initial if self.disabled else super().clean(data, initial)


class ProductImageForm(EditForm, PictureForm):
    image = PictureField(label="Picture", widget=PictureWidget({"accept": "image/*"}))

    class Meta:
        model = ProductImage
        fields = ("image", "image_alt", "position")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["image"].disabled = self.instance.pk is not None
        # Whoever drags a picture moves the others. This must not count as a conflict with another person's order.
        self.fields["position"].show_hidden_initial = False
        self.fields["position"].required = False


class PictureFormSet(PartFormSet):
    """Saves the rows as one list. What somebody else has added in the meantime stays, and what they deleted is gone."""

    def _should_delete_form(self, form: Any) -> bool:
        gone = form in self.initial_forms and form.instance.pk is None
        return bool(gone or super()._should_delete_form(form))

    def validate_unique(self) -> None:
        """Let uploads have equal names, as the pictures of phones have. Each is stored under a name of its own."""

    def clean(self) -> None:
        kept = ProductImage.objects.filter(product=self.instance.pk).exclude(pk__in=self.removed_keys)
        if kept.count() + len(self.new_forms) > MAX_IMAGES:
            raise forms.ValidationError(too_many())

    @property
    def removed_keys(self) -> set[int]:
        return {form.instance.pk for form in self.deleted_forms if form.instance.pk is not None}

    @property
    def new_forms(self) -> list[Any]:
        return [form for form in self.extra_forms if form.has_changed() and form not in self.deleted_forms]

    def save(self, commit: bool = True) -> list[ProductImage]:
        """Write the pictures of the product, which the page has locked."""
        product: Product = self.instance
        shown = [form for form in self.initial_forms if form.instance.pk and form not in self.deleted_forms]
        self.changed_objects = [(form.instance, form.changed_data) for form in shown if form.has_changed()]
        self.deleted_objects = [form.instance for form in self.deleted_forms if form.instance.pk]
        self.new_objects: list[ProductImage] = []
        if not (self.changed_objects or self.deleted_objects or self.new_forms):
            return []
        uploads = {f"images.{place}": form.cleaned_data["image"] for place, form in enumerate(self.new_forms)}
        before = pictures_of(product)
        with store_uploads(uploads) as stored:
            for form in self.new_forms:
                alt = form.cleaned_data["image_alt"]
                self.new_objects.append(build_picture(stored[form.cleaned_data["image"]], alt=alt))
            dragged = {form.instance.pk: form.instance for form in shown}
            kept = [picture for picture in before.values() if picture.pk not in self.removed_keys]
            kept.sort(
                key=lambda picture: dragged[picture.pk].position if picture.pk in dragged else MAX_IMAGES
            )
            for picture in kept:
                if picture.pk in dragged:
                    picture.image_alt = dragged[picture.pk].image_alt
            product.updated_at = timezone.now()
            wanted = {picture.name: picture for picture in [*kept, *self.new_objects]}
            save_pictures(product, wanted, before=before)
            announce_changes({product.pk}, now=product.updated_at)
        return self.new_objects


class PictureInline(TabularInline):
    model = ProductImage
    form = ProductImageForm
    formset = PictureFormSet
    verbose_name_plural = "pictures"
    fields = ("image", "image_alt", "position")
    ordering_field = "position"
    hide_ordering_field = True
    hide_title = True
    extra = 0
    max_num = MAX_IMAGES

    class Media:
        js = ["catalog/pictures.js"]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Everyone who may see the product sees its pictures."""
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The pictures are a part of the product."""
        return request.user.has_perm("catalog.change_product" if obj else "catalog.add_product")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_add_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_add_permission(request, obj)
