"""Renamed products and categories, which are found by their old addresses, too."""

from collections.abc import Callable

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from catalog.categories import move_category
from catalog.models import Category, OldProductSlug, Product
from catalog.previews import signer
from catalog.slugs import change_slug
from tests.conftest import GraphQLClient, global_id
from tests.factories import make_category, make_product, make_seller, make_staff
from tests.staff import browser_of

pytestmark = pytest.mark.django_db

RENAME = """
mutation($id: ID!, $name: String!) { updateProduct(input: {id: $id, name: $name}) { ... on Product { slug } } }
"""
PRODUCT = "query($slug: String!) { product(slug: $slug) { id slug name } }"
CATEGORY = "query($slug: String!) { category(slug: $slug) { slug name } }"


@pytest.fixture
def seller() -> User:
    return make_seller()


@pytest.fixture
def rename(seller: User, signed_in: Callable[[User], GraphQLClient]) -> Callable[[Product, str], str]:
    """Rename one of the seller's products, and return its slug."""
    browser = signed_in(seller)

    def change(product: Product, name: str) -> str:
        answer = browser.run(RENAME, id=global_id("Product", product.pk), name=name)["updateProduct"]
        slug: str = answer["slug"]
        return slug

    return change


def name_at(api: GraphQLClient, slug: str) -> tuple[str, str] | None:
    """Return the slug and the name of the product at this address."""
    found = api.run(PRODUCT, slug=slug)["product"]
    return found and (found["slug"], found["name"])


class TestProducts:
    def test_are_found_by_every_slug_of_before_in_one_step(
        self, api: GraphQLClient, seller: User, rename: Callable[[Product, str], str]
    ) -> None:
        product = make_product(name="A", user=seller)
        assert [rename(product, name) for name in ("B", "C")] == ["b", "c"]
        for slug in ("a", "b", "c"):
            assert name_at(api, slug) == ("c", "C")

    def test_may_take_their_first_name_again(
        self, api: GraphQLClient, seller: User, rename: Callable[[Product, str], str]
    ) -> None:
        product = make_product(name="A", user=seller)
        assert [rename(product, name) for name in ("B", "A")] == ["b", "a"]
        assert name_at(api, "a") == name_at(api, "b") == ("a", "A")
        assert [rename(product, name) for name in ("B", "A", "B")] == ["b", "a", "b"]
        assert name_at(api, "a") == name_at(api, "b") == ("b", "B")

    def test_keep_the_slug_where_only_its_spelling_changes(
        self, seller: User, rename: Callable[[Product, str], str]
    ) -> None:
        make_product(name="Lamp")
        product = make_product(name="Lamp", user=seller)  # its slug has a random ending
        assert product.slug != "lamp"
        assert rename(product, "LAMP!") == product.slug
        assert not OldProductSlug.objects.exists()

    def test_that_are_new_take_an_old_slug(
        self, api: GraphQLClient, seller: User, rename: Callable[[Product, str], str]
    ) -> None:
        first = make_product(name="A", user=seller)
        rename(first, "B")
        second = make_product(name="A", user=seller)
        assert second.slug == "a"
        assert name_at(api, "a") == ("a", "A")
        rename(second, "C")
        assert name_at(api, "a") == ("c", "C")  # which had it last
        second.delete()
        assert name_at(api, "a") is None
        assert name_at(api, "b") == ("b", "B")

    def test_that_are_renamed_to_a_taken_name_get_an_ending(
        self, api: GraphQLClient, seller: User, rename: Callable[[Product, str], str]
    ) -> None:
        make_product(name="B")
        product = make_product(name="A", user=seller)
        slug = rename(product, "B")
        assert slug.startswith("b-")
        assert name_at(api, "a") == (slug, "B")

    def test_that_are_deleted_leave_their_slugs(
        self, api: GraphQLClient, seller: User, rename: Callable[[Product, str], str]
    ) -> None:
        product = make_product(name="A", user=seller)
        rename(product, "B")
        product.delete()
        assert (name_at(api, "a"), name_at(api, "b")) == (None, None)
        assert [make_product(name=name).slug for name in ("A", "B")] == ["a", "b"]

    def test_that_are_not_published_are_not_found_by_an_old_slug_either(
        self, api: GraphQLClient, seller: User, rename: Callable[[Product, str], str]
    ) -> None:
        product = make_product(name="A", user=seller, published_at=None)
        rename(product, "B")
        assert name_at(api, "a") is None
        preview = 'query($token: String!) { product(slug: "a", preview: $token) { slug } }'
        assert api.run(preview, token=signer.sign(str(product.pk))) == {"product": {"slug": "b"}}

    def test_a_draft_does_not_hide_the_product_that_had_its_slug(
        self, api: GraphQLClient, seller: User, rename: Callable[[Product, str], str]
    ) -> None:
        rename(make_product(name="A", user=seller), "B")
        make_product(name="A", published_at=None)
        assert name_at(api, "a") == ("b", "B")

    def test_another_field_leaves_the_slug(
        self, seller: User, signed_in: Callable[[User], GraphQLClient]
    ) -> None:
        product = make_product(name="A", user=seller)
        Product.objects.filter(pk=product.pk).update(slug="written-by-hand")
        update = 'mutation($id: ID!) { updateProduct(input: {id: $id, description: "B"}) { ... on Product { slug } } }'
        answer = signed_in(seller).run(update, id=global_id("Product", product.pk))
        assert answer == {"updateProduct": {"slug": "written-by-hand"}}

    def test_a_slug_that_people_have_written_stays(
        self, seller: User, rename: Callable[[Product, str], str]
    ) -> None:
        product = make_product(name="A", user=seller)
        Product.objects.filter(pk=product.pk).update(slug="written-by-hand")
        assert rename(product, "B") == "written-by-hand"

    def test_an_address_takes_one_statement_and_an_old_one_two(
        self, api: GraphQLClient, seller: User, rename: Callable[[Product, str], str]
    ) -> None:
        rename(make_product(name="A", user=seller), "B")

        def statements(slug: str) -> int:
            with CaptureQueriesContext(connection) as queries:
                name_at(api, slug)
            return len(queries)

        assert [statements(slug) for slug in ("b", "a", "none")] == [1, 2, 2]


