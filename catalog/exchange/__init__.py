"""Import and export of products as files: CSV with a header, or JSON lines.

A row has the columns that `rows.FIELDS` lists, and the image.

- The slug identifies the product, or becomes the slug of a new one. A row without a slug is matched to the seller's
  product of exactly its name, or else makes a new product. A row that could mean two products is refused.
- An empty cell leaves the product's value as it is. A new product gets the default.
- A category is given by its name or slug, or by the path of names that leads to it: `Clothes > Shirts`. A name that
  several categories have means the one at the top; without one, the row is refused. What is missing is created.
- The stock is a count. If the row also has a stock at export, the stock is written only where the two differ.
- An image is a path in a folder of pictures.
"""

from catalog.exchange.exporting import export_products, template
from catalog.exchange.importing import Outcome, import_products
from catalog.exchange.preview import Step, preview
from catalog.exchange.reading import FORMATS, read_rows
from catalog.exchange.rows import COLUMNS, BadFile, Note, ProductRow, RefusedRow

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
