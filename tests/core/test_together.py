"""Several tables in one statement."""

from datetime import date
from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from core.together import read_together
from pricing.models import CodeScope, DeliveryMethod, DeliveryRate, DiscountCode
from pricing.selectors import scopes
from tests.factories import make_category

pytestmark = pytest.mark.django_db


def test_one_statement_gives_instances(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    category = make_category()
    method = DeliveryMethod.objects.create(name="Post — “schnell”", max_days=3)
    rates = [
        DeliveryRate.objects.create(method=method, price=Decimal(price), free_from=None)
        for price in ("0.10", "99999999.99", "5")
    ]
    code = DiscountCode.objects.create(code="SPRING", percent=Decimal("33.33"), last_day=date(2027, 3, 5))
    scope = CodeScope.objects.create(code=code, category=category)
    read_together(
        DeliveryMethod.objects.all()
    )  # on SQLite, Django asks each connection once whether it has JSON
    with django_assert_num_queries(1):
        found = read_together(
            DeliveryMethod.objects.all(),
            DeliveryRate.objects.order_by("-price"),
            DiscountCode.objects.filter(code="SPRING"),
            scopes("SPRING"),
            DeliveryMethod.objects.none(),
        )
    assert found == [[method], rates, [code], [scope], []]
    [[read], read_rates, [read_code], [read_scope], _] = found
    assert (read.name, read.is_active, read.min_days, read.max_days) == ("Post — “schnell”", True, None, 3)
    assert [rate.price for rate in read_rates] == [Decimal("0.10"), Decimal("99999999.99"), Decimal(5)]
    assert (read_code.percent, read_code.last_day) == (Decimal("33.33"), date(2027, 3, 5))
    assert read_scope.path == category.path
    assert not read._state.adding
