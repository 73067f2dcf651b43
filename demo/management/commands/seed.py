"""manage.py seed: fill the shop with the demonstration's products, people and comments, and with generated products."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from catalog.models import Category, Product
from demo.demonstration import OPENED, PASSWORD, SELLER, SHOPPER, STAFF, open_donations, open_shop
from demo.generation import generate_products
from demo.seed.policies import add_policies
from demo.seed.terms import CODE, set_terms
from pricing.models import DiscountCode
from reviews.models import Comment


class Command(BaseCommand):
    help = "Add the missing parts of the demonstration shop. A second run changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--if-empty", action="store_true", help="add nothing if there are products")
        parser.add_argument(
            "--plain", action="store_true", help="add no delivery, tax, discount code or policy"
        )
        parser.add_argument(
            "--anyway", action="store_true", help="also in a shop with products of its own, or without DEBUG"
        )
        parser.add_argument(
            "--products", type=int, default=0, metavar="N", help="add N generated products with each run"
        )

    def handle(self, *, if_empty: bool, plain: bool, products: int, anyway: bool, **options: Any) -> None:
        if products < 0:
            raise CommandError("--products must not be negative.")
        if not (if_empty and Product.objects.exists()):
            if not anyway:
                refuse_real_shop()
            open_shop()
            if not plain:
                set_terms()
                open_donations()
                add_policies(now=OPENED)
            generate_products(products)
            self.stdout.write(
                f"The shop has {Product.objects.count()} products in {Category.objects.count()} categories, "
                f"and {Comment.objects.count()} comments."
            )
        self.stdout.write(f"  {SHOPPER:<21} shops\n  {SELLER:<21} sells\n  {STAFF:<21} runs the admin")
        if DiscountCode.objects.filter(code=CODE).exists():
            self.stdout.write(f"  {CODE:<21} takes 10 % off")
        if settings.DEBUG:
            self.stdout.write(f"  Their password is {PASSWORD}")
        else:
            self.stdout.write(
                "  DEBUG is off, so they have no passwords. Set them with manage.py changepassword."
            )


def refuse_real_shop() -> None:
    """Refuse to put goods that do not exist, and people whose password is known, into a shop that sells.

    Raises:
        CommandError: DEBUG is off, or there are products and no demonstration.
    """
    if not settings.DEBUG:
        raise CommandError("DEBUG is off, so this may be a shop that sells. Add --anyway if it is not.")
    if Product.objects.exists() and not User.objects.filter(email=SELLER).exists():
        raise CommandError(
            "This shop has products of its own. Add --anyway to mix them with the demonstration's."
        )
