"""A folder on this machine or on a mounted disk. A file appears under its name when it is whole, by one rename."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from feedback.datasets.destinations.place import Cargo, Heartbeat, NotCarried, Place, Progress
from feedback.files import BLOCK, sha256_of
from feedback.jobs import JobRefused

BLOCKS = 64  # megabytes a step


class Local(Place, tag="local", frozen=True):
    folder: str

    def carry(self, cargo: Cargo, cursor: dict[str, Any], heartbeat: Heartbeat) -> Progress:
        target = self.target(cargo)
        if target.exists() and sha256_of(target.open("rb"), heartbeat) == cargo.sha256:
            return Progress({}, cargo.n_bytes, str(target.relative_to(Path(self.folder).resolve())))
        aside = target.with_name(f".{cargo.name}.{cargo.key}")
        done = copied(cargo, aside, cursor.get("bytes", 0), heartbeat)
        if done < cargo.n_bytes:
            return Progress({"bytes": done}, done)
        if sha256_of(aside.open("rb"), heartbeat) != cargo.sha256:
            aside.unlink()
            raise NotCarried("What arrived is not what was sent.")
        os.replace(aside, target)
        return Progress({"bytes": done}, done, str(target.relative_to(Path(self.folder).resolve())))

    def target(self, cargo: Cargo) -> Path:
        """Where it is to lie: under the folder, whatever links somebody put there."""
        root = Path(self.folder).resolve()
        if not root.is_dir():
            raise JobRefused("The folder of this destination is not there.")
        parent = root.joinpath(*cargo.folder)
        if not parent.resolve().is_relative_to(root):
            raise JobRefused("The folder of this destination leads out of it.")
        parent.mkdir(parents=True, exist_ok=True)
        target = parent / cargo.name
        if target.is_symlink() or target.parent.resolve() != parent.resolve():
            raise JobRefused("The folder of this destination leads out of it.")
        return parent.resolve() / cargo.name


def copied(cargo: Cargo, aside: Path, done: int, heartbeat: Heartbeat) -> int:
    """Some more of the file, written aside, so that it outlasts the machine; how much there is now."""
    aside.touch()
    done = done if aside.stat().st_size >= done else 0
    os.truncate(aside, done)
    with cargo.open() as file, aside.open("ab") as into:
        file.seek(done)
        for _ in range(BLOCKS):
            if not (block := file.read(BLOCK)):
                break
            done += into.write(block)
            heartbeat()
        into.flush()
        os.fsync(into.fileno())
    return done
