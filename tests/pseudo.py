"""A language that nobody speaks, for tests: every message in brackets, accented, a third longer, from right to left."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from pytest_django.fixtures import Settings

LANGUAGE, FOLDER = "ar-xb", "ar_XB"  # its direction is that of Arabic
OPEN, CLOSE = "⟦", "⟧"
ACCENTS = str.maketrans("aeiouAEIOUcnsyz", "áéíóúÁÉÍÓÚçñšýž")
KEPT = re.compile(r"(%\(\w+\)s|%%|<[^>]*>|&\w+;)")  # places of values, and markup
SAID = ("aria-label", "alt", "placeholder", "title", "data-key-label", "data-announce")
SILENT = {"script", "style", "kbd", "code"}
VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr", "path", "use"}


def spoken(message: str) -> str:
    parts = [part if KEPT.fullmatch(part) else part.translate(ACCENTS) for part in KEPT.split(message)]
    return f"{OPEN}{''.join(parts)}{'·' * (len(message) // 3)}{CLOSE}"


def write(folder: Path, english: Path) -> None:
    """Compile the catalogues of the language below `folder`, from those of English."""
    target = folder / FOLDER / "LC_MESSAGES"
    target.mkdir(parents=True)
    for source in sorted(english.glob("*.po")):
        with source.open("rb") as file:
            catalogue = read_po(file, locale="ar")
        for message in catalogue:
            if message.id:
                one, many = message.id if isinstance(message.id, tuple | list) else (message.id, "")
                forms = [spoken(one), *[spoken(many)] * (catalogue.num_plurals - 1)]
                message.string = tuple(forms) if many else forms[0]
        with (target / source.with_suffix(".mo").name).open("wb") as compiled:
            write_mo(compiled, catalogue)


def speak_pseudo(settings: Settings, folder: Path) -> None:
    """From here on every page is in this language, whatever the browser wishes."""
    write(folder, Path("locale/en/LC_MESSAGES"))
    settings.LOCALE_PATHS = [folder]
    settings.LANGUAGES = [(LANGUAGE, "Pseudo")]
    settings.LANGUAGE_CODE = LANGUAGE


class Unspoken(HTMLParser):
    """Collects in `found` the words of a page that stand outside all messages: texts, and attributes that are said.

    Left out is what people and programs wrote: whatever has `dir="auto"` or the class `plain`, keys, code, the title.
    """

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.depth = 0
        self.silent: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.found += [text for name in SAID if (text := outside(given.get(name, ""))[0]).strip()]
        if tag not in VOID:
            is_written = given.get("dir") == "auto" or "plain" in given.get("class", "").split()
            self.silent.append(tag in SILENT or is_written or any(self.silent[-1:]))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID and self.silent:
            self.silent.pop()

    def handle_data(self, data: str) -> None:
        text, self.depth = outside(data, self.depth)
        if text.strip() and not any(self.silent[-1:]):
            self.found.append(text.strip())


def outside(text: str, depth: int = 0) -> tuple[str, int]:
    """What stands outside the outermost brackets, of which `depth` are open before it; and how many are after it."""
    kept = ""
    for character in text:
        depth += (character == OPEN) - (character == CLOSE)
        kept += character if not depth and character != CLOSE else ""
    return kept, depth


def unspoken(page: str) -> list[str]:
    parser = Unspoken()
    parser.feed(page)
    return parser.found
