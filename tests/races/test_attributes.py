"""The same new attributes and values are given at once. Each is created once."""

from functools import partial

import pytest
from django.db import transaction

from catalog.attributes import Named, set_attributes
from catalog.models import Attribute, AttributeValue
from catalog.selectors import attributes_of
from catalog.stock import lock_products
from tests.factories import make_product
from tests.races.conftest import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@transaction.atomic
def give(product: int, named: Named) -> None:
    lock_products({product})
    set_attributes({product: named}, whole=True)


def test_new_values_are_created_once() -> None:
    for turn in range(5):
        products = [make_product().pk for _ in range(4)]
        texts = [f"{turn} {letter}" for letter in "abcdef"]
        at_once(
            *(
                partial(give, product, {f"X{turn}": texts[:: (-1) ** place], f"Y{turn}": texts})
                for place, product in enumerate(products)
            )
        )
        assert Attribute.objects.count() == 2 * (turn + 1)
        assert AttributeValue.objects.count() == 12 * (turn + 1)
        expected = {(f"X{turn}", f"x{turn}"): texts, (f"Y{turn}", f"y{turn}"): texts}
        assert attributes_of(products) == dict.fromkeys(products, expected)
