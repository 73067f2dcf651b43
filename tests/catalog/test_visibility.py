"""Every read of products follows the rule of catalog/visibility.py, or is named here with a reason."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
APPS = ("accounts", "api", "backend", "catalog", "core", "orders", "reviews")
# The staff's pages and commands, which show drafts.
STAFF = ("admin", "management", "migrations")
RULE = {"is_published", "is_seen_by", "sees_drafts"}
MODELS = {"Product", "ProductVariant"}
MANAGERS = {"objects", "_default_manager", "_base_manager"}
# What reads products past the rule, by the beginning of its name.
EXEMPT = {
    "catalog.attributes.GIVE": "it writes",
    "catalog.attributes.copy_columns": "it writes",
    "catalog.attributes.write_value_texts": "it writes",
    "catalog.exchange.": "files are brought in and out by the staff",
    "catalog.listings.": "it writes, and the audit compares",
    "catalog.options.": "it writes, and the audit compares",
    "catalog.personal_data.refuse_sellers": "a person cannot leave the shop with drafts either",
    "catalog.prices.": "it writes",
    "catalog.related.find_related": "the products that others are related to are shown",
    "catalog.search.filing.NAMES": "the largest key alone",
    "catalog.search.index.": "the index has all products, and what reads it narrows them",
    "catalog.search.candidates.build_statement": "it reads texts of keys that are narrowed, and the largest key",
    "catalog.search.ordered.walk": "its matches are narrowed in SQL",
    "catalog.search.semantic.": "there are vectors of all products, and what reads them narrows them",
    "catalog.selectors.products.editable_products": "for those who change them",
    "catalog.selectors.products.fully_held": "for the staff",
    "catalog.selectors.products.mark_several": "an annotation",
    "catalog.selectors.details.price_ranges": "of products that are shown, by key",
    "catalog.selectors.products.product_in_preview": "a signed token allows it",
    "catalog.selectors.products.running_out": "for the staff",
    "catalog.selectors.products.variants": "of products that are shown, by key",
    "catalog.selectors.filters.wanted_variants": "of products that are narrowed",
    "catalog.services.publish_products": "it writes",
    "catalog.services.unpublish_products": "it writes",
    "catalog.stock.": "it writes; `take_stock` leaves out what is not published",
    "catalog.variants.": "it writes",
    "orders.audit.": "it compares the books",
    "orders.cart.CHOSEN": "a part of PUT, which has the rule",
    "orders.cart.PUT": "it has the rule in SQL",
    "orders.cart.ShoppingCart.get_line": "what is in the cart may be removed from it",
    "orders.services.remove_order_item": "what is in the draft may be removed from it",
    "reviews.personal_data.": "it writes",
    "reviews.services.count_rating": "it writes",
}


def find_reads() -> Iterator[tuple[str, bool]]:
    """Yield each function or constant that reads products by their model or table, and whether it names the rule."""
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            place = path.relative_to(ROOT).with_suffix("")
            if not {*STAFF} & {*place.parts}:
                yield from find_in(ast.parse(path.read_text()), ".".join(place.parts))


def find_in(tree: ast.Module | ast.ClassDef, name: str) -> Iterator[tuple[str, bool]]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield from find_in(node, f"{name}.{node.name}")
        elif any(map(reads_products, ast.walk(node))):
            used = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
            yield f"{name}.{name_of(node)}", bool(used & RULE)


def name_of(node: ast.stmt) -> str:
    if isinstance(node, ast.FunctionDef):
        return node.name
    return ast.unparse(node.targets[0] if isinstance(node, ast.Assign) else node)


def reads_products(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr in MANAGERS and ast.unparse(node.value).rpartition(".")[2] in MODELS
    text = node.value if isinstance(node, ast.Constant) else None
    return isinstance(text, str) and "catalog_product" in text and ("FROM" in text or "JOIN" in text)


READS = dict(find_reads())


def test_every_read_follows_the_rule() -> None:
    past = [place for place, follows in READS.items() if not follows and not place.startswith(tuple(EXEMPT))]
    assert not past, (
        f"These read products past catalog/visibility.py: {', '.join(past)}. Begin with `products()`, or add a reason."
    )


def test_no_exemption_is_left_over() -> None:
    unused = [begin for begin in EXEMPT if not any(place.startswith(begin) for place in READS)]
    assert not unused, f"EXEMPT lists {', '.join(unused)}."
