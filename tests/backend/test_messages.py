"""Every message to shoppers is marked, and has a translation in each language of the store's own."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import translation
from pytest_django import Settings

from backend.management.commands.messages import FOLDERS
from backend.messages import MARKS, OURS, find_catalogues, path_of, read

ROOT = Path(settings.BASE_DIR)
CATALOGUES = sorted(find_catalogues(OURS))
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%")
FOR_DEVELOPERS = ("dev-mail.html", "dev-stripe.html", "graphiql.html", "index.html")
TEMPLATES = [
    path
    for path in sorted(ROOT.glob("*/templates/**/*.*"))
    if "admin" not in path.parts and path.name not in FOR_DEVELOPERS
]
# Translated blocks, other tags, comments and values of a template, and HTML's comments, styles and tags.
NOT_TEXT = re.compile(
    r"\{% *blocktranslate.*?endblocktranslate *%\}|\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}"
    r"|<!--.*?-->|<style>.*?</style>|<[^>]*>",
    re.DOTALL,
)
# What reads as a sentence.
SENTENCE = re.compile(r"[A-Z“{%].* .*[.?!]\s*", re.DOTALL)
# Modules whose sentences the staff or developers read.
NOT_FOR_SHOPPERS = """
    */admin.py */admin/* */checks.py */management/commands/* */migrations/*
    accounts/rights.py accounts/site.py
    backend/dashboard.py backend/environment.py backend/housekeeping.py backend/settings.py backend/tasks.py
    backend/http/guard.py backend/http/metrics.py backend/http/origins.py backend/http/views.py
    catalog/categories.py catalog/exchange/* catalog/models/attributes.py catalog/models/categories.py
    catalog/models/synonyms.py catalog/models/taxes.py catalog/tasks.py
    core/admin.py core/media.py core/metrics.py core/state_names.py core/waiting.py core/worker.py
    orders/audit/* orders/documents/seal.py orders/dev.py orders/events.py
    orders/export.py orders/fulfilment.py orders/refunding.py
    pricing/exchange.py pricing/models/*
    orders/payments/gateway.py orders/payments/simulation.py orders/tasks.py orders/webhooks.py
"""
# Errors and arguments whose texts are for developers and logs.
NOT_MESSAGES = """
    AssertionError BadUserInput CommandError ConnectionError GraphQLError HTTPError ImproperlyConfigured
    LookupError OperationTooLarge PermissionError RuntimeError TypeError ValueError WrongPassword
    debug describe error exception info warning
"""
NOT_MESSAGES_BY_KEYWORD = frozenset(("description", "help_text", "hint", "help", "reason"))


def modules() -> list[Path]:
    found = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    return [
        path
        for path in found
        if not any(path.relative_to(ROOT).match(pattern) for pattern in NOT_FOR_SHOPPERS.split())
    ]


def unmarked(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the sentences of a module that no function marks."""
    keywords = [node for node in ast.walk(tree) if is_no_message(node)]
    described = {name.id for node in keywords for name in ast.walk(node) if isinstance(name, ast.Name)}
    return sentences(tree, but_for=described)


def is_no_message(node: ast.AST) -> bool:
    return isinstance(node, ast.keyword) and node.arg in NOT_MESSAGES_BY_KEYWORD


def sentences(node: ast.AST, *, but_for: set[str]) -> Iterator[ast.AST]:
    if is_no_message(node):
        return
    match node:
        case ast.Assign(targets=[ast.Name(id=name)]) if name in but_for:  # a constant for descriptions
            return
        case ast.Call() if name_of(node.func) in {*NOT_MESSAGES.split(), *MARKS}:
            return
        case ast.Expr(value=ast.Constant()):  # a docstring
            return
        case ast.Assert():
            return
        case ast.Constant(value=str(text)) if SENTENCE.fullmatch(text):
            yield node
        case ast.JoinedStr():
            parts = [part.value if isinstance(part, ast.Constant) else "X" for part in node.values]
            if SENTENCE.fullmatch("".join(map(str, parts))):
                yield node
            return
    for child in ast.iter_child_nodes(node):
        yield from sentences(child, but_for=but_for)


def marked(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and name_of(node.func) in MARKS:
            yield node


def name_of(function: ast.expr) -> str:
    return getattr(function, "attr", getattr(function, "id", ""))


class TestMarked:
    def test_no_sentence_is_left_out(self) -> None:
        left = [
            f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)}"  # type: ignore[attr-defined]
            for path in modules()
            for node in unmarked(ast.parse(path.read_text()))
        ]
        assert not left, "Mark each with gettext, or add who else reads it to this module's lists"

    def test_each_is_a_plain_text(self) -> None:
        """What is computed is in no catalogue. A text that was marked elsewhere is looked up by `gettext(row.text)`."""
        for path in modules():
            for call in marked(ast.parse(path.read_text())):
                number = 2 if name_of(call.func).startswith(("ngettext", "pgettext")) else 1
                for text in call.args[:number]:
                    is_looked_up = name_of(call.func) == "gettext" and isinstance(text, ast.Attribute)
                    assert isinstance(text, ast.Constant) or is_looked_up, f"{path}:{call.lineno}"

    def test_the_check_sees_what_is_forgotten(self) -> None:
        source = 'def f():\n    "This is said."\n    raise NotFound(f"{what} is not here.")\nTEXT = "Please go on."'
        assert len(list(unmarked(ast.parse(source)))) == 2
        assert not list(unmarked(ast.parse('raise NotFound(_("It is not here."))')))


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.parent.name)
class TestTranslations:
    def messages(self, path: Path) -> list[Message]:
        return [message for message in read(path) if message.id]

    def test_none_is_missing(self, path: Path) -> None:
        missing = [message.id for message in self.messages(path) if not all(texts(message.string))]
        assert not missing

    def test_each_has_the_placeholders_of_its_message(self, path: Path) -> None:
        for message in self.messages(path):
            *_, plural = texts(message.id)
            for text in texts(message.string)[-1:]:
                assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(plural)), message.id
            for text in texts(message.string):
                assert {*PLACEHOLDER.findall(text)} <= {*PLACEHOLDER.findall(plural)}, message.id

    def test_each_ends_like_its_message(self, path: Path) -> None:
        for message in self.messages(path):
            for source, text in zip(texts(message.id), texts(message.string), strict=True):
                assert source[-1:].isalnum() == text[-1:].isalnum(), message.id


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_template_has_no_text_without_a_mark(path: Path) -> None:
    text = NOT_TEXT.sub("", path.read_text())
    assert not re.findall(r"[^\W\d_]{2,}", text)


def texts(of: str | tuple[str, ...] | list[str] | None) -> list[str]:
    return [of] if isinstance(of, str) else list(of or ())


class TestCommand:
    def test_the_catalogues_are_fresh(self, settings: Settings, tmp_path: Path) -> None:
        settings.STORE_LOCALE = str(tmp_path)
        call_command("messages", check=True)

    @pytest.fixture
    def _few_messages(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """Look for messages in one package, and leave the store's own catalogues alone."""
        command = "backend.management.commands.messages"
        monkeypatch.setattr(f"{command}.FOLDERS", ("core",))
        monkeypatch.setattr(f"{command}.OURS", tmp_path / "none")

    @pytest.mark.usefixtures("_few_messages")
    def test_a_shop_adds_a_language(
        self, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        settings.STORE_LOCALE = str(tmp_path / "locale")
        call_command("messages", add="pt-br")
        path = path_of("pt-br", folder=tmp_path / "locale")
        assert path == tmp_path / "locale/pt_BR/LC_MESSAGES/django.po"
        assert capsys.readouterr().out.split() == [str(path), str(path.with_suffix(".mo"))]
        path.write_text(translate(path.read_text(), "Please sign in.", "Por favor, faça login."))
        with pytest.raises(CommandError, match="Run make messages"):
            call_command("messages", check=True)
        call_command("messages")
        settings.LOCALE_PATHS = [tmp_path / "locale"]
        with translation.override("pt-br"):
            assert translation.gettext("Please sign in.") == "Por favor, faça login."

    @pytest.mark.usefixtures("_few_messages")
    def test_what_is_no_longer_said_is_left_out(self, settings: Settings, tmp_path: Path) -> None:
        settings.STORE_LOCALE = str(tmp_path)
        call_command("messages", add="fr")
        path = path_of("fr", folder=tmp_path)
        path.write_text(path.read_text() + '\nmsgid "Nobody says this."\nmsgstr "Personne ne le dit."\n')
        call_command("messages")
        assert not contains(read(path), "Nobody says this.")
        assert contains(read(path), "Please sign in.")


def translate(catalogue: str, message: str, text: str) -> str:
    return catalogue.replace(f'msgid "{message}"\nmsgstr ""', f'msgid "{message}"\nmsgstr "{text}"')


def contains(catalogue: Catalog, message: str) -> bool:
    return catalogue.get(message) is not None
