"""The order of the values of a facet."""

import random

import pytest

from catalog.facets.ordering import order_key
from catalog.facets.values import group_values
from catalog.models import Attribute, AttributeValue
from core.text import sort_key


@pytest.mark.parametrize(
    "names",
    [
        ["XXS", "XS", "S", "M", "L", "XL", "2XL", "3XL", "10XL", "One size"],
        ["xs", "S", "m", "L", "xxl"],
        ["9 cm", "10 cm", "10.5 cm", "100 cm"],
        ["36", "37", "37,5", "38", "EU 36", "EU 100"],
        ["2L", "10L", "250 ml"],
        ["Anthracite", "Äpfelgrün", "Blue", "Zinc"],
        ["S", "2 pieces", "10 pieces", "Large"],
        ["\u0663 متر", "\u0661\u0660 متر"],
        ["", "1", "a1b2", "a1b10", "a2"],
    ],
)
def test_is_what_people_expect(names: list[str]) -> None:
    shuffled = random.Random(7).sample(names, len(names))
    assert sorted(shuffled, key=lambda name: order_key(sort_key(name))) == names


@pytest.mark.django_db
def test_of_a_facet() -> None:
    size = Attribute.objects.create(name="Size", of_options=True)
    values = [AttributeValue.objects.create(attribute=size, name=name) for name in ("L", "M", "S", "XL")]
    [facet] = group_values(AttributeValue.objects.all(), {value.pk: 1 for value in values}, chosen=[])
    assert [value.name for value in facet.values] == ["S", "M", "L", "XL"]
