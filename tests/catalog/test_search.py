"""Search on both databases: what it finds, and how it reads the index."""

from collections.abc import Iterator
from decimal import Decimal
from string import ascii_lowercase
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.analysis import STEPS
from catalog.categories import move_category
from catalog.models import Category, Product, ProductVariant
from catalog.search import NoProductMatches, search
from catalog.search.candidates import matching
from catalog.search.query import STRENGTHS, strong, token
from catalog.selectors import ProductFilter
from core.errors import ValidationError
from tests.catalog.searching import SORT, names, search_names
from tests.factories import make_category, make_product, make_products, make_user
from tests.hostile import hostile_names

pytestmark = pytest.mark.django_db


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
        assert names(found.best) == names(found.counted) == expected

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
