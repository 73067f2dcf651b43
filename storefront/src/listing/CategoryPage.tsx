import { useQuery } from "@apollo/client/react";
import { Link, useParams, useSearchParams } from "react-router";

import { graphql } from "../gql";
import { Moved } from "../shell/answer";
import { breadcrumbs } from "../shell/structured";
import { Crumbs } from "../shell/Crumbs";
import { NotFound } from "../shell/ErrorPage";
import { Head } from "../shell/Head";
import { filterOf, readChoice } from "./choice";
import { Listing, PAGE } from "./Listing";

const CATEGORY = graphql(`
  query Category($slug: String!, $filter: ProductFilter!, $sort: ProductSort!, $first: Int!, $after: String) {
    category(slug: $slug) {
      id
      name
      slug
      description
      seo { title description }
      image { id url }
      ancestors { id name slug }
      children { id name slug productCount }
    }
    products(filter: $filter, sort: $sort, first: $first, after: $after) { ...ListingParts }
  }
`);

export function CategoryPage() {
  const { slug = "" } = useParams();
  const [params] = useSearchParams();
  const choice = readChoice(params);
  const { data, previousData, loading, error, fetchMore } = useQuery(CATEGORY, {
    variables: { slug, filter: filterOf(choice, slug), sort: choice.sort ?? "NEWEST", first: PAGE },
  });
  if (error && !data) throw error;
  const shown = data ?? (previousData?.category?.slug === slug ? previousData : undefined);
  const category = shown?.category;
  if (category === null) return <NotFound />;
  if (data?.category && data.category.slug !== slug) return <Moved to={`/categories/${data.category.slug}`} />;

  const path = `/categories/${slug}`;
  return (
    <>
      {category && (
        <Head
          title={category.seo.title}
          description={category.seo.description || undefined}
          path={path}
          image={category.image?.url}
          data={(origin) => [breadcrumbs(origin, [...category.ancestors, category])]}
        />
      )}
      <Crumbs ancestors={category?.ancestors} />
      <h1 className="min-h-11 text-4xl sm:text-5xl">{category?.name}</h1>
      {category?.description && <p className="mt-3 max-w-prose text-soft">{category.description}</p>}
      {category && category.children.length > 0 && (
        <ul className="mt-6 flex flex-wrap gap-2">
          {category.children.map((child) => (
            <li key={child.id}>
              <Link to={`/categories/${child.slug}`} className="button min-h-11">
                {child.name}
              </Link>
            </li>
          ))}
        </ul>
      )}
      <Listing
        list={shown?.products}
        isLoading={loading}
        category={slug}
        firstSort="NEWEST"
        onMore={(after) => fetchMore({ variables: { after } })}
      />
    </>
  );
}
