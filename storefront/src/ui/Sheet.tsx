import { Dialog } from "radix-ui";
import type { ReactNode } from "react";

import { useTexts } from "../texts";
import { CloseIcon } from "./icons";

interface Props {
  isOpen: boolean;
  onClose: () => void;
  title: string;
  description?: string;
  /** At the right edge and as high as the window, or in its middle. */
  place: "side" | "middle";
  children: ReactNode;
}

const PLACES = {
  side: "inset-y-0 right-0 w-full max-w-[28rem] animate-[slide-in_0.2s_ease-out]",
  middle:
    "inset-x-4 top-1/2 mx-auto max-h-[92dvh] max-w-[28rem] -translate-y-1/2 rounded-2xl animate-[fade-in_0.15s_ease-out]",
};

/** A dialog over the page. The focus stays in it, and goes back to where it was. */
export function Sheet({ isOpen, onClose, title, description, place, children }: Props) {
  const t = useTexts();
  return (
    <Dialog.Root open={isOpen} onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-black/40 animate-[fade-in_0.15s_ease-out]" />
        <Dialog.Content
          aria-describedby={undefined}
          className={`fixed z-50 flex flex-col overflow-y-auto bg-paper shadow-2xl ${PLACES[place]}`}
        >
          <header className="sticky top-0 z-10 flex items-center justify-between bg-paper px-6 pt-5 pb-3">
            <Dialog.Title className="text-2xl">{title}</Dialog.Title>
            <Dialog.Close className="icon-button -mr-3" aria-label={t.close}>
              <CloseIcon />
            </Dialog.Close>
          </header>
          {description && <Dialog.Description className="px-6 text-soft">{description}</Dialog.Description>}
          {children}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
