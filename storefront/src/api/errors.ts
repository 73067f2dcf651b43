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

/** What is wrong, in the words of the page's language. The store's own messages already are. */
export function problemOf(error: unknown, { unreachable }: { unreachable: string }): Problem {
  if (!CombinedGraphQLErrors.is(error)) return { code: "UNREACHABLE", message: unreachable };
  const [first] = error.errors;
  return { code: "INTERNAL", message: error.message, ...first?.extensions };
}
