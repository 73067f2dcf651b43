from decimal import Decimal
from functools import cache
from io import BytesIO

import pytest
from django.utils.text import slugify
from PIL import Image, ImageChops, ImageColor

from demo.seed.content import CATEGORIES, DEPARTMENTS, PRODUCTS, REVIEWERS, SELLERS, SeedProduct
from demo.seed.pictures import SIDE, draw, motifs

each_product = pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: slugify(product.name))


class TestContent:
    def test_is_a_shop_worth_looking_at(self) -> None:
        assert len(CATEGORIES) == 8
        assert {category.department for category in CATEGORIES} == {*DEPARTMENTS}
        assert len(PRODUCTS) >= 64
        assert min(sum(product.category == category for product in PRODUCTS) for category in CATEGORIES) >= 6
        assert any(product.stock == 0 for product in PRODUCTS)
        assert any(0 < product.stock < 5 for product in PRODUCTS)
        assert any(product.discount > 0 for product in PRODUCTS)
        assert sum(len(product.comments) for product in PRODUCTS) >= 40

    @pytest.mark.parametrize(
        "names",
        [
            [*DEPARTMENTS, *(category.name for category in CATEGORIES)],
            [product.name for product in PRODUCTS],
            SELLERS + REVIEWERS,
        ],
        ids=["categories", "products", "people"],
    )
    def test_slugs_are_unique(self, names: list[str]) -> None:
        slugs = [slugify(name) for name in names]

        assert all(slugs)
        assert len(set(slugs)) == len(slugs)

    @each_product
    def test_product_is_within_the_limits(self, product: SeedProduct) -> None:
        assert 0 < len(product.name) <= 200
        assert 0 < len(product.description) <= 5000
        assert product.price > 0
        assert product.price == product.price.quantize(Decimal("0.01"))
        assert 0 <= product.discount <= 100
        assert product.discount == product.discount.quantize(Decimal("0.01"))
        assert product.stock >= 0
        assert product.seller in SELLERS

    @each_product
    def test_comments_are_within_the_limits(self, product: SeedProduct) -> None:
        rated_by = [comment.author for comment in product.comments if comment.rating is not None]

        assert len(set(rated_by)) == len(rated_by)
        assert all(comment.rating in (None, 1, 2, 3, 4, 5) for comment in product.comments)
        assert all(comment.body.strip() for comment in product.comments)
        assert not set(rated_by) & set(SELLERS)


@cache
def draw_all(product: SeedProduct) -> Image.Image:
    """Draw the pictures once for all tests, because that takes longest."""
    return Image.open(BytesIO(draw(product)))


class TestDraw:
    @each_product
    def test_shows_the_product_in_its_colours_before_its_categorys_tint(self, product: SeedProduct) -> None:
        picture = draw_all(product)

        assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (SIDE, SIDE))
        for colour in (product.colour, product.accent):
            assert near(picture, colour) >= 200, f"hardly any {colour}"
        lower_right = picture.crop((SIDE - 20, SIDE - 20, SIDE, SIDE))
        assert near(lower_right, product.category.tint, tolerance=40) == 400

    def test_same_product_same_bytes(self) -> None:
        first, second = ([draw(product) for product in PRODUCTS[:4]] for _ in range(2))

        assert first == second

    @pytest.mark.slow
    def test_no_two_products_look_alike(self) -> None:
        small = [draw_all(product).reduce(25) for product in PRODUCTS]

        for index, one in enumerate(small):
            for other in small[:index]:
                assert ImageChops.difference(one, other).convert("L").histogram()[40:] != [0] * 216

    def test_every_motif_is_used(self) -> None:
        assert {product.motif for product in PRODUCTS} == motifs().keys()


def near(picture: Image.Image, colour: str, *, tolerance: int = 12) -> int:
    """Return the number of pixels of about this colour."""
    distance = ImageChops.difference(picture, Image.new("RGB", picture.size, ImageColor.getrgb(colour)))
    within = [channel.point(lambda value: 255 if value <= tolerance else 0) for channel in distance.split()]
    return ImageChops.darker(ImageChops.darker(within[0], within[1]), within[2]).histogram()[255]
