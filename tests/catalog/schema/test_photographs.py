"""Photographs of phones, read from beside the repository: each upload replaces the last one."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.cache import cache
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import User
from tests.conftest import GraphQLClient, global_id
from tests.factories import FILES_OF_A_PICTURE, make_product, make_seller

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

PHOTOS = Path(__file__).parents[4] / "shared" / "data" / "grocery-photos" / "images"
UPDATE = """
mutation($input: UpdateProductInput!) {
  updateProduct(input: $input) { ... on Product { image { url width height placeholder } } }
}
"""


def test_every_photograph_is_taken_and_its_files_go_with_the_next(
    signed_in: Callable[[User], GraphQLClient],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    if not PHOTOS.is_dir():
        pytest.skip(
            f"It would upload photographs of phones and look at what is shown, but there is no folder {PHOTOS.name}."
        )
    seller = make_seller()
    browser, product = signed_in(seller), make_product(user=seller)
    seen = set()
    for photograph in sorted(PHOTOS.glob("*.jpg")):
        cache.clear()  # resets the limit on uploads
        upload = SimpleUploadedFile(photograph.name, photograph.read_bytes(), content_type="image/jpeg")
        with django_capture_on_commit_callbacks(execute=True):
            answer = browser.run(
                UPDATE,
                files={"input.image": upload},
                input={"id": global_id("Product", product.pk), "image": None},
            )
        image = answer["updateProduct"]["image"]
        with Image.open(photograph) as original:
            assert (image["width"], image["height"]) == original.size
        assert image["placeholder"].startswith("data:image/webp;base64,")
        written = default_storage.listdir("products")[1]
        assert len(written) == FILES_OF_A_PICTURE
        for name in written:
            with default_storage.open(f"products/{name}") as file, Image.open(file) as picture:
                assert not picture.getexif()
        seen.add(image["url"])
    assert len(seen) >= 81
