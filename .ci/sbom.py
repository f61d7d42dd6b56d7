"""Write what a release contains as CycloneDX JSON: the locked packages with licences and hashes, the vendored files.

    python .ci/sbom.py [FILE]     (default: var/sbom.cdx.json)

cyclonedx-py reads the packages from the environment that runs this; what only development needs is taken out again.
"""

import base64
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.markers import Marker
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "static" / "vendor"
PIN = re.compile(
    r"^(?P<name>[A-Za-z0-9_.-]+)(\[[^]]*])?==(?P<version>\S+)(?: ; (?P<marker>[^\\]*))?(?P<rest>.*?)(?=^\S|\Z)",
    re.M | re.S,
)


def locked() -> dict[str, tuple[str, list[str]]]:
    """The packages of requirements.lock that are installed here, by name: version and SHA-256 sums."""
    found = {}
    for pin in PIN.finditer((ROOT / "requirements.lock").read_text()):
        if not pin["marker"] or Marker(pin["marker"].strip()).evaluate():
            found[canonicalize_name(pin["name"])] = pin["version"], re.findall(r"sha256:([0-9a-f]{64})", pin["rest"])
    return found


def environment() -> dict[str, Any]:
    """Every package of the running environment, as cyclonedx-py describes it."""
    command = [
        str(Path(sys.executable).with_name("cyclonedx-py")),
        "environment",
        sys.executable,
        "--output-reproducible",
    ]
    command += ["--pyproject", "pyproject.toml", "--of", "JSON"]
    output = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    described: dict[str, Any] = json.loads(output)
    return described


def vendored() -> list[dict[str, Any]]:
    return [
        {
            "type": "file" if entry["file"].endswith(".txt") else "library",
            "bom-ref": f"static/vendor/{entry['file']}",
            "name": entry["name"],
            "version": entry["version"],
            "licenses": [{"license": {"id": entry["licence"]}}],
            "hashes": [{"alg": "SHA-384", "content": base64.b64decode(entry["sha384"].partition("-")[2]).hex()}],
        }
        for entry in json.loads((VENDOR / "manifest.json").read_text())
    ]


def bill() -> dict[str, Any]:
    """The whole document. Raises SystemExit when the environment is not what the lock says."""
    described, pins = environment(), locked()
    packages = [part for part in described["components"] if canonicalize_name(part["name"]) in pins]
    for part in packages:
        version, sums = pins.pop(canonicalize_name(part["name"]))
        if part["version"] != version:
            raise SystemExit(
                f"{part['name']} is {part['version']} here and {version} in requirements.lock: run make setup."
            )
        part.pop("externalReferences", None)
        part["properties"] = [{"name": "touchstone:sha256", "value": value} for value in sums]
    if pins:
        raise SystemExit(f"Not installed here, but locked: {', '.join(sorted(pins))}. Run make setup.")
    parts = packages + vendored()
    kept = {part["bom-ref"] for part in parts} | {described["metadata"]["component"]["bom-ref"]}
    edges = [
        {"ref": edge["ref"], "dependsOn": [ref for ref in edge.get("dependsOn", []) if ref in kept]}
        for edge in described["dependencies"]
        if edge["ref"] in kept
    ]
    return {**described, "components": parts, "dependencies": edges}


def main() -> None:
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "var" / "sbom.cdx.json"
    text = json.dumps(bill(), indent=1, ensure_ascii=False)
    if wrong := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        raise SystemExit(f"The document is not CycloneDX 1.6: {wrong}")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text + "\n")
    print(f"Wrote {target}: {len(json.loads(text)['components'])} components.")


if __name__ == "__main__":
    main()
