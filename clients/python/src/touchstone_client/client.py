"""The client: one method for each thing a program does."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, Literal, Self, cast

import httpx2
from touchstone_client import download as files
from touchstone_client import ingest as sending
from touchstone_client.calls import Calls
from touchstone_client.errors import TouchstoneError
from touchstone_client.rows import Assignment, Export, Pair, SavedDraft, Split, Submitted

Filter = str | int | float | bool
Listed = Literal["reviews", "votes", "spans", "verdicts", "responses", "datasets", "dataset-versions", "queues"]


class Touchstone:
    """`Touchstone("https://feedback.example.org", "tsk_…")`; close it, or use it in a `with` statement.

    A key belongs to one project. Each method names the scope it needs; reviewing needs the key of a member.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        timeout: float = 30.0,
        retries: int = 5,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._calls = Calls(base_url, key, timeout=timeout, retries=retries, sleep=sleep)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        self._calls.http.close()

    # Reading: datasets:read, reviews:read, responses:read

    def pairs(
        self,
        dataset: str,
        version: int | None = None,
        split: Split | None = None,
        fields: Iterable[str] | None = None,
        **filters: Filter,
    ) -> Iterator[Pair]:
        """The pairs of a version (the newest complete one unless named), in their frozen order, page by page.

        Other filters: source, criterion, min_votes, min_share, min_strength, q.
        """
        named = {"dataset": dataset, "version": version, "split": split}
        filters |= {name: value for name, value in named.items() if value is not None}
        return cast("Iterator[Pair]", self._walk("preference-pairs", fields, filters))

    def rows(self, what: Listed, fields: Iterable[str] | None = None, **filters: Filter) -> Iterator[dict[str, Any]]:
        """Any other list, row by row: `rows("votes", kind="comparison", standing=True)`."""
        return self._walk(what, fields, filters)

    def _walk(self, what: str, fields: Iterable[str] | None, filters: Mapping[str, Filter]) -> Iterator[dict[str, Any]]:
        """Follows the cursors: of `next` only what stands after the question mark, so that the key stays here."""
        query = {"page_size": "1000", **{name: as_text(value) for name, value in filters.items()}}
        if fields is not None:
            query["fields"] = ",".join(fields)
        while True:
            page = self._calls.json("GET", f"{what}/", params=query)
            yield from page["results"]
            if page["next"] is None:
                return
            query = dict(httpx2.URL(page["next"]).params)

    # Files: datasets:write to make one, datasets:read to fetch one that is made

    def export(
        self,
        dataset: str,
        shape: str = "preference",
        *,
        version: int | None = None,
        split: str = "",
        format: str = "jsonl",
        packing: str = "",
    ) -> Export:
        """Ask for a file of a version, the newest complete one unless named; it may still be in the making.

        Shapes are those of docs/reference/shapes.md; formats jsonl, parquet, csv; packing gzip, zstd or none.
        """
        body = {"shape": shape, "split": split, "format": format, "packing": packing}
        path = f"dataset-versions/{self._version(dataset, version)}/exports/"
        return cast(Export, self._calls.json("POST", path, json=body, headers=once()))

    def _version(self, dataset: str, number: int | None) -> int:
        named: dict[str, Any] = {} if number is None else {"number": number}
        for row in self.rows("dataset-versions", dataset=dataset, state="done", page_size=1, **named):
            return int(row["id"])
        raise TouchstoneError(404, "no-version", f"Dataset {dataset!r} has no such complete version.")

    def download(
        self,
        what: str | int,
        to: str | PathLike[str],
        *,
        shape: str = "preference",
        version: int | None = None,
        split: str = "",
        format: str = "jsonl",
        packing: str = "",
        progress: files.Told = files.silent,
        patience: float = 3600.0,
    ) -> Path:
        """Fetch a file: of a dataset (its key), made first when it is not there, or one whose export id you have.

        It goes on where an earlier call broke off, is checked by its SHA-256, and stands at `to` only when it is whole.
        """
        if isinstance(what, int):
            export = cast(Export, self._calls.json("GET", f"exports/{what}/"))
        else:
            export = self.export(what, shape, version=version, split=split, format=format, packing=packing)
        return files.fetched(self._calls, files.finished(self._calls, export, progress, patience), Path(to), progress)

    # Sending: ingest

    def ingest(
        self,
        rows: Iterable[Mapping[str, Any]],
        *,
        batch_rows: int = sending.BATCH_ROWS,
        batch_bytes: int = sending.BATCH_BYTES,
        progress: Callable[[sending.Ingested], object] | None = None,
    ) -> sending.Ingested:
        """Send responses; counts, and each row that was refused with its reason. Rows are read as they are sent.

        Sending the same rows again changes nothing, so that a run that broke off is simply begun anew.
        """
        done = sending.Ingested()
        for done in sending.ingest(self._calls, rows, batch_rows=batch_rows, batch_bytes=batch_bytes):
            if progress:
                progress(done)
        return done

    # Reviewing: review

    def claim(self, queue: str) -> Assignment | None:
        """The next item, or the one you hold in this queue; None when nothing waits."""
        return cast("Assignment | None", self._calls.json("POST", f"queues/{queue}/claim/", headers=once()))

    def draft(
        self, assignment: Assignment | str, answers: Mapping[str, Any], *, if_match: str | None = None
    ) -> SavedDraft:
        """Keep unfinished answers. `if_match` (an etag that you read) refuses to write over another tab's: 412."""
        headers = {"If-Match": if_match} if if_match else {}
        answer = self._calls.send("PUT", at(assignment, "draft/"), json={"answers": dict(answers)}, headers=headers)
        return cast(SavedDraft, {**answer.json(), "etag": answer.headers["ETag"]})

    def submit(
        self,
        assignment: Assignment | str,
        answers: Mapping[str, Any],
        *,
        note: str = "",
        active_ms: int | None = None,
        claim_next: bool = False,
        submission_id: str | None = None,
    ) -> Submitted:
        """Submit a review: `{criterion key: answer}`. The submission id makes a repeat harmless."""
        body = {
            "submission_id": submission_id or str(uuid.uuid4()),
            "answers": dict(answers),
            "note": note,
            "active_ms": active_ms,
            "next": claim_next,
        }
        return cast(Submitted, self._calls.json("POST", at(assignment, "submit/"), json=body, may_repeat=True))

    def skip(self, assignment: Assignment | str, reason: str, *, note: str = "") -> None:
        """Pass the item on to somebody else, for good."""
        self._calls.json("POST", at(assignment, "skip/"), json={"reason": reason, "note": note}, may_repeat=True)

    def undo(self, assignment: Assignment | str) -> Assignment:
        """Take a submitted review back while its grace lasts; its answers become the draft."""
        return cast(Assignment, self._calls.json("POST", at(assignment, "undo/")))

    def heartbeat(self, assignment: Assignment | str) -> str:
        """Hold the place longer; until when."""
        return str(self._calls.json("POST", at(assignment, "heartbeat/"), may_repeat=True)["lease_until"])

    def release(self, assignment: Assignment | str) -> None:
        """Give the place back at once; the draft stays."""
        self._calls.json("POST", at(assignment, "release/"), may_repeat=True)


def at(assignment: Assignment | str, what: str) -> str:
    token = assignment if isinstance(assignment, str) else assignment["token"]
    return f"assignments/{token}/{what}"


def once() -> dict[str, str]:
    """A repeat under the same key creates nothing a second time."""
    return {"Idempotency-Key": str(uuid.uuid4())}


def as_text(value: Filter) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
