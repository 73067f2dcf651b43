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

PRICED_CART = """
    fragment Priced on Cart {
      items { id quantity product { id name stock } total { minorUnits } }
      delivery { method { name } cost { amount currency } }
      discountCode { code applies amount { amount currency minorUnits } }
      subtotal { minorUnits }
      discountTotal { minorUnits }
      deliveryTotal { minorUnits }
      taxTotal { amount currency minorUnits }
      taxes { name rate }
      total { amount currency minorUnits }
    }
"""

SET_CART_DELIVERY = f"""
    mutation SetCartDelivery($input: CartDeliveryInput!) {{
      setCartDelivery(input: $input) {{
        __typename
        ... on Cart {{ ...Priced }}
        ... on UserError {{ code message }}
        ... on ValidationError {{ fields {{ field message }} }}
      }}
    }}
    {PRICED_CART}
"""

APPLY_DISCOUNT_CODE = f"""
    mutation ApplyDiscountCode($input: DiscountCodeInput!) {{
      applyDiscountCode(input: $input) {{
        __typename
        ... on Cart {{ ...Priced }}
        ... on UserError {{ code message }}
      }}
    }}
    {PRICED_CART}
"""

CHECKOUT = """
    mutation Checkout($input: CheckoutInput!) {
      checkout(input: $input) {
        __typename
        ... on Order {
          uuid
          status
          amount { amount currency minorUnits }
          subtotal { minorUnits }
          discountTotal { minorUnits }
          discountCode
          delivery { name }
          deliveryTotal { minorUnits }
          taxTotal { minorUnits }
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
        discountTotal { amount currency }
        discountCode
        delivery { name }
        deliveryTotal { amount currency }
        taxTotal { amount currency }
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
