"""Tax in carts and orders: shown, charged, frozen, and proved by the audit."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from catalog.models import Product, TaxClass
from orders.audit import differences_here
from orders.models import Order, OrderItem, OrderTax
from pricing.models import TaxRate
from tests.conftest import GraphQLClient, global_id
from tests.factories import make_product, make_rate, make_staff, make_user, reprice
from tests.orders.conftest import ADDRESS, Bank, add_to_cart, checkout, nothing_changes, statements
from tests.staff import browser_of
from tests.tasks import outbox

pytestmark = pytest.mark.django_db

PARTS = """
    subtotal { amount } discountTotal { amount } deliveryTotal { amount } taxTotal { amount }
    taxes { name rate base { amount } amount { amount } }
"""
CART = f"{{ cart {{ {PARTS} total {{ amount }} }} }}"
ORDER = f"""
    query($uuid: UUID!) {{ order(uuid: $uuid) {{
      {PARTS} amount {{ amount }} pricesIncludeTax isReverseCharge
      items {{ total {{ amount }} discount {{ amount }} tax {{ amount }} }} payment {{ amount {{ amount }} }}
    }} }}
"""
CREATE = "mutation { createOrder { ... on Order { uuid } } }"
ADD = """
    mutation($uuid: UUID!, $product: ID!, $quantity: Int! = 1) {
      addOrderItem(input: {orderUuid: $uuid, productId: $product, quantity: $quantity}) {
        __typename ... on Order { amount { amount } taxTotal { amount } }
      }
    }
"""
REMOVE = """
    mutation($uuid: UUID!, $product: ID!) {
      removeOrderItem(input: {orderUuid: $uuid, productId: $product}) {
        __typename ... on Order { amount { amount } taxTotal { amount } }
      }
    }
"""
PLACE = """
    mutation($input: PlaceOrderInput!) { placeOrder(input: $input) { __typename ... on Order { amount { amount } } } }
