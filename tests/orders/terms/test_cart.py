"""Delivery and discount codes of carts."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from orders.models import Cart
from pricing.models import CodeScope, DeliveryMethod, DiscountCode
from tests.conftest import GraphQLClient
from tests.factories import make_category, make_product
from tests.orders.conftest import add_to_cart, nothing_changes
from tests.orders.terms.conftest import (
    IN_THE_US,
    REMOVE,
    amount,
    apply_code,
    checkout,
    make_code,
    make_method,
    names,
    read,
    set_delivery,
)

pytestmark = pytest.mark.django_db


class TestCartDelivery:
    def test_a_store_without_methods_delivers_for_nothing(self, shopper: GraphQLClient) -> None:
        cart = set_delivery(shopper)
        assert (cart["deliveryOptions"], cart["delivery"], amount(cart["total"])) == ([], None, "20.00")
        assert cart["destination"] == IN_THE_US
        assert amount(checkout(shopper)["amount"]) == "20.00"

    def test_nothing_is_offered_while_the_destination_is_unknown(self, shopper: GraphQLClient) -> None:
        make_method()
        cart = read(shopper)
        assert (cart["destination"], cart["deliveryOptions"], cart["delivery"]) == (None, [], None)

    def test_the_country_alone_is_enough(self, shopper: GraphQLClient) -> None:
        make_method(countries="DE")
        cart = set_delivery(shopper, country="de")
        assert cart["destination"] == {"country": "DE", "zipCode": "", "state": ""}
        assert names(cart["deliveryOptions"]) == ["Post"]

    def test_the_cheapest_until_another_is_chosen(self, shopper: GraphQLClient) -> None:
        make_method("Post", "5")
        courier = make_method("Courier", "12.50")
        cart = set_delivery(shopper)
        assert names(cart["deliveryOptions"]) == ["Post", "Courier"]
        assert (cart["delivery"]["method"]["name"], amount(cart["total"])) == ("Post", "25.00")
        cart = set_delivery(shopper, courier)
        assert (amount(cart["deliveryTotal"]), amount(cart["total"])) == ("12.50", "32.50")
        assert read(shopper) == {key: value for key, value in cart.items() if key != "__typename"}

    def test_another_country_drops_the_method(self, shopper: GraphQLClient) -> None:
        make_method("Post", "5")
        set_delivery(shopper, make_method("Courier", "12"))
        assert set_delivery(shopper, country="DE")["delivery"]["method"]["name"] == "Post"

    @pytest.mark.parametrize(
        ("place", "field"),
        [
            ({"country": "XX"}, "country"),
            ({"country": ""}, "country"),
            ({"country": "US", "zipCode": "nowhere"}, "zipCode"),
            ({"country": "US", "state": "Bavaria"}, "state"),
            ({"country": "U" * 10_000}, "country"),
        ],
    )
    def test_a_place_that_does_not_exist(
        self, shopper: GraphQLClient, place: dict[str, Any], field: str
    ) -> None:
        with nothing_changes():
            answer = set_delivery(shopper, **place)
        assert answer["__typename"] == "ValidationError"
        assert [error["field"] for error in answer["fields"]] == [field]

    def test_nothing_goes_there(self, shopper: GraphQLClient) -> None:
        make_method(countries="DE")
        with nothing_changes():
            answer = set_delivery(shopper)
        assert (answer["code"], answer["deliveryOptions"]) == ("DELIVERY_UNAVAILABLE", [])

    def test_the_method_does_not_go_there(self, shopper: GraphQLClient) -> None:
        make_method("Post")
        german = make_method("Bike", countries="DE")
        with nothing_changes():
            answer = set_delivery(shopper, german)
        assert (answer["code"], names(answer["deliveryOptions"])) == ("DELIVERY_UNAVAILABLE", ["Post"])

    def test_a_method_that_does_not_exist(self, shopper: GraphQLClient) -> None:
        with nothing_changes():
            answer = set_delivery(shopper, DeliveryMethod(pk=999))
        assert answer["code"] == "DELIVERY_UNAVAILABLE"

    def test_a_switched_off_method_and_one_without_rates_are_not_offered(
        self, shopper: GraphQLClient
    ) -> None:
        make_method("Post")
        DeliveryMethod.objects.create(name="Empty")
        DeliveryMethod.objects.filter(pk=make_method("Old").pk).update(is_active=False)
        assert names(set_delivery(shopper)["deliveryOptions"]) == ["Post"]

    def test_the_weight_of_all_units(self, api: GraphQLClient) -> None:
        heavy = make_product(variants=[{"weight_grams": 600}])
        add_to_cart(api, heavy, 2)
        make_method("Letter", "1", to_weight=1_000)
        make_method("Post", "5", to_weight=2_000)
        assert names(set_delivery(api)["deliveryOptions"]) == ["Post"]

    @pytest.mark.parametrize(("when", "cost"), [("before", "0.00"), ("after", "5.00")])
    def test_free_from_50_before_or_after_the_code(
        self, api: GraphQLClient, settings: Settings, when: str, cost: str
    ) -> None:
        settings.STORE_DELIVERY_TOTAL = when
        add_to_cart(api, make_product(price=Decimal(50)))
        make_method(free_from=Decimal(50))
        make_code(amount=10)
        apply_code(api)
        assert amount(set_delivery(api)["deliveryTotal"]) == cost


class TestCode:
    def test_in_any_spelling(self, shopper: GraphQLClient) -> None:
        make_code()
        cart = apply_code(shopper, " sp ring")
        assert cart["discountCode"] == {
            "code": "SPRING",
            "amount": {"amount": "2.00"},
            "applies": True,
            "message": None,
        }
        assert (amount(cart["discountTotal"]), amount(cart["total"])) == ("2.00", "18.00")
        assert read(shopper)["discountCode"] == cart["discountCode"]

    def test_another_takes_its_place_and_it_can_be_taken_off(self, shopper: GraphQLClient) -> None:
        make_code()
        make_code("SUMMER", percent=20)
        apply_code(shopper)
        assert amount(apply_code(shopper, "SUMMER")["total"]) == "16.00"
        cart = shopper.run(REMOVE)["removeDiscountCode"]
        assert (cart["discountCode"], amount(cart["total"])) == (None, "20.00")

    def test_taking_off_none_makes_no_cart(self, api: GraphQLClient) -> None:
        assert api.run(REMOVE)["removeDiscountCode"]["discountCode"] is None
        assert not Cart.objects.exists()

    def test_500_off_20_is_never_negative(self, shopper: GraphQLClient) -> None:
        make_code(amount=500)
        assert amount(apply_code(shopper)["total"]) == "0.00"

    def test_free_delivery(self, shopper: GraphQLClient) -> None:
        make_method()
        make_code(free_delivery=True)
        set_delivery(shopper)
        cart = apply_code(shopper)
        assert amount(cart["deliveryTotal"]) == "5.00"
        assert (amount(cart["discountCode"]["amount"]), amount(cart["total"])) == ("5.00", "20.00")

    def test_only_the_goods_in_its_scope(self, shopper: GraphQLClient) -> None:
        shirts = make_category(parent=make_category("Clothes"))
        add_to_cart(shopper, make_product(category=shirts, price=Decimal(30)))
        code = make_code(percent=50, is_scoped=True)
        CodeScope.objects.create(code=code, category=shirts.parent)
        assert amount(apply_code(shopper)["discountTotal"]) == "15.00"

    @pytest.mark.parametrize(
        ("fields", "reason"),
        [
            ({"is_active": False}, "UNKNOWN"),
            ({"first_day": timezone.localdate() + timedelta(days=1)}, "NOT_YET"),
            ({"last_day": timezone.localdate() - timedelta(days=1)}, "EXPIRED"),
            ({"max_uses": 0}, "USED_UP"),
            ({"minimum": Decimal("20.01")}, "MINIMUM_NOT_REACHED"),
            ({"is_scoped": True}, "NOT_FOR_THIS_CART"),
        ],
    )
    def test_refused(self, shopper: GraphQLClient, fields: dict[str, Any], reason: str) -> None:
        make_code(**fields)
        with nothing_changes():
            answer = apply_code(shopper)
        assert (answer["code"], answer["reason"]) == ("DISCOUNT_CODE_REFUSED", reason)

    @pytest.mark.parametrize("code", ["NOPE", "", "ÉTÉ", "x" * 10_000, "' OR 1=1"])
    def test_unknown(self, shopper: GraphQLClient, code: str) -> None:
        make_code()
        with nothing_changes():
            assert apply_code(shopper, code)["reason"] == "UNKNOWN"

    def test_guessing_is_throttled(self, shopper: GraphQLClient) -> None:
        make_code()
        for attempt in range(20):
            assert apply_code(shopper, f"GUESS{attempt}")["reason"] == "UNKNOWN"
        with nothing_changes():
            assert apply_code(shopper)["__typename"] == "TooManyAttempts"

    def test_one_that_no_longer_applies_is_shown_with_the_reason(self, shopper: GraphQLClient) -> None:
        code = make_code()
        apply_code(shopper)
        DiscountCode.objects.filter(pk=code.pk).update(minimum=100)
        cart = read(shopper)
        assert (cart["discountCode"]["applies"], amount(cart["total"])) == (False, "20.00")
        assert cart["discountCode"]["message"] == "Your goods do not reach the minimum of this code."
        code.delete()
        assert read(shopper)["discountCode"]["message"] == "We do not know this code. Please check it."
