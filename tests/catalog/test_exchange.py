"""Files of products: import, refusals by line and reason, a second import, and export."""

import csv
import json
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path, PurePath
from typing import Any

import pytest
import yaml
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import User
from catalog.attributes import set_attributes
from catalog.exchange import (
    BadFile,
    Outcome,
    ProductRow,
    RefusedRow,
    export_products,
    import_products,
    read_rows,
)
from catalog.exchange.importing import BATCH
from catalog.exchange.rows import BOOLEANS, COLUMNS, FIELDS, NAMES, NUMBERS, OF_VARIANT, PICTURES, VALUES
from catalog.models import Category, Product, ProductImage, ProductVariant, StockMovement, TaxClass
from catalog.pictures import pictures_of, save_pictures
from catalog.services import update_product
from orders.audit import check_prices, check_products, check_stock, differences_here
from tests.catalog.files import csv_file, json_lines
from tests.factories import (
    FILES_OF_A_PICTURE,
    add_pictures,
    make_category,
    make_picture,
    make_product,
    make_staff,
    make_user,
)
from tests.hostile import hostile_names

pytestmark = pytest.mark.django_db

DATA = Path(__file__).parents[3] / "shared" / "data"
LAMP = {"category": "Lamps", "name": "Lamp", "description": "It shines.", "price": "10.00"}
# The third option comes after the second, and an SKU only names a variant.
WRITTEN_OF_PRODUCT = [name for name in FIELDS if name not in (*OF_VARIANT, "slug", "option3_name")]
WRITTEN_OF_VARIANT = [name for name in OF_VARIANT if name not in ("sku", "stock_at_export", "option3_value")]
FULL = {**LAMP, "slug": "the-lamp", "discount": "12.50", "stock": "7"}


TABLES: tuple[Any, ...] = (Category, Product, ProductVariant, StockMovement)


@pytest.fixture
def seller() -> User:
    return make_user(email="seller@example.com")


def total(outcomes: Iterable[Outcome]) -> Outcome:
    whole = Outcome()
    for outcome in outcomes:
        whole.add(outcome)
    return whole


def bring_in(
    content: bytes, *, seller: User, name: str = "products.jsonl", pictures: Path | None = None
) -> Outcome:
    rows = read_rows(BytesIO(content), name=name)
    return total(import_products(rows, seller=seller, now=timezone.now(), pictures=pictures))


def export(suffix: str) -> bytes:
    return "".join(export_products(Product.objects.all(), suffix=suffix)).encode()


def everything() -> list[Any]:
    """Return all rows that an import could change."""
    return [list(model.objects.order_by("pk").values()) for model in TABLES]


def find_written_fields() -> list[Any]:
    fields = Product._meta.local_concrete_fields
    return [field for field in fields if not (field.primary_key or field.generated)]


def read_stored_row() -> Any:
    """Return the only product as stored, with the types of SQLite's values."""
    columns = [field.attname for field in find_written_fields()]
    if connection.vendor == "sqlite":
        columns += [f"typeof({column})" for column in columns]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(columns)} FROM catalog_product")
        [row] = cursor.fetchall()
        return row


def ledger_is_right() -> bool:
    return not [*check_stock(), *check_products(), *check_prices()]