"""
GERMAN = {**ADDRESS, "country": "DE", "zipCode": "50667", "state": "", "phone": "+49221123456"}
AUSTRIAN = {**GERMAN, "country": "AT", "zipCode": "1010"}
ISLANDS = {**GERMAN, "country": "ES", "zipCode": " 35 001 ", "state": "Las Palmas"}


def amounts(answer: Any) -> Any:
    """Return the answer with the amounts alone in place of objects of one field."""
    if isinstance(answer, list):
        return [amounts(item) for item in answer]
    if isinstance(answer, dict):
        return (
            answer["amount"]
            if answer.keys() == {"amount"} and isinstance(answer["amount"], str)
            else {name: amounts(value) for name, value in answer.items()}
        )
    return answer


def cart_of(api: GraphQLClient) -> dict[str, Any]:
    found: dict[str, Any] = amounts(api.run(CART)["cart"])
    return found


def order_of(api: GraphQLClient, uuid: str) -> dict[str, Any]:
    found: dict[str, Any] = amounts(api.run(ORDER, uuid=uuid)["order"])
    return found


@pytest.fixture
def books() -> TaxClass:
    return TaxClass.objects.create(name="Books")


@pytest.fixture
def lamp() -> Product:
    return make_product(name="Lamp", price=Decimal("19.90"), stock=100)


@pytest.fixture
def german(settings: Settings) -> None:
    """A shop in Germany with prices that include tax."""
    settings.STORE_COUNTRY, settings.STORE_PRICES_INCLUDE_TAX = "DE", True
    make_rate("DE", "19")
    make_rate("AT", "20")
    make_rate("ES", "21")


@pytest.fixture
def american() -> None:
    """A shop in the USA, where tax is added by the state."""
    make_rate("US", "0", name="None")
    make_rate("US", "7.25", region="CA", name="State tax")
    make_rate("US", "1.375", region="CA", name="City tax", level=2)


class TestCart:
    def test_of_a_fresh_store_has_no_tax(self, api: GraphQLClient, lamp: Product) -> None:
        add_to_cart(api, lamp, 2)
        assert cart_of(api) == {
            "subtotal": "39.80",
            "discountTotal": "0.00",
            "deliveryTotal": "0.00",
            "taxTotal": "0.00",
            "taxes": [],
            "total": "39.80",
        }

    @pytest.mark.usefixtures("german")
    def test_assumes_the_country_of_the_shop(self, api: GraphQLClient, books: TaxClass) -> None:
        make_rate("DE", "7", tax_class=books)
        add_to_cart(api, make_product(price=Decimal("119.00")))
        add_to_cart(api, make_product(price=Decimal("20.00"), discount=Decimal(50), tax_class=books))
        found = cart_of(api)
        assert found["taxes"] == [
            {"name": "VAT", "rate": "19", "base": "100.00", "amount": "19.00"},
            {"name": "VAT", "rate": "7", "base": "9.35", "amount": "0.65"},
        ]
        assert (found["subtotal"], found["discountTotal"], found["total"]) == ("139.00", "10.00", "129.00")

    def test_adds_the_tax(self, api: GraphQLClient, lamp: Product) -> None:
        make_rate("US", "10")
        add_to_cart(api, lamp)
        found = cart_of(api)
        assert (found["subtotal"], found["taxTotal"], found["total"]) == ("19.90", "1.99", "21.89")

    def test_of_nothing_has_no_tax(self, api: GraphQLClient) -> None:
        make_rate("US", "10")
        assert cart_of(api)["total"] == "0.00"

    def test_takes_one_statement_more_than_its_lines(self, api: GraphQLClient, lamp: Product) -> None:
        make_rate("US", "10")
        add_to_cart(api, lamp)
        # The session, the lines, the rates.
        assert statements(lambda: api.run(CART)) == 3

    @pytest.mark.usefixtures("german")
    def test_shop_says_whether_prices_include_it(self, api: GraphQLClient) -> None:
        assert api.run("{ shop { pricesIncludeTax } }") == {"shop": {"pricesIncludeTax": True}}


class TestCheckout:
    def test_charges_the_tax_at_the_destination(
        self, api: GraphQLClient, lamp: Product, bank: Bank, american: None
    ) -> None:
        add_to_cart(api, lamp, 3)
        placed = checkout(api, expectedTotal="64.85")
        assert order_of(api, placed["uuid"]) == {
            "subtotal": "59.70",
            "discountTotal": "0.00",
            "deliveryTotal": "0.00",
            "taxTotal": "5.15",
            "taxes": [
                {"name": "State tax", "rate": "7.25", "base": "59.70", "amount": "4.33"},
                {"name": "City tax", "rate": "1.375", "base": "59.70", "amount": "0.82"},
            ],
            "amount": "64.85",
            "pricesIncludeTax": False,
            "isReverseCharge": False,
            "items": [{"total": "59.70", "discount": "0.00", "tax": "5.15"}],
            "payment": {"amount": "64.85"},
        }
        bank.pay(placed["uuid"])
        [confirmation] = outbox
        for line in (
            "Subtotal: $59.70",
            "State tax 7.25%: $4.33",
            "City tax 1.375%: $0.82",
            "Total: $64.85",
        ):
            assert line in confirmation.body

    @pytest.mark.usefixtures("german")
    def test_charges_what_the_cart_showed(self, api: GraphQLClient, lamp: Product, bank: Bank) -> None:
        add_to_cart(api, lamp, 3)
        shown = cart_of(api)
        placed = checkout(api, shipping=GERMAN, expectedTotal=shown["total"])
        order = order_of(api, placed["uuid"])
        assert {name: order[name] for name in shown if name != "total"} == {
            name: value for name, value in shown.items() if name != "total"
        }
        assert order["amount"] == order["payment"]["amount"] == shown["total"] == "59.70"
        bank.pay(placed["uuid"])
        assert "Total: $59.70\nincluding VAT 19%: $9.53" in outbox[0].body

    @pytest.mark.usefixtures("german")
    def test_of_two_rates_freezes_the_tax_of_each_item(
        self, api: GraphQLClient, lamp: Product, books: TaxClass
    ) -> None:
        make_rate("DE", "7", tax_class=books)
        add_to_cart(api, lamp)
        add_to_cart(api, make_product(name="Book", price=Decimal("10.00"), tax_class=books))
        order = Order.objects.get(pk=checkout(api, shipping=GERMAN)["uuid"])
        assert list(order.taxes.values_list("item__name", "name", "percent", "base", "amount")) == [
            ("Lamp", "VAT", Decimal(19), Decimal("16.72"), Decimal("3.18")),
            ("Book", "VAT", Decimal(7), Decimal("9.35"), Decimal("0.65")),
        ]
        assert [item.tax for item in order.items.all()] == [Decimal("3.18"), Decimal("0.65")]

    def test_to_another_rate_than_was_shown_asks_again(
        self, api: GraphQLClient, lamp: Product, american: None
    ) -> None:
        """The cart assumes the country without a state."""
        add_to_cart(api, lamp, 3)
        shown = cart_of(api)["total"]
        with nothing_changes():
            refused = checkout(api, expectedTotal=shown)
        assert refused["__typename"] == "TotalChanged"
        assert (refused["expected"]["amount"], refused["actual"]["amount"]) == ("59.70", "64.85")

    def test_after_the_rate_has_changed_asks_again(self, api: GraphQLClient, lamp: Product) -> None:
        today = timezone.localdate()
        make_rate("US", "19")
        add_to_cart(api, lamp)
        shown = cart_of(api)["total"]
        make_rate("US", "20", valid_from=today)
        with nothing_changes():
            refused = checkout(api, expectedTotal=shown)
        assert (refused["expected"]["amount"], refused["actual"]["amount"]) == ("23.68", "23.88")
        assert checkout(api, expectedTotal=cart_of(api)["total"])["amount"] == {"amount": "23.88"}

    def test_is_not_touched_by_a_later_rate(self, api: GraphQLClient, lamp: Product) -> None:
        make_rate("US", "19")
        add_to_cart(api, lamp)
        placed = checkout(api)
        before = order_of(api, placed["uuid"])
        make_rate("US", "20", valid_from=timezone.localdate() - timedelta(days=1))
        TaxRate.objects.filter(percent=19).delete()
        assert order_of(api, placed["uuid"]) == before
        assert list(differences_here()) == []

    @pytest.mark.usefixtures("german")
    def test_abroad_keeps_the_price_or_the_net(
        self, api: GraphQLClient, lamp: Product, settings: Settings
    ) -> None:
        add_to_cart(api, lamp)
        kept = order_of(api, checkout(api, shipping=AUSTRIAN)["uuid"])
        assert (kept["amount"], kept["taxTotal"]) == ("19.90", "3.32")
        settings.STORE_PRICES_ABROAD = "net"
        add_to_cart(api, lamp)
        placed = checkout(api, shipping=AUSTRIAN)
        order = order_of(api, placed["uuid"])
        assert (order["amount"], order["taxTotal"], order["subtotal"]) == ("20.07", "3.35", "20.07")
        assert placed["items"][0]["unitPrice"] == {"amount": "20.07"}
        assert list(differences_here()) == []

    @pytest.mark.usefixtures("german")
    @pytest.mark.parametrize(("abroad", "price"), [("gross", "19.90"), ("net", "20.07")])
    def test_has_the_prices_that_the_cart_showed(
        self, api: GraphQLClient, lamp: Product, settings: Settings, abroad: str, price: str
    ) -> None:
        settings.STORE_PRICES_ABROAD = abroad
        add_to_cart(api, lamp, 3)
        items = "items { unitPrice { amount } total { amount } }"
        cart = api.run(
            f"""mutation {{ setCartDelivery(input: {{country: "AT"}}) {{
                ... on Cart {{ {items} subtotal {{ amount }} total {{ amount }} }} }} }}"""
        )["setCartDelivery"]
        placed = checkout(api, shipping=AUSTRIAN)
        [item] = placed["items"]
        assert cart["items"] == [{"unitPrice": item["unitPrice"], "total": item["total"]}]
        assert cart["items"][0]["unitPrice"] == {"amount": price}
        assert cart["subtotal"] == cart["total"] == placed["amount"] == item["total"]

    @pytest.mark.usefixtures("german")
    def test_to_the_canary_islands_has_no_vat(self, api: GraphQLClient, lamp: Product) -> None:
        add_to_cart(api, lamp)
        order = order_of(api, checkout(api, shipping=ISLANDS)["uuid"])
        assert (order["amount"], order["taxes"]) == ("19.90", [])

    def test_is_refused_if_the_tax_makes_it_too_much(self, api: GraphQLClient) -> None:
        make_rate("US", "10")
        add_to_cart(api, make_product(price=Decimal("999999.00")))
        with nothing_changes():
            assert checkout(api)["__typename"] == "PaymentUnavailable"

    def test_for_nothing_has_no_tax(self, api: GraphQLClient) -> None:
        make_rate("US", "10")
        add_to_cart(api, make_product(discount=Decimal(100)))
        placed = checkout(api)
        assert (placed["status"], placed["payment"]) == ("SHIPPED", None)
        assert order_of(api, placed["uuid"])["taxTotal"] == "0.00"

    def test_keeps_every_unit_in_whole_yen(self, api: GraphQLClient, settings: Settings) -> None:
        settings.STORE_CURRENCY = "JPY"
        make_rate("US", "10")
        add_to_cart(api, make_product(price=Decimal(80)))
        placed = checkout(api)
        assert placed["amount"] == {"amount": "88"}
        assert placed["payment"]["amount"] == {"minorUnits": 88}

    def test_takes_17_statements(self, api: GraphQLClient, american: None) -> None:
        """Two of them are for tax: reading the rates, and writing the order's."""
        for _ in range(3):
            add_to_cart(api, make_product())
        assert statements(lambda: checkout(api)) == 17


