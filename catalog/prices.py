"""The history of final prices, and the lowest price before a reduction that shops in the European Union must show."""

import json
from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection
from django.db.models import F, Max, Window
from django.db.models.functions import Lead

from catalog.models import PriceChange, ProductVariant
from catalog.stock import KEYS

# Article 6a of the European directive on price indications.
WINDOW = timedelta(days=30)
# Records the prices that differ from the last ones. A clock that is behind never puts a price before another: the later
# one takes its place.
RECORD = """
    INSERT INTO catalog_pricechange (variant_id, final_price, since)
    SELECT variant.id, variant.final_price, CASE WHEN last.since > %s THEN last.since ELSE %s END
    FROM catalog_productvariant AS variant
    LEFT JOIN catalog_pricechange AS last ON last.variant_id = variant.id AND last.since = (
        SELECT MAX(since) FROM catalog_pricechange AS change WHERE change.variant_id = variant.id
    )
    WHERE variant.product_id IN ({keys}) AND (last.id IS NULL OR last.final_price <> variant.final_price)
    ON CONFLICT (variant_id, since) DO UPDATE SET final_price = excluded.final_price
"""


def record_prices(products: Collection[int], *, now: datetime) -> None:
    """Record the final prices that have changed among the variants of products, by the products' primary keys.

    A step of a transaction that has inserted or locked the products.
    """
    moment = PriceChange._meta.get_field("since").get_db_prep_save(now, connection)
    with connection.cursor() as cursor:
        keys = json.dumps(list(products))
        cursor.execute(RECORD.format(keys=KEYS[connection.vendor]), [moment, moment, keys])


def lowest_prior_prices(variants: Collection[int]) -> dict[int, Decimal]:
    """Read the lowest final price of the 30 days before each variant got its current one, by primary key.

    The price that was in force when the 30 days began counts. A variant that never had another price is missing.
    """
    of_variant = F("variant")
    changes = PriceChange.objects.filter(variant__in=variants).annotate(
        until=Window(Lead("since"), partition_by=of_variant, order_by="since"),
        current=Window(Max("since"), partition_by=of_variant),
    )
    prior: dict[int, list[Decimal]] = defaultdict(list)
    in_window = changes.filter(until__gt=F("current") - WINDOW).order_by()
    for variant, final_price in in_window.values_list("variant_id", "final_price"):
        prior[variant].append(final_price)
    return {variant: min(prices) for variant, prices in prior.items()}


def lowest_prior_prices_of_products(products: Collection[int]) -> dict[int, Decimal]:
    """Read the same of reduced products, by their primary keys: the lowest of the variants that have their prices."""
    shown = ProductVariant.objects.filter(
        product__in=products, discount__gt=0, price=F("product__price"), discount=F("product__discount")
    )
    products_by_variant = dict(shown.order_by().values_list("pk", "product_id"))
    lowest: dict[int, Decimal] = {}
    for variant, price in lowest_prior_prices(products_by_variant).items():
        product = products_by_variant[variant]
        lowest[product] = min(price, lowest.get(product, price))
    return lowest
