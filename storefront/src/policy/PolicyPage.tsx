import { useQuery } from "@apollo/client/react";
import { useParams } from "react-router";

import { graphql } from "../gql";
import { NotFound } from "../shell/ErrorPage";
import { Head } from "../shell/Head";
import { useLanguage } from "../texts";

const POLICIES = graphql(`
  query Policies {
    shop { policies { slug title updatedAt body } }
  }
`);

/** Terms, privacy and the like, as the staff have written them. */
export function PolicyPage() {
  const { slug } = useParams();
  const { date } = useLanguage();
  const { data, error } = useQuery(POLICIES);
  if (error && !data) throw error;
  if (!data) return <div aria-busy className="skeleton mt-12 h-96" />;
  const policy = data.shop.policies.find((other) => other.slug === slug);
  if (!policy) return <NotFound />;
  return (
    <article>
      <Head title={policy.title} path={`/policies/${policy.slug}`} />
      <h1 className="pt-10 text-4xl sm:text-5xl">{policy.title}</h1>
      <p className="mt-2 text-soft">{date(policy.updatedAt)}</p>
      {/* The store has taken out of it whatever could run. */}
      <div className="prose mt-8" dangerouslySetInnerHTML={{ __html: policy.body }} />
    </article>
  );
}
