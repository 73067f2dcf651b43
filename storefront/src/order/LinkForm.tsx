import { useMutation } from "@apollo/client/react";
import type { FormEvent } from "react";

import { problemOf } from "../api/errors";
import { useTexts } from "../texts";
import { Field } from "../ui/Field";
import { Notice } from "../ui/Notice";
import { REQUEST_LINK } from "./operations";

/** Asks for the link of an order by mail. Whether there is such an order, the answer does not tell. */
export function LinkForm() {
  const t = useTexts();
  const [request, { data, error, loading }] = useMutation(REQUEST_LINK, { onError: () => {} });
  const answer = data?.requestOrderLink;
  const fields = answer?.__typename === "ValidationError" ? answer.fields : [];
  const errorOf = (name: string) => fields.find(({ field }) => field === name)?.message;
  const refusal = answer?.__typename === "TooManyAttempts" ? answer.message : "";

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    void request({ variables: { number: String(form.get("number")), email: String(form.get("email")) } });
  }

  if (answer?.__typename === "Done") return <Notice>{t.order.linkSent}</Notice>;
  return (
    <form onSubmit={submit} className="space-y-4 text-left">
      <p className="text-soft">{t.order.linkText}</p>
      <Field name="number" label={t.order.linkNumber} placeholder="482-917-350" required error={errorOf("number")} />
      <Field name="email" type="email" label={t.email} autoComplete="email" required error={errorOf("email")} />
      <Notice isError>{error ? problemOf(error, t).message : refusal}</Notice>
      <button className="button w-full" disabled={loading}>
        {t.order.linkSend}
      </button>
    </form>
  );
}
