"""What a sitemap needs of every product, and nothing else: so little that a thousand come at a time."""

from datetime import datetime

import strawberry
from django.db.models import QuerySet

from backend import api
from catalog import models

MAX_ENTRIES = 1000
BY_SLUG = api.Sort(("slug",))


@strawberry.type
class SitemapEntry:
    slug: str
    updated_at: datetime


@strawberry.type
class SitemapConnection(api.Connection[SitemapEntry]):
    @classmethod
    def of(cls, products: QuerySet[models.Product], *, first: int, after: str | None) -> "SitemapConnection":
        columns = ["slug", "updated_at"]
        page = api.plain_page(
            products, columns=columns, sort=BY_SLUG, first=first, after=after, most=MAX_ENTRIES
        )
        return cls(page=page)
