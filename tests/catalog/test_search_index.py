"""The search index installs itself, and reports what is missing."""

import re
from collections.abc import Iterator
from hashlib import md5
from io import StringIO

import pytest
from django.core.checks import Tags, run_checks
from django.core.management import CommandError, call_command
from django.db import connection, migrations, models, transaction
from django.db.migrations.loader import MigrationLoader
from django.test.utils import CaptureQueriesContext

from catalog import analysis
from catalog.attributes import Named, find_wrong_copies, set_attributes
from catalog.listings import find_wrong_listings
from catalog.models import Listing, Product, ProductVector
from catalog.search import NoProductMatches, search
from catalog.search.index import installation
from catalog.search.index.installation import (
    KEEPERS,
    PARTS,
    PRESENT,
    PRODUCTS,
    find_faults,
    install,
    read_marks,
    reindex,
)
from catalog.search.index.parts import ANALYSIS, Keeper, Part
from orders.documents import seal
from tests.factories import make_category, make_product, make_products

LITE = connection.vendor == "sqlite"
SORT = ("-rank", "slug")
FOUND = {
    "lamp": ["Oak lamp", "Oak desk"],
    "oak desk": ["Oak desk", "Oak lamp"],
    "shining": ["Oak lamp"],
    "headph": ["Sony WH-1000XM4 Headphones"],
    "wh 1000 xm4": ["Sony WH-1000XM4 Headphones"],
    # Misspelt words that are corrected to words of the shop.
    "lanp": ["Oak lamp", "Oak desk"],
    "headfones": ["Sony WH-1000XM4 Headphones"],
}

# A name of every kind that the analysis treats differently.
ANALYSED = [
    ("Oak lamp", "Shines brightly. " * 20),
    ("Sony WH-1000XM4 Headphones, black", "With a 1.2m cable and a case for travelling."),
    ("Succulent set of 3", "Three plants in pots, 10 cm high."),
    ("Table and chairs", "The children's favourite shelves, knives & scarves."),
    ("Crème brûlée dishes [6 pcs]", "Naïve café ware – by Zoë's workshop™ 🍮"),
    ("Rugged phone case for the iPhone 15/15 Pro", "Drop-tested; it's not a rug."),
    ("Book case", "A bookcase, " * 50),
    ("Ёлка 2,5 m", "Зелёная ель. \uff15\uff10\uff10 lights"),
    ("with", "of the"),
    (
        "Smørrebrød für Łódź, l'Œuvre",
        "Straße, Ёлки, القميص, कमीज़, חולצות, 가방을, 罗汉果, ワンピース, เสื้อ, १२",
    ),
    ("C++ for M&M's", "TVs, 1/2 inch, ½ or 7/8; buses and wolves."),
]


def find(term: str) -> list[str]:
    """Return the names of the products found, the best first."""
    try:
        return list(search(term).best.order_by(*SORT).values_list("name", flat=True))
    except NoProductMatches:
        return []


def make_three() -> None:
    make_product(name="Oak lamp", description="Shines brightly.")
    make_product(name="Oak desk", description="For a lamp and a book.")
    make_product(name="Sony WH-1000XM4 Headphones", description="With a cable.")


def assert_whole() -> None:
    """Check that existing products are found, and that the index follows every kind of write."""
    assert find_faults(connection) == []
    assert {term: find(term) for term in FOUND} == FOUND
    lamp = Product.objects.get(name="Oak lamp")
    lamp.name = "Brass candelabrum"
    lamp.save()
    assert find("candelabrum") == find("candelabrun") == ["Brass candelabrum"]
    assert find("lamp") == ["Oak desk"]
    make_products(3, name="Wicker basket")
    assert find("wicker") == find("bascet") == ["Wicker basket"] * 3
    Product.objects.all().delete()
    assert not any(find(term) for term in (*FOUND, "candelabrum", "wicker"))


def execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def drop(part: Part) -> None:
    place = f"{part.name} ON catalog_product" if part.kind == "TRIGGER" and not LITE else part.name
    execute(f"DROP {part.kind} {place}{'' if LITE else ' CASCADE'}")


