interface Options {
  /** The key that was kept when the app last ran. */
  key?: string | undefined;
  /** Called with each new key, to keep it where the device keeps secrets; with `new` when the session has ended. */
  onKey?: (key: string) => void;
}

/** A fetch for native apps: the session's key travels in a header, and no cookie does. */
export function fetchWithKey({ key = "new", onKey }: Options = {}): typeof fetch {
  return async (input, init) => {
    const sent = key;
    const headers = new Headers(init?.headers);
    headers.set("X-Store-Session", sent);
    const response = await fetch(input, { ...init, headers, credentials: "omit" });
    const told = response.headers.get("X-Store-Session");
    // What was on its way while somebody signed in knows only the key before.
    if (told && key === sent) {
      key = told;
      onKey?.(key);
    }
    return response;
  };
}
