// Starts GraphiQL with examples that run as they are against a freshly seeded store.

const root = document.getElementById("graphiql");

const examples = [
  `# Find something.
query Search {
  search(term: "lamp", first: 5) {
    __typename
    ... on ProductConnection {
      totalCount
      nodes { id name slug finalPrice { amount currency } stock seller { name } }
    }
    ... on NoProductMatches { message suggestions }
  }
}
`,
  `# Put it into the cart: take an id from the search.
mutation AddToCart($productId: ID!) {
  addToCart(input: { productId: $productId, quantity: 2 }) {
    __typename
    ... on Cart { totalQuantity total { amount currency } items { id quantity product { name } } }
    ... on UserError { code message }
  }
}
`,
  `# Buy what is in the cart. One key for each intent to buy: the same key answers with the same order.
mutation Checkout {
  checkout(input: {
    idempotencyKey: "6b0d6a0e-2f0f-4c64-9d43-3f3b8f6f6c11"
    shipping: {
      firstName: "Ada" lastName: "Lovelace" email: "ada@example.com" phone: "+1 415 555 2671"
      address: "Market Street" buildingNumber: "1" city: "San Francisco" zipCode: "94105" state: "CA" country: "US"
    }
  }) {
    __typename
    ... on Order { uuid status amount { amount currency } payment { status clientSecret } }
    ... on UserError { code message }
  }
}
`,
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
    defaultTabs: examples.map((query) => ({ query })),
    shouldPersistHeaders: false,
  }),
  root,
);
