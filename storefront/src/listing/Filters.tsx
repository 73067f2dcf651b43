import { type FormEvent, type ReactNode, useState } from "react";

import { graphql, type FragmentType, unmask } from "../gql";
import { useLanguage, useTexts } from "../texts";
import { type Choice, toggled } from "./choice";

export const FacetParts = graphql(`
  fragment FacetParts on ProductFacets {
    categories { count category { id name slug parent { id slug } } }
    options { name values { value count } }
    attributes { name slug values { value slug count } }
    minPrice { amount currency }
    maxPrice { amount currency }
    inStock
    onSale
  }
`);

interface Props {
  facets: FragmentType<typeof FacetParts>;
  choice: Choice;
  /** The category whose page it is. */
  category?: string;
  onChange: (choice: Choice) => void;
}

export function Filters({ facets: masked, choice, category, onChange }: Props) {
  const facets = unmask(FacetParts, masked);
  const t = useTexts();
  const below = facets.categories.filter((facet) => (facet.category.parent?.slug ?? undefined) === category);
  return (
    <div className="divide-y divide-line">
      {below.length > 0 && (
        <Group title={t.categories}>
          {below.map(({ category: { id, name, slug }, count }) => (
            <Check
              key={id}
              label={name}
              count={count}
              checked={choice.categories.includes(slug)}
              onChange={() => onChange({ ...choice, categories: toggled(choice.categories, slug) })}
            />
          ))}
        </Group>
      )}
      <Group title={t.price.title}>
        <PriceRange key={`${choice.minPrice}-${choice.maxPrice}`} {...{ facets, choice, onChange }} />
      </Group>
      <Group title={t.listing.offers}>
        <Check
          label={t.listing.inStock}
          count={facets.inStock}
          checked={choice.inStock}
          onChange={() => onChange({ ...choice, inStock: !choice.inStock })}
        />
        <Check
          label={t.listing.onSale}
          count={facets.onSale}
          checked={choice.onSale}
          onChange={() => onChange({ ...choice, onSale: !choice.onSale })}
        />
      </Group>
      {facets.options.map(({ name, values }) => (
        <Group key={name} title={name}>
          {values.map(({ value, count }) => {
            const chosen = choice.options[name] ?? [];
            return (
              <Check
                key={value}
                label={value}
                count={count}
                checked={chosen.includes(value)}
                onChange={() => onChange({ ...choice, options: { ...choice.options, [name]: toggled(chosen, value) } })}
              />
            );
          })}
        </Group>
      ))}
      {facets.attributes.map(({ name, slug, values }) => (
        <Group key={slug} title={name}>
          {values.map(({ value, slug: valueSlug, count }) => {
            const chosen = choice.attributes[slug] ?? [];
            return (
              <Check
                key={valueSlug}
                label={value}
                count={count}
                checked={chosen.includes(valueSlug)}
                onChange={() =>
                  onChange({ ...choice, attributes: { ...choice.attributes, [slug]: toggled(chosen, valueSlug) } })
                }
              />
            );
          })}
        </Group>
      ))}
    </div>
  );
}

const SHORT = 6;

/** Choices of one kind. Of many, the first ones and the chosen are shown until the rest is asked for. */
function Group({ title, children }: { title: string; children: ReactNode }) {
  const t = useTexts();
  const [isLong, setLong] = useState(false);
  const entries = Array.isArray(children) ? children.flat() : [children];
  const isCut = entries.length > SHORT + 2 && !isLong;
  const shown = isCut ? entries.filter((entry, index) => index < SHORT || entry?.props?.checked) : entries;
  return (
    <fieldset className="py-5">
      <legend className="float-left mb-3 w-full font-medium">{title}</legend>
      <div className="clear-both">{shown}</div>
      {isCut && (
        <button className="link mt-2 text-[0.92rem] text-soft" onClick={() => setLong(true)}>
          {t.listing.showAll(entries.length)}
        </button>
      )}
    </fieldset>
  );
}

interface CheckProps {
  label: string;
  count: number;
  checked: boolean;
  onChange: () => void;
}

function Check({ label, count, checked, onChange }: CheckProps) {
  return (
    <label className="flex items-center gap-3 py-1.5 text-[0.95rem] has-disabled:text-soft">
      <input type="checkbox" checked={checked} onChange={onChange} disabled={count === 0 && !checked} />
      <span className="mr-auto">{label}</span>
      <span className="text-sm text-soft tabular-nums">{count}</span>
    </label>
  );
}

interface PriceRangeProps {
  facets: { minPrice: { amount: string; currency: string } | null; maxPrice: { amount: string; currency: string } | null };
  choice: Choice;
  onChange: (choice: Choice) => void;
}

function PriceRange({ facets: { minPrice, maxPrice }, choice, onChange }: PriceRangeProps) {
  const { t, money } = useLanguage();

  function apply(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    onChange({ ...choice, minPrice: String(form.get("min")), maxPrice: String(form.get("max")) });
  }

  return (
    <form onSubmit={apply} className="flex flex-wrap items-center gap-2">
      <input
        name="min"
        inputMode="decimal"
        aria-label={t.price.least}
        placeholder={minPrice ? money(minPrice) : ""}
        defaultValue={choice.minPrice}
        className="input w-0 grow text-[0.95rem]"
      />
      <span aria-hidden>–</span>
      <input
        name="max"
        inputMode="decimal"
        aria-label={t.price.most}
        placeholder={maxPrice ? money(maxPrice) : ""}
        defaultValue={choice.maxPrice}
        className="input w-0 grow text-[0.95rem]"
      />
      <button className="button shrink-0 px-4 lg:w-full">{t.listing.apply}</button>
    </form>
  );
}
