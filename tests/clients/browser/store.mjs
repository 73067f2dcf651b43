// The store, past any browser: for what a test needs to set up, and to see what has become of it.
export const STORE = process.env.STORE_URL;
export const ENDPOINT = `${STORE}/graphql/`;
export const PASSWORD = "a-long-enough-secret";

/** The data of an operation, for the session of this cookie. */
export async function run(query, { variables, session } = {}) {
  const response = await fetch(ENDPOINT, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...(session && { Cookie: `sessionid=${session}` }) },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

/** A new account's e-mail address; its name is Alice. */
export async function newShopper() {
  const email = `alice-${crypto.randomUUID()}@example.com`;
  const query = "mutation($input: RegisterInput!) { register(input: $input) { __typename } }";
  const input = { email, password: PASSWORD, firstName: "Alice", lastName: "Allowed" };
  await run(query, { variables: { input } });
  return email;
}
