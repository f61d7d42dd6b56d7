"""The image and the composition: what they copy exists, nothing runs as root or with a password that we chose."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from feedback.management.commands.serve import worker_command

ROOT = Path(__file__).resolve().parent.parent
OURS = ["web", "worker", "beat", "migrate"]


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    return found


def instructions(word: str) -> list[str]:
    joined = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    return [line.split(maxsplit=1)[1] for line in joined.splitlines() if line.startswith(f"{word} ")]


def test_the_image_has_everything_that_the_service_needs_and_nothing_else() -> None:
    copied = [word for line in instructions("COPY") if "--from" not in line for word in line.split()[:-1]]
    assert [name for name in copied if not (ROOT / name).exists()] == []
    admitted = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert set(copied) == admitted
    assert {"feedback", "reviews", "templates", "static", "manage.py", "gunicorn.conf.py"} <= admitted


def test_the_image_runs_as_nobody_in_particular_from_locked_packages() -> None:
    assert instructions("USER") == ["10001:10001"]
    assert len(instructions("FROM")) == 2
    (install,) = [line for line in instructions("RUN") if "pip install" in line]
    assert "--require-hashes" in install
    assert "requirements.lock" in install
    python = re.search(r"python:(\d+\.\d+)", instructions("FROM")[0])
    assert python is not None
    assert "3.11" <= python[1] <= "3.13"


@pytest.mark.parametrize("name", OURS)
def test_our_containers_can_write_nothing_but_their_files(name: str, services: dict[str, Any]) -> None:
    service = services[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["volumes"] == [f"files:{Path('/var/lib/touchstone')}"]
    assert "user" not in service, "the image's own user"


def test_nothing_has_a_password_that_stands_in_the_file(services: dict[str, Any]) -> None:
    secret = re.compile(r"PASSWORD|SECRET|TOKEN|KEY")
    for name, service in services.items():
        for setting, value in service.get("environment", {}).items():
            if secret.search(setting):
                assert setting.endswith("_FILE"), f"{name}: {setting}"
                assert str(value).startswith("/run/secrets/"), f"{name}: {setting}"
            assert not re.search(r"://[^/\s:]+:[^/\s@$]+@", str(value)), f"{name}: {setting} holds a password"


def test_the_image_can_back_up_the_database_of_the_composition(services: dict[str, Any]) -> None:
    client = re.search(r"postgresql-client-(\d+)", (ROOT / "Dockerfile").read_text())
    assert client is not None
    assert services["postgres"]["image"] == f"postgres:{client[1]}-bookworm"


def test_only_the_web_server_is_reached_and_only_from_this_machine(services: dict[str, Any]) -> None:
    assert {name: service["ports"] for name, service in services.items() if "ports" in service} == {
        "web": ["127.0.0.1:8000:8000"]
    }


def test_the_worker_is_the_one_that_serve_starts(services: dict[str, Any]) -> None:
    assert ["-m", *services["worker"]["command"]] == worker_command(2)[1:]


def test_every_setting_of_the_composition_is_one_that_we_read(services: dict[str, Any]) -> None:
    text = (Path(settings.BASE_DIR) / "feedback" / "settings.py").read_text()
    given = {name.removesuffix("_FILE") for name in services["web"]["environment"]}
    assert [name for name in sorted(given) if f'"{name}"' not in text] == []


@pytest.mark.proof
def test_the_bill_of_materials_names_every_locked_package_and_vendored_file(tmp_path: Path) -> None:
    target = tmp_path / "sbom.json"
    subprocess.run([sys.executable, ".ci/sbom.py", str(target)], cwd=ROOT, check=True, capture_output=True)
    document = json.loads(target.read_text())
    parts = {part["name"].lower().replace("_", "-"): part for part in document["components"]}
    pins = re.findall(r"^([a-z0-9-]+)(?:\[[^]]*])?==(\S+) \\$", (ROOT / "requirements.lock").read_text(), re.M)
    assert len(pins) > 40, "those that every machine needs"
    assert {name: version for name, version in pins if parts.get(name, {}).get("version") != version} == {}
    files = json.loads((ROOT / "static" / "vendor" / "manifest.json").read_text())
    assert {entry["name"] for entry in files} <= {part["name"] for part in document["components"]}
    assert all(part.get("properties") or part.get("hashes") for part in document["components"])
