"""Several pictures of a product in files: ours, Shopify's and WooCommerce's."""

from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import User
from catalog.exchange import Outcome, export_products, import_products, read_rows
from catalog.exchange.drafting import Draft
from catalog.exchange.grouping import group_rows
from catalog.exchange.importing import Importer
from catalog.exchange.rows import row_of
from catalog.models import MAX_ALT, MAX_IMAGES, Product, ProductImage, ProductVariant
from catalog.pictures import pictures_of, save_pictures
from orders.audit import differences_here
from tests.catalog.files import json_lines
from tests.factories import FILES_OF_A_PICTURE, add_pictures, make_product, make_user

pytestmark = pytest.mark.django_db

LAMP = {"slug": "lamp", "category": "Lamps", "name": "Lamp", "description": "Shines.", "price": "10"}
TEE = {**LAMP, "slug": "tee", "name": "Tee", "option1_name": "Size", "option1_value": "S"}
LARGE = {"slug": "tee", "option1_value": "L", "price": "12"}
TOO_MANY = f"A product can have at most {MAX_IMAGES} pictures."
MISSING = "The folder of pictures has no file of this name."
OPTION = "Option1 Name,Option1 Value"
SHOPIFY = f"Handle,Title,{OPTION},Variant Price,Image Src,Image Position,Image Alt Text,Variant Image\n"
WOO = "Type,SKU,Name,Regular price,Images,Parent,Attribute 1 name,Attribute 1 value(s)\n"


@pytest.fixture
def seller() -> User:
    return make_user(email="seller@example.com")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, name in enumerate("abcd"):
        Image.new("RGB", (60, 40), (50 * number, 0, 0)).save(folder / f"{name}.png")
    return folder


def bring_in(content: Any, *, seller: User, name: str = "p.jsonl", folder: Path | None = None) -> Outcome:
    data = content.encode() if isinstance(content, str) else content
    whole = Outcome()
    rows = read_rows(BytesIO(data), name=name)
    for outcome in import_products(rows, seller=seller, now=timezone.now(), pictures=folder):
        whole.add(outcome)
    return whole


def reasons(outcome: Outcome) -> list[tuple[int, str]]:
    return [(refused.line, refused.reason) for refused in outcome.refused]


def files() -> set[str]:
    return set(default_storage.listdir("products")[1]) if default_storage.exists("products") else set()


def shown() -> list[str]:
    """Return what the pictures of the only product show, in order."""
    return list(ProductImage.objects.order_by("position", "pk").values_list("image_alt", flat=True))


def everything() -> list[Any]:
    models = (Product, ProductVariant, ProductImage)
    return [list(model.objects.order_by("pk").values()) for model in models]


def picture(name: str, *, slug: str = "lamp") -> dict[str, str]:
    return {"slug": slug, "image": f"{name}.png", "image_alt": name}


