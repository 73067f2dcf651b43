import { type RefCallback, useCallback, useState } from "react";

/**
 * Keeps what is typed into a form in the session's storage, until `forget`: neither a reload nor a fault loses it.
 * For forms whose fields are all there from the beginning. Passwords are not kept.
 */
export function useDraft(name: string): { form: RefCallback<HTMLFormElement>; forget: () => void } {
  const key = `draft:${name}`;
  const form = useCallback(
    (element: HTMLFormElement) => {
      restore(element, JSON.parse(sessionStorage.getItem(key) ?? "{}"));
      const keep = () => sessionStorage.setItem(key, JSON.stringify(typed(element)));
      element.addEventListener("input", keep);
      return () => element.removeEventListener("input", keep);
    },
    [key],
  );
  return { form, forget: () => sessionStorage.removeItem(key) };
}

function typed(form: HTMLFormElement): Record<string, string> {
  const fields = [...new FormData(form)].filter(([name]) => !name.toLowerCase().includes("password"));
  return Object.fromEntries(fields.flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : [])));
}

function restore(form: HTMLFormElement, draft: Record<string, string>): void {
  for (const [name, value] of Object.entries(draft)) {
    const field = form.elements.namedItem(name);
    if (field instanceof HTMLInputElement && field.type === "checkbox") field.checked = true;
    else if (field && "value" in field) field.value = value;
  }
}

type Values = Record<string, string>;

/** The same for a form whose fields come and go: its values as state. Only in the browser. */
export function useKeptValues(name: string): { values: Values | null; keep: (values: Values) => void; forget: () => void } {
  const key = `draft:${name}`;
  const [values, setValues] = useState<Values | null>(() => JSON.parse(sessionStorage.getItem(key) ?? "null"));
  return {
    values,
    keep: (next) => {
      sessionStorage.setItem(key, JSON.stringify(next));
      setValues(next);
    },
    forget: () => sessionStorage.removeItem(key),
  };
}
