import { useTexts } from "../texts";

/** Five stars, of which `average` are filled. */
export function Stars({ average }: { average: number }) {
  const t = useTexts();
  return (
    <span role="img" aria-label={t.reviews.stars(average)} className="relative inline-block leading-none tracking-[0.1em]">
      <span aria-hidden className="text-line">★★★★★</span>
      <span
        aria-hidden
        className="absolute inset-y-0 left-0 overflow-hidden whitespace-nowrap text-star"
        style={{ width: `${average * 20}%` }}
      >
        ★★★★★
      </span>
    </span>
  );
}
