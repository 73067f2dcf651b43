import { useApolloClient, useMutation } from "@apollo/client/react";
import { type FormEvent, useState } from "react";

import { problemOf } from "../api/errors";
import type { MovedPartsFragment, OrderPartsFragment } from "../gql/graphql";
import { useLanguage, useTexts } from "../texts";
import { Select, TextArea } from "../ui/Field";
import { Notice } from "../ui/Notice";
import { ORDER, REQUEST_RETURN } from "./operations";
import { Contents } from "./Parcels";
import { returnable } from "./returnable";

interface Props {
  order: OrderPartsFragment;
  moved: MovedPartsFragment;
  token: string | null;
}

/** The returns that were asked for, and the form that asks for another. The store knows whether there is still time. */
export function Returns({ order, moved, token }: Props) {
  const { t, date } = useLanguage();
  const [isOpen, setOpen] = useState(false);
  const left = returnable(moved);
  const canAsk = (order.status === "SHIPPED" || order.status === "PARTIALLY_SHIPPED") && left.size > 0;
  if (moved.returns.length === 0 && !canAsk) return null;
  return (
    <section className="mt-10">
      <h2 className="mb-3 text-2xl">{t.returns.title}</h2>
      <ul className="space-y-3">
        {moved.returns.map(({ id, status, createdAt, items }) => (
          <li key={id} className="rounded-xl border border-line p-4">
            <p className="flex flex-wrap gap-x-4">
              <span className="font-medium">{t.returns.statuses[status]}</span>
              <time dateTime={createdAt} className="text-soft">
                {date(createdAt)}
              </time>
            </p>
            <Contents items={items} />
          </li>
        ))}
      </ul>
      {canAsk && !isOpen && (
        <button className="button mt-4" onClick={() => setOpen(true)}>
          {t.returns.ask}
        </button>
      )}
      {canAsk && isOpen && <ReturnForm order={order} left={left} token={token} onDone={() => setOpen(false)} />}
    </section>
  );
}

interface FormProps {
  order: OrderPartsFragment;
  left: Map<string, number>;
  token: string | null;
  onDone: () => void;
}

function ReturnForm({ order, left, token, onDone }: FormProps) {
  const t = useTexts();
  const client = useApolloClient();
  const [request, { data, error, loading }] = useMutation(REQUEST_RETURN, {
    // Only the answer may be lost. Then the order has the return.
    onError: () => void client.refetchQueries({ include: [ORDER] }),
  });
  const answer = data?.requestReturn;
  const refusal =
    answer?.__typename === "ValidationError" ? answer.fields[0]?.message : answer && "message" in answer ? answer.message : "";

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const items = [...left.keys()]
      .map((orderItemId) => ({ orderItemId, quantity: Number(form.get(orderItemId)) }))
      .filter(({ quantity }) => quantity > 0);
    const reason = String(form.get("reason"));
    const result = await request({ variables: { input: { orderUuid: order.uuid, items, reason, token } } });
    if (result.data?.requestReturn.__typename === "Order") onDone();
  }

  return (
    <form onSubmit={(event) => void submit(event)} className="mt-4 space-y-4 rounded-2xl bg-card p-6">
      <p className="text-soft">{t.returns.text}</p>
      {order.items
        .filter(({ id }) => left.has(id))
        .map(({ id, name, variantTitle }) => (
          <Select key={id} name={id} label={[name, variantTitle].filter(Boolean).join(", ")} defaultValue="0">
            {Array.from({ length: (left.get(id) ?? 0) + 1 }, (_, quantity) => (
              <option key={quantity}>{quantity}</option>
            ))}
          </Select>
        ))}
      <TextArea name="reason" label={t.returns.reason} maxLength={1000} required={false} rows={2} />
      <Notice isError>{error ? problemOf(error, t).message : refusal}</Notice>
      <button className="button button-main" disabled={loading}>
        {t.returns.send}
      </button>
    </form>
  );
}
