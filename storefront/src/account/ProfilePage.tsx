import { useState } from "react";

import { useSession } from "../api/session";
import { graphql } from "../gql";
import { useTexts } from "../texts";
import { Field } from "../ui/Field";
import { Form, useSend } from "../ui/Form";
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
  const { send, isBusy, refusal, errors } = useSend(UPLOAD);
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
            disabled={isBusy}
            onChange={({ target: { files } }) => files?.[0] && void send({ avatar: files[0] })}
          />
        </label>
        {avatar && (
          <button className="link ml-4 text-soft" onClick={() => void send({ avatar: null })}>
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
  const { send, isBusy, isDone, errors, refusal } = useSend(UPDATE);
  return (
    <Form
      className="grid grid-cols-2 gap-4"
      onSend={(text) =>
        void send({ input: { name: text("name"), firstName: text("firstName"), lastName: text("lastName") } })
      }
    >
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
        <button className="button" disabled={isBusy}>
          {t.save}
        </button>
      </div>
    </Form>
  );
}

function Verification() {
  const t = useTexts();
  const { send, isBusy, isDone, refusal } = useSend(RESEND);
  return (
    <section className="rounded-xl bg-card p-5">
      <p>{t.account.notVerified}</p>
      <Notice>{isDone && t.account.mailSent}</Notice>
      <Notice isError>{refusal}</Notice>
      {!isDone && (
        <button className="link mt-2" disabled={isBusy} onClick={() => void send({})}>
          {t.account.resend}
        </button>
      )}
    </section>
  );
}

function Email() {
  const t = useTexts();
  const { send, isBusy, isDone, errors, refusal } = useSend(CHANGE_EMAIL);
  return (
    <Form
      className="space-y-4"
      onSend={(text) => void send({ input: { newEmail: text("newEmail"), password: text("password") } })}
    >
      <h2 className="text-2xl">{t.account.changeEmail}</h2>
      <Field name="newEmail" type="email" label={t.account.newEmail} autoComplete="email" required error={errors.newEmail} />
      <Field name="password" type="password" label={t.password} autoComplete="current-password" required error={errors.password} />
      <Notice>{isDone && t.account.mailSent}</Notice>
      <Notice isError>{refusal}</Notice>
      <button className="button" disabled={isBusy}>
        {t.account.changeEmail}
      </button>
    </Form>
  );
}

function Password() {
  const t = useTexts();
  const { send, isBusy, isDone, errors, refusal } = useSend(CHANGE_PASSWORD);

  async function change(text: (name: string) => string, form: HTMLFormElement) {
    const answer = await send({ input: { oldPassword: text("oldPassword"), newPassword: text("newPassword") } });
    if (answer?.__typename === "User") form.reset();
  }

  return (
    <Form onSend={(text, form) => void change(text, form)} className="space-y-4">
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
      <button className="button" disabled={isBusy}>
        {t.account.changePassword}
      </button>
    </Form>
  );
}

function MyData() {
  const t = useTexts();
  const { send, isBusy, refusal } = useSend(EXPORT);

  async function download() {
    const answer = await send({});
    if (answer?.__typename !== "MyData") return;
    const file = new Blob([JSON.stringify(answer.data, null, 2)], { type: "application/json" });
    const url = URL.createObjectURL(file);
    Object.assign(document.createElement("a"), { href: url, download: "my-data.json" }).click();
    URL.revokeObjectURL(url);
  }

  return (
    <section className="space-y-3">
      <h2 className="text-2xl">{t.account.myData}</h2>
      <p className="text-soft">{t.account.myDataText}</p>
      <Notice isError>{refusal}</Notice>
      <button className="button" disabled={isBusy} onClick={() => void download()}>
        {t.account.download}
      </button>
    </section>
  );
}

function Deletion() {
  const t = useTexts();
  const [isAsked, setAsked] = useState(false);
  const { send, isBusy, errors, refusal } = useSend(DELETE);

  async function remove(password: string) {
    const answer = await send({ password });
    if (answer?.__typename === "Done") location.assign("/");
  }

  return (
    <section className="space-y-3">
      <h2 className="text-2xl">{t.account.delete}</h2>
      <p className="text-soft">{t.account.deleteText}</p>
      {isAsked ? (
        <Form onSend={(text) => void remove(text("password"))} className="space-y-4">
          <Field name="password" type="password" label={t.password} autoComplete="current-password" required error={errors.password} />
          <Notice isError>{refusal}</Notice>
          <button className="button border-danger text-danger" disabled={isBusy}>
            {t.account.delete}
          </button>
        </Form>
      ) : (
        <button className="button" onClick={() => setAsked(true)}>
          {t.account.delete}
        </button>
      )}
    </section>
  );
}
