"""The checks behind make's verbs. Each step has a heading and its seconds; the first failure stops.

python .ci/check.py lint
python .ci/check.py test tests/feedback -k canonical     (the words after the verb go to pytest)
python .ci/check.py browser
python .ci/check.py proof
python .ci/check.py all
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from servers import install, real_servers

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
BIN = Path(PYTHON).parent
# The caller's instance must not leak into a step that promises SQLite and no server.
INSTANCE = ["DATABASE_URL", "REDIS_URL", "BROKER_URL", "ENVIRONMENT", "SECRET_KEY", "ALLOWED_HOSTS", "DEBUG", "VAR_DIR"]
PRODUCTION = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": "only-for-this-check-" + "0123456789abcdef" * 4,
    "ALLOWED_HOSTS": "touchstone.example",
    "DATABASE_URL": "postgres://touchstone@127.0.0.1/touchstone",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
    "EMAIL_URL": "smtp://127.0.0.1:25",
}
NEITHER = "not contracts and not browser and not chaos and not proof"
WITHOUT_SERVERS = f"{NEITHER} and not strict and not postgres and not services"


def clean_environment(folder: str) -> dict[str, str]:
    """This environment without the caller's instance, its files under `folder`."""
    left_out = {*INSTANCE, "PYTHONDONTWRITEBYTECODE"}  # without bytecode each process compiles all of the code again
    kept = {name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in left_out}
    return {**kept, "VAR_DIR": folder, "DJANGO_SETTINGS_MODULE": "feedback.settings"}


def step(heading: str, command: list[str], environment: dict[str, str]) -> None:
    """Run one step; leave with its exit code when it fails."""
    print(f"\n== {heading}\n   {' '.join(command)}", flush=True)
    started = time.monotonic()
    code = subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL).returncode
    seconds = time.monotonic() - started
    if code:
        why = "found no test to run" if "pytest" in command and code == 5 else f"failed (exit code {code})"
        raise SystemExit(f"\n== {heading}: {why} after {seconds:.1f} s. Nothing after it was run.")
    print(f"   {heading}: {seconds:.1f} s", flush=True)


def pytest_step(heading: str, markers: str, environment: dict[str, str], words: list[str]) -> None:
    step(heading, [PYTHON, "-m", "pytest", "--durations=10", "-m", markers, *words], environment)


def lint(environment: dict[str, str]) -> None:
    step("Format (ruff)", [f"{BIN}/ruff", "format", "--check", "."], environment)
    step("Lint (ruff)", [f"{BIN}/ruff", "check", "."], environment)
    step("Templates (djlint)", [f"{BIN}/djlint", "--lint", "--quiet", "templates"], environment)
    step("Types (mypy)", [f"{BIN}/mypy"], environment)
    step("Floors (import-linter)", [f"{BIN}/lint-imports", "--no-logo"], environment)
    step("Migrations are complete", [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"], environment)
    deploy = [PYTHON, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    step("Production settings are safe", deploy, {**environment, **PRODUCTION})


def test(words: list[str]) -> None:
    """The suite on this environment's database, by default SQLite, without what it has no server for."""
    with tempfile.TemporaryDirectory(prefix="touchstone-test-") as folder:
        environment = {"VAR_DIR": folder, **os.environ}
        markers, left_out = f"{NEITHER} and not slow", ["browser", "slow and contract tests"]
        if not environment.get("REDIS_URL"):
            markers, left_out = f"{markers} and not services", ["Redis with real workers", *left_out]
        if not environment.get("DATABASE_URL", "").startswith("postgres"):
            markers, left_out = f"{markers} and not postgres", ["PostgreSQL", *left_out]
        print(f"Left out here: {', '.join(left_out)}. `make check` runs all but the contracts.", flush=True)
        pytest_step("Tests", markers, environment, words)


def browser(environment: dict[str, str], words: list[str]) -> None:
    """Pages under Chromium. What fails is asked once more, alone, and named: a race of a test with a page shows so, and
    a page that is broken fails again.
    """
    install()
    markers = "browser and not proof"
    try:
        pytest_step("Browser tests (Chromium)", markers, environment, words)
    except SystemExit as failure:
        print(failure.code, flush=True)
        alone = ["-n", "0", "--last-failed", "--last-failed-no-failures", "none", *words]
        pytest_step("UNSTEADY: browser tests that failed, alone", markers, environment, alone)


def proof(words: list[str]) -> None:
    """The tests that take minutes each: long chaos runs, every crash point, restarts under load."""
    with tempfile.TemporaryDirectory(prefix="touchstone-proof-") as folder, real_servers() as addresses:
        environment = {**clean_environment(folder), **addresses}
        pytest_step("Long tests of load and faults", "proof and not browser", environment, ["--durations=0", *words])
        pytest_step("On PostgreSQL, what `make check` shows on SQLite alone", "once", environment, words)
        pytest_step(
            "On SQLite, what `make check` shows on PostgreSQL alone", "strict", clean_environment(folder), words
        )
        pytest_step("Every page at both widths (Chromium)", "browser and proof", clean_environment(folder), words)


def everything() -> None:
    with tempfile.TemporaryDirectory(prefix="touchstone-check-") as folder:
        environment = clean_environment(f"{folder}/sqlite")
        lint(environment)
        pytest_step("Tests on SQLite, without any server", WITHOUT_SERVERS, environment, ["-n", "3"])
        with real_servers() as addresses:
            served = {**clean_environment(f"{folder}/postgres"), **addresses}
            words = ["--of-database", "-n", "3"]  # the others have passed on SQLite
            pytest_step("Tests on PostgreSQL, with Redis and real workers", NEITHER, served, words)
        pytest_step("Chaos: servers killed under load", "chaos", environment, ["-n", "0", "-s", "tests/faults/chaos"])
        browser(environment, [])


def main() -> None:
    started = time.monotonic()
    verb, words = (sys.argv[1:2] or [""])[0], sys.argv[2:]
    with tempfile.TemporaryDirectory(prefix="touchstone-check-") as folder:
        match verb:
            case "lint":
                lint(clean_environment(folder))
            case "test":
                test(words)
            case "browser":
                browser(clean_environment(folder), words)
            case "proof":
                proof(words)
            case "all":
                everything()
            case _:
                raise SystemExit(__doc__)
    print(f"\n== make {'check' if verb == 'all' else verb}: passed in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
