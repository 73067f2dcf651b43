import { useState } from "react";

import type { FragmentType } from "../gql";
import type { PictureParts } from "../ui/Picture";
import { Picture } from "../ui/Picture";
import { useTexts } from "../texts";

interface Props {
  name: string;
  images: readonly ({ id: string } & FragmentType<typeof PictureParts>)[];
  /** The picture of the chosen variant. */
  first?: string;
}

/** One large picture, and small ones to choose from if there are several. */
export function Gallery({ name, images, first }: Props) {
  const t = useTexts();
  const [shown, setShown] = useState(() => Math.max(0, images.findIndex(({ id }) => id === first)));
  return (
    <div className="md:sticky md:top-24 md:self-start">
      <Picture image={images[shown]} name={name} isFirst sizes="(min-width: 48rem) 36rem, 92vw" className="rounded-2xl" />
      {images.length > 1 && (
        <ul className="mt-3 flex gap-3 overflow-x-auto p-1">
          {images.map((image, index) => (
            <li key={image.id}>
              <button
                aria-label={t.picture(index + 1, images.length)}
                aria-current={index === shown}
                className="block w-20 overflow-hidden rounded-lg aria-current:outline-2 aria-current:outline-accent"
                onClick={() => setShown(index)}
              >
                <Picture image={image} sizes="5rem" />
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
