"""What the admin's forms of the catalogue send."""

from collections.abc import Iterable
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from catalog.models import Category, Product, ProductImage
from tests.factories import make_product

PRODUCTS = reverse("admin:catalog_product_changelist")
ADD = reverse("admin:catalog_product_add")
CATEGORIES = reverse("admin:catalog_category_changelist")
INDENT = "\u2003\u2003"
ADD_CATEGORY = reverse("admin:catalog_category_add")
NO_PARTS_SENT = {
    f"{parts}-{number}_FORMS": "0"
    for parts in ("images", "variants", "movements")
    for number in ("TOTAL", "INITIAL")
}


def category_page(category: Category) -> str:
    return reverse("admin:catalog_category_change", args=[category.pk])


def change_page(product: Product) -> str:
    return reverse("admin:catalog_product_change", args=[product.pk])


def upload(colour: str = "teal") -> SimpleUploadedFile:
    buffer = BytesIO()
    Image.new("RGB", (60, 40), colour).save(buffer, "PNG")
    return SimpleUploadedFile("picture.png", buffer.getvalue(), content_type="image/png")


def form_of(product: Product, **changes: Any) -> dict[str, Any]:
    """Return the form of a browser that has opened the product's page and edited these fields."""
    day, _, moment = str(product.published_at or " ")[:19].partition(" ")
    shown = {
        "price": str(product.price),
        "discount": str(product.discount),
        "stock": str(product.stock),
        "published_at_0": day,
        "published_at_1": moment,
    }
    return {
        "name": product.name,
        "description": product.description,
        "slug": product.slug,
        "category": str(product.category_id),
        "user": str(product.user_id),
        **shown,
        **{f"initial-{field}": value for field, value in shown.items()},
        **NO_PARTS_SENT,
        **changes,
    }


def new_pictures(*uploads: SimpleUploadedFile, alt: str = "") -> dict[str, Any]:
    """Return the rows of a browser that adds these pictures to a product without any."""
    rows: dict[str, Any] = {"images-TOTAL_FORMS": str(len(uploads)), "images-INITIAL_FORMS": "0"}
    for place, file in enumerate(uploads):
        rows |= {f"images-{place}-image": file, f"images-{place}-image_alt": alt}
        rows[f"images-{place}-position"] = "0"
    return rows


def shown_pictures(pictures: Iterable[ProductImage], **changes: Any) -> dict[str, Any]:
    """Return the rows of a browser that shows these pictures, with changes such as `position_0`."""
    rows: dict[str, Any] = {}
    for place, picture in enumerate(pictures):
        rows[f"images-{place}-id"] = str(picture.pk)
        rows[f"images-{place}-product"] = str(picture.product_id)
        rows[f"images-{place}-image_alt"] = picture.image_alt
        rows[f"initial-images-{place}-image_alt"] = picture.image_alt
        rows[f"images-{place}-position"] = str(picture.position)
    number = str(len(rows) // 5)
    changed = {"images-{1}-{0}".format(*name.rsplit("_", 1)): value for name, value in changes.items()}
    return rows | {"images-TOTAL_FORMS": number, "images-INITIAL_FORMS": number} | changed


def list_form(*products: Product, **changes: str) -> dict[str, str]:
    """Return the form of a browser that has opened the list and edited these fields of its first row."""
    form = {"_save": "Save", "form-TOTAL_FORMS": str(len(products)), "form-INITIAL_FORMS": str(len(products))}
    for index, product in enumerate(products):
        form[f"form-{index}-id"] = str(product.pk)
        for field in ("price", "discount", "stock"):
            form[f"form-{index}-{field}"] = str(getattr(product, field))
            form[f"initial-form-{index}-{field}"] = str(getattr(product, field))
    return form | {f"form-0-{field}": value for field, value in changes.items()}


def movements(product: Product) -> list[int]:
    return list(product.movements.order_by("pk").values_list("delta", flat=True))


def list_stored_files() -> list[str]:
    return default_storage.listdir("products")[1] if default_storage.exists("products") else []


@pytest.fixture
def shirt() -> Product:
    return make_product(
        name="Shirt",
        options=["Size"],
        variants=[
            {"values": ["S"], "stock": 1, "sku": "TEE-S"},
            {"values": ["M"], "price": Decimal(12), "stock": 3},
        ],
    )
