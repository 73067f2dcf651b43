import { useApolloClient, useMutation, useQuery } from "@apollo/client/react";
import { type FormEvent, useState } from "react";

import { problemOf } from "./errors";
import { ME, UPLOAD_AVATAR } from "./operations";
import { signIn, signOut } from "./session";

export function Account() {
  const { data } = useQuery(ME);
  const client = useApolloClient();
  if (!data?.me) return <SignIn />;
  const { name, avatar } = data.me.profile;
  return (
    <section>
      {avatar && <img src={avatar.thumbnail} alt="" />}
      <strong>{name}</strong>
      <AvatarUpload />
      <button onClick={() => void signOut(client)}>Sign out</button>
    </section>
  );
}

function SignIn() {
  const client = useApolloClient();
  const [refusal, setRefusal] = useState("");

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const input = { email: String(form.get("email")), password: String(form.get("password")) };
    try {
      const answer = await signIn(client, input);
      if (answer.__typename !== "User") setRefusal(answer.message);
    } catch (error) {
      setRefusal(problemOf(error).message);
    }
  }

  return (
    <form onSubmit={(event) => void submit(event)}>
      <input name="email" type="email" aria-label="E-mail" autoComplete="email" required />
      <input name="password" type="password" aria-label="Password" autoComplete="current-password" required />
      <button>Sign in</button>
      <p role="alert">{refusal}</p>
    </form>
  );
}

function AvatarUpload() {
  const [upload, { data, error, loading }] = useMutation(UPLOAD_AVATAR, { onError: () => {} }); // shown below
  const refused = data?.updateProfile.__typename === "ValidationError" ? data.updateProfile.message : "";
  return (
    <label>
      Avatar
      <input
        type="file"
        accept="image/*"
        disabled={loading}
        onChange={({ target: { files } }) => {
          if (files?.[0]) void upload({ variables: { avatar: files[0] } });
        }}
      />
      <span role="alert">{error ? problemOf(error).message : refused}</span>
    </label>
  );
}
