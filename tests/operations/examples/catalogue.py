"""Looking around in the shop, as a guest."""

from tests.operations.examples.example import Example

CATALOGUE = [
    Example(
        operation="shop",
        document="{ shop { name currency pricesIncludeTax guestCheckout stripePublishableKey } }",
    ),
    Example(
        operation="addressRules",
        document="""
query AddressRules($country: String!) {
  addressRules(country: $country) {
    country { name }
    required
    used
    zipCodePattern
    zipCodeExample
  }
}
""",
        variables=lambda answers: {"country": "DE"},
    ),
    Example(
        operation="categories",
        document="{ categories { name slug productCount parent { slug } } }",
    ),
    Example(
        operation="products",
        document="""
query Products($filter: ProductFilter, $after: String) {
  products(filter: $filter, sort: PRICE_ASC, first: 2, after: $after) {
    totalCount
    nodes { id name slug stock finalPrice { amount currency } seller { name } }
    pageInfo { hasNextPage endCursor }
  }
}
""",
        variables=lambda answers: {"filter": {"inStock": True, "onSale": True}, "after": None},
    ),
    Example(
        operation="category",
        document="""
query Category($slug: String!) {
  category(slug: $slug) {
    name
    productCount
    seo { title description }
    ancestors { name slug }
    children { name slug productCount }
    products(first: 2, sort: NAME_ASC) { nodes { name } }
  }
}
""",
        variables=lambda answers: {"slug": answers["categories"][0]["slug"]},
    ),
    Example(
        operation="product",
        document="""
query Product($slug: String!) {
  product(slug: $slug) {
    name
    discount
    price { amount currency }
    finalPrice { amount currency minorUnits }
    isAvailable
    options { name values }
    variants { id sku title selectedOptions { name value } finalPrice { amount } stock }
    priceRange { min { amount } max { amount } }
    lowestPriorPrice { amount }
    attributes { name slug values }
    image { url width height thumbnail(size: SMALL) }
    rating { average count histogram }
    comments(first: 1) { nodes { author { name } rating verifiedPurchase } }
    related(first: 2) { name }
  }
}
""",
        variables=lambda answers: {"slug": answers["products"]["nodes"][0]["slug"]},
    ),
    Example(
        operation="profile",
        document="query Profile($slug: String!) { profile(slug: $slug) { name joinedAt avatar { url } } }",
        variables=lambda answers: {"slug": "sam-shopper"},
    ),
    Example(
        operation="search",
        document="""
query Search($term: String!) {
  search(term: $term, first: 2) {
    __typename
    ... on ProductConnection {
      totalCount
      correctedTerm
      nodes { name }
      facets {
        inStock onSale minPrice { amount } maxPrice { amount }
        categories { count category { name } }
        attributes { name slug values { value count } }
        options { name values { value count } }
      }
    }
    ... on NoProductMatches { message suggestions }
  }
}
""",
        variables=lambda answers: {"term": "lamp"},
    ),
    Example(
        operation="countSearch",
        document="""
mutation CountSearch($input: CountSearchInput!) {
  countSearch(input: $input) {
    __typename
    ... on ValidationError { fields { field message } }
    ... on TooManyAttempts { retryAfterSeconds }
  }
}
""",
        variables=lambda answers: {"input": {"term": "lamp", "outcome": "FOUND"}},
    ),
    Example(
        operation="searchSuggestions",
        document="query Suggest($prefix: String!) { searchSuggestions(prefix: $prefix, first: 3) }",
        variables=lambda answers: {"prefix": "la"},
    ),
    Example(
        operation="sitemap",
        document="""
query Sitemap($after: String) {
  sitemap(first: 2, after: $after) {
    nodes { slug updatedAt }
    pageInfo { hasNextPage endCursor }
  }
}
""",
    ),
]
