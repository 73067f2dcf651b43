"""Writes of the catalogue: products by sellers, favourites by anyone."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import TypedDict, cast

from django.core.files import File
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from catalog.announcing import announce_changes
from catalog.attributes import AttributeFields, check_attributes, set_attributes
from catalog.models import MAX_OPTIONS, OPTIONS, Category, Favourite, Product, ProductImage, ProductVariant
from catalog.options import follow_names
from catalog.pictures import (
    PICTURE,
    PictureFields,
    Pictures,
    Stored,
    arrange,
    build_picture,
    delete_with_pictures,
    pictures_of,
    save_pictures,
    store_uploads,
)
from catalog.selectors import editable_products, products
from catalog.slugs import follow_name
from catalog.stock import lock_products
from catalog.variants import (
    VariantFields,
    Wanted,
    assign_options,
    build_variants,
    save_variants,
    variants_of,
    wanted_of_only,
)
from core.errors import Forbidden, NotFound, ValidationError, check_all, field_errors, refuse_nulls
from core.slugs import save_with_slug
from core.text import single_line

# Columns that never change or that other services write. An update writes all others, so a new column of Product is
# saved without being named here.
KEPT_ELSEWHERE = {
    *("id", "user", "slug"),
    *("price", "discount", "final_price", "stock", "sold_count"),
    *PICTURE,
    *("rated_1", "rated_2", "rated_3", "rated_4", "rated_5"),
}
WRITTEN = tuple(
    field.name
    for field in Product._meta.local_concrete_fields
    if not field.generated and field.name not in KEPT_ELSEWHERE
)
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


def create_product(*, user: User, fields: ProductFields, now: datetime) -> Product:
    """Create a product that this person sells.

    Raises:
        Forbidden: the person may not sell.
        ValidationError: names the input's fields.
    """
    require("catalog.add_product", user=user)
    with (
        refuse_deleted_category(),
        store_uploads(find_uploads(fields)) as stored,
        transaction.atomic(durable=True),
    ):
        product = Product(user=user, added_at=now, published_at=None)
        assign_option_names(product, fields)
        pictures = wanted_pictures(fields, before={}, stored=stored)
        wanted = show_pictures(wanted_variants(fields), pictures, stored=stored)
        variants: list[ProductVariant] = []
        attributes: dict[str, list[str]] = {}
        check_all(
            lambda: assign(product, {"is_published": True, **fields}, now=now),
            lambda: variants.extend(build_variants(product, wanted)),
            lambda: attributes.update(check_attributes(fields.get("attributes") or [])),
        )
        product.price, product.discount = variants[0].price, variants[0].discount  # until they are summed up
        save_with_slug(product, product.name)
        if pictures:
            save_pictures(product, pictures, before={})
        save_variants(product, variants, wanted, now=now)
        if attributes:
            set_attributes({product.pk: attributes}, whole=True)
        announce_changes({product.pk}, now=now)
    return product


def update_product(*, user: User, product_pk: int, changes: ProductFields, now: datetime) -> None:
    """Change the given fields. A slug of the name follows it. Files of removed pictures are deleted after the commit.

    `variants` is the whole list: those with an id change, those without are new, and the others are removed. So are
    `attributes` and `images`, while `image` is only the first picture.

    Locks:
        The product.
    Raises:
        Forbidden: the person may not sell.
        NotFound: the product is another seller's, or does not exist.
        ValidationError: names the input's fields.
    """
    require("catalog.change_product", user=user)
    refuse_nulls(changes, clearable=["image"])
    with (
        refuse_deleted_category(),
        store_uploads(find_uploads(changes)) as stored,
        transaction.atomic(durable=True),
    ):
        product = lock_product(user=user, pk=product_pk)
        old_name = product.name
        pictures: Pictures = {}
        if names_pictures(changes):
            before = pictures_of(product)
            pictures = wanted_pictures(changes, before=before, stored=stored)
            save_pictures(product, pictures, before=before)
        assign_option_names(product, changes)
        wanted = wanted_changes(product, changes)
        if wanted:
            wanted = show_pictures(wanted, pictures, stored=stored)
        variants: list[ProductVariant] = []
        attributes: dict[str, list[str]] = {}
        check_all(
            lambda: assign(product, changes, now=now),
            lambda: variants.extend(build_variants(product, wanted) if wanted else ()),
            lambda: attributes.update(check_attributes(changes.get("attributes") or [])),
        )
        product.save(update_fields=WRITTEN)
        if "name" in changes:
            follow_name(product, before=old_name)
        if wanted:
            save_variants(product, variants, wanted, now=now)
        elif "options" in changes:
            follow_names(product)
        if "attributes" in changes:
            set_attributes({product.pk: attributes}, whole=True)
        announce_changes({product.pk}, now=now)


@transaction.atomic(durable=True)
def delete_product(*, user: User, product_pk: int) -> None:
    """Delete the product. Its orders stay; the files of its pictures are deleted after the commit.

    Locks:
        The product.
    Raises:
        Forbidden: the person may not delete products.
        NotFound: the product is another seller's, or does not exist.
    """
    require("catalog.delete_product", user=user)
    delete_with_pictures(lock_product(user=user, pk=product_pk))


@transaction.atomic
def publish_products(products: QuerySet[Product], *, now: datetime) -> None:
    """Publish the products that are not published yet, for the staff. They become the newest ones.

    Locks:
        The products.
    """
    locked = lock_products(set(products.values_list("pk", flat=True)))
    keys = [key for key, product in locked.items() if not product.is_published]
    Product.objects.filter(pk__in=keys).update(published_at=now, added_at=now, updated_at=now)
    announce_changes(keys, now=now)


@transaction.atomic
def unpublish_products(products: QuerySet[Product], *, now: datetime) -> None:
    """Make the products drafts, for the staff.

    Locks:
        The products.
    """
    locked = lock_products(set(products.values_list("pk", flat=True)))
    keys = [key for key, product in locked.items() if product.published_at]
    Product.objects.filter(pk__in=keys).update(published_at=None, updated_at=now)
    announce_changes(keys, now=now)


@transaction.atomic(durable=True)
def add_favourite(*, user: User, product_pk: int, now: datetime) -> None:
    """Add the product to the user's favourites, unless it is one already.

    Locks:
        The product, so that nobody deletes it in the meantime.
    Raises:
        NotFound: the product does not exist, or is not published.
    """
    if not products().select_for_update(no_key=True).filter(pk=product_pk):
        raise NotFound(_("No such product."))
    Favourite.objects.bulk_create(
        [Favourite(user=user, product_id=product_pk, added_at=now)], ignore_conflicts=True
    )


@transaction.atomic(durable=True)
def remove_favourite(*, user: User, product_pk: int) -> None:
    """Remove the product from the user's favourites, if it is one.

    Raises:
        NotFound: the product does not exist, or is not published.
    """
    if not products().filter(pk=product_pk).exists():
        raise NotFound(_("No such product."))
    Favourite.objects.filter(user=user, product_id=product_pk).delete()


def require(permission: str, *, user: User) -> None:
    if not user.has_perm(permission):
        raise Forbidden


def lock_product(*, user: User, pk: int) -> Product:
    """Return a product that this person may change, locked.

    Raises:
        NotFound: the product is another seller's, or does not exist.
    """
    product = editable_products(user).select_for_update().filter(pk=pk).first()
    if product is None:
        raise NotFound(_("No such product."))
    return product


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


@contextmanager
def refuse_deleted_category() -> Iterator[None]:
    """Refuse a category that was deleted after it was found. PostgreSQL checks foreign keys at the commit.

    Raises:
        ValidationError: the category is gone, and the transaction was rolled back.
    """
    try:
        yield
    except IntegrityError as error:
        if "category_id" not in str(error):
            raise
        raise ValidationError.of(category=NO_CATEGORY) from error


def category_of(slug: str) -> Category:
    """Return the category of the slug.

    Raises:
        ValidationError: no category has this slug.
    """
    category = Category.objects.filter(slug=slug).first()
    if category is None:
        raise ValidationError.of(category=NO_CATEGORY)
    return category
