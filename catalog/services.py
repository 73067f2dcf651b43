"""Writes of the catalogue: products by sellers, favourites by anyone."""

from datetime import datetime
from decimal import Decimal
from typing import TypedDict

from django.core.files import File
from django.db import transaction

from accounts.models import User
from catalog.models import Category, Favourite, Product
from catalog.selectors import editable_products
from catalog.stock import set_stock
from core import images
from core.errors import Forbidden, NotFound, ValidationError, field_errors
from core.slugs import save_with_slug

# Columns that never change or that other services write. An update writes all others, so a new column of Product is
# saved without being named here.
KEPT_ELSEWHERE = {
    *("id", "user", "slug", "added_at"),
    *("stock", "sold_count", "held", "rated_1", "rated_2", "rated_3", "rated_4", "rated_5"),
}
WRITTEN = tuple(
    field.name
    for field in Product._meta.local_concrete_fields
    if not field.generated and field.name not in KEPT_ELSEWHERE
)


class ProductFields(TypedDict, total=False):
    """The fields of a product. None removes the picture, and is refused for the other fields."""

    category: str | None  # a slug
    name: str | None
    description: str | None
    price: Decimal | None
    discount: Decimal | None
    stock: int | None
    image: File[bytes] | None


def create_product(*, user: User, fields: ProductFields, now: datetime) -> Product:
    """Create a product that this person sells.

    Raises:
        Forbidden: the person may not sell.
        ValidationError: names the input's fields.
    """
    require("catalog.add_product", user=user)
    with (
        images.store_upload(fields.get("image"), folder="products", field="image") as picture,
        transaction.atomic(durable=True),
    ):
        product = Product(user=user, added_at=now)
        assign(product, fields, picture=picture, now=now)
        stock, product.stock = product.stock, 0  # the ledger starts from nothing
        save_with_slug(product, product.name)
        set_stock(product, stock, now=now)
    return product


def update_product(*, user: User, product_pk: int, changes: ProductFields, now: datetime) -> None:
    """Change the given fields. The slug never changes. A replaced picture is deleted after the commit.

    Locks:
        The product.
    Raises:
        Forbidden: the person may not sell.
        NotFound: the product is another seller's, or does not exist.
        ValidationError: names the input's fields.
    """
    require("catalog.change_product", user=user)
    with (
        images.store_upload(changes.get("image"), folder="products", field="image") as picture,
        transaction.atomic(durable=True),
    ):
        product = lock_product(user=user, pk=product_pk)
        before = product.image.name
        assign(product, changes, picture=picture, now=now)
        product.save(update_fields=WRITTEN)
        set_stock(product, product.stock, now=now)
        if product.image.name != before:
            delete_files_after_commit(before)


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


@transaction.atomic(durable=True)
def add_favourite(*, user: User, product_pk: int, now: datetime) -> None:
    """Add the product to the user's favourites, unless it is one already.

    Locks:
        The product, so that nobody deletes it in the meantime.
    Raises:
        NotFound: there is no such product.
    """
    if not Product.objects.select_for_update(no_key=True).filter(pk=product_pk):
        raise NotFound("product")
    Favourite.objects.bulk_create(
        [Favourite(user=user, product_id=product_pk, added_at=now)], ignore_conflicts=True
    )


@transaction.atomic(durable=True)
def remove_favourite(*, user: User, product_pk: int) -> None:
    """Remove the product from the user's favourites, if it is one.

    Raises:
        NotFound: there is no such product.
    """
    if not Product.objects.filter(pk=product_pk).exists():
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


def assign(
    product: Product, fields: ProductFields, *, picture: images.StoredImage | None, now: datetime
) -> None:
    """Set the fields in memory and check every rule of the row.

    Raises:
        ValidationError: names the input's fields.
    """
    for field, value in fields.items():
        if field == "category":
            product.category = category_of(fields["category"])  # type: ignore[assignment]  # null is refused below
        elif field == "image":
            set_picture(product, picture)
        else:
            setattr(product, field, value)
    product.updated_at = now
    with field_errors():
        product.full_clean(exclude=["user", "slug", "final_price"])


def set_picture(product: Product, picture: images.StoredImage | None) -> None:
    """Set the columns of the product's picture in memory."""
    product.image = picture.name if picture else ""
    product.image_width = picture.width if picture else None
    product.image_height = picture.height if picture else None
    product.image_placeholder = picture.placeholder if picture else ""


def category_of(slug: str | None) -> Category | None:
    """Return the category of the slug; None for None.

    Raises:
        ValidationError: no category has this slug.
    """
    category = None if slug is None else Category.objects.filter(slug=slug).first()
    if slug is not None and category is None:
        raise ValidationError.of(category="There is no such category.")
    return category


def delete_files_after_commit(picture: str | None) -> None:
    """Delete the picture's files after the commit. A failure is logged: a leftover file does not undo the change."""
    if picture:
        transaction.on_commit(lambda: images.delete(picture), robust=True)
