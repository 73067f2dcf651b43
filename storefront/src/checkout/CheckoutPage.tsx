import { useApolloClient, useMutation, useQuery } from "@apollo/client/react";
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { Link, useNavigate } from "react-router";

import { problemOf } from "../api/errors";
import { CartChanges } from "../cart/CartLines";
import { EmptyCart } from "../cart/CartPage";
import { CART, CartParts } from "../cart/operations";
import { CodeForm, Totals } from "../cart/Totals";
import { graphql, unmask } from "../gql";
import type { CartPartsFragment, CheckoutInput, CheckoutMutation, CheckoutPageQuery } from "../gql/graphql";
import { CHECKOUT } from "../order/operations";
import { paymentPage } from "../order/payment";
import { Head } from "../shell/Head";
import { signInPrompt } from "../shell/panels";
import { useShop } from "../shell/shop";
import { useLanguage, useTexts } from "../texts";
import { useKeptValues } from "../ui/draft";
import { Field, TextArea } from "../ui/Field";
import { Notice } from "../ui/Notice";
import { Picture } from "../ui/Picture";
import { AddressFields, type AddressValues } from "./AddressFields";
import { beginAttempt, endAttempt, unfinishedAttempt } from "./attempt";
import { Delivery } from "./Delivery";
import { billingOf, errorsOf, shippingOf } from "./input";
import { useDelivery } from "./useDelivery";

const CHECKOUT_PAGE = graphql(`
  query CheckoutPage {
    cart { ...CartParts }
    me {
      id
      email
      firstName
      lastName
      addresses {
        id isDefault firstName lastName company phone address address2 buildingNumber city zipCode state country
      }
    }
  }
`);

export function CheckoutPage() {
  const t = useTexts();
  const { data, error } = useQuery(CHECKOUT_PAGE, { fetchPolicy: "cache-and-network", ssr: false });
  if (error && !data) throw error;
  const cart = unmask(CartParts, data?.cart);
  return (
    <>
      <Head title={t.checkout.title} isHidden />
      <h1 className="pt-10 text-4xl sm:text-5xl">{t.checkout.title}</h1>
      {data && cart ? <Checkout cart={cart} me={data.me} /> : <div aria-busy className="skeleton mt-8 h-[40rem]" />}
    </>
  );
}

type Me = CheckoutPageQuery["me"];

