import { expect, test } from "vitest";

import { cookieOf } from "../../src/shell/preferences";
import { chooseLanguage, loadLanguage } from "../../src/texts";

test("the first language that the shop speaks", () => {
  expect(chooseLanguage(undefined, "fr-CH, de;q=0.9, en;q=0.8")).toBe("de");
  expect(chooseLanguage("en", "de")).toBe("en");
  expect(chooseLanguage(null, "fr")).toBe("en");
});

test("money and dates are as the language writes them", async () => {
  const [en, de] = [await loadLanguage("en"), await loadLanguage("de")];
  const money = { amount: "1234.50", currency: "EUR" };
  expect(en.money(money)).toBe("€1,234.50");
  expect(de.money(money)).toBe("1.234,50\u00a0€");
  expect(en.date("2026-03-01T23:30:00Z")).toBe("March 1, 2026");
  expect(de.date("2026-03-01T23:30:00Z")).toBe("1. März 2026");
});

test("a cookie by its name, and not by the end of another's", () => {
  expect(cookieOf("theme", "mytheme=dark; theme=light")).toBe("light");
  expect(cookieOf("theme", "mytheme=dark")).toBeUndefined();
});
