import { isRouteErrorResponse, Link, useRouteError } from "react-router";

import { problemOf } from "../api/errors";
import { useTexts } from "../texts";
import { Head } from "./Head";

export function NotFound() {
  const t = useTexts();
  return (
    <div className="mx-auto max-w-xl py-24 text-center">
      <Head title={t.notFound.title} isHidden />
      <p className="eyebrow">404</p>
      <h1 className="mt-3 text-4xl">{t.notFound.title}</h1>
      <p className="mt-4 text-soft">{t.notFound.text}</p>
      <Link to="/" className="button button-main mt-8">
        {t.home}
      </Link>
    </div>
  );
}

/** For what broke. Text in forms is in the session's storage, so that loading the page anew brings it back. */
export function ErrorPage() {
  const t = useTexts();
  const error = useRouteError();
  if (isRouteErrorResponse(error) && error.status === 404) return <NotFound />;
  return (
    <div className="mx-auto max-w-xl py-24 text-center" role="alert">
      <Head title={t.error.title} isHidden />
      <h1 className="text-4xl">{t.error.title}</h1>
      <p className="mt-4 text-soft">{t.error.text}</p>
      <Fault error={error} />
      <button className="button button-main mt-8" onClick={() => location.reload()}>
        {t.error.again}
      </button>
    </div>
  );
}

function Fault({ error }: { error: unknown }) {
  const { requestId } = problemOf(error);
  return requestId ? <p className="mt-2 text-sm text-soft">{requestId}</p> : null;
}