class TestDraft:
    @pytest.fixture
    def shopper(self, signed_in: Callable[[User], GraphQLClient]) -> GraphQLClient:
        return signed_in(make_user())

    def test_is_taxed_at_home_and_placed_at_its_destination(
        self, shopper: GraphQLClient, lamp: Product
    ) -> None:
        make_rate("US", "10")
        make_rate("US", "20", region="CA")
        uuid = shopper.run(CREATE)["createOrder"]["uuid"]
        rug = make_product(name="Rug", price=Decimal("1.00"))
        lamps = {"uuid": uuid, "product": global_id("Product", lamp.pk)}
        rugs = {"uuid": uuid, "product": global_id("Product", rug.pk)}
        shopper.run(ADD, **lamps, quantity=2)
        added = shopper.run(ADD, **rugs)["addOrderItem"]
        assert amounts(added) == {"__typename": "Order", "amount": "44.88", "taxTotal": "4.08"}
        assert list(differences_here()) == []
        shopper.run(ADD, **lamps)
        removed = shopper.run(REMOVE, **rugs)["removeOrderItem"]
        assert amounts(removed) == {"__typename": "Order", "amount": "65.67", "taxTotal": "5.97"}
        assert OrderTax.objects.count() == 1
        assert list(differences_here()) == []
        place = {"orderUuid": uuid, "shipping": ADDRESS}
        with nothing_changes():
            answer = shopper.run(PLACE, input={**place, "expectedTotal": "65.67"})
            assert answer["placeOrder"]["__typename"] == "TotalChanged"
        answer = shopper.run(PLACE, input={**place, "expectedTotal": "71.64"})
        assert answer["placeOrder"]["amount"] == {"amount": "71.64"}
        [tax] = OrderTax.objects.all()
        assert (tax.percent, tax.amount) == (Decimal(20), Decimal("11.94"))
        assert list(differences_here()) == []

    def test_with_a_deleted_product_is_added_up(self, shopper: GraphQLClient, lamp: Product) -> None:
        make_rate("US", "10")
        uuid = shopper.run(CREATE)["createOrder"]["uuid"]
        rug = make_product(price=Decimal("1.00"))
        shopper.run(ADD, uuid=uuid, product=global_id("Product", rug.pk))
        rug.delete()
        added = shopper.run(ADD, uuid=uuid, product=global_id("Product", lamp.pk))["addOrderItem"]
        assert added["amount"] == {"amount": "22.99"}
        assert list(differences_here()) == []

    def test_with_too_much_tax_changes_nothing(self, shopper: GraphQLClient) -> None:
        make_rate("US", "100")
        uuid = shopper.run(CREATE)["createOrder"]["uuid"]
        dear = make_product(price=Decimal("600000.00"))
        with nothing_changes():
            answer = shopper.run(ADD, uuid=uuid, product=global_id("Product", dear.pk))
        assert answer["addOrderItem"]["__typename"] == "ValidationError"


