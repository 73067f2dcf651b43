import { useMutation, useQuery } from "@apollo/client/react";

import { useSession } from "../api/session";
import { graphql } from "../gql";
import { useTexts } from "../texts";
import { HeartIcon } from "../ui/icons";

// Apart from the product, which is the same for everybody.
const FAVOURITE = graphql(`
  query IsFavourite($id: ID!) {
    node(id: $id) { ... on Product { id isFavourite } }
  }
`);

const ADD = graphql(`
  mutation AddFavourite($productId: ID!) {
    addFavourite(input: { productId: $productId }) { ... on Product { id isFavourite } }
  }
`);

const REMOVE = graphql(`
  mutation RemoveFavourite($productId: ID!) {
    removeFavourite(input: { productId: $productId }) { ... on Product { id isFavourite } }
  }
`);

/** A heart that fills at once. For a guest it asks to sign in, and is set afterwards. */
export function Favourite({ productId }: { productId: string }) {
  const t = useTexts();
  const session = useSession();
  const { data } = useQuery(FAVOURITE, { variables: { id: productId }, skip: !session?.me, ssr: false });
  const isFavourite = data?.node?.__typename === "Product" && data.node.isFavourite;
  const options = {
    variables: { productId },
    onError: () => {}, // the heart shows how it stands
    update: (cache: { evict: (options: { id: string; fieldName: string }) => boolean }) => {
      if (session?.me) cache.evict({ id: `User:${session.me.id}`, fieldName: "favourites" });
    },
  };
  const [add] = useMutation(ADD, options);
  const [remove] = useMutation(REMOVE, options);

  function toggle() {
    const answer = { __typename: "Product" as const, id: productId, isFavourite: !isFavourite };
    // A guest's heart waits for the dialog instead.
    if (isFavourite) void remove({ optimisticResponse: { removeFavourite: answer } });
    else void add(session?.me ? { optimisticResponse: { addFavourite: answer } } : {});
  }

  return (
    <button
      className={`icon-button size-[2.9rem] shrink-0 border border-line ${isFavourite ? "text-sale" : ""}`}
      aria-pressed={isFavourite}
      aria-label={t.favourite}
      onClick={toggle}
    >
      <HeartIcon isFull={isFavourite} />
    </button>
  );
}
