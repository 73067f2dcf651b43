import { Link } from "react-router";

import { useTexts } from "../texts";

interface Props {
  /** From the top down. Undefined while they load: the line is kept. */
  ancestors: readonly { id: string; name: string; slug: string }[] | undefined;
}

export function Crumbs({ ancestors = [] }: Props) {
  const t = useTexts();
  return (
    <nav aria-label={t.breadcrumbs} className="min-h-9 pt-6 pb-3 text-[0.92rem] text-soft">
      <ol className="flex flex-wrap gap-x-2">
        <li>
          <Link to="/" className="hover:text-ink">
            {t.home}
          </Link>
        </li>
        {ancestors.map(({ id, name, slug }) => (
          <li key={id}>
            <span aria-hidden className="mr-2">
              /
            </span>
            <Link to={`/categories/${slug}`} className="hover:text-ink">
              {name}
            </Link>
          </li>
        ))}
      </ol>
    </nav>
  );
}
