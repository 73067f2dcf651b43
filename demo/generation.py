"""Generation of products for load tests: variations of the demonstration's, with other prices, stocks and ratings."""

import random
import sys
from datetime import timedelta
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from tqdm import tqdm

from accounts.models import User
from catalog.attributes import Named, set_attributes
from catalog.models import RATINGS, Category, Product
from catalog.stock import record_counted
from catalog.variants import add_first_variants
from core.money import round_half_up
from core.slugs import slug_of
from demo.demonstration import OPENED, SHOPS
from demo.seed import content

BATCH = 2_000
# Values of an attribute that few products have each, as there are brands.
SERIES = 800
YEAR = timedelta(days=365)
FINISHES = (
    *(
        "Amber",
        "Ash",
        "Birch",
        "Brass",
        "Charcoal",
        "Coral",
        "Cream",
        "Fern",
        "Indigo",
        "Ivory",
        "Linen",
        "Moss",
    ),
    *("Night", "Ochre", "Pearl", "Pine", "Plum", "Rose", "Rust", "Sage", "Sand", "Slate", "Teal", "Walnut"),
)


def generate_products(count: int) -> None:
    """Add `count` generated products. The same shop always gets the same products.

    They have no pictures, because shared files would be deleted with the first product. None of them has been sold,
    because the books have no orders of them.
    """
    categories = {category.name: category for category in Category.objects.all()}
    sellers = {name: User.objects.with_email(email).get() for name, email in SHOPS.items()}
    # Numbers start after the last product, so that every slug is free.
    start = (Product.objects.aggregate(last=Max("pk"))["last"] or 0) + 1
    chance = random.Random(start)
    with tqdm(total=count, desc="Generated", unit="", disable=not sys.stderr.isatty()) as progress:
        for first in range(start, start + count, BATCH):
            numbers = range(first, min(first + BATCH, start + count))
            insert([variation(number, chance, categories, sellers) for number in numbers])
            progress.update(len(numbers))


@transaction.atomic(durable=True)
def insert(generated: list[tuple[Product, Named]]) -> None:
    """Insert the products, each with its variant and attributes, and their stock movements."""
    products = [product for product, _ in generated]
    Product.objects.bulk_create(products)
    variants = add_first_variants([product.pk for product in products], now=OPENED)
    record_counted({variants[product.pk]: product.stock for product in products}, now=OPENED)
    set_attributes({product.pk: attributes for product, attributes in generated}, whole=True)


def variation(
    number: int, chance: random.Random, categories: dict[str, Category], sellers: dict[str, User]
) -> tuple[Product, Named]:
    """Return one of the demonstration's products in another finish and at another price, with its attributes."""
    model = chance.choice(content.PRODUCTS)
    finish = chance.choice(FINISHES)
    name = f"{finish} {model.name}"
    price = model.price * Decimal(chance.uniform(0.4, 2.5))
    added_at = OPENED + YEAR * chance.random()
    # Most products have few ratings and a few have many; most ratings are good.
    raters = min(int(chance.paretovariate(0.8)) - 1, 500)
    ratings = chance.choices(RATINGS, weights=(1, 1, 2, 5, 6), k=raters)
    product = Product(
        category=categories[model.category.name],
        user=sellers[model.seller],
        name=f"{name} {number}",
        slug=f"{slug_of(name, fallback='')}-{number}",
        description=model.description,
        price=round_half_up(price, settings.STORE_CURRENCY),
        discount=chance.choice((5, 10, 15, 20, 25, 30, 40, 50)) if chance.random() < 0.3 else 0,
        stock=chance.randint(1, 500) if chance.random() < 0.85 else 0,
        published_at=added_at,
        added_at=added_at,
        updated_at=added_at,
        **{f"rated_{rating}": ratings.count(rating) for rating in RATINGS},
    )
    return product, {**dict(model.attributes), "Finish": [finish], "Series": [f"Series {number % SERIES}"]}
