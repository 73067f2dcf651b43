import { useQuery } from "@apollo/client/react";
import { Link, useSearchParams } from "react-router";

import { graphql } from "../gql";
import { Head } from "../shell/Head";
import { useShop } from "../shell/shop";
import { useTexts } from "../texts";
import { filterOf, readChoice } from "./choice";
import { Listing, PAGE } from "./Listing";
import { useSearchCount } from "./useSearchCount";

const SEARCH = graphql(`
  query Search(
    $term: String!
    $asTyped: Boolean!
    $filter: ProductFilter!
    $sort: ProductSort!
    $first: Int!
    $after: String
  ) {
    search(term: $term, asTyped: $asTyped, filter: $filter, sort: $sort, first: $first, after: $after) {
      ... on ProductConnection { correctedTerm ...ListingParts }
      ... on NoProductMatches { message term suggestions }
      ... on ValidationError { message }
    }
  }
`);

const OUTCOMES = { ProductConnection: "FOUND", NoProductMatches: "NOTHING", ValidationError: undefined } as const;

export function SearchPage() {
  const t = useTexts();
  const [params] = useSearchParams();
  const term = params.get("q") ?? "";
  const choice = readChoice(params);
  const { data, previousData, loading, error, fetchMore } = useQuery(SEARCH, {
    variables: {
      term,
      asTyped: params.has("exact"),
      filter: filterOf(choice),
      sort: choice.sort ?? "RELEVANCE",
      first: PAGE,
    },
    skip: !term,
  });
  const onOpen = useSearchCount(term, data && OUTCOMES[data.search.__typename]);
  if (error && !data) throw error;
  const answer = data?.search ?? previousData?.search;
  const title = term ? t.search.title(term) : t.search.label;
  return (
    <>
      <Head title={title} isHidden />
      <h1 className="pt-10 text-4xl sm:text-5xl">{title}</h1>
      {answer?.__typename === "ProductConnection" && answer.correctedTerm && (
        <p className="mt-4 text-soft">
          {t.search.corrected(answer.correctedTerm)}{" "}
          <Link className="link" to={`/search?q=${encodeURIComponent(term)}&exact=1`}>
            {t.search.asTyped(term)}
          </Link>
        </p>
      )}
      {!term ? (
        <Elsewhere text={t.search.empty} />
      ) : answer && answer.__typename !== "ProductConnection" ? (
        <Elsewhere
          text={answer.__typename === "NoProductMatches" ? t.search.nothing(answer.term) : answer.message}
          words={answer.__typename === "NoProductMatches" ? answer.suggestions : []}
        />
      ) : (
        <Listing
          list={answer}
          isLoading={loading}
          firstSort="RELEVANCE"
          onMore={(after) => fetchMore({ variables: { after } })}
          onOpen={onOpen}
        />
      )}
    </>
  );
}

/** Where to go when nothing matches: other words, and the categories. */
function Elsewhere({ text, words = [] }: { text: string; words?: readonly string[] }) {
  const t = useTexts();
  const { categories } = useShop();
  return (
    <div className="mt-6" role="status">
      <p className="max-w-prose text-lg text-soft">{text}</p>
      {words.length > 0 && (
        <>
          <h2 className="mt-10 mb-3 text-2xl">{t.search.tryThese}</h2>
          <ul className="flex flex-wrap gap-2">
            {words.map((word) => (
              <li key={word}>
                <Link className="button" to={`/search?q=${encodeURIComponent(word)}`}>
                  {word}
                </Link>
              </li>
            ))}
          </ul>
        </>
      )}
      <h2 className="mt-10 mb-3 text-2xl">{t.categories}</h2>
      <ul className="flex flex-wrap gap-2">
        {categories.map(({ id, name, slug }) => (
          <li key={id}>
            <Link className="button" to={`/categories/${slug}`}>
              {name}
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}
