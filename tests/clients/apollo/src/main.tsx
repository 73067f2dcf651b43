import { ApolloProvider } from "@apollo/client/react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { Account } from "./Account";
import { Cart } from "./Cart";
import { createClient } from "./client";
import { Products } from "./Products";
import { startAfresh } from "./session";

const root = document.getElementById("root");
if (!root) throw new Error("The page has no #root.");

const client = createClient({
  uri: root.dataset.endpoint ?? "http://localhost:8000/graphql/",
  onSignInNeeded: () => void startAfresh(client), // the session has ended elsewhere
});
// In a shop the shopper fills this in.
const shipping = {
  firstName: "Ada",
  lastName: "Lovelace",
  email: "ada@example.com",
  phone: "+1 415 555 2671",
  address: "Market Street",
  buildingNumber: "1",
  city: "San Francisco",
  zipCode: "94105",
  state: "CA",
  country: "US",
};

createRoot(root).render(
  <StrictMode>
    <ApolloProvider client={client}>
      <Account />
      <Cart shipping={shipping} />
      <Products />
    </ApolloProvider>
  </StrictMode>,
);
