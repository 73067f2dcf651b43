import { Link } from "react-router";

import { useTexts } from "../texts";
import { Sheet } from "../ui/Sheet";
import { usePanels } from "./panels";
import { useShop } from "./shop";

/** The tree of categories, on a phone. */
export default function Menu() {
  const t = useTexts();
  const { open } = usePanels();
  const { categories } = useShop();
  return (
    <Sheet isOpen onClose={() => open(null)} title={t.categories} place="side">
      <nav aria-label={t.categories} className="px-6 pb-8">
        {categories
          .filter(({ parent }) => !parent)
          .map(({ id, name, slug }) => (
            <section key={id} className="border-t border-line py-4">
              <Link to={`/categories/${slug}`} className="block py-1 font-serif text-xl">
                {name}
              </Link>
              {categories
                .filter(({ parent }) => parent?.id === id)
                .map((child) => (
                  <Link key={child.id} to={`/categories/${child.slug}`} className="block py-2 text-soft">
                    {child.name}
                  </Link>
                ))}
            </section>
          ))}
      </nav>
    </Sheet>
  );
}
