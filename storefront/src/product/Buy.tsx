import { useMutation } from "@apollo/client/react";
import { useState } from "react";

import { problemOf } from "../api/errors";
import { ADD_TO_CART } from "../cart/operations";
import { graphql, type FragmentType, unmask } from "../gql";
import { usePanels } from "../shell/panels";
import { useShop } from "../shell/shop";
import { type Language, useLanguage } from "../texts";
import { Notice } from "../ui/Notice";
import { Price } from "../ui/Price";
import { Favourite } from "./Favourite";
import { StockNotice } from "./StockNotice";
import { useSelection } from "./useSelection";
import { isReduced, stateOf } from "./variants";

export const BuyParts = graphql(`
  fragment BuyParts on Product {
    id
    options { name values }
    variants {
      id
      sku
      title
      stock
      isAvailable
      onSale
      price { amount currency }
      finalPrice { amount currency }
      lowestPriorPrice { amount currency }
      selectedOptions { name value }
      image { id }
    }
  }
`);

/** The choice of a variant, its price and stock, and the button. The choice is in the address. */
export function Buy({ product: masked }: { product: FragmentType<typeof BuyParts> }) {
  const product = unmask(BuyParts, masked);
  const { t, money } = useLanguage();
  const { shop } = useShop();
  const { open } = usePanels();
  const [refusal, setRefusal] = useState("");
  const [addToCart, { loading }] = useMutation(ADD_TO_CART);

  const { selection, variant, choose } = useSelection(product);
  if (!variant) return null;

  async function add(variantId: string) {
    try {
      const input = { variantId, quantity: 1, idempotencyKey: crypto.randomUUID() };
      const { data } = await addToCart({ variables: { input } });
      const answer = data?.addToCart;
      if (answer?.__typename === "Cart") {
        setRefusal("");
        open("cart");
      } else if (answer?.__typename === "InsufficientStock") {
        setRefusal(t.stock.left(answer.available));
      } else if (answer) {
        setRefusal(answer.message);
      }
    } catch (error) {
      setRefusal(problemOf(error, t).message);
    }
  }

  return (
    <div className="mt-5">
      <p className="text-2xl">
        <Price price={variant.finalPrice} before={isReduced(variant) ? variant.price : null} />
      </p>
      <p className="mt-1 min-h-6 text-sm text-soft">
        {shop?.pricesIncludeTax ? t.price.withTax : t.price.withoutTax}
        {variant.lowestPriorPrice && ` · ${t.price.lowest(money(variant.lowestPriorPrice))}`}
      </p>
      {product.options.map(({ name, values }) => (
        <fieldset key={name} className="mt-6">
          <legend className="mb-2 font-medium">
            {name}: <span className="font-normal text-soft">{selection[name]}</span>
          </legend>
          <div className="flex flex-wrap gap-2">
            {values.map((value) => {
              const state = stateOf(product.variants, selection, name, value);
              return (
                <label
                  key={value}
                  className={`button min-w-12 px-4 has-checked:border-ink has-checked:bg-ink has-checked:text-paper has-focus-visible:outline-2 has-focus-visible:outline-offset-3 has-focus-visible:outline-accent ${
                    state === "available" ? "" : "text-soft line-through"
                  }`}
                >
                  <input
                    type="radio"
                    name={name}
                    className="sr-only"
                    checked={selection[name] === value}
                    onChange={() => {
                      setRefusal("");
                      choose(name, value);
                    }}
                  />
                  {value}
                  {state !== "available" && <span className="sr-only">, {t.stock.soldOut}</span>}
                </label>
              );
            })}
          </div>
        </fieldset>
      ))}
      <div className="mt-7 flex gap-3">
        <button
          className="button button-main grow"
          disabled={!variant.isAvailable || loading}
          onClick={() => void add(variant.id)}
        >
          {variant.isAvailable ? t.cart.add : t.stock.soldOut}
        </button>
        <Favourite productId={product.id} />
      </div>
      <p className="mt-3 min-h-6 text-sm text-soft" role="status">
        {stockText(variant, t)}
      </p>
      <Notice isError>{refusal}</Notice>
      {!variant.isAvailable && <StockNotice key={variant.id} variantId={variant.id} />}
    </div>
  );
}

const FEW = 5;

function stockText({ stock, isAvailable }: { stock: number; isAvailable: boolean }, t: Language["t"]) {
  if (!isAvailable) return t.stock.gone;
  return stock <= FEW ? t.stock.left(stock) : t.stock.available;
}