class TestCategories:
    def test_are_found_by_their_old_slugs_wherever_they_are(self, api: GraphQLClient) -> None:
        """A branch that moves keeps its addresses, because they do not contain the path."""
        home, garden = make_category("Home"), make_category("Garden")
        chairs = make_category("Chairs", parent=home)
        with transaction.atomic():
            for slug in ("seats", "stools"):
                change_slug(chairs, slug)
            move_category(category_pk=chairs.pk, parent_pk=garden.pk)
        for slug in ("chairs", "seats", "stools"):
            assert api.run(CATEGORY, slug=slug)["category"] == {"slug": "stools", "name": "Chairs"}

    def test_that_live_are_found_before_those_that_had_the_slug(self, api: GraphQLClient) -> None:
        chairs = make_category("Chairs")
        with transaction.atomic():
            change_slug(chairs, "seats")
        other = make_category("Chairs", parent=make_category("Garden"))
        assert other.slug == "chairs"
        Category.objects.filter(pk=other.pk).update(name="Garden chairs")
        assert api.run(CATEGORY, slug="chairs")["category"]["name"] == "Garden chairs"


class TestTheAdmin:
    @pytest.fixture
    def staff(self) -> Client:
        return browser_of(make_staff())

    @staticmethod
    def edit(staff: Client, row: Product | Category, **changed: str) -> str:
        """Edit these fields on the row's page, and return its slug."""
        page = reverse(f"admin:catalog_{row._meta.model_name}_change", args=[row.pk])
        form = staff.get(page).context["adminform"].form
        shown = {}
        for name, field in form.fields.items():
            value = form[name].value()
            for part, text in enumerate(value if isinstance(value, list) else [value]):
                shown[f"{name}_{part}" if isinstance(value, list) else name] = (
                    "" if text is None else str(text)
                )
            if hasattr(field.widget, "decompress") and not isinstance(value, list):
                parts = field.widget.decompress(value)
                shown |= {f"{name}_{part}": str(text or "") for part, text in enumerate(parts)}
        initial = {f"initial-{name}": text for name, text in shown.items()}
        parts = {
            f"{part}-{number}_FORMS": "0"
            for part in ("images", "variants", "movements")
            for number in ("TOTAL", "INITIAL")
        }
        answer = staff.post(page, {**shown, **initial, **parts, **changed})
        assert answer.status_code == 302, answer.context["adminform"].errors
        row.refresh_from_db()
        return row.slug

    @pytest.mark.parametrize("make", [make_product, make_category])
    def test_takes_a_slug(
        self, api: GraphQLClient, staff: Client, make: Callable[..., Product | Category]
    ) -> None:
        row = make(name="Desk lamp")
        query, field = (PRODUCT, "product") if isinstance(row, Product) else (CATEGORY, "category")
        assert self.edit(staff, row, name="Oak lamp") == "oak-lamp"
        assert self.edit(staff, row, slug="lamp-of-oak") == "lamp-of-oak"
        assert self.edit(staff, row, name="Ash lamp") == "lamp-of-oak"  # it was written by hand
        assert self.edit(staff, row, slug="") == "ash-lamp"
        for slug in ("desk-lamp", "oak-lamp", "lamp-of-oak", "ash-lamp"):
            assert api.run(query, slug=slug)[field]["slug"] == "ash-lamp"

    @pytest.mark.parametrize("make", [make_product, make_category])
    def test_refuses_a_slug_that_is_taken_or_none(
        self, staff: Client, make: Callable[..., Product | Category]
    ) -> None:
        make(name="Lamp")
        row = make(name="Chair")
        for slug in ("lamp", "not a slug", "a/b"):
            with pytest.raises(AssertionError, match="slug"):
                self.edit(staff, row, slug=slug)
            row.refresh_from_db()
            assert row.slug == "chair"


