import { useQuery } from "@apollo/client/react";
import { useParams, useSearchParams } from "react-router";

import { graphql, unmask } from "../gql";
import type { ProductQuery } from "../gql/graphql";
import { ProductCard } from "../listing/ProductCard";
import { Moved } from "../shell/answer";
import { Crumbs } from "../shell/Crumbs";
import { NotFound } from "../shell/ErrorPage";
import { Head } from "../shell/Head";
import { breadcrumbs, productData } from "../shell/structured";
import { useTexts } from "../texts";
import { Stars } from "../ui/Rating";
import { Buy, BuyParts } from "./Buy";
import { Gallery } from "./Gallery";
import { ReviewForm } from "./ReviewForm";
import { Reviews } from "./Reviews";
import { useSelection } from "./useSelection";

const PRODUCT = graphql(`
  query Product($slug: String!, $preview: String) {
    product(slug: $slug, preview: $preview) {
      id
      slug
      name
      description
      isPublished
      seo { title description }
      category { id name slug ancestors { id name slug } }
      attributes { name slug values }
      images { id url ...PictureParts }
      rating { average count histogram }
      ...BuyParts
      ...ReviewsParts
      related(first: 4) { id ...ProductCardParts }
    }
  }
`);

export function ProductPage() {
  const { slug = "" } = useParams();
  const [params] = useSearchParams();
  const { data, error } = useQuery(PRODUCT, { variables: { slug, preview: params.get("preview") } });
  if (error && !data) throw error;
  if (data?.product === null) return <NotFound />;
  if (data && data.product.slug !== slug) return <Moved to={`/products/${data.product.slug}`} />;
  return data ? <Product key={data.product.id} product={data.product} /> : <Skeleton />;
}

function Product({ product }: { product: NonNullable<ProductQuery["product"]> }) {
  const t = useTexts();
  const { category, rating } = product;
  const { options, variants } = unmask(BuyParts, product);
  const path = `/products/${product.slug}`;
  const brand = product.attributes.find(({ slug }) => slug === "brand")?.values[0];
  const { variant } = useSelection({ options, variants });
  const images = product.images.map(({ url }) => url);
  return (
    <>
      <Head
        title={product.seo.title}
        description={product.seo.description}
        path={path}
        image={images[0]}
        isHidden={!product.isPublished}
        data={(origin) => [
          productData(origin, { ...product, brand, images, variants }),
          breadcrumbs(origin, [...category.ancestors, category]),
        ]}
      />
      <Crumbs ancestors={[...category.ancestors, category]} />
      <div className="grid gap-8 md:grid-cols-2 md:gap-14">
        <Gallery key={variant?.image?.id} name={product.name} images={product.images} first={variant?.image?.id} />
        <div className="md:pt-4">
          <h1 className="text-4xl sm:text-5xl">{product.name}</h1>
          {rating.average !== null && (
            <a href="#reviews" className="mt-3 inline-flex min-h-6 items-center gap-2 text-soft hover:text-ink">
              <Stars average={rating.average} /> {t.reviews.count(rating.count)}
            </a>
          )}
          <Buy product={product} />
          <p className="mt-8 max-w-prose whitespace-pre-line">{product.description}</p>
          {product.attributes.length > 0 && (
            <dl className="mt-8 border-t border-line">
              {product.attributes.map(({ slug, name, values }) => (
                <div key={slug} className="flex gap-4 border-b border-line py-2.5">
                  <dt className="w-32 shrink-0 text-soft">{name}</dt>
                  <dd>{values.join(", ")}</dd>
                </div>
              ))}
            </dl>
          )}
        </div>
      </div>
      <section id="reviews" className="mt-20 scroll-mt-24 border-t border-line pt-10">
        <h2 className="text-3xl">{t.reviews.title}</h2>
        <div className="mt-6 grid gap-10 md:grid-cols-[18rem_1fr] md:gap-14">
          <div>
            <Summary rating={rating} />
            <ReviewForm productId={product.id} />
          </div>
          <Reviews slug={product.slug} product={product} />
        </div>
      </section>
      {product.related.length > 0 && (
        <section className="mt-20 border-t border-line pt-10">
          <h2 className="mb-6 text-3xl">{t.related}</h2>
          <div className="grid grid-cols-2 gap-x-4 gap-y-9 sm:gap-x-6 md:grid-cols-4">
            {product.related.map((other) => (
              <ProductCard key={other.id} product={other} />
            ))}
          </div>
        </section>
      )}
    </>
  );
}

function Summary({ rating: { average, count, histogram } }: { rating: NonNullable<ProductQuery["product"]>["rating"] }) {
  const t = useTexts();
  if (average === null) return null;
  return (
    <div className="mb-8">
      <p className="flex items-baseline gap-3">
        <span className="font-serif text-5xl tabular-nums">{average.toFixed(1)}</span>
        <span className="text-soft">{t.reviews.count(count)}</span>
      </p>
      <ul className="mt-3 space-y-1 text-sm text-soft">
        {[5, 4, 3, 2, 1].map((stars) => (
          <li key={stars} className="flex items-center gap-3">
            <span className="w-3 tabular-nums">{stars}</span>
            <span className="h-1.5 grow overflow-hidden rounded-full bg-card">
              <span className="block h-full bg-star" style={{ width: `${((histogram[stars - 1] ?? 0) / count) * 100}%` }} />
            </span>
            <span className="w-6 text-right tabular-nums">{histogram[stars - 1]}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Skeleton() {
  return (
    <div aria-busy className="mt-[4.4rem] grid gap-8 md:grid-cols-2 md:gap-14">
      <div className="skeleton aspect-square rounded-2xl" />
      <div className="md:pt-4">
        <div className="skeleton h-11 w-4/5" />
        <div className="skeleton mt-6 h-7 w-1/3" />
        <div className="skeleton mt-8 h-12" />
        <div className="skeleton mt-8 h-32" />
      </div>
    </div>
  );
}
