import { useMutation, useQuery } from "@apollo/client/react";
import { type FormEvent } from "react";
import { Link } from "react-router";

import { problemOf } from "../api/errors";
import { graphql, unmask } from "../gql";
import type { CartPartsFragment } from "../gql/graphql";
import { Head } from "../shell/Head";
import { useLanguage, useTexts } from "../texts";
import { Select } from "../ui/Field";
import { Notice } from "../ui/Notice";
import { CartChanges, CartLines } from "./CartLines";
import { CART, CartParts, SET_DELIVERY } from "./operations";
import { CodeForm, Totals } from "./Totals";

export function CartPage() {
  const t = useTexts();
  const { data, error } = useQuery(CART, { fetchPolicy: "cache-and-network", ssr: false });
  if (error && !data) throw error;
  const cart = unmask(CartParts, data?.cart);
  return (
    <>
      <Head title={t.cart.title} isHidden />
      <h1 className="pt-10 text-4xl sm:text-5xl">{t.cart.title}</h1>
      {!cart ? (
        <div aria-busy className="skeleton mt-8 h-96" />
      ) : cart.items.length + cart.changes.length === 0 ? (
        <EmptyCart />
      ) : (
        <div className="mt-6 grid gap-10 lg:grid-cols-[1fr_24rem] lg:gap-16">
          <div>
            <CartChanges cart={cart} />
            <CartLines cart={cart} />
          </div>
          <aside className="space-y-6 self-start rounded-2xl bg-card p-6 lg:sticky lg:top-24" aria-label={t.totals.total}>
            <Estimate cart={cart} />
            <CodeForm cart={cart} />
            <Totals cart={cart} />
            <Link to="/checkout" className="button button-main w-full">
              {t.checkout.go}
            </Link>
          </aside>
        </div>
      )}
    </>
  );
}

const COUNTRIES = graphql(`
  query Countries {
    shop { countries { code name } }
  }
`);

/** What delivery would cost, for the country alone. */
function Estimate({ cart }: { cart: CartPartsFragment }) {
  const { t, money } = useLanguage();
  const { data } = useQuery(COUNTRIES, { ssr: false });
  const [set, { data: answer, error }] = useMutation(SET_DELIVERY, { onError: () => {} });
  const result = answer?.setCartDelivery;
  const country = cart.destination?.country ?? "";

  function choose(event: FormEvent<HTMLSelectElement>) {
    void set({ variables: { input: { country: event.currentTarget.value } } });
  }

  return (
    <div>
      <Select label={t.delivery.to} value={country} onChange={choose}>
        {!country && <option value="">{t.delivery.choose}</option>}
        {data?.shop.countries.map(({ code, name }) => (
          <option key={code} value={code}>
            {name}
          </option>
        ))}
      </Select>
      {cart.deliveryOptions.length > 0 && (
        <ul className="mt-2 text-sm text-soft">
          {cart.deliveryOptions.map(({ method, cost }) => (
            <li key={method.id} className="flex justify-between">
              <span>{method.name}</span>
              <span className="tabular-nums">{money(cost)}</span>
            </li>
          ))}
        </ul>
      )}
      <Notice isError>
        {error ? problemOf(error, t).message : result && result.__typename !== "Cart" && result.message}
      </Notice>
    </div>
  );
}

export function EmptyCart() {
  const t = useTexts();
  return (
    <div className="py-16 text-center">
      <p className="font-serif text-2xl">{t.cart.empty}</p>
      <Link to="/" className="button mt-6">
        {t.cart.browse}
      </Link>
    </div>
  );
}
