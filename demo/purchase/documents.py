"""The demo's GraphQL operations, as a front end would write them."""

REGISTER = """
    mutation Register($input: RegisterInput!) {
      register(input: $input) {
        __typename
        ... on User { id email }
        ... on UserError { code message }
        ... on ValidationError { fields { field message } }
      }
    }
"""

ME = """
    query Me {
      me { email favourites(first: 10) { nodes { id } } }
    }
"""

CATEGORIES = """
    query Categories {
      categories { name slug productCount parent { slug } }
    }
"""

PRODUCT = """
    fragment Card on Product {
      id name slug stock discount
      price { amount currency minorUnits }
      finalPrice { amount currency minorUnits }
      image { thumbnail(size: SMALL) }
      rating { average count }
    }
"""

BARGAINS = f"""
    query Bargains {{
      products(filter: {{onSale: true, inStock: true}}, sort: DISCOUNT_DESC, first: 3) {{
        totalCount
        nodes {{ ...Card }}
      }}
    }}
    {PRODUCT}
"""

SEARCH = f"""
    query Search($term: String!) {{
      search(term: $term, filter: {{inStock: true}}, first: 5) {{
        __typename
        ... on ProductConnection {{ nodes {{ ...Card }} }}
        ... on UserError {{ code message }}
        ... on NoProductMatches {{ suggestions }}
      }}
    }}
    {PRODUCT}
"""

ADD_FAVOURITE = """
    mutation AddFavourite($input: FavouriteInput!) {
      addFavourite(input: $input) {
        __typename
        ... on Product { id name isFavourite }
        ... on UserError { code message }
      }
    }
"""

ADD_TO_CART = """
    mutation AddToCart($input: CartItemInput!) {
      addToCart(input: $input) {
        __typename
        ... on Cart {
          id
          totalQuantity
          items { id quantity product { id name stock } total { minorUnits } }
          total { amount currency minorUnits }
        }
        ... on UserError { code message }
        ... on InsufficientStock { available }
      }
    }
"""

CART = """
    query Cart {
      cart { id items { id } }
    }
"""

CHECKOUT = """
    mutation Checkout($input: CheckoutInput!) {
      checkout(input: $input) {
        __typename
        ... on Order {
          uuid
          status
          amount { amount currency minorUnits }
          payment { status clientSecret amount { amount currency minorUnits } }
        }
        ... on UserError { code message }
        ... on ValidationError { fields { field message } }
      }
    }
"""

ORDER = """
    query Order($uuid: UUID!) {
      order(uuid: $uuid) {
        uuid
        status
        paidAt
        shippedAt
        amount { amount currency minorUnits }
        items { name quantity total { amount currency } }
        payment { status amount { amount currency minorUnits } }
      }
    }
"""

STOCK = """
    query Stock($id: ID!) {
      node(id: $id) { ... on Product { stock } }
    }
"""

CREATE_COMMENT = """
    mutation CreateComment($input: CreateCommentInput!) {
      createComment(input: $input) {
        __typename
        ... on Comment { verifiedPurchase product { rating { average count } } }
        ... on UserError { code message }
        ... on ValidationError { fields { field message } }
      }
    }
"""
