"""Writes of the catalogue: products by sellers, favourites by anyone."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from catalog.announcing import announce_changes
from catalog.attributes import check_attributes, set_attributes
from catalog.fields import (
    NO_CATEGORY,
    ProductFields,
    assign,
    assign_option_names,
    find_uploads,
    names_pictures,
    show_pictures,
    wanted_changes,
    wanted_pictures,
    wanted_variants,
)
from catalog.models import Favourite, Product, ProductVariant
from catalog.options import follow_names
from catalog.pictures import (
    PICTURE,
    Pictures,
    delete_with_pictures,
    pictures_of,
    save_pictures,
    store_uploads,
)
from catalog.selectors import editable_products, products
from catalog.slugs import follow_name
from catalog.stock import lock_products
from catalog.variants import (
    build_variants,
    save_variants,
)
from core.errors import Forbidden, NotFound, ValidationError, check_all, refuse_nulls
from core.slugs import save_with_slug

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
