"""A program that ingests, a curator who draws, pauses, builds and downloads, a moderator who acts on items."""

from __future__ import annotations

import json
import re
import time
from typing import Any

from tests.faults.chaos.history import digest
from tests.faults.chaos.line import Client

ENDED = {"done", "failed", "cancelled"}


class Program(Client):
    """Delivers responses in batches, many of them again, now and then another body under a known id."""

    pause = (0.2, 1.0)

    def __init__(self, *words: Any) -> None:
        super().__init__(*words)
        self.rows: list[dict[str, Any]] = []

    def turn(self) -> None:
        batch = [self.new_row() for _ in range(self.random.randint(4, 24))]
        if self.rows:
            batch += self.random.choices(self.rows, k=self.random.randint(0, 10))
        if self.rows and self.random.random() < 0.2:
            known = self.random.choice(self.rows)
            batch.append({**known, "output": f"{known['output']} Or not."})
        self.random.shuffle(batch)
        known_ids = {row["external_id"] for row in self.rows}
        self.rows += [row for row in batch if row["external_id"] not in known_ids]
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in batch).encode()
        rows = [[row["external_id"], digest(row["output"])] for row in batch]
        self.send("ingest", "POST", "responses/", lines, key=self.new_key(), sent={"rows": rows})

    def new_row(self) -> dict[str, Any]:
        """Half of them answer a question that another model answered before: those make pairs."""
        number = len(self.rows) + self.random.randrange(10**9)
        model, question = self.random.choice(["small", "large"]), f"Question {number}?"
        if self.rows and self.random.random() < 0.5:
            question = str(self.random.choice(self.rows)["prompt"])
        output = f"Answer {number}: 60 days 🏖️, naïve e\u0301clair, {'x' * self.random.randint(0, 300)}."
        external_id = f"r-{self.random.getrandbits(48):x}"
        return {"external_id": external_id, "prompt": question, "output": output, "model": model, "provider": "acme"}


class Curator(Client):
    pause = (0.2, 1.0)

    def turn(self) -> None:
        chance = self.random.random()
        if chance < 0.5:
            self.job("run", f"sampling-rules/{self.random.choice(['half', 'pairs', 'some'])}/run/", "sampling-runs")
        elif chance < 0.7:
            self.pause_a_queue()
        else:
            self.publish()

    def job(self, kind: str, path: str, where: str, body: Any = None) -> dict[str, Any]:
        """Ask for it, and follow it for a while; its last known state."""
        _, answer = self.send(kind, "POST", path, body, key=self.new_key(), sent=body)
        if answer is None or answer.status not in {200, 202}:
            return {}
        row, end = answer.data, time.monotonic() + 8
        while row.get("state") not in ENDED and time.monotonic() < end and not self.shared.over.is_set():
            self.wait(0.2, 0.6)
            seen = self.read(f"{where}/{row['id']}/")
            row = seen.data if seen is not None and seen.status == 200 else row
        return row

    def pause_a_queue(self) -> None:
        queue = self.random.choice(["single", "pairs"])
        self.set_state(queue, "paused")
        self.wait(0.3, 1.5)
        self.set_state(queue, "open")

    def set_state(self, queue: str, state: str) -> None:
        sent = {"queue": queue, "state": state}
        self.post("queue-state", f"queues/{queue}/state/", {"state": state}, key=self.new_key(), sent=sent)

    def publish(self) -> None:
        version = self.job("build", "datasets/pairs/build/", "dataset-versions")
        if version.get("state") != "done":
            return
        for shape in self.random.sample(["preference", "votes", "revision", "promptfoo"], k=2):
            body = {"shape": shape, "split": self.random.choice(["", "train"])}
            export = self.job("export", f"dataset-versions/{version['id']}/exports/", "exports", body)
            if export.get("state") == "done":
                self.download(export)

    def download(self, export: dict[str, Any]) -> None:
        key = str(export["id"])
        self.send("download", "GET", f"exports/{key}/download/", key=key, sent={"sha256": export["sha256"]})


class Moderator(Client):
    """Looks at an item, then acts. A page is not sent again blindly: who got no answer looks first, so each act is
    sent once and may or may not have happened.
    """

    pause = (0.1, 0.8)
    ACTS = ("withdraw", "put-back", "ask-more", "ask-fewer", "reopen", "invalidate", "restore")

    def turn(self) -> None:
        if self.random.random() < 0.3:
            self.settle()
            return
        state = {"put-back": "withdrawn", "reopen": "settled"}.get(act := self.random.choice(self.ACTS), "")
        listed = self.look(f"moderation/items/?state={state}")
        items = re.findall(r"moderation/items/(\d+)/", listed.text) if listed is not None else []
        if not items:
            return
        item = self.random.choice(items)
        if act in {"invalidate", "restore"}:
            page = self.look(f"moderation/items/{item}/")
            turns = re.findall(rf"moderation/reviews/(\d+)/{act}/", page.text) if page is not None else []
            if turns:
                self.act(act, f"moderation/reviews/{turns[0]}/{act}/", {"item": item, "assignment": turns[0]})
        else:
            self.act(act, f"moderation/items/{item}/{act}/", {"item": item})

    def act(self, act: str, path: str, sent: dict[str, Any]) -> None:
        key = self.new_key()
        fields: dict[str, Any] = {"reason": f"Chaos {key}"}
        if act == "reopen":
            fields |= {"how": self.random.choice(["again", "contest"]), "criteria": ["grounded", "better"]}
        self.post(act, path, fields, key=key, sent=sent, repeats=False)

    def settle(self) -> None:
        """A dispute: decide whatever is asked."""
        page = self.look("moderation/disputes/next/")
        if page is None or page.status != 302 or not (found := re.search(r"/(\d+)/$", page.headers["location"])):
            return
        sheet = self.look(f"moderation/disputes/{found[1]}/")
        if sheet is None or sheet.status != 200:
            return
        fields: dict[str, str] = {}
        for name in set(re.findall(r'name="(q-[\w-]+)"', sheet.text)):
            values = re.findall(rf'name="{name}" value="([^"]+)"', sheet.text)
            fields |= {name: self.random.choice(values), f"why-{name[2:]}": "Because of the guideline."}
        if fields:
            key, path = self.new_key(), f"moderation/disputes/{found[1]}/"
            self.post("settle", path, fields, key=key, sent={"item": found[1]}, repeats=False)
