import { useMutation, useQuery } from "@apollo/client/react";
import { Suspense, useEffect, useState } from "react";
import { Link, useParams } from "react-router";

import { problemOf } from "../api/errors";
import { useSession } from "../api/session";
import { Sum } from "../cart/Totals";
import { unmask } from "../gql";
import type { MovedPartsFragment, OrderPartsFragment } from "../gql/graphql";
import { later } from "../page";
import { Head } from "../shell/Head";
import { signInPrompt } from "../shell/panels";
import { useShop } from "../shell/shop";
import { useLanguage, useTexts } from "../texts";
import { Notice } from "../ui/Notice";
import { Picture } from "../ui/Picture";
import { LinkForm } from "./LinkForm";
import { CANCEL_ORDER, MovedParts, ORDER, OrderParts, REFRESH_PAYMENT, RETRY_PAYMENT } from "./operations";
import { Parcels } from "./Parcels";
import { paymentPage } from "./payment";
import { Returns } from "./Returns";
import { Timeline } from "./Timeline";
import { useLinkToken } from "./token";

const CardForm = later(() => import("./CardForm"));

const POLL = 2500; // milliseconds between questions while the bank is busy

export function OrderPage() {
  const { uuid = "" } = useParams();
  const t = useTexts();
  const given = useLinkToken(uuid);
  const { data, error, startPolling, stopPolling } = useQuery(ORDER, {
    variables: { uuid, token: given, byLink: given !== "" },
    fetchPolicy: "cache-and-network",
    ssr: false,
  });
  const token = data?.order ? null : given || null; // whoever has placed it needs none, which may have expired
  const [refresh] = useMutation(REFRESH_PAYMENT, { variables: { uuid, token }, onError: () => {} });
  const found = data?.order ?? data?.orderByToken;
  const order = unmask(OrderParts, found);
  const moved = unmask(MovedParts, found);
  const isPending = order?.status === "PENDING";

  // The shopper may come from the bank before its message: the store asks there.
  useEffect(() => {
    if (isPending) void refresh();
  }, [isPending, refresh]);

  const isProcessing = isPending && order.payment?.status === "PROCESSING";
  useEffect(() => {
    if (isProcessing) startPolling(POLL);
    return stopPolling;
  }, [isProcessing, startPolling, stopPolling]);

  if (error && !data) throw error;
  return (
    <>
      <Head title={order ? t.order.number(order.number) : t.order.title} isHidden />
      {order ? (
        <Order order={order} moved={moved} token={token} onPaid={() => void refresh()} />
      ) : data ? (
        <Unknown />
      ) : (
        <div aria-busy className="skeleton mt-12 h-[32rem]" />
      )}
    </>
  );
}

/** The order is of another session, or of an account, or its link has expired. */
function Unknown() {
  const t = useTexts();
  const session = useSession();
  return (
    <div className="mx-auto max-w-xl py-24 text-center">
      <h1 className="text-4xl">{t.order.unknown}</h1>
      <p className="mt-4 text-soft">{t.order.unknownText}</p>
      {session && !session.me ? (
        <button className="button button-main mt-8" onClick={() => void signInPrompt.ask()}>
          {t.signIn.title}
        </button>
      ) : (
        <Link to="/account/orders" className="button button-main mt-8">
          {t.account.orders}
        </Link>
      )}
      <section className="mx-auto mt-12 max-w-md border-t border-line pt-8">
        <h2 className="mb-4 text-2xl">{t.order.linkTitle}</h2>
        <LinkForm />
      </section>
    </div>
  );
}

interface Props {
  order: OrderPartsFragment;
  /** Of the link by which it was opened; null for whoever has placed it. */
  token: string | null;
}

function Order({ order, moved, token, onPaid }: Props & { moved?: MovedPartsFragment | null; onPaid: () => void }) {
  const { t, money } = useLanguage();
  const isPaid = ["PAID", "PARTIALLY_SHIPPED", "SHIPPED"].includes(order.status);
  return (
    <div className="mx-auto max-w-4xl">
      <p className="eyebrow pt-12">{t.order.number(order.number)}</p>
      <h1 className="mt-2 text-4xl sm:text-5xl">{isPaid ? t.order.thanks : t.order.statuses[order.status]}</h1>
      {isPaid && order.shipping && <p className="mt-3 text-soft">{t.order.confirmation(order.shipping.email)}</p>}
      <div className="mt-8 grid gap-10 md:grid-cols-[1fr_20rem]">
        <div>
          {order.status === "PENDING" && <Payment order={order} token={token} onPaid={onPaid} />}
          <ul className="divide-y divide-line border-y border-line">
            {order.items.map(({ id, name, variantTitle, quantity, total, product, variant }) => (
              <li key={id} className="flex items-center gap-4 py-4">
                <Picture image={variant?.image} sizes="4rem" className="size-16 shrink-0 rounded-lg" />
                <div className="grow">
                  <p className="font-medium">
                    {product ? <Link to={`/products/${product.slug}`}>{name}</Link> : name}
                  </p>
                  <p className="text-sm text-soft">
                    {[variantTitle, t.order.quantity(quantity)].filter(Boolean).join(" · ")}
                  </p>
                </div>
                <span className="tabular-nums">{money(total)}</span>
              </li>
            ))}
          </ul>
          <Sums order={order} />
          {moved && <Parcels parcels={moved.fulfilments} />}
          {moved && <Returns order={order} moved={moved} token={token} />}
        </div>
        <div className="space-y-8">
          <Timeline order={order} />
          {order.shipping && (
            <section>
              <h2 className="mb-2 text-xl">{t.checkout.address}</h2>
              <Address shipping={order.shipping} />
            </section>
          )}
          <Documents order={order} />
          <Cancel order={order} token={token} />
        </div>
      </div>
    </div>
  );
}

