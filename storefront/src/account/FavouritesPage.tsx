import { useQuery } from "@apollo/client/react";

import { graphql } from "../gql";
import { CardSkeletons, GRID, ProductCard } from "../listing/ProductCard";
import { useTexts } from "../texts";

const FAVOURITES = graphql(`
  query Favourites($after: String) {
    me {
      id
      favourites(first: 24, after: $after) {
        nodes { id ...ProductCardParts }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
`);

export function FavouritesPage() {
  const t = useTexts();
  const { data, error, fetchMore } = useQuery(FAVOURITES, { fetchPolicy: "cache-and-network", ssr: false });
  if (error && !data) throw error;
  const favourites = data?.me?.favourites;
  return (
    <section>
      <h2 className="mb-4 text-2xl">{t.account.favourites}</h2>
      {favourites?.nodes.length === 0 && <p className="text-soft">{t.account.noFavourites}</p>}
      <div className={GRID}>
        {favourites ? (
          favourites.nodes.map((product) => <ProductCard key={product.id} product={product} />)
        ) : (
          <CardSkeletons count={3} />
        )}
      </div>
      {favourites?.pageInfo.hasNextPage && (
        <button
          className="button mt-6"
          onClick={() => void fetchMore({ variables: { after: favourites.pageInfo.endCursor } })}
        >
          {t.listing.more}
        </button>
      )}
    </section>
  );
}
