"""The GraphQL type of categories, and what search engines read of them."""

from collections.abc import Sequence
from typing import Annotated, Any, Optional, Protocol, cast

import strawberry
import strawberry_django
from django.db.models import F, QuerySet
from strawberry import auto, relay

import api
from catalog import models, selectors
from catalog.facets import MAX_FACET, Facets, count_products
from catalog.types.choices import SORTS, NarrowedBy, ProductSort, SortedBy, plain
from catalog.types.variants import HasPicture
from core.errors import OperationTooLarge
from core.text import beginning

# The length of a description that search engines show.
SEO_LENGTH = 160
# The number of categories that one answer may have as children. By going up and down again, an operation could ask for
# the siblings of siblings of siblings.
MAX_CHILDREN = 10_000


@strawberry.type(description="What search engines show of a page.")
class Seo:
    title: str = strawberry.field(
        description="For `<title>`: the name, unless the shop has written another title."
    )
    description: str = strawberry.field(
        description="For the meta description: the beginning of the description, unless the shop has written another."
    )


class HasSeo(Protocol):
    name: str
    description: str
    seo_title: str
    seo_description: str


def seo_of(row: HasSeo) -> Seo:
    """Return the title and the description that the shop has written, or derive them."""
    return Seo(
        title=row.seo_title or row.name,
        description=row.seo_description or beginning(row.description, SEO_LENGTH),
    )


class HasAbove(api.HasKey, Protocol):
    above: str


@strawberry_django.type(
    models.Category, description=f"A category of products. Categories have up to {models.MAX_LEVELS} levels."
)
class Category(relay.Node):
    id: relay.NodeID[int]
    name: auto = api.field(description="The name, for display. No sibling has the same.")
    slug: auto = api.field(
        description="The unique part of the address of the category's page. It follows the name, and old ones still "
        "lead to the category."
    )
    description: auto = api.field(description="The description, as plain text; may be empty.")
    parent: Optional["Category"] = api.field(description="The category above; null at the top.")

    @api.field(description="The picture; null if there is none.")
    @staticmethod
    def image(root: strawberry.Parent[HasPicture]) -> api.Image | None:
        return api.Image.of(
            root.image.name,
            width=root.image_width,
            height=root.image_height,
            placeholder=root.image_placeholder,
        )

    @api.field(description="What search engines show of its page.")
    @staticmethod
    def seo(root: strawberry.Parent[HasSeo]) -> Seo:
        return seo_of(root)

    @strawberry.field(
        description="The number of products in it and below, counted up to "
        f"{MAX_FACET}, which means {MAX_FACET} or more."
    )
    @staticmethod
    def product_count(root: strawberry.Parent[api.HasKey], info: api.Info) -> int:
        return api.read_nested(root, info, lambda peers: count_products({peer.pk for peer in peers}))

    @strawberry.field(description="The categories right below, in their order.")
    @staticmethod
    def children(root: strawberry.Parent[api.HasKey], info: api.Info) -> list["Category"]:
        def load(peers: Sequence[api.HasKey]) -> dict[int, list[Any]]:
            below = selectors.categories().filter(parent__in={peer.pk for peer in peers})
            children: dict[int, list[Any]] = {peer.pk: [] for peer in peers}
            for row in api.every(below.annotate(parent_key=F("parent")), info):
                children[cast(Any, row).parent_key].append(row)
            return children

        found = api.read_nested(root, info, load)
        count_children(len(found), info)
        return found

    @api.field(description="The categories above, from the top down to the parent: breadcrumbs.")
    @staticmethod
    def ancestors(root: strawberry.Parent[HasAbove], info: api.Info) -> list["Category"]:
        def load(peers: Sequence[Any]) -> dict[int, list[Any]]:
            above = {peer.pk: models.keys_in(peer.above) for peer in peers}
            chosen = selectors.categories().filter(pk__in={key for keys in above.values() for key in keys})
            rows = {row.pk: row for row in api.every(chosen, info)}
            return {pk: [rows[key] for key in keys if key in rows] for pk, keys in above.items()}

        return api.read_nested(root, info, load)

    @strawberry.field(description="The products in it and below, page by page.")
    @staticmethod
    def products(
        root: strawberry.Parent[api.HasKey],
        info: api.Info,
        filter: NarrowedBy = None,
        sort: SortedBy = ProductSort.NEWEST,
        first: api.First = None,
        after: api.After = None,
        last: api.Last = None,
        before: api.Before = None,
    ) -> Annotated["ProductConnection", strawberry.lazy("catalog.types")]:  # type: ignore[name-defined]  # noqa: F821
        order, narrowing = SORTS[sort].columns[0], plain(filter)
        copies = None
        if order in selectors.LISTING_ORDERS:
            rows = selectors.narrow_listings(selectors.products(), narrowing, order=order)
            copies = api.Copies(rows=rows, key="product_id", name="listings")
        page = api.nested_page(
            root,
            info,
            found=selectors.narrow(selectors.products(), narrowing, order=order, of_each=True),
            parent="category_id",
            answer="ProductConnection",
            sort=SORTS[sort],
            paging=api.Paging(first=first, after=after, last=last, before=before),
            branches=None if copies else selectors.find_branches,
            copies=copies,
        )
        connection = api.type_named("ProductConnection", info)
        counted = Facets(found=selectors.products(), filter=narrowing, category=root.pk)
        return connection(page=page, counted=lambda: counted)

    @classmethod
    def visible(cls, info: api.Info) -> QuerySet[models.Category]:
        return models.Category.objects.all()


def count_children(number: int, info: api.Info) -> None:
    """Count the children in the operation's answer.

    Raises:
        OperationTooLarge: there are more than MAX_CHILDREN.
    """
    memo = info.context.memo
    memo[count_children] = memo.get(count_children, 0) + number
    if memo[count_children] > MAX_CHILDREN:
        raise OperationTooLarge(
            f"The operation is too large (children of categories): at most {MAX_CHILDREN}."
        )
