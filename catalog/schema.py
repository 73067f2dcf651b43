"""The catalogue's queries and mutations."""

from typing import Annotated

import strawberry
from django.db.models import QuerySet
from django.utils import timezone

import api
from catalog import models, search, selectors, services, types


@strawberry.type
class Query:
    @strawberry.field(
        graphql_type=list[types.Category], description="All of them, by name.", metadata=api.PUBLIC
    )
    def categories(self, info: api.Info) -> list[api.HasKey]:
        return api.every(selectors.categories, info)

    @strawberry.field(
        graphql_type=types.Category | None,
        description="The category of this slug; null where there is none.",
        metadata=api.PUBLIC,
    )
    def category(self, info: api.Info, slug: api.Slug) -> api.HasKey | None:
        return api.one(selectors.categories, info, slug=slug)

    @strawberry.field(
        graphql_type=types.Product | None,
        description="The product of this slug; null where there is none.",
        metadata=api.PUBLIC,
    )
    def product(self, info: api.Info, slug: api.Slug) -> api.HasKey | None:
        return api.one(selectors.products, info, slug=slug)

    @strawberry.field(description="All products that pass the filter, page by page.", metadata=api.PUBLIC)
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
        description="Products with the words of the term in their name or description: those with all of them, "
        "then, where these are few, those with synonyms, then those with some. Endings, case and accents make no "
        "difference, the last word may be unfinished, and typing errors in words that no product has are mended. "
        "Sorted by RELEVANCE, fewer than 500 matches can all be paged through, of more the best 250; `totalCount` "
        "counts up to 10,000.",
        metadata=api.PUBLIC,
    )
    def search(
        self,
        info: api.Info,
        term: Annotated[str, strawberry.argument(description="What was typed into the search box.")],
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
        )

    @strawberry.field(
        description="What a term that is being typed may become: completions of its last word that products' "
        "names have, the best sold first.",
        metadata=api.PUBLIC,
    )
    def search_suggestions(
        self,
        prefix: Annotated[str, strawberry.argument(description="What has been typed so far.")],
        first: Annotated[
            int | None,
            strawberry.argument(description="How many at most, 1 to 20; 10 unless told otherwise."),
        ] = None,
    ) -> list[str]:
        return search.completions(prefix, first=first)

    @strawberry.field(
        description="Slug and time of the last change of every product, by slug: cheap, and up to "
        f"{types.MAX_ENTRIES} at a time.",
        metadata=api.PUBLIC,
    )
    def sitemap(
        self,
        first: Annotated[
            int, strawberry.argument(description=f"How many entries, 1 to {types.MAX_ENTRIES}.")
        ] = types.MAX_ENTRIES,
        after: api.After = None,
    ) -> types.SitemapConnection:
        return types.SitemapConnection.of(selectors.products(), paging=api.Paging(first=first, after=after))


@strawberry.type
class Mutation:
    @api.mutation(types.CreateProductResult, description="Offer a product. Needs the permission to sell.")
    def create_product(self, info: api.Info, input: types.CreateProductInput) -> QuerySet[models.Product]:
        product = services.create_product(user=api.signed_in(info), fields=input.fields(), now=timezone.now())
        return selectors.products().filter(pk=product.pk)

    @api.mutation(
        types.UpdateProductResult, description="Change a product of one's own; the staff change any."
    )
    def update_product(self, info: api.Info, input: types.UpdateProductInput) -> QuerySet[models.Product]:
        key = api.key_of(input.id, "Product")
        services.update_product(
            user=api.signed_in(info), product_pk=key, changes=input.changes(), now=timezone.now()
        )
        return selectors.products().filter(pk=key)

    @api.mutation(
        types.DeleteProductResult,
        description="Delete a product of one's own; the staff delete any. Its orders stay readable.",
    )
    def delete_product(self, info: api.Info, input: types.DeleteProductInput) -> api.Deleted:
        key = api.key_of(input.id, "Product")
        services.delete_product(user=api.signed_in(info), product_pk=key)
        return api.Deleted(id=api.id_of("Product", key))

    @api.mutation(types.FavouriteResult, description="A second time changes nothing.")
    def add_favourite(self, info: api.Info, input: types.FavouriteInput) -> QuerySet[models.Product]:
        key = api.key_of(input.product_id, "Product")
        services.add_favourite(user=api.signed_in(info), product_pk=key, now=timezone.now())
        return selectors.products().filter(pk=key)

    @api.mutation(types.FavouriteResult, description="What was no favourite stays none.")
    def remove_favourite(self, info: api.Info, input: types.FavouriteInput) -> QuerySet[models.Product]:
        key = api.key_of(input.product_id, "Product")
        services.remove_favourite(user=api.signed_in(info), product_pk=key)
        return selectors.products().filter(pk=key)
