"""Fills the shop with the demonstration's products, people and comments, and with generated products."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from catalog.models import Category, Product
from demo.demonstration import PASSWORD, SELLER, SHOPPER, STAFF, open_shop
from demo.generation import generate_products
from reviews.models import Comment


class Command(BaseCommand):
    help = "Add what is missing of the demonstration shop: run twice, it changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--if-empty", action="store_true", help="add nothing where there are products")
        parser.add_argument(
            "--products", type=int, default=0, metavar="N", help="add N generated products, each time"
        )

    def handle(self, *, if_empty: bool, products: int, **options: Any) -> None:
        if products < 0:
            raise CommandError("--products: not a negative number.")
        if not (if_empty and Product.objects.exists()):
            open_shop()
            generate_products(products)
            self.stdout.write(
                f"The shop has {Product.objects.count()} products in {Category.objects.count()} categories, "
                f"and {Comment.objects.count()} comments."
            )
        self.stdout.write(f"  {SHOPPER:<21} shops\n  {SELLER:<21} sells\n  {STAFF:<21} runs the admin")
        if settings.DEBUG:
            self.stdout.write(f"  Their password is {PASSWORD}")
        else:
            self.stdout.write("  They have no password while DEBUG is off: give them one by changepassword.")