function Sums({ order }: { order: OrderPartsFragment }) {
  const { t, money } = useLanguage();
  return (
    <dl className="mt-5 space-y-1.5 tabular-nums">
      <Sum label={t.totals.goods}>{money(order.subtotal)}</Sum>
      {Number(order.discountTotal.amount) > 0 && (
        <Sum label={order.discountCode ? t.totals.discountWith(order.discountCode) : t.totals.discount}>
          −{money(order.discountTotal)}
        </Sum>
      )}
      <Sum label={order.delivery ? `${t.totals.delivery}, ${order.delivery.name}` : t.totals.delivery}>
        {Number(order.deliveryTotal.amount) > 0 ? money(order.deliveryTotal) : t.totals.free}
      </Sum>
      {Number(order.taxTotal.amount) > 0 && (
        <Sum label={order.pricesIncludeTax ? t.totals.taxIncluded : t.totals.tax}>{money(order.taxTotal)}</Sum>
      )}
      <div className="flex items-baseline justify-between border-t border-line pt-3">
        <dt className="font-medium">{t.totals.total}</dt>
        <dd className="font-serif text-2xl">{money(order.amount)}</dd>
      </div>
    </dl>
  );
}

/** The invoice and credit notes. Their addresses are good for a day, and each answer has new ones. */
function Documents({ order }: { order: OrderPartsFragment }) {
  const t = useTexts();
  if (order.documents.length === 0) return null;
  return (
    <section>
      <h2 className="mb-2 text-xl">{t.order.documents}</h2>
      <ul className="space-y-1">
        {order.documents.map(({ kind, number, url }) => (
          <li key={number}>
            <a className="underline" href={url} rel="nofollow noreferrer" download>
              {t.order.document[kind](number)}
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function Address({ shipping }: { shipping: NonNullable<OrderPartsFragment["shipping"]> }) {
  const language = useLanguage();
  const { firstName, lastName, company, address, buildingNumber, address2, zipCode, city, state, country } = shipping;
  const lines = [
    `${firstName} ${lastName}`,
    company,
    [address, buildingNumber].filter(Boolean).join(" "),
    address2,
    [zipCode, city, state].filter(Boolean).join(" "),
    country && language.country(country),
  ];
  return (
    <address className="text-soft not-italic">
      {lines.filter(Boolean).map((line) => (
        <span key={line} className="block">
          {line}
        </span>
      ))}
    </address>
  );
}

/** What is left to do for a payment: its form or page, or another attempt. */
function Payment({ order, token, onPaid }: Props & { onPaid: () => void }) {
  const { t, money } = useLanguage();
  const { shop } = useShop();
  const [retry, { data, error, loading }] = useMutation(RETRY_PAYMENT, {
    variables: { uuid: order.uuid, token },
    onError: () => {},
  });
  const { payment } = order;
  const refusal = data && data.retryPayment.__typename !== "Order" ? data.retryPayment.message : "";

  function body() {
    if (payment?.status === "PROCESSING") return <p>{t.payment.processing}</p>;
    if (!payment?.clientSecret) {
      return (
        <button className="button button-main" disabled={loading} onClick={() => void retry()}>
          {t.payment.again}
        </button>
      );
    }
    if (!shop?.stripePublishableKey) {
      return (
        <a className="button button-main" href={paymentPage(order.uuid)}>
          {t.checkout.pay(money(order.amount))}
        </a>
      );
    }
    return (
      <Suspense fallback={<div className="skeleton h-80" />}>
        <CardForm publishableKey={shop.stripePublishableKey} clientSecret={payment.clientSecret} onPaid={onPaid} />
      </Suspense>
    );
  }

  return (
    <section className="mb-10 space-y-4 rounded-2xl bg-card p-6">
      <h2 className="text-2xl">{t.payment.title}</h2>
      {payment?.failure && (
        <Notice isError>
          {payment.failure} {t.payment.tryAgain}
        </Notice>
      )}
      {order.expiresAt && payment?.status !== "PROCESSING" && <Deadline expiresAt={order.expiresAt} />}
      {body()}
      <Notice isError>{error ? problemOf(error, t).message : refusal}</Notice>
    </section>
  );
}

function Deadline({ expiresAt }: { expiresAt: string }) {
  const { t, code } = useLanguage();
  const time = new Intl.DateTimeFormat(code, { timeStyle: "short" }).format(new Date(expiresAt));
  return <p className="text-soft">{t.payment.until(time)}</p>;
}

function Cancel({ order, token }: Props) {
  const t = useTexts();
  const [isAsked, setAsked] = useState(false);
  const [cancel, { data, error, loading }] = useMutation(CANCEL_ORDER, {
    variables: { uuid: order.uuid, token },
    onError: () => {},
  });
  const refusal = data && data.cancelOrder.__typename !== "Order" ? data.cancelOrder.message : "";
  if (order.status !== "PENDING" && order.status !== "PAID") return null;
  return (
    <div className="space-y-3">
      {isAsked ? (
        <div className="space-y-3 rounded-xl border border-line p-4">
          <p>{t.order.cancelSure}</p>
          <button className="button" disabled={loading} onClick={() => void cancel()}>
            {t.order.cancel}
          </button>
          <button className="button border-transparent" onClick={() => setAsked(false)}>
            {t.order.keep}
          </button>
        </div>
      ) : (
        <button className="link text-soft" onClick={() => setAsked(true)}>
          {t.order.cancel}
        </button>
      )}
      <Notice isError>{error ? problemOf(error, t).message : refusal}</Notice>
    </div>
  );
}
