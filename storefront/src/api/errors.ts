import { CombinedGraphQLErrors } from "@apollo/client/errors";

/** What kept a whole operation from being answered. */
export interface Problem {
  /** The store's `extensions.code`; UNREACHABLE where no answer of the store arrived. */
  code: string;
  message: string;
  /** With RATE_LIMITED. */
  retryAfterSeconds?: number;
  /** With INTERNAL: the store's log knows more under this id. */
  requestId?: string;
}

export function problemOf(error: unknown): Problem {
  if (!CombinedGraphQLErrors.is(error)) {
    return { code: "UNREACHABLE", message: "The shop cannot be reached. Please try again." };
  }
  const [first] = error.errors;
  return { code: "INTERNAL", message: error.message, ...first?.extensions };
}