class TestAudit:
    @pytest.fixture
    def order(self, api: GraphQLClient, lamp: Product) -> Order:
        make_rate("US", "10")
        add_to_cart(api, lamp, 3)
        return Order.objects.get(pk=checkout(api)["uuid"])

    @pytest.mark.parametrize(
        ("column", "sums"),
        [
            ("amount", {"amount"}),
            ("subtotal", {"amount", "subtotal"}),
            ("discount_total", {"amount", "discount"}),
            ("delivery_discount", {"discount"}),
            ("delivery_total", {"amount"}),
            ("tax_total", {"amount", "tax"}),
        ],
    )
    def test_finds_a_part_that_is_wrong(self, order: Order, column: str, sums: set[str]) -> None:
        assert list(differences_here()) == []
        Order.objects.update(**{column: getattr(order, column) + Decimal("0.01")})
        assert {found for found in wrong_sums() if not found.startswith("asks")} == sums

    def test_finds_a_wrong_item(self, order: Order) -> None:
        OrderItem.objects.update(tax=Decimal("1.00"))
        assert wrong_sums() == {"tax of the items"}
        OrderItem.objects.update(tax=order.tax_total, discount=Decimal("0.01"))
        assert wrong_sums() == {"discount"}
        OrderItem.objects.update(discount=0, unit_price=Decimal("19.91"))
        assert wrong_sums() == {"subtotal"}

    def test_finds_a_tax_that_is_missing(self, order: Order) -> None:
        OrderTax.objects.all().delete()
        assert wrong_sums() == {"tax", "tax of the items"}


