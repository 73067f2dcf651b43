"""The demonstration shop, created through the services, so that it follows all of their rules."""

import random
import sys
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.files.base import ContentFile, File
from tqdm import tqdm

from accounts.models import Profile, User
from catalog.categories import create_category
from catalog.exchange.dialects import UNTAXED
from catalog.fields import ProductFields
from catalog.models import Category, Product, TaxClass
from catalog.services import create_product, update_product
from catalog.variants import VariantFields
from core.money import round_half_up
from core.slugs import slug_of
from demo.seed import content
from demo.seed.pictures import draw
from reviews.models import Comment
from reviews.services import create_comment

# The day on which the shop opened. It is fixed, so that every run makes the same shop. Products follow over the year.
OPENED = datetime(2025, 1, 1, 9, tzinfo=UTC)
PASSWORD = "demonstration-only"

SHOPPER, SELLER, STAFF = "shopper@example.com", "seller@example.com", "staff@example.com"
# The seller's account is the first of the shops.
SHOPS = {name: f"{slug_of(name, fallback='')}@example.com" for name in content.SELLERS} | {
    content.SELLERS[0]: SELLER
}


def open_shop() -> None:
    """Add missing people, categories, products and comments. Existing ones stay as they are, even if changed."""
    person(SHOPPER, name="Sam Shopper", password=PASSWORD)
    person(STAFF, name="Stella Staff", password=PASSWORD, is_staff=True, is_superuser=True)
    sellers = {
        name: person(email, name=name, password=PASSWORD if email == SELLER else None)
        for name, email in SHOPS.items()
    }
    Group.objects.get(name="Sellers").user_set.add(*sellers.values())
    plant()
    offer(zip(content.PRODUCTS, days_of_adding(), strict=True), sellers=sellers)
    discuss()


def open_donations() -> None:
    """Add missing donations, which are not taxed, to the shop that is open."""
    sellers = {name: User.objects.get(email=email) for name, email in SHOPS.items()}
    offer(((donation, OPENED + timedelta(days=150)) for donation in content.DONATIONS), sellers=sellers)


def plant() -> None:
    """Create the missing categories: the departments, and the categories with products below them."""
    known = {category.name: category for category in Category.objects.all()}
    for position, name in enumerate(content.DEPARTMENTS, start=1):
        if name not in known:
            known[name] = create_category(Category(name=name, position=position))
    for seed in content.CATEGORIES:
        if seed.name not in known:
            create_category(Category(name=seed.name, parent=known[seed.department]))


def person(email: str, *, name: str, password: str | None = None, **rights: bool) -> User:
    """Return the account with this address; create a missing one. Without DEBUG it gets no password: ours is public."""
    user = User.objects.with_email(email).first()
    if user is None:
        first_name, _, last_name = name.partition(" ")
        user = User.objects.create_user(
            email,
            password if settings.DEBUG else None,
            first_name=first_name,
            last_name=last_name,
            email_verified=True,
            **rights,
        )
        Profile.objects.filter(user=user).update(joined_at=OPENED)
    return user


def offer(products: Iterable[tuple[content.SeedProduct, datetime]], *, sellers: dict[str, User]) -> None:
    """Create the missing ones of the products, each with the day on which it was added, with their pictures."""
    known = set(Product.objects.values_list("slug", flat=True))
    missing = [
        (product, added_at)
        for product, added_at in products
        if slug_of(product.name, fallback="") not in known
    ]
    categories = dict(Category.objects.values_list("name", "slug"))
    # Pillow draws and encodes without Python's lock, so the next pictures are drawn while one is stored.
    with ThreadPoolExecutor() as threads:
        pictures = threads.map(draw, [look for product, _ in missing for look in product.looks().values()])
        for product, added_at in tqdm(missing, desc="Products", unit="", disable=not sys.stderr.isatty()):
            seller = sellers[product.seller]
            uploads: dict[str, File[bytes]] = {
                colour: ContentFile(next(pictures), name="picture.jpg") for colour in product.looks()
            }
            created = create_product(
                user=seller,
                fields={
                    "category": categories[product.category.name],
                    "name": product.name,
                    "description": product.description,
                    "images": [
                        {"upload": upload, "alt": f"{product.name} in {colour}" if colour else product.name}
                        for colour, upload in uploads.items()
                    ],
                    "attributes": [
                        {"name": name, "values": [*values]} for name, values in product.attributes
                    ],
                    "options": [name for name, _ in product.options],
                    "variants": variants_of(product, uploads),
                    "is_published": not product.draft,
                },
                now=added_at,
            )
            if product.donation:
                untaxed, _ = TaxClass.objects.get_or_create(name=UNTAXED)
                Product.objects.filter(pk=created.pk).update(tax_class=untaxed)
            if product.discount:  # later, so that it has a price before the reduction
                reduced = variants_of(product)
                for fields, variant in zip(reduced, created.variants.all(), strict=True):
                    fields |= {"id": variant.pk, "discount": product.discount}
                changes: ProductFields = {"variants": reduced}
                reduced_at = added_at + timedelta(days=40)
                update_product(user=seller, product_pk=created.pk, changes=changes, now=reduced_at)


def variants_of(
    product: content.SeedProduct, pictures: Mapping[str, File[bytes]] | None = None
) -> list[VariantFields]:
    """Return the variants of the input. Those of a colour get its picture, if the pictures are given."""
    initials = "".join(word[0] for word in product.name.split())
    variants: list[VariantFields] = [
        {
            "option_values": list(values),
            "sku": "-".join([initials, *values]).upper() if values else "",
            "price": round_half_up(product.price, settings.STORE_CURRENCY),
            "stock": stock,
            "requires_shipping": not product.donation,
        }
        for values, stock in product.variants()
    ]
    for variant in variants:
        for value in variant["option_values"]:
            if pictures and value in pictures:
                variant["image"] = pictures[value]
    return variants


def days_of_adding() -> Iterator[datetime]:
    """Yield the day on which each product was added: over most of a year, with the categories mixed."""
    number = len(content.PRODUCTS)
    for day in random.Random("days").sample(range(number), number):
        yield OPENED + timedelta(days=day * 300 / number)


def discuss() -> None:
    """Create the missing comments, but no second one by a person on a product: the first may have been edited."""
    said = set(Comment.objects.values_list("user_id", "product_id"))
    reviewers = {
        name: person(f"{slug_of(name, fallback='')}@example.com", name=name) for name in content.REVIEWERS
    }
    products = {product.slug: product for product in Product.objects.only("slug", "added_at")}
    chance = random.Random("comments")
    for seed in content.PRODUCTS:
        product = products.get(slug_of(seed.name, fallback=""))
        for comment in seed.comments:
            days = chance.uniform(2, 60)
            user = reviewers[comment.author]
            if product and (user.pk, product.pk) not in said:
                create_comment(
                    user=user,
                    product_pk=product.pk,
                    body=comment.body,
                    rating=comment.rating,
                    now=product.added_at + timedelta(days=days),
                )
