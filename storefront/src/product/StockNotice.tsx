import { useSession } from "../api/session";
import { graphql } from "../gql";
import { useTexts } from "../texts";
import { Field } from "../ui/Field";
import { Form, useSend } from "../ui/Form";
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
  const { send, isDone, isBusy, refusal } = useSend(SUBSCRIBE);
  return (
    <div className="mt-4">
      <Notice>{isDone && t.stock.willTell}</Notice>
      {!isDone && (
        <Form
          onSend={(text) => void send({ input: { variantId, email: text("email") } })}
          className="rounded-2xl border border-line p-4"
        >
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
              error={refusal}
              className="min-w-52 grow"
            />
            <button className="button" disabled={isBusy}>
              {t.stock.tell}
            </button>
          </div>
        </Form>
      )}
    </div>
  );
}
