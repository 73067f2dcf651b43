import type { ReactNode } from "react";

import { useTexts } from "../texts";
import { Sheet } from "../ui/Sheet";

interface Props {
  count: number | undefined;
  onClose: () => void;
  children: ReactNode;
}

/** The filters on a phone. */
export default function FilterSheet({ count, onClose, children }: Props) {
  const t = useTexts();
  return (
    <Sheet isOpen onClose={onClose} title={t.listing.filters} place="side">
      <div className="grow px-6">{children}</div>
      <footer className="sticky bottom-0 bg-paper px-6 py-4">
        <button className="button button-main w-full" onClick={onClose}>
          {count === undefined ? t.close : t.listing.show(count)}
        </button>
      </footer>
    </Sheet>
  );
}
