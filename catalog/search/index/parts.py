"""The parts that both databases have in common: what is indexed, how it was analysed, and which columns are copied."""

from dataclasses import dataclass
from string import ascii_lowercase

from django.conf import settings

from catalog import analysis
from catalog.analysis import CATEGORY_MARK, VALUE_MARK
from catalog.models import COPIED
from catalog.search.query import STRENGTHS, filed_under

# The index rounds each strength down to one of the STRENGTHS, because each token in a query costs time. `search_text`
# keeps every strength, for the ranking.
STEPS = {
    letter: max(step for step in STRENGTHS if step <= letter)
    for letter in ascii_lowercase[: analysis.STEPS]
    if letter not in STRENGTHS
}


@dataclass(frozen=True, kw_only=True)
class Part:
    """A table, view, index, function, trigger or extension. The statement `fill` fills a table from the products."""

    kind: str
    name: str
    create: str
    fill: str = ""

    def __str__(self) -> str:
        return f"{self.kind.lower()} {self.name}"


# ── Copies ───────────────────────────────────────────────────────────────────

COPY = "UPDATE catalog_productvalue SET " + ", ".join(f"{column} = new.{column}" for column in COPIED)
COPY_ALL = f"""
    UPDATE catalog_productvalue SET {", ".join(f"{column} = product.{column}" for column in COPIED)}
    FROM catalog_product AS product WHERE product.id = product_id
"""
CHANGED = {
    "sqlite": " OR ".join(f"old.{column} <> new.{column}" for column in COPIED),
    "postgresql": " OR ".join(f"old.{column} IS DISTINCT FROM new.{column}" for column in COPIED),
}

# ── Vectors ──────────────────────────────────────────────────────────────────

# The columns that a vector is made of, and what happens to it when one changes. A task makes it again.
REWORDED = "name, description"
IS_REWORDED = {
    "sqlite": "old.name <> new.name OR old.description <> new.description",
    "postgresql": "old.name IS DISTINCT FROM new.name OR old.description IS DISTINCT FROM new.description",
}
FORGET = "DELETE FROM catalog_productvector WHERE product_id = new.id"

# ── The analysis ─────────────────────────────────────────────────────────────

LANGUAGES = ",".join(settings.STORE_SEARCH_LANGUAGES)
# Records how the texts were written.
ANALYSIS = Part(
    kind="VIEW",
    name="catalog_search_analysis",
    create=f"CREATE VIEW catalog_search_analysis AS SELECT {analysis.VERSION} AS version, '{LANGUAGES}' AS languages",
)

# ── Texts ────────────────────────────────────────────────────────────────────


def build_text(row: str = "") -> str:
    """Return the SQL expression of what is indexed of a product, after a prefix such as "new.".

    The names of its category and of its values of attributes are not: their keys are, so that one of any number of
    products is renamed by writing one row.
    """
    return f"{row}search_text || ' ' || {build_filed(row)}"


def build_filed(row: str = "") -> str:
    """Return the SQL expression of the tokens of what a product is filed under."""
    category = filed_under(CATEGORY_MARK, f"' || {row}category_id || '")
    return f"'{category}' || {row}value_text"


# The SQL expression of `value_text`: the tokens of the values that the product has, each after a space.
VALUE_TEXT = {
    vendor: f"""
        coalesce((SELECT {join}(' {filed_under(VALUE_MARK, "' || value_id || '")}', '') FROM (
            SELECT value_id FROM catalog_productvalue WHERE product_id = catalog_product.id ORDER BY value_id
        ) AS of_product), '')
    """
    for vendor, join in (("sqlite", "group_concat"), ("postgresql", "string_agg"))
}
