import { type ComponentProps, type ReactNode, useId } from "react";

import { useTexts } from "../texts";

interface Wrapping {
  label: string;
  hint?: ReactNode;
  error?: string;
  className?: string;
}

/** A text field with its label above and what is wrong with it below. */
export function Field({ label, hint, error, className = "", ...input }: Wrapping & ComponentProps<"input">) {
  const id = useId();
  return (
    <Labelled {...{ id, label, hint, error, className, optional: input.required === false }}>
      <input id={id} className="input" aria-invalid={Boolean(error)} aria-describedby={`${id}-notes`} {...input} />
    </Labelled>
  );
}

export function TextArea({ label, hint, error, className = "", ...area }: Wrapping & ComponentProps<"textarea">) {
  const id = useId();
  return (
    <Labelled {...{ id, label, hint, error, className, optional: area.required === false }}>
      <textarea id={id} className="input" rows={4} aria-invalid={Boolean(error)} aria-describedby={`${id}-notes`} {...area} />
    </Labelled>
  );
}

export function Select({ label, hint, error, className = "", ...select }: Wrapping & ComponentProps<"select">) {
  const id = useId();
  return (
    <Labelled {...{ id, label, hint, error, className, optional: select.required === false }}>
      <select id={id} className="input" aria-invalid={Boolean(error)} aria-describedby={`${id}-notes`} {...select} />
    </Labelled>
  );
}

interface LabelledProps extends Wrapping {
  id: string;
  optional: boolean;
  children: ReactNode;
}

function Labelled({ id, label, hint, error, className, optional, children }: LabelledProps) {
  const t = useTexts();
  return (
    <div className={className}>
      <label htmlFor={id} className="mb-1 block text-[0.92rem] font-medium">
        {label} {optional && <span className="font-normal text-soft">({t.form.optional})</span>}
      </label>
      {children}
      <div id={`${id}-notes`} className="text-[0.88rem]">
        {hint && <p className="mt-1 text-soft">{hint}</p>}
        {error && <p className="mt-1 text-danger">{error}</p>}
      </div>
    </div>
  );
}
