import type { ApolloClient } from "@apollo/client";
import { useQuery } from "@apollo/client/react";

import { graphql } from "../gql";
import type { LoginInput, RegisterInput, RegisterMutation, SignInMutation } from "../gql/graphql";

const SESSION = graphql(`
  query Session {
    me {
      id
      email
      emailVerified
      firstName
      lastName
      profile { id name avatar { id url thumbnail(size: SMALL) } }
    }
    cart { id totalQuantity }
  }
`);

const SIGN_IN = graphql(`
  mutation SignIn($input: LoginInput!) {
    login(input: $input) {
      ... on User { id }
      ... on UserError { code message }
    }
  }
`);

const REGISTER = graphql(`
  mutation Register($input: RegisterInput!) {
    register(input: $input) {
      ... on User { id }
      ... on UserError { code message }
      ... on ValidationError { fields { field message } }
    }
  }
`);

const SIGN_OUT = graphql(`
  mutation SignOut { logout }
`);

/** Who is here and how full the cart is. Undefined until the store has said so: never on a rendering server. */
export function useSession() {
  return useQuery(SESSION, { ssr: false }).data;
}

/** Signs in. The answer is a User, or what was wrong. The guest's cart and orders have moved to the account. */
export async function signIn(client: ApolloClient, input: LoginInput): Promise<SignInMutation["login"]> {
  const { data } = await client.mutate({ mutation: SIGN_IN, variables: { input } });
  if (!data) throw new Error("No answer.");
  if (data.login.__typename === "User") await forgetVisitor(client);
  return data.login;
}

/** Opens an account and signs in. The answer is a User, or what was wrong. */
export async function register(client: ApolloClient, input: RegisterInput): Promise<RegisterMutation["register"]> {
  const { data } = await client.mutate({ mutation: REGISTER, variables: { input } });
  if (!data) throw new Error("No answer.");
  if (data.register.__typename === "User") await forgetVisitor(client);
  return data.register;
}

/** Signs out, and loads the page anew: nothing of the person stays in memory. */
export async function signOut(client: ApolloClient): Promise<void> {
  await client.mutate({ mutation: SIGN_OUT });
  sessionStorage.clear();
  location.assign("/");
}

/** Fetches again what the page shows of the visitor. The catalogue is the same for all, and stays. */
export async function forgetVisitor(client: ApolloClient): Promise<void> {
  await client.refetchQueries({
    updateCache(cache) {
      for (const fieldName of ["me", "cart", "order"]) cache.evict({ id: "ROOT_QUERY", fieldName });
      for (const id of Object.keys(client.cache.extract() as object)) {
        if (id.startsWith("Product:")) cache.evict({ id, fieldName: "isFavourite" });
      }
    },
  });
}
