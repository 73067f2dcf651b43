import { useMutation } from "@apollo/client/react";
import { type FormEvent, type ReactNode, useEffect, useRef } from "react";
import { Link, useSearchParams } from "react-router";

import { problemOf } from "../api/errors";
import { graphql } from "../gql";
import { Head } from "../shell/Head";
import { useTexts } from "../texts";
import { Field } from "../ui/Field";
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
  const [request, { data, error, loading }] = useMutation(REQUEST_RESET, { onError: () => {} });
  const answer = data?.requestPasswordReset;

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    void request({ variables: { email: String(new FormData(event.currentTarget).get("email")) } });
  }

  return (
    <Narrow title={t.reset.title}>
      {answer?.__typename === "Done" ? (
        <Notice>{t.reset.sent}</Notice>
      ) : (
        <form onSubmit={submit} className="space-y-4">
          <Field name="email" type="email" label={t.email} autoComplete="email" required />
          <Notice isError>{error ? problemOf(error, t).message : answer?.message}</Notice>
          <button className="button button-main w-full" disabled={loading}>
            {t.reset.send}
          </button>
        </form>
      )}
    </Narrow>
  );
}

export function ResetPasswordPage() {
  const t = useTexts();
  const [params] = useSearchParams();
  const [reset, { data, error, loading }] = useMutation(RESET, { onError: () => {} });
  const answer = data?.resetPassword;
  const refusal = answer?.__typename === "ValidationError" ? answer.fields[0]?.message : answer && "message" in answer ? answer.message : "";

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const newPassword = String(new FormData(event.currentTarget).get("password"));
    void reset({ variables: { input: { token: params.get("token") ?? "", newPassword } } });
  }

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
        <form onSubmit={submit} className="space-y-4">
          <Field
            name="password"
            type="password"
            label={t.reset.newPassword}
            autoComplete="new-password"
            minLength={8}
            hint={t.signIn.passwordHint}
            required
          />
          <Notice isError>{error ? problemOf(error, t).message : refusal}</Notice>
          <button className="button button-main w-full" disabled={loading}>
            {t.reset.save}
          </button>
        </form>
      )}
    </Narrow>
  );
}

export function VerifyEmailPage() {
  const t = useTexts();
  const [params] = useSearchParams();
  const token = params.get("token") ?? "";
  const [verify, { data, error }] = useMutation(VERIFY, { variables: { token }, onError: () => {} });
  const isAsked = useRef(false); // the link works once
  useEffect(() => {
    if (isAsked.current) return;
    isAsked.current = true;
    void verify();
  }, [verify]);
  const answer = data?.verifyEmail;
  const refusal = error ? problemOf(error, t).message : answer && "message" in answer ? answer.message : "";
  return (
    <Narrow title={t.verify.title}>
      {!answer && !error && <div aria-busy className="skeleton h-12" />}
      <Notice>{answer?.__typename === "Done" && t.verify.done}</Notice>
      <Notice isError>{refusal}</Notice>
      <Link to="/account" className="button mt-6">
        {t.account.title}
      </Link>
    </Narrow>
  );
}
