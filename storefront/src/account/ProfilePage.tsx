import { useMutation } from "@apollo/client/react";
import { type FormEvent, useState } from "react";

import { problemOf } from "../api/errors";
import { useSession } from "../api/session";
import { graphql } from "../gql";
import { useTexts } from "../texts";
import { Field } from "../ui/Field";
import { Notice } from "../ui/Notice";

const UPDATE = graphql(`
  mutation UpdateProfile($input: UpdateProfileInput!) {
    updateProfile(input: $input) {
      ... on User { id firstName lastName profile { id name } }
      ... on UserError { code message }
      ... on ValidationError { fields { field message } }
    }
  }
`);

// The file is a variable of its own, because that is how a multipart request names it.
const UPLOAD = graphql(`
  mutation UploadAvatar($avatar: Upload) {
    updateProfile(input: { avatar: $avatar }) {
      ... on User { id profile { id avatar { id url thumbnail(size: SMALL) } } }
      ... on UserError { code message }
      ... on ValidationError { fields { field message } }
    }
  }
`);

const CHANGE_PASSWORD = graphql(`
  mutation ChangePassword($input: ChangePasswordInput!) {
    changePassword(input: $input) {
      ... on User { id }
      ... on UserError { code message }
      ... on ValidationError { fields { field message } }
    }
  }
`);

const CHANGE_EMAIL = graphql(`
  mutation ChangeEmail($input: ChangeEmailInput!) {
    changeEmail(input: $input) {
      ... on Done { ok }
      ... on UserError { code message }
      ... on ValidationError { fields { field message } }
    }
  }
`);

const RESEND = graphql(`
  mutation ResendVerification {
    resendVerification {
      ... on Done { ok }
      ... on UserError { code message }
    }
  }
`);

const EXPORT = graphql(`
  mutation ExportMyData {
    exportMyData {
      ... on MyData { data }
      ... on UserError { code message }
    }
  }
`);

const DELETE = graphql(`
  mutation DeleteAccount($password: String!) {
    deleteAccount(input: { password: $password }) {
      ... on Done { ok }
      ... on UserError { code message }
      ... on ValidationError { fields { field message } }
    }
  }
`);

/** What any of these mutations answers. */
interface Answer {
  __typename: string;
  message?: string;
  fields?: readonly { field: string; message: string }[];
}

/** The answer of a mutation as what a form shows. */
function useAnswer(answer: Answer | undefined, error: unknown) {
  const t = useTexts();
  const errors = Object.fromEntries((answer?.fields ?? []).map(({ field, message }) => [field, message]));
  const refusal = error ? problemOf(error, t).message : answer?.fields ? "" : (answer?.message ?? "");
  return { errors, refusal, isDone: Boolean(answer && !answer.message) };
}

export function ProfilePage() {
  const t = useTexts();
  const me = useSession()?.me;
  if (!me) return null;
  return (
    <div className="max-w-xl space-y-14">
      <section>
        <h2 className="mb-4 text-2xl">{t.account.profile}</h2>
        <Avatar />
        <Names key={me.id} />
      </section>
      {!me.emailVerified && <Verification />}
      <Email />
      <Password />
      <MyData />
      <Deletion />
    </div>
  );
}

function Avatar() {
  const t = useTexts();
  const avatar = useSession()?.me?.profile.avatar;
  const [upload, { data, error, loading }] = useMutation(UPLOAD, { onError: () => {} });
  const { refusal, errors } = useAnswer(data?.updateProfile, error);
  return (
    <div className="mb-6 flex items-center gap-5">
      <span className="size-20 overflow-hidden rounded-full bg-card">
        {avatar && <img src={avatar.thumbnail} alt="" className="size-full object-cover" />}
      </span>
      <div>
        <label className="button has-focus-visible:outline-2 has-focus-visible:outline-accent">
          {t.account.choosePicture}
          <input
            type="file"
            accept="image/*"
            className="sr-only"
            disabled={loading}
            onChange={({ target: { files } }) => files?.[0] && void upload({ variables: { avatar: files[0] } })}
          />
        </label>
        {avatar && (
          <button className="link ml-4 text-soft" onClick={() => void upload({ variables: { avatar: null } })}>
            {t.cart.remove}
          </button>
        )}
        <Notice isError>{refusal || errors.avatar}</Notice>
      </div>
    </div>
  );
}

function Names() {
  const t = useTexts();
  const me = useSession()?.me;
  const [update, { data, error, loading }] = useMutation(UPDATE, { onError: () => {} });
  const { errors, refusal, isDone } = useAnswer(data?.updateProfile, error);

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name));
    const input = { name: text("name"), firstName: text("firstName"), lastName: text("lastName") };
    void update({ variables: { input } });
  }

  return (
    <form onSubmit={submit} className="grid grid-cols-2 gap-4">
      <Field
        className="col-span-2"
        name="name"
        label={t.account.shownName}
        defaultValue={me?.profile.name}
        error={errors.name}
        required
      />
      <Field name="firstName" label={t.address.firstName} defaultValue={me?.firstName} error={errors.firstName} />
      <Field name="lastName" label={t.address.lastName} defaultValue={me?.lastName} error={errors.lastName} />
      <div className="col-span-2 space-y-3">
        <Notice>{isDone && t.account.saved}</Notice>
        <Notice isError>{refusal}</Notice>
        <button className="button" disabled={loading}>
          {t.save}
        </button>
      </div>
    </form>
  );
}

