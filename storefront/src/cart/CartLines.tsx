import { useApolloClient, useMutation } from "@apollo/client/react";
import { startTransition, useOptimistic, useState } from "react";
import { Link } from "react-router";

import { problemOf } from "../api/errors";
import type { CartPartsFragment } from "../gql/graphql";
import { isReduced } from "../product/variants";
import { useLanguage } from "../texts";
import { Notice } from "../ui/Notice";
import { Picture } from "../ui/Picture";
import { Price } from "../ui/Price";
import { CART, REMOVE_ITEM, UPDATE_ITEM } from "./operations";

const MOST = 999;

export function CartLines({ cart }: { cart: CartPartsFragment }) {
  return (
    <ul className="divide-y divide-line">
      {cart.items.map((item) => (
        <Line key={item.id} item={item} />
      ))}
    </ul>
  );
}

function Line({ item }: { item: CartPartsFragment["items"][number] }) {
  const { t, money } = useLanguage();
  const client = useApolloClient();
  const [update] = useMutation(UPDATE_ITEM);
  const [quantity, setQuantity] = useOptimistic(item.quantity);
  const [refusal, setRefusal] = useState("");
  const { product, variant } = item;
  const name = variant.title ? `${product.name}, ${variant.title}` : product.name;

  // The number changes at once, the sums when the store has said them: until then they are pale, and never wrong.
  function set(wanted: number) {
    startTransition(async () => {
      setQuantity(wanted);
      try {
        const { data } = await update({ variables: { input: { variantId: variant.id, quantity: wanted } } });
        const answer = data?.updateCartItem;
        if (answer?.__typename === "InsufficientStock") setRefusal(t.stock.left(answer.available));
        // The line is gone: in another tab, or by a request whose answer was lost.
        else if (answer?.__typename === "NotFound") await client.query({ query: CART, fetchPolicy: "network-only" });
        else setRefusal(answer && answer.__typename !== "Cart" ? answer.message : "");
      } catch (error) {
        setRefusal(problemOf(error, t).message);
      }
    });
  }

  return (
    <li className="flex gap-3 py-5 sm:gap-4">
      <Picture image={variant.image} sizes="6rem" className="size-16 shrink-0 self-start rounded-lg sm:size-24" />
      <div className="min-w-0 grow">
        <p className="font-medium">
          <Link to={`/products/${product.slug}`} className="hover:text-accent">
            {product.name}
          </Link>
        </p>
        {variant.title && <p className="text-sm text-soft">{variant.title}</p>}
        <p className="text-sm text-soft">
          <Price price={item.unitPrice} before={isReduced(variant) ? variant.price : null} />
        </p>
        <div className="mt-2 flex flex-wrap items-center gap-1">
          <div role="group" aria-label={t.cart.quantityOf(name)} className="inline-flex items-center rounded-full border border-line">
            <button className="icon-button size-9" aria-label={t.cart.less} onClick={() => set(quantity - 1)}>
              −
            </button>
            <output className="min-w-6 text-center tabular-nums">{quantity}</output>
            <button
              className="icon-button size-9"
              aria-label={t.cart.more}
              disabled={quantity >= MOST}
              onClick={() => set(quantity + 1)}
            >
              +
            </button>
          </div>
          <button className="link ml-2 min-h-9 text-sm text-soft" aria-label={t.cart.removeNamed(name)} onClick={() => set(0)}>
            {t.cart.remove}
          </button>
        </div>
        <Notice isError>{refusal}</Notice>
      </div>
      <p className={`tabular-nums transition-opacity ${quantity === item.quantity ? "" : "opacity-40"}`}>
        {money(item.total)}
      </p>
    </li>
  );
}

/** What has happened to the products since they were put into the cart. */
export function CartChanges({ cart }: { cart: CartPartsFragment }) {
  const { t, money } = useLanguage();
  const [remove] = useMutation(REMOVE_ITEM, { onError: () => {} });
  const [update] = useMutation(UPDATE_ITEM, { onError: () => {} });
  if (cart.changes.length === 0) return null;
  return (
    <ul role="status" className="space-y-3 rounded-xl bg-card p-4">
      {cart.changes.map((change) => {
        switch (change.__typename) {
          case "PriceChanged":
            return (
              <li key={`price:${change.item.id}`}>
                {t.cart.priceChanged(change.item.product.name, money(change.before), money(change.now))}
              </li>
            );
          case "StockReduced": {
            const item = cart.items.find(({ id }) => id === change.item.id);
            return (
              <li key={`stock:${change.item.id}`}>
                {t.cart.stockReduced(change.item.product.name, change.available)}{" "}
                {item && (
                  <button
                    className="link"
                    onClick={() =>
                      void update({ variables: { input: { variantId: item.variant.id, quantity: change.available } } })
                    }
                  >
                    {change.available ? t.cart.take(change.available) : t.cart.remove}
                  </button>
                )}
              </li>
            );
          }
          default:
            return (
              <li key={`gone:${change.variantId}`}>
                {t.cart.gone(change.name)}{" "}
                <button
                  className="link"
                  onClick={() => void remove({ variables: { input: { variantId: change.variantId } } })}
                >
                  {t.cart.remove}
                </button>
              </li>
            );
        }
      })}
    </ul>
  );
}
