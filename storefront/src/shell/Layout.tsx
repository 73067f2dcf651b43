import { Suspense, useEffect, useState } from "react";
import { Link, Outlet, useLocation } from "react-router";

import { useSession } from "../api/session";
import { later } from "../page";
import { useTexts } from "../texts";
import { BagIcon, MenuIcon, PersonIcon, ThemeIcon } from "../ui/icons";
import { ErrorBoundary } from "./ErrorPage";
import { type Panel, PanelContext, usePanels, useSignInPrompt } from "./panels";
import { chooseTheme, speak } from "./preferences";
import { SearchBox } from "./SearchBox";
import { useShop } from "./shop";
import { useScroll } from "./useScroll";

// What lies over the page comes when it is needed.
const CartDrawer = later(() => import("../cart/CartDrawer"));
const Menu = later(() => import("./Menu"));
const SignInDialog = later(() => import("./SignInDialog"));

export function Layout() {
  const [panel, open] = useState<Panel>(null);
  const location = useLocation();
  const t = useTexts();
  const isAsked = useSignInPrompt();
  useEffect(() => open(null), [location.pathname]);
  useScroll();

  return (
    <PanelContext value={{ panel, open }}>
      <a href="#main" className="button button-main fixed top-2 left-2 z-50 -translate-y-24 focus:translate-y-0">
        {t.skip}
      </a>
      <Header />
      <main id="main" tabIndex={-1} className="mx-auto min-h-[70dvh] max-w-[76rem] px-4 pb-20 outline-none sm:px-8">
        <ErrorBoundary path={location.pathname}>
          <Suspense>
            {panel === "cart" && <CartDrawer />}
            {panel === "menu" && <Menu />}
            {isAsked && <SignInDialog />}
          </Suspense>
        </ErrorBoundary>
        <ErrorBoundary path={location.pathname}>
          <Suspense fallback={<div aria-busy className="skeleton mt-12 h-96" />}>
            <Outlet />
          </Suspense>
        </ErrorBoundary>
      </main>
      <Footer />
      <Offline />
    </PanelContext>
  );
}

function Header() {
  const t = useTexts();
  const { open } = usePanels();
  const { shop, categories } = useShop();
  const session = useSession();
  const count = session?.cart.totalQuantity ?? 0;
  return (
    <header className="sticky top-0 z-30 border-b border-line bg-paper/95 backdrop-blur">
      <div className="mx-auto flex max-w-[76rem] flex-wrap items-center gap-x-2 px-4 py-2 sm:flex-nowrap sm:px-8">
        <button className="icon-button -ml-3 lg:hidden" aria-label={t.menu} onClick={() => open("menu")}>
          <MenuIcon />
        </button>
        <Link to="/" className="mr-auto font-serif text-[1.65rem] leading-none tracking-tight sm:mr-6">
          {shop?.name ?? "\u00a0"}
        </Link>
        <nav aria-label={t.categories} className="mr-auto hidden gap-6 lg:flex">
          {categories
            .filter(({ parent }) => !parent)
            .slice(0, 5)
            .map(({ id, name, slug }) => (
              <Link key={id} to={`/categories/${slug}`} className="py-2 hover:text-accent">
                {name}
              </Link>
            ))}
        </nav>
        <SearchBox />
        <Link to="/account" className="icon-button" aria-label={session?.me ? t.account.title : t.signIn.title}>
          <PersonIcon />
        </Link>
        <button className="icon-button relative -mr-3" aria-label={t.cart.open(count)} onClick={() => open("cart")}>
          <BagIcon />
          {count > 0 && (
            <span className="absolute top-0.5 right-0.5 min-w-5 rounded-full bg-accent px-1 text-center text-xs/5 font-semibold text-on-accent tabular-nums">
              {count}
            </span>
          )}
        </button>
      </div>
    </header>
  );
}

function Footer() {
  const t = useTexts();
  const { shop, policies } = useShop();
  return (
    <footer className="border-t border-line">
      <div className="mx-auto flex max-w-[76rem] flex-wrap items-center gap-x-6 gap-y-2 px-4 py-8 text-[0.92rem] text-soft sm:px-8">
        <p className="flex w-full items-center gap-x-6 sm:w-auto sm:grow">
          <span className="font-serif text-lg text-ink">{shop?.name}</span>
          {shop?.pricesIncludeTax ? t.price.withTax : t.price.withoutTax}
        </p>
        {policies.map(({ slug, title }) => (
          <Link key={slug} to={`/policies/${slug}`} className="py-2 hover:text-ink">
            {title}
          </Link>
        ))}
        <span className="-mr-3 flex items-center gap-3">
          <button className="py-2" lang={t.otherLanguage.code} onClick={() => speak(t.otherLanguage.code)}>
            {t.otherLanguage.name}
          </button>
          <button className="icon-button" aria-label={t.changeTheme} onClick={chooseTheme}>
            <ThemeIcon />
          </button>
        </span>
      </div>
    </footer>
  );
}

/** Says that the network is gone, for as long as it is. */
function Offline() {
  const t = useTexts();
  const [isOffline, setOffline] = useState(false);
  useEffect(() => {
    const update = () => setOffline(!navigator.onLine);
    addEventListener("online", update);
    addEventListener("offline", update);
    update();
    return () => {
      removeEventListener("online", update);
      removeEventListener("offline", update);
    };
  }, []);
  return (
    <div role="status" className="pointer-events-none fixed inset-x-0 bottom-4 z-50 flex justify-center px-4">
      {isOffline && <p className="rounded-full bg-ink px-5 py-2 text-paper shadow-lg">{t.offline}</p>}
    </div>
  );
}
