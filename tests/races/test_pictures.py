"""Pictures of one product, added, removed and put in order at the same moment."""

from functools import partial

import pytest
from django.core.files.base import File
from django.utils import timezone

from catalog.models import MAX_IMAGES, Product
from catalog.pictures import PictureFields
from catalog.services import update_product
from catalog.variants import VariantFields
from core import images
from core.errors import ValidationError
from orders.audit import differences_here
from tests.factories import add_pictures, make_picture, make_product, make_staff
from tests.races.conftest import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def kept(*stems: str) -> list[PictureFields]:
    return [{"id": f"products/{stem}.jpg"} for stem in stems]


def order(product: Product, *stems: str) -> None:
    update_product(
        user=product.user, product_pk=product.pk, changes={"images": kept(*stems)}, now=timezone.now()
    )


def stems(product: Product) -> list[str]:
    assert not list(differences_here())
    return [picture.name.removeprefix("products/").removesuffix(".jpg") for picture in product.images.all()]


@pytest.mark.parametrize("_attempt", range(3))
def test_one_is_removed_while_another_tab_puts_them_in_order(_attempt: int) -> None:
    product = make_product(user=make_staff())
    _, red, _ = add_pictures(product, "front", "red", "blue")
    product.variants.update(image=red)
    at_once(partial(order, product, "front", "blue"), partial(order, product, "blue", "red", "front"))
    assert stems(product) in (["front", "blue"], ["blue", "front"])
    assert product.variants.get().image is None


def test_no_more_than_there_can_be() -> None:
    product = make_product(user=make_staff())
    add_pictures(product, *(f"{place:02}" for place in range(MAX_IMAGES - 1)))

    [variant] = product.variants.all()
    uploads = [make_picture(), make_picture()]
    for upload in uploads:  # decoded before, because only one more may wait for that
        images.prepare(upload)

    def add(upload: File[bytes]) -> str:
        listed: VariantFields = {"id": variant.pk, "option_values": [], "image": upload}
        try:
            update_product(
                user=product.user, product_pk=product.pk, changes={"variants": [listed]}, now=timezone.now()
            )
        except ValidationError as error:
            return str(error)
        return "added"

    answers = at_once(*(partial(add, upload) for upload in uploads))
    assert sorted(answers) == ["A product can have at most 20 pictures.", "added"]
    assert len(stems(product)) == MAX_IMAGES
