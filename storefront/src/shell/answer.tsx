import { createContext, useContext } from "react";
import { Navigate } from "react-router";

/** How a rendering server answers. Pages write into it what they find out; in a browser there is none. */
export interface Answer {
  status: number;
  location?: string;
}

export const AnswerContext = createContext<Answer | null>(null);

/** Says that there is no such page. */
export function useNotFound(): void {
  const answer = useContext(AnswerContext);
  if (answer) answer.status = 404;
}

/** Leads from an old address to the present one. */
export function Moved({ to }: { to: string }) {
  const answer = useContext(AnswerContext);
  if (!answer) return <Navigate to={to} replace />;
  Object.assign(answer, { status: 301, location: to });
  return null;
}
