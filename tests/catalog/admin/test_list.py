"""The list of products in the admin."""

from decimal import Decimal
from itertools import permutations

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.models import Product
from core import images
from tests.catalog.admin.conftest import (
    PRODUCTS,
    change_page,
    form_of,
    list_form,
    list_stored_files,
    movements,
    new_pictures,
    upload,
)
from tests.factories import (
    make_category,
    make_product,
    make_user,
    reprice,
    set_stock,
)
from tests.staff import clerk

pytestmark = pytest.mark.django_db


class TestList:
    def test_shows_products(self, superuser: Client) -> None:
        product = make_product(name="Stoneware Mug", price="20.00", discount="25", stock=3)
        page = superuser.get(PRODUCTS).text
        for text in (
            "Stoneware Mug",
            product.category.name,
            product.user.profile.name,
            "15.00 USD",
            "Few left",
        ):
            assert text in page

    def test_shows_thumbnails_without_opening_a_file(self, superuser: Client) -> None:
        product = make_product()
        superuser.post(change_page(product), form_of(product, **new_pictures(upload())))
        product.refresh_from_db()
        for name in list_stored_files():
            default_storage.delete(f"products/{name}")
        page = superuser.get(PRODUCTS).text
        assert (
            default_storage.url(images.thumbnail_name(str(product.image), images.ThumbnailSize.SMALL)) in page
        )

    def test_searches_and_filters(self, superuser: Client) -> None:
        mug = make_product(name="Mug", discount="5", stock=0)
        lamp = make_product(name="Lamp")

        def find_shown(**query: str | int) -> set[str]:
            page = superuser.get(PRODUCTS, query).text
            return {product.name for product in (mug, lamp) if change_page(product) in page}

        assert find_shown() == {"Mug", "Lamp"}
        assert find_shown(q="mu") == {"Mug"}
        assert find_shown(available="yes") == {"Lamp"}
        assert find_shown(available="no") == {"Mug"}
        assert find_shown(on_sale="yes") == {"Mug"}
        assert find_shown(on_sale="no") == {"Lamp"}
        assert find_shown(category__id__exact=mug.category_id) == {"Mug"}
        assert find_shown(user__id__exact=lamp.user_id) == {"Lamp"}

    def test_takes_as_many_statements_for_many(self, superuser: Client) -> None:
        def statements() -> int:
            with CaptureQueriesContext(connection) as queries:
                superuser.get(PRODUCTS)
            return len(queries)

        for _ in range(3):
            make_product()
        statements()  # the first visit reads content types
        few = statements()
        category = make_category()
        for _ in range(27):
            make_product(category=category)
        assert statements() == few

    def test_a_page_is_small(self, superuser: Client) -> None:
        without_rows = len(superuser.get(PRODUCTS).content)  # the sidebar grows with every app
        category, seller = make_category("Kitchen and household goods"), make_user()
        for number in range(60):
            make_product(name=f"{number} {'long name ' * 6}", category=category, user=seller)
        page = superuser.get(PRODUCTS)
        assert len(page.content) - without_rows < 95_000
        assert "instock" not in page.text.lower()
        assert len(superuser.get(PRODUCTS, {"all": ""}).content) - without_rows < 95_000

    def test_is_closed_without_the_right(self) -> None:
        assert clerk().get(PRODUCTS).status_code == 403
        assert clerk("view_product").get(PRODUCTS).status_code == 200


class TestEditingTheList:
    def test_stock_goes_through_the_ledger(self, superuser: Client) -> None:
        product, other = make_product(), make_product()
        superuser.post(PRODUCTS, list_form(product, other, stock="7"))
        product.refresh_from_db()
        assert (product.stock, movements(product), movements(other)) == (7, [10, -3], [10])

    def test_prices_are_discounted_anew(self, superuser: Client) -> None:
        product = make_product(price="10.00")
        before = product.updated_at
        superuser.post(PRODUCTS, list_form(product, price="20.00", discount="10"))
        product.refresh_from_db()
        assert (str(product.final_price), product.stock) == ("18.00", 10)
        assert product.updated_at > before

    def test_what_was_sold_meanwhile_stays_sold(self, superuser: Client) -> None:
        product = make_product()
        form = list_form(product, price="20.00")
        set_stock(product, 4, now=timezone.now())
        superuser.post(PRODUCTS, form)
        product.refresh_from_db()
        assert (str(product.price), product.stock, movements(product)) == ("20.00", 4, [10, -6])

    def test_what_another_edited_meanwhile_stays(self, superuser: Client) -> None:
        product = make_product()
        form = list_form(product, stock="7")
        reprice(product, price=Decimal("30.00"), discount=Decimal(50))
        superuser.post(PRODUCTS, form)
        product.refresh_from_db()
        assert (str(product.price), str(product.final_price), product.stock) == ("30.00", "15.00", 7)

    @pytest.mark.parametrize(
        "changes", [{"price": "-1"}, {"price": "1.005"}, {"discount": "101"}, {"stock": "-1"}, {"stock": "x"}]
    )
    def test_refuses_what_the_api_refuses(self, superuser: Client, changes: dict[str, str]) -> None:
        product = make_product()
        assert superuser.post(PRODUCTS, list_form(product, **changes)).status_code == 200
        after = Product.objects.get(pk=product.pk)
        assert (after.price, after.discount, after.stock) == (product.price, product.discount, 10)
        assert movements(product) == [10]

    def test_needs_the_right(self) -> None:
        product = make_product()
        assert clerk("view_product").post(PRODUCTS, list_form(product, stock="7")).status_code == 403
        assert movements(product) == [10]

    def test_locks_in_the_order_of_checkout(self, superuser: Client) -> None:
        """In the list's own order, two transactions could deadlock."""
        first, second = make_product(), make_product()
        with CaptureQueriesContext(connection) as queries:
            superuser.post(PRODUCTS, list_form(second, first, price="20.00"))
        statements = [query["sql"] for query in queries]
        lock = next(sql for sql in statements if 'ORDER BY "catalog_product"."id" ASC' in sql)
        # The keys are a set. The order of the locks is what counts.
        assert any(f"IN ({one}, {other})" in lock for one, other in permutations((first.pk, second.pk)))
        write = next(sql for sql in statements if sql.startswith('UPDATE "catalog_product"'))
        assert statements.index(lock) < statements.index(write)

    def test_ignores_keys_that_are_none(self, superuser: Client) -> None:
        product = make_product()
        superuser.post(PRODUCTS, list_form(product, stock="7") | {"form-1-id": "x"})
        assert movements(product) == [10, -3]
