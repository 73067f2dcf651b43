"""The listings of products: that the triggers, a move of a branch and the audit keep them right."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from catalog.categories import move_category
from catalog.listings import find_wrong_listings
from catalog.models import LISTED, Category, Listing, Product
from core.errors import ValidationError
from orders.audit import differences_here
from tests.factories import make_category, make_product, make_products, reprice, set_stock

pytestmark = pytest.mark.django_db
LITE = connection.vendor == "sqlite"


@pytest.fixture
def clothes() -> Category:
    return make_category("Clothes")


@pytest.fixture
def shirts(clothes: Category) -> Category:
    return make_category("Shirts", parent=clothes)


def listed(category: Category) -> set[str]:
    return {*Listing.objects.filter(category=category).values_list("product__name", flat=True)}


def execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def copy_to(category: Category, product: Product) -> None:
    """List the product where it does not belong."""
    columns = ", ".join(LISTED)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO catalog_listing (product_id, category_id, {columns})"
            f" SELECT product_id, %s, {columns} FROM catalog_listing WHERE product_id = %s LIMIT 1",
            [category.pk, product.pk],
        )


class TestTriggers:
    def test_list_a_product_in_its_category_and_those_above(
        self, clothes: Category, shirts: Category
    ) -> None:
        other = make_category("Other")
        make_product(name="tee", category=shirts)
        make_product(name="hat", category=clothes)
        make_products(2, category=other)
        assert listed(shirts) == {"tee"}
        assert listed(clothes) == {"tee", "hat"}
        assert Listing.objects.count() == 5

    def test_copies_follow_every_write(self, clothes: Category, shirts: Category) -> None:
        tee = make_product(
            name="tee",
            category=shirts,
            options=["Size"],
            variants=[{"values": ["S"], "price": Decimal(5)}, {"values": ["M"], "price": Decimal(8)}],
        )
        make_product(category=clothes)

        def check() -> None:
            product = Product.objects.values_list(*LISTED).get(pk=tee.pk)
            assert [*Listing.objects.filter(product=tee).values_list(*LISTED)] == [product, product]
            assert not find_wrong_listings()

        check()
        reprice(tee, "S", price=Decimal(6))
        check()
        set_stock(tee, 0, "S")
        check()
        changes: list[dict[str, Any]] = [
            {"name": "T-shirt", "sort_name": "t-shirt"},
            {"slug": "t-shirt"},
            {"rated_1": 1, "rated_5": 2},
            {"price": Decimal(10), "discount": Decimal(50), "final_price": Decimal(5)},
        ]
        for change in changes:
            Product.objects.filter(pk=tee.pk).update(**change)
            check()

    def test_a_write_that_changes_nothing_of_them_writes_none(self, shirts: Category) -> None:
        product = make_product(category=shirts)
        Listing.objects.filter(product=product).update(final_price=1)  # which a write would mend
        Product.objects.filter(pk=product.pk).update(stock=5, sold_count=5)  # as a sale does
        Product.objects.filter(pk=product.pk).update(final_price=F("final_price"), sort_name=F("sort_name"))
        assert Listing.objects.filter(product=product, final_price=1).count() == 2

    def test_drafts_are_not_listed(self, clothes: Category, shirts: Category) -> None:
        draft = make_product(name="draft", category=shirts, published_at=None)
        assert not listed(clothes)
        now = timezone.now()
        Product.objects.filter(pk=draft.pk).update(published_at=now, added_at=now)
        assert listed(clothes) == {"draft"}
        Product.objects.filter(pk=draft.pk).update(published_at=None)
        assert not listed(clothes)

    def test_another_category_and_a_deleted_product(self, clothes: Category, shirts: Category) -> None:
        other = make_category("Other")
        product = make_product(name="tee", category=shirts)
        Product.objects.filter(pk=product.pk).update(category=other)
        assert (listed(clothes), listed(shirts), listed(other)) == (set(), set(), {"tee"})
        with CaptureQueriesContext(connection) as queries:
            product.delete()
        assert not Listing.objects.exists()
        # Before the trigger of the product they would be locked without the tree: a deadlock with a move.
        assert not [query for query in queries if "catalog_listing" in query["sql"]]

    def test_statements_that_no_code_of_ours_makes(self, clothes: Category, shirts: Category) -> None:
        kept, gone = make_product(name="tee", category=clothes), make_product(category=shirts)
        draft = make_product(name="draft", category=clothes, published_at=None)
        other = make_category("Other")
        for table in ("pricechange", "stockmovement", "productvariant"):
            execute(f"DELETE FROM catalog_{table} WHERE TRUE")
        execute(f"DELETE FROM catalog_product WHERE id = {gone.pk}")
        assert not listed(shirts)
        execute(f"UPDATE catalog_product SET category_id = {shirts.pk}, name = 'top'")
        assert listed(shirts) == listed(clothes) == {"top"}
        execute(f"UPDATE catalog_product SET published_at = added_at WHERE id = {draft.pk}")
        assert Listing.objects.filter(category=shirts).count() == 2
        execute(f"UPDATE catalog_product SET category_id = {other.pk} WHERE id = {kept.pk}")
        assert (listed(shirts), listed(other)) == ({"top"}, {"top"})
        assert not find_wrong_listings()

    @pytest.mark.skipif(LITE, reason="SQLite has no TRUNCATE")
    def test_a_truncation(self, shirts: Category) -> None:
        make_product(category=shirts)
        execute("SET CONSTRAINTS ALL IMMEDIATE", "TRUNCATE catalog_product CASCADE")
        assert not Listing.objects.exists()

    def test_the_time_of_a_published_product_is_that_of_its_publication(self, shirts: Category) -> None:
        """Lists are ordered by the copy of the one, and public by the other."""
        product = make_product(category=shirts)
        for change in ({"added_at": timezone.now()}, {"published_at": timezone.now()}):
            with pytest.raises(IntegrityError, match="product_added_when_published"), transaction.atomic():
                Product.objects.filter(pk=product.pk).update(**change)
        Product.objects.filter(pk=product.pk).update(published_at=None)
        Product.objects.filter(pk=product.pk).update(added_at=timezone.now())  # of a draft, it may be any
        assert not find_wrong_listings()


class TestMoves:
    def test_a_branch_is_listed_above_its_new_place(
        self, clothes: Category, shirts: Category, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        tees = make_category("Tees", parent=shirts)
        sale = make_category("Sale")
        outlet = make_category("Outlet", parent=sale)
        make_product(name="tee", category=tees)
        make_product(name="shirt", category=shirts)
        make_product(name="hat", category=clothes)
        make_product(name="cap", category=make_category("Caps", parent=clothes))
        move_category(category_pk=shirts.pk, parent_pk=outlet.pk)
        assert listed(clothes) == {"hat", "cap"}
        assert listed(sale) == listed(outlet) == listed(shirts) == {"tee", "shirt"}
        assert not find_wrong_listings()
        move_category(category_pk=shirts.pk, parent_pk=sale.pk)
        assert (listed(outlet), listed(sale)) == (set(), {"tee", "shirt"})
        move_category(category_pk=tees.pk, parent_pk=None)
        assert (listed(sale), listed(tees)) == ({"shirt"}, {"tee"})
        assert not find_wrong_listings()

    def test_writes_nothing_where_the_branch_stays(self, clothes: Category, shirts: Category) -> None:
        product, other = make_product(category=shirts), make_category(parent=clothes)
        Listing.objects.filter(product=product, category=clothes).update(final_price=1)
        move_category(category_pk=shirts.pk, parent_pk=other.pk)
        assert Listing.objects.filter(product=product, category=clothes, final_price=1).exists()
        assert Listing.objects.filter(product=product).count() == 3

    def test_a_wrong_listing_does_not_hinder_it(self, clothes: Category, shirts: Category) -> None:
        other, product = make_category("Other"), make_product(category=shirts)
        copy_to(other, product)
        move_category(category_pk=shirts.pk, parent_pk=other.pk)
        assert not find_wrong_listings()

    def test_a_move_that_fails_changes_no_list(self, clothes: Category, shirts: Category) -> None:
        other, product = make_category("Other"), make_product(name="tee", category=shirts)
        make_category("Shirts", parent=other)
        with pytest.raises(ValidationError):
            move_category(category_pk=shirts.pk, parent_pk=other.pk)
        assert (listed(clothes), listed(other)) == ({"tee"}, set())
        with transaction.atomic():
            move_category(category_pk=shirts.pk, parent_pk=None)
            assert not listed(clothes)
            transaction.set_rollback(True)
        assert listed(clothes) == {product.name}


class TestAudit:
    def test_mends_the_lists_with_the_paths(self, clothes: Category, shirts: Category) -> None:
        make_product(name="tee", category=shirts)
        Category.objects.filter(pk=shirts.pk).update(above=f"/999/{clothes.pk}/")
        make_product(name="top", category=shirts)
        for difference in [*differences_here()]:
            assert difference.mend is not None
            difference.mend()
        assert not [*differences_here()]
        assert listed(shirts) == listed(clothes) == {"tee", "top"}
        assert Listing.objects.count() == 4

    def test_finds_and_mends_each_kind(self, shirts: Category) -> None:
        other = make_category("Other")
        lacking, wrong, surplus = (make_product(category=shirts) for _ in range(3))
        right = make_product(category=shirts)
        Listing.objects.filter(product=lacking, category=shirts).delete()
        Listing.objects.filter(product=wrong).update(added_at=timezone.now() - timedelta(days=1))
        copy_to(other, surplus)
        found = [difference for difference in differences_here() if difference.check == "listings"]
        assert {difference.subject for difference in found} == {
            f"product {product.pk}" for product in (lacking, wrong, surplus)
        }
        before = [*Listing.objects.filter(product=right).values_list()]
        for difference in found:
            assert difference.mend is not None
            difference.mend()
        assert not find_wrong_listings()
        assert [*Listing.objects.filter(product=right).values_list()] == before
