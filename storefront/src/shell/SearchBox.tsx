import { useQuery } from "@apollo/client/react";
import { type KeyboardEvent, useDeferredValue, useEffect, useId, useState } from "react";
import { useLocation, useNavigate, useSearchParams } from "react-router";

import { graphql } from "../gql";
import { useTexts } from "../texts";
import { SearchIcon } from "../ui/icons";

const SUGGESTIONS = graphql(`
  query Suggestions($prefix: String!) {
    searchSuggestions(prefix: $prefix, first: 6)
  }
`);

/** A search box with completions below it: a combobox, as the ARIA practices have it. */
export function SearchBox() {
  const t = useTexts();
  const navigate = useNavigate();
  const location = useLocation();
  const [params] = useSearchParams();
  const listId = useId();
  const [text, setText] = useState(params.get("q") ?? "");
  const [isOpen, setOpen] = useState(false);
  const [chosen, setChosen] = useState(-1);
  const prefix = useDeferredValue(text.trim());
  const { data, previousData } = useQuery(SUGGESTIONS, { variables: { prefix }, skip: !isOpen || prefix.length < 2, ssr: false });
  const completions = prefix.length < 2 ? [] : ((data ?? previousData)?.searchSuggestions ?? []);
  const isShown = isOpen && completions.length > 0;
  const current = params.get("q");
  useEffect(() => setText(current ?? ""), [current, location.pathname]);

  function search(term: string) {
    setOpen(false);
    setChosen(-1);
    setText(term);
    if (term.trim()) void navigate(`/search?q=${encodeURIComponent(term.trim())}`);
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === "Escape") setOpen(false);
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    setOpen(true);
    const step = event.key === "ArrowDown" ? 1 : -1;
    const count = completions.length + 1; // with the box itself, which is -1
    setChosen(((chosen + 1 + step + count) % count) - 1);
  }

  return (
    <form
      role="search"
      className="relative order-last w-full pb-1 sm:order-none sm:w-72 sm:pb-0"
      onSubmit={(event) => {
        event.preventDefault();
        search(completions[chosen] ?? text);
      }}
    >
      <input
        role="combobox"
        type="search"
        aria-label={t.search.label}
        aria-expanded={isShown}
        aria-controls={listId}
        aria-activedescendant={chosen >= 0 ? `${listId}-${chosen}` : undefined}
        autoComplete="off"
        placeholder={t.search.placeholder}
        className="input rounded-full bg-card pr-11 [&::-webkit-search-cancel-button]:hidden"
        value={text}
        onChange={({ target }) => {
          setText(target.value);
          setChosen(-1);
          setOpen(true);
        }}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onKeyDown={onKeyDown}
      />
      <button className="absolute top-0 right-0 icon-button" aria-label={t.search.label}>
        <SearchIcon />
      </button>
      <ul
        id={listId}
        role="listbox"
        aria-label={t.search.suggestions}
        hidden={!isShown}
        className="absolute inset-x-0 top-full z-40 mt-1 rounded-xl border border-line bg-paper py-2 shadow-xl"
      >
        {completions.map((completion, index) => (
          <li
            key={completion}
            id={`${listId}-${index}`}
            role="option"
            aria-selected={index === chosen}
            className="cursor-pointer px-4 py-2 hover:bg-card aria-selected:bg-card"
            onMouseDown={(event) => {
              event.preventDefault(); // keeps the focus in the box
              search(completion);
            }}
          >
            {completion}
          </li>
        ))}
      </ul>
    </form>
  );
}
