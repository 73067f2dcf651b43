// One tab for each: they run as they are against a freshly seeded store, one after the other.
// The editor shows some 50 columns on a small screen.

const LAMP = "UHJvZHVjdDoxMA==";

const examples = [
  {
    query: `# 1. Find something.
#
# Press the triangle, or Ctrl-Enter. Then go
# through the tabs from left to right.
#
# The book on the left opens the documentation
# of every type and field, and Ctrl-Space
# completes what you write.

query Search {
  search(term: "lamp", first: 5) {
    __typename
    ... on ProductConnection {
      totalCount
      nodes {
        id
        name
        stock
        finalPrice { amount currency }
      }
    }
    ... on NoProductMatches {
      message
      suggestions
    }
  }
}
`,
  },
  {
    query: `# 2. Put it into the cart.
#
# The lamp's id is in Variables, below; any id
# that the search finds will do. You need not
# sign in: a session's cookie keeps the cart.
#
# What a shopper can do wrong has a type of its
# own. Ask for 900, and read what is available.

mutation AddToCart($item: CartItemInput!) {
  addToCart(input: $item) {
    __typename
    ... on Cart {
      totalQuantity
      total { amount currency }
      items {
        quantity
        product { name }
      }
    }
    ... on InsufficientStock { available }
    ... on UserError { code message }
  }
}
`,
    variables: `{
  "item": {
    "productId": "${LAMP}",
    "quantity": 2
  }
}`,
  },
  {
    query: `# 3. Buy what is in the cart.
#
# A purchase has a key, which the client makes:
# the same key answers with the same order, so
# nobody buys twice by pressing twice. To buy
# again, fill the cart and change the key.
#
# Then open /dev/stripe/ in your browser, pay,
# and run this once more: the order is SHIPPED.

mutation Checkout($purchase: CheckoutInput!) {
  checkout(input: $purchase) {
    __typename
    ... on Order {
      uuid
      status
      amount { amount currency }
      items { quantity name }
      payment { status clientSecret }
    }
    ... on ValidationError {
      fields { field message }
    }
    ... on UserError { code message }
  }
}
`,
    variables: `{
  "purchase": {
    "idempotencyKey": "6b0d6a0e-2f0f-4c64-9d43-3f3b8f6f6c11",
    "shipping": {
      "firstName": "Ada",
      "lastName": "Lovelace",
      "email": "ada@example.com",
      "phone": "+1 415 555 2671",
      "address": "Market Street",
      "buildingNumber": "1",
      "city": "San Francisco",
      "zipCode": "94105",
      "state": "CA",
      "country": "US"
    }
  }
}`,
  },
  {
    query: `# 4. Sign in, and comment.
#
# Mutations run one after the other, so the
# second already acts as the shopper. What you
# have bought as a guest is the shopper's now:
# once it is paid, the purchase is verified.
#
# In Variables you can add a "rating" from 1 to
# 5, once for a product. To sign out, run
# mutation { logout }.

mutation Comment(
  $shopper: LoginInput!
  $comment: CreateCommentInput!
) {
  login(input: $shopper) {
    __typename
    ... on User { profile { name } }
    ... on UserError { code message }
  }
  createComment(input: $comment) {
    __typename
    ... on Comment {
      author { name }
      body
      verifiedPurchase
      product {
        name
        comments { totalCount }
      }
    }
    ... on ValidationError {
      fields { field message }
    }
    ... on UserError { code message }
  }
}
`,
    variables: `{
  "comment": {
    "productId": "${LAMP}",
    "body": "It lights the whole desk, and no more."
  },
  "shopper": {
    "email": "shopper@example.com",
    "password": "demonstration-only"
  }
}`,
  },
];
