"""The audit finds each kind of difference, and none if the books are right."""

from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from catalog.models import Category, Product, ProductVariant, StockMovement
from orders.audit import differences
from orders.models import Order, OrderItem, Payment, Refund, Shipping
from tests.conftest import GraphQLClient
from tests.factories import add_pictures, make_category, make_product
from tests.orders.conftest import Bank, add_to_cart, checkout

pytestmark = pytest.mark.django_db


@pytest.fixture
def paid(api: GraphQLClient, bank: Bank) -> Order:
    """A shipped order of two lamps, and a pending one of the same."""
    lamp = make_product(name="Lamp")
    add_to_cart(api, lamp, 2)
    uuid = checkout(api)["uuid"]
    bank.pay(uuid)
    add_to_cart(api, lamp)
    checkout(api)
    return Order.objects.get(pk=uuid)


@pytest.fixture
def shirt() -> Product:
    """S at 10.00, which is sold out, and M at 12.00 with 3 in stock."""
    return make_product(
        options=["Size"],
        variants=[{"values": "S", "stock": 0}, {"values": "M", "price": Decimal(12), "stock": 3}],
    )


def find_checks() -> set[str]:
    return {difference.check for difference in differences(now=timezone.now())}


class TestDifferences:
    def test_none(self, paid: Order) -> None:
        assert find_checks() == set()

    def test_stock(self, paid: Order) -> None:
        ProductVariant.objects.update(stock=100)
        Product.objects.update(stock=100)
        assert find_checks() == {"stock"}

    @pytest.mark.parametrize(
        ("column", "value"),
        [
            ("image", "products/other.jpg"),
            ("image_width", 1),
            ("image_height", None),
            ("image_placeholder", "data:other"),
            ("image_alt", "Another"),
        ],
    )
    def test_a_product_unlike_its_first_picture(self, shirt: Product, column: str, value: object) -> None:
        add_pictures(shirt, "front", "back")
        make_product()
        assert find_checks() == set()
        Product.objects.filter(pk=shirt.pk).update(**{column: value})
        assert find_checks() == {"pictures"}
        call_command("audit", fix=True)
        assert find_checks() == set()
        shirt.refresh_from_db()
        assert (shirt.image.name, shirt.image_width, shirt.image_alt) == (
            "products/front.jpg",
            60,
            "The front",
        )

    def test_a_variant_with_a_picture_of_another_product(self, shirt: Product) -> None:
        [picture] = add_pictures(make_product(), "front")
        shirt.variants.update(image=picture)
        assert find_checks() == {"pictures"}

    @pytest.mark.parametrize("column", ["stock", "price", "discount", "final_price"])
    def test_a_product_unlike_its_variants(self, shirt: Product, column: str) -> None:
        Product.objects.update(**{column: 13 if column == "price" else 9})
        assert find_checks() == {"variants"}
        call_command("audit", fix=True)
        assert find_checks() == set()
        shirt.refresh_from_db()
        assert (shirt.stock, str(shirt.price), str(shirt.final_price)) == (3, "12.00", "12.00")

    def test_the_price_of_a_variant_that_is_sold_out(self, shirt: Product) -> None:
        Product.objects.update(price=10, final_price=10)
        assert find_checks() == {"variants"}

    def test_a_product_without_variants(self, shirt: Product) -> None:
        StockMovement.objects.all().delete()
        ProductVariant.objects.all().delete()
        assert find_checks() == {"attributes", "variants"}  # the values of its options are left over
        with pytest.raises(CommandError, match=r"1 differences\."):
            call_command("audit", fix=True)

    @pytest.mark.parametrize("name", ["", "Width"])
    def test_values_without_an_option(self, shirt: Product, name: str) -> None:
        Product.objects.update(**{"option_1": "Size", "option_2": "Width"} if name else {"option_1": ""})
        assert find_checks() == {"variants"}

    def test_movements_of_a_removed_variant(self, shirt: Product) -> None:
        StockMovement.objects.update(variant=None)
        assert find_checks() == {"stock"}

    def test_a_movement_of_another_product(self, shirt: Product) -> None:
        StockMovement.objects.filter(product=shirt).update(product=make_product(stock=0))
        assert find_checks() == {"stock"}

    def test_sold_count(self, paid: Order) -> None:
        Product.objects.update(sold_count=100)
        assert find_checks() == {"sold count"}

    def test_an_item_that_took_no_stock(self, paid: Order) -> None:
        StockMovement.objects.filter(order_uuid=paid.pk).delete()
        assert "movements" in find_checks()

    def test_amount(self, paid: Order) -> None:
        OrderItem.objects.filter(order=paid).update(unit_price=1)
        assert find_checks() == {"amount", "documents"}

    def test_paid_without_a_payment(self, paid: Order) -> None:
        Order.objects.filter(status="pending").update(status="shipped", paid_at=timezone.now())
        assert "paid" in find_checks()

    def test_payment_without_a_paid_order(self, paid: Order) -> None:
        Order.objects.filter(pk=paid.pk).update(status="pending")
        assert "paid" in find_checks()

    def test_refund_that_was_not_counted(self, paid: Order) -> None:
        payment = Payment.objects.get(order=paid)
        Refund.objects.create(payment=payment, amount=5, status=Refund.Status.SUCCEEDED)
        assert find_checks() == {"refunds", "documents"}

    def test_money_of_a_cancelled_order(self, paid: Order) -> None:
        Order.objects.filter(pk=paid.pk).update(status="cancelled", shipped_at=None)
        assert "refunds" in find_checks()

    def test_orphans(self, paid: Order) -> None:
        Shipping.objects.create(country="US")
        assert find_checks() == {"orphans"}

    def test_a_billing_address_of_its_own_is_no_orphan(self, paid: Order) -> None:
        Order.objects.filter(pk=paid.pk).update(billing_address=Shipping.objects.create(country="US"))
        assert find_checks() == set()

    def test_the_path_of_a_category(self, paid: Order) -> None:
        category = make_category(parent=make_category(parent=make_category()))
        Category.objects.filter(pk=category.pk).update(above=f"/999/{category.parent_id}/")
        assert find_checks() == {"category paths"}

    def test_categories_in_a_loop(self, paid: Order) -> None:
        one = make_category()
        two = make_category(parent=one)
        Category.objects.filter(pk=one.pk).update(parent=two, above=f"/{two.pk}/")
        assert find_checks() == {"category paths"}
        assert [found.mend for found in differences(now=timezone.now())] == [None, None]

    def test_intent_of_no_payment(self, paid: Order) -> None:
        Payment.objects.filter(order=paid).update(intent_id="pi_of_another_row")
        assert find_checks() == {"stripe"}


class TestCommand:
    def test_exits_with_an_error(self, paid: Order, capsys: pytest.CaptureFixture[str]) -> None:
        call_command("audit")
        assert capsys.readouterr().out == "The books are right.\n"
        ProductVariant.objects.update(stock=100)
        Product.objects.update(stock=100)
        with pytest.raises(CommandError, match=r"1 differences\."):
            call_command("audit", json=True)
        assert '"check": "stock"' in capsys.readouterr().out

    def test_fix_settles_what_no_webhook_told(self, api: GraphQLClient, bank: Bank) -> None:
        add_to_cart(api, make_product())
        uuid = checkout(api)["uuid"]
        bank.fake.confirm(bank.intent(uuid))
        assert find_checks() == {"stripe"}
        call_command("audit", fix=True)
        assert Order.objects.get(pk=uuid).status == "shipped"
        assert find_checks() == set()

    def test_mends_paths(self, paid: Order) -> None:
        middle = make_category(parent=make_category())
        category = make_category(parent=middle)
        Category.objects.filter(pk=category.pk).update(above=f"/999/{middle.pk}/")
        call_command("audit", fix=True)
        category.refresh_from_db()
        assert category.above == middle.path
