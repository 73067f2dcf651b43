import { useMutation } from "@apollo/client/react";
import { useEffect, useRef, useState } from "react";

import { SET_DELIVERY } from "../cart/operations";
import type { CartPartsFragment } from "../gql/graphql";
import { useTexts } from "../texts";
import type { AddressValues } from "./AddressFields";
import { errorsOf } from "./input";

const PAUSE = 400; // milliseconds after the last key

/** Tells the store where the cart goes whenever that changes, so that the sums are those of the order. */
export function useDelivery(cart: CartPartsFragment, values: AddressValues) {
  const t = useTexts();
  const [set, { data, error, loading }] = useMutation(SET_DELIVERY, { onError: () => {} });
  const [isTyping, setTyping] = useState(false);
  const timer = useRef(0);
  const method = useRef(cart.delivery?.method.id ?? null);
  const refusal = data?.setCartDelivery;

  async function tell({ country = "", zipCode = "", state = "" }: AddressValues): Promise<void> {
    clearTimeout(timer.current);
    setTyping(false);
    if (!country) return;
    const input = { country, zipCode, state };
    const { data: told } = await set({ variables: { input: { ...input, methodId: method.current } } });
    if (told?.setCartDelivery.__typename !== "DeliveryUnavailable" || !method.current) return;
    method.current = null; // it does not go there, but perhaps another does
    await set({ variables: { input } });
  }

  // An address that was filled in before; and again for the cart of an account that was signed in to meanwhile.
  const isUnknown = cart.destination === null;
  useEffect(() => {
    void tell(values);
    return () => clearTimeout(timer.current);
  }, [isUnknown]);

  return {
    isBusy: loading || isTyping,
    /** Messages by the name of the address's field. */
    errors: refusal?.__typename === "ValidationError" ? errorsOf(refusal.fields) : {},
    problem: error ? t.unreachable : refusal?.__typename === "DeliveryUnavailable" ? refusal.message : "",
    choose(methodId: string): Promise<void> {
      method.current = methodId;
      return tell(values);
    },
    follow(next: AddressValues): void {
      if (next.country !== values.country) return void tell(next);
      if (next.zipCode === values.zipCode && next.state === values.state) return;
      clearTimeout(timer.current);
      setTyping(true);
      timer.current = window.setTimeout(() => void tell(next), PAUSE);
    },
  };
}
