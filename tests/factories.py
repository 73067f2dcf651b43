"""Rows for tests, made as the services make them."""

from decimal import Decimal
from io import BytesIO
from itertools import count
from typing import Any

from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils import timezone
from PIL import Image

from accounts.models import User
from catalog.models import Category, Product
from catalog.stock import set_stock
from core.slugs import save_with_slug
from orders.models import Shipping
from reviews.models import Comment
from reviews.services import create_comment, set_active

numbers = count(1)
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
    seller.groups.add(Group.objects.get(name="Sellers"))
    return seller


def make_picture() -> SimpleUploadedFile:
    """A new upload of a picture, 60 wide and 40 high."""
    buffer = BytesIO()
    Image.new("RGB", (60, 40), "teal").save(buffer, "PNG")
    return SimpleUploadedFile("picture.png", buffer.getvalue(), content_type="image/png")


def make_category(name: str | None = None) -> Category:
    category = Category(name=name or f"Category {next(numbers)}")
    save_with_slug(category, category.name)
    return category


def make_products(count: int, **fields: Any) -> None:
    """Insert `count` similar products at once, with one category and seller, and without stock."""
    defaults = {"name": "Thing", "description": "A thing.", "price": Decimal(10)}
    fields = {"category": make_category(), "user": make_user(), **defaults, **fields}
    Product.objects.bulk_create(Product(slug=f"thing-{next(numbers)}", **fields) for _ in range(count))


@transaction.atomic
def make_product(*, stock: int = 10, **fields: Any) -> Product:
    """Make a product. By default it costs 10.00 and has 10 in stock."""
    defaults = {"name": f"Product {next(numbers)}", "description": "A thing.", "price": Decimal("10.00")}
    product = Product(
        **{
            **defaults,
            "category": fields.get("category") or make_category(),
            "user": fields.get("user") or make_user(),
            **fields,
        }
    )
    save_with_slug(product, product.name)
    set_stock(product, stock, now=timezone.now())
    return product


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


def make_address(**fields: Any) -> Shipping:
    """Make an unsaved address for `checkout`."""
    return Shipping(
        **{
            "first_name": "Ada",
            "last_name": "Lovelace",
            "email": "ada@example.com",
            "phone": "+14155552671",
            "address": "Market Street",
            "building_number": "1",
            "zip_code": "94105",
            "state": "CA",
            "country": "US",
            **fields,
        }
    )
