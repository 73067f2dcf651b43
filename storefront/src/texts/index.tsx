import { createContext, useContext } from "react";

import type { Texts } from "./en";

/** The languages that the shop speaks. A page loads its own alone. */
const LANGUAGES: Record<string, () => Promise<Texts>> = {
  en: async () => (await import("./en")).en,
  de: async () => (await import("./de")).de,
};

export interface Language {
  code: string;
  t: Texts;
  money: (money: { amount: string; currency: string }) => string;
  date: (instant: string) => string;
  country: (code: string) => string;
}

export const LanguageContext = createContext<Language | null>(null);

export async function loadLanguage(code: string): Promise<Language> {
  const load = LANGUAGES[code];
  if (!load) throw new Error(`The shop does not speak ${code}.`);
  const t = await load();
  return {
    code,
    t,
    money: ({ amount, currency }) =>
      new Intl.NumberFormat(code, { style: "currency", currency }).format(Number(amount)),
    country: (region) => new Intl.DisplayNames(code, { type: "region", fallback: "code" }).of(region) ?? region,
    date: (instant) => new Intl.DateTimeFormat(code, { dateStyle: "long", timeZone: "UTC" }).format(new Date(instant)),
  };
}

/** The first of the wanted languages that the shop speaks: of a cookie's value, or of an Accept-Language header. */
export function chooseLanguage(...wanted: (string | null | undefined)[]): string {
  const codes = wanted.flatMap((list) => (list ?? "").split(",").map((entry) => entry.trim().slice(0, 2).toLowerCase()));
  return codes.find((code) => code in LANGUAGES) ?? "en";
}

export function useLanguage(): Language {
  const language = useContext(LanguageContext);
  if (!language) throw new Error("There is no LanguageProvider above.");
  return language;
}

export const useTexts = (): Texts => useLanguage().t;
