import { useApolloClient } from "@apollo/client/react";
import { type FormEvent, useState } from "react";
import { Link } from "react-router";

import { problemOf } from "../api/errors";
import { register, signIn } from "../api/session";
import { useTexts } from "../texts";
import { Field } from "../ui/Field";
import { Notice } from "../ui/Notice";

interface Props {
  onDone?: () => void;
}

/** Signs in, or opens an account: the same fields, and two more. */
export function SignInForm({ onDone }: Props) {
  const t = useTexts();
  const client = useApolloClient();
  const [isNew, setNew] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState("");
  const [errors, setErrors] = useState<Record<string, string>>({});

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? "");
    const credentials = { email: text("email"), password: text("password") };
    setBusy(true);
    setErrors({});
    setRefusal("");
    try {
      const answer = isNew
        ? await register(client, { ...credentials, firstName: text("firstName"), lastName: text("lastName") })
        : await signIn(client, credentials);
      if (answer.__typename === "User") onDone?.();
      else if (answer.__typename === "ValidationError") {
        setErrors(Object.fromEntries(answer.fields.map(({ field, message }) => [field, message])));
      } else setRefusal(answer.message);
    } catch (error) {
      setRefusal(problemOf(error, t).message);
    }
    setBusy(false);
  }

  return (
    <form onSubmit={(event) => void submit(event)} className="space-y-4">
      {isNew && (
        <div className="grid grid-cols-2 gap-4">
          <Field name="firstName" label={t.address.firstName} autoComplete="given-name" error={errors.firstName} />
          <Field name="lastName" label={t.address.lastName} autoComplete="family-name" error={errors.lastName} />
        </div>
      )}
      <Field name="email" type="email" label={t.email} autoComplete="email" required error={errors.email} />
      <Field
        name="password"
        type="password"
        label={t.password}
        autoComplete={isNew ? "new-password" : "current-password"}
        required
        minLength={isNew ? 8 : undefined}
        hint={isNew && t.signIn.passwordHint}
        error={errors.password}
      />
      <Notice isError>{refusal}</Notice>
      <button className="button button-main w-full" disabled={isBusy}>
        {isNew ? t.signIn.register : t.signIn.title}
      </button>
      <p className="flex flex-wrap justify-between gap-3 text-[0.95rem]">
        <button type="button" className="link" onClick={() => setNew(!isNew)}>
          {isNew ? t.signIn.haveAccount : t.signIn.noAccount}
        </button>
        {!isNew && (
          <Link className="link text-soft" to="/forgot-password">
            {t.signIn.forgot}
          </Link>
        )}
      </p>
    </form>
  );
}
