"""A hub of datasets that speaks Hugging Face's language. All files of a shipment appear in one commit."""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from django.conf import settings

from feedback.datasets.destinations.place import Cargo, Heartbeat, NotCarried, Place, Progress, secret, told_plainly
from feedback.files import BLOCK, sha256_of


class Hub(Place, tag="hub", frozen=True):
    """`repository` may hold {project} and {dataset}; a folder is its whole content, a file one of it."""

    repository: str
    endpoint: str = "https://huggingface.co"
    private: bool = True
    token_file: str = ""
    token_env: str = ""

    def carry(self, cargo: Cargo, cursor: dict[str, Any], heartbeat: Heartbeat) -> Progress:
        """All at once. Large files go up on their own before the commit; those that are there are not sent again."""
        os.environ["HF_HUB_DISABLE_XET"] = os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"  # read when it is imported
        import httpx2
        from huggingface_hub import HfApi
        from huggingface_hub.errors import HfHubHTTPError

        repository = self.repository.format(project=cargo.folder[0], dataset=cargo.folder[1])
        beside = Path(settings.VAR_DIR) / "partial"
        beside.mkdir(parents=True, exist_ok=True)
        with (
            told_plainly(HfHubHTTPError, httpx2.HTTPError, ValueError),
            tempfile.TemporaryDirectory(dir=beside) as folder,
        ):
            files = unpacked(cargo, Path(folder), heartbeat)
            api = HfApi(endpoint=self.endpoint, token=secret(self.token_file, self.token_env) or False)
            api.create_repo(repository, repo_type="dataset", private=self.private, exist_ok=True)
            revision = commit(api, repository, cargo, files)
            verify(api, repository, revision, files, heartbeat)
        return Progress({"revision": revision}, cargo.n_bytes, f"{repository}@{revision}")


def unpacked(cargo: Cargo, folder: Path, heartbeat: Heartbeat) -> dict[str, Path]:
    """What stands in the repository under which name."""
    if not cargo.is_folder:
        path = folder / cargo.name
        with cargo.open() as source, path.open("wb") as into:
            poured(source, into, heartbeat)
        return {f"files/{cargo.name}": path}
    files: dict[str, Path] = {}
    with cargo.open() as file, zipfile.ZipFile(file) as packed:
        for number, name in enumerate(packed.namelist()):
            files[name] = folder / str(number)
            with packed.open(name) as source, files[name].open("wb") as into:
                poured(source, into, heartbeat)
    return files


def poured(source: Any, into: Any, heartbeat: Heartbeat) -> None:
    while block := source.read(BLOCK):
        into.write(block)
        heartbeat()


def commit(api: Any, repository: str, cargo: Cargo, files: dict[str, Path]) -> str:
    """The revision after it: a folder takes the place of all data files of an earlier one."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    operations: list[Any] = [CommitOperationAdd(name, str(path)) for name, path in files.items()]
    if cargo.is_folder:
        there = api.list_repo_files(repository, repo_type="dataset")
        gone = [name for name in there if name.startswith("data/") and name not in files]
        operations += [CommitOperationDelete(name) for name in gone]
    told = api.create_commit(repository, operations, commit_message=cargo.title, repo_type="dataset")
    return str(told.oid)


def verify(api: Any, repository: str, revision: str, files: dict[str, Path], heartbeat: Heartbeat) -> None:
    """Of large files the hub tells the SHA-256, of small ones that of git."""
    found = {
        one.path: one for one in api.get_paths_info(repository, list(files), repo_type="dataset", revision=revision)
    }
    for name, path in files.items():
        one = found.get(name)
        large = getattr(one, "lfs", None)
        told = large.sha256 if large else getattr(one, "blob_id", "")
        if told != (sha256_of(path.open("rb"), heartbeat) if large else git_sha1(path)):
            raise NotCarried("What arrived is not what was sent.")


def git_sha1(path: Path) -> str:
    digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    digest.update(path.read_bytes())
    return digest.hexdigest()