class TestSeo:
    QUERY = "query($slug: String!) { product(slug: $slug) { seo { title description } } }"

    def test_is_the_name_and_the_beginning_of_the_description(self, api: GraphQLClient) -> None:
        make_product(name="Lamp", description="It\nshines. " + "Very bright. " * 50)
        seo = api.run(self.QUERY, slug="lamp")["product"]["seo"]
        assert seo["title"] == "Lamp"
        assert seo["description"].startswith("It shines. Very bright.")
        assert len(seo["description"]) <= 160

    def test_is_what_the_seller_has_written(
        self, api: GraphQLClient, seller: User, signed_in: Callable[[User], GraphQLClient]
    ) -> None:
        product = make_product(name="Lamp", user=seller, description="It shines.")
        update = """
            mutation($input: UpdateProductInput!) {
              updateProduct(input: $input) { __typename ... on Product { seo { title description } } }
            }
        """
        input = {
            "id": global_id("Product", product.pk),
            "seoTitle": "Buy a lamp",
            "seoDescription": "Bright.",
        }
        assert signed_in(seller).run(update, input=input)["updateProduct"]["__typename"] == "Product"
        assert api.run(self.QUERY, slug="lamp")["product"]["seo"] == {
            "title": "Buy a lamp",
            "description": "Bright.",
        }
        signed_in(seller).run(update, input={**input, "seoTitle": "", "seoDescription": ""})
        assert api.run(self.QUERY, slug="lamp")["product"]["seo"] == {
            "title": "Lamp",
            "description": "It shines.",
        }

    @pytest.mark.parametrize(("field", "length"), [("seoTitle", 201), ("seoDescription", 501)])
    def test_is_refused_where_it_is_too_long(
        self, seller: User, signed_in: Callable[[User], GraphQLClient], field: str, length: int
    ) -> None:
        product = make_product(user=seller)
        before = Product.objects.values().get()
        update = """
            mutation($input: UpdateProductInput!) {
              updateProduct(input: $input) { ... on ValidationError { fields { field } } }
            }
        """
        answer = signed_in(seller).run(
            update, input={"id": global_id("Product", product.pk), field: "x" * length}
        )
        assert answer == {"updateProduct": {"fields": [{"field": field}]}}
        assert Product.objects.values().get() == before
