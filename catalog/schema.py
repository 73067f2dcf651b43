"""The catalogue's queries and mutations."""

import strawberry

from backend import api
from catalog import models, selectors
from catalog.types import SORTS, Category, Product, ProductConnection, ProductFilter, ProductSort


@strawberry.type
class Query:
    @strawberry.field(graphql_type=list[Category])
    def categories(self, info: api.Info) -> list[models.Category]:
        return api.every(selectors.categories(), info)

    @strawberry.field(graphql_type=Product | None)
    def product(self, info: api.Info, slug: str) -> models.Product | None:
        return api.one(selectors.products().filter(slug=slug), info)

    @strawberry.field
    def products(
        self,
        info: api.Info,
        filter: ProductFilter | None = None,
        sort: ProductSort = ProductSort.NEWEST,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> ProductConnection:
        page = api.page(
            selectors.products(filter.plain() if filter else None),
            info,
            answer="ProductConnection",
            sort=SORTS[sort],
            first=first,
            after=after,
            last=last,
            before=before,
        )
        return ProductConnection(page=page)