function Checkout({ cart, me }: { cart: CartPartsFragment; me: Me }) {
  const { t, money } = useLanguage();
  const { shop } = useShop();
  const client = useApolloClient();
  const navigate = useNavigate();
  const kept = useKeptValues("checkout");
  const values: AddressValues = kept.values ?? firstValues(cart, me);
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [refusal, setRefusal] = useState<ReactNode>("");
  const [checkout] = useMutation(CHECKOUT);
  const [isBuying, setBuying] = useState(false);
  const isSent = useRef(false);
  const form = useRef<HTMLFormElement>(null);
  const delivery = useDelivery(cart, values);

  // The answer to an order was lost on its way, and the cart is empty: it has been placed. Asked again, it is the same.
  useEffect(() => {
    const attempt = cart.items.length === 0 && unfinishedAttempt();
    if (attempt) void send(attempt);
  }, []);

  async function send(input: CheckoutInput) {
    if (isSent.current) return; // a second click before the button is off
    isSent.current = true;
    setBuying(true);
    setErrors({});
    setRefusal("");
    try {
      const { data } = await checkout({ variables: { input } });
      if (data) await take(data.checkout);
    } catch (error) {
      const { code, message } = problemOf(error, t);
      setRefusal(code === "UNREACHABLE" ? t.checkout.unreachable : message);
    }
    isSent.current = false;
    setBuying(false);
  }

  async function take(answer: CheckoutMutation["checkout"]) {
    endAttempt();
    if (answer.__typename === "Order") {
      kept.forget();
      await navigate(`/orders/${answer.uuid}`, { replace: true }); // so that going back does not lead here
      client.cache.evict({ id: "ROOT_QUERY", fieldName: "cart" });
      if (answer.payment?.clientSecret && !shop?.stripePublishableKey) location.assign(paymentPage(answer.uuid));
      return;
    }
    if (answer.__typename === "ValidationError") {
      const found = errorsOf(answer.fields);
      setErrors(found);
      const field = Object.keys(found).map((name) => form.current?.elements.namedItem(name));
      const first = field.find((element) => element instanceof HTMLElement);
      if (first instanceof HTMLElement) first.focus();
      else setRefusal(answer.fields.map(({ message }) => message).join(" "));
      return;
    }
    if (answer.__typename === "TotalChanged") setRefusal(t.checkout.totalChanged(money(answer.actual)));
    else if (answer.__typename === "InsufficientStock") {
      setRefusal(t.checkout.tooFew(answer.product.name, answer.available));
    } else if (answer.__typename === "TooManyOpenOrders") {
      setRefusal(<OpenOrders {...answer} />);
    } else setRefusal(answer.message);
    await client.query({ query: CART, fetchPolicy: "network-only" });
  }

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    void send(
      beginAttempt({
        shipping: shippingOf(values),
        billing: billingOf(values),
        note: values.note ?? "",
        deliveryMethodId: cart.delivery?.method.id ?? null,
        expectedTotal: cart.total.amount,
      }),
    );
  }

  const keep = (next: AddressValues) => {
    kept.keep(next);
    delivery.follow(next);
  };
  const set = (name: string) => (value: string) => keep({ ...values, [name]: value });

  if (isBuying && cart.items.length === 0) return <div aria-busy className="skeleton mt-8 h-96" />;
  if (cart.items.length === 0) return <EmptyCart />;
  return (
    <div className="mt-8 grid gap-10 lg:grid-cols-[1fr_24rem] lg:gap-16">
      <form id="checkout" ref={form} onSubmit={submit} className="space-y-10">
        <CartChanges cart={cart} />
        <section className="space-y-4">
          <div className="flex items-baseline justify-between">
            <h2 className="text-2xl">{t.checkout.contact}</h2>
            {!me && (
              <button type="button" className="link text-soft" onClick={() => void signInPrompt.ask()}>
                {t.signIn.title}
              </button>
            )}
          </div>
          <Field
            label={t.email}
            name="email"
            type="email"
            autoComplete="email"
            required
            value={values.email ?? ""}
            error={errors.email}
            onChange={({ target }) => set("email")(target.value)}
          />
        </section>
        <section className="space-y-4">
          <h2 className="text-2xl">{t.checkout.address}</h2>
          <SavedAddresses me={me} onChoose={(address) => keep({ ...values, ...address })} />
          <AddressFields values={values} onChange={keep} errors={{ ...delivery.errors, ...errors }} />
        </section>
        <Delivery cart={cart} isBusy={delivery.isBusy} problem={delivery.problem} onChoose={delivery.choose} />
        <details open={Boolean(values.company || values.vatId || values.note)}>
          <summary className="link w-fit">{t.checkout.more}</summary>
          <div className="mt-4 space-y-4">
            <Field
              label={t.checkout.billingCompany}
              required={false}
              value={values.billingCompany ?? ""}
              error={errors["billing.company"]}
              onChange={({ target }) => set("billingCompany")(target.value)}
            />
            <Field
              label={t.checkout.vatId}
              required={false}
              value={values.vatId ?? ""}
              error={errors["billing.vatId"]}
              onChange={({ target }) => set("vatId")(target.value)}
            />
            <TextArea
              label={t.checkout.note}
              required={false}
              maxLength={1000}
              value={values.note ?? ""}
              error={errors.note}
              onChange={({ target }) => set("note")(target.value)}
            />
          </div>
        </details>
      </form>
      <aside className="space-y-6 self-start rounded-2xl bg-card p-6 lg:sticky lg:top-24" aria-label={t.checkout.review}>
        <h2 className="text-2xl">{t.checkout.review}</h2>
        <ul className="space-y-3">
          {cart.items.map(({ id, quantity, product, variant, total }) => (
            <li key={id} className="flex items-center gap-3">
              <Picture image={variant.image} sizes="3.5rem" className="size-14 shrink-0 rounded-lg" />
              <span className="grow text-[0.95rem] leading-snug">
                {quantity} × {product.name}
                {variant.title && <span className="block text-sm text-soft">{variant.title}</span>}
              </span>
              <span className="tabular-nums">{money(total)}</span>
            </li>
          ))}
        </ul>
        <CodeForm cart={cart} />
        <div aria-busy={delivery.isBusy} className={delivery.isBusy ? "opacity-50" : ""}>
          <Totals cart={cart} />
        </div>
        <Notice isError>{refusal}</Notice>
        <button form="checkout" className="button button-main w-full" disabled={isBuying || delivery.isBusy}>
          {t.checkout.pay(money(cart.total))}
        </button>
        <p className="text-sm text-soft">{t.checkout.once}</p>
      </aside>
    </div>
  );
}

function firstValues(cart: CartPartsFragment, me: Me): AddressValues {
  const saved = me?.addresses.find(({ isDefault }) => isDefault);
  const { country, zipCode, state } = cart.destination ?? { country: "", zipCode: "", state: "" };
  if (saved) return { ...fieldsOf(saved), email: me?.email ?? "" };
  return { country, zipCode, state, email: me?.email ?? "", firstName: me?.firstName ?? "", lastName: me?.lastName ?? "" };
}

type Saved = NonNullable<Me>["addresses"][number];

function fieldsOf({ __typename, id: _id, isDefault: _isDefault, ...fields }: Saved): AddressValues {
  return fields;
}

function SavedAddresses({ me, onChoose }: { me: Me; onChoose: (address: AddressValues) => void }) {
  const t = useTexts();
  if (!me || me.addresses.length < 2) return null;
  return (
    <ul className="flex flex-wrap gap-2" aria-label={t.checkout.saved}>
      {me.addresses.map((saved) => (
        <li key={saved.id}>
          <button type="button" className="button px-4 text-sm" onClick={() => onChoose(fieldsOf(saved))}>
            {saved.firstName} {saved.lastName}, {saved.city}
          </button>
        </li>
      ))}
    </ul>
  );
}

/** What keeps this order from being placed, with a link to each: there it is paid or cancelled. */
function OpenOrders({ message, orders }: { message: string; orders: readonly { uuid: string; number: string }[] }) {
  return (
    <>
      {message}
      {orders.map(({ uuid, number }) => (
        <Link key={uuid} to={`/orders/${uuid}`} className="link ml-2">
          {number}
        </Link>
      ))}
    </>
  );
}
