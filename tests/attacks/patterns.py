"""Every pattern of ours over text built to keep it busy; run by test_bombs.py in a process with a time limit."""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LONGEST = 60_000  # about what is rendered of one text
SEEDS = ("a", "a.", "-", ".", "1", "[", "(", "|", " ", "\n", "/", "=", "`", "é", "/link/a", "DETAIL: Key ")


def patterns() -> Iterator[tuple[str, Any]]:
    """(where, pattern) of every module of ours."""
    for house in ("feedback", "reviews"):
        for path in sorted(Path(house).rglob("*.py")):
            if "migrations" not in path.parts and path.stem not in {"asgi", "wsgi", "settings"}:
                module = importlib.import_module(".".join(path.with_suffix("").parts))
                for name, value in vars(module).items():
                    if isinstance(value, re.Pattern):
                        yield f"{path}:{name}", value


def main() -> None:
    for where, pattern in patterns():
        for seed in SEEDS:
            print(f"{where} on {seed!r}", flush=True)  # the last line says who was busy
            text = seed * (LONGEST // len(seed)) + "!"
            given = text if isinstance(pattern.pattern, str) else text.encode()
            pattern.fullmatch(given)
            sum(1 for _ in pattern.finditer(given))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "feedback.settings")
    sys.path.insert(0, os.getcwd())
    import django

    django.setup()
    main()
