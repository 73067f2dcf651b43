"""The catalogue's queries and mutations."""

from collections.abc import Callable
from typing import Annotated, Any

import strawberry
from django.db.models import QuerySet
from django.utils import timezone

import api
from catalog import models, notices, previews, search, search_terms, selectors, services, types
from core.throttle import Limit

# Guests have nothing but their address to be counted by: a session is made anew as soon as its cookie is dropped.
NOTICE_LIMITS = [
    Limit(action="stock_notice", rate="60/1h", by_address=True),
    Limit(action="stock_notice", rate="60/1h", by_account=True),
]
# A shopper searches a few times, but an office or a carrier shares one address.
SEARCH_LIMITS = [Limit(action="count_search", rate="600/1h", by_address=True)]


def find_by_slug(
    found: QuerySet[Any] | Callable[[], QuerySet[Any]], info: api.Info, slug: str
) -> api.HasKey | None:
    """Read the row that has this slug, or else the one that had it last; None if there is none."""
    row = api.one(found, info, slug=slug)
    if row is None:
        rows = found if isinstance(found, QuerySet) else found()
        row = api.one(rows.filter(old_slugs__slug=slug), info)
    return row


@strawberry.type
class Query:
    @strawberry.field(
        graphql_type=list[types.Category],
        description="All categories, level by level from the top: a front end builds the tree from one list. Those "
        "with the same parent stand in their order: by the position that the staff set, then by name.",
        metadata=api.PUBLIC,
    )
    def categories(self, info: api.Info) -> list[api.HasKey]:
        return api.every(selectors.categories, info)

    @strawberry.field(
        graphql_type=types.Category | None,
        description="The category that has this slug, or had it last; null if there is none.",
        metadata=api.PUBLIC,
    )
    def category(self, info: api.Info, slug: api.Slug) -> api.HasKey | None:
        return find_by_slug(selectors.categories, info, slug)

    @strawberry.field(
        graphql_type=types.Product | None,
        description="The product that has this slug, or had it last: redirect if its `slug` is another one. Null if "
        "there is none. Before it is published, only its seller and the staff see it.",
        metadata=api.PUBLIC,
    )
    def product(
        self,
        info: api.Info,
        slug: api.Slug,
        preview: Annotated[
            str | None,
            strawberry.argument(
                description="The token of a preview link, which shows the product before it is published. One that has "
                "expired is refused (BAD_USER_INPUT)."
            ),
        ] = None,
    ) -> api.HasKey | None:
        if preview is not None:
            info.context.shareable = False
            return find_by_slug(selectors.product_in_preview(previews.product_of(preview)), info, slug)
        viewer = api.viewer(info)
        found = selectors.products_seen_by(viewer) if viewer else selectors.products
        return find_by_slug(found, info, slug)

    @strawberry.field(
        description="The products that are not published, or not yet, latest first: the caller's own, or all of them "
        "for the staff. Null for guests."
    )
    def unpublished_products(
        self,
        info: api.Info,
        first: api.First = None,
        after: api.After = None,
        last: api.Last = None,
        before: api.Before = None,
    ) -> types.ProductConnection | None:
        viewer = api.viewer(info)
        paging = api.Paging(first=first, after=after, last=last, before=before)
        return types.ProductConnection.of_unpublished(viewer, info, paging=paging) if viewer else None

    @strawberry.field(
        description="All published products that pass the filter, page by page.", metadata=api.PUBLIC
    )
    def products(
        self,
        info: api.Info,
        filter: types.NarrowedBy = None,
        sort: types.SortedBy = types.ProductSort.NEWEST,
        first: api.First = None,
        after: api.After = None,
        last: api.Last = None,
        before: api.Before = None,
    ) -> types.ProductConnection:
        return types.ProductConnection.of(
            selectors.products,
            info,
            filter=filter,
            sort=types.SORTS[sort],
            paging=api.Paging(first=first, after=after, last=last, before=before),
        )

    @api.query(
        types.SearchResult,
        description="Products with the words of the term in their name or description. Products with all the words "
        "come first. If these are few, products with synonyms follow, then products with some of the words. Endings, "
        "case and accents make no difference, the last word may be unfinished, and typing errors in words that no "
        "product has are corrected (`correctedTerm`). Sorted by RELEVANCE, a search returns all matches if there are "
        "fewer than 500, and otherwise the best 250. `totalCount` goes up to 10,000, and is an estimate where more "
        f"than about {search.MAX_ALL} match. A shop can also search by meaning (`STORE_SEARCH_SEMANTIC`): that moves "
        "products within the order, and adds some without the words where few have them.",
        metadata=api.PUBLIC,
    )
    def search(
        self,
        info: api.Info,
        term: Annotated[str, strawberry.argument(description="The text from the search box.")],
        as_typed: Annotated[
            bool, strawberry.argument(description="Whether to search without correcting typing errors.")
        ] = False,
        filter: types.NarrowedBy = None,
        sort: types.SortedBy = types.ProductSort.RELEVANCE,
        first: api.First = None,
        after: api.After = None,
        last: api.Last = None,
        before: api.Before = None,
    ) -> types.ProductConnection:
        return types.ProductConnection.of_search(
            term,
            info,
            filter=filter,
            sort=sort,
            paging=api.Paging(first=first, after=after, last=last, before=before),
            as_typed=as_typed,
        )

    @strawberry.field(
        description="Completions of a term that is being typed: its last word becomes a word of a product's name, "
        "spelt as there. The name also has the words before, if any product's has. Words whose products sell best "
        "come first.",
        metadata=api.PUBLIC,
    )
    def search_suggestions(
        self,
        prefix: Annotated[str, strawberry.argument(description="The text typed so far.")],
        first: Annotated[
            int | None,
            strawberry.argument(description="The largest number of completions, 1 to 20; 10 by default."),
        ] = None,
    ) -> list[str]:
        return search.completions(prefix, first=first)

    @strawberry.field(
        description="The slug and the time of the last change of every product, by slug, up to "
        f"{types.MAX_ENTRIES} on a page.",
        metadata=api.PUBLIC,
    )
    def sitemap(
        self,
        first: Annotated[
            int, strawberry.argument(description=f"The number of entries, 1 to {types.MAX_ENTRIES}.")
        ] = types.MAX_ENTRIES,
        after: api.After = None,
    ) -> types.SitemapConnection:
        return types.SitemapConnection.of(selectors.products(), paging=api.Paging(first=first, after=after))


