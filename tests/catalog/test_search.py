"""Search on both databases: matches, ranking, and spelling."""

from collections.abc import Iterator
from decimal import Decimal
from string import ascii_lowercase
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from catalog.analysis import STEPS
from catalog.categories import move_category
from catalog.models import Category, Product, ProductVariant
from catalog.search import NoProductMatches, search
from catalog.search.candidates import matching
from catalog.search.query import STRENGTHS, strong, token
from catalog.selectors import ProductFilter
from core.errors import ValidationError
from tests.factories import make_category, make_product, make_products, make_user
from tests.hostile import hostile_names

pytestmark = pytest.mark.django_db
SORT = ("-rank", "-sold_count", "-slug")


def names(found: QuerySet[Product]) -> set[str]:
    return set(found.values_list("name", flat=True))


def search_names(term: str, *, filter: ProductFilter | None = None, as_typed: bool = False) -> list[str]:
    best = search(term, filter=filter, as_typed=as_typed).best
    return list(best.order_by(*SORT).values_list("name", flat=True))


class TestSearch:
    @pytest.fixture(autouse=True)
    def _products(self) -> None:
        make_product(name="Oak lamp", description="Shines brightly.")
        make_product(name="Oak desk", description="For a lamp and a book.")
        make_product(name="Café chairs", description="100% beech, snake_case.")
        make_product(name="Sony WH-1000XM4 Headphones", description="With a USB-C cable.")
        make_product(name="Book case", description="Five shelves.")

    @pytest.mark.parametrize(
        ("term", "expected"),
        [
            ("lamp", {"Oak lamp", "Oak desk"}),
            ("LAMPS", {"Oak lamp", "Oak desk"}),
            ("  book \t OAK ", {"Oak desk", "Oak lamp", "Book case"}),
            ("shining", {"Oak lamp"}),
            ("shin", {"Oak lamp"}),
            ("bright", {"Oak lamp"}),
            ("headph", {"Sony WH-1000XM4 Headphones"}),
            ("cafe", {"Café chairs"}),
            ("CAFÉ CHAIR", {"Café chairs"}),
            ("the lamp", {"Oak lamp", "Oak desk"}),
            ("100%", {"Café chairs", "Sony WH-1000XM4 Headphones"}),
            ("100% beech", {"Café chairs"}),
            ("snake case beech", {"Café chairs", "Book case"}),
            # Every spelling of model numbers and compounds.
            *(
                (term, {"Sony WH-1000XM4 Headphones"})
                for term in ("wh-1000xm4", "WH1000XM4", "wh 1000 xm4", "xm4")
            ),
            *((term, {"Sony WH-1000XM4 Headphones"}) for term in ("usb-c", "usbc", "usb c", "USB/C")),
            *((term, {"Book case"}) for term in ("bookcase", "book-case", "bookcases")),
            # One error in a short word, two in a longer one.
            *((term, {"Oak lamp", "Oak desk"}) for term in ("lanp", "lmap", "lampp")),
            *((term, {"Sony WH-1000XM4 Headphones"}) for term in ("haedphones", "heapdhoness", "hedphons")),
            ("brihgtly oak", {"Oak lamp", "Oak desk"}),
        ],
    )
    def test_finds(self, term: str, expected: set[str]) -> None:
        found = search(term)
        assert names(found.best) == names(found.sample) == expected

    @pytest.mark.parametrize("term", ["zzz", "%", "_", "\\", "'", '"', "(", "*", "lxxp", "oka", "1001", "📎"])
    def test_finds_nothing(self, term: str) -> None:
        with pytest.raises(NoProductMatches):
            search(term)

    @pytest.mark.parametrize(
        "term", ['"lamp"', "lamp*", "lamp AND", "(lamp", "lamp'", "lamp:A", "!lamp", "^lamp"]
    )
    def test_operators_are_only_signs(self, term: str) -> None:
        assert "Oak lamp" in names(search(term).best)

    def test_no_error_is_forgiven_where_the_word_is_known(self) -> None:
        make_product(name="Lamb")
        assert search_names("lamb") == ["Lamb"]

    @pytest.mark.parametrize("term", ["", " ", "\t\n", "\u3000"])
    def test_refuses_blanks(self, term: str) -> None:
        with pytest.raises(ValidationError) as refused:
            search(term)
        assert [field.field for field in refused.value.fields] == ["term"]

    def test_takes_long_terms(self) -> None:
        assert "Oak lamp" in names(search("lamp " * 2_000).best)
        with pytest.raises(NoProductMatches):
            search("z" * 10_000)
        with pytest.raises(NoProductMatches):
            search(" ".join(f"x{number}x" for number in range(2_000)))

    @pytest.mark.slow
    def test_takes_hostile_strings(self) -> None:
        texts = hostile_names()
        seller, category = make_user(), make_category()
        fields = {"user": seller, "category": category, "description": "A thing.", "price": Decimal(10)}
        Product.objects.bulk_create(
            Product(name=text, slug=f"text-{number}", **fields) for number, text in enumerate(texts)
        )
        for text in texts:
            try:
                found = names(search(text).best)
            except NoProductMatches:
                assert not any(sign.isalnum() for sign in text)
            else:
                assert text in found

    def test_finds_symbols_and_other_scripts(self) -> None:
        make_product(name="Candle 🕯 Straße")
        make_product(name="手工灯 İstanbul")
        assert search_names("🕯") == search_names("STRASSE") == ["Candle 🕯 Straße"]
        assert search_names("手工灯") == search_names("istanbul") == ["手工灯 İstanbul"]
        make_product(name="Sony™ Ꭰꭰᏼ")
        assert search_names("sony™") == search_names("SONYtm") == search_names("Ꭰꭰᏼ") == ["Sony™ Ꭰꭰᏼ"]
        assert set(search_names("sony™ desk")) == {"Sony™ Ꭰꭰᏼ", "Oak desk"}

    def test_what_passes_the_filter(self) -> None:
        make_product(name="Lamp", stock=0)
        assert search_names("lamp", filter=ProductFilter(in_stock=False)) == ["Lamp"]
        assert search_names("lamp", filter=ProductFilter(seller="nobody")) == []
        assert search_names("lanp", filter=ProductFilter(in_stock=False)) == ["Lamp"]
        with pytest.raises(NoProductMatches):
            search("zzz", filter=ProductFilter(in_stock=False))

    def test_in_three_statements(self) -> None:
        for term in ("lamp", "oak lamp", "a wh-1000xm4 desk for the café"):
            with CaptureQueriesContext(connection) as captured:
                search(term, filter=ProductFilter(in_stock=True))
            assert len(captured) == 3

    def test_a_sku_first(self) -> None:
        variants = ProductVariant.objects.filter(product__name="Oak desk")
        variants.update(sku="Oak Lamp", sku_key="oak lamp")
        for term in ("oak lamp", " OAK LAMP "):
            found = search(term)
            assert list(found.best.order_by(*SORT).values_list("name", flat=True)) == ["Oak desk", "Oak lamp"]
            assert (found.count(), found.read_corrected_term()) == (2, None)
        assert search_names("oak lamp", filter=ProductFilter(in_stock=False)) == []
        variants.update(sku="ZZ-90", sku_key="zz-90")
        assert search_names("zz-90") == ["Oak desk"]
        assert search_names("oak lamp") == ["Oak lamp", "Oak desk"]
        Product.objects.filter(name="Oak desk").update(published_at=None)
        with pytest.raises(NoProductMatches):
            search("zz-90")

    def test_follows_changes(self) -> None:
        product = Product.objects.get(name="Oak lamp")
        product.name = "Brass candelabrum"
        product.save()
        assert search_names("candelabrum") == ["Brass candelabrum"]
        assert "Brass candelabrum" not in search_names("oak lamp")
        product.delete()
        with pytest.raises(NoProductMatches):
            search("candelabrum")


