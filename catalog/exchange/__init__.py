"""Import and export of products as files: CSV with a header, or JSON lines.

A row is a variant of a product. It has the columns that `rows.FIELDS` lists, and the image. The rows of a product
follow each other; its own columns are in the first one, and left empty or repeated in the others.

- The slug identifies the product, or becomes the slug of a new one. A row without a slug is matched to the seller's
  product of exactly its name, or else makes a new product. A row that could mean two products is refused.
- The SKU identifies the variant, or else its option values do. A row with neither is of a product's only variant.
- An empty cell leaves the value as it is. A new product gets the default. Rows add and change: what a file does not
  mention stays.
- A refused row changes nothing. If it is the first of its product, the others are refused with it.
- A category is given by its name or slug, or by the path of names that leads to it: `Clothes > Shirts`. A name that
  several categories have means the one at the top; without one, the row is refused. What is missing is created.
- The stock is a count. If the row also has a stock at export, the stock is written only where the two differ.
- The attributes are lines, `Brand: Acme`. The values of a named attribute are replaced, and others stay.
- An image is a path in a folder of pictures.

Files of Shopify and WooCommerce are known by their header, and their rows are turned into ours: see `dialects`.
"""

from catalog.exchange.exporting import export_products, template
from catalog.exchange.importing import Outcome, import_products
from catalog.exchange.preview import Step, preview
from catalog.exchange.reading import FORMATS, read_rows
from catalog.exchange.rows import COLUMNS, Note, ProductRow
from core.files import BadFile, RefusedRow

__all__ = [
    "COLUMNS",
    "FORMATS",
    "BadFile",
    "Note",
    "Outcome",
    "ProductRow",
    "RefusedRow",
    "Step",
    "export_products",
    "import_products",
    "preview",
    "read_rows",
    "template",
]