function Verification() {
  const t = useTexts();
  const [resend, { data, error, loading }] = useMutation(RESEND, { onError: () => {} });
  const { refusal, isDone } = useAnswer(data?.resendVerification, error);
  return (
    <section className="rounded-xl bg-card p-5">
      <p>{t.account.notVerified}</p>
      <Notice>{isDone && t.account.mailSent}</Notice>
      <Notice isError>{refusal}</Notice>
      {!isDone && (
        <button className="link mt-2" disabled={loading} onClick={() => void resend()}>
          {t.account.resend}
        </button>
      )}
    </section>
  );
}

function Email() {
  const t = useTexts();
  const [change, { data, error, loading }] = useMutation(CHANGE_EMAIL, { onError: () => {} });
  const { errors, refusal, isDone } = useAnswer(data?.changeEmail, error);

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const input = { newEmail: String(form.get("newEmail")), password: String(form.get("password")) };
    void change({ variables: { input } });
  }

  return (
    <form onSubmit={submit} className="space-y-4">
      <h2 className="text-2xl">{t.account.changeEmail}</h2>
      <Field name="newEmail" type="email" label={t.account.newEmail} autoComplete="email" required error={errors.newEmail} />
      <Field name="password" type="password" label={t.password} autoComplete="current-password" required error={errors.password} />
      <Notice>{isDone && t.account.mailSent}</Notice>
      <Notice isError>{refusal}</Notice>
      <button className="button" disabled={loading}>
        {t.account.changeEmail}
      </button>
    </form>
  );
}

function Password() {
  const t = useTexts();
  const [change, { data, error, loading }] = useMutation(CHANGE_PASSWORD, { onError: () => {} });
  const { errors, refusal, isDone } = useAnswer(data?.changePassword, error);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const element = event.currentTarget;
    const form = new FormData(element);
    const input = { oldPassword: String(form.get("oldPassword")), newPassword: String(form.get("newPassword")) };
    const { data: answer } = await change({ variables: { input } });
    if (answer?.changePassword.__typename === "User") element.reset();
  }

  return (
    <form onSubmit={(event) => void submit(event)} className="space-y-4">
      <h2 className="text-2xl">{t.account.changePassword}</h2>
      <Field
        name="oldPassword"
        type="password"
        label={t.account.oldPassword}
        autoComplete="current-password"
        required
        error={errors.oldPassword}
      />
      <Field
        name="newPassword"
        type="password"
        label={t.reset.newPassword}
        autoComplete="new-password"
        minLength={8}
        required
        error={errors.newPassword}
      />
      <Notice>{isDone && t.account.saved}</Notice>
      <Notice isError>{refusal}</Notice>
      <button className="button" disabled={loading}>
        {t.account.changePassword}
      </button>
    </form>
  );
}

function MyData() {
  const t = useTexts();
  const [fetchData, { data, error, loading }] = useMutation(EXPORT, { onError: () => {} });
  const { refusal } = useAnswer(data?.exportMyData, error);

  async function download() {
    const { data: answer } = await fetchData();
    if (answer?.exportMyData.__typename !== "MyData") return;
    const file = new Blob([JSON.stringify(answer.exportMyData.data, null, 2)], { type: "application/json" });
    const url = URL.createObjectURL(file);
    Object.assign(document.createElement("a"), { href: url, download: "my-data.json" }).click();
    URL.revokeObjectURL(url);
  }

  return (
    <section className="space-y-3">
      <h2 className="text-2xl">{t.account.myData}</h2>
      <p className="text-soft">{t.account.myDataText}</p>
      <Notice isError>{refusal}</Notice>
      <button className="button" disabled={loading} onClick={() => void download()}>
        {t.account.download}
      </button>
    </section>
  );
}

function Deletion() {
  const t = useTexts();
  const [isAsked, setAsked] = useState(false);
  const [remove, { data, error, loading }] = useMutation(DELETE, { onError: () => {} });
  const { errors, refusal } = useAnswer(data?.deleteAccount, error);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const password = String(new FormData(event.currentTarget).get("password"));
    const { data: answer } = await remove({ variables: { password } });
    if (answer?.deleteAccount.__typename === "Done") location.assign("/");
  }

  return (
    <section className="space-y-3">
      <h2 className="text-2xl">{t.account.delete}</h2>
      <p className="text-soft">{t.account.deleteText}</p>
      {isAsked ? (
        <form onSubmit={(event) => void submit(event)} className="space-y-4">
          <Field name="password" type="password" label={t.password} autoComplete="current-password" required error={errors.password} />
          <Notice isError>{refusal}</Notice>
          <button className="button border-danger text-danger" disabled={loading}>
            {t.account.delete}
          </button>
        </form>
      ) : (
        <button className="button" onClick={() => setAsked(true)}>
          {t.account.delete}
        </button>
      )}
    </section>
  );
}
