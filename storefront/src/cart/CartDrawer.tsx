import { useQuery } from "@apollo/client/react";
import { Link } from "react-router";

import { unmask } from "../gql";
import { usePanels } from "../shell/panels";
import { useLanguage } from "../texts";
import { Sheet } from "../ui/Sheet";
import { CartChanges, CartLines } from "./CartLines";
import { EmptyCart } from "./CartPage";
import { CART, CartParts } from "./operations";

export default function CartDrawer() {
  const { t, money } = useLanguage();
  const { open } = usePanels();
  const { data } = useQuery(CART, { fetchPolicy: "cache-and-network" });
  const cart = unmask(CartParts, data?.cart);
  const close = () => open(null);
  return (
    <Sheet isOpen onClose={close} title={t.cart.title} place="side">
      <div className="grow px-6" aria-busy={!cart}>
        {!cart && <div className="skeleton mt-4 h-28" />}
        {cart && <CartChanges cart={cart} />}
        {cart && (cart.items.length ? <CartLines cart={cart} /> : <EmptyCart />)}
      </div>
      {cart && cart.items.length > 0 && (
        <footer className="sticky bottom-0 border-t border-line bg-paper px-6 py-5">
          <p className="flex items-baseline justify-between">
            <span>{t.totals.total}</span>
            <span className="font-serif text-2xl tabular-nums">{money(cart.total)}</span>
          </p>
          <Link to="/checkout" className="button button-main mt-4 w-full" onClick={close}>
            {t.checkout.go}
          </Link>
          <Link to="/cart" className="button mt-2 w-full border-transparent" onClick={close}>
            {t.cart.view}
          </Link>
        </footer>
      )}
    </Sheet>
  );
}
