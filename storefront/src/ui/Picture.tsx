import { graphql, unmask, type FragmentType } from "../gql";

export const PictureParts = graphql(`
  fragment PictureParts on Image {
    id
    alt
    url
    width
    height
    placeholder
    medium: thumbnail(size: MEDIUM)
    large: thumbnail(size: LARGE)
  }
`);

interface Props {
  image: FragmentType<typeof PictureParts> | null | undefined;
  /** What it is of, where nobody has said what it shows. Without, it only repeats what stands beside it. */
  name?: string;
  /** How wide it is shown, as for the attribute `sizes`. */
  sizes: string;
  /** Among the first things that are seen: load it at once. */
  isFirst?: boolean;
  className?: string;
}

/** A square with the picture in it. Its room is kept, and a blurred copy shown, until it has loaded. */
export function Picture({ image, name, sizes, isFirst = false, className = "" }: Props) {
  const picture = unmask(PictureParts, image);
  return (
    <div className={`relative aspect-square overflow-hidden bg-card ${className}`}>
      {picture && (
        <img
          src={picture.medium}
          srcSet={`${picture.medium} 400w, ${picture.large} 800w`}
          sizes={sizes}
          width={picture.width}
          height={picture.height}
          alt={name === undefined ? "" : picture.alt || name}
          loading={isFirst ? "eager" : "lazy"}
          fetchPriority={isFirst ? "high" : "auto"}
          decoding="async"
          className="size-full object-cover"
          style={{ background: `center / cover url(${picture.placeholder})` }}
        />
      )}
    </div>
  );
}
