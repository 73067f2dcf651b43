"""The variants on a product's page of the admin: what a person changes there, and what has become of it."""

from typing import Any

from django.test import Client

from catalog.models import Product, ProductVariant, StockMovement
from orders.audit import check_prices, check_products, check_stock
from tests.catalog.admin.conftest import change_page
from tests.staff import form_on


def edit(browser: Client, product: Product, **edits: str) -> Any:
    """Open the product's page, edit these fields, and save."""
    form = form_on(
        browser.get(change_page(product)).text, **{key.replace("__", "-"): edits[key] for key in edits}
    )
    return browser.post(change_page(product), form)


def errors_of(response: Any) -> tuple[list[str], list[dict[str, list[str]]]]:
    """Return the errors above the rows of variants, and those of each row."""
    inlines = response.context["inline_admin_formsets"]
    [formset] = [inline.formset for inline in inlines if inline.formset.prefix == "variants"]
    return [str(error) for error in formset.non_form_errors()], [
        {name: [str(text) for text in texts] for name, texts in form.errors.items()} for form in formset.forms
    ]


def rows(product: Product) -> list[tuple[Any, ...]]:
    return [
        (variant.title, variant.sku, str(variant.price), str(variant.final_price), variant.stock)
        for variant in product.variants.all()
    ]


def shown(product: Product) -> dict[str, str | None]:
    """Return the text of the picture that each variant points at."""
    return dict(product.variants.values_list("option_1", "image__image_alt"))


def everything() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in (Product, ProductVariant, StockMovement)]


def books_are_right() -> bool:
    return not [*check_stock(), *check_products(), *check_prices()]
