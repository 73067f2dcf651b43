"""Products to and from files: CSV with a header, or JSON lines.

A row has the columns slug, category, name, description, price, discount, stock and image. The slug says which
product it is; a new product gets it. A row without one is the seller's product of that name: its slug is made of the
name, and numbered where the file has the name again. An empty cell says nothing: the product keeps what it has, and
a new one gets the default. A category is given by its name or slug, and made when there is none. An image is a path
in a folder of pictures.
"""

from catalog.exchange.exporting import export_products
from catalog.exchange.importing import Outcome, import_products
from catalog.exchange.rows import COLUMNS, FORMATS, BadFile, Refusal, Row, read_rows

__all__ = [
    "COLUMNS",
    "FORMATS",
    "BadFile",
    "Outcome",
    "Refusal",
    "Row",
    "export_products",
    "import_products",
    "read_rows",
]
