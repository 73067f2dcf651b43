import type { ApolloClient } from "@apollo/client";
import { ApolloProvider } from "@apollo/client/react";
import { type ReactNode, StrictMode } from "react";

import { OriginContext } from "./shell/Head";
import { type Language, LanguageContext } from "./texts";

interface Props {
  client: ApolloClient;
  language: Language;
  origin: string;
  children: ReactNode;
}

/** What every page needs, in a browser and on a server. */
export function App({ client, language, origin, children }: Props) {
  return (
    <StrictMode>
      <ApolloProvider client={client}>
        <OriginContext value={origin}>
          <LanguageContext value={language}>{children}</LanguageContext>
        </OriginContext>
      </ApolloProvider>
    </StrictMode>
  );
}
