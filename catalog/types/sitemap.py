"""The sitemap: the few columns that it needs of every product, up to a thousand products at a time."""

from datetime import datetime

import strawberry
from django.db.models import QuerySet

import api
from catalog import models

MAX_ENTRIES = 1000
BY_SLUG = api.Sort(("slug",))


@strawberry.type(description="A product, for a sitemap.")
class SitemapEntry:
    slug: str = strawberry.field(description="For the address of the product's page.")
    updated_at: datetime = strawberry.field(description="When it was last changed.")


@strawberry.type(description="A page of a sitemap.")
class SitemapConnection(api.Connection[SitemapEntry]):
    @classmethod
    def of(cls, products: QuerySet[models.Product], *, paging: api.Paging) -> "SitemapConnection":
        columns = ["slug", "updated_at"]
        page = api.plain_page(products, columns=columns, sort=BY_SLUG, paging=paging, most=MAX_ENTRIES)
        return cls(page=page)
