import type { ApolloClient, OperationVariables, TypedDocumentNode } from "@apollo/client";
import type { LoaderFunctionArgs, RouteObject } from "react-router";
import { redirect } from "react-router";

import { HOME, HomePage } from "./home/HomePage";
import { CATEGORY, CategoryPage, categoryVariables } from "./listing/CategoryPage";
import { SEARCH, SearchPage, searchVariables } from "./listing/SearchPage";
import { POLICIES, PolicyPage } from "./policy/PolicyPage";
import { PRODUCT, ProductPage, productVariables } from "./product/ProductPage";
import { ErrorPage, NotFound } from "./shell/ErrorPage";
import { Layout } from "./shell/Layout";
import { SHELL } from "./shell/shop";

const account = () => import("./account");

/**
 * The pages. Those of the catalogue are in the first script, the others come when they are visited.
 *
 * A loader only begins a query, while the page's script is still on its way; the page shows skeletons until the cache has the
 * answer. A rendering server waits for it, and learns whether there is such a page.
 */
export function createRoutes(client: ApolloClient): RouteObject[] {
  const isServer = import.meta.env.SSR;

  async function load<Data, Variables extends OperationVariables>(
    query: TypedDocumentNode<Data, Variables>,
    variables: NoInfer<Variables>,
  ): Promise<Data | null> {
    const answer = client.query({ query, variables, errorPolicy: "none" } as never) as Promise<{ data: Data }>;
    if (isServer) return (await answer).data;
    answer.catch(() => {}); // the page asks for the same, and shows the error
    return null;
  }

  const paramsOf = (request: Request) => new URL(request.url).searchParams;

  return [
    {
      element: <Layout />,
      errorElement: <ErrorPage />,
      loader: () => load(SHELL, {}),
      shouldRevalidate: () => false,
      children: [
        {
          errorElement: <ErrorPage />,
          children: [
            { index: true, element: <HomePage />, loader: () => load(HOME, {}) },
            {
              path: "categories/:slug",
              element: <CategoryPage />,
              async loader({ params: { slug = "" }, request }: LoaderFunctionArgs) {
                const data = await load(CATEGORY, categoryVariables(slug, paramsOf(request)));
                if (data) answerFor(data.category, slug, "/categories/");
                return null;
              },
            },
            {
              path: "products/:slug",
              element: <ProductPage />,
              async loader({ params: { slug = "" }, request }: LoaderFunctionArgs) {
                const data = await load(PRODUCT, productVariables(slug, paramsOf(request)));
                if (data) answerFor(data.product, slug, "/products/");
                return null;
              },
              // Choosing a variant changes the address alone.
              shouldRevalidate: ({ currentUrl, nextUrl }) => currentUrl.pathname !== nextUrl.pathname,
            },
            {
              path: "search",
              element: <SearchPage />,
              async loader({ request }: LoaderFunctionArgs) {
                const variables = searchVariables(paramsOf(request));
                if (variables.term) await load(SEARCH, variables);
                return null;
              },
            },
            {
              path: "policies/:slug",
              element: <PolicyPage />,
              async loader({ params: { slug = "" } }: LoaderFunctionArgs) {
                const data = await load(POLICIES, {});
                if (data) answerFor(data.shop.policies.find((policy) => policy.slug === slug) ?? null, slug, "/policies/");
                return null;
              },
            },
            { path: "cart", lazy: async () => ({ Component: (await import("./cart/CartPage")).CartPage }) },
            { path: "checkout", lazy: async () => ({ Component: (await import("./checkout/CheckoutPage")).CheckoutPage }) },
            { path: "orders/:uuid", lazy: async () => ({ Component: (await import("./order/OrderPage")).OrderPage }) },
            { path: "forgot-password", lazy: async () => ({ Component: (await account()).ForgotPasswordPage }) },
            { path: "reset-password", lazy: async () => ({ Component: (await account()).ResetPasswordPage }) },
            { path: "verify-email", lazy: async () => ({ Component: (await account()).VerifyEmailPage }) },
            {
              path: "account",
              lazy: async () => ({ Component: (await account()).AccountPage }),
              children: [
                { index: true, loader: () => redirect("/account/orders") },
                { path: "orders", lazy: async () => ({ Component: (await account()).OrdersPage }) },
                { path: "favourites", lazy: async () => ({ Component: (await account()).FavouritesPage }) },
                { path: "addresses", lazy: async () => ({ Component: (await account()).AddressesPage }) },
                { path: "profile", lazy: async () => ({ Component: (await account()).ProfilePage }) },
              ],
            },
            { path: "*", element: <NotFound />, handle: { status: 404 } },
          ],
        },
      ],
    },
  ];
}

/** On a rendering server: 404 for nothing, and the present address for an old one. */
function answerFor(found: { slug: string } | null, slug: string, path: string): void {
  if (!found) throw new Response(null, { status: 404 });
  if (found.slug !== slug) throw redirect(path + found.slug, 301);
}
