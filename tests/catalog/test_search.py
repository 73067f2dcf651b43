from collections.abc import Iterable
from typing import Any

import pytest
from django.db.models import QuerySet

from backend.errors import ValidationError
from catalog.models import Product
from catalog.search import MAX_TERM_LENGTH, NoProductMatches, search
from tests.factories import make_product
from tests.hostile import hostile_strings

pytestmark = pytest.mark.django_db


def names(found: QuerySet[Product]) -> set[str]:
    return {product.name for product in found}


def ranks(found: Iterable[Any]) -> dict[str, int]:
    return {product.name: product.rank for product in found}


class TestSearch:
    @pytest.fixture(autouse=True)
    def _products(self) -> None:
        make_product(name="Oak lamp", description="Shines on a desk.")
        make_product(name="Oak desk", description="For a lamp and a book.")
        make_product(name="Rug", description="100% wool, snake_case.")

    @pytest.mark.parametrize(
        ("term", "expected"),
        [
            ("lamp", {"Oak lamp", "Oak desk"}),
            ("LAMP", {"Oak lamp", "Oak desk"}),
            ("  oak \t lamp ", {"Oak lamp", "Oak desk"}),
            ("oak book", {"Oak desk"}),
            ("shin", {"Oak lamp"}),
            ("lamp lamp", {"Oak lamp", "Oak desk"}),
            ("100%", {"Rug"}),
            ("e_c", {"Rug"}),
        ],
    )
    def test_finds_all_words_in_name_or_description(self, term: str, expected: set[str]) -> None:
        assert names(search(term)) == expected

    @pytest.mark.parametrize("term", ["lamp rug", "%", "_", "o%k", "l_mp", "\\", "'", '"', "(", "*"])
    def test_wildcards_are_only_characters(self, term: str) -> None:
        if term in ("%", "_"):
            assert names(search(term)) == {"Rug"}
        else:
            with pytest.raises(NoProductMatches):
                search(term)

    def test_ranks_words_in_the_name_higher(self) -> None:
        assert ranks(search("lamp")) == {"Oak lamp": 1, "Oak desk": 0}
        assert ranks(search("oak lamp")) == {"Oak lamp": 2, "Oak desk": 1}

    @pytest.mark.parametrize("term", ["", " ", "\t\n", "\u3000", "a" * (MAX_TERM_LENGTH + 1)])
    def test_refuses_no_words_and_too_many(self, term: str) -> None:
        with pytest.raises(ValidationError) as refused:
            search(term)
        assert [field.field for field in refused.value.fields] == ["term"]

    def test_takes_the_longest_term(self) -> None:
        with pytest.raises(NoProductMatches):
            search("a " * (MAX_TERM_LENGTH // 2 - 1) + "zz")
        with pytest.raises(NoProductMatches):
            search(" ".join(f"x{number}" for number in range(50)))

    def test_takes_hostile_strings(self) -> None:
        for text in hostile_strings():
            if not text.strip() or len(text) > MAX_TERM_LENGTH:
                continue
            make_product(name=text[:200])
            assert text in names(search(text))


class TestSuggestions:
    def suggestions(self, term: str) -> list[str]:
        with pytest.raises(NoProductMatches) as nothing:
            search(term)
        assert nothing.value.message == f'No product matches "{term}".'
        return nothing.value.suggestions

    def test_resemble_the_words(self) -> None:
        make_product(name="Lámpara, oak")
        make_product(name="Table Lamp")
        assert self.suggestions("lanp") == ["Lamp"]
        assert self.suggestions("tabel lanp") == ["Table", "Lamp"]

    def test_are_the_popular_words_where_nothing_does(self) -> None:
        make_product(name="Rug")
        best = make_product(name="An oak chair of 2")
        Product.objects.filter(pk=best.pk).update(sold_count=5)
        assert self.suggestions("qqqqq") == ["oak", "chair", "Rug"]

    def test_do_match(self) -> None:
        for name in ("Éclair & Co.", "Straße", "İstanbul lamp", "手工灯 handmade"):
            make_product(name=name)
        for term in ("eclairs", "strase", "istambul", "handmaid", "qqqq"):
            for word in self.suggestions(term):
                assert search(word)

    def test_of_an_empty_shop(self) -> None:
        assert self.suggestions("lamp") == []
