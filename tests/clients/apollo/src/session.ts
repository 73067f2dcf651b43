import type { ApolloClient } from "@apollo/client";

import type { LoginInput, SignInMutation } from "./gql/graphql";
import { SIGN_IN, SIGN_OUT } from "./operations";

/** Signs in. The answer is a User or what was wrong; the guest's cart has moved to the account. */
export async function signIn(client: ApolloClient, input: LoginInput): Promise<SignInMutation["login"]> {
  const { data } = await client.mutate({ mutation: SIGN_IN, variables: { input } });
  if (!data) throw new Error("No answer.");
  if (data.login.__typename === "User") await client.resetStore();
  return data.login;
}

export async function signOut(client: ApolloClient): Promise<void> {
  await client.mutate({ mutation: SIGN_OUT });
  await client.resetStore(); // nothing of the account stays; what is on the page is fetched anew
}
