"""Compile the dependency groups of pyproject.toml into hash-locked requirement files.

Run by `make lock` with the Python of .venv-lock, where uv is installed. The files name packages, versions and hashes,
and no address: the reader's own package index answers.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UV = Path(sys.executable).with_name("uv")

CONTRACTS_LOCK = "requirements-contracts.lock"
LOCKS: dict[str, list[str]] = {
    "requirements.lock": ["pyproject.toml"],
    "requirements-dev.lock": ["pyproject.toml", "--group", "dev", "--constraint", "requirements.lock"],
    CONTRACTS_LOCK: ["--group", "contracts"],
    "requirements-uv.lock": ["--group", "lock"],
}
# Torch stands apart in two builds. PyTorch offers a CPU build under the same version with a local label; where pip can
# find that file (a mirror, --find-links) it saves gigabytes of GPU libraries. Hash: CPython 3.11, Linux x86_64.
CPU_LOCK = "requirements-contracts-cpu.lock"
CPU_BUILD = "torch==2.13.0+cpu --hash=sha256:6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b\n"
GPU_LOCK = "requirements-contracts-gpu.lock"
GPU_PACKAGE = re.compile(r"^(torch==|nvidia-|cuda-|triton==)")
NODE_FOLDER = "tests/contracts/node"  # package.json names one version of one package; what it needs is locked beside it


def compile_lock(name: str, sources: list[str]) -> None:
    """Write one lock for Python 3.11 and later, keeping the versions it has unless `--upgrade` was given."""
    command = [str(UV), "pip", "compile", *sources, "--universal", "--python-version", "3.11", "--generate-hashes"]
    command += ["--no-header", "--no-annotate", "--quiet", "--no-emit-index-url", "--output-file", name, *sys.argv[1:]]
    print("  ", name, flush=True)
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def pins(text: str) -> list[str]:
    """The pins of a lock, each with its continuation lines."""
    return [pin for pin in re.split(r"(?m)^(?=\S)", text) if pin.strip()]


def join_contracts() -> None:
    """Put torch and its GPU libraries back, so that uv sees and keeps the versions they have."""
    if (ROOT / GPU_LOCK).exists():
        with (ROOT / CONTRACTS_LOCK).open("a") as lock:
            lock.write((ROOT / GPU_LOCK).read_text())


def split_contracts() -> None:
    """Move torch and its GPU libraries out of the contracts lock, and pin the CPU build beside them."""
    lock = ROOT / CONTRACTS_LOCK
    found = pins(lock.read_text())
    gpu = [pin for pin in found if GPU_PACKAGE.match(pin)]
    torch = next(pin.split()[0] for pin in gpu if pin.startswith("torch=="))
    if not CPU_BUILD.startswith(f"{torch}+cpu "):
        raise SystemExit(f"The lock has {torch}, CPU_BUILD in .ci/lock.py another version: change both together.")
    lock.write_text("".join(pin for pin in found if pin not in gpu))
    (ROOT / GPU_LOCK).write_text("".join(gpu))
    (ROOT / CPU_LOCK).write_text(CPU_BUILD)


def lock_node() -> None:
    """With hashes and without addresses, as the others."""
    words = ["--package-lock-only", "--ignore-scripts", "--omit-lockfile-registry-resolved", "--no-audit", "--no-fund"]
    subprocess.run(["npm", "install", "--silent", *words], cwd=ROOT / NODE_FOLDER, check=True)


def main() -> None:
    join_contracts()
    for name, sources in LOCKS.items():
        compile_lock(name, sources)
    split_contracts()
    if shutil.which("npm"):
        print("  ", NODE_FOLDER, flush=True)
        lock_node()


if __name__ == "__main__":
    main()
