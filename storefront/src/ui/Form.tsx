import type { OperationVariables, TypedDocumentNode } from "@apollo/client";
import { useMutation } from "@apollo/client/react";
import type { ComponentProps } from "react";

import { problemOf } from "../api/errors";
import { useTexts } from "../texts";

interface Refused {
  message?: string;
  fields?: readonly { field: string; message: string }[];
}

/** A mutation as a form needs it: its answer, what is wrong with which field, and what is wrong altogether. */
export function useSend<Data extends object, Variables extends OperationVariables>(
  mutation: TypedDocumentNode<Data, Variables>,
) {
  const t = useTexts();
  const [mutate, { data, error, loading }] = useMutation<Data, OperationVariables>(mutation as never, { onError: () => {} });
  const answer = answerOf(data);
  const { message, fields = [] } = (answer ?? {}) as Refused;
  const errors: Record<string, string> = Object.fromEntries(fields.map((each) => [each.field, each.message]));
  return {
    answer,
    isBusy: loading,
    isDone: answer !== undefined && message === undefined,
    /** Messages by the name of their field. */
    errors,
    // What is wrong with no field in particular has an empty name.
    refusal: error ? problemOf(error, t).message : fields.length ? (errors[""] ?? "") : (message ?? ""),
    /** Sends it. The answer is undefined if none has come, which `refusal` then says. */
    send: async (variables: NoInfer<Variables>) => answerOf((await mutate({ variables })).data),
  };
}

/** Each of the shop's mutations has one field, whose union is the answer. */
function answerOf<Data extends object>(data: Data | null | undefined): Data[keyof Data] | undefined {
  return data ? (Object.values(data)[0] as Data[keyof Data]) : undefined;
}

interface Props extends Omit<ComponentProps<"form">, "onSubmit"> {
  /** Gets the text of each field by its name. */
  onSend: (text: (name: string) => string, form: HTMLFormElement) => void;
}

export function Form({ onSend, ...form }: Props) {
  return (
    <form
      {...form}
      onSubmit={(event) => {
        event.preventDefault();
        const fields = new FormData(event.currentTarget);
        onSend((name) => String(fields.get(name) ?? ""), event.currentTarget);
      }}
    />
  );
}
