import type { ReactNode } from "react";

interface Props {
  children: ReactNode;
  isError?: boolean;
}

/** A message that screen readers say when it appears. The region is always there, because they miss new ones. */
export function Notice({ children, isError = false }: Props) {
  return (
    <div role={isError ? "alert" : "status"}>
      {children && (
        <div className={`border-l-2 py-1 pl-4 ${isError ? "border-danger text-danger" : "border-accent"}`}>{children}</div>
      )}
    </div>
  );
}
