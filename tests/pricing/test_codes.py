"""Discount codes: one spelling, when they can be used, and their uses."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from pricing.codes import DiscountCodeReason, Scope, count_use, find_hindrance, give_back, is_in_scope
from pricing.models import DiscountCode, normalize_code

TODAY = date(2027, 3, 5)
FULL_WIDTH = "".join(chr(ord(letter) + 0xFEE0) for letter in "FIRSTPAIR")
CYRILLIC_A = "FIRSTP\N{CYRILLIC CAPITAL LETTER A}IR"


class TestSpelling:
    @pytest.mark.parametrize(
        "text",
        ["FIRSTPAIR", "firstpair ", "First Pair", FULL_WIDTH, "\u200bfirst\u00a0pair\n", "\ufefffirstpair"],
    )
    def test_the_same_code(self, text: str) -> None:
        assert normalize_code(text) == "FIRSTPAIR"

    @pytest.mark.parametrize("text", ["", " ", CYRILLIC_A, "ÉTÉ", "50%", "A" * 41, "a" * 10_000, "🎁"])
    def test_not_a_code(self, text: str) -> None:
        assert normalize_code(text) is None

    def test_the_ligature_is_its_letters(self) -> None:
        assert normalize_code("o\ufb03ce") == "OFFICE"


def hindrance(goods: str = "50", *, uses_of_customer: int = 0, **fields: Any) -> DiscountCodeReason | None:
    code = DiscountCode(code="SPRING", percent=Decimal(10), **fields)
    return find_hindrance(code, goods=Decimal(goods), uses_of_customer=uses_of_customer, today=TODAY)


class TestHindrance:
    def test_none(self) -> None:
        assert hindrance() is None

    def test_unknown(self) -> None:
        found = find_hindrance(None, goods=Decimal(50), uses_of_customer=0, today=TODAY)
        assert found == hindrance(is_active=False) == DiscountCodeReason.UNKNOWN

    def test_its_days(self) -> None:
        assert hindrance(first_day=date(2027, 3, 6)) == DiscountCodeReason.NOT_YET
        assert hindrance(last_day=date(2027, 3, 4)) == DiscountCodeReason.EXPIRED
        assert hindrance(first_day=TODAY, last_day=TODAY) is None

    def test_its_uses(self) -> None:
        assert hindrance(max_uses=1, uses=1) == DiscountCodeReason.USED_UP
        assert hindrance(max_uses=2, uses=1) is None
        assert hindrance(max_uses=0) == DiscountCodeReason.USED_UP
        assert hindrance(max_uses_each=1, uses_of_customer=1) == DiscountCodeReason.USED_UP
        assert hindrance(max_uses_each=2, uses_of_customer=1) is None

    def test_its_minimum(self) -> None:
        assert hindrance("49.99", minimum=Decimal(50)) == DiscountCodeReason.MINIMUM_NOT_REACHED
        assert hindrance("50.00", minimum=Decimal(50)) is None

    def test_no_goods_in_its_scope(self) -> None:
        assert hindrance("0") == DiscountCodeReason.NOT_FOR_THIS_CART


class TestScope:
    def test_all_goods(self) -> None:
        assert is_in_scope(DiscountCode(), Scope(), product=1, path="/1/")

    def test_a_category_with_all_below_it(self) -> None:
        code, scope = DiscountCode(is_scoped=True), Scope(paths=["/1/", "/3/14/"])
        assert is_in_scope(code, scope, product=1, path="/1/2/")
        assert is_in_scope(code, scope, product=1, path="/3/14/")
        assert not is_in_scope(code, scope, product=1, path="/3/146/")

    def test_a_product(self) -> None:
        code, scope = DiscountCode(is_scoped=True), Scope(products=[7])
        assert is_in_scope(code, scope, product=7, path="/1/")
        assert not is_in_scope(code, scope, product=8, path="/1/")

    def test_no_goods_once_the_last_scope_is_deleted(self) -> None:
        assert not is_in_scope(DiscountCode(is_scoped=True), Scope(), product=1, path="/1/")


@pytest.mark.django_db
class TestRows:
    @pytest.mark.parametrize(
        "fields",
        [
            {},
            {"amount": Decimal(1), "percent": Decimal(1)},
            {"amount": Decimal(0)},
            {"amount": Decimal(-1)},
            {"percent": Decimal(0)},
            {"percent": Decimal("100.01")},
            {"percent": Decimal(1), "first_day": date(2027, 1, 2), "last_day": date(2027, 1, 1)},
        ],
    )
    def test_refused(self, fields: dict[str, Any]) -> None:
        code = DiscountCode(code="SPRING", **fields)
        with pytest.raises(ValidationError):
            code.full_clean()
        with pytest.raises(IntegrityError), transaction.atomic():
            code.save()
        assert not DiscountCode.objects.exists()

    def test_another_spelling_of_a_code_that_is_there(self) -> None:
        DiscountCode.objects.create(code="SPRING", percent=Decimal(10))
        with pytest.raises(ValidationError, match="already exists"):
            DiscountCode(code="spring ", percent=Decimal(10)).full_clean()

    def test_counting_stops_at_the_limit(self) -> None:
        code = DiscountCode.objects.create(code="SPRING", percent=Decimal(10), max_uses=2)
        assert [count_use(code.code) for _ in range(3)] == [True, True, False]
        give_back(code.code)
        assert count_use(code.code)
        code.refresh_from_db()
        assert code.uses == 2
