import { useRef } from "react";

import { graphql } from "../gql";
import { useTexts } from "../texts";
import { useDraft } from "../ui/draft";
import { TextArea } from "../ui/Field";
import { Form, useSend } from "../ui/Form";
import { Notice } from "../ui/Notice";

const CREATE = graphql(`
  mutation CreateComment($input: CreateCommentInput!) {
    createComment(input: $input) {
      ... on Comment {
        id
        product { id rating { average count histogram } ...ReviewsParts }
      }
      ... on UserError { code message }
      ... on ValidationError { fields { field message } }
    }
  }
`);

/** A guest can write as well: sending asks to sign in, and then goes on. */
export function ReviewForm({ productId }: { productId: string }) {
  const t = useTexts();
  const { form, forget } = useDraft(`review:${productId}`);
  const details = useRef<HTMLDetailsElement>(null);
  const { send, isDone, isBusy, errors, refusal } = useSend(CREATE);

  async function publish(text: (name: string) => string, element: HTMLFormElement) {
    const answer = await send({
      input: { productId, body: text("body"), rating: text("rating") ? Number(text("rating")) : null },
    });
    if (answer?.__typename !== "Comment") return;
    forget();
    element.reset();
    if (details.current) details.current.open = false;
  }

  return (
    <div>
      <Notice>{isDone && t.reviews.thanks}</Notice>
      <details ref={details}>
        <summary className="button list-none">{t.reviews.write}</summary>
        <Form ref={form} onSend={(text, element) => void publish(text, element)} className="mt-5 space-y-4">
          <fieldset>
            <legend className="mb-1 text-[0.92rem] font-medium">
              {t.reviews.rating} <span className="font-normal text-soft">({t.form.optional})</span>
            </legend>
            <div className="flex gap-1">
              {[1, 2, 3, 4, 5].map((stars) => (
                <label
                  key={stars}
                  className="grid size-11 place-items-center rounded-full border border-line has-checked:border-ink has-checked:bg-ink has-checked:text-paper has-focus-visible:outline-2 has-focus-visible:outline-accent"
                >
                  <input type="radio" name="rating" value={stars} className="sr-only" aria-label={t.reviews.stars(stars)} />
                  <span aria-hidden>{stars}</span>
                </label>
              ))}
            </div>
          </fieldset>
          <TextArea name="body" label={t.reviews.body} maxLength={5000} required error={errors.body} />
          <Notice isError>{refusal || errors.rating}</Notice>
          <button className="button button-main" disabled={isBusy}>
            {t.reviews.send}
          </button>
        </Form>
      </details>
    </div>
  );
}
