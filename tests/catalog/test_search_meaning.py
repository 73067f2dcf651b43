"""Products are found by what a term means, where STORE_SEARCH_SEMANTIC is on."""

from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from catalog import analysis, checks
from catalog.fields import ProductFields
from catalog.models import Product, ProductVector
from catalog.search import NoProductMatches, search
from catalog.search.alike import Alike, fuse
from catalog.search.candidates import BEST_OF_MORE
from catalog.search.query import Match, SearchQuery
from catalog.search.ranking import find_named
from catalog.selectors import ProductFilter
from catalog.services import delete_product, update_product
from catalog.tasks import embed_products
from tests.catalog.searching import SORT, search_names
from tests.conftest import GraphQLClient
from tests.factories import make_product, make_products, make_seller, variant_of

np = pytest.importorskip("numpy", reason="NOT TESTED: requirements-semantic.txt IS NOT INSTALLED.")
pytest.importorskip("onnxruntime", reason="NOT TESTED: requirements-semantic.txt IS NOT INSTALLED.")

from catalog.search.semantic import embedding, nearest  # noqa: E402
from catalog.search.semantic.vectors import embed_missing, save_vectors  # noqa: E402

pytestmark = pytest.mark.django_db

HEADPHONES = "Over-ear headphones"


@pytest.fixture(autouse=True)
def _on(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.STORE_SEARCH_SEMANTIC = True
    monkeypatch.setattr(nearest, "_known", nearest.NONE)


def embed_all() -> int:
    return sum(embed_missing())


@pytest.fixture
def shop() -> None:
    for name in (HEADPHONES, "Oak lamp", "Garden table", "Cotton socks"):
        make_product(name=name, description="-")
    embed_all()


def finds_nothing(term: str, **arguments: Any) -> bool:
    try:
        search(term, **arguments)
    except NoProductMatches:
        return True
    return False


@pytest.mark.usefixtures("shop")
class TestSearch:
    def test_finds_what_has_none_of_the_words(self, settings: Settings) -> None:
        assert search_names("earpods") == [HEADPHONES]
        settings.STORE_SEARCH_SEMANTIC = False
        assert finds_nothing("earpods")

    @pytest.mark.parametrize("term", ["zzzz", "car insurance", "12345"])
    def test_finds_nothing_where_nothing_is_like_the_term(self, term: str) -> None:
        assert finds_nothing(term)

    def test_adds_to_few_matches(self) -> None:
        make_product(name="Case for earpods", description="-")
        assert search_names("earpods") == ["Case for earpods", HEADPHONES]

    def test_means_the_corrected_term(self) -> None:
        assert search_names("oak lanp") == search_names("oak lamp") == ["Oak lamp"]
        make_product(name="Earpods case", description="-")
        assert HEADPHONES in search_names("earpodz")

    def test_stays_within_the_filter_and_what_is_published(self) -> None:
        in_stock = ProductFilter(in_stock=True)
        Product.objects.update(stock=0)
        found = search("earpods", filter=in_stock)
        assert (found.count(), list(found.best)) == (0, [])
        Product.objects.update(published_at=None)
        assert finds_nothing("earpods", filter=in_stock)

    def test_counts_and_facets_agree_with_the_page(self, api: GraphQLClient) -> None:
        make_product(name="Case for earpods", description="-", stock=0)
        query = """{ search(term: "earpods") { ... on ProductConnection {
            totalCount nodes { name } facets { inStock categories { count } }
        } } }"""
        page = api.run(query)["search"]
        assert page["totalCount"] == len(page["nodes"]) == 2
        assert page["facets"]["inStock"] == 1
        assert sum(each["count"] for each in page["facets"]["categories"]) == 2

    def test_a_sku_means_its_product(self) -> None:
        product = make_product(name="Wooden board", description="-")
        variant = variant_of(product)
        variant.sku = "headphones"
        variant.save()
        assert search_names("headphones")[0] == "Wooden board"

    def test_hears_of_new_and_of_reworded_products(self) -> None:
        assert search_names("earpods") == [HEADPHONES]
        Product.objects.filter(name=HEADPHONES).update(name="Bananas")
        make_product(name="Wireless earbuds", description="-")
        assert finds_nothing("earpods")  # their vectors are not made yet
        embed_all()
        assert search_names("earpods") == ["Wireless earbuds"]

    def test_reads_all_again_after_many_were_deleted(self) -> None:
        assert search_names("earpods") == [HEADPHONES]
        ProductVector.objects.exclude(product__name=HEADPHONES).delete()
        assert search_names("earpods") == [HEADPHONES]
        assert search_names("earpods") == [HEADPHONES]
        assert len(nearest._known.keys) == 1

    def test_statements_do_not_grow(self) -> None:
        def statements() -> int:
            with CaptureQueriesContext(connection) as captured:
                assert list(search("headphones").best)
            return len(captured)

        for _ in range(2):
            search("headphones")
        few = statements()
        for number in range(15):
            make_product(name=f"Headphones {number}", description="-")
        embed_all()
        search("headphones")
        # The names, the words, the candidates, the revision, the nearest and the page.
        assert few == statements() == 6


def test_a_name_that_lacks_a_word_means_its_product() -> None:
    """Of such products the words decide, and not which of them is nearest in meaning."""
    ranks, alike = {1: 0.8, 2: 0.7, 3: 0.7, 4: 0.7}, Alike(nearest=[2, 3, 4, 1])
    nearest, by_words = (fuse(ranks, alike, named=named) for named in ([], [*ranks]))
    assert max(nearest, key=nearest.__getitem__) == 2
    assert max(by_words, key=by_words.__getitem__) == 1


@pytest.mark.parametrize(
    ("term", "named"),
    [
        ("rustic charm leather", {1}),
        ("leather charm tote rustic", {1}),
        ("rustic leather", set()),
        ("oak charm rustic table", {2}),
        ("rustic charm leather shoe", set()),
    ],
)
def test_a_term_names_what_it_has_almost_the_whole_name_of(term: str, named: set[int]) -> None:
    names = ("Rustic charm leather tote", "Rustic charm table of oak")
    texts = [analysis.search_text(name=name, description="A rustic shoe.") for name in names]
    matches = [Match(0, key, text, "") for key, text in enumerate(texts, start=1)]
    assert find_named(SearchQuery.of(term), matches) == named


def test_the_best_of_too_many_are_those_nearest_in_meaning() -> None:
    make_products(601, name="lamp", description="-")
    last = Product.objects.order_by("-pk")[0]
    Product.objects.filter(pk=last.pk).update(description="For children")
    rows = Product.objects.values_list("pk", "name", "description")
    other, meant = embedding.embed("Something else"), embedding.embed_term("lamp")
    save_vectors({row: meant if row[0] == last.pk else other for row in rows})
    found = search("lamp")
    best = list(found.best.order_by(*SORT))
    assert (found.count(), len(best)) == (601, BEST_OF_MORE)
    assert best[0] == last
    assert last.pk not in [match.key for match in found.candidates.matches]


class TestVectors:
    def test_are_made_of_products_that_have_none(self) -> None:
        make_product()
        assert (embed_all(), embed_all()) == (1, 0)
        vector = ProductVector.objects.get()
        assert (len(vector.signs), len(vector.numbers)) == (48, 384)

    def test_are_made_again_when_the_text_changes_and_only_then(self) -> None:
        seller = make_seller()
        product = make_product(user=seller, name="Lamp", description="-")
        embed_all()
        update_product(
            user=seller, product_pk=product.pk, changes={"stock": 3, "name": "Lamp"}, now=timezone.now()
        )
        Product.objects.update(sold_count=4)
        assert embed_all() == 0
        reworded: list[ProductFields] = [{"name": "Table"}, {"description": "Of oak."}]
        for changes in reworded:
            update_product(user=seller, product_pk=product.pk, changes=changes, now=timezone.now())
            assert embed_all() == 1

    def test_of_texts_that_have_changed_meanwhile_are_not_saved(self) -> None:
        product = make_product(name="Lamp", description="-")
        Product.objects.filter(pk=product.pk).update(name="Table")
        vector = embedding.embed("Lamp. -")
        save_vectors({(product.pk, "Lamp", "-"): vector, (product.pk + 1, "Deleted", "-"): vector})
        assert not ProductVector.objects.exists()

    def test_of_another_version_are_replaced(self) -> None:
        make_product()
        embed_all()
        ProductVector.objects.update(version=embedding.VERSION + 1)
        assert embed_all() == 1
        assert ProductVector.objects.get().version == embedding.VERSION

    def test_are_deleted_with_the_product(self) -> None:
        seller = make_seller()
        product = make_product(user=seller)
        embed_all()
        delete_product(user=seller, product_pk=product.pk)
        assert not ProductVector.objects.exists()

    def test_revisions_rise_also_after_the_last_was_deleted(self) -> None:
        make_product()
        embed_all()
        before = ProductVector.objects.get().revision
        ProductVector.objects.all().delete()
        embed_all()
        assert ProductVector.objects.get().revision > before

    def test_are_made_by_the_task_and_the_command_where_they_are_read(
        self, settings: Settings, capsys: pytest.CaptureFixture[str]
    ) -> None:
        make_product()
        settings.STORE_SEARCH_SEMANTIC = False
        assert embed_products.call() == "STORE_SEARCH_SEMANTIC is off."
        with pytest.raises(CommandError, match="is off"):
            call_command("embed_products")
        assert not ProductVector.objects.exists()
        settings.STORE_SEARCH_SEMANTIC = True
        assert embed_products.call() == "1 vectors of products made."
        make_product()
        call_command("embed_products")
        assert capsys.readouterr().out == "1 vectors of products made.\n"


class TestEmbedding:
    def test_reads_a_bounded_part_of_any_text(self) -> None:
        long = embedding.embed("lamp " * 100_000)
        assert np.array_equal(long, embedding.embed("lamp " * 200))
        assert embedding.embed_term.cache_info().maxsize == embedding.MAX_KEPT_TERMS

    def test_is_near_for_texts_that_mean_the_same(self) -> None:
        sofa, couch, drill = map(embedding.embed, ("a comfortable sofa", "a cosy couch", "an electric drill"))
        assert sofa @ couch > 0.7 > 0.3 > sofa @ drill

    def test_bytes_keep_the_angles(self) -> None:
        lamp, light = embedding.embed("lamp"), embedding.embed("reading light")
        rounded = np.frombuffer(embedding.round_numbers(lamp), dtype=np.int8).astype(np.float32)
        assert rounded @ light / np.linalg.norm(rounded) == pytest.approx(lamp @ light, abs=0.005)


def test_the_most_equal_signs_are_found() -> None:
    random = np.random.default_rng(5)
    vectors = random.normal(size=(40_000, 384)).astype(np.float32)
    words = np.frombuffer(b"".join(map(embedding.signs_of, vectors)), dtype=np.uint64).reshape(-1, 6).T
    signs = nearest.Signs(keys=np.arange(40_000), words=words, revision=1)
    found = nearest.most_equal(signs, vectors[7])
    different = ((vectors > 0) != (vectors[7] > 0)).sum(axis=1)
    assert found[0] == 7
    assert len(found) == nearest.MAX_NEAREST
    assert different[found].tolist() == sorted(different)[: nearest.MAX_NEAREST]


def test_missing_packages_are_an_error(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "catalog.E001" not in [message.id for message in run_checks()]
    monkeypatch.setattr(checks, "PACKAGES", ("no_such_package",))
    assert "catalog.E001" in [message.id for message in run_checks()]
    settings.STORE_SEARCH_SEMANTIC = False
    assert "catalog.E001" not in [message.id for message in run_checks()]
