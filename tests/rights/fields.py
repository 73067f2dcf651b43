"""The rights of reading: every field of the API, and every root query with the roles that get an answer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from orders.links import token_of
from tests.conftest import global_id
from tests.rights.shop import EVERYONE, PEOPLE, SHOPPER, Shop


@dataclass(frozen=True, kw_only=True)
class Fields:
    """The fields of a visible row: those that all roles read alike, the owner's alone, and the caller's own.

    The answer of a field in `own` depends on the caller, and each has a test of its own.
    """

    alike: str
    owner: str = ""
    own: str = ""

    def names(self) -> set[str]:
        return {*self.alike.split(), *self.owner.split(), *self.own.split()}


ADDRESS = "id firstName lastName company phone address address2 buildingNumber city zipCode state country"
# Every field of every type with an id. Who sees the rows is in tests/rights/shop.py.
FIELDS = {
    "Address": Fields(alike=f"{ADDRESS} isDefault"),
    "Cart": Fields(
        alike="id",
        own="items totalQuantity destination deliveryOptions delivery discountCode subtotal discountTotal "
        "deliveryTotal taxTotal taxes total changes requiresShipping",
    ),
    "CartItem": Fields(alike="id product variant quantity unitPrice total"),
    "Category": Fields(
        alike="id name slug description parent children ancestors image seo productCount products"
    ),
    "Comment": Fields(
        alike="id slug author product body rating verifiedPurchase active createdAt updatedAt", own="isMine"
    ),
    "DeliveryMethod": Fields(alike="id name description minDays maxDays"),
    "Order": Fields(
        alike="id uuid number note status user items shipping billing createdAt updatedAt expiresAt paidAt shippedAt "
        "cancelledAt amount subtotal discountTotal deliveryTotal taxTotal taxes pricesIncludeTax isReverseCharge "
        "payment delivery discountCode requiresShipping fulfilments refunds returns documents"
    ),
    "OrderItem": Fields(
        alike="id product variant name variantTitle sku quantity requiresShipping unitPrice total discount tax"
    ),
    "Fulfilment": Fields(alike="id items carrier trackingNumber trackingUrl shippedAt"),
    "Refund": Fields(alike="id amount createdAt"),
    "Return": Fields(alike="id status items reason createdAt"),
    "Payment": Fields(alike="id status amount refunded failure", owner="clientSecret"),
    "Product": Fields(
        alike="id name slug description category seller discount stock addedAt updatedAt price finalPrice onSale "
        "isAvailable image images rating related options variants priceRange lowestPriorPrice "
        "isPublished attributes seo",
        own="isFavourite comments",
    ),
    "ProductVariant": Fields(
        alike="id product sku title selectedOptions price discount finalPrice onSale lowestPriorPrice stock "
        "isAvailable image requiresShipping"
    ),
    "Profile": Fields(alike="id name slug joinedAt avatar"),
    "Shipping": Fields(alike=f"{ADDRESS} email"),
    "User": Fields(
        alike="id email emailVerified firstName lastName profile favourites", own="addresses orders"
    ),
}

# Parts of other types, visible to everyone who sees the whole.
PARTS = {
    "Billing": "company vatId address",
    "AppliedDiscountCode": "code amount applies message",
    "AddressRules": "country required used states zipCodePattern zipCodeExample",
    "AddressState": "code name",
    "AttributeFacet": "name slug values",
    "AttributeValueFacet": "value slug count",
    "CategoryFacet": "category count",
    "Country": "code name",
    "Deleted": "id product",
    "Document": "kind number issuedAt url",
    "DeliveryOption": "method cost",
    "Destination": "country zipCode state",
    "Done": "ok",
    "FieldError": "field message",
    "FulfilmentItem": "item quantity",
    "Image": "id alt width height placeholder url thumbnail",
    "Money": "amount currency minorUnits formatted",
    "MyData": "data",
    "OrderDelivery": "name cost",
    "PageInfo": "hasNextPage hasPreviousPage startCursor endCursor",
    "PriceChanged": "item before now",
    "ProductAttribute": "name slug values",
    "ProductFacets": "attributes options categories minPrice maxPrice inStock onSale",
    "PriceRange": "min max",
    "ProductOption": "name values",
    "ProductRemoved": "productId variantId name variantTitle",
    "Seo": "title description",
    "RatingSummary": "average count histogram",
    "Policy": "slug title body updatedAt",
    "SelectedOption": "name value",
    "Shop": "name currency pricesIncludeTax guestCheckout stripePublishableKey countries policies",
    "SitemapEntry": "slug updatedAt",
    "StockReduced": "item available",
    "TaxAmount": "name rate base amount",
    **{f"{node}Edge": "cursor node" for node in ("Comment", "Order", "Product", "SitemapEntry")},
    **{f"{node}Connection": "edges nodes pageInfo totalCount" for node in ("Comment", "Order", "Sitemap")},
    "ProductConnection": "edges nodes pageInfo totalCount facets correctedTerm",
    # Errors only contain what the caller has asked for.
    **dict.fromkeys(
        ("CartEmpty", "InvalidCredentials", "NotFound", "PaymentUnavailable", "ReturnNotPossible"),
        "code message",
    ),
    **dict.fromkeys(("OrderNotCancellable", "OrderNotEditable"), "code message status order"),
    "DeliveryUnavailable": "code message deliveryOptions",
    "DiscountCodeRefused": "code message reason",
    "InsufficientStock": "code message requested available product variant",
    "NoProductMatches": "code message term suggestions",
    "ProductUnavailable": "code message name variantTitle productId variantId",
    "TooManyAttempts": "code message retryAfterSeconds",
    "TooManyOpenOrders": "code message orders",
    "TotalChanged": "code message expected actual",
    "ValidationError": "code message fields",
}

# Every root query: its arguments, the roles that get an answer, and whether all get the same.
QUERIES: dict[str, tuple[Callable[[Shop], dict[str, Any]], frozenset[str]]] = {
    "addressRules": (lambda shop: {"country": "US"}, EVERYONE),
    "cart": (lambda shop: {}, EVERYONE),
    "categories": (lambda shop: {}, EVERYONE),
    "category": (lambda shop: {"slug": shop.product.category.slug}, EVERYONE),
    "me": (lambda shop: {}, PEOPLE),
    "node": (lambda shop: {"id": global_id("Product", shop.product.pk)}, EVERYONE),
    "order": (lambda shop: {"uuid": str(shop.order)}, frozenset({SHOPPER})),  # the staff by the node's id
    "orderByToken": (lambda shop: {"token": token_of(shop.order)}, EVERYONE),  # whoever holds the link
    "product": (lambda shop: {"slug": shop.product.slug}, EVERYONE),
    "products": (lambda shop: {}, EVERYONE),
    "profile": (lambda shop: {"slug": shop.people[SHOPPER].profile.slug}, EVERYONE),
    "search": (lambda shop: {"term": "lamp"}, EVERYONE),
    "searchSuggestions": (lambda shop: {"prefix": "lam"}, EVERYONE),
    "shop": (lambda shop: {}, EVERYONE),
    "sitemap": (lambda shop: {}, EVERYONE),
    "unpublishedProducts": (lambda shop: {}, PEOPLE),
}
