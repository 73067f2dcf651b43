"""The fields of a product as a seller gives them, and what they make of its row, variants and pictures."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import TypedDict, cast

from django.core.files import File
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.attributes import AttributeFields
from catalog.models import MAX_OPTIONS, OPTIONS, Category, Product, ProductImage
from catalog.pictures import (
    PictureFields,
    Pictures,
    Stored,
    arrange,
    build_picture,
)
from catalog.variants import (
    VariantFields,
    Wanted,
    assign_options,
    variants_of,
    wanted_of_only,
)
from core.errors import ValidationError, field_errors
from core.text import single_line

# The fields of the one variant, where no list of variants is given.
OF_ONE_VARIANT = ("sku", "price", "discount", "stock")
# The fields that are rows of their own, or that are checked with them.
OF_OTHER_ROWS = (*OF_ONE_VARIANT, "variants", "options", "attributes", "image", "images")
NO_CATEGORY = gettext_lazy("No category has this slug.")


class ProductFields(TypedDict, total=False):
    """The fields of a product. None removes the first picture, and is refused for the other fields."""

    category: str | None  # a slug
    name: str | None
    description: str | None
    # Either the first picture, or all of them.
    image: File[bytes] | None
    seo_title: str | None
    seo_description: str | None
    is_published: bool | None
    attributes: list[AttributeFields] | None
    images: list[PictureFields] | None
    options: list[str] | None
    # Either all of its variants, or the fields of its only one.
    variants: list[VariantFields] | None
    sku: str | None
    price: Decimal | None
    discount: Decimal | None
    stock: int | None


def wanted_variants(fields: ProductFields) -> Wanted:
    """Return what the variants of a new product shall be.

    Raises:
        ValidationError: neither variants nor price and stock are given, or both.
    """
    variants = fields.get("variants")
    if variants is not None:
        refuse_beside_variants(fields)
        return Wanted(fields=variants)
    if fields.get("options"):
        raise ValidationError.of(variants=_("Give the variants of the options."))
    missing = [field for field in ("price", "stock") if fields.get(field) is None]
    if missing:
        raise ValidationError.of(**dict.fromkeys(missing, _("This field is required.")))
    return Wanted(fields=[of_one_variant(fields)], path="")


def wanted_changes(product: Product, changes: ProductFields) -> Wanted | None:
    """Return what the variants of a locked product shall be; None where none of them changes.

    Raises:
        ValidationError: names the input's fields.
    """
    one = of_one_variant(changes)
    if not one and not {"options", "variants"} & changes.keys():
        return None
    before = variants_of(product)
    variants = changes.get("variants")
    if variants is not None:
        refuse_beside_variants(changes)
        return Wanted(fields=variants, before=before)
    if any(len(variant.option_values) != len(product.option_names) for variant in before.values()):
        raise ValidationError.of(
            options=_("Give all variants as well, with one value for each of the options.")
        )
    return wanted_of_only(before, one) if one else None


def names_pictures(fields: ProductFields) -> bool:
    """Whether the fields have pictures, or variants that point at some."""
    return bool({"image", "images"} & fields.keys()) or any(
        {"image", "image_id"} & variant.keys() for variant in fields.get("variants") or ()
    )


def find_uploads(fields: ProductFields) -> dict[str, File[bytes]]:
    """Return the input's uploads by their paths.

    Raises:
        ValidationError: both the first picture and all of them are given.
    """
    listed = fields.get("images")
    if listed is not None and "image" in fields:
        raise ValidationError.of(image=_("Give the pictures either in `images` or in `image`."))
    uploads = {"image": fields.get("image")}
    uploads |= {f"images.{place}": each.get("upload") for place, each in enumerate(listed or ())}
    uploads |= {
        f"variants.{place}.image": each.get("image")
        for place, each in enumerate(fields.get("variants") or ())
    }
    return {path: upload for path, upload in uploads.items() if upload}


def wanted_pictures(fields: ProductFields, *, before: Pictures, stored: Stored) -> dict[str, ProductImage]:
    """Return what the pictures of the product shall be.

    Raises:
        ValidationError: names the input's fields.
    """
    listed = fields.get("images")
    if listed is not None:
        pictures = arrange(listed, before=before, stored=stored)
    elif "image" in fields:
        new = [build_picture(stored[fields["image"]])] if fields["image"] else []
        pictures = {picture.name: picture for picture in [*new, *list(before.values())[1:]]}
    else:
        pictures = {**before}
    for variant in fields.get("variants") or ():
        upload = variant.get("image")
        if upload and stored[upload].name not in pictures:
            pictures[stored[upload].name] = build_picture(stored[upload])
    return pictures


def show_pictures(wanted: Wanted, pictures: Pictures, *, stored: Stored) -> Wanted:
    """Return the same variants with the pictures that they point at.

    Raises:
        ValidationError: a variant points at a picture that its product does not have, or at two.
    """
    shown: dict[int, ProductImage | None] = {}
    for place, fields in enumerate(wanted.fields):
        upload, name = fields.get("image"), fields.get("image_id")
        if upload and name:
            raise ValidationError.of(
                **{wanted.named(place, "imageId"): _("Give either a new picture or an ID.")}
            )
        if upload:
            name = stored[upload].name
        if name and name not in pictures:
            raise ValidationError.of(
                **{wanted.named(place, "imageId"): _("This product has no such picture.")}
            )
        if {"image", "image_id"} & fields.keys():
            shown[place] = pictures[name] if name else None
    return replace(wanted, pictures=shown)


def of_one_variant(fields: ProductFields) -> VariantFields:
    given = {name: fields[name] for name in OF_ONE_VARIANT if name in fields}  # type: ignore[literal-required]
    return cast(VariantFields, given)


def refuse_beside_variants(fields: ProductFields) -> None:
    """Refuse the fields of an only variant beside a list of variants.

    Raises:
        ValidationError: names these fields.
    """
    if beside := of_one_variant(fields):
        raise ValidationError.of(**dict.fromkeys(beside, _("Give this for each of the variants.")))


def assign(product: Product, fields: ProductFields, *, now: datetime) -> None:
    """Set the fields in memory and check every rule of the row. The fields of other rows are left to them.

    Raises:
        ValidationError: names the input's fields.
    """
    for field, value in fields.items():
        if field == "category":
            product.category = category_of(fields["category"])  # type: ignore[arg-type]  # null is refused before
        elif field == "is_published":
            if value != product.is_published:
                product.publish(now if value else None)
        elif field not in OF_OTHER_ROWS:
            setattr(product, field, value)
    product.updated_at = now
    with field_errors(**dict.fromkeys(OPTIONS, "options")):
        product.full_clean(exclude=["user", "slug", "price", "discount", "final_price", "stock"])


def assign_option_names(product: Product, fields: ProductFields) -> None:
    """Set the names of the options in memory, if they are given. The rules of the variants depend on them.

    Raises:
        ValidationError: names `options`.
    """
    options = fields.get("options")
    if options is not None:
        assign_options(product, check_options(options))


def check_options(names: list[str]) -> list[str]:
    """Return the names of the options as they are stored.

    Raises:
        ValidationError: there are too many, a name is blank, or two differ in case alone.
    """
    if len(names) > MAX_OPTIONS:
        raise ValidationError.of(
            options=_("A product can have at most %(most)s options.") % {"most": MAX_OPTIONS}
        )
    stored = [single_line(name) for name in names]
    if not all(stored):
        raise ValidationError.of(options=_("The name of an option cannot be blank."))
    if len({name.casefold() for name in stored}) < len(stored):
        raise ValidationError.of(options=_("Each option needs a name of its own."))
    return stored


def category_of(slug: str) -> Category:
    """Return the category of the slug.

    Raises:
        ValidationError: no category has this slug.
    """
    category = Category.objects.filter(slug=slug).first()
    if category is None:
        raise ValidationError.of(category=NO_CATEGORY)
    return category
