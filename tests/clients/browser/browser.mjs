// A headless Chromium that reaches this machine and no other.
import { mkdirSync, writeFileSync } from "node:fs";

import { chromium } from "playwright-core";

const FLAGS = [
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-gpu",
  "--disable-quic",
  "--disable-sync",
  "--no-first-run",
];

export function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM, args: FLAGS });
}

/** A context in which other sites' pages may send cookies, which Chromium, but not every browser, keeps from them. */
export async function launchWithThirdPartyCookies(directory) {
  mkdirSync(`${directory}/Default`);
  writeFileSync(`${directory}/Default/Preferences`, JSON.stringify({ profile: { cookie_controls_mode: 0 } }));
  return chromium.launchPersistentContext(directory, { executablePath: process.env.CHROMIUM, args: FLAGS });
}

/** What went wrong on a page, gathered as it happens: errors of scripts, of loading, and of its policy. */
export function complaintsOf(page) {
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  return complaints;
}
