"""Products to and from files: CSV with a header, or JSON lines.

A row has the columns slug, category, name, description, price, discount, stock, stock_at_export and image. The slug
says which product it is; a new product gets it. A row without one is the seller's product of exactly that name, else
a new product. A row that could be about two products is refused. An empty cell says nothing: the product keeps what
it has, and a new one gets the default. A category is given by its name or slug, and made when there is none. The stock
is a count; beside the stock at export it is written only where the two differ. An image is a path in a folder of
pictures.
"""

from catalog.exchange.exporting import export_products, template
from catalog.exchange.importing import Outcome, import_products
from catalog.exchange.preview import Step, preview
from catalog.exchange.reading import FORMATS, read_rows
from catalog.exchange.rows import COLUMNS, BadFile, Note, Refusal, Row

__all__ = [
    "COLUMNS",
    "FORMATS",
    "BadFile",
    "Note",
    "Outcome",
    "Refusal",
    "Row",
    "Step",
    "export_products",
    "import_products",
    "preview",
    "read_rows",
    "template",
]