def give(product: Product, named: Named) -> None:
    set_attributes({product.pk: named}, whole=True)


def make_vector(product: Product) -> None:
    ProductVector.objects.create(product=product, version=1, revision=1, signs=b"", numbers=b"")


@pytest.fixture
def _products(db: None) -> None:
    make_three()
    if not LITE:  # a table cannot be altered while deferred foreign keys are pending
        execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.usefixtures("_products")
class TestInstall:
    @pytest.mark.parametrize("part", PARTS[connection.vendor], ids=str)
    def test_brings_back_what_is_missing(self, part: Part) -> None:
        drop(part)
        assert f"{part} is missing" in find_faults(connection)
        install(connection)
        assert_whole()

    def test_brings_back_everything(self) -> None:
        for part in reversed(PARTS[connection.vendor]):
            if LITE or part.kind in ("VIEW", "TABLE", "FUNCTION", "EXTENSION"):
                drop(part)
        assert find_faults(connection) == [f"{part} is missing" for part in PARTS[connection.vendor]]
        install(connection)
        assert_whole()

    def test_replaces_what_was_made_otherwise(self) -> None:
        if LITE:
            execute(
                "DROP TRIGGER catalog_product_inserted",
                "CREATE TRIGGER catalog_product_inserted AFTER INSERT ON catalog_product BEGIN SELECT 1; END",
            )
        else:
            execute(
                "COMMENT ON TRIGGER catalog_product_inserted ON catalog_product IS 'of an earlier version'"
            )
        assert find_faults(connection) == ["trigger catalog_product_inserted is out of date"]
        install(connection)
        assert_whole()

    def test_drops_a_trigger_that_a_later_version_no_longer_has(self) -> None:
        last = PARTS[connection.vendor][-1]
        execute(last.create.replace(last.name, "catalog_product_noticed"))
        assert find_faults(connection) == ["trigger catalog_product_noticed is left over"]
        install(connection)
        assert_whole()

    def test_finds_what_was_written_without_a_trigger(self) -> None:
        for part in PARTS[connection.vendor]:
            if part.kind == "TRIGGER":
                drop(part)
        Product.objects.filter(name="Oak desk").delete()
        Product.objects.filter(name="Oak lamp").update(name="Brass candelabrum")  # but not its search text
        make_product(name="Wicker basket")
        assert find("basket") == find("candelabrum") == []
        install(connection)
        assert find("basket") == find("bascet") == ["Wicker basket"]
        assert find("candelabrum") == ["Brass candelabrum"]
        assert find("lamp") == find("desk") == []

    def test_of_a_whole_index_changes_nothing(self) -> None:
        before = read_marks(connection)
        with CaptureQueriesContext(connection) as queries:
            install(connection)
        assert [query["sql"] for query in queries] == [PRESENT[connection.vendor]] * 2
        assert read_marks(connection) == before

    @pytest.mark.parametrize("keeper", KEEPERS[connection.vendor], ids=lambda keeper: keeper.parts[-1].name)
    def test_what_only_keeps_other_rows_does_not_rebuild_search(self, keeper: Keeper) -> None:
        drop(keeper.parts[-1])
        with CaptureQueriesContext(connection) as queries:
            install(connection)
        assert not [query for query in queries if re.search(r"catalog_(search|word)\b", query["sql"])]
        assert_whole()

    def test_makes_good_what_was_written_without_the_keepers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(installation, "MENDED_AT_ONCE", 2)
        parts = [part for keeper in KEEPERS[connection.vendor] for part in keeper.parts]
        lamp, desk, phones = Product.objects.order_by("pk")
        give(lamp, {"Brand": ["Acme"]})
        for product in (lamp, desk):
            make_vector(product)
        other, new = make_category(), make_category()
        for part in parts:
            if part.kind == "TRIGGER":
                drop(part)
        Product.objects.filter(pk=lamp.pk).update(final_price=7, name="Lantern")
        Product.objects.filter(pk=desk.pk).update(category=other)
        Product.objects.filter(pk=phones.pk).delete()
        make_product(name="Wicker basket", category=new)
        assert len(find_wrong_listings()) == 4
        install(connection)
        assert not find_faults(connection)
        assert not find_wrong_listings()
        assert not find_wrong_copies()
        assert not ProductVector.objects.exists()
        assert Listing.objects.count() == 3

    @pytest.mark.skipif(LITE, reason="One transaction")
    def test_begins_again_if_it_was_interrupted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        [trigger] = [part for part in PARTS[connection.vendor] if part.name == "catalog_product_relisted"]
        execute("ALTER TABLE catalog_product DISABLE TRIGGER catalog_product_relisted")
        Product.objects.update(sort_name="other")

        def fail(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(installation, "mend", fail)
            with pytest.raises(KeyboardInterrupt):
                install(connection)
        assert f"{trigger} is out of date" in find_faults(connection)
        install(connection)
        assert not find_faults(connection)
        assert not find_wrong_listings()

    @pytest.mark.skipif(LITE, reason="SQLite's triggers cannot be switched off")
    def test_switches_a_trigger_on_again(self) -> None:
        execute("ALTER TABLE catalog_product DISABLE TRIGGER catalog_product_updated")
        assert find_faults(connection) == ["trigger catalog_product_updated is missing"]
        install(connection)
        assert_whole()


@pytest.mark.usefixtures("_products")
class TestCheck:
    def test_names_what_is_missing_and_the_cure(self) -> None:
        drop(PARTS[connection.vendor][-1])
        [warning] = run_checks(tags=[Tags.database], databases=["default"])
        assert (warning.id, warning.msg, warning.hint) == (
            "catalog.W001",
            f"Search or lists may miss products: {PARTS[connection.vendor][-1]} is missing.",
            "Run manage.py migrate, which makes good what is missing.",
        )
        install(connection)
        assert run_checks(tags=[Tags.database], databases=["default"]) == []

    def test_needs_a_database(self) -> None:
        drop(PARTS[connection.vendor][-1])
        assert run_checks(tags=[Tags.database]) == []


@pytest.mark.django_db
class TestReindex:
    def outdate(self) -> None:
        execute(
            "DROP VIEW catalog_search_analysis",
            "CREATE VIEW catalog_search_analysis AS SELECT 1 AS version, 'fr' AS languages",
            "UPDATE catalog_product SET search_text = ''",
        )
        assert find("lamp") == []
        assert find_faults(connection) == [f"{ANALYSIS} is out of date"]

    def test_by_command(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(installation, "BATCH", 2)
        for name in ("Oak lamp", "Lamp", "Desk", "Rug", "Bed"):
            make_product(name=name)
        self.outdate()
        said = StringIO()
        call_command("reindex_search", stdout=said)
        assert said.getvalue() == "5 products are indexed.\n"
        assert set(find("lamp")) == {"Lamp", "Oak lamp"}
        assert find_faults(connection) == []

    def test_by_migrate(self) -> None:
        make_product(name="Lamp")
        self.outdate()
        install(connection)
        assert find("lamp") == ["Lamp"]
        assert find_faults(connection) == []

    def test_keeps_what_is_written_meanwhile(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(installation, "BATCH", 1)
        first, second = make_product(name="Lamp"), make_product(name="Desk")
        self.outdate()
        batches = reindex(connection)
        assert next(batches) == 1
        first.name, second.name = "Lantern", "Table"
        first.save()
        second.save()
        make_product(name="Rug")
        assert list(batches) == [1, 1]
        assert [find(term) for term in ("lamp", "desk", "lantern", "table", "rug")] == [
            *([], []),
            *(["Lantern"], ["Table"], ["Rug"]),
        ]

    def test_needs_a_whole_index(self) -> None:
        drop(PARTS[connection.vendor][-1])
        with pytest.raises(
            CommandError, match=f"{PARTS[connection.vendor][-1]} is missing. Run manage.py migrate."
        ):
            call_command("reindex_search")


@pytest.fixture
def _whole_afterwards(transactional_db: None) -> Iterator[None]:
    yield
    call_command("migrate", verbosity=0)


@pytest.mark.usefixtures("_whole_afterwards")
class TestMigrate:
    def test_of_a_new_column_keeps_search_alive(self) -> None:
        """On SQLite, Django copies the products to a new table and drops the old one with its triggers."""
        make_three()
        column = migrations.AddField("product", "is_heavy", models.BooleanField(db_default=False))
        before = MigrationLoader(connection).project_state()
        after = before.clone()
        column.state_forwards("catalog", after)
        with connection.schema_editor() as editor:
            column.database_forwards("catalog", editor, before, after)
        try:
            lost = [
                f"trigger catalog_product_{event} is missing"
                for event in (
                    "inserted",
                    "updated",
                    "deleted",
                    "copied",
                    "listed",
                    "relisted",
                    "repriced",
                    "discounted",
                    "rated",
                    "unlisted",
                    "reworded",
                )
            ]
            assert find_faults(connection) == (lost if LITE else [])
            make_product(name="Copper kettle")
            said = StringIO()
            call_command("migrate", verbosity=0, skip_checks=False, stderr=said)
            assert ("catalog.W001" in said.getvalue()) == LITE
            assert find("kettle") == find("ketle") == ["Copper kettle"]
            assert_whole()
        finally:
            with connection.schema_editor() as editor:
                column.database_backwards("catalog", editor, after, before)

    @pytest.mark.slow
    def test_back_to_before_listings_and_forward_again(self) -> None:
        make_three()
        draft = make_product(name="Draft", published_at=None)
        with transaction.atomic():
            give(draft, {"Brand": ["Acme"]})
        call_command("migrate", "catalog", "0017", verbosity=0)
        call_command("migrate", verbosity=0)
        assert not find_faults(connection)
        assert not find_wrong_listings()
        assert not find_wrong_copies()
        assert Listing.objects.count() == 3

    @pytest.mark.slow
    def test_back_to_nothing_leaves_nothing(self) -> None:
        make_three()
        Product.objects.all().delete()
        call_command("migrate", "catalog", "zero", verbosity=0)
        left = read_marks(connection)
        assert PRODUCTS not in left
        assert not [
            part
            for part in PARTS[connection.vendor]
            if part.kind != "EXTENSION" and (part.kind, part.name) in left
        ]
        assert run_checks(tags=[Tags.database], databases=["default"]) == []
        call_command("migrate", verbosity=0)
        make_three()
        assert_whole()

    def test_is_asked_for_by_a_process_that_connects(
        self, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        drop(PARTS[connection.vendor][-1])
        monkeypatch.setattr(installation, "_reported", set())
        for _ in range(2):
            connection.close()
            connection.ensure_connection()
        [record] = caplog.records
        assert record.levelname == "ERROR"
        assert f"{PARTS[connection.vendor][-1]} is missing. Run manage.py migrate." in record.getMessage()


@pytest.mark.django_db
def test_no_trigger_or_function_lives_outside_the_index() -> None:
    """Migrations create no triggers or functions, because lost ones would not come back. They belong in PARTS.

    The seal of documents is another one that `migrate` installs.
    """
    if LITE:
        statement = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    else:
        statement = """
            SELECT tgname FROM pg_trigger WHERE NOT tgisinternal
            UNION SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
                AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
        """
    with connection.cursor() as cursor:
        cursor.execute(statement)
        present = {name for (name,) in cursor.fetchall()}
    parts = {part.name for part in PARTS[connection.vendor] if part.kind in ("TRIGGER", "FUNCTION")}
    assert present == {*parts, seal.NAME}


def test_the_version_of_the_analysis_is_raised_with_its_texts() -> None:
    """If this fails, raise analysis.VERSION, so that `migrate` rewrites the texts of every store."""
    texts = [analysis.search_text(name=name, description=description) for name, description in ANALYSED]
    digest = md5("\n".join(texts).encode(), usedforsecurity=False).hexdigest()
    assert (analysis.VERSION, digest) == (5, "2e44440d7ed2fd9aef69561d5f954ad1")  # pragma: allowlist secret
