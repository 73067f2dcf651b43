import { matchRoutes, Navigate, type RouteObject, useRoutes } from "react-router";

import { page, type PageScript } from "./page";
import { NotFound } from "./shell/ErrorPage";
import { Layout } from "./shell/Layout";

const ROUTES: RouteObject[] = [
  {
    element: <Layout />,
    children: [
      { index: true, ...page("home/HomePage") },
      { path: "categories/:slug", ...page("listing/CategoryPage") },
      { path: "products/:slug", ...page("product/ProductPage") },
      { path: "search", ...page("listing/SearchPage") },
      { path: "policies/:slug", ...page("policy/PolicyPage") },
      { path: "cart", ...page("cart/CartPage") },
      { path: "checkout", ...page("checkout/CheckoutPage") },
      { path: "orders/:uuid", ...page("order/OrderPage") },
      { path: "forgot-password", ...page("account/LinkPages", "ForgotPasswordPage") },
      { path: "reset-password", ...page("account/LinkPages", "ResetPasswordPage") },
      { path: "verify-email", ...page("account/LinkPages", "VerifyEmailPage") },
      {
        path: "account",
        ...page("account/AccountPage"),
        children: [
          { index: true, element: <Navigate to="/account/orders" replace /> },
          { path: "orders", ...page("account/OrdersPage") },
          { path: "favourites", ...page("account/FavouritesPage") },
          { path: "addresses", ...page("account/AddressesPage") },
          { path: "profile", ...page("account/ProfilePage") },
        ],
      },
      { path: "*", element: <NotFound /> },
    ],
  },
];

/** The page that the address names. */
export function Pages() {
  return useRoutes(ROUTES);
}

/** The scripts of the page with this path: of an account's, the frame's as well. */
export function scriptsOf(path: string): PageScript[] {
  return (matchRoutes(ROUTES, path) ?? []).flatMap(({ route }) => (route.handle as PageScript | undefined) ?? []);
}
