import { useState } from "react";

import type { FragmentType } from "../gql";
import type { PictureParts } from "../ui/Picture";
import { Picture } from "../ui/Picture";
import { useTexts } from "../texts";

interface Props {
  name: string;
  images: readonly FragmentType<typeof PictureParts>[];
}

/** One large picture, and small ones to choose from if there are several. */
export function Gallery({ name, images }: Props) {
  const t = useTexts();
  const [shown, setShown] = useState(0);
  return (
    <div className="md:sticky md:top-24 md:self-start">
      <Picture image={images[shown]} alt={name} isFirst sizes="(min-width: 48rem) 36rem, 92vw" className="rounded-2xl" />
      {images.length > 1 && (
        <ul className="mt-3 flex gap-3 overflow-x-auto p-1">
          {images.map((image, index) => (
            <li key={index}>
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
