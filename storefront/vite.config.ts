import tailwind from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

import { documents } from "./documents.ts";

// To the browser the store and the shop are one origin: nothing has to be allowed, and cookies are the page's own.
const store = { target: process.env.STORE_URL ?? "http://127.0.0.1:8000" };

const router = new URL("./node_modules/react-router/dist/production/index.mjs", import.meta.url).pathname;

export default defineConfig(({ isSsrBuild }) => ({
  plugins: [documents(), react(), tailwind()],
  server: { port: 3000, proxy: { "/graphql": store, "/media": store, "/documents": store, "/dev/stripe": store, "/stripe": store } },
  // The package names its development build alone. On a server Node takes that one.
  resolve: isSsrBuild ? {} : { alias: { "react-router": router } },
  build: { target: ["chrome123", "firefox120", "safari17.5"] }, // the first with light-dark() in CSS
}));
