const YEAR = 365 * 24 * 60 * 60;

/** Keeps a preference in a cookie, so that the rendering server knows it as well. */
function keep(name: string, value: string): void {
  document.cookie = `${name}=${value}; Path=/; Max-Age=${YEAR}; SameSite=Lax`;
}

export function speak(language: string): void {
  keep("language", language);
  location.reload();
}

/** Light becomes dark, and dark light. */
export function chooseTheme(): void {
  const root = document.documentElement;
  const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = isDark ? "light" : "dark";
  keep("theme", root.dataset.theme);
}

export function cookieOf(name: string, cookies: string): string | undefined {
  return cookies.match(new RegExp(`(?:^|; )${name}=([^;]*)`))?.[1];
}
