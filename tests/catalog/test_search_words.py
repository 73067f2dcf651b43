"""Words that search takes for others or for no others: corrections, compounds, signs, suggestions."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.search import NoProductMatches, search
from tests.catalog.searching import names, search_names
from tests.factories import make_category, make_product, make_products

pytestmark = pytest.mark.django_db


class TestCorrections:
    def test_are_words_that_products_have_now(self) -> None:
        product = make_product(name="Wireless televsion")
        product.name = "Wireless television"
        product.save()
        assert search_names("televsion") == search_names("televsio") == ["Wireless television"]
        product.delete()
        with pytest.raises(NoProductMatches):
            search("televsion")

    @pytest.mark.parametrize(
        ("term", "known"),
        [
            ("lunch", "Punch"),
            ("pound", "Round"),
            ("gravel", "Grade"),
            ("carboy", "Carbon"),
            ("clog", "Log"),
            ("98cents", "Accents"),
            ("wh1000xm5", "WH-1000XM4"),
        ],
    )
    def test_are_not_other_words(self, term: str, known: str) -> None:
        make_product(name=known)
        with pytest.raises(NoProductMatches):
            search(term)

    @pytest.mark.parametrize(
        ("term", "known"),
        [("kandle", "Candle"), ("ofice", "Office"), ("lsmp", "Lamp"), ("fotograph", "Photograph")],
    )
    def test_are_what_people_mean(self, term: str, known: str) -> None:
        make_product(name=known)
        assert search_names(term) == [known]

    def test_are_words_of_descriptions_if_these_are_long_or_common(self) -> None:
        make_product(name="Grill", description="Coals smolder. Its durability is high.")
        make_products(3, name="Rug", description="Of cotton.")
        assert search_names("durabilty") == ["Grill"]
        assert search_names("coton") == ["Rug"] * 3
        with pytest.raises(NoProductMatches):
            search("solder")

    def test_lack_the_second_letter_only_of_common_words(self) -> None:
        make_product(name="Smolder candle")
        with pytest.raises(NoProductMatches) as nothing:
            search("solder")
        assert nothing.value.suggestions == ["Smolder"]
        make_products(3, name="Shirt")
        assert search_names("sirt") == ["Shirt"] * 3

    def test_of_a_name_that_one_product_misspells(self) -> None:
        make_product(name="Phillips lamp", sold_count=9)
        make_products(10, name="Philips lamp")
        found = search("phillips")
        assert search_names("phillips") == ["Phillips lamp", *["Philips lamp"] * 10]
        assert found.read_corrected_term() == "Philips"
        assert search_names("phillips", as_typed=True) == ["Phillips lamp"]

    @pytest.mark.parametrize("term", ["makita", "philip1"])
    def test_not_of_a_name_that_is_only_rare(self, term: str) -> None:
        make_product(name=term)
        make_products(9, name="Makitta")
        make_products(10, name="Philips")
        assert search_names(term) == [term]

    @pytest.mark.parametrize(
        ("term", "corrected"),
        [
            ("lamp", None),
            ("lampp", "Lamp"),
            ("a bucherregla, oak", "a Bücherregal, oak"),
            ("Ook brihgtly", "Ook brightly"),
        ],
    )
    def test_are_reported(self, term: str, corrected: str | None) -> None:
        make_product(name="Lamp", description="Shines brightly.")
        make_product(name="Bücherregal")
        assert search(term).read_corrected_term() == corrected

    def test_are_left_out_on_request(self) -> None:
        make_product(name="Oak lamp")
        with pytest.raises(NoProductMatches):
            search("lanp", as_typed=True)
        found = search("oak lanp", as_typed=True)
        assert names(found.best) == {"Oak lamp"}
        assert found.read_corrected_term() is None

    def test_take_two_further_statements(self) -> None:
        make_product(name="Oak lamp")
        for term in ("lanp", "lanp ohk oakk lampp"):
            with CaptureQueriesContext(connection) as captured:
                search(term)
            assert len(captured) == 5


class TestCompounds:
    def test_no_part_of_another_word(self) -> None:
        for name in ("Chair", "Armchair", "Barock"):
            make_product(name=name)
        for term in ("hair", "rock"):
            with pytest.raises(NoProductMatches):
                search(term)

    def test_of_products_now(self) -> None:
        product = make_product(name="Nightstand")
        assert search_names("stand") == search_names("stands") == ["Nightstand"]
        product.delete()
        with pytest.raises(NoProductMatches):
            search("stand")


class TestWords:
    @pytest.mark.parametrize(
        ("name", "terms"),
        [
            ("M&M's Peanut", ("m&ms", "m&m", "M&M’s", "M & M")),
            ("M&Ms Peanut", ("m&m's", "m&m", "mms")),
            ("TVs", ("tv", "tvs")),
            ("C++ Primer", ("c++", "C++ primer")),
            ("C# in Depth", ("c#",)),
            ("Bolt 1/2 inch", ("1/2", "½", "1/2 inch bolt")),
            ("Case for iPhone 7/8", ("iphone 7", "iphone 8", "7/8")),
            ("Toy bus", ("buses", "bus")),
            ("Two wolves", ("wolf", "wolves")),
        ],
    )
    def test_are_found(self, name: str, terms: tuple[str, ...]) -> None:
        make_product(name=name)
        for term in terms:
            assert search_names(term) == [name]

    @pytest.mark.parametrize(
        ("term", "other"), [("c++", "C primer"), ("1/2", "Box of 12"), ("12", "1/2 inch")]
    )
    def test_are_not_others(self, term: str, other: str) -> None:
        make_product(name=other)
        with pytest.raises(NoProductMatches):
            search(term)


class TestSuggestions:
    def suggestions(self, term: str) -> list[str]:
        with pytest.raises(NoProductMatches) as nothing:
            search(term)
        assert nothing.value.message == f'No product matches "{term}".'
        return nothing.value.suggestions

    def test_resemble_the_words(self) -> None:
        make_product(name="Lámpara, oak")
        make_product(name="Table Lamp")
        assert self.suggestions("lampeerha") == ["Lámpara"]

    def test_are_the_best_sold_categories_where_nothing_does(self) -> None:
        make_product(name="Playing cards for an ear", category=make_category(name="Toys"), sold_count=3)
        make_product(name="Pod", category=make_category(name="Audio"), sold_count=5)
        make_product(name="Kingston", category=make_category(name="Storage"))
        for term in ("earpods", "zzzz", "!", "📎"):
            assert self.suggestions(term) == ["Audio", "Toys", "Storage"]

    def test_do_match(self) -> None:
        for name in ("Éclair & Co.", "Straße", "İstanbul lamp", "手工灯 handmade"):
            make_product(name=name)
        for term in ("eclrxr", "strxse", "handxde"):
            for word in self.suggestions(term):
                assert search(word).best

    def test_of_an_empty_shop(self) -> None:
        assert self.suggestions("lamp") == []
