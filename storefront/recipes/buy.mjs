// node buy.mjs http://127.0.0.1:8000 lamp: buys the first thing that is found, without any library.
const [store, term] = process.argv.slice(2);
let session = "new"; // the key of the session, in place of a cookie

async function ask(query, variables) {
  const response = await fetch(`${store}/graphql/`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Store-Session": session },
    body: JSON.stringify({ query, variables }),
  });
  session = response.headers.get("X-Store-Session") ?? session;
  const { data, errors } = await response.json();
  if (errors) throw new Error(`${errors[0].extensions.code}: ${errors[0].message}`);
  return data;
}

/** The answer of a mutation, if it is not one of its errors. */
function take(answer) {
  if (answer.message) throw new Error(`${answer.code}: ${answer.message}`);
  return answer;
}

const { search } = await ask(
  `query Search($term: String!) {
    search(term: $term, first: 1, filter: { inStock: true }) {
      ... on ProductConnection { nodes { name variants { id isAvailable } } }
      ... on UserError { code message }
    }
  }`,
  { term },
);
const [product] = take(search).nodes;
const variant = product.variants.find(({ isAvailable }) => isAvailable);

const { addToCart } = await ask(
  `mutation AddToCart($variantId: ID!) {
    addToCart(input: { variantId: $variantId }) {
      ... on Cart { id }
      ... on UserError { code message }
    }
  }`,
  { variantId: variant.id },
);
take(addToCart);

const shipping = {
  email: "ada@example.com",
  firstName: "Ada",
  lastName: "Archer",
  address: "Main Street",
  buildingNumber: "1",
  city: "Springfield",
  zipCode: "62701",
  state: "IL",
  country: "US",
  phone: "+12175550100",
};
const { country, zipCode, state } = shipping;
const { setCartDelivery } = await ask(
  `mutation SetCartDelivery($input: CartDeliveryInput!) {
    setCartDelivery(input: $input) {
      ... on Cart { id deliveryOptions { method { id } } }
      ... on UserError { code message }
    }
  }`,
  { input: { country, zipCode, state } },
);
const cart = take(setCartDelivery);
const deliveryMethodId = cart.deliveryOptions[0]?.method.id; // none, where a shop has no methods

const { checkout } = await ask(
  `mutation Checkout($input: CheckoutInput!) {
    checkout(input: $input) {
      ... on Order { number status amount { formatted } }
      ... on UserError { code message }
    }
  }`,
  // With the same key it is the same order, however often it is sent.
  { input: { shipping, deliveryMethodId, idempotencyKey: crypto.randomUUID() } },
);
const { number, status, amount } = take(checkout);
console.log(`${product.name}: order ${number} of ${amount.formatted} is ${status}.`);
