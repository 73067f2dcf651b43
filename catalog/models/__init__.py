"""The rows of the catalogue, with the rules that the database enforces."""

from catalog.models.attributes import COPIED, Attribute, AttributeValue, ProductValue, build_copies
from catalog.models.categories import (
    MAX_LEVELS,
    NAME_TAKEN,
    SEPARATOR,
    TOP,
    AboveField,
    Category,
    OldCategorySlug,
    PathField,
    keys_in,
)
from catalog.models.columns import (
    MAX_ALT,
    MAX_OPTIONS,
    MAX_STOCK,
    OPTION_VALUES,
    OPTIONS,
    FinalPriceField,
    is_past,
    used_options,
)
from catalog.models.listings import LISTED, Listing
from catalog.models.notices import StockNotice
from catalog.models.products import (
    FEW_LEFT,
    MAX_IMAGES,
    RATINGS,
    Favourite,
    OldProductSlug,
    Product,
    ProductImage,
    SearchTextField,
)
from catalog.models.searches import SearchTerm
from catalog.models.synonyms import SAME_SIGN, SIGN, Synonym
from catalog.models.taxes import TaxClass
from catalog.models.variants import (
    MAX_VARIANTS,
    PriceChange,
    ProductVariant,
    StockMovement,
    full_name,
    validate_barcode,
    variant_title,
)
from catalog.models.vectors import ProductVector

__all__ = [
    "COPIED",
    "FEW_LEFT",
    "LISTED",
    "MAX_ALT",
    "MAX_IMAGES",
    "MAX_LEVELS",
    "MAX_OPTIONS",
    "MAX_STOCK",
    "MAX_VARIANTS",
    "NAME_TAKEN",
    "OPTIONS",
    "OPTION_VALUES",
    "RATINGS",
    "SAME_SIGN",
    "SEPARATOR",
    "SIGN",
    "TOP",
    "AboveField",
    "Attribute",
    "AttributeValue",
    "Category",
    "Favourite",
    "FinalPriceField",
    "Listing",
    "OldCategorySlug",
    "OldProductSlug",
    "PathField",
    "PriceChange",
    "Product",
    "ProductImage",
    "ProductValue",
    "ProductVariant",
    "ProductVector",
    "SearchTerm",
    "SearchTextField",
    "StockMovement",
    "StockNotice",
    "Synonym",
    "TaxClass",
    "build_copies",
    "full_name",
    "is_past",
    "keys_in",
    "used_options",
    "validate_barcode",
    "variant_title",
]
