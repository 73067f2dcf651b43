import { useEffect, useLayoutEffect, useRef } from "react";
import { NavigationType, useLocation, useNavigationType } from "react-router";

/**
 * Begins a new page at its top, or at what its `#hash` names, and goes back to where the shopper was on an old one.
 * What is chosen on a page, such as a filter or a variant, is in its address, too, and moves nothing.
 */
export function useScroll(): void {
  const { key, pathname, search, hash } = useLocation();
  const type = useNavigationType();
  const page = pathname + (new URLSearchParams(search).get("q") ?? "");
  const positions = useRef(new Map<string, number>());
  const shown = useRef({ key, page });

  useEffect(() => {
    const remember = () => positions.current.set(shown.current.key, scrollY);
    const leave = () => (history.scrollRestoration = "auto"); // after a reload it is the browser that knows
    history.scrollRestoration = "manual";
    addEventListener("scroll", remember, { passive: true });
    addEventListener("pagehide", leave);
    return () => {
      removeEventListener("scroll", remember);
      removeEventListener("pagehide", leave);
    };
  }, []);

  useLayoutEffect(() => {
    const isSame = shown.current.page === page;
    const isFirst = shown.current.key === key;
    shown.current = { key, page };
    if (isFirst) return;
    const place = hash && document.getElementById(hash.slice(1));
    if (type === NavigationType.Pop) scrollTo(0, positions.current.get(key) ?? 0);
    else if (place) place.scrollIntoView();
    else if (!isSame) scrollTo(0, 0);
  }, [key, page, hash, type]);
}
