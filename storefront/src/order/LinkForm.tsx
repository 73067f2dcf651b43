import { useTexts } from "../texts";
import { Field } from "../ui/Field";
import { Form, useSend } from "../ui/Form";
import { Notice } from "../ui/Notice";
import { REQUEST_LINK } from "./operations";

/** Asks for the link of an order by mail. Whether there is such an order, the answer does not tell. */
export function LinkForm() {
  const t = useTexts();
  const { send, answer, isBusy, refusal, errors } = useSend(REQUEST_LINK);
  if (answer?.__typename === "Done") return <Notice>{t.order.linkSent}</Notice>;
  return (
    <Form onSend={(text) => void send({ number: text("number"), email: text("email") })} className="space-y-4 text-left">
      <p className="text-soft">{t.order.linkText}</p>
      <Field name="number" label={t.order.linkNumber} placeholder="482-917-350" required error={errors.number} />
      <Field name="email" type="email" label={t.email} autoComplete="email" required error={errors.email} />
      <Notice isError>{refusal}</Notice>
      <button className="button w-full" disabled={isBusy}>
        {t.order.linkSend}
      </button>
    </Form>
  );
}
