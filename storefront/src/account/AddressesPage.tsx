import { useMutation, useQuery } from "@apollo/client/react";
import { type FormEvent, useState } from "react";

import { problemOf } from "../api/errors";
import { AddressFields, type AddressValues } from "../checkout/AddressFields";
import { graphql } from "../gql";
import type { AddressesQuery } from "../gql/graphql";
import { useLanguage, useTexts } from "../texts";
import { Notice } from "../ui/Notice";

const ADDRESSES = graphql(`
  query Addresses {
    me {
      id
      addresses {
        id isDefault firstName lastName company phone address address2 buildingNumber city zipCode state country
      }
    }
  }
`);

const CREATE = graphql(`
  mutation CreateAddress($input: AddressInput!) {
    createAddress(input: $input) {
      ... on Address { id }
      ... on UserError { code message }
      ... on ValidationError { fields { field message } }
    }
  }
`);

const UPDATE = graphql(`
  mutation UpdateAddress($input: UpdateAddressInput!) {
    updateAddress(input: $input) {
      ... on Address { id }
      ... on UserError { code message }
      ... on ValidationError { fields { field message } }
    }
  }
`);

const DELETE = graphql(`
  mutation DeleteAddress($id: ID!) {
    deleteAddress(input: { id: $id }) {
      ... on Deleted { id }
      ... on UserError { code message }
    }
  }
`);

type Saved = NonNullable<AddressesQuery["me"]>["addresses"][number];

export function AddressesPage() {
  const { t, country } = useLanguage();
  const { data, error } = useQuery(ADDRESSES, { fetchPolicy: "cache-and-network", ssr: false });
  const [edited, setEdited] = useState<Saved | "new" | null>(null);
  const [remove, { error: fault }] = useMutation(DELETE, { refetchQueries: [ADDRESSES], onError: () => {} });
  if (error && !data) throw error;
  if (!data?.me) return <div aria-busy className="skeleton h-64" />;
  if (edited) return <AddressForm saved={edited === "new" ? null : edited} onDone={() => setEdited(null)} />;
  return (
    <section>
      <h2 className="text-2xl">{t.account.addresses}</h2>
      <ul className="my-6 grid gap-4 sm:grid-cols-2">
        {data.me.addresses.map((saved) => (
          <li key={saved.id} className="rounded-xl border border-line p-5">
            {saved.isDefault && <p className="eyebrow mb-1">{t.account.default}</p>}
            <address className="not-italic">
              {saved.firstName} {saved.lastName}
              <br />
              {saved.address} {saved.buildingNumber}
              <br />
              {saved.zipCode} {saved.city} {saved.state} {country(saved.country)}
            </address>
            <p className="mt-3 flex gap-4 text-[0.95rem]">
              <button className="link" onClick={() => setEdited(saved)}>
                {t.edit}
              </button>
              <button className="link text-soft" onClick={() => void remove({ variables: { id: saved.id } })}>
                {t.cart.remove}
              </button>
            </p>
          </li>
        ))}
      </ul>
      <Notice isError>{fault && problemOf(fault, t).message}</Notice>
      <button className="button" onClick={() => setEdited("new")}>
        {t.account.newAddress}
      </button>
    </section>
  );
}

function AddressForm({ saved, onDone }: { saved: Saved | null; onDone: () => void }) {
  const t = useTexts();
  const { __typename, id, isDefault = false, ...fields } = saved ?? { __typename: "", id: "", country: "" };
  const [values, setValues] = useState<AddressValues>(fields);
  const [asDefault, setDefault] = useState(isDefault);
  const [errors, setErrors] = useState<Record<string, string>>({});
  const options = { refetchQueries: [ADDRESSES], awaitRefetchQueries: true, onError: () => {} };
  const [create, { error: createFault }] = useMutation(CREATE, options);
  const [update, { error: updateFault }] = useMutation(UPDATE, options);
  const fault = createFault ?? updateFault;

  async function submit(event: FormEvent) {
    event.preventDefault();
    const text = (name: string) => values[name] ?? "";
    const input = {
      firstName: text("firstName"),
      lastName: text("lastName"),
      company: text("company"),
      phone: text("phone"),
      address: text("address"),
      address2: text("address2"),
      buildingNumber: text("buildingNumber"),
      city: text("city"),
      zipCode: text("zipCode"),
      state: text("state"),
      country: text("country"),
      isDefault: asDefault,
    };
    const answer = id
      ? (await update({ variables: { input: { id, address: input } } })).data?.updateAddress
      : (await create({ variables: { input } })).data?.createAddress;
    if (answer?.__typename === "Address") onDone();
    if (answer?.__typename === "ValidationError") {
      setErrors(
        Object.fromEntries(answer.fields.map(({ field, message }) => [field.replace(/^address\./, ""), message])),
      );
    }
  }

  return (
    <form onSubmit={(event) => void submit(event)} className="max-w-xl space-y-5">
      <h2 className="text-2xl">{saved ? t.account.editAddress : t.account.newAddress}</h2>
      <AddressFields values={values} onChange={setValues} errors={errors} />
      <label className="flex items-center gap-3">
        <input type="checkbox" checked={asDefault} onChange={() => setDefault(!asDefault)} /> {t.account.asDefault}
      </label>
      <Notice isError>{fault && problemOf(fault, t).message}</Notice>
      <div className="flex gap-3">
        <button className="button button-main">{t.save}</button>
        <button type="button" className="button border-transparent" onClick={onDone}>
          {t.cancel}
        </button>
      </div>
    </form>
  );
}
