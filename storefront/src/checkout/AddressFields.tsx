import { useQuery } from "@apollo/client/react";

import { graphql } from "../gql";
import { useTexts } from "../texts";
import { Field, Select } from "../ui/Field";

const RULES = graphql(`
  query AddressRules($country: String!) {
    addressRules(country: $country) {
      required
      used
      states { code name }
      zipCodePattern
      zipCodeExample
    }
  }
`);

const COUNTRIES = graphql(`
  query CountriesToChoose {
    shop { countries { code name } }
  }
`);

export type AddressValues = Record<string, string>;

/** The fields of an address, with what browsers fill into them. */
const AUTOCOMPLETE = {
  firstName: "given-name",
  lastName: "family-name",
  company: "organization",
  address: "address-line1",
  address2: "address-line2",
  buildingNumber: "on",
  zipCode: "postal-code",
  city: "address-level2",
  state: "address-level1",
  phone: "tel",
} as const;

export type AddressField = keyof typeof AUTOCOMPLETE;

/** Those that share a line with another, where it is wide enough. */
const HALF: readonly string[] = ["zipCode", "city", "state", "buildingNumber", "address2"];
const NAMES: readonly string[] = ["firstName", "lastName"];

interface Props {
  values: AddressValues;
  onChange: (values: AddressValues) => void;
  /** Messages by the field's name. */
  errors: Record<string, string>;
}

/** The fields that the country's addresses have, in the order in which they are written there. */
export function AddressFields({ values, onChange, errors }: Props) {
  const t = useTexts();
  const country = values.country ?? "";
  const { data: shop } = useQuery(COUNTRIES, { ssr: false });
  const { data, previousData } = useQuery(RULES, { variables: { country }, skip: !country, ssr: false });
  const rules = (data ?? previousData)?.addressRules;
  const fields = (rules?.used ?? []).filter((name): name is AddressField => name in AUTOCOMPLETE);

  return (
    <div className="grid grid-cols-2 gap-4">
      <Select
        className="col-span-2"
        label={t.address.country}
        name="country"
        autoComplete="country"
        required
        value={country}
        error={errors.country}
        onChange={({ target }) => onChange({ ...values, country: target.value, state: "" })}
      >
        <option value="" disabled>
          {t.delivery.choose}
        </option>
        {shop?.shop.countries.map(({ code, name }) => (
          <option key={code} value={code}>
            {name}
          </option>
        ))}
      </Select>
      {country && !rules && <div aria-busy className="skeleton col-span-2 h-96" />}
      {fields.map((name) => {
        const shared = {
          name,
          label: t.address[name],
          required: rules?.required.includes(name) ?? false,
          autoComplete: AUTOCOMPLETE[name],
          value: values[name] ?? "",
          error: errors[name],
          className: NAMES.includes(name) ? "" : HALF.includes(name) ? "col-span-2 sm:col-span-1" : "col-span-2",
        };
        const set = (value: string) => onChange({ ...values, [name]: value });
        if (name === "state" && rules?.states.length) {
          return (
            <Select key={name} {...shared} onChange={({ target }) => set(target.value)}>
              <option value="" />
              {rules.states.map((state) => (
                <option key={state.code} value={state.code}>
                  {state.name}
                </option>
              ))}
            </Select>
          );
        }
        return (
          <Field
            key={name}
            {...shared}
            type={name === "phone" ? "tel" : "text"}
            pattern={(name === "zipCode" && rules?.zipCodePattern) || undefined}
            placeholder={(name === "zipCode" && rules?.zipCodeExample) || undefined}
            onChange={({ target }) => set(target.value)}
          />
        );
      })}
    </div>
  );
}

