"""Writes of the catalogue: products by those who may sell, favourites by anyone."""

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

# What an update writes; the stock is left to the ledger.
WRITTEN = (
    *("category", "name", "sort_name", "description", "search_text", "price", "discount", "final_price"),
    *("image", "image_width", "image_height", "image_placeholder", "updated_at"),
)


class ProductFields(TypedDict, total=False):
    """What a product is given; None takes the picture away, and is refused elsewhere."""

    category: str | None  # a slug
    name: str | None
    description: str | None
    price: Decimal | None
    discount: Decimal | None
    stock: int | None
    image: File[bytes] | None


def create_product(*, user: User, fields: ProductFields, now: datetime) -> Product:
    """A product sold by this person. Raises Forbidden without the permission, and ValidationError."""
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
    """Change what is given, but never the slug. Locks the product; a replaced picture goes after the commit.

    Raises Forbidden without the permission, NotFound for another's product, and ValidationError.
    """
    require("catalog.change_product", user=user)
    with (
        images.store_upload(changes.get("image"), folder="products", field="image") as picture,
        transaction.atomic(durable=True),
    ):
        product = locked_product(user=user, pk=product_pk)
        before = product.image.name
        assign(product, changes, picture=picture, now=now)
        product.save(update_fields=WRITTEN)
        set_stock(product, product.stock, now=now)
        if product.image.name != before:
            delete_files_after_commit(before)


@transaction.atomic(durable=True)
def delete_product(*, user: User, product_pk: int) -> None:
    """Delete the product, which its orders outlive. Locks it; the picture's files go after the commit.

    Raises Forbidden without the permission, and NotFound for another's product.
    """
    require("catalog.delete_product", user=user)
    product = locked_product(user=user, pk=product_pk)
    product.delete()
    delete_files_after_commit(product.image.name)


@transaction.atomic(durable=True)
def add_favourite(*, user: User, product_pk: int, now: datetime) -> None:
    """A second time changes nothing. Locks the product, so that it cannot go meanwhile; or NotFound."""
    if not Product.objects.select_for_update(no_key=True).filter(pk=product_pk):
        raise NotFound("product")
    Favourite.objects.bulk_create(
        [Favourite(user=user, product_id=product_pk, added_at=now)], ignore_conflicts=True
    )


@transaction.atomic(durable=True)
def remove_favourite(*, user: User, product_pk: int) -> None:
    """What was no favourite stays none. NotFound where there is no such product."""
    if not Product.objects.filter(pk=product_pk).exists():
        raise NotFound("product")
    Favourite.objects.filter(user=user, product_id=product_pk).delete()


def require(permission: str, *, user: User) -> None:
    if not user.has_perm(permission):
        raise Forbidden


def locked_product(*, user: User, pk: int) -> Product:
    """One that this person may change; NotFound for any other."""
    product = editable_products(user).select_for_update().filter(pk=pk).first()
    if product is None:
        raise NotFound("product")
    return product


def assign(
    product: Product, fields: ProductFields, *, picture: images.StoredImage | None, now: datetime
) -> None:
    """Set the fields in memory and check every rule of the row; ValidationError names the input's fields."""
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
    """Set what the row keeps of its picture, in memory."""
    product.image = picture.name if picture else ""
    product.image_width = picture.width if picture else None
    product.image_height = picture.height if picture else None
    product.image_placeholder = picture.placeholder if picture else ""


def category_of(slug: str | None) -> Category | None:
    """ValidationError for a slug that no category has."""
    category = None if slug is None else Category.objects.filter(slug=slug).first()
    if slug is not None and category is None:
        raise ValidationError.of(category="There is no such category.")
    return category


def delete_files_after_commit(picture: str | None) -> None:
    """Robust: a file that stays behind is no reason to tell the caller that the change failed."""
    if picture:
        transaction.on_commit(lambda: images.delete(picture), robust=True)
