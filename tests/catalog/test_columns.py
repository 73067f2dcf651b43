"""Every column of products and variants that people write is in each place that lists them."""

import pytest
from django.db import models

from catalog.exchange import COLUMNS
from catalog.exchange.rows import NAMES, VALUES
from catalog.fields import ProductFields
from catalog.models import OPTIONS, Product, ProductVariant
from catalog.types import CreateProductInput, UpdateProductInput, VariantInput
from catalog.variants import VariantFields

# Columns that inputs write by a field of another name.
FIELDS = {"published_at": "is_published"}


def written_columns(model: type[models.Model], *, options: str) -> set[str]:
    """Return the model's columns that are edited, with the name that inputs give to the options' columns."""
    columns = model._meta.local_concrete_fields
    edited = {
        FIELDS.get(field.name, field.name) for field in columns if field.editable and not field.primary_key
    }
    return edited - {*OPTIONS} | {options}


# The seller is whoever is signed in, or imports the file. The slug is made of the name. The staff choose the tax class.
PRODUCT = written_columns(Product, options="options") - {"user", "slug", "tax_class"}
# The list of the variants has their product and their order.
VARIANT = written_columns(ProductVariant, options="option_values") - {"product", "position"}
FILES = PRODUCT - {"is_published"} | {"published", "tax_class"} | VARIANT | {*NAMES, *VALUES}
PLACES = {
    "COLUMNS of catalog/exchange/rows.py": (FILES - {"options", "option_values"}, {*COLUMNS}),
    "ProductFields of catalog/fields.py": (PRODUCT, {*ProductFields.__annotations__}),
    "CreateProductInput of catalog/types/results.py": (PRODUCT, {*CreateProductInput.__annotations__}),
    "UpdateProductInput of catalog/types/results.py": (PRODUCT, {*UpdateProductInput.__annotations__}),
    "VariantFields of catalog/variants.py": (VARIANT, {*VariantFields.__annotations__}),
    "VariantInput of catalog/types/results.py": (VARIANT - {"barcode"}, {*VariantInput.__annotations__}),
}
# The inputs, and the fields that the services take from them.
INPUTS = [
    (CreateProductInput, ProductFields, "ProductFields of catalog/fields.py"),
    (UpdateProductInput, ProductFields, "ProductFields of catalog/fields.py"),
    (VariantInput, VariantFields, "VariantFields of catalog/variants.py"),
]


@pytest.mark.parametrize("place", PLACES)
def test_every_written_column_is_in(place: str) -> None:
    columns, listed = PLACES[place]
    missing = columns - listed
    assert not missing, f"{place} lacks {', '.join(sorted(missing))}."


@pytest.mark.parametrize(("input", "fields", "place"), INPUTS)
def test_the_services_know_every_field(input: type, fields: type, place: str) -> None:
    unknown = input.__annotations__.keys() - fields.__annotations__.keys() - {"id"}
    assert not unknown, f"{place} lacks {', '.join(sorted(unknown))}."
