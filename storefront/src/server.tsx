import { renderToString } from "react-dom/server";
import { createStaticHandler, createStaticRouter, StaticRouterProvider } from "react-router";

import { createClient } from "./api/client";
import { App } from "./App";
import { createRoutes } from "./routes";
import { loadLanguage } from "./texts";

export { cookieOf } from "./shell/preferences";
export { chooseLanguage } from "./texts";

interface Rendered {
  status: number;
  /** Title, metadata and links, for the document's head. */
  head: string;
  body: string;
  /** Apollo's cache, so that the browser asks for none of it again. */
  state: unknown;
}

interface Options {
  store: string;
  language: string;
  /** For requests to the store: for whom the page is. */
  headers: Record<string, string>;
}

/** Renders a page as a guest sees it: the same for everybody. A redirect is answered as a Response. */
export async function render(
  request: Request,
  { store, language, headers }: Options,
): Promise<Rendered | Response> {
  const client = createClient({ uri: `${store}/graphql/`, language, isServer: true, headers });
  const routes = createRoutes(client);
  const handler = createStaticHandler(routes);
  const context = await handler.query(request);
  if (context instanceof Response) return context;

  const { origin } = new URL(request.url);
  const html = renderToString(
    <App client={client} language={await loadLanguage(language)} origin={origin}>
      <StaticRouterProvider router={createStaticRouter(handler.dataRoutes, context)} context={context} hydrate={false} />
    </App>,
  );
  const isUnknown = context.matches.some(({ route }) => route.handle?.status === 404);
  // React puts what belongs into a head before the rest.
  const start = html.search(/<(?!title|meta|link|\/title)/);
  return {
    status: isUnknown ? 404 : context.statusCode,
    head: html.slice(0, start),
    body: html.slice(start),
    state: client.extract(),
  };
}
