import { useMutation } from "@apollo/client/react";
import { useEffect } from "react";

import { graphql } from "../gql";
import type { SearchOutcome } from "../gql/graphql";

const COUNT = graphql(`
  mutation CountSearch($input: CountSearchInput!) {
    countSearch(input: $input) { ... on Done { ok } }
  }
`);

// What has been counted since the page was loaded: a shopper who comes back to a list has not searched again.
const counted = new Set<string>();

/** Counts what came of a search, which is undefined while it runs. The answer is to be called when a product is opened. */
export function useSearchCount(term: string, outcome: SearchOutcome | undefined) {
  const [send] = useMutation(COUNT, { onError: () => {} }); // the shopper's search is none the worse

  function count(outcome: SearchOutcome) {
    const key = `${outcome} ${term}`;
    if (counted.has(key)) return;
    counted.add(key);
    void send({ variables: { input: { term, outcome } } });
  }

  useEffect(() => {
    if (outcome) count(outcome);
  }, [term, outcome]);
  return () => count("OPENED");
}
