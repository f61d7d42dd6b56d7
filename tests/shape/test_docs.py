"""What the README promises about settings and verbs is what the code reads and the Makefile does."""

import ast
import re
from pathlib import Path

from tests.shape.tree import ROOT, name_of, our_files, refuse, text, tree

SETTINGS = Path("feedback/settings.py")
README = Path("README.md")
# Read by the Makefile or by the commands, not by the settings.
ELSEWHERE = {"PYTHON", "ARGS", "BENCH"}


def settings_read() -> set[str]:
    """Every name that settings.py reads as env("NAME"), env.str("NAME") and so on."""
    found = set()
    for call in ast.walk(tree(SETTINGS)):
        if not isinstance(call, ast.Call) or not call.args:
            continue
        reader = call.func.value if isinstance(call.func, ast.Attribute) else call.func
        first = call.args[0]
        if name_of(reader) == "env" and isinstance(first, ast.Constant) and isinstance(first.value, str):
            found.add(first.value)
    return found


def settings_documented() -> set[str]:
    """The names in the first column of the README's settings table, written as `NAME`."""
    section = re.search(r"^#+ [^\n]*settings.*?(?=^#|\Z)", text(README), re.M | re.S | re.I)
    assert section, "README.md needs a section with `Settings` in its heading and the table of settings in it."
    rows = [line for line in section[0].splitlines() if line.startswith("|")]
    return {name for row in rows for name in re.findall(r"`([A-Z][A-Z0-9_]+)`", row.split("|")[1])}


def test_every_setting_is_in_the_readme() -> None:
    assert len(settings_read()) > 10
    refuse(
        sorted(settings_read() - settings_documented()),
        "Add these to the settings table of README.md, with default and meaning:",
    )


def test_the_readme_names_no_setting_that_nothing_reads() -> None:
    unknown = settings_documented() - settings_read() - ELSEWHERE
    refuse(sorted(unknown), "The README's settings table has these, but feedback/settings.py does not read them:")


def test_every_make_verb_has_a_line_of_help_and_is_named_in_the_readme() -> None:
    makefile = text(Path("Makefile"))
    phony = set(re.search(r"^\.PHONY: (.*)$", makefile, re.M)[1].split())  # type: ignore[index]
    helped = set(re.findall(r"^([a-z]+):.*## ", makefile, re.M))
    refuse(sorted(phony ^ helped), "Each verb of the Makefile is in .PHONY and has `## its line of help`.")
    verbs = {"demo", "test", "check", "proof", "serve", "bench", "contracts"}
    refuse(
        [verb for verb in sorted(verbs) if f"make {verb}" not in text(README)],
        "README.md does not tell of these make verbs:",
    )


def test_every_link_between_documents_leads_somewhere() -> None:
    found = []
    for path in our_files():
        if path.suffix == ".md":
            links = re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", text(path))
            found += [f"{path} links to {link}" for link in links if not (ROOT / path.parent / link).exists()]
    refuse(found, "These links lead nowhere:")