class TestCategories:
    @pytest.fixture
    def laptops(self) -> Category:
        laptops = make_category("Gaming laptops", parent=make_category("Computers & Office"))
        make_product(name="ThinkPad 9", description="-", category=laptops)
        make_product(name="Laptop stand", description="-", category=make_category("Stands"))
        return laptops

    @pytest.mark.parametrize(
        ("term", "expected"),
        [
            *(("laptops", ["ThinkPad 9", "Laptop stand"]), ("gaming laptop", ["ThinkPad 9", "Laptop stand"])),
            *(("office computer", ["ThinkPad 9"]), ("thinkpad computers", ["ThinkPad 9"])),
        ],
    )
    def test_find_their_products(self, laptops: Category, term: str, expected: list[str]) -> None:
        assert search_names(term) == expected
        assert search(term).read_corrected_term() is None

    def test_are_renamed_and_moved_by_writing_no_product(self, laptops: Category) -> None:
        for number in range(3):
            make_product(name=f"ZenBook {number}", description="-", category=laptops)
        with CaptureQueriesContext(connection) as captured:
            Category.objects.filter(pk=laptops.pk).update(name="Notebook computing")
            move_category(category_pk=laptops.pk, parent_pk=make_category("Electronics").pk)
        assert not [query for query in captured if "catalog_product" in query["sql"]]
        assert search_names("laptop") == ["Laptop stand"]
        for term in ("computing", "electronic"):
            assert set(search_names(term)) == {"ThinkPad 9", "ZenBook 0", "ZenBook 1", "ZenBook 2"}
        with pytest.raises(NoProductMatches):
            search("gaming")

    def test_follow_a_product(self, laptops: Category) -> None:
        Product.objects.filter(name="ThinkPad 9").update(category=make_category("Garden"))
        assert search_names("garden") == ["ThinkPad 9"]
        with pytest.raises(NoProductMatches):
            search("gaming")

    def test_words_of_the_product_go_first(self) -> None:
        lamps = make_category("Lamps")
        make_product(name="Lucerna", description="-", category=lamps)
        make_product(name="Desk lamp", description="-", category=make_category("Office"))
        assert search_names("lamp") == ["Desk lamp", "Lucerna"]
        assert search_names("office lamp")[0] == "Desk lamp"


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
        assert len(captured) == 1
        assert found.best.order_by(*SORT)[0].name == "Lamp"
        assert found.best.count() == 250
        best_selling = (
            found.select_for("sold_count").order_by("-sold_count").values_list("sold_count", flat=True)
        )
        assert list(best_selling[:3]) == [519, 518, 517]
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


