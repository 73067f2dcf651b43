"""Writes of the catalogue: products by sellers, favourites by anyone."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import TypedDict, cast

from django.core.files import File
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from accounts.models import User
from catalog.attributes import AttributeFields, check_attributes, set_attributes
from catalog.models import MAX_OPTIONS, OPTIONS, Category, Favourite, Product, ProductVariant
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
from core import images
from core.errors import Forbidden, NotFound, ValidationError, check_all, field_errors, refuse_nulls
from core.slugs import save_with_slug
from core.text import single_line

# Columns that never change or that other services write. An update writes all others, so a new column of Product is
# saved without being named here.
KEPT_ELSEWHERE = {
    *("id", "user", "slug"),
    *("price", "discount", "final_price", "stock", "sold_count"),
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
OF_OTHER_ROWS = (*OF_ONE_VARIANT, "variants", "options", "attributes")
NO_CATEGORY = "No category has this slug."


class ProductFields(TypedDict, total=False):
    """The fields of a product. None removes the picture, and is refused for the other fields."""

    category: str | None  # a slug
    name: str | None
    description: str | None
    image: File[bytes] | None
    seo_title: str | None
    seo_description: str | None
    is_published: bool | None
    attributes: list[AttributeFields] | None
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
        images.store_upload(fields.get("image"), folder="products", field="image") as picture,
        transaction.atomic(durable=True),
    ):
        product = Product(user=user, added_at=now, published_at=None)
        assign_option_names(product, fields)
        wanted = wanted_variants(fields)
        variants: list[ProductVariant] = []
        attributes: dict[str, list[str]] = {}
        check_all(
            lambda: assign(product, {"is_published": True, **fields}, picture=picture, now=now),
            lambda: variants.extend(build_variants(product, wanted)),
            lambda: attributes.update(check_attributes(fields.get("attributes") or [])),
        )
        product.price, product.discount = variants[0].price, variants[0].discount  # until they are summed up
        save_with_slug(product, product.name)
        save_variants(product, variants, wanted, now=now)
        if attributes:
            set_attributes({product.pk: attributes}, whole=True)
    return product


def update_product(*, user: User, product_pk: int, changes: ProductFields, now: datetime) -> None:
    """Change the given fields. A slug of the name follows it. A replaced picture is deleted after the commit.

    `variants` is the whole list: those with an id change, those without are new, and the others are removed. So is
    `attributes`.

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
        images.store_upload(changes.get("image"), folder="products", field="image") as picture,
        transaction.atomic(durable=True),
    ):
        product = lock_product(user=user, pk=product_pk)
        old_picture, old_name = product.image.name, product.name
        assign_option_names(product, changes)
        wanted = wanted_changes(product, changes)
        variants: list[ProductVariant] = []
        attributes: dict[str, list[str]] = {}
        check_all(
            lambda: assign(product, changes, picture=picture, now=now),
            lambda: variants.extend(build_variants(product, wanted) if wanted else ()),
            lambda: attributes.update(check_attributes(changes.get("attributes") or [])),
        )
        product.save(update_fields=WRITTEN)
        if "name" in changes:
            follow_name(product, before=old_name)
        if wanted:
            save_variants(product, variants, wanted, now=now)
        if "attributes" in changes:
            set_attributes({product.pk: attributes}, whole=True)
        if product.image.name != old_picture:
            delete_files_after_commit(old_picture)


@transaction.atomic(durable=True)
def delete_product(*, user: User, product_pk: int) -> None:
    """Delete the product. Its orders stay; its picture's files are deleted after the commit.

    Locks:
        The product.
    Raises:
        Forbidden: the person may not delete products.
        NotFound: the product is another seller's, or does not exist.
    """
    require("catalog.delete_product", user=user)
    product = lock_product(user=user, pk=product_pk)
    product.delete()
    delete_files_after_commit(product.image.name)


@transaction.atomic
def publish_products(products: QuerySet[Product], *, now: datetime) -> None:
    """Publish the products that are not published yet, for the staff. They become the newest ones.

    Locks:
        The products.
    """
    locked = lock_products(set(products.values_list("pk", flat=True)))
    keys = [key for key, product in locked.items() if not product.is_published]
    Product.objects.filter(pk__in=keys).update(published_at=now, added_at=now, updated_at=now)


@transaction.atomic
def unpublish_products(products: QuerySet[Product], *, now: datetime) -> None:
    """Make the products drafts, for the staff.

    Locks:
        The products.
    """
    locked = lock_products(set(products.values_list("pk", flat=True)))
    keys = [key for key, product in locked.items() if product.published_at]
    Product.objects.filter(pk__in=keys).update(published_at=None, updated_at=now)


@transaction.atomic(durable=True)
def add_favourite(*, user: User, product_pk: int, now: datetime) -> None:
    """Add the product to the user's favourites, unless it is one already.

    Locks:
        The product, so that nobody deletes it in the meantime.
    Raises:
        NotFound: the product does not exist, or is not published.
    """
    if not products().select_for_update(no_key=True).filter(pk=product_pk):
        raise NotFound("product")
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
        raise NotFound("product")
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
        raise NotFound("product")
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
        raise ValidationError.of(variants="Give the variants of the options.")
    missing = [field for field in ("price", "stock") if fields.get(field) is None]
    if missing:
        raise ValidationError.of(**dict.fromkeys(missing, "This field is required."))
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
        raise ValidationError.of(options="Give all variants as well, with one value for each of the options.")
    return wanted_of_only(before, one) if one else None


def of_one_variant(fields: ProductFields) -> VariantFields:
    given = {name: fields[name] for name in OF_ONE_VARIANT if name in fields}  # type: ignore[literal-required]
    return cast(VariantFields, given)


def refuse_beside_variants(fields: ProductFields) -> None:
    """Refuse the fields of an only variant beside a list of variants.

    Raises:
        ValidationError: names these fields.
    """
    if beside := of_one_variant(fields):
        raise ValidationError.of(**dict.fromkeys(beside, "Give this for each of the variants."))


def assign(
    product: Product, fields: ProductFields, *, picture: images.StoredImage | None, now: datetime
) -> None:
    """Set the fields in memory and check every rule of the row. The fields of other rows are left to them.

    Raises:
        ValidationError: names the input's fields.
    """
    for field, value in fields.items():
        if field == "category":
            product.category = category_of(fields["category"])  # type: ignore[arg-type]  # null is refused before
        elif field == "image":
            set_picture(product, picture)
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
        raise ValidationError.of(options=f"A product can have at most {MAX_OPTIONS} options.")
    stored = [single_line(name) for name in names]
    if not all(stored):
        raise ValidationError.of(options="The name of an option cannot be blank.")
    if len({name.casefold() for name in stored}) < len(stored):
        raise ValidationError.of(options="Each option needs a name of its own.")
    return stored


def set_picture(row: Product | Category, picture: images.StoredImage | None) -> None:
    """Set the columns of the row's picture in memory."""
    row.image = picture.name if picture else ""
    row.image_width = picture.width if picture else None
    row.image_height = picture.height if picture else None
    row.image_placeholder = picture.placeholder if picture else ""


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


def delete_files_after_commit(picture: str | None) -> None:
    """Delete the picture's files after the commit. A failure is logged: a leftover file does not undo the change."""
    if picture:
        transaction.on_commit(lambda: images.delete(picture), robust=True)
