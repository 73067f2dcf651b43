// Starts GraphiQL with examples that run as they are against a freshly seeded store.

const root = document.getElementById("graphiql");

const examples = [
  {
    query: `# Find something.
query Search {
  search(term: "lamp", first: 5) {
    __typename
    ... on ProductConnection {
      totalCount
      nodes { id name stock finalPrice { amount currency } }
    }
    ... on NoProductMatches { message suggestions }
  }
}
`,
  },
  {
    query: `# Put it into the cart: any id that the search finds
# will do in Variables, below.
mutation AddToCart($productId: ID!) {
  addToCart(input: {
    productId: $productId
    quantity: 2
  }) {
    __typename
    ... on Cart {
      totalQuantity
      total { amount currency }
      items { quantity product { name } }
    }
    ... on UserError { code message }
  }
}
`,
    variables: '{ "productId": "UHJvZHVjdDoxMA==" }',
  },
  {
    query: `# Buy what is in the cart. Each purchase has a key,
# in Variables: the same key gives the same order.
mutation Checkout($key: UUID!) {
  checkout(input: {
    idempotencyKey: $key
    shipping: {
      firstName: "Ada", lastName: "Lovelace"
      email: "ada@example.com"
      phone: "+1 415 555 2671"
      address: "Market Street", buildingNumber: "1"
      city: "San Francisco", zipCode: "94105"
      state: "CA", country: "US"
    }
  }) {
    __typename
    ... on Order {
      uuid
      status
      amount { amount currency }
      payment { status clientSecret }
    }
    ... on UserError { code message }
  }
}
`,
    variables: '{ "key": "6b0d6a0e-2f0f-4c64-9d43-3f3b8f6f6c11" }',
  },
];

const fetcher = async (operation, options) => {
  const response = await fetch(root.dataset.endpoint, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...(options && options.headers) },
    body: JSON.stringify(operation),
    credentials: "same-origin",
  });
  return response.json();
};

ReactDOM.render(
  React.createElement(GraphiQL, {
    fetcher,
    defaultTabs: examples,
    shouldPersistHeaders: false,
  }),
  root,
);
