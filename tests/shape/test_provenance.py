"""What a published repository must not say, and what it must prove about files that others wrote."""

import base64
import hashlib
import json
import re
from pathlib import Path

from tests.shape.tree import ROOT, our_files, refuse

VENDOR = Path("static/vendor")
# Written in pieces, so that this file does not contain what it looks for.
REGISTRY_HOSTS = [
    ".".join(pieces)
    for pieces in (
        ("pypi", "org"),
        ("pypi", "python", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("deb", "debian", "org"),
        ("archive", "ubuntu", "com"),
        ("proxy", "golang", "org"),
        ("crates", "io"),
        ("jsdelivr", "net"),
        ("unpkg", "com"),
        ("cdnjs", "cloudflare", "com"),
    )
]
MACHINE_PATHS = re.compile("(?<![\\w.])/" + "(?:work/|root/|opt/(?:pypi|wheels)|tmp/|home/[a-z]+/|Users/)")


def readable_files() -> list[tuple[Path, str]]:
    """Our text files with their text; pictures and fonts are left out because they do not decode."""
    found = []
    for path in our_files():
        try:
            found.append((path, (ROOT / path).read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return found


def test_no_file_names_a_package_registry_host() -> None:
    found = [f"{path} names {host}" for path, content in readable_files() for host in REGISTRY_HOSTS if host in content]
    refuse(found, "Name packages, never the host that serves them: the reader's own index answers.")


def test_no_file_names_a_path_of_one_machine() -> None:
    found = [
        f"{path}:{number} {line.strip()[:100]}"
        for path, content in readable_files()
        if VENDOR not in path.parents
        for number, line in enumerate(content.splitlines(), 1)
        if MACHINE_PATHS.search(line)
    ]
    refuse(found, "Use a path relative to the checkout, VAR_DIR, or tempfile.")


def test_only_tests_and_commands_know_the_folder_of_shared_data() -> None:
    shared = "../" + "shared"
    allowed = ("tests/", "bench/", "feedback/management/", "docs/", "README.md", "CHANGELOG.md", "Makefile")
    found = [str(path) for path, content in readable_files() if shared in content and not str(path).startswith(allowed)]
    refuse(found, f"{shared} is outside the project: only tests and commands that skip when it is absent may name it.")


def test_every_vendored_file_is_in_the_manifest_and_unchanged() -> None:
    entries = json.loads((ROOT / VENDOR / "manifest.json").read_text())
    listed = {entry["file"]: entry for entry in entries}
    present = {str(path.relative_to(VENDOR)) for path in our_files() if VENDOR in path.parents} - {"manifest.json"}
    refuse(sorted(present - listed.keys()), "Add these files to static/vendor/manifest.json.")
    refuse(sorted(listed.keys() - present), "These entries of static/vendor/manifest.json have no file: remove them.")
    changed = [name for name in listed if digest(ROOT / VENDOR / name) != listed[name]["sha384"]]
    refuse(
        changed,
        "These vendored files are not what their manifest says: fetch them again, or record the new version and hash.",
    )


def test_every_vendored_file_has_a_version_and_a_licence() -> None:
    entries = json.loads((ROOT / VENDOR / "manifest.json").read_text())
    found = [
        str(entry) for entry in entries if not all(entry.get(key) for key in ("name", "version", "licence", "file"))
    ]
    refuse(found, "Each entry says name, version, licence, file and sha384.")


def digest(path: Path) -> str:
    """SHA-384 as in an integrity attribute: `sha384-` and base64."""
    return "sha384-" + base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode()
