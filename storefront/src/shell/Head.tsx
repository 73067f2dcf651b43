import { createContext, useContext } from "react";

import { useShop } from "./shop";

/** The shop's own address, such as https://shop.example: the server's, or the page's. */
export const OriginContext = createContext("");

interface Props {
  title: string;
  description?: string;
  /** The page's address from the root, without what only changes its view. */
  path?: string;
  image?: string;
  /** Keeps search engines away. */
  isHidden?: boolean;
  /** Structured data. */
  data?: (origin: string) => object[];
}

/** What search engines and link previews read. React moves it into the document's head. */
export function Head({ title, description, path, image, isHidden = false, data }: Props) {
  const origin = useContext(OriginContext);
  const name = useShop().shop?.name ?? "";
  const picture = image && new URL(image, origin).href;
  return (
    <>
      <title>{title === name ? name : `${title} · ${name}`}</title>
      {description && <meta name="description" content={description} />}
      {isHidden && <meta name="robots" content="noindex" />}
      {path !== undefined && (
        <>
          <link rel="canonical" href={origin + path} />
          <meta property="og:url" content={origin + path} />
          <meta property="og:title" content={title} />
          <meta property="og:site_name" content={name} />
          {description && <meta property="og:description" content={description} />}
          {picture && <meta property="og:image" content={picture} />}
        </>
      )}
      {data?.(origin).map((item, index) => (
        <script
          key={index}
          type="application/ld+json"
          dangerouslySetInnerHTML={{ __html: JSON.stringify(item).replaceAll("<", "\\u003c") }}
        />
      ))}
    </>
  );
}
