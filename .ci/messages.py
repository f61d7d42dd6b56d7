"""Collect what templates, Python and scripts say into locale/, and bring every language up to date and compile it.

English is written in the code: its catalogue, in locale/en, holds the messages alone and is what a new language begins
with. `mkdir -p locale/de/LC_MESSAGES` and `make messages` make the catalogues of German; fill them in, run it again.
Needs Babel and Django, no program of the system.
"""

import ast
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_javascript, extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "locale"
DOMAINS = ("django", "djangojs")
# Django's own names; a call's first words are the message, two for a plural, a context before it.
CALLS = ("gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy")
LITERAL = r"""\s*u?("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\s*"""
IN_TEMPLATE = re.compile(rf"(?<!\w)(gettext|ngettext|pgettext|npgettext|_)\({LITERAL}(?:,{LITERAL})?(?:,{LITERAL})?")
VOLATILE = re.compile(r'^"(?:POT-Creation-Date|PO-Revision-Date|Generated-By):.*\n', re.M)
HEADING = "# What Touchstone says. Written by `make messages`."

Message = tuple[str | tuple[str, str], str | None]  # one text, or singular and plural; its context


def from_template(source: str) -> Iterator[Message]:
    for call, *texts in IN_TEMPLATE.findall(templatize(source)):
        yield message(call, [ast.literal_eval(text) for text in texts if text])


def from_code(file: BinaryIO, is_script: bool) -> Iterator[Message]:
    extract = extract_javascript if is_script else extract_python
    for _, call, found, _ in extract(file, CALLS, [], {}):
        texts = [text for text in (found if isinstance(found, tuple) else (found,)) if text]
        if texts:
            yield message(call or "gettext", texts)


def message(call: str, texts: list[str]) -> Message:
    context = texts.pop(0) if "pgettext" in call else None
    return ((texts[0], texts[1]) if call.startswith(("n", "np")) else texts[0]), context


def sources(domain: str) -> Iterator[tuple[Path, Iterator[Message]]]:
    """Every file that may say something, with what it says."""
    if domain == "djangojs":
        for path in sorted((ROOT / "static/js").glob("*.js")):
            yield path, from_code(io.BytesIO(path.read_bytes()), is_script=True)
        return
    for path in sorted(path for path in (ROOT / "templates").rglob("*") if path.suffix in {".html", ".txt"}):
        yield path, from_template(path.read_text())
    for house in ("feedback", "reviews"):
        for path in sorted((ROOT / house).rglob("*.py")):
            yield path, from_code(io.BytesIO(path.read_bytes()), is_script=False)


def collected(domain: str) -> Catalog:
    catalogue = Catalog(header_comment=HEADING, project="Touchstone", version="1", charset="utf-8", fuzzy=False)
    for path, messages in sources(domain):
        for text, context in messages:
            catalogue.add(text, locations=[(str(path.relative_to(ROOT)), 0)], context=context)
    return catalogue


def written(catalogue: Catalog) -> str:
    """The catalogue as a file that only changes when a message does."""
    file = io.BytesIO()
    write_po(file, catalogue, width=120, include_lineno=False, sort_output=True)
    return VOLATILE.sub("", file.getvalue().decode())


def english(domain: str) -> str:
    return written(collected(domain))


def bring_up_to_date(folder: Path, domain: str) -> None:
    """A translation keeps what still is said; what is new is empty, what changed a little is marked fuzzy."""
    path = folder / f"{domain}.po"
    language = folder.parent.name
    with io.BytesIO(path.read_bytes() if path.exists() else b"") as file:
        catalogue = read_po(file, locale=language)
    catalogue.update(collected(domain))
    path.write_text(written(catalogue))
    with path.with_suffix(".mo").open("wb") as compiled:
        write_mo(compiled, catalogue)


def main() -> None:
    for domain in DOMAINS:
        target = LOCALE / f"en/LC_MESSAGES/{domain}.po"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(english(domain))
        for folder in sorted(LOCALE.glob("*/LC_MESSAGES")):
            if folder.parent.name != "en":
                bring_up_to_date(folder, domain)
    if "-v" in sys.argv:
        print(*sorted(LOCALE.rglob("*.po")), sep="\n")


if __name__ == "__main__":
    main()
