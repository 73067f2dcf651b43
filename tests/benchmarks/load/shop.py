"""The database for the measurements: products with pictures, some with comments, and shoppers with a session."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Value
from django.db.models.functions import Concat
from django.utils import timezone

from accounts.models import User
from catalog.models import Product, ProductVariant
from catalog.stock import set_stock
from catalog.visibility import is_published
from demo.demonstration import open_shop
from demo.generation import generate_products
from orders.models import Cart
from reviews.models import Comment

DISCUSSED = 60
COMMENTS_EACH = 12
BUYABLE = 300
SHOPPERS = 250
PLENTY = 1_000_000  # so that nothing sells out during the measurement
CHEAP = 100  # so that no cart exceeds the largest payment
PLACEHOLDER = "data:image/webp;base64,UklGRkAAAABXRUJQVlA4IDQAAADwAQCdASoQAAwAAUAmJaQAA3AA/v3AgAA="


@dataclass(frozen=True, kw_only=True)
class Shop:
    """The values for requests: slugs, primary keys and session keys."""

    discussed: list[str]
    buyable: list[int]
    sessions: list[str]


@contextmanager
def database(folder: Path) -> Iterator[str]:
    """Create a separate database on DATABASE_URL's server. Yield its URL, and drop it afterwards."""
    own = settings.DATABASES["default"]["NAME"]
    sqlite = connection.vendor == "sqlite"
    connection.settings_dict["TEST"]["NAME"] = str(folder / "db.sqlite3") if sqlite else f"{own}_benchmark"
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    name = connection.settings_dict["NAME"]
    try:
        yield f"sqlite:///{name}" if sqlite else urlsplit(url())._replace(path=f"/{name}").geturl()
    finally:
        connection.creation.destroy_test_db(own, verbosity=0)


def url() -> str:
    """Return the URL of the connected database, without the settings' additions."""
    given = connection.settings_dict
    password = f":{given['PASSWORD']}" if given["PASSWORD"] else ""
    return f"postgres://{given['USER']}{password}@{given['HOST']}:{given['PORT'] or 5432}/{given['NAME']}"


def fill(products: int) -> Shop:
    open_shop()
    generate_products(products - Product.objects.count())
    # The files are not needed, because a list opens none.
    Product.objects.update(
        image=Concat(Value("products/"), F("slug"), Value(".jpg")),
        image_width=1200,
        image_height=900,
        image_placeholder=PLACEHOLDER,
    )
    newest = list(Product.objects.order_by("-added_at", "-slug")[:DISCUSSED])
    discuss(newest)
    # With one variant each, because the requests name products.
    cheap = Product.objects.filter(is_published(), price__lt=CHEAP, option_1="").order_by("pk")[:BUYABLE]
    buyable = [product.pk for product in cheap]
    with transaction.atomic():
        for variant in ProductVariant.objects.filter(product__in=buyable).order_by("product", "pk"):
            set_stock(variant, PLENTY, now=timezone.now())
    sessions = [session() for _ in range(SHOPPERS)]
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    return Shop(discussed=[product.slug for product in newest], buyable=buyable, sessions=sessions)


def discuss(products: list[Product]) -> None:
    authors = list(User.objects.order_by("pk"))
    Comment.objects.bulk_create(
        Comment(
            product=product,
            user=authors[number % len(authors)],
            body="It came in a day, is well made, and does what it says. I would buy it again.",
            slug=f"{product.slug[:60]}-{number}",
            created_at=product.added_at + timedelta(days=number),
        )
        for product in products
        for number in range(COMMENTS_EACH)
    )


def session() -> str:
    """Create a session of a visitor with a cart, and return its key."""
    visitor = uuid4()
    Cart.objects.create(visitor=visitor)
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store["visitor"] = str(visitor)
    store.save()
    key: str = store.session_key
    return key
