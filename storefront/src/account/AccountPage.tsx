import { useApolloClient } from "@apollo/client/react";
import { NavLink, Outlet } from "react-router";

import { signOut, useSession } from "../api/session";
import { Head } from "../shell/Head";
import { useTexts } from "../texts";
import { SignInForm } from "./SignInForm";

/** The account's pages; for a guest, and once the session has ended, the form that leads back to the same page. */
export function AccountPage() {
  const t = useTexts();
  const client = useApolloClient();
  const session = useSession();
  if (!session) return <div aria-busy className="skeleton mt-12 h-96" />;
  if (!session.me) {
    return (
      <div className="mx-auto max-w-md py-16">
        <Head title={t.signIn.title} isHidden />
        <h1 className="mb-6 text-4xl">{t.signIn.title}</h1>
        <SignInForm />
      </div>
    );
  }
  const { firstName, email } = session.me;
  const pages = [
    { to: "/account/orders", label: t.account.orders },
    { to: "/account/favourites", label: t.account.favourites },
    { to: "/account/addresses", label: t.account.addresses },
    { to: "/account/profile", label: t.account.profile },
  ];
  return (
    <>
      <Head title={t.account.title} isHidden />
      <h1 className="pt-10 text-4xl sm:text-5xl">{firstName ? t.account.hello(firstName) : t.account.title}</h1>
      <p className="mt-2 text-soft">{email}</p>
      <div className="mt-8 grid gap-8 lg:grid-cols-[12rem_1fr] lg:gap-14">
        <nav aria-label={t.account.title} className="flex flex-wrap gap-x-6 gap-y-1 lg:flex-col">
          {pages.map(({ to, label }) => (
            <NavLink key={to} to={to} className="py-2 text-soft aria-[current=page]:font-medium aria-[current=page]:text-ink">
              {label}
            </NavLink>
          ))}
          <button className="py-2 text-left text-soft hover:text-ink" onClick={() => void signOut(client)}>
            {t.account.signOut}
          </button>
        </nav>
        <Outlet />
      </div>
    </>
  );
}
