import type { Stripe, StripeElements } from "@stripe/stripe-js";
import { loadStripe } from "@stripe/stripe-js/pure";
import { type FormEvent, useEffect, useRef, useState } from "react";

import { useLanguage } from "../texts";
import { Notice } from "../ui/Notice";

interface Props {
  publishableKey: string;
  clientSecret: string;
  onPaid: () => void;
}

/** Stripe's Payment Element. Its script comes from Stripe, and only here. */
export default function CardForm({ publishableKey, clientSecret, onPaid }: Props) {
  const { t, code } = useLanguage();
  const place = useRef<HTMLDivElement>(null);
  const payment = useRef<{ stripe: Stripe; elements: StripeElements }>(null);
  const [isBusy, setBusy] = useState(true);
  const [refusal, setRefusal] = useState("");

  useEffect(() => {
    let isGone = false;
    const fail = () => setRefusal(t.payment.noForm);
    loadStripe(publishableKey, { locale: code === "de" ? "de" : "en" }).then((stripe) => {
      if (!stripe || !place.current || isGone) return;
      const elements = stripe.elements({ clientSecret });
      const element = elements.create("payment");
      element.on("ready", () => setBusy(false));
      element.on("loaderror", fail);
      element.mount(place.current);
      payment.current = { stripe, elements };
    }, fail);
    return () => {
      isGone = true;
      payment.current?.elements.getElement("payment")?.destroy();
    };
  }, [publishableKey, clientSecret, code, t]);

  async function pay(event: FormEvent) {
    event.preventDefault();
    if (!payment.current || isBusy) return;
    setBusy(true);
    setRefusal("");
    const { stripe, elements } = payment.current;
    const { error } = await stripe.confirmPayment({
      elements,
      redirect: "if_required",
      confirmParams: { return_url: location.origin + location.pathname },
    });
    setBusy(false);
    if (error) setRefusal(error.message ?? t.payment.failed);
    else onPaid();
  }

  return (
    <form onSubmit={(event) => void pay(event)} className="space-y-4">
      <div ref={place} className="min-h-64" />
      <Notice isError>{refusal}</Notice>
      <button className="button button-main w-full" disabled={isBusy}>
        {t.payment.pay}
      </button>
    </form>
  );
}