def wrong_sums() -> set[str]:
    return {found.detail.partition(" is ")[0] for found in differences_here()}


class TestAdmin:
    def test_shows_the_sum_as_an_invoice_does(
        self, api: GraphQLClient, lamp: Product, american: None
    ) -> None:
        add_to_cart(api, lamp, 3)
        order = Order.objects.get(pk=UUID(checkout(api)["uuid"]))
        page = browser_of(make_staff()).get(reverse("admin:orders_order_change", args=[order.pk])).text
        for line in (
            "Subtotal: $59.70",
            "State tax 7.25%: $4.33",
            "City tax 1.375%: $0.82",
            "Total: $64.85",
        ):
            assert line in page
        assert "Reverse charge" not in page
        Order.objects.update(is_reverse_charge=True)
        page = browser_of(make_staff()).get(reverse("admin:orders_order_change", args=[order.pk])).text
        assert "Reverse charge" in page


class TestReverseCharge:
    VAT_ID = "FR 40 303 265 045"

    @pytest.mark.usefixtures("german")
    def test_a_company_in_another_member_pays_the_net(self, api: GraphQLClient, lamp: Product) -> None:
        """19.90 less 19 %, twice."""
        add_to_cart(api, lamp, 2)
        french = {**GERMAN, "country": "FR", "zipCode": "75001"}
        placed = checkout(api, shipping=french, billing={"company": "Lampes", "vatId": self.VAT_ID})
        order = Order.objects.get(pk=placed["uuid"])
        assert order.is_reverse_charge
        assert (order.amount, order.subtotal, order.tax_total) == (
            Decimal("33.44"),
            Decimal("33.44"),
            Decimal(0),
        )
        assert order.items.get().unit_price == Decimal("16.72")
        assert list(differences_here()) == []

    @pytest.mark.usefixtures("german")
    @pytest.mark.parametrize("vat_id", ["", "DE136695976"])
    def test_not_for_consumers_and_companies_of_the_same_country(
        self, api: GraphQLClient, lamp: Product, vat_id: str
    ) -> None:
        add_to_cart(api, lamp)
        placed = checkout(api, shipping=GERMAN, billing={"vatId": vat_id})
        order = Order.objects.get(pk=placed["uuid"])
        assert (order.is_reverse_charge, order.amount) == (False, Decimal("19.90"))


class TestSeveralProducts:
    def test_add_up_to_the_total_of_the_cart(self, api: GraphQLClient, american: None) -> None:
        """Prices are chosen so that tax rounded for each line would be a cent off."""
        for _ in range(4):
            add_to_cart(api, make_product(price=Decimal("2.50")))
        order = Order.objects.get(pk=checkout(api)["uuid"])
        assert (order.amount, order.tax_total) == (Decimal("10.86"), Decimal("0.86"))
        assert (
            sorted(order.items.values_list("tax", flat=True)) == [Decimal("0.21")] * 2 + [Decimal("0.22")] * 2
        )
        assert list(differences_here()) == []

    def test_at_a_reduced_price_are_taxed_at_it(self, api: GraphQLClient, lamp: Product) -> None:
        make_rate("US", "10")
        reprice(lamp, discount=Decimal(50))
        add_to_cart(api, lamp)
        found = cart_of(api)
        assert (found["subtotal"], found["discountTotal"], found["taxTotal"]) == ("19.90", "9.95", "1.00")
