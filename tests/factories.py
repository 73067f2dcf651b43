"""Rows for tests, made as the services make them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from importlib import import_module
from io import BytesIO
from itertools import count
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils import timezone
from PIL import Image

from accounts.address_book import create_address
from accounts.models import Address, User
from catalog import stock as ledger
from catalog.categories import create_category
from catalog.models import OPTIONS, Category, Product, ProductImage, ProductVariant, TaxClass
from catalog.pictures import build_picture, pictures_of, save_pictures
from catalog.variants import Wanted, add_first_variants, assign_options, build_variants, save_variants
from core.images import THUMBNAILS, StoredImage
from core.slugs import save_with_slug
from orders.details import Details
from orders.models import Shipping
from pricing.models import TaxRate
from reviews.models import Comment
from reviews.services import create_comment, set_active

numbers = count(1)
# So that no test passes with the key of a product in place of its variant's. SQLite counts on from each.
variant_keys = count(1_000_000, 10_000)
PASSWORD = "correct horse battery staple"


def make_user(**fields: Any) -> User:
    fields = {
        "email": f"person{next(numbers)}@example.com",
        "first_name": "Ada",
        "last_name": "Lovelace",
        **fields,
    }
    return User.objects.create_user(password=fields.pop("password", PASSWORD), **fields)


def make_staff(**fields: Any) -> User:
    return make_user(is_staff=True, is_superuser=True, **fields)


def make_seller(**fields: Any) -> User:
    seller = make_user(**fields)
    seller.groups.add(get_sellers())
    return seller


def get_sellers() -> Group:
    """Return the sellers' group, made again if a transactional test has deleted what the migrations made."""
    group, is_new = Group.objects.get_or_create(name="Sellers")
    if is_new:
        made = import_module("catalog.migrations.0001_initial").CODENAMES
        permissions = Permission.objects.filter(content_type__app_label="catalog", codename__in=made)
        group.permissions.set(permissions)
    return group


def default_tax_class() -> TaxClass:
    """Return the default class, made again if a transactional test has deleted what the migrations made."""
    return TaxClass.objects.get_or_create(is_default=True, defaults={"name": "Standard"})[0]


def make_rate(country: str, percent: str, **fields: Any) -> TaxRate:
    """Make a rate of tax, by default of the default class and since 2020."""
    values = {"tax_class": fields.pop("tax_class", None) or default_tax_class(), "name": "VAT", **fields}
    rate = TaxRate(country=country, percent=percent, **{"valid_from": date(2020, 1, 1), **values})
    rate.full_clean()
    rate.save()
    return rate


# The picture and its thumbnails.
FILES_OF_A_PICTURE = 1 + len(THUMBNAILS)


def make_picture() -> SimpleUploadedFile:
    """A new upload of a picture, 60 wide and 40 high."""
    buffer = BytesIO()
    Image.new("RGB", (60, 40), "teal").save(buffer, "PNG")
    return SimpleUploadedFile("picture.png", buffer.getvalue(), content_type="image/png")


def make_category(name: str | None = None, *, parent: Category | None = None, **fields: Any) -> Category:
    return create_category(Category(name=name or f"Category {next(numbers)}", parent=parent, **fields))


def make_products(count: int, **fields: Any) -> None:
    """Insert `count` similar products at once, with one category and seller, and without stock."""
    defaults = {"name": "Thing", "description": "A thing.", "price": Decimal(10)}
    fields = {"category": make_category(), "user": make_user(), **defaults, **fields}
    things = Product.objects.bulk_create(
        Product(slug=f"thing-{next(numbers)}", **published(fields)) for _ in range(count)
    )
    add_first_variants([thing.pk for thing in things], now=timezone.now())


@transaction.atomic
def make_product(
    *,
    stock: int = 10,
    options: Sequence[str] = (),
    variants: Sequence[Mapping[str, Any]] = (),
    **fields: Any,
) -> Product:
    """Make a product. By default it costs 10.00, has 10 in stock and comes in one form.

    With `options`, each of the `variants` has its values as `values`, a list or a text of one for each option.
    """
    defaults = {"name": f"Product {next(numbers)}", "description": "A thing.", "price": Decimal("10.00")}
    product = Product(
        **{
            **defaults,
            "category": fields.get("category") or make_category(),
            "user": fields.get("user") or make_user(),
            **published(fields),
        }
    )
    assign_options(product, options)
    one = {"price": product.price, "discount": product.discount, "stock": stock}
    listed: Any = [
        {**one, **given, "option_values": list(given.get("values", ()))} for given in variants or [{}]
    ]
    wanted = Wanted(fields=listed)
    built = build_variants(product, wanted)
    for variant in built:
        variant.pk = next(variant_keys)
    save_with_slug(product, product.name)
    save_variants(product, built, wanted, now=timezone.now())
    return product


def published(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields with both times of a product, of which one may be given. A draft has None as `published_at`."""
    given = fields.get("published_at") or fields.get("added_at") or timezone.now()
    return {"published_at": given, "added_at": given, **fields}


@transaction.atomic
def add_pictures(product: Product, *stems: str) -> list[ProductImage]:
    """Give the product pictures of these names, without files, after those that it has."""
    before = pictures_of(product)
    new = [
        build_picture(
            StoredImage(name=f"products/{stem}.jpg", width=60, height=40, placeholder="data:"),
            alt=f"The {stem}",
        )
        for stem in stems
    ]
    wanted = before | {picture.name: picture for picture in new}
    save_pictures(product, wanted, before=before)
    return new


def variant_of(product: Product, *values: str) -> ProductVariant:
    """Return the product's only variant, or the one with these values."""
    return product.variants.get(**dict(zip(OPTIONS, values, strict=False)))


def set_stock(product: Product, stock: int, *values: str, now: datetime | None = None) -> None:
    """Set the stock of the product's only variant, or of the one with these values, as the staff would."""
    with transaction.atomic():
        ledger.set_stock(variant_of(product, *values), stock, now=now or timezone.now())
    product.stock = stock


def reprice(product: Product, *values: str, **prices: Any) -> None:
    """Change price or discount of the product's only variant, or of the one with these values."""
    with transaction.atomic():
        ledger.lock_products({product.pk})
        variant = variant_of(product, *values)
        for name, value in prices.items():
            setattr(variant, name, value)
        variant.save()
        ledger.sum_up({product.pk})


def make_comment(*, active: bool = True, **fields: Any) -> Comment:
    """Make a comment, by default without a rating."""
    comment = create_comment(
        user=fields.get("user") or make_user(),
        product_pk=(fields.get("product") or make_product()).pk,
        body=fields.get("body", f"Comment {next(numbers)}"),
        rating=fields.get("rating"),
        now=fields.get("now") or timezone.now(),
    )
    if not active:
        set_active(Comment.objects.filter(pk=comment.pk), active=False)
    return comment


STREET = {
    "first_name": "Ada",
    "last_name": "Lovelace",
    "phone": "+14155552671",
    "address": "Market Street",
    "building_number": "1",
    "zip_code": "94105",
    "state": "CA",
    "country": "US",
}


def make_address(**fields: Any) -> Shipping:
    """Make an unsaved address for `checkout`."""
    return Shipping(**{"email": "ada@example.com", **STREET, **fields})


def make_details(**fields: Any) -> Details:
    """Make the details of an order to this address."""
    return Details(shipping=make_address(**fields))


def make_entry(*, user: User, **fields: Any) -> int:
    """Add an address to the user's address book, and return its key."""
    return create_address(Address(**{**STREET, **fields}), user=user)
