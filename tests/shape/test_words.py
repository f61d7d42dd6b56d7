"""What pages say can be translated: no bare words in templates, and an English catalogue that holds every message."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from tests.shape.tree import ROOT, refuse, templates, text

# Templates whose words are still bare, one a line: a template leaves the list when it is done, and none is added.
LEFT = Path("tests/shape/bare_words.txt")
TOKEN = re.compile(
    r"{%\s*comment.*?endcomment\s*%}|{%\s*blocktranslate.*?endblocktranslate\s*%}|{#.*?#}|{%.*?%}|{{.*?}}", re.S
)
MARKUP = re.compile(r"<!--.*?-->|<![^>]*>|</?[a-zA-Z](?:[^<>\"']|\"[^\"]*\"|'[^']*')*>", re.S)
NOT_SAID = re.compile(r"<(script|style|kbd|code)\b.*?</\1>", re.S)
SAID = re.compile(r"(?<![\w-])(?:title|placeholder|aria-label|alt|data-key-label|data-announce)=([\"'])(.*?)\1", re.S)
PASSED_ON = re.compile(
    r"(?<![\w-])(?:text|title|label|action|done_label|chip|none)=\"([^\"]*)\"|default:\"([A-Z][^\"]*)\""
)
BLOCK_NAME = re.compile(r"{%\s*block\s+main_class\s*%}.*?{%\s*endblock")
LETTERS = re.compile(r"[^\W\d_]{2,}")
NAMES = {"Touchstone", "UTC", "CSV", "JSON", "JSONL", "min", "Ctrl", "amp", "nbsp", "middot", "API", "Parquet"}


def words_in(source: str) -> list[str]:
    return [word for word in LETTERS.findall(source) if word not in NAMES]


def bare_words(source: str) -> list[str]:
    """Words of text nodes, of attributes that are said, and of literals handed to another template."""
    passed_on = [
        first or second
        for token in TOKEN.findall(BLOCK_NAME.sub("", source))
        if not token.startswith(("{#", "{% comment", "{% blocktranslate"))
        for first, second in PASSED_ON.findall(token)
        if "_(" not in token or f'_("{first or second}")' not in token
    ]
    page = TOKEN.sub(" ", BLOCK_NAME.sub("", source))
    said = [value for _, value in SAID.findall(page)]
    nodes = MARKUP.split(NOT_SAID.sub(" ", page))
    found = [*(part for part in nodes if part), *said, *passed_on]
    return [word for part in found for word in words_in(part)]


def test_only_templates_of_the_list_hold_bare_words() -> None:
    left = set((ROOT / LEFT).read_text().split())
    bare = {str(path): found for path in templates() if (found := bare_words(text(path)))}
    found_elsewhere = [f"{path}: {found[:8]}" for path, found in bare.items() if path not in left]
    refuse(found_elsewhere, "Use translate or blocktranslate for:")
    refuse([path for path in left if path not in bare], f"These are done: take them out of {LEFT}.")


@pytest.mark.parametrize("domain", ["django", "djangojs"])
def test_the_english_catalogue_is_what_is_said(domain: str) -> None:
    said = runpy.run_path(str(ROOT / ".ci/messages.py"))["english"](domain)
    committed = (ROOT / f"locale/en/LC_MESSAGES/{domain}.po").read_text()
    assert said == committed, "Run `make messages`, and look at its diff."


def test_the_rules_find_what_they_are_for() -> None:
    assert bare_words('<p title="Copy">{% if a %}Go on{% endif %}</p>') == ["Go", "on", "Copy"]
    assert bare_words('{% include "a.html" with text="Open" only %}{{ a|default:"None" }}') == ["Open", "None"]
    assert bare_words('<p>{% translate "Go on" %} <kbd>Esc</kbd>{# a note #}{{ a|default:_("None") }}</p>') == []
    assert bare_words("{% blocktranslate %}Go <b>on</b>{% endblocktranslate %}") == []