class TestOwnFiles:
    def test_rows_add_pictures_in_order(self, seller: User, folder: Path) -> None:
        rows = json_lines({**LAMP, **picture("b")}, picture("a"), picture("c"))
        assert bring_in(rows, seller=seller, folder=folder) == Outcome(created=1)
        product = Product.objects.get()
        assert (shown(), product.image_alt) == (["b", "a", "c"], "b")
        assert len(files()) == 3 * FILES_OF_A_PICTURE
        before = everything()
        assert bring_in(rows, seller=seller, folder=folder) == Outcome(unchanged=1)
        assert bring_in(rows, seller=seller) == Outcome(unchanged=1)
        assert everything() == before
        assert not list(differences_here())

    def test_variants_have_pictures(self, seller: User, folder: Path) -> None:
        rows = json_lines(
            {**TEE, **picture("a", slug="tee"), "variant_image": "b.png"},
            {**LARGE, **picture("b", slug="tee"), "variant_image": "a.png"},
        )
        assert bring_in(rows, seller=seller, folder=folder) == Outcome(created=1)
        found = ProductVariant.objects.order_by("position").values_list("option_1", "image__image_alt")
        assert (list(found), shown()) == ([("S", "b"), ("L", "a")], ["a", "b"])
        assert bring_in(rows, seller=seller, folder=folder) == Outcome(unchanged=1)
        other = json_lines({**LARGE, "variant_image": "c.png"})
        assert bring_in(other, seller=seller, folder=folder) == Outcome(updated=1)
        assert (shown(), ProductVariant.objects.get(option_1="L").image) == (
            ["a", "b", ""],
            ProductImage.objects.last(),
        )

    def test_which_variant_must_be_clear(self, seller: User, folder: Path) -> None:
        bring_in(json_lines(TEE, LARGE), seller=seller)
        before = everything()
        outcome = bring_in(
            json_lines({"slug": "tee", "variant_image": "a.png"}), seller=seller, folder=folder
        )
        assert [(line, reason[:15]) for line, reason in reasons(outcome)] == [(1, "variant_image: ")]
        assert everything() == before

    def test_pictures_that_are_not_named_stay(
        self,
        seller: User,
        folder: Path,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        bring_in(
            json_lines({**LAMP, **picture("a")}, picture("b"), picture("c")), seller=seller, folder=folder
        )
        before = files()
        rows = json_lines({**picture("c"), "image_alt": "new text"}, picture("d"), picture("a"))
        with django_capture_on_commit_callbacks(execute=True):
            assert bring_in(rows, seller=seller, folder=folder) == Outcome(updated=1)
        assert shown() == ["new text", "d", "b", "a"]
        assert Product.objects.get().image_alt == "new text"
        assert files() > before
        assert not list(differences_here())

    @pytest.mark.parametrize("cells", [{}, {"image": "", "image_alt": "", "variant_image": ""}])
    def test_empty_cells_change_nothing(self, seller: User, folder: Path, cells: dict[str, str]) -> None:
        bring_in(json_lines({**LAMP, **picture("a")}, picture("b")), seller=seller, folder=folder)
        before = everything()
        rows = json_lines({**LAMP, **cells}, {"slug": "lamp", "image": "b.png", "image_alt": ""})
        assert bring_in(rows, seller=seller, folder=folder) == Outcome(unchanged=1)
        assert everything() == before

    def test_21_in_a_file(self, seller: User, folder: Path) -> None:
        for number in range(MAX_IMAGES):
            (folder / f"{number}.png").write_bytes((folder / "a.png").read_bytes() + b"x" * number)
        rows = [picture(str(number)) for number in range(MAX_IMAGES)]
        content = json_lines({**LAMP, **rows[0]}, *rows[1:], picture("a"))
        outcome = bring_in(content, seller=seller, folder=folder)
        assert reasons(outcome) == [(MAX_IMAGES + 1, f"image: {TOO_MANY}")]
        assert shown() == [str(number) for number in range(MAX_IMAGES)]

    def test_one_more_than_20_with_those_that_stay(
        self,
        seller: User,
        folder: Path,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        product = make_product(name="Lamp", user=seller)
        add_pictures(product, *map(str, range(MAX_IMAGES)))
        before = everything()
        row = json_lines({"slug": product.slug, "name": "Lamp", "price": "99", "image": "a.png"})
        with django_capture_on_commit_callbacks(execute=True):
            outcome = bring_in(row, seller=seller, folder=folder)
        assert reasons(outcome) == [(1, f"image: {TOO_MANY}")]
        assert (everything(), files()) == (before, set())

    def test_a_row_of_a_missing_one_alone_is_refused(self, seller: User, folder: Path) -> None:
        rows = json_lines({**LAMP, **picture("a")}, picture("none"), picture("b"))
        assert reasons(bring_in(rows, seller=seller, folder=folder)) == [(2, f"image: {MISSING}")]
        assert shown() == ["a", "b"]

    def test_a_product_comes_in_without_its_missing_one(self, seller: User, folder: Path) -> None:
        rows = json_lines(
            {**TEE, "image": "none.png", "variant_image": "a.png"},
            {**LARGE, "variant_image": "gone.png"},
        )
        outcome = bring_in(rows, seller=seller, folder=folder)
        assert (outcome.created, reasons(outcome)) == (1, [])
        assert [str(note) for note in outcome.notes] == [
            f"Line 1: image: {MISSING}",
            f"Line 2: variant_image: {MISSING}",
        ]
        found = ProductVariant.objects.order_by("position").values_list("option_1", "image__position")
        assert list(found) == [("S", 0), ("L", None)]

    def test_a_refused_variant_leaves_no_picture(
        self,
        seller: User,
        folder: Path,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        rows = json_lines(
            {**TEE, **picture("a", slug="tee")},
            {
                **LARGE,
                **picture("b", slug="tee"),
                "variant_image": "c.png",
                "option2_value": "No such option",
            },
        )
        with django_capture_on_commit_callbacks(execute=True):
            assert [line for line, _ in reasons(bring_in(rows, seller=seller, folder=folder))] == [2]
        assert (shown(), len(files())) == (["a"], FILES_OF_A_PICTURE)

    def test_a_long_text_refuses_its_row(self, seller: User, folder: Path) -> None:
        rows = json_lines({**LAMP, **picture("a")}, {**picture("b"), "image_alt": "x" * (MAX_ALT + 1)})
        [(line, reason)] = reasons(bring_in(rows, seller=seller, folder=folder))
        assert (line, reason[:11], shown()) == (2, "image_alt: ", ["a"])

    @pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
    def test_an_unchanged_export_changes_nothing(
        self,
        seller: User,
        folder: Path,
        settings: Any,
        suffix: str,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        first = {**TEE, **picture("c", slug="tee"), "image_alt": "=1+1, “c”", "variant_image": "b.png"}
        rows = json_lines(first, LARGE, *(picture(name, slug="tee") for name in "ba"), LAMP)
        bring_in(rows, seller=seller, folder=folder)
        exported = "".join(export_products(Product.objects.all(), suffix=suffix))
        before, stored = everything(), files()
        with django_capture_on_commit_callbacks(execute=True) as callbacks:
            outcome = bring_in(exported, seller=seller, name=f"p{suffix}", folder=settings.MEDIA_ROOT)
        assert (outcome, callbacks) == (Outcome(unchanged=2), [])
        assert (everything(), files()) == (before, stored)
        # In another shop, it brings them all.
        Product.objects.all().delete()
        outcome = bring_in(exported, seller=seller, name=f"p{suffix}", folder=settings.MEDIA_ROOT)
        assert (outcome, shown()) == (Outcome(created=2), ["=1+1, “c”", "b", "a"])
        assert [
            each.image and each.image.image_alt for each in Product.objects.get(slug="tee").variants.all()
        ] == [*("b", None)]

    def test_many_take_as_many_statements_as_one(self, seller: User, folder: Path) -> None:
        def statements(*slugs: str, names: str) -> int:
            rows = []
            for slug in slugs:
                first, *others = (picture(name, slug=slug) for name in names)
                rows += [{**LAMP, "name": slug, **first, "variant_image": first["image"]}, *others]
            with CaptureQueriesContext(connection) as queries:
                outcome = bring_in(json_lines(*rows), seller=seller, folder=folder)
            assert outcome.created + outcome.updated == len(slugs)
            return len(queries)

        statements("warm-up", names="a")
        assert statements("one", names="a") == statements("two", "three", "four", names="bca")
        assert statements("one", names="ba") == statements("two", "three", "four", names="dacb")

    def test_the_export_reads_pictures_together(self, seller: User) -> None:
        def statements() -> int:
            with CaptureQueriesContext(connection) as queries:
                list(export_products(Product.objects.all(), suffix=".csv"))
            return len(queries)

        add_pictures(make_product(name="One"), "a")
        before = statements()
        add_pictures(make_product(name="Two"), "b", "c")
        make_product(name="Three")
        assert statements() == before


class TestShopify:
    def test_further_rows_and_pictures_of_variants(self, seller: User, folder: Path) -> None:
        rows = (
            "tee,Tee,Size,S,9,https://x.example/files/b.png?v=1,2,Back,",
            "tee,,,L,9,https://x.example/files/a.png?v=1,1,Front,https://x.example/files/c.png",
            "tee,,,,,https://x.example/c.png,3,Collar,",
        )
        content = SHOPIFY + "\n".join(rows)
        outcome = bring_in(content, seller=seller, name="p.csv", folder=folder)
        assert (outcome.created, reasons(outcome)) == (1, [])
        assert shown() == ["Front", "Back", "Collar"]
        images = ProductVariant.objects.order_by("position").values_list("image__image_alt", flat=True)
        assert list(images) == [None, "Collar"]
        assert bring_in(content, seller=seller, name="p.csv", folder=folder).unchanged == 1
        assert bring_in(content, seller=seller, name="p.csv").unchanged == 1

    def test_without_a_folder_they_are_left_out(self, seller: User) -> None:
        content = f"{SHOPIFY}tee,Tee,,,9,https://x.example/a.png,1,A,\ntee,,,,,https://x.example/b.png,2,,\n"
        outcome = bring_in(content, seller=seller, name="p.csv")
        assert (outcome.created, reasons(outcome), shown()) == (1, [], [])


class TestWooCommerce:
    def test_a_list_of_pictures(self, seller: User, folder: Path) -> None:
        rows = (
            'variable,hd,Hoodie,,"https://x.example/b.png, https://x.example/a.png",,Size,"S, L"',
            "variation,hd-s,Hoodie,45,https://x.example/c.png,hd,Size,S",
            "variation,hd-l,Hoodie,45,,hd,Size,L",
            'simple,mug,Mug,9,"https://x.example/a.png,https://x.example/none.png",,,',
        )
        content = WOO + "\n".join(rows)
        outcome = bring_in(content, seller=seller, name="p.csv", folder=folder)
        assert (outcome.created, reasons(outcome)) == (2, [(5, f"image: {MISSING}")])
        hoodie, mug = Product.objects.order_by("name")
        first, _, third = hoodie.images.all()
        assert (hoodie.image.name, mug.images.count()) == (first.name, 1)
        assert [each.image for each in hoodie.variants.all()] == [third, None]
        assert bring_in(content, seller=seller, name="p.csv", folder=folder).unchanged == 2

    @pytest.mark.parametrize("kind", ["simple", "variable"])
    def test_21_refuse_the_row(self, seller: User, folder: Path, kind: str) -> None:
        images = ",".join(["https://x.example/a.png"] * (MAX_IMAGES + 1))
        content = f'{WOO}{kind},mug,Mug,9,"{images}",,,\n'
        outcome = bring_in(content, seller=seller, name="p.csv", folder=folder)
        assert reasons(outcome) == [(2, f"images: {TOO_MANY}")]
        assert (Product.objects.count(), files()) == (0, set())


def test_a_deleted_picture_stays_deleted(seller: User, folder: Path) -> None:
    """Another tab deletes a picture between the match of the rows and the lock on their products."""
    product = make_product(name="Lamp", user=seller)
    front, back = add_pictures(product, "front", "back")
    rows = group_rows([row_of(1, {"slug": product.slug, "image": front.name, "image_alt": "New"})])
    importer = Importer(seller=seller, now=timezone.now(), pictures=folder)
    with ExitStack() as held:
        drafts = [each for each in importer.drafter.drafts(list(rows), files=held) if isinstance(each, Draft)]
        save_pictures(product, {back.name: back}, before=pictures_of(product))
        assert importer.write(drafts) == Outcome(unchanged=1)
    assert shown() == ["The back"]
