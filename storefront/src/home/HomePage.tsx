import { useQuery } from "@apollo/client/react";
import { Link } from "react-router";

import { graphql, type FragmentType } from "../gql";
import { CardSkeletons, ProductCard, type ProductCardParts } from "../listing/ProductCard";
import { Head } from "../shell/Head";
import { useShop } from "../shell/shop";
import { useTexts } from "../texts";
import { Picture } from "../ui/Picture";

const HOME = graphql(`
  query Home {
    newest: products(sort: NEWEST, filter: { inStock: true }, first: 8) { nodes { id ...ProductCardParts } }
    loved: products(sort: TOP_RATED, filter: { inStock: true }, first: 4) { nodes { id ...ProductCardParts } }
    reduced: products(sort: DISCOUNT_DESC, filter: { onSale: true, inStock: true }, first: 4) {
      nodes { id slug name image { ...PictureParts } ...ProductCardParts }
    }
  }
`);

export function HomePage() {
  const t = useTexts();
  const { shop, categories } = useShop();
  const { data, error } = useQuery(HOME);
  if (error && !data) throw error;
  const [shown] = data?.reduced.nodes ?? [];
  const site = { "@context": "https://schema.org", "@type": "OnlineStore", name: shop?.name };
  return (
    <>
      <Head title={shop?.name ?? ""} description={t.hero.text} path="/" data={() => [site]} />
      <section className="grid items-center gap-8 py-10 md:grid-cols-2 md:gap-14 md:py-16">
        <div>
          <h1 className="text-[2.7rem] sm:text-6xl">{t.hero.title}</h1>
          <p className="mt-5 max-w-md text-lg text-soft">{t.hero.text}</p>
          <ul className="mt-8 flex flex-wrap gap-2">
            {categories
              .filter(({ parent }) => !parent)
              .map(({ id, name, slug }) => (
                <li key={id}>
                  <Link to={`/categories/${slug}`} className="button">
                    {name}
                  </Link>
                </li>
              ))}
          </ul>
        </div>
        <Link to={shown ? `/products/${shown.slug}` : "/"} className="group block">
          <Picture image={shown?.image} isFirst sizes="(min-width: 48rem) 36rem, 92vw" className="rounded-2xl" />
          <span className="mt-3 block min-h-6 text-soft group-hover:text-accent">{shown?.name}</span>
        </Link>
      </section>
      <Row title={t.hero.newest} products={data?.newest.nodes} />
      <Row title={t.hero.loved} products={data?.loved.nodes} />
      <Row title={t.hero.reduced} products={data?.reduced.nodes} />
    </>
  );
}

interface RowProps {
  title: string;
  products: readonly ({ id: string } & FragmentType<typeof ProductCardParts>)[] | undefined;
}

function Row({ title, products }: RowProps) {
  if (products?.length === 0) return null;
  return (
    <section className="border-t border-line py-10">
      <h2 className="mb-6 text-3xl">{title}</h2>
      <div className="grid grid-cols-2 gap-x-4 gap-y-9 sm:gap-x-6 md:grid-cols-4">
        {products ? (
          products.map((product) => <ProductCard key={product.id} product={product} />)
        ) : (
          <CardSkeletons count={4} />
        )}
      </div>
    </section>
  );
}
