import { Link } from "react-router";

import { graphql, type FragmentType, unmask } from "../gql";
import { isReduced } from "../product/variants";
import { useTexts } from "../texts";
import { Picture } from "../ui/Picture";
import { Price } from "../ui/Price";
import { Stars } from "../ui/Rating";

export const ProductCardParts = graphql(`
  fragment ProductCardParts on Product {
    id
    slug
    name
    isAvailable
    onSale
    price { amount currency }
    finalPrice { amount currency }
    lowestPriorPrice { amount currency }
    priceRange { min { amount } max { amount } }
    rating { average count }
    image { ...PictureParts }
  }
`);

interface Props {
  product: FragmentType<typeof ProductCardParts>;
  isFirst?: boolean;
  onOpen?: () => void;
}

export function ProductCard({ product: masked, isFirst, onOpen }: Props) {
  const product = unmask(ProductCardParts, masked);
  const t = useTexts();
  const { average, count } = product.rating;
  const reduced = isReduced(product);
  return (
    <article className="group relative">
      <div className="relative">
        <Picture
          image={product.image}
          isFirst={isFirst}
          sizes="(min-width: 64rem) 18rem, (min-width: 40rem) 30vw, 46vw"
          className={`rounded-xl ${product.isAvailable ? "" : "opacity-60"}`}
        />
        {!product.isAvailable && <Badge>{t.stock.soldOut}</Badge>}
        {product.isAvailable && reduced && <Badge>{t.price.sale}</Badge>}
      </div>
      <h3 className="mt-3 font-sans text-base/snug font-medium tracking-normal">
        <Link
          to={`/products/${product.slug}`}
          className="after:absolute after:inset-0 group-hover:text-accent"
          onClick={onOpen}
        >
          {product.name}
        </Link>
      </h3>
      <p className="mt-0.5">
        <Price
          price={product.finalPrice}
          before={reduced ? product.price : null}
          isFrom={product.priceRange.min.amount !== product.priceRange.max.amount}
        />
      </p>
      {average !== null && (
        <p className="mt-0.5 text-sm text-soft">
          <Stars average={average} /> <span aria-hidden>({count})</span>
        </p>
      )}
    </article>
  );
}

function Badge({ children }: { children: string }) {
  return (
    <span className="absolute top-3 left-3 rounded-full bg-paper px-3 py-0.5 text-sm font-medium">{children}</span>
  );
}

export function CardSkeletons({ count }: { count: number }) {
  return Array.from({ length: count }, (_, index) => (
    <div key={index} aria-hidden>
      <div className="skeleton aspect-square rounded-xl" />
      <div className="skeleton mt-4 h-4 w-3/4" />
      <div className="skeleton mt-2 h-4 w-1/3" />
    </div>
  ));
}

export const GRID = "grid grid-cols-2 gap-x-4 gap-y-9 sm:grid-cols-3 sm:gap-x-6";
