import "./app.css";

import { createRoot, hydrateRoot } from "react-dom/client";
import { createBrowserRouter, matchRoutes, RouterProvider } from "react-router";

import { createClient } from "./api/client";
import { App } from "./App";
import { createRoutes } from "./routes";
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

const routes = createRoutes(client);
const language = loadLanguage(root.lang);
// What the server has rendered can only be taken over with the page's script.
for (const { route } of matchRoutes(routes, location) ?? []) {
  if (typeof route.lazy !== "function") continue;
  Object.assign(route, await route.lazy(), { lazy: undefined });
}
const router = createBrowserRouter(routes);

const app = (
  <App client={client} language={await language} origin={location.origin}>
    <RouterProvider router={router} />
  </App>
);
const place = document.getElementById("root") as HTMLElement;
if (state) hydrateRoot(place, app);
else createRoot(place).render(app);
