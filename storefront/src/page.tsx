import { type ComponentType, lazy, useState } from "react";
import type { RouteObject } from "react-router";

/** What the `handle` of a page's route knows of its script. */
export interface PageScript {
  /** The source, as Vite's manifest names it. */
  source: string;
  load: () => Promise<unknown>;
}

/** A component whose script comes when it is shown. A script that was lost on its way is asked for once more. */
export function later<Props>(load: () => Promise<{ default: ComponentType<Props> }>) {
  return lazy(() => load().catch(load));
}

const modules = import.meta.glob<Record<string, ComponentType>>(["./*/*Page{,s}.tsx", "!./shell/*"]);

/** A page whose script comes when it is visited. After `load` it is rendered at once, before that in place of a skeleton. */
export function page(path: string, name = path.slice(path.indexOf("/") + 1)): Pick<RouteObject, "element" | "handle"> {
  const module = modules[`./${path}.tsx`];
  if (!module) throw new Error(`There is no src/${path}.tsx.`);
  let loaded: ComponentType | undefined;
  const load = async () => (loaded ??= (await module().catch(module))[name] as ComponentType);
  const Later = lazy(async () => ({ default: await load() }));

  function Page() {
    const [Shown] = useState(() => loaded ?? Later);
    return <Shown />;
  }

  return { element: <Page />, handle: { source: `src/${path}.tsx`, load } satisfies PageScript };
}
