import { prerenderStatic } from "@apollo/client/react/ssr";
import { prerenderToNodeStream } from "react-dom/static";
import { StaticRouter } from "react-router";

import { createClient } from "./api/client";
import { App } from "./App";
import { Pages, scriptsOf } from "./routes";
import { type Answer, AnswerContext } from "./shell/answer";
import { loadLanguage } from "./texts";

export { cookieOf } from "./shell/preferences";
export { chooseLanguage } from "./texts";

interface Rendered extends Answer {
  /** Title, metadata and links, for the document's head. */
  head: string;
  body: string;
  /** Apollo's cache, so that the browser asks for none of it again. */
  state: unknown;
  /** The sources of the page's own scripts. */
  sources: string[];
}

interface Options {
  store: string;
  language: string;
  /** For requests to the store: for whom the page is. */
  headers: Record<string, string>;
}

/**
 * Renders a page as a guest sees it: the same for everybody. Apollo renders it until no query is left to be asked. What is
 * thrown while it is rendered is thrown here, too.
 */
export async function render(url: URL, { store, language, headers }: Options): Promise<Rendered> {
  const client = createClient({ uri: `${store}/graphql/`, language, isServer: true, headers });
  const scripts = scriptsOf(url.pathname);
  await Promise.all(scripts.map(({ load }) => load()));
  const answer: Answer = { status: 200 };
  const faults: unknown[] = [];
  const { result: html } = await prerenderStatic({
    tree: (
      <AnswerContext value={answer}>
        <App client={client} language={await loadLanguage(language)} origin={url.origin}>
          <StaticRouter location={url.pathname + url.search}>
            <Pages />
          </StaticRouter>
        </App>
      </AnswerContext>
    ),
    renderFunction: (tree) =>
      prerenderToNodeStream(tree, {
        onError: (fault) => void faults.push(fault),
        progressiveChunkSize: Infinity, // in one piece: without scripts in the page that put pieces together
      }),
  });
  if (faults.length) throw faults[0];
  // React puts what belongs into a head before the rest.
  const start = html.search(/<(?!title|meta|link|\/title)/);
  return {
    ...answer,
    head: html.slice(0, start),
    body: html.slice(start),
    state: client.extract(),
    sources: scripts.map(({ source }) => source),
  };
}
