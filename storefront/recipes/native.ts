import type { ApolloClient } from "@apollo/client";

import { createClient } from "../src/api/client";
import { fetchWithKey } from "./keys";

/** Where a device keeps secrets: `import * as SecureStore from "expo-secure-store"`. */
interface Storage {
  getItemAsync: (name: string) => Promise<string | null>;
  setItemAsync: (name: string, value: string) => Promise<void>;
}

const NAME = "session";

/** A client for React Native: the session outlives the app, and no cookie is kept. */
export async function createNativeClient(store: string, language: string, storage: Storage): Promise<ApolloClient> {
  const key = (await storage.getItemAsync(NAME)) ?? undefined;
  const onKey = (told: string) => void storage.setItemAsync(NAME, told);
  return createClient({ uri: `${store}/graphql/`, language, mediaOrigin: store, fetch: fetchWithKey({ key, onKey }) });
}