class TestImportProducts:
    @pytest.mark.parametrize(
        ("name", "content"), [("p.jsonl", json_lines(FULL)), ("p.CSV", b"\xef\xbb\xbf" + csv_file(FULL))]
    )
    def test_a_new_product_has_what_the_row_says(self, seller: User, name: str, content: bytes) -> None:
        outcome = bring_in(content, seller=seller, name=name)
        assert outcome == Outcome(created=1)
        product = Product.objects.get(slug="the-lamp")
        assert (product.name, product.description, product.category.name) == ("Lamp", "It shines.", "Lamps")
        assert (str(product.price), str(product.discount), str(product.final_price)) == (
            "10.00",
            "12.50",
            "8.75",
        )
        assert (product.stock, product.user) == (7, seller)
        movement = product.movements.get()
        assert (movement.delta, movement.reason) == (7, StockMovement.Reason.SET)

    @pytest.mark.parametrize(
        "row", [FULL, {**FULL, "price": "1E+1", "stock": 0}, {**LAMP, "name": '"Élan" \\ 🎁'}]
    )
    def test_a_new_product_is_stored_as_any_other(self, seller: User, row: dict[str, Any]) -> None:
        bring_in(json_lines(row), seller=seller)
        imported = Product.objects.get()
        first = read_stored_row()
        StockMovement.objects.all().delete()
        Product.objects.all().delete()
        Product(**{field.attname: getattr(imported, field.attname) for field in find_written_fields()}).save()
        assert read_stored_row() == first

    def test_what_is_left_out_is_the_default(self, seller: User) -> None:
        bring_in(json_lines({**LAMP, "discount": None, "stock": ""}), seller=seller)
        product = Product.objects.get(slug="lamp")
        assert (str(product.discount), product.stock, product.image.name) == ("0.00", 0, "")
        assert not StockMovement.objects.exists()

    def test_the_same_file_twice_writes_nothing(self, seller: User) -> None:
        names = ("Lamp 1.5 m", "Lamp 15 m", "Lamp 2")
        content = json_lines(FULL, *({**LAMP, "name": name, "stock": 3} for name in names))
        bring_in(content, seller=seller)
        before = everything()
        with CaptureQueriesContext(connection) as captured:
            assert bring_in(content, seller=seller) == Outcome(unchanged=4)
        assert everything() == before
        assert not [query for query in captured if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]

    def test_a_row_changes_what_it_names_and_nothing_else(self, seller: User) -> None:
        product = make_product(stock=10, name="Old", discount=5)
        other = make_product(stock=4)
        outcome = bring_in(json_lines({"slug": product.slug, "price": 99, "stock": 12}), seller=seller)
        assert outcome == Outcome(updated=1)
        after = Product.objects.get(pk=product.pk)
        assert (str(after.price), str(after.final_price), after.stock) == ("99.00", "94.05", 12)
        assert (after.name, after.slug, after.user, after.added_at) == (
            *("Old", product.slug, product.user),
            product.added_at,
        )
        assert after.updated_at > product.updated_at
        assert [movement.delta for movement in product.movements.all()] == [2, 10]
        assert Product.objects.get(pk=other.pk).updated_at == other.updated_at

    def test_each_row_changes_other_columns(self, seller: User) -> None:
        rows = [{**FULL, "slug": slug} for slug in ("a", "b", "c", "d", "e")]
        bring_in(json_lines(*rows), seller=seller)
        before = {product.slug: product for product in Product.objects.all()}
        changes: list[dict[str, Any]] = [
            {"slug": "a", "price": "20.00", "discount": 50},
            {"slug": "b", "description": "It glows.", "stock": 0},
            {"slug": "c", "category": "Seats"},
            {"slug": "d", "stock": 9},
            {"slug": "e", "name": "Lamp"},
        ]
        assert bring_in(json_lines(*changes), seller=seller) == Outcome(updated=4, unchanged=1)
        after = {product.slug: product for product in Product.objects.all()}
        assert (after["a"].final_price, after["a"].stock) == (Decimal("10.00"), 7)
        assert (after["b"].description, after["b"].stock, after["b"].price) == (
            *("It glows.", 0),
            before["b"].price,
        )
        assert after["b"].search_text != before["b"].search_text == after["d"].search_text
        assert (after["c"].category.name, after["c"].name) == ("Seats", "Lamp")
        assert after["d"].stock == 9
        assert [slug for slug in after if after[slug].updated_at == before[slug].updated_at] == ["e"]
        assert ledger_is_right()

    @pytest.mark.parametrize("column", [*WRITTEN_OF_PRODUCT, *WRITTEN_OF_VARIANT])
    def test_a_changed_column_is_stored_with_all_that_is_computed_from_it(
        self, seller: User, column: str
    ) -> None:
        cell = "3" if column in NUMBERS else "false" if column in (*BOOLEANS, "published") else "Another text"
        cell = "Brand: Acme" if column == "attributes" else cell
        TaxClass.objects.create(name="Another text")
        named = {"option1_name": "Size", "option1_value": "S", "option2_name": "Fit", "option2_value": "Slim"}
        bring_in(json_lines({**FULL, **named, "sku": "L-1"}), seller=seller)
        row = {"slug": FULL["slug"], "sku": "L-1", column: cell}
        assert bring_in(json_lines(row), seller=seller) == Outcome(updated=1)
        imported = read_stored_row(), list(ProductVariant.objects.values())
        Product.objects.get().save()
        ProductVariant.objects.get().save()
        stored = read_stored_row(), list(ProductVariant.objects.values())
        assert stored == imported, f"COMPUTED in catalog/exchange/applying.py lacks {column}."

    def test_a_category_is_known_by_its_name_or_slug_and_made_once(self, seller: User) -> None:
        names = ("Floor lamps", " Floor lamps ", "floor-lamps", "Été", "FLOOR LAMPS", "C#", "C++", "c++")
        rows = [{**LAMP, "name": str(number), "category": name} for number, name in enumerate(names)]
        bring_in(json_lines(*rows), seller=seller)
        assert list(Category.objects.order_by("pk").values_list("name")) == [
            *(("Floor lamps",), ("Été",), ("C#",), ("C++",)),
        ]
        assert [product.category.name for product in Product.objects.order_by("slug")] == [
            *("Floor lamps", "Floor lamps", "Floor lamps", "Été", "Floor lamps", "C#", "C++", "C++")
        ]

    def test_a_category_is_known_by_its_path(self, seller: User) -> None:
        men, women = make_category("Men"), make_category("Women")
        shirts, others = make_category("Shirts", parent=men), make_category("Shirts", parent=women)
        tops = make_category("Tops", parent=women)
        texts = {
            "Men > Shirts": shirts,
            "women>SHIRTS": others,
            " Women  >\u00a0Tops ": tops,
            "Tops": tops,
            "shirts": shirts,  # the slug
            "Women": women,
        }
        rows = [{**LAMP, "name": str(number), "category": text} for number, text in enumerate(texts)]
        assert bring_in(json_lines(*rows), seller=seller).created == len(texts)
        found = Product.objects.order_by("pk")
        assert [product.category for product in found] == list(texts.values())
        assert Category.objects.count() == 5

    def test_what_is_missing_of_a_path_is_made(self, seller: User) -> None:
        make_category("Shirts")
        texts = ["Clothes > Shirts > Long", "Clothes > Shirts", "clothes > ties", "Shirts"]
        rows = [{**LAMP, "name": str(number), "category": text} for number, text in enumerate(texts)]
        with CaptureQueriesContext(connection) as captured:
            bring_in(json_lines(*rows), seller=seller)
        if connection.features.has_select_for_update:
            locks = [query["sql"].split('"')[1] for query in captured if "FOR NO KEY UPDATE" in query["sql"]]
            assert locks == ["catalog_category"]
        long, shirts, ties, top = (product.category for product in Product.objects.order_by("pk"))
        assert (long.name, long.parent, shirts.parent, ties.parent) == (
            "Long",
            shirts,
            shirts.parent,
            shirts.parent,
        )
        assert shirts.parent is not None
        assert (shirts.parent.name, shirts.parent.parent, top.parent) == ("Clothes", None, None)
        assert Category.objects.count() == 5

    def test_a_name_of_several_categories_is_refused(self, seller: User) -> None:
        for name in ("Men", "Women"):
            make_category("Shirts", parent=make_category(name))
        Category.objects.filter(slug="shirts").update(slug="other")
        before = everything()
        [refusal] = bring_in(json_lines({**LAMP, "category": "Shirts"}), seller=seller).refused
        assert refusal.reason == (
            "category: 2 categories have this name. Write the path of one: “Men > Shirts”, “Women > Shirts”."
        )
        assert everything() == before
        top = make_category("Shirts")
        bring_in(json_lines({**LAMP, "category": "Shirts"}), seller=seller)
        assert Product.objects.get().category == top

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"category": "A > > B"}, "category: This field cannot be blank."),
            ({"category": "> A"}, "category: This field cannot be blank."),
            ({"category": "A >"}, "category: This field cannot be blank."),
            ({"category": "A > B > C > D > E > F"}, "category: Categories have at most 5 levels."),
            ({"price": "ten"}, "price: “ten” value must be a decimal number."),
            ({"price": "-1"}, "price: Enter an amount between 0 and"),
            ({"price": "1.999"}, "price: "),
            ({"price": "1e400"}, "price: Enter an amount between 0 and"),
            ({"price": "NaN"}, "price: "),
            ({"discount": "NaN"}, "discount: "),
            ({"discount": "101"}, "discount: "),
            ({"stock": "1.5"}, "stock: "),
            ({"stock": "9" * 5000}, "stock: This is not a number."),
            ({"stock": -1}, "stock: "),
            ({"stock": True}, "stock is neither a text nor a number"),
            ({"name": "x" * 201}, "name: "),
            ({"name": "   "}, "name: This field is required."),
            ({"name": "\0"}, "name: "),
            ({"name": "\ud800"}, "name: "),
            ({"name": None, "slug": None}, "slug: A row needs a slug or a name."),
            ({"description": ""}, "description: This field is required."),
            ({"description": "x" * 10_001}, "description: "),
            ({"category": "x" * 101}, "category: "),
            ({"category": "  "}, "category: "),
            ({"slug": "no slug!"}, "slug: "),
        ],
    )
    def test_a_bad_row_is_left_out_and_the_rest_go_in(
        self, seller: User, changes: dict[str, Any], reason: str
    ) -> None:
        good = {**LAMP, "name": "Good"}
        outcome = bring_in(json_lines(good, {**FULL, **changes}, {**good, "name": "Fine"}), seller=seller)
        [refusal] = outcome.refused
        assert refusal.line == 2
        assert reason in refusal.reason
        assert set(Product.objects.values_list("name", flat=True)) == {"Good", "Fine"}
        assert ledger_is_right()

    def test_a_bad_row_changes_nothing_of_its_product(self, seller: User) -> None:
        bring_in(json_lines(FULL), seller=seller)
        before = everything()
        outcome = bring_in(
            json_lines({**FULL, "name": "New", "category": "New", "price": "x"}), seller=seller
        )
        assert len(outcome.refused) == 1
        assert everything() == before

    @pytest.mark.parametrize(
        "line", [b"{", b"[]", b"1", b"[" * 100_000, b"NaN", b"\xff\xfe", b'{"name": {}}']
    )
    def test_a_line_that_is_no_row(self, seller: User, line: bytes) -> None:
        outcome = bring_in(line + b"\n\n" + json_lines(LAMP), seller=seller)
        assert (outcome.created, [refusal.line for refusal in outcome.refused]) == (1, [1])

    def test_lines_of_csv_are_counted_as_an_editor_counts_them(self, seller: User) -> None:
        content = (
            b"name,category,description,price\r\n"
            b'Lamp,Lamps,"Two\nlines",10\r\n'
            b"Cut,Lamps\r\n"
            b"\r\n"
            b"\xff,Lamps,text,10\r\n"
            b'Quoted,Lamps,"it "shines",10\r\n'
            b"G\xc3\xb6\xc3\xb6d,Lamps,text,10\r\n"
        )
        outcome = bring_in(content, seller=seller, name="p.csv")
        assert [refusal.line for refusal in outcome.refused] == [4, 6, 7]
        assert outcome.created == 2

    @pytest.mark.parametrize("header", [b"", b"price,stock", b"colour", b"name,price,NAME"])
    def test_another_header_refuses_the_file(self, seller: User, header: bytes) -> None:
        with pytest.raises(BadFile):
            bring_in(header + b"\r\n", seller=seller, name="p.csv")

    def test_another_format_is_refused(self, seller: User) -> None:
        with pytest.raises(BadFile, match=r"\.csv or \.jsonl"):
            bring_in(b"", seller=seller, name="p.xlsx")

    def test_a_row_with_its_own_slug_leaves_the_slug_to_nobody_else(self, seller: User) -> None:
        rows = json_lines({**LAMP, "price": "1"}, {**LAMP, "slug": "lamp", "name": "Torch", "price": "2"})
        assert bring_in(rows, seller=seller) == Outcome(created=2)
        assert Product.objects.get(slug="lamp").name == "Torch"
        assert bring_in(rows, seller=seller) == Outcome(unchanged=2)

    def test_a_second_row_about_a_product_is_refused(self, seller: User) -> None:
        outcome = bring_in(json_lines(FULL, {**FULL, "price": "1"}), seller=seller)
        assert str(outcome.refused[0]) == "line 2: slug: Line 1 already has the product “the-lamp”."
        for price in ("2", "3"):  # one new, one existing
            outcome = bring_in(json_lines(LAMP, {**LAMP, "price": price}), seller=seller)
            assert [refusal.line for refusal in outcome.refused] == [2]
        assert set(Product.objects.values_list("price", flat=True)) == {10}

    def test_a_bad_row_keeps_its_product_from_the_rows_after_it(self, seller: User) -> None:
        outcome = bring_in(json_lines({**LAMP, "price": "x"}, {**LAMP, "price": "2"}), seller=seller)
        assert [refusal.line for refusal in outcome.refused] == [1, 2]
        assert not Product.objects.exists()

    def test_a_name_that_two_products_have_is_refused(self, seller: User) -> None:
        for _ in range(2):
            make_product(name="Lamp", user=seller)
        before = everything()
        outcome = bring_in(json_lines({**LAMP, "price": "1"}), seller=seller)
        assert "2 products have this name" in outcome.refused[0].reason
        assert everything() == before

    def test_a_name_does_not_lead_to_another_sellers_product(self, seller: User) -> None:
        make_product(name="Lamp")
        before = everything()
        assert bring_in(json_lines({**LAMP, "price": "1"}), seller=seller) == Outcome(created=1)
        assert everything()[1][0] == before[1][0]
        assert Product.objects.get(user=seller).slug.startswith("lamp-")

    def test_a_slug_leads_to_another_sellers_product_only_with_its_name(self, seller: User) -> None:
        product = make_product(name="Lamp")
        before = everything()
        outcome = bring_in(json_lines({**FULL, "slug": product.slug, "name": "Torch"}), seller=seller)
        assert "another seller's product, “Lamp”" in outcome.refused[0].reason
        assert everything() == before
        for changes in ({"price": "1"}, {"price": "2", "name": "Lamp"}):
            assert bring_in(json_lines({"slug": product.slug, **changes}), seller=seller) == Outcome(
                updated=1
            )

    @pytest.mark.parametrize("name", ["Lamp ", " Lamp", "Lamp\u00a0", "\u00c9lan", "Big  lamp"])
    def test_a_name_that_looks_the_same_is_the_same(self, seller: User, name: str) -> None:
        product = make_product(name=" ".join(unicodedata.normalize("NFD", name).split()), user=seller)
        assert bring_in(json_lines({"name": name, "price": "1"}), seller=seller) == Outcome(updated=1)
        product.refresh_from_db()
        assert product.price == 1

    def test_what_was_committed_stays_and_the_next_run_goes_on(self, seller: User) -> None:
        rows = [
            ProductRow(line=n, cells={**LAMP, "name": f"Lamp no. {n}", "stock": "1"})
            for n in range(BATCH + 5)
        ]

        def interrupt() -> Iterator[ProductRow | RefusedRow]:
            yield from rows[:-1]
            raise KeyboardInterrupt

        now = timezone.now()
        with pytest.raises(KeyboardInterrupt):
            list(import_products(interrupt(), seller=seller, now=now))
        assert Product.objects.count() == BATCH
        assert total(import_products(rows, seller=seller, now=now)) == Outcome(created=5, unchanged=BATCH)
        assert StockMovement.objects.count() == BATCH + 5

    def test_the_statements_of_a_batch_do_not_grow(self, seller: User) -> None:
        def statements(count: int, name: str, **changes: str) -> int:
            rows = [{**LAMP, "name": f"{name} no. {n}", "stock": 1, **changes} for n in range(count)]
            with CaptureQueriesContext(connection) as captured:
                bring_in(json_lines(*rows), seller=seller)
            return len(captured)

        statements(1, "First")
        assert statements(3, "Lamp") == statements(30, "Shade")
        assert statements(3, "Lamp") == statements(30, "Shade")
        assert statements(3, "Lamp", price="5") == statements(30, "Shade", price="5")

    def test_a_changed_name_is_found_by_its_new_words(self, seller: User) -> None:
        bring_in(json_lines(FULL), seller=seller)
        assert bring_in(json_lines({**FULL, "name": "Zebra lantern"}), seller=seller) == Outcome(updated=1)
        assert "zebra" in Product.objects.get().search_text


