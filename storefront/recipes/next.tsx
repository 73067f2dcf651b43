import { graphql } from "../src/gql";
import { createClient } from "../src/api/client";

// next.config.ts hands the store's paths on, so that to the browser there is one origin:
//   rewrites: async () => ["graphql", "media", "documents"].map((path) => ({
//     source: `/${path}/:rest*`, destination: `${process.env.STORE_URL}/${path}/:rest*` }))
//   and skipTrailingSlashRedirect: true, because the store's addresses end in one

const PRODUCT = graphql(`
  query PageOfNext($slug: String!) {
    product(slug: $slug) { id name description finalPrice { amount currency } image { id url alt } }
  }
`);

interface Props {
  params: Promise<{ slug: string }>;
}

/** app/products/[slug]/page.tsx, a server component: the page as every guest sees it, with a client for each request. */
export default async function ProductPage({ params }: Props) {
  const client = createClient({ uri: `${process.env.STORE_URL}/graphql/`, language: "en", isServer: true });
  const { data } = await client.query({ query: PRODUCT, variables: { slug: (await params).slug } });
  const product = data?.product;
  if (!product) return <p>There is no such product.</p>; // or notFound() of next/navigation
  return (
    <article>
      {product.image && <img src={product.image.url} alt={product.image.alt} />}
      <h1>{product.name}</h1>
      <p>{new Intl.NumberFormat("en", { style: "currency", currency: product.finalPrice.currency }).format(Number(product.finalPrice.amount))}</p>
      <p>{product.description}</p>
    </article>
  );
}
