"""manage.py seed."""

from decimal import Decimal
from functools import cache
from io import StringIO
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import models
from django.db.models import F, Sum
from django.db.models.functions import Coalesce
from pytest_django import Settings

from accounts.models import User
from catalog.models import RATINGS, Category, Product, ProductImage, ProductVariant, StockMovement
from catalog.prices import lowest_prior_prices
from core.money import round_half_up
from demo import demonstration
from demo.demonstration import PASSWORD, SELLER, SHOPPER, STAFF
from demo.seed import content, pictures
from demo.seed.terms import CODE
from orders.audit import differences_here
from policies.models import Policy
from pricing.models import DeliveryMethod, DeliveryRate, DiscountCode, TaxRate
from reviews.models import Comment
from tests.factories import make_product

pytestmark = pytest.mark.django_db

drawn = cache(pictures.draw)  # which draws the same bytes on every run, see test_seed_pictures.py
TERMS: tuple[type[models.Model], ...] = (DeliveryMethod, DeliveryRate, TaxRate, DiscountCode, Policy)
MODELS: tuple[type[models.Model], ...] = (User, Category, Product, StockMovement, Comment, *TERMS)


ALL_PRODUCTS, DONATIONS = content.PRODUCTS, content.DONATIONS


@pytest.fixture(autouse=True)
def _a_few_products(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use 7 of the 68 products, with 5 comments, and no donation. Draw their pictures once, because drawing is slow."""
    monkeypatch.setattr(content, "PRODUCTS", content.PRODUCTS[::10])
    monkeypatch.setattr(content, "DONATIONS", ())
    monkeypatch.setattr(demonstration, "draw", drawn)


def seed(*arguments: str) -> str:
    output = StringIO()
    call_command("seed", "--anyway", *arguments, stdout=output)
    return output.getvalue()


def rows() -> list[list[dict[str, Any]]]:
    return [list(model._default_manager.order_by("pk").values()) for model in MODELS]


def files() -> list[str]:
    return sorted(default_storage.listdir("products")[1])


def products_off_their_ledger() -> int:
    sums = Product.objects.annotate(moved=Coalesce(Sum("movements__delta"), 0))
    return sums.exclude(stock=F("moved")).count()


class TestShop:
    @pytest.mark.slow
    def test_sells_what_the_content_says(self) -> None:
        seed()
        assert Category.objects.count() == len(content.DEPARTMENTS) + len(content.CATEGORIES) == 11
        for wanted in content.PRODUCTS:
            product = Product.objects.select_related("category", "user__profile").get(name=wanted.name)
            assert product.category.name == wanted.category.name
            assert product.category.parent is not None
            assert product.category.parent.name == wanted.category.department
            assert product.user.profile.name == wanted.seller
            assert (product.price, product.discount, product.stock) == (
                wanted.price,
                wanted.discount,
                wanted.stock,
            )
            assert default_storage.exists(str(product.image))
            looks = wanted.looks()
            alts = [f"{wanted.name} in {colour}" if colour else wanted.name for colour in looks]
            assert [picture.image_alt for picture in product.images.all()] == alts
        assert products_off_their_ledger() == 0

    def test_has_a_donation_that_is_neither_taxed_nor_shipped(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(content, "PRODUCTS", ())
        monkeypatch.setattr(content, "DONATIONS", DONATIONS)
        seed()
        donation = Product.objects.get()
        assert donation.tax_class is not None
        assert donation.tax_class.name == "Not taxable"
        assert not TaxRate.objects.filter(tax_class=donation.tax_class).exists()
        assert not donation.variants.get().requires_shipping
        before, pictures = rows(), files()
        seed()
        assert (rows(), files()) == (before, pictures)
        assert list(differences_here()) == []

    def test_has_a_draft(self, monkeypatch: pytest.MonkeyPatch) -> None:
        [draft] = [product for product in ALL_PRODUCTS if product.draft]
        monkeypatch.setattr(content, "PRODUCTS", (draft,))
        seed()
        assert Product.objects.get().published_at is None

    def test_a_variant_shows_the_picture_of_its_colour(self, monkeypatch: pytest.MonkeyPatch) -> None:
        coloured = [product for product in ALL_PRODUCTS if product.colours]
        monkeypatch.setattr(content, "PRODUCTS", coloured)
        seed()
        assert ProductVariant.objects.count() > 10
        for variant in ProductVariant.objects.select_related("image"):
            assert variant.image is not None
            assert variant.image.image_alt.endswith(f" in {variant.option_2}")
        assert ProductImage.objects.count() == sum(len(product.colours) for product in coloured)

    @pytest.mark.slow
    def test_counts_the_ratings(self) -> None:
        seed()
        assert Comment.objects.count() == sum(len(product.comments) for product in content.PRODUCTS) > 0
        for wanted in content.PRODUCTS:
            product = Product.objects.get(name=wanted.name)
            given = [comment.rating for comment in wanted.comments]
            assert [getattr(product, f"rated_{rating}") for rating in RATINGS] == [
                given.count(rating) for rating in RATINGS
            ]

    @pytest.mark.slow
    def test_a_second_run_changes_nothing(self) -> None:
        seed()
        before, pictures = rows(), files()
        seed()
        assert (rows(), files()) == (before, pictures)

    @pytest.mark.slow
    def test_leaves_alone_what_has_changed_since(self) -> None:
        seed()
        Product.objects.update(price=1, final_price=1)
        Comment.objects.update(body="Changed my mind.")
        before = rows()
        seed()
        assert rows() == before

    @pytest.mark.slow
    def test_adds_what_is_missing(self) -> None:
        seed()
        Product.objects.order_by("pk")[0].delete()
        Comment.objects.order_by("pk")[0].delete()
        seed()
        assert Product.objects.count() == len(content.PRODUCTS)
        assert Comment.objects.count() == sum(len(product.comments) for product in content.PRODUCTS)

    @pytest.mark.slow
    def test_dates_are_spread_over_the_year_before_now(self) -> None:
        seed()
        days = Product.objects.values_list("added_at", flat=True)
        assert len(set(days)) == len(content.PRODUCTS)
        assert (max(days) - min(days)).days > 200
        assert not Comment.objects.filter(created_at__lte=F("product__added_at")).exists()


class TestAccounts:
    def test_have_the_printed_password(self, settings: Settings) -> None:
        settings.DEBUG = True
        output = seed()
        for email in (SHOPPER, SELLER, STAFF):
            assert email in output
            assert User.objects.get(email=email).check_password(PASSWORD)
        assert PASSWORD in output

    @pytest.mark.slow
    def test_have_none_in_production(self) -> None:
        assert PASSWORD not in seed()
        assert not any(user.has_usable_password() for user in User.objects.all())

    @pytest.mark.slow
    def test_may_do_what_they_are_for(self) -> None:
        seed()
        shopper, seller, staff = (User.objects.get(email=email) for email in (SHOPPER, SELLER, STAFF))
        assert not shopper.has_perm("catalog.add_product")
        assert seller.has_perm("catalog.add_product")
        assert seller.products.exists()
        assert (shopper.is_staff, seller.is_staff, staff.is_staff, staff.is_superuser) == (
            False,
            False,
            True,
            True,
        )


class TestRefused:
    """Nothing is added to a shop that may be a real one."""

    def test_without_debug(self, settings: Settings) -> None:
        settings.DEBUG = False
        with pytest.raises(CommandError, match="DEBUG is off"):
            call_command("seed")
        assert not User.objects.exists()

    def test_with_products_of_its_own(self, settings: Settings) -> None:
        settings.DEBUG = True
        make_product()
        before = rows()
        with pytest.raises(CommandError, match="products of its own"):
            call_command("seed", "--products", "1")
        assert rows() == before

    def test_not_a_second_time(self, settings: Settings) -> None:
        settings.DEBUG = True
        call_command("seed", stdout=StringIO())
        call_command("seed", stdout=StringIO())


class TestIfEmpty:
    def test_fills_an_empty_shop(self) -> None:
        seed("--if-empty")
        assert Product.objects.count() == len(content.PRODUCTS)

    def test_adds_nothing_to_another_but_prints_the_accounts(self) -> None:
        seed()
        Product.objects.order_by("pk")[0].delete()
        before = rows()
        assert SHOPPER in seed("--if-empty", "--products", "5")
        assert rows() == before


@pytest.mark.slow
class TestTerms:
    def test_are_delivery_tax_and_a_code(self, settings: Settings) -> None:
        settings.STORE_CURRENCY = "JPY"
        assert CODE in seed()
        assert [str(rate.price) for rate in DeliveryRate.objects.order_by("pk")] == ["5.00", "13.00"]
        assert {rate.country for rate in TaxRate.objects.all()} > {"DE", "US"}

    def test_none_on_request(self) -> None:
        assert CODE not in seed("--plain")
        assert not any(model._default_manager.exists() for model in TERMS)


class TestVariants:
    @pytest.fixture(autouse=True)
    def _clothes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        names = ("Everyday Cotton T-Shirt", "Fjord Knit Sweater")
        monkeypatch.setattr(content, "PRODUCTS", [found for found in ALL_PRODUCTS if found.name in names])
        seed()

    def test_of_clothes(self) -> None:
        shirt = Product.objects.get(name="Everyday Cotton T-Shirt")
        assert shirt.option_names == ["Size", "Colour"]
        variants = list(shirt.variants.all())
        assert [variant.title for variant in variants[:3]] == ["S / Blue", "S / Sand", "S / Moss"]
        assert [variant.stock == 0 for variant in variants] == [False] * 11 + [True]
        assert variants[0].sku == "ECT-S-BLUE"

    def test_what_is_reduced_has_an_earlier_price(self) -> None:
        sweaters = ProductVariant.objects.filter(product__name="Fjord Knit Sweater")
        prior = lowest_prior_prices([variant.pk for variant in sweaters])
        assert [prior[variant.pk] for variant in sweaters] == [98] * 6
        assert {variant.final_price for variant in sweaters} == {Decimal("68.60")}


class TestGeneratedProducts:
    @pytest.mark.slow
    def test_are_valid_and_varied(self) -> None:
        seed("--products", "150")
        generated = Product.objects.filter(image="")
        assert generated.count() == 150
        for product in generated:
            product.full_clean()
        for field in (
            "name",
            "slug",
            "price",
            "discount",
            "stock",
            "rating_average",
            "added_at",
        ):
            assert generated.order_by().values(field).distinct().count() > 5, field
        assert generated.filter(stock=0).exists()
        assert products_off_their_ledger() == 0
        assert list(differences_here()) == []

    def test_have_the_digits_of_the_currency(self, settings: Settings) -> None:
        settings.STORE_CURRENCY = "JPY"
        seed("--products", "20")
        assert all(
            price == round_half_up(price, "JPY") for price in Product.objects.values_list("price", flat=True)
        )

    def test_add_to_those_there_are(self) -> None:
        seed("--products", "20")
        before = rows()[2]
        seed("--products", "20")
        assert Product.objects.count() == len(content.PRODUCTS) + 40
        assert rows()[2][: len(before)] == before

    def test_cannot_be_fewer_than_none(self) -> None:
        with pytest.raises(CommandError):
            seed("--products=-1")
        assert not Product.objects.exists()