def rename(product: Product, name: str) -> None:
    update_product(user=make_staff(), product_pk=product.pk, changes={"name": name}, now=timezone.now())


class TestOldSlugs:
    def test_a_row_with_one_finds_the_product(self, seller: User) -> None:
        """An export from before a product was renamed would otherwise make it again."""
        product = make_product(name="Lamp", user=seller)
        exported = export(".jsonl")
        rename(product, "Desk lamp")
        assert bring_in(exported, seller=seller) == Outcome(updated=1)
        product.refresh_from_db()
        assert (product.slug, product.name) == ("desk-lamp", "Lamp")
        assert bring_in(exported, seller=seller) == Outcome(unchanged=1)

    def test_two_rows_of_one_product_are_refused(self, seller: User) -> None:
        product = make_product(name="Lamp", user=seller)
        rename(product, "Desk lamp")
        before = everything()
        rows = json_lines({"slug": "desk-lamp", "price": "10"}, {"slug": "lamp", "price": "10"})
        outcome = bring_in(rows, seller=seller)
        assert [refusal.reason for refusal in outcome.refused] == [
            "slug: Line 1 already has the product “desk-lamp”."
        ]
        assert everything() == before


class TestPictures:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        folder = tmp_path / "pictures"
        folder.mkdir()
        (folder / "lamp.png").write_bytes(make_picture().read())
        (folder / "broken.png").write_bytes(b"no picture")
        (tmp_path / "secret.png").write_bytes(make_picture().read())
        (folder / "link.png").symlink_to(tmp_path / "secret.png")
        return folder

    @staticmethod
    def files() -> set[str]:
        return set(default_storage.listdir("products")[1]) if default_storage.exists("products") else set()

    def test_a_picture_is_stored_once(self, seller: User, folder: Path) -> None:
        content = json_lines({**LAMP, "image": "lamp.png"})
        assert bring_in(content, seller=seller, pictures=folder).created == 1
        product, files = Product.objects.get(), self.files()
        assert (product.image_width, product.image_height, len(files)) == (60, 40, FILES_OF_A_PICTURE)
        assert default_storage.exists(str(product.image))
        assert bring_in(content, seller=seller, pictures=folder) == Outcome(unchanged=1)
        assert bring_in(content, seller=seller) == Outcome(unchanged=1)
        assert self.files() == files

    def test_products_do_not_share_files(self, seller: User, folder: Path) -> None:
        rows = [{**LAMP, "slug": slug, "image": "lamp.png"} for slug in ("one", "two")]
        bring_in(json_lines(*rows), seller=seller, pictures=folder)
        assert len(set(Product.objects.values_list("image"))) == 2

    def test_a_refused_row_leaves_no_picture(
        self,
        seller: User,
        folder: Path,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        bring_in(json_lines({**LAMP, "sku": "L-1"}), seller=seller)
        row = {**LAMP, "name": "Torch", "sku": "l-1", "image": "lamp.png"}
        with django_capture_on_commit_callbacks(execute=True):
            outcome = bring_in(json_lines(row), seller=seller, pictures=folder)
        assert [refusal.line for refusal in outcome.refused] == [1]
        assert default_storage.listdir("products")[1] == []

    def test_a_picture_with_other_content_is_another_one(
        self,
        seller: User,
        folder: Path,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        bring_in(json_lines({**LAMP, "image": "lamp.png"}), seller=seller, pictures=folder)
        before = self.files()
        (folder / "lamp.png").write_bytes((folder / "lamp.png").read_bytes() + b"\0")
        with django_capture_on_commit_callbacks(execute=True):
            outcome = bring_in(json_lines({**LAMP, "image": "lamp.png"}), seller=seller, pictures=folder)
        assert outcome == Outcome(updated=1)
        assert len(self.files()) == 2 * FILES_OF_A_PICTURE
        assert self.files() > before
        first, second = Product.objects.get().images.all()
        assert (f"{PurePath(second.name).name}" in before, first.name) == (
            True,
            Product.objects.get().image.name,
        )

    def test_it_is_the_first_of_several(
        self,
        seller: User,
        folder: Path,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        content = json_lines({**LAMP, "image": "lamp.png"})
        product = make_product(user=seller, name="Lamp", slug="lamp")
        [front, back] = add_pictures(product, "front", "back")
        variant = product.variants.get()
        variant.image = front
        variant.save()
        with django_capture_on_commit_callbacks(execute=True):
            assert bring_in(content, seller=seller, pictures=folder).updated == 1
        first, second, third = product.images.all()
        product.refresh_from_db()
        variant.refresh_from_db()
        assert (first.name, first.image_alt) == (product.image.name, product.image_alt)
        assert (first.image_alt, second.name, third.name) == ("", front.name, back.name)
        assert variant.image == front
        assert len(self.files()) == FILES_OF_A_PICTURE
        assert not list(differences_here())

    def test_a_picture_that_was_moved_back_stays_there(self, seller: User, folder: Path) -> None:
        content = json_lines({**LAMP, "image": "lamp.png"})
        bring_in(content, seller=seller, pictures=folder)
        product = Product.objects.get()
        add_pictures(product, "back")
        order = [product.images.last(), product.images.first()]
        save_pictures(product, {each.name: each for each in order if each}, before=pictures_of(product))
        names = list(product.images.values_list("image", flat=True))
        assert bring_in(content, seller=seller, pictures=folder) == Outcome(unchanged=1)
        row = json_lines({"slug": product.slug, "image": names[1]})
        media = Path(default_storage.location)  # type: ignore[attr-defined]  # of the file system
        assert bring_in(row, seller=seller, pictures=media) == Outcome(unchanged=1)
        assert list(product.images.values_list("image", flat=True)) == names

    def test_many_take_as_many_statements_as_one(self, seller: User, folder: Path) -> None:
        def statements(*slugs: str) -> int:
            rows = json_lines(*({**LAMP, "name": slug, "slug": slug, "image": "lamp.png"} for slug in slugs))
            with CaptureQueriesContext(connection) as queries:
                assert bring_in(rows, seller=seller, pictures=folder).created == len(slugs)
            return len(queries)

        statements("warm-up")
        assert statements("one") == statements("two", "three", "four")

    def test_what_a_killed_import_left_is_overwritten(self, seller: User, folder: Path) -> None:
        content = json_lines({**LAMP, "image": "lamp.png"})
        bring_in(content, seller=seller, pictures=folder)
        files = self.files()
        Product.objects.all().delete()
        bring_in(content, seller=seller, pictures=folder)
        assert self.files() == files

    @pytest.mark.parametrize(
        "path",
        [
            *(
                "../secret.png",
                "link.png",
                "/etc/passwd",
                "../pictures2/lamp.png",
                ".",
                "none.png",
                "broken.png",
            ),
            *("x" * 300, "lamp.png/lamp.png"),
        ],
    )
    def test_no_picture_and_none_outside_the_folder(self, seller: User, folder: Path, path: str) -> None:
        rows = json_lines({**LAMP, "image": path}, {**LAMP, "name": "Torch", "image": "lamp.png"})
        outcome = bring_in(rows, seller=seller, pictures=folder)
        [note] = outcome.notes
        assert str(note).startswith("Line 1: image: ")
        without, with_one = Product.objects.order_by("name")
        assert (without.image.name, with_one.image.name != "") == ("", True)
        assert len(self.files()) == FILES_OF_A_PICTURE

    def test_an_export_brings_the_pictures_to_another_shop(
        self, seller: User, folder: Path, settings: Any, tmp_path: Path
    ) -> None:
        bring_in(json_lines({**LAMP, "image": "lamp.png"}), seller=seller, pictures=folder)
        content, media = export(".csv"), settings.MEDIA_ROOT
        assert bring_in(content, seller=seller, name="p.csv", pictures=media) == Outcome(unchanged=1)
        Product.objects.all().delete()
        settings.MEDIA_ROOT = tmp_path / "other"
        assert bring_in(content, seller=seller, name="p.csv", pictures=media) == Outcome(created=1)
        assert bring_in(content, seller=seller, name="p.csv", pictures=media) == Outcome(unchanged=1)
        assert default_storage.exists(str(Product.objects.get().image))


class TestExportProducts:
    @pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
    def test_what_is_exported_changes_nothing_when_imported(self, seller: User, suffix: str) -> None:
        texts = [*hostile_names(), "=1+1", "'=1+1", "''-1", "'Tis", "-5", '"', "a,b", "spaces"]
        rows = [
            {
                **LAMP,
                "slug": f"s{number}",
                "name": text,
                "description": f" {text}\r\n{text}\r",
                "stock": number,
            }
            for number, text in enumerate(texts)
        ]
        refused = bring_in(json_lines(*rows), seller=seller).refused
        before = everything()
        outcome = bring_in(export(suffix), seller=make_user(), name=f"p{suffix}")
        assert not refused
        assert outcome == Outcome(unchanged=len(rows))
        assert everything() == before

    @pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
    def test_the_path_of_a_category(self, seller: User, suffix: str) -> None:
        """Names that several categories have come back to their own."""
        top = make_category("Shirts")
        for category in (
            top,
            make_category("Shirts", parent=make_category("Men")),
            make_category("A", parent=top),
        ):
            make_product(category=category, user=seller)
        before = everything()
        content = export(suffix)
        assert "Men > Shirts" in content.decode()
        assert bring_in(content, seller=seller, name=f"p{suffix}") == Outcome(unchanged=3)
        assert everything() == before

    def test_a_spreadsheet_finds_no_formula_in_any_column(self) -> None:
        product, keys = make_product(), ("category", "tax_class", "attributes")
        texts = [name for name in COLUMNS if name not in (*NUMBERS, *BOOLEANS, "published", *keys)]
        names = {
            attribute: f"=1+1+{place}" for place, attribute in enumerate(NAMES.values())
        }  # they must differ
        of_product = [name for name in texts if name not in (*NAMES, *OF_VARIANT, *PICTURES)]
        Product.objects.filter(pk=product.pk).update(**dict.fromkeys(of_product, "=1+1"), **names)
        of_variant = [VALUES.get(name, name) for name in texts if name in OF_VARIANT]
        ProductVariant.objects.update(**dict.fromkeys(of_variant, "=1+1"), sku_key="=1+1")
        Category.objects.update(name="=1+1")
        set_attributes({product.pk: {"=1+1": ["x"]}}, whole=True)
        picture = ProductImage.objects.create(product=product, image="=1+1", image_alt="=1+1")
        ProductVariant.objects.update(image=picture)
        Product.objects.update(tax_class=TaxClass.objects.create(name="=1+1"))
        [row] = csv.DictReader(StringIO(export(".csv").decode("utf-8-sig"), newline=""))
        assert {name for name, cell in row.items() if cell.startswith("'=1+1")} == {*texts, *keys}

    def test_a_formula_is_quoted_and_numbers_are_not(self, seller: User) -> None:
        bring_in(json_lines({**LAMP, "name": '=HYPERLINK("x")'}), seller=seller)
        [row] = csv.DictReader(StringIO(export(".csv").decode("utf-8-sig"), newline=""))
        assert row["name"] == '\'=HYPERLINK("x")'
        assert (row["slug"], row["category"], row["price"], row["stock"]) == (
            "hyperlinkx",
            "Lamps",
            "10.00",
            "0",
        )


class TestCommands:
    def test_export_then_import(
        self, seller: User, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        make_product()
        for name in ("p.csv", "p.jsonl"):
            file = tmp_path / name
            call_command("export_products", str(file))
            call_command("import_products", str(file), seller="SELLER@example.com")
        assert capsys.readouterr().out == "0 products created, 0 updated, 1 unchanged.\n" * 2
        call_command("export_products")
        assert capsys.readouterr().out.encode() == (tmp_path / "p.csv").read_bytes()

    def test_bad_rows_are_told_and_fail_the_command(
        self, seller: User, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = tmp_path / "p.jsonl"
        file.write_bytes(json_lines(LAMP, {**LAMP, "price": "x"}))
        with pytest.raises(CommandError, match="1 rows were left out"):
            call_command("import_products", str(file), seller=seller.email)
        told = capsys.readouterr()
        assert "line 2: price: " in told.err
        assert told.out == "1 products created, 0 updated, 0 unchanged.\n"

    def test_what_cannot_be_read_or_written(self, seller: User, tmp_path: Path) -> None:
        (tmp_path / "p.txt").write_text("name")
        refused: list[Callable[[], Any]] = [
            lambda: call_command("import_products", str(tmp_path / "none.csv"), seller=seller.email),
            lambda: call_command("import_products", str(tmp_path / "p.txt"), seller=seller.email),
            lambda: call_command("import_products", "p.csv", seller="nobody@example.com"),
            lambda: call_command("import_products", "p.csv", seller=seller.email, images=tmp_path / "none"),
            lambda: call_command("export_products", str(tmp_path / "p.txt")),
            lambda: call_command("export_products", str(tmp_path / "none" / "p.csv")),
        ]
        for command in refused:
            with pytest.raises(CommandError):
                command()
        assert not Product.objects.exists()


@pytest.mark.slow
class TestRealCatalogues:
    def test_a_clean_one_goes_in_whole(self, seller: User) -> None:
        file = DATA / "aws-retail-demo" / "products.yaml"
        if not file.exists():
            pytest.skip(f"It would import a real catalogue of a shop, but there is no {file.name}.")
        products = yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader)
        rows = [
            {
                **{name: product[name] for name in ("category", "name", "description")},
                "slug": product["id"],
                "price": str(product["price"]),
                "stock": product["current_stock"],
            }
            for product in products
        ]
        outcome = bring_in(json_lines(*rows), seller=seller)
        assert (outcome.created, outcome.refused) == (len(rows), [])
        assert bring_in(json_lines(*rows), seller=seller) == Outcome(unchanged=len(rows))
        assert bring_in(export(".csv"), seller=seller, name="p.csv") == Outcome(unchanged=len(rows))
        assert ledger_is_right()

    def test_a_dirty_one_loses_none_but_the_bad(self, seller: User) -> None:
        file = DATA / "flipkart-1050" / "flipkart_com-ecommerce_sample_1050.csv"
        if not file.exists():
            pytest.skip(f"It would import a real catalogue of a shop, but there is no {file.name}.")
        with file.open(newline="", encoding="utf-8") as opened:
            crawled = list(csv.DictReader(opened))
        rows = [
            {
                "slug": product["uniq_id"],
                "category": json.loads(product["product_category_tree"])[0].split(" >> ")[0],
                "name": product["product_name"],
                "description": product["description"],
                "price": product["retail_price"],
            }
            for product in crawled
        ]
        outcome = bring_in(csv_file(*rows), seller=seller, name="p.csv")
        assert outcome.created + len(outcome.refused) == len(rows)
        assert bring_in(csv_file(*rows), seller=seller, name="p.csv").unchanged == outcome.created


@pytest.mark.django_db
class TestProductsWithSeveralVariants:
    """A row that says no variant has one price and one stock, so it leaves those of several variants alone."""

    @pytest.fixture
    def shirt(self, seller: User) -> Product:
        return make_product(
            name="Shirt",
            user=seller,
            options=["Size"],
            variants=[{"values": "S", "stock": 1}, {"values": "M", "price": Decimal(12), "stock": 3}],
        )

    @pytest.mark.parametrize(("column", "value"), [("price", "11.00"), ("discount", "5"), ("stock", "9")])
    def test_refuses_one_for_all(self, seller: User, shirt: Product, column: str, value: str) -> None:
        before = list(Product.objects.values()), list(shirt.variants.values())
        [refusal] = bring_in(
            json_lines({"slug": "shirt", "name": "Tee", column: value}), seller=seller
        ).refused
        assert refusal.reason == (
            f"{column}: The product has several variants. Say which one by its sku or its option values."
        )
        assert (list(Product.objects.values()), list(shirt.variants.values())) == before

    def test_writes_the_rest(self, seller: User, shirt: Product) -> None:
        before = list(shirt.variants.values())
        row = {"slug": "shirt", "name": "Tee", "price": "10.00", "discount": "0", "stock": "4"}
        assert bring_in(json_lines(row), seller=seller) == Outcome(updated=1)
        assert Product.objects.get().name == "Tee"
        assert list(shirt.variants.values()) == before
