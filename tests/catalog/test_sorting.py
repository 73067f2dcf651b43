"""The order of names: the same on all databases, and as people expect."""

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from catalog.models import Category
from core.text import sort_key
from tests.conftest import GraphQLClient
from tests.factories import make_category, make_product, make_user

ORDER = [
    "Äpfel",
    "apple",
    "Apple pie",
    "éclair",
    "Ice",
    "\u0131ce",
    "ÖRE",
    "Øre",
    "Strasse",
    "Zebra",
    "zoo",
    "灯",
]
PAGE = """
    query($after: String) {
      products(sort: NAME_ASC, first: 3, after: $after) { nodes { name } pageInfo { endCursor } }
    }
"""

pytestmark = pytest.mark.django_db


def test_keys_differ_when_more_than_the_case_does() -> None:
    assert sort_key("LAMPS") == sort_key("lamps ") == "lamps"
    assert sort_key("ÄPFEL") == sort_key("äpfel") != sort_key("apfel")
    assert sort_key("Äpfel") < sort_key("Äpfel rot") < sort_key("apfelrot")


def test_categories(api: GraphQLClient) -> None:
    for name in reversed(ORDER):
        make_category(name)
    answer = api.run("{ categories { name } }")
    assert [category["name"] for category in answer["categories"]] == ORDER


def test_products_page_by_page(api: GraphQLClient) -> None:
    for name in reversed(ORDER):
        make_product(name=name)
    names, after = [], None
    while True:
        page = api.run(PAGE, after=after)["products"]
        if not page["nodes"]:
            break
        names += [product["name"] for product in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
    assert names == ORDER


def test_the_key_follows_the_name() -> None:
    product = make_product(name="Zebra")
    product.name = "Äpfel"
    product.save()
    product.refresh_from_db()
    assert product.sort_name == sort_key("Äpfel")


class TestCategoryNames:
    @pytest.mark.parametrize("name", ["lamps", "LAMPS", " Lamps\u00a0"])
    def test_are_unique_whatever_the_case(self, name: str) -> None:
        make_category("Lamps")
        with pytest.raises(IntegrityError), transaction.atomic():
            Category.objects.create(name=name, slug="other")
        assert Category.objects.count() == 1

    def test_beyond_ascii(self) -> None:
        make_category("Äpfel")
        make_category("Apfel")
        with pytest.raises(IntegrityError), transaction.atomic():
            Category.objects.create(name="ÄPFEL", slug="other")

    def test_in_the_admin(self, client: Client) -> None:
        make_category("Äpfel")
        client.force_login(make_user(is_staff=True, is_superuser=True))
        answer = client.post(reverse("admin:catalog_category_add"), {"name": " ÄPFEL ", "position": "0"})
        assert answer.context["adminform"].errors == {"name": ["There is already a category with this name."]}
        assert Category.objects.count() == 1

    def test_one_keeps_its_own_in_another_case(self, client: Client) -> None:
        lamps = make_category("Lamps")
        client.force_login(make_user(is_staff=True, is_superuser=True))
        client.post(
            reverse("admin:catalog_category_change", args=[lamps.pk]), {"name": "LAMPS", "position": "0"}
        )
        lamps.refresh_from_db()
        assert lamps.name == "LAMPS"
