import type { ApolloClient } from "@apollo/client";

import type { LoginInput, RegisterInput, RegisterMutation, SignInMutation } from "./gql/graphql";
import { REGISTER, SIGN_IN, SIGN_OUT } from "./operations";

/** Opens an account and signs in. The answer is a User, or what was wrong. */
export async function register(
  client: ApolloClient,
  input: RegisterInput,
): Promise<RegisterMutation["register"]> {
  const { data } = await client.mutate({ mutation: REGISTER, variables: { input } });
  if (!data) throw new Error("No answer.");
  if (data.register.__typename === "User") await startAfresh(client);
  return data.register;
}

/** Signs in. The answer is a User, or what was wrong. The guest's cart has moved to the account. */
export async function signIn(client: ApolloClient, input: LoginInput): Promise<SignInMutation["login"]> {
  const { data } = await client.mutate({ mutation: SIGN_IN, variables: { input } });
  if (!data) throw new Error("No answer.");
  if (data.login.__typename === "User") await startAfresh(client);
  return data.login;
}

export async function signOut(client: ApolloClient): Promise<void> {
  await client.mutate({ mutation: SIGN_OUT });
  await startAfresh(client);
}

/** Clear everything that another person has seen. Queries on the page are fetched again, and show their own errors. */
export async function startAfresh(client: ApolloClient): Promise<void> {
  await client.resetStore().catch(() => {});
}
