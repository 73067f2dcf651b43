import type { BillingInput, ShippingInput } from "../gql/graphql";
import type { AddressValues } from "./AddressFields";

/** What the form's values are as input, and what the store's errors are as the form's. Pure. */

export function shippingOf(values: AddressValues): ShippingInput {
  const text = (name: string) => values[name]?.trim() ?? "";
  return {
    email: text("email"),
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
  };
}

export function billingOf({ billingCompany = "", vatId = "" }: AddressValues): BillingInput | null {
  if (!billingCompany && !vatId) return null;
  return { company: billingCompany, vatId, address: null };
}

/** Messages by the name of the form's field: `shipping.zipCode` is `zipCode` there. */
export function errorsOf(fields: readonly { field: string; message: string }[]): Record<string, string> {
  return Object.fromEntries(fields.map(({ field, message }) => [field.replace(/^shipping\./, ""), message]));
}
