"""Languages: the endings and the commonest words of each, by the script and by STORE_SEARCH_LANGUAGES."""

import re
from collections.abc import Callable
from functools import cache, lru_cache

import Stemmer
from django.conf import settings

from catalog.analysis.letters import KNOWN_WORDS, fold

# The languages that share the Latin script. Which of them a word is of cannot be told, so the shop says it.
LATIN = {
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "en": "english",
    "eo": "esperanto",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hu": "hungarian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "nl": "dutch",
    "no": "norwegian",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "sv": "swedish",
    "tr": "turkish",
}
# The other scripts have a language each, as far as there is a stemmer.
SCRIPTS = {
    "russian": "\u0400-\u052f",
    "greek": "\u0370-\u03ff\u1f00-\u1fff",
    "arabic": "\u0600-\u06ff",
    "hindi": "\u0900-\u097f",
    "armenian": "\u0530-\u058f",
    "tamil": "\u0b80-\u0bff",
}
HEBREW, HANGUL = "\u05d0-\u05ea", "\uac00-\ud7a3"
OTHER_LETTERS = re.compile(f"[{''.join(SCRIPTS.values())}{HEBREW}{HANGUL}]")
# Articles, and particles that are written as endings. They do not belong to the word as it is in a dictionary.
ATTACHED = {
    "arabic": re.compile(r"^(?:وال|بال|كال|فال|ال|لل)(?=\w{3})"),
    "hebrew": re.compile(r"^ו?ה(?=\w{3})"),
    "korean": re.compile(
        r"(?<=\w{2})들?(?:에서는|에서|에게|한테|부터|까지|처럼|보다|으로|은|는|이|가|을|를|에|의|도|와|과|로|들)$"
    ),
}
HEBREW_ENDING = re.compile(r"(?<=\w{3})(?:ים|ות|ה|ת)$")

# Plurals that the stemmer gives another stem: "botões" of "botão", "papéis" of "papel", "lápices" of "lápiz".
PLURALS = {
    "es": ((re.compile("ces$"), "z"),),
    "pt": ((re.compile("(?:[ãõao]es|[ãa]os)$"), "ao"), (re.compile("(?<=[aeouáéóú])is$"), "l")),
}
# Slavic words lose a vowel before an ending: "чехол" and "чехлы", "hrnek" and "hrnky".
FLEETING = {
    "russian": re.compile(r"(?<=\w[бвгджзклмнпрстфхцчшщ])[ео](?=[бвгджзклмнпрстфхцчшщ]$)"),
    "cs": re.compile(r"(?<=\w[bcdfghjklmnprstvwxz])e(?=[bcdfghjklmnprstvwxz]$)"),
}
FLEETING["pl"] = FLEETING["cs"]

# Articles and prepositions of French, Italian and Catalan that lose their vowel before another: "l'huile d'olive".
ELISION = re.compile(r"(?:[cdjlmnst]|qu|un|[dns]ell|[ads]all|sull)['’](?=[^\W\d])")

# Words that tell nothing, without accents.
STOP_WORDS = {
    "en": "a an and are as at by for from in is it of on or that the this to with",
    "ca": "a amb de del dels el els en i la les o per un una",
    "cs": "a do i je k na nebo o od po pro pri s se u v z za",
    "da": "af at de den der det en er et for fra i med og om pa som til",
    "de": "am an auf aus bei das dem den der des die ein eine einem einen einer eines fuer fur im in ist mit oder und"
    " von vom zu zum zur",
    "eo": "al de en kaj kun la por sur",
    "es": "a al con de del el en es la las lo los o para por un una unas unos y",
    "et": "ja koos on voi",
    "eu": "bat da eta",
    "fi": "ja kanssa on tai varten",
    "fr": "a au aux avec d dans de des du en est et l la le les ou par pour sur un une",
    "ga": "agus an ar do i le na",
    "hu": "a az egy es vagy",
    "id": "atau dan dari dengan di ini itu ke untuk yang",
    "it": "a al alla con da dal dei del della delle di e gli i il in la le lo o per un una uno",
    "lt": "ant ar be i ir is su",
    "nl": "aan bij de een en het in is met of op te uit van voor",
    "no": "av de den det en er et for fra i med og om pa som til",
    "pl": "a do dla i lub na nad o od po pod w z za ze",
    "pt": "a ao as com da das de do dos e em na no o os ou para por um uma",
    "ro": "a cu de din in la o pe pentru sau si un",
    "sv": "av de den det en er ett for fran i med och om pa som till",
    "tr": "bir de icin ile ve veya",
}
# Of scripts that are known by their letters.
OTHER_STOP_WORDS = {
    "ru": "в во для до и из или к на о от по под при с со у за как",
    "el": "και με για από το τα ο η οι του της των σε στο στη στην",
    "ar": "من في على مع و او الى عن",
    "hi": "के का की में और से को पर या है",
    "he": "של עם על את או",
}


@cache
def stop_words() -> frozenset[str]:
    """Return the words of the shop's languages that tell nothing, folded."""
    texts = [*(STOP_WORDS[code] for code in settings.STORE_SEARCH_LANGUAGES), *OTHER_STOP_WORDS.values()]
    return frozenset(fold(word) for text in texts for word in text.split())


@lru_cache(maxsize=KNOWN_WORDS)
def is_stop_word(word: str) -> bool:
    """Return whether the word tells nothing. One hiragana letter is a particle or an ending."""
    return fold(word) in stop_words() or (len(word) == 1 and "\u3041" <= word <= "\u309f")


@cache
def stemmer(algorithm: str) -> Callable[[str], str]:
    # Without a cache of its own: what calls it has one.
    stem: Callable[[str], str] = Stemmer.Stemmer(algorithm, 0).stemWord
    return stem


@cache
def latin_stemmers() -> dict[str, Callable[[str], str]]:
    return {code: stemmer(LATIN[code]) for code in settings.STORE_SEARCH_LANGUAGES}


def script_of(word: str) -> str:
    """Return the language of the word's script; empty for Latin and for scripts without a stemmer."""
    if word.isascii() or not (letter := OTHER_LETTERS.search(word)):
        return ""
    for name, letters in (*SCRIPTS.items(), ("hebrew", HEBREW)):
        if re.match(f"[{letters}]", letter[0]):
            return name
    return "korean"


def detach(word: str, script: str) -> str:
    """Return the word without articles and particles."""
    attached = ATTACHED.get(script)
    return attached.sub("", word) if attached else word
