import type { CheckoutInput } from "../gql/graphql";

const PLACE = "checkout:attempt";

/**
 * A purchase that was sent, and whose answer has not come yet. It keeps its key, even over a reload of the page: sent
 * again, by whatever means, it is the same order.
 */
export function beginAttempt(input: Omit<CheckoutInput, "idempotencyKey">): CheckoutInput {
  const attempt = { ...input, idempotencyKey: unfinishedAttempt()?.idempotencyKey ?? crypto.randomUUID() };
  sessionStorage.setItem(PLACE, JSON.stringify(attempt));
  return attempt;
}

export function unfinishedAttempt(): CheckoutInput | null {
  return JSON.parse(sessionStorage.getItem(PLACE) ?? "null");
}

/** The store has answered. */
export function endAttempt(): void {
  sessionStorage.removeItem(PLACE);
}
