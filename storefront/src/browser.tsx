import "./app.css";

import { createRoot, hydrateRoot } from "react-dom/client";
import { BrowserRouter } from "react-router";

import { createClient } from "./api/client";
import { App } from "./App";
import { Pages, scriptsOf } from "./routes";
import { signInPrompt } from "./shell/panels";
import { cookieOf } from "./shell/preferences";
import { chooseLanguage, loadLanguage } from "./texts";

const state = document.getElementById("state")?.textContent;
const root = document.documentElement;
if (!state) {
  // Without the rendering server, as under `npm run dev`.
  root.lang = chooseLanguage(cookieOf("language", document.cookie), navigator.language);
  root.dataset.theme = cookieOf("theme", document.cookie) ?? "";
}

const client = createClient({ uri: "/graphql/", language: root.lang, askToSignIn: signInPrompt.ask });
if (state) client.cache.restore(JSON.parse(state));

/** Loads the scripts of the page that a link leads to, as soon as somebody is about to follow it. */
function anticipate({ target }: Event): void {
  const link = target instanceof Element && target.closest("a");
  if (!link || link.origin !== location.origin) return;
  for (const { load } of scriptsOf(link.pathname)) load().catch(() => {}); // the page itself will say it
}
for (const kind of ["pointerover", "touchstart", "focusin"]) addEventListener(kind, anticipate, { passive: true });

async function start(): Promise<void> {
  // What the server has rendered can only be taken over with the page's script.
  const scripts = scriptsOf(location.pathname).map(({ load }) => load());
  const [language] = await Promise.all([loadLanguage(root.lang), ...scripts]);
  const app = (
    <App client={client} language={language} origin={location.origin}>
      {/* Without transitions the next page is there at once, as a skeleton if need be. */}
      <BrowserRouter useTransitions={false}>
        <Pages />
      </BrowserRouter>
    </App>
  );
  sessionStorage.removeItem("isReloaded"); // by index.html
  const place = document.getElementById("root") as HTMLElement;
  if (state) hydrateRoot(place, app);
  else createRoot(place).render(app);
}

void start();
