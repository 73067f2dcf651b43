import tailwind from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defaultClientConditions, defineConfig, type Plugin, type Rolldown } from "vite";

import { documents } from "./documents.ts";

// To the browser the store and the shop are one origin: nothing has to be allowed, and cookies are the page's own.
const store = { target: process.env.STORE_URL ?? "http://127.0.0.1:8000" };

const router = new URL("./node_modules/react-router/dist/production/index.mjs", import.meta.url).pathname;

/** Lets the bundler leave out what the shop does not use of React Router, such as its forms. */
const unusedParts: Plugin = {
  name: "unused-parts",
  transform(code, id) {
    if (!id.startsWith(router.replace("index.mjs", ""))) return;
    const pure = code.replace(/^(var \w+ = )(\w+\.(?:createContext|forwardRef|memo)\()/gm, "$1/* @__PURE__ */ $2");
    return { code: pure.replace(/^\w+\.displayName = .*;$/gm, ""), map: null };
  },
};

// What every page needs is one script, and what most need is another: few are sooner there than many, and smaller.
const groups: Rolldown.CodeSplittingGroup[] = [
  { name: "every", tags: ["$initial"] },
  { name: "most", minShareCount: 5, test: /\/src\/(?!ui\/Sheet)|@apollo/ },
];

export default defineConfig(({ isSsrBuild }) => ({
  plugins: [documents(), unusedParts, react(), tailwind()],
  server: { port: 3000, proxy: { "/graphql": store, "/media": store, "/documents": store, "/dev/stripe": store, "/stripe": store } },
  resolve: isSsrBuild
    ? {}
    : {
        // The package names its development build alone. On a server Node takes that one.
        alias: { "react-router": router },
        conditions: ["es2015", ...defaultClientConditions], // RxJS without what only old browsers need
      },
  build: {
    target: ["chrome123", "firefox120", "safari17.5"], // the first with light-dark() in CSS
    modulePreload: { polyfill: false },
    manifest: !isSsrBuild, // by it the rendering server knows each page's scripts
    rolldownOptions: isSsrBuild ? {} : { output: { codeSplitting: { groups } } },
  },
}));
