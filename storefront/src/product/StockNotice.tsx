import { useMutation } from "@apollo/client/react";
import type { FormEvent } from "react";

import { problemOf } from "../api/errors";
import { useSession } from "../api/session";
import { graphql } from "../gql";
import { useTexts } from "../texts";
import { Field } from "../ui/Field";
import { Notice } from "../ui/Notice";

const SUBSCRIBE = graphql(`
  mutation SubscribeToStock($input: StockNoticeInput!) {
    subscribeToStock(input: $input) {
      ... on Done { ok }
      ... on UserError { code message }
    }
  }
`);

/** For a variant that is sold out: one mail when it is there again. */
export function StockNotice({ variantId }: { variantId: string }) {
  const t = useTexts();
  const email = useSession()?.me?.email;
  const [subscribe, { data, error, loading }] = useMutation(SUBSCRIBE, { onError: () => {} });
  const answer = data?.subscribeToStock;
  const isDone = answer?.__typename === "Done";

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const typed = String(new FormData(event.currentTarget).get("email"));
    void subscribe({ variables: { input: { variantId, email: typed } } });
  }

  return (
    <div className="mt-4">
      <Notice>{isDone && t.stock.willTell}</Notice>
      {!isDone && (
        <form onSubmit={submit} className="rounded-2xl border border-line p-4">
          <p className="mb-3 text-sm text-soft">{t.stock.tellWhy}</p>
          <div className="flex flex-wrap items-end gap-3">
            <Field
              key={email} // the session is known after the page
              name="email"
              type="email"
              label={t.email}
              autoComplete="email"
              defaultValue={email}
              maxLength={254}
              required
              error={error ? problemOf(error, t).message : answer?.message}
              className="min-w-52 grow"
            />
            <button className="button" disabled={loading}>
              {t.stock.tell}
            </button>
          </div>
        </form>
      )}
    </div>
  );
}
