import type { ReactNode } from "react";

import type { CartPartsFragment } from "../gql/graphql";
import { useShop } from "../shell/shop";
import { useLanguage, useTexts } from "../texts";
import { Form, useSend } from "../ui/Form";
import { Notice } from "../ui/Notice";
import { APPLY_CODE, REMOVE_CODE } from "./operations";

/** The sums of the cart, as an order of it would have them. */
export function Totals({ cart }: { cart: CartPartsFragment }) {
  const { t, money } = useLanguage();
  const { shop } = useShop();
  const isKnown = cart.destination !== null;
  const tax = Number(cart.taxTotal.amount);
  return (
    <dl className="space-y-1.5 tabular-nums">
      <Sum label={t.totals.goods}>{money(cart.subtotal)}</Sum>
      {Number(cart.discountTotal.amount) > 0 && (
        <Sum label={cart.discountCode?.applies ? t.totals.discountWith(cart.discountCode.code) : t.totals.discount}>
          −{money(cart.discountTotal)}
        </Sum>
      )}
      <Sum label={cart.delivery ? `${t.totals.delivery}, ${cart.delivery.method.name}` : t.totals.delivery}>
        {isKnown ? (Number(cart.deliveryTotal.amount) > 0 ? money(cart.deliveryTotal) : t.totals.free) : t.totals.later}
      </Sum>
      {(tax > 0 || !shop?.pricesIncludeTax) && (
        <Sum label={shop?.pricesIncludeTax ? t.totals.taxIncluded : t.totals.tax}>
          {isKnown || tax > 0 ? money(cart.taxTotal) : t.totals.later}
        </Sum>
      )}
      <div className="flex items-baseline justify-between gap-4 border-t border-line pt-3">
        <dt className="font-medium">{t.totals.total}</dt>
        <dd className="font-serif text-2xl" data-testid="total">
          {money(cart.total)}
        </dd>
      </div>
    </dl>
  );
}

export function Sum({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="flex justify-between gap-4">
      <dt className="text-soft">{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function CodeForm({ cart }: { cart: CartPartsFragment }) {
  const t = useTexts();
  const { send, isBusy, refusal } = useSend(APPLY_CODE);
  const { send: remove } = useSend(REMOVE_CODE);
  const { discountCode } = cart;

  if (discountCode) {
    return (
      <div className="text-[0.95rem]">
        <p className="flex items-center justify-between gap-3">
          <span>
            {t.code.label}: <strong>{discountCode.code}</strong>
          </span>
          <button type="button" className="link text-soft" onClick={() => void remove({})}>
            {t.cart.remove}
          </button>
        </p>
        {discountCode.message && <p className="text-danger">{discountCode.message}</p>}
      </div>
    );
  }
  return (
    <div>
      <Form onSend={(text) => text("code").trim() && void send({ code: text("code").trim() })} className="flex gap-2">
        <input name="code" aria-label={t.code.label} placeholder={t.code.label} autoComplete="off" className="input min-w-0" />
        <button className="button shrink-0" disabled={isBusy}>
          {t.code.apply}
        </button>
      </Form>
      <div className="mt-2">
        <Notice isError>{refusal}</Notice>
      </div>
    </div>
  );
}
