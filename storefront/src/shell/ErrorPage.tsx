import { Component, type ReactNode } from "react";
import { Link } from "react-router";

import { problemOf } from "../api/errors";
import { useTexts } from "../texts";
import { useNotFound } from "./answer";
import { Head } from "./Head";

export function NotFound() {
  const t = useTexts();
  useNotFound();
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

interface BoundaryProps {
  /** The page's. With another one it tries again. */
  path: string;
  children: ReactNode;
}

/** Shows the error page in place of what broke. */
export class ErrorBoundary extends Component<BoundaryProps, { error?: unknown }> {
  state: { error?: unknown } = {};

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  componentDidUpdate({ path }: BoundaryProps) {
    if (this.state.error && path !== this.props.path) this.setState({ error: undefined });
  }

  render() {
    return this.state.error ? <ErrorPage error={this.state.error} /> : this.props.children;
  }
}

/** For what broke. Text in forms is in the session's storage, so that loading the page anew brings it back. */
function ErrorPage({ error }: { error: unknown }) {
  const t = useTexts();
  const { requestId } = problemOf(error, t);
  return (
    <div ref={(element) => element?.scrollIntoView({ block: "center" })} className="mx-auto max-w-xl py-24 text-center" role="alert">
      <Head title={t.error.title} isHidden />
      <h1 className="text-4xl">{t.error.title}</h1>
      <p className="mt-4 text-soft">{t.error.text}</p>
      {requestId && <p className="mt-2 text-sm text-soft">{requestId}</p>}
      <button className="button button-main mt-8" onClick={() => location.reload()}>
        {t.error.again}
      </button>
    </div>
  );
}
