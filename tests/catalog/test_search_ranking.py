"""The order of what search finds."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import api
from catalog.models import Product
from catalog.search import search
from catalog.selectors import ProductFilter, products
from catalog.types.choices import SORTS, ProductSort
from tests.catalog.searching import SORT, search_names
from tests.factories import make_category, make_product, make_products, make_user

pytestmark = pytest.mark.django_db


class TestRanking:
    def make(self, **texts: str) -> None:
        category = make_category()
        for name, description in texts.items():
            make_product(name=name.replace("_", " "), description=description, category=category)

    def test_the_name_before_the_description(self) -> None:
        self.make(Desk="A lamp, a lamp, a lamp.", Lamp="Thing.", Chair="Has a lamp.")
        assert search_names("lamp") == ["Lamp", "Desk", "Chair"]

    def test_what_it_is_before_what_it_is_for(self) -> None:
        self.make(Shade_for_lamp="-", Lamp_shade="-", Oak_lamp="-", Lamp_with_shade="-")
        assert set(search_names("lamp")[:2]) == {"Oak lamp", "Lamp with shade"}
        assert set(search_names("shade")[:2]) == {"Lamp shade", "Shade for lamp"}

    def test_all_words_before_some(self) -> None:
        self.make(Lamp="Lamp of a lamp.", Green_chair="Green, for a lamp.", Green_desk="Green.")
        assert search_names("green lamp")[0] == "Green chair"
        assert set(search_names("green lamp")) == {"Green chair", "Lamp", "Green desk"}

    def test_all_words_in_a_long_description_before_some_in_a_name(self) -> None:
        padding = " ".join(f"word{number}" for number in range(100))
        self.make(Velvet_lamp="-", Desk=f"Oak and velvet, for a lamp. {padding}")
        assert search_names("oak velvet lamp") == ["Desk", "Velvet lamp"]

    def test_no_products_with_some_words_where_many_have_all(self) -> None:
        category = make_category()
        for _ in range(20):
            make_product(name="Green lamp", category=category)
        make_product(name="Green desk", category=category)
        assert set(search_names("green lamp")) == {"Green lamp"}

    def test_whole_words_before_unfinished_ones(self) -> None:
        self.make(Lampshade="Lampshade lampshade.", Desk="A lamp.")
        assert search_names("lamp") == ["Desk", "Lampshade"]

    def test_rare_words_tell_more(self) -> None:
        self.make(Velvet_pouffe="-", **{f"Oak_number_{number}": "-" for number in range(12)})
        assert search_names("velvet oak")[0] == "Velvet pouffe"

    def test_the_head_of_the_term_tells_more(self) -> None:
        self.make(Blue_door="-", Oak_lamp="-")
        assert search_names("blue lamp")[0] == "Oak lamp"
        assert search_names("door with a lamp")[0] == "Blue door"

    def test_what_joins_two_things_is_both(self) -> None:
        self.make(Lamp_shade="-", Chair_and_table_with_lamp="-", Table_lamp="-", Chair_cover="-")
        assert search_names("chair")[0] == search_names("table")[0] == "Chair and table with lamp"

    def test_a_slash_joins_two_things_only_at_the_end_of_a_name(self) -> None:
        self.make(**{"Striker/winger_deodorant": "-", "Sofa/chairs": "-"})
        make_product(name="Striker spray", description="-", sold_count=9)
        make_product(name="Sofa cover", description="-", sold_count=9)
        assert search_names("striker") == ["Striker spray", "Striker/winger deodorant"]
        assert search_names("sofa") == ["Sofa/chairs", "Sofa cover"]

    def test_pieces_of_a_model_number_tell_little(self) -> None:
        self.make(Battery_of_alkaline="Its size is AA, for remotes.")
        make_product(name="HP EH768AA battery", description="-", sold_count=9)
        assert search_names("aa battery") == ["Battery of alkaline", "HP EH768AA battery"]
        assert search_names("eh 768 aa") == ["HP EH768AA battery", "Battery of alkaline"]

    @pytest.mark.parametrize(
        "accessory", ["iPod case", "iPod Cables", "Leather case for iPod", "Charger with iPod dock"]
    )
    def test_the_thing_before_what_is_for_it(self, accessory: str) -> None:
        make_product(name=accessory, description="-", sold_count=9)
        make_product(name="Apple iPod nano 8GB silver", description="-")
        assert search_names("ipod") == ["Apple iPod nano 8GB silver", accessory]
        assert search_names(accessory)[0] == accessory

    @pytest.mark.parametrize("term", ["silver ring", "silver rings"])
    def test_a_word_that_looks_like_an_ending_is_a_word(self, term: str) -> None:
        self.make(Band="A ring of silver.", Silver="-")
        assert search_names(term) == ["Band", "Silver"]

    def test_measures_and_colours_are_no_things(self) -> None:
        self.make(Oak_lamp_60_cm_black="-", Black_lamp_desk="-")
        assert search_names("lamp")[0] == "Oak lamp 60 cm black"

    def test_often_said_is_not_called_so(self) -> None:
        self.make(Desk="lamp " * 50, Lamp="Thing.")
        assert search_names("lamp") == ["Lamp", "Desk"]

    def test_of_very_many_the_strongest(self) -> None:
        category, seller = make_category(), make_user()
        Product.objects.bulk_create(
            Product(
                name="Lamp" if number == 519 else f"Thing {number}",
                slug=f"thing-{number}",
                description="A lamp." if number % 2 else "Near a lamp and some other things of a house.",
                category=category,
                user=seller,
                price=1,
                sold_count=number,
            )
            for number in range(520)
        )
        found = search("lamp")
        with CaptureQueriesContext(connection) as captured:
            assert found.count() == 520
        assert len(captured) == 2
        assert found.best.order_by(*SORT)[0].name == "Lamp"
        assert found.best.count() == 250
        cut = api.Slice.of(products(), sort=SORTS[ProductSort.BEST_SELLING], paging=api.Paging(first=2))
        best_selling = cut.one_more(found.select_for(cut.bound_rows, size=3))
        assert [product.sold_count for product in best_selling] == [519, 518, 517]
        assert search("lamp", filter=ProductFilter(in_stock=True)).count() == 0

        Product.objects.filter(sold_count__lt=21).delete()
        found = search("lamp")
        with CaptureQueriesContext(connection) as captured:
            assert found.count() == found.best.count() == 499
        assert len(captured) == 1  # that of the best

    def test_more_of_the_words_before_fewer(self) -> None:
        self.make(Oak_chair="-", Oak_shelf="Of velvet.", Velvet_case="-")
        assert search_names("oak velvet lamp")[0] == "Oak shelf"

    def test_a_name_that_says_nothing_else_first(self) -> None:
        make_product(name="Large modern lamp", sold_count=9)
        make_product(name="Modern lamps")
        assert search_names("lamp") == search_names("lanp") == ["Modern lamps", "Large modern lamp"]

    def test_neighbours_before_words_that_stand_apart(self) -> None:
        self.make(Garden_oak_set_for_table="-", Oak_set_for_garden_table="-")
        assert search_names("garden table") == ["Oak set for garden table", "Garden oak set for table"]

    def test_the_word_before_others_with_its_stem(self) -> None:
        self.make(Rugged_boots="-", Boots="On rugs.")
        make_product(name="Rugged", sold_count=9)
        make_product(name="Rugs")
        assert search_names("rug")[:2] == ["Rugs", "Rugged"]

    @pytest.mark.parametrize(
        ("plural", "singular"),
        [("rugs", "rug"), ("dishes", "dish"), ("batteries", "battery"), ("cookies", "cookie")],
    )
    def test_singular_and_plural_are_one(self, plural: str, singular: str) -> None:
        make_product(name=plural, sold_count=1)
        make_product(name=singular)
        assert search_names(singular) == search_names(plural) == [plural, singular]

    @pytest.mark.parametrize(("plural", "singular"), [("knives", "knife"), ("women", "woman")])
    def test_plurals_that_no_ending_tells(self, plural: str, singular: str) -> None:
        self.make(**{plural: "-"})
        assert search_names(singular) == search_names(plural) == [plural]

    def test_synonyms_after_the_word_itself(self) -> None:
        self.make(Oak_sofa="-", Cover="Fits a couch.", Coach="-")
        assert search_names("couch") == ["Cover", "Oak sofa"]
        assert search_names("oak couch") == ["Oak sofa", "Cover"]

    @pytest.mark.parametrize(
        ("term", "name"),
        [
            ("couch", "Oak sofa"),
            ("settees", "Oak sofa"),
            ("night stand", "Bedside table"),
            ("oak bedside table", "Oak nightstands"),
            ("chest of drawers", "Dresser"),
            ("dresser", "Chest with drawers"),
            ("cheap flower pots", "Cheap planter"),
        ],
    )
    def test_synonyms_are_found(self, term: str, name: str) -> None:
        make_product(name=name)
        make_product(name="Coach")
        assert search_names(term) == [name]

    def test_synonyms_of_what_was_meant(self) -> None:
        self.make(Couch_cover="-", Sofa="-")
        assert search_names("coutch") == ["Couch cover", "Sofa"]

    def test_no_synonyms_where_many_are_called_so(self) -> None:
        category = make_category()
        make_product(name="Sofa", category=category)
        for _ in range(20):
            make_product(name="Couch", category=category)
        assert set(search_names("couch")) == {"Couch"}

    @pytest.mark.parametrize("term", ["zzqqxx oak lamp", "oak zzqqxx lamp", "oak lamp zzqqxx"])
    def test_of_very_many_with_some_words_those_with_the_most(self, term: str) -> None:
        make_products(500, name="Oak chair", description="-")
        make_product(name="Brass stand", description="For an oak lamp.")
        assert search_names(term)[0] == "Brass stand"

    @pytest.mark.parametrize("term", ["oak couch", "oak couches", "oak sof"])
    def test_of_very_many_that_are_alike_those_in_names(self, term: str) -> None:
        make_products(500, name="Oak shelf", description="Next to a sofa.")
        make_product(name="Oak sofa")
        assert search_names(term)[0] == "Oak sofa"

    def test_only_the_last_word_may_be_unfinished(self) -> None:
        make_product(name="Carpet lamp")
        make_product(name="Blue lamp", sold_count=1)
        assert search_names("car lamp") == search_names("lamp c") == ["Blue lamp", "Carpet lamp"]
        assert search_names("lamp car") == ["Carpet lamp", "Blue lamp"]

    def test_ties_go_to_the_better_sold(self) -> None:
        category = make_category()
        for name, sold in (("Lamp A1", 3), ("Lamp B2", 9), ("Lamp C3", 5)):
            make_product(name=name, description="-", category=category, sold_count=sold)
        assert search_names("lamp") == ["Lamp B2", "Lamp C3", "Lamp A1"]
