import { type ReactNode, useEffect, useRef } from "react";
import { Link, useSearchParams } from "react-router";

import { graphql } from "../gql";
import { Head } from "../shell/Head";
import { useTexts } from "../texts";
import { Field } from "../ui/Field";
import { Form, useSend } from "../ui/Form";
import { Notice } from "../ui/Notice";

/** The pages that mailed links lead to, and the one that asks for such a mail. */

const REQUEST_RESET = graphql(`
  mutation RequestPasswordReset($email: String!) {
    requestPasswordReset(input: { email: $email }) {
      ... on Done { ok }
      ... on UserError { code message }
    }
  }
`);

const RESET = graphql(`
  mutation ResetPassword($input: ResetPasswordInput!) {
    resetPassword(input: $input) {
      ... on Done { ok }
      ... on UserError { code message }
      ... on ValidationError { fields { field message } }
    }
  }
`);

const VERIFY = graphql(`
  mutation VerifyEmail($token: String!) {
    verifyEmail(input: { token: $token }) {
      ... on Done { ok }
      ... on UserError { code message }
    }
  }
`);

function Narrow({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="mx-auto max-w-md py-16">
      <Head title={title} isHidden />
      <h1 className="mb-6 text-4xl">{title}</h1>
      {children}
    </div>
  );
}

export function ForgotPasswordPage() {
  const t = useTexts();
  const { send, answer, isBusy, refusal } = useSend(REQUEST_RESET);
  return (
    <Narrow title={t.reset.title}>
      {answer?.__typename === "Done" ? (
        <Notice>{t.reset.sent}</Notice>
      ) : (
        <Form onSend={(text) => void send({ email: text("email") })} className="space-y-4">
          <Field name="email" type="email" label={t.email} autoComplete="email" required />
          <Notice isError>{refusal}</Notice>
          <button className="button button-main w-full" disabled={isBusy}>
            {t.reset.send}
          </button>
        </Form>
      )}
    </Narrow>
  );
}

export function ResetPasswordPage() {
  const t = useTexts();
  const [params] = useSearchParams();
  const { send, answer, isBusy, refusal, errors } = useSend(RESET);
  const token = params.get("token") ?? "";
  return (
    <Narrow title={t.reset.title}>
      {answer?.__typename === "Done" ? (
        <>
          <Notice>{t.reset.done}</Notice>
          <Link to="/account" className="button button-main mt-6 w-full">
            {t.signIn.title}
          </Link>
        </>
      ) : (
        <Form onSend={(text) => void send({ input: { token, newPassword: text("newPassword") } })} className="space-y-4">
          <Field
            name="newPassword"
            type="password"
            label={t.reset.newPassword}
            autoComplete="new-password"
            minLength={8}
            hint={t.signIn.passwordHint}
            required
            error={errors.newPassword}
          />
          <Notice isError>{refusal || errors.token}</Notice>
          <button className="button button-main w-full" disabled={isBusy}>
            {t.reset.save}
          </button>
        </Form>
      )}
    </Narrow>
  );
}

export function VerifyEmailPage() {
  const t = useTexts();
  const [params] = useSearchParams();
  const token = params.get("token") ?? "";
  const { send, answer, isDone, refusal, errors } = useSend(VERIFY);
  const isAsked = useRef(false); // the link works once
  useEffect(() => {
    if (isAsked.current) return;
    isAsked.current = true;
    void send({ token });
  });
  return (
    <Narrow title={t.verify.title}>
      {!answer && !refusal && <div aria-busy className="skeleton h-12" />}
      <Notice>{isDone && t.verify.done}</Notice>
      <Notice isError>{refusal || errors.token}</Notice>
      <Link to="/account" className="button mt-6">
        {t.account.title}
      </Link>
    </Narrow>
  );
}
