import { createContext, useContext, useSyncExternalStore } from "react";

/** What lies over the page. Only one does at a time. */
export type Panel = "cart" | "menu" | null;

interface Panels {
  panel: Panel;
  open: (panel: Panel) => void;
}

export const PanelContext = createContext<Panels>({ panel: null, open: () => {} });
export const usePanels = () => useContext(PanelContext);

/** A question to the shopper, asked from outside of React: whoever asks waits until the dialog is answered. */
class SignInPrompt {
  #answer: ((signedIn: boolean) => void) | null = null;
  #listeners = new Set<() => void>();

  ask = (): Promise<boolean> =>
    new Promise((resolve) => {
      this.#answer?.(false);
      this.#answer = resolve;
      this.#tell();
    });

  answer = (signedIn: boolean): void => {
    this.#answer?.(signedIn);
    this.#answer = null;
    this.#tell();
  };

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  isOpen = (): boolean => this.#answer !== null;

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

export const signInPrompt = new SignInPrompt();

export function useSignInPrompt(): boolean {
  return useSyncExternalStore(signInPrompt.subscribe, signInPrompt.isOpen, () => false);
}