@strawberry.type
class Mutation:
    @api.mutation(types.CreateProductResult, description="Offers a product. Needs the permission to sell.")
    def create_product(self, info: api.Info, input: types.CreateProductInput) -> QuerySet[models.Product]:
        user = api.require_user(info)
        product = services.create_product(user=user, fields=input.fields(), now=timezone.now())
        return selectors.products_seen_by(user).filter(pk=product.pk)

    @api.mutation(
        types.UpdateProductResult,
        description="Changes one of the caller's products. The staff can change any product.",
    )
    def update_product(self, info: api.Info, input: types.UpdateProductInput) -> QuerySet[models.Product]:
        user, key = api.require_user(info), api.key_of(input.id, "Product")
        services.update_product(user=user, product_pk=key, changes=input.changes(), now=timezone.now())
        return selectors.products_seen_by(user).filter(pk=key)

    @api.mutation(
        types.DeleteProductResult,
        description="Deletes one of the caller's products. The staff can delete any product. Its orders still show it.",
    )
    def delete_product(self, info: api.Info, input: types.DeleteProductInput) -> types.Deleted:
        key = api.key_of(input.id, "Product")
        services.delete_product(user=api.require_user(info), product_pk=key)
        return types.Deleted(id=api.id_of("Product", key))

    @api.mutation(
        types.FavouriteResult,
        description="Adds a product to the caller's favourites. Adding it again changes nothing.",
    )
    def add_favourite(self, info: api.Info, input: types.FavouriteInput) -> QuerySet[models.Product]:
        key = api.key_of(input.product_id, "Product")
        services.add_favourite(user=api.require_user(info), product_pk=key, now=timezone.now())
        return selectors.products().filter(pk=key)

    @api.mutation(
        types.FavouriteResult,
        description="Removes a product from the caller's favourites. If it is not a favourite, nothing changes.",
    )
    def remove_favourite(self, info: api.Info, input: types.FavouriteInput) -> QuerySet[models.Product]:
        key = api.key_of(input.product_id, "Product")
        services.remove_favourite(user=api.require_user(info), product_pk=key)
        return selectors.products().filter(pk=key)

    @api.mutation(
        types.StockNoticeResult,
        description="Has an e-mail address told once, as soon as a variant that is sold out can be bought again. "
        "Guests can ask, too. An address waits for at most "
        f"{notices.MOST_WAITED_FOR} variants: another one takes the place of the first.",
        limits=NOTICE_LIMITS,
    )
    def subscribe_to_stock(self, info: api.Info, input: types.StockNoticeInput) -> api.Done:
        key = api.key_of(input.variant_id, "ProductVariant")
        notices.subscribe(variant_pk=key, email=input.email, now=timezone.now())
        return api.Done()

    @api.mutation(
        types.CountSearchResult,
        description="Counts a search for the staff, who see what shoppers look for, what they do not find, and what "
        "they do not open. A front end calls it once for each term that a shopper sees the results of, and again when "
        "the shopper opens one. Only the term and the day are kept, for 90 days. A term that may be an e-mail address "
        "or a number of a card or a phone is not counted.",
        limits=SEARCH_LIMITS,
    )
    def count_search(self, info: api.Info, input: types.CountSearchInput) -> api.Done:
        search_terms.count_search(term=input.term, outcome=input.outcome, now=timezone.now())
        return api.Done()
