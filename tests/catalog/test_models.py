from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from catalog.models import MAX_STOCK, Category, Favourite, Product, StockMovement
from tests.factories import make_category, make_product, make_user, variant_of

pytestmark = pytest.mark.django_db

SOLD, RETURNED, RESTOCKED, SET = "sold", "returned", "restocked", "set"


class TestProductConstraints:
    """The database itself enforces the constraints."""

    @pytest.mark.parametrize(
        ("columns", "constraint"),
        [
            ({"price": Decimal("-0.01"), "final_price": Decimal("-0.01")}, "price"),
            ({"discount": Decimal("-0.01")}, "product_discount_is_a_percentage"),
            ({"discount": Decimal("100.01")}, "product_discount_is_a_percentage"),
            ({"final_price": Decimal("-0.01")}, "product_final_price_at_most_price"),
            ({"final_price": Decimal("10.01")}, "product_final_price_at_most_price"),
            ({"stock": -1}, "stock"),
            ({"stock": MAX_STOCK + 1}, "product_stock_in_range"),
            ({"sold_count": -1}, "sold_count"),
            ({"rated_1": -1}, "rated_1"),
        ],
    )
    def test_refuse(self, columns: dict[str, Any], constraint: str) -> None:
        product = make_product()
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            Product.objects.filter(pk=product.pk).update(**columns)
        assert Product.objects.filter(pk=product.pk, price=10, final_price=10, stock=10).exists()

    @pytest.mark.parametrize(
        "columns",
        [
            {"price": 0, "final_price": 0},
            {"discount": 0},
            {"discount": 100},
            {"final_price": 0},
            {"stock": 0},
            {"stock": MAX_STOCK},
        ],
    )
    def test_allow_the_bounds(self, columns: dict[str, Any]) -> None:
        product = make_product()
        assert Product.objects.filter(pk=product.pk).update(**columns) == 1

    def test_refuse_a_slug_twice(self) -> None:
        first, second = make_product(), make_product()
        with pytest.raises(IntegrityError, match="slug"), transaction.atomic():
            Product.objects.filter(pk=second.pk).update(slug=first.slug)


class TestOtherConstraints:
    @pytest.mark.parametrize("column", ["sort_name", "slug"])
    def test_refuse_a_category_twice(self, column: str) -> None:
        first, second = make_category(), make_category()
        with pytest.raises(IntegrityError, match=column), transaction.atomic():
            Category.objects.filter(pk=second.pk).update(**{column: getattr(first, column)})

    def test_refuse_a_favourite_twice(self) -> None:
        user, product = make_user(), make_product()
        Favourite.objects.create(user=user, product=product)
        with pytest.raises(IntegrityError), transaction.atomic():
            Favourite.objects.bulk_create([Favourite(user=user, product=product)])
        assert Favourite.objects.count() == 1


class TestStockMovementConstraints:
    @pytest.mark.parametrize(
        ("reason", "delta", "of_an_order", "constraint"),
        [
            (SET, 1, True, "stock_movement_of_an_order_names_it"),
            (SOLD, -1, False, "stock_movement_of_an_order_names_it"),
            (RETURNED, 1, False, "stock_movement_of_an_order_names_it"),
            (RESTOCKED, 1, False, "stock_movement_of_an_order_names_it"),
            (SOLD, 0, True, "stock_movement_direction"),
            (SOLD, 1, True, "stock_movement_direction"),
            (RETURNED, 0, True, "stock_movement_direction"),
            (RESTOCKED, -1, True, "stock_movement_direction"),
        ],
    )
    def test_refuse(self, reason: str, delta: int, of_an_order: bool, constraint: str) -> None:
        movement = StockMovement(
            product=make_product(), reason=reason, delta=delta, order_uuid=uuid4() if of_an_order else None
        )
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            StockMovement.objects.bulk_create([movement])

    @pytest.mark.parametrize(
        ("reasons", "delta"), [((SOLD, SOLD), -1), ((RETURNED, RETURNED), 1), ((RETURNED, RESTOCKED), 1)]
    )
    def test_refuse_the_same_move_of_an_order_twice(self, reasons: tuple[str, str], delta: int) -> None:
        product, order = make_product(), uuid4()
        what: Any = {"product": product, "variant": variant_of(product), "order_uuid": order}
        first, second = (StockMovement(**what, reason=reason, delta=delta) for reason in reasons)
        StockMovement.objects.bulk_create([first])
        with pytest.raises(IntegrityError), transaction.atomic():
            StockMovement.objects.bulk_create([second])


class TestFinalPrice:
    @pytest.mark.parametrize(
        ("price", "discount", "final_price"),
        [
            ("10.00", "0", "10.00"),
            ("10.00", "100", "0.00"),
            ("10.00", "33.33", "6.67"),
            ("0.01", "50", "0.01"),  # 0.005, halves go up
            ("0.05", "50", "0.03"),  # 0.025, which half-even would round down
            ("0.03", "50.01", "0.01"),  # 0.014997
            ("999999.99", "0.01", "999899.99"),
        ],
    )
    def test_is_rounded_half_up(self, price: str, discount: str, final_price: str) -> None:
        product = make_product(price=Decimal(price), discount=Decimal(discount))
        product.refresh_from_db()
        assert product.final_price == Decimal(final_price)

    def test_follows_each_save(self) -> None:
        product = make_product()
        product.discount = Decimal(10)
        product.save()
        product.refresh_from_db()
        assert product.final_price == 9

    @pytest.mark.parametrize("price", ["0.001", "1000000", "-1"])
    def test_price_beyond_the_currency_is_refused(self, price: str) -> None:
        product = make_product()
        product.price = Decimal(price)
        with pytest.raises(ValidationError, match="price"):
            product.full_clean()


class TestSlug:
    def test_of_equal_names_differ(self) -> None:
        first, second = make_product(name="Oak lamp"), make_product(name="Oak lamp")
        assert first.slug == "oak-lamp"
        assert second.slug.startswith("oak-lamp-")

    @pytest.mark.parametrize(
        ("name", "slug"),
        [
            ("Ручная лампа", "ручная-лампа"),
            ("手工灯", "手工灯"),
            ("!!!", "product"),
            ("-- x --", "x"),
            ("a" * 200, "a" * 73),
        ],
    )
    def test_keeps_letters_of_any_script(self, name: str, slug: str) -> None:
        assert make_product(name=name).slug == slug


class TestRating:
    def test_is_zero_while_nobody_has_rated(self) -> None:
        product = make_product()
        product.refresh_from_db()
        assert (product.rating_count, product.rating_average) == (0, 0)

    def test_is_computed_by_the_database(self) -> None:
        product = make_product()
        Product.objects.filter(pk=product.pk).update(rated_1=1, rated_5=2)
        product.refresh_from_db()
        assert product.rating_count == 3
        assert product.rating_average == pytest.approx(11 / 3)
