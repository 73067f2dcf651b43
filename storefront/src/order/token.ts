import { useEffect } from "react";
import { useSearchParams } from "react-router";

/**
 * The token of a mailed link, which opens its order without an account; empty without one.
 *
 * It is kept for this tab, and taken out of the address, which stays in histories and is seen by Stripe's script. So is what
 * Stripe adds to the address on the way back from a bank.
 */
export function useLinkToken(uuid: string): string {
  const [params, setParams] = useSearchParams();
  const given = params.get("token");
  const key = `token:${uuid}`;
  useEffect(() => {
    if (given !== null) sessionStorage.setItem(key, given);
    if (params.size > 0) setParams({}, { replace: true });
  }, [given, key, params, setParams]);
  if (given !== null || import.meta.env.SSR) return given ?? "";
  return sessionStorage.getItem(key) ?? "";
}