class TestSteps:
    @pytest.mark.parametrize("strength", ascii_lowercase[:STEPS])
    def test_are_those_that_are_asked_for(self, strength: str) -> None:
        product = make_product()
        with connection.cursor() as cursor:
            for text in (f"¶b wood§{strength} oakwood§{strength.upper()}", "nothing§a", product.search_text):
                cursor.execute("UPDATE catalog_product SET search_text = %s", [text])
                for step in STRENGTHS:
                    there = strength >= step and text.startswith("¶b")
                    assert self.is_matched(strong(["wood"], step)) == there
                    assert self.is_matched(strong(["oakwood"], step)) == there
                    assert self.is_matched(token("¶b")) == text.startswith("¶b")
        product.delete()
        assert not self.is_matched(token("thing", prefix=True))

    def is_matched(self, expression: str) -> bool:
        return Product.objects.filter(pk__in=matching(expression)).exists()


# What the words, the staff's synonyms, and the names of categories and values are read from as a whole.
SMALL = {"catalog_attributevalue", "catalog_category", "catalog_synonym", "catalog_word"}


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one way to read its index")
class TestPlans:
    def tables_scanned(self, plan: dict[str, Any]) -> Iterator[str]:
        if plan["Node Type"] == "Seq Scan":
            yield plan["Relation Name"]
        for part in plan.get("Plans", []):
            yield from self.tables_scanned(part)

    def test_no_table_of_products_is_scanned(self) -> None:
        # Enough rows, wide enough, for an index to pay off. Without statistics, as after an import.
        make_products(15_000, image_placeholder="x" * 1_500)
        scanned: set[str] = set()

        def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            execute(f"EXPLAIN (FORMAT JSON) {sql}", params, many, context)
            [[[explained]]] = context["cursor"].fetchall()
            scanned.update(self.tables_scanned(explained["Plan"]))
            return execute(sql, params, many, context)

        for term in ("thing", "thi", "thign", "things thing", "lamp", "lamp thing", "oak lamp thi"):
            for filter in (None, ProductFilter(in_stock=False)):
                with connection.execute_wrapper(explain):
                    try:
                        found = search(term, filter=filter)
                    except NoProductMatches:
                        assert term == "lamp"
                    else:
                        assert found.count()
                        assert found.best.order_by(*SORT)[:20]
                assert scanned <= SMALL, (term, filter)


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
