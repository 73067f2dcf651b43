import { Suspense, useState } from "react";
import { useSearchParams } from "react-router";

import { graphql, type FragmentType, unmask } from "../gql";
import type { ProductSort } from "../gql/graphql";
import { later } from "../page";
import { useTexts } from "../texts";
import { Notice } from "../ui/Notice";
import { type Choice, countOf, readChoice, SORTS, writeChoice } from "./choice";
import { Filters } from "./Filters";
import { CardSkeletons, GRID, ProductCard } from "./ProductCard";

const FilterSheet = later(() => import("./FilterSheet"));

export const PAGE = 24;

export const ListingParts = graphql(`
  fragment ListingParts on ProductConnection {
    totalCount
    nodes { id ...ProductCardParts }
    pageInfo { hasNextPage endCursor }
    facets { ...FacetParts }
  }
`);

interface Props {
  /** Undefined while it loads: the old list stays if there is one. */
  list: FragmentType<typeof ListingParts> | undefined;
  isLoading: boolean;
  category?: string;
  /** The order without a choice. */
  firstSort: ProductSort;
  onMore: (after: string) => Promise<unknown>;
  /** Called when the shopper opens a product. */
  onOpen?: () => void;
}

/** A list of products with its filters. What is chosen is in the address alone. */
export function Listing({ list: masked, isLoading, category, firstSort, onMore, onOpen }: Props) {
  const list = unmask(ListingParts, masked);
  const t = useTexts();
  const [params, setParams] = useSearchParams();
  const [isSheetOpen, setSheetOpen] = useState(false);
  const [isFailed, setFailed] = useState(false);
  const [isFetching, setFetching] = useState(false);
  const choice = readChoice(params);

  function change(next: Choice) {
    setParams(writeChoice(next, params));
  }

  async function more(after: string) {
    setFetching(true);
    try {
      await onMore(after);
      setFailed(false);
    } catch {
      setFailed(true);
    }
    setFetching(false);
  }

  const filters = list && <Filters facets={list.facets} {...{ choice, category }} onChange={change} />;
  const sorts = firstSort === "RELEVANCE" ? (["RELEVANCE", ...SORTS] as const) : SORTS;
  return (
    <div className="mt-8 lg:grid lg:grid-cols-[15rem_1fr] lg:gap-12">
      <aside className="hidden lg:block" aria-label={t.listing.filters}>
        {filters ?? <div className="skeleton h-96" />}
      </aside>
      <section aria-busy={isLoading}>
        <h2 className="sr-only">{t.listing.products}</h2>
        <div className="mb-6 flex min-h-12 flex-wrap items-center gap-3">
          <button className="button lg:hidden" onClick={() => setSheetOpen(true)}>
            {t.listing.filters}
            {countOf(choice) > 0 && ` (${countOf(choice)})`}
          </button>
          <p role="status" className="mr-auto hidden text-soft sm:block">
            {list && t.listing.count(list.totalCount)}
          </p>
          <label className="ml-auto flex items-center gap-2">
            <span className="sr-only sm:not-sr-only sm:text-soft">{t.listing.sort}</span>
            <select
              className="input w-auto rounded-full bg-paper"
              value={choice.sort ?? firstSort}
              onChange={({ target }) => change({ ...choice, sort: SORTS.find((sort) => sort === target.value) ?? null })}
            >
              {sorts.map((sort) => (
                <option key={sort} value={sort}>
                  {t.listing.sorts[sort]}
                </option>
              ))}
            </select>
          </label>
        </div>
        <div className={`${GRID} transition-opacity ${isLoading && list ? "opacity-50" : ""}`}>
          {list ? (
            list.nodes.map((product, index) => (
              <ProductCard key={product.id} product={product} isFirst={index < 4} onOpen={onOpen} />
            ))
          ) : (
            <CardSkeletons count={9} />
          )}
          {isFetching && <CardSkeletons count={3} />}
        </div>
        {list?.nodes.length === 0 && (
          <div className="py-12 text-center">
            <p className="font-serif text-2xl">{t.listing.nothing}</p>
            <button className="button mt-6" onClick={() => change({ ...readChoice(new URLSearchParams()), sort: choice.sort })}>
              {t.listing.clear}
            </button>
          </div>
        )}
        {list?.pageInfo.hasNextPage && (
          <div className="mt-12 text-center">
            <button
              className="button"
              disabled={isFetching}
              onClick={() => void more(list.pageInfo.endCursor ?? "")}
            >
              {t.listing.more}
            </button>
          </div>
        )}
        <Notice isError>{isFailed && t.unreachable}</Notice>
      </section>
      {isSheetOpen && (
        <Suspense>
          <FilterSheet count={list?.totalCount} onClose={() => setSheetOpen(false)}>
            {filters}
          </FilterSheet>
        </Suspense>
      )}
    </div>
  );
}
