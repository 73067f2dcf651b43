"""The admin's pages of delivery methods and discount codes."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from pricing.models import CodeScope, DeliveryMethod, DeliveryRate, DiscountCode
from tests.factories import make_category, make_staff
from tests.staff import browser_of, clerk

pytestmark = pytest.mark.django_db

ADD_METHOD = reverse("admin:pricing_deliverymethod_add")
COSTS = reverse("admin:pricing_deliverymethod_show_costs")
ADD_CODE = reverse("admin:pricing_discountcode_add")


@pytest.fixture
def staff() -> Client:
    return browser_of(make_staff(email="root@example.com"))


def inline(prefix: str, *rows: dict[str, Any], initial: int = 0) -> dict[str, Any]:
    return {
        f"{prefix}-TOTAL_FORMS": len(rows),
        f"{prefix}-INITIAL_FORMS": initial,
        **{
            f"{prefix}-{place}-{name}": value for place, row in enumerate(rows) for name, value in row.items()
        },
    }


def make_rate(method: DeliveryMethod, price: str = "5", **fields: Any) -> DeliveryRate:
    return DeliveryRate.objects.create(method=method, price=Decimal(price), **fields)


def ask(staff: Client, **question: str | int) -> Any:
    return staff.get(COSTS, question)


class TestMethods:
    METHOD = {"name": "Post", "description": "", "position": 0, "is_active": "on"}
    RATE = {"from_weight": 0, "from_total": 0, "price": "4.90", "countries": "de, at"}

    def test_a_method_with_its_rates(self, staff: Client) -> None:
        answer = staff.post(ADD_METHOD, {**self.METHOD, **inline("rates", self.RATE)})
        assert answer.status_code == 302
        [rate] = DeliveryRate.objects.all()
        assert (rate.method.name, rate.countries, rate.price) == ("Post", "AT, DE", Decimal("4.90"))

    def test_a_rate_out_of_order_is_refused_at_its_row(self, staff: Client) -> None:
        wrong = {**self.RATE, "from_weight": 2, "to_weight": 1}
        answer = staff.post(ADD_METHOD, {**self.METHOD, **inline("rates", self.RATE, wrong)})
        assert "The two weights are out of order." in answer.text
        assert not DeliveryMethod.objects.exists()


class TestCosts:
    def test_what_it_costs_to_send_2_kg_to_germany(self, staff: Client) -> None:
        post = DeliveryMethod.objects.create(name="Post")
        make_rate(post, "4.90", countries="DE")
        make_rate(post, "9.90")
        make_rate(DeliveryMethod.objects.create(name="Letter"), "1", to_weight=500)
        answer = ask(staff, country="de", weight=2_000, total="0")
        assert answer.context["costs"] == [("Post", "$4.90"), ("Letter", "not offered")]

    def test_a_postal_code_in_any_spelling(self, staff: Client) -> None:
        make_rate(DeliveryMethod.objects.create(name="Post"), countries="GB", zip_code_prefix="SE1")
        answer = ask(staff, country="GB", zip_code="se17tw", weight=0, total=0)
        assert answer.context["costs"] == [("Post", "$5.00")]
        answer = ask(staff, country="GB", zip_code="nowhere", weight=0, total=0)
        assert answer.context["costs"] is None
        assert "This is not a postal code of this country." in answer.text

    def test_a_country_that_does_not_exist(self, staff: Client) -> None:
        answer = ask(staff, country="XX", weight=0, total=0)
        assert "There is no country with this code." in answer.text

    def test_a_store_without_methods(self, staff: Client) -> None:
        answer = ask(staff, country="DE", weight=0, total=0)
        assert "delivery costs nothing" in answer.text

    def test_only_for_staff_with_the_right(self) -> None:
        assert clerk("view_deliverymethod").get(COSTS).status_code == 200
        assert clerk("view_discountcode").get(COSTS).status_code == 403


class TestCodes:
    CODE = {"code": "first pair ", "percent": "10", "is_active": "on", "is_scoped": "on"}

    def test_a_code_in_its_one_spelling_with_its_goods(self, staff: Client) -> None:
        category = make_category()
        scopes = inline("scopes", {"category": category.pk})
        assert staff.post(ADD_CODE, {**self.CODE, **scopes}).status_code == 302
        [scope] = CodeScope.objects.all()
        assert (scope.code.code, scope.category) == ("FIRSTPAIR", category)

    def test_its_text_does_not_change(self, staff: Client) -> None:
        code = DiscountCode.objects.create(code="FIRSTPAIR", percent=Decimal(10))
        page = reverse("admin:pricing_discountcode_change", args=[code.pk])
        staff.post(page, {**self.CODE, "code": "OTHER", "percent": "20", **inline("scopes")})
        code.refresh_from_db()
        assert (code.code, code.percent) == ("FIRSTPAIR", Decimal(20))

    def test_letters_outside_ascii_are_refused(self, staff: Client) -> None:
        answer = staff.post(ADD_CODE, {**self.CODE, "code": "ÉTÉ", **inline("scopes")})
        assert "letters from A to Z" in answer.text
        assert not DiscountCode.objects.exists()

    def test_the_list_says_what_each_gives(self, staff: Client) -> None:
        DiscountCode.objects.create(code="A", percent=Decimal("12.50"), free_delivery=True)
        DiscountCode.objects.create(code="B", amount=Decimal(5), max_uses=100, uses=3)
        page = staff.get(reverse("admin:pricing_discountcode_changelist")).text
        for text in ("12.5 % and free delivery", "$5.00", "3 of 100"):
            assert text in page
