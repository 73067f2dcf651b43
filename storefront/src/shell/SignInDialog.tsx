import { SignInForm } from "../account/SignInForm";
import { useTexts } from "../texts";
import { Sheet } from "../ui/Sheet";
import { signInPrompt } from "./panels";

/** Asks to sign in where something needs it. Afterwards it is done, without typing anything again. */
export default function SignInDialog() {
  const t = useTexts();
  return (
    <Sheet isOpen onClose={() => signInPrompt.answer(false)} title={t.signIn.title} description={t.signIn.why} place="middle">
      <div className="px-6 pt-4 pb-8">
        <SignInForm onDone={() => signInPrompt.answer(true)} />
      </div>
    </Sheet>
  );
}
