"""What other systems hear of the catalogue: steps of the transactions that change it."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.conf import settings

from hooks.models import Kind
from hooks.publishing import News, global_id, is_wanted, publish


def announce_changes(keys: Collection[int], *, now: datetime) -> None:
    """Tell that products were created or changed, by primary key. Sales are not told."""
    publish(Kind.PRODUCT_CHANGED, [News(node="Product", key=key, data={}) for key in keys], now=now)


def announce_deletion(key: int, *, now: datetime) -> None:
    publish(Kind.PRODUCT_DELETED, [News(node="Product", key=key, data={})], now=now)


def announce_low_stock(
    stocks: Mapping[int, tuple[int, int]], *, products: Mapping[int, int], now: datetime
) -> None:
    """Tell of the variants whose stock has just gone down to STORE_LOW_STOCK, once for each time that it does.

    `stocks` has the stock before and after by the variants' keys, `products` the keys of their products.
    """
    threshold: int = settings.STORE_LOW_STOCK
    low = {key: after for key, (before, after) in stocks.items() if after <= threshold < before}
    if low and is_wanted(Kind.STOCK_LOW):
        news = [
            News(
                node="ProductVariant",
                key=key,
                data={
                    "productId": global_id("Product", products[key]),
                    "stock": stock,
                    "threshold": threshold,
                },
            )
            for key, stock in low.items()
        ]
        publish(Kind.STOCK_LOW, news, now=now)
