"""The parts that both databases have in common: what is indexed, how it was analysed, and which columns are copied."""

from collections.abc import Iterable
from dataclasses import dataclass
from string import ascii_lowercase

from django.conf import settings

from catalog import analysis
from catalog.analysis import CATEGORY_MARK, VALUE_MARK
from catalog.models import COPIED, RATINGS, build_copies
from catalog.search.query import STRENGTHS, filed_under
from core.sampling import build_condition

# The index rounds each strength down to one of the STRENGTHS, because each token in a query costs time. `search_text`
# keeps every strength, for the ranking.
STEPS = {
    letter: max(step for step in STRENGTHS if step <= letter)
    for letter in ascii_lowercase[: analysis.STEPS]
    if letter not in STRENGTHS
}
# The key of a row of the index.
KEY = {"sqlite": "rowid", "postgresql": "product_id"}
# The sample in which matches are counted: one product in SAMPLED. On PostgreSQL it has an index.
COUNTED_LEVEL = 4
SAMPLED = 2**COUNTED_LEVEL
IN_SAMPLE = build_condition(KEY["postgresql"], level=COUNTED_LEVEL)


@dataclass(frozen=True, kw_only=True)
class Part:
    """A table, view, index, function, trigger or extension. The statement `fill` fills a table from the products."""

    kind: str
    name: str
    create: str
    fill: str = ""

    def __str__(self) -> str:
        return f"{self.kind.lower()} {self.name}"


@dataclass(frozen=True, kw_only=True)
class Keeper:
    """Parts that keep the rows of another table in step with products, and statements for what they have missed.

    These mend the rows of the products with the keys {first} to {last}, which are locked.
    """

    table: str
    parts: tuple[Part, ...]
    mends: tuple[str, ...]

    @property
    def names(self) -> set[str]:
        return {part.name for part in self.parts}


# ── Copies ───────────────────────────────────────────────────────────────────

COPY = "UPDATE catalog_productvalue SET " + ", ".join(
    f"{column} = {copy}" for column, copy in zip(COPIED, build_copies("new"), strict=True)
)
DIFFERS = {"sqlite": "IS NOT", "postgresql": "IS DISTINCT FROM"}
RIGHT = dict(zip(COPIED, build_copies("product"), strict=True))
# Only what differs, because to write all rows of a large shop would take long.
COPY_ALL = {
    vendor: f"""
        UPDATE catalog_productvalue SET {", ".join(f"{column} = {copy}" for column, copy in RIGHT.items())}
        FROM catalog_product AS product WHERE product.id = product_id
            AND ({" OR ".join(f"catalog_productvalue.{column} {differs} {copy}" for column, copy in RIGHT.items())})
    """
    for vendor, differs in DIFFERS.items()
}
MEND_COPIES = {
    vendor: (f"{copy_all} AND product.id BETWEEN {{first}} AND {{last}}",)
    for vendor, copy_all in COPY_ALL.items()
}
COPY_OF = ", ".join((*COPIED, "published_at"))
CHANGED = {
    vendor: " OR ".join(f"old.{column} {differs} new.{column}" for column in (*COPIED, "published_at"))
    for vendor, differs in DIFFERS.items()
}

# ── Listings ─────────────────────────────────────────────────────────────────

# A change of these columns lists a product again. One of them is the second column of most of the indexes.
PLACED = ("category_id", "published_at", "added_at", "sort_name", "slug")
# What is written in place. On SQLite each statement writes the indexes of its columns alone: a new price of many
# products takes a quarter less than if all were written again.
PRICES = ("final_price", "discount")
RATED = tuple(f"rated_{rating}" for rating in RATINGS)  # the ratings are computed from them
RATED_COPIES = ("rating_average", "rating_count")


def build_change(columns: Iterable[str], vendor: str) -> str:
    """Return the condition of a trigger that one of the columns changes."""
    return " OR ".join(f"old.{column} {DIFFERS[vendor]} new.{column}" for column in columns)


def build_copy(columns: Iterable[str]) -> str:
    """Return the statement that copies the columns of a product to its listings."""
    copies = ", ".join(f"{column} = new.{column}" for column in columns)
    return f"UPDATE catalog_listing SET {copies} WHERE product_id = new.id"


# ── Vectors ──────────────────────────────────────────────────────────────────

# The columns that a vector is made of, and what happens to it when one changes. A task makes it again.
REWORDED = "name, description"
IS_REWORDED = {
    "sqlite": "old.name <> new.name OR old.description <> new.description",
    "postgresql": "old.name IS DISTINCT FROM new.name OR old.description IS DISTINCT FROM new.description",
}
FORGET = "DELETE FROM catalog_productvector WHERE product_id = new.id"
# Nothing tells which texts a vector is of.
MEND_VECTORS = ("DELETE FROM catalog_productvector WHERE product_id BETWEEN {first} AND {last}",)

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
