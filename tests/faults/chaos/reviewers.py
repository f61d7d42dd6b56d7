"""Reviewers through REST and through the pages: claim, draft, submit, undo, skip, release, and come too late."""

from __future__ import annotations

import re
from typing import Any

from tests.faults.chaos.history import Op, digest
from tests.faults.chaos.line import Answer, Client

QUEUES = ("single", "single", "pairs")
WORDS = ("grounded", "60 days 🏖️", "naïve", "e\u0301clair", "שלום", "=SUM(A1)", "<b>bold</b>", "𝒳 is astral")


class Reviewer(Client):
    """Through REST. One thing at a time, as a person works."""

    def turn(self) -> None:
        queue = self.random.choice(QUEUES)
        _, answer = self.send("claim", "POST", f"queues/{queue}/claim/", key=self.new_key())
        if answer is None or answer.status != 201:
            self.wait(0.05, 0.4)
            return
        self.work_on(answer.data)

    def work_on(self, held: dict[str, Any]) -> None:
        """Mostly a review; sometimes something else happens first, or instead."""
        token, chance = held["token"], self.random.random()
        if chance < 0.25:
            self.keep_draft(token, held)
        if chance < 0.06:
            self.skip(token)
        elif chance < 0.12:
            self.send("release", "POST", f"assignments/{token}/release/", sent={"token": token})
        elif chance < 0.16:
            return  # walks away; the lease runs out
        else:
            if chance < 0.24:
                self.wait(4.2, 6.0)  # comes too late: the work counts if a place is free, and is kept otherwise
            elif chance < 0.34:
                self.send("heartbeat", "POST", f"assignments/{token}/heartbeat/", sent={"token": token})
            submission = self.submit(held)
            if submission and self.random.random() < 0.12:
                self.undo(token, submission)

    def submit(self, held: dict[str, Any]) -> str:
        """Its id when it was acknowledged, else nothing."""
        token, submission = held["token"], self.new_key()
        answers, note = self.answers(held["item"]), f"{self.random.choice(WORDS)} {submission}"
        body = {"submission_id": submission, "answers": answers, "note": note, "active_ms": 1200}
        sent = {"token": token, "digest": digest([answers, note])}
        _, answer = self.send("submit", "POST", f"assignments/{token}/submit/", body, key=submission, sent=sent)
        return submission if answer is not None and answer.status == 200 else ""

    def answers(self, item: dict[str, Any]) -> dict[str, Any]:
        """In the canonical shape, so that what is stored can be compared with what was sent."""
        shown = item["responses"]
        if len(shown) == 2:
            return self.compared([response["id"] for response in shown])
        answers = self.rated()
        response, text = shown[0]["id"], shown[0]["output"]
        answers["flags"] = [self.mark(response, text)] if self.random.random() < 0.4 else []
        if self.random.random() < 0.2:
            answers["rewrite"] = {"response": response, "text": f"{text} {self.random.choice(WORDS)}"}
        return answers

    def rated(self) -> dict[str, Any]:
        why = " ".join(self.random.choice(WORDS) for _ in range(3))
        grounded, helpful = self.random.choice(["yes", "no"]), self.random.randint(1, 5)
        return {"grounded": grounded, "helpful": helpful, "why": why}

    def mark(self, response: int, text: str) -> dict[str, Any]:
        start = self.random.randrange(len(text) - 1)
        end = self.random.randint(start + 1, len(text))
        kind = self.random.choice(["contradicted", "unsupported", "fabricated"])
        quote = text[start:end]
        return {"response": response, "start": start, "end": end, "quote": quote, "kind": kind, "severity": "minor"}

    def compared(self, shown: list[int]) -> dict[str, Any]:
        outcome = self.random.choice(["preferred", "preferred", "preferred", "tie"])
        if outcome == "tie":
            return {"better": {"outcome": "tie"}}
        preferred, strength = self.random.choice(shown), self.random.randint(1, 2)
        return {"better": {"outcome": "preferred", "preferred": preferred, "strength": strength}}

    def keep_draft(self, token: str, held: dict[str, Any]) -> None:
        draft = self.answers(held["item"])
        sent = {"token": token, "digest": digest(draft)}
        self.send("draft", "PUT", f"assignments/{token}/draft/", {"answers": draft}, sent=sent)

    def skip(self, token: str) -> None:
        body = {"reason": "unclear", "note": ""}
        self.send("skip", "POST", f"assignments/{token}/skip/", body, sent={"token": token})

    def undo(self, token: str, submission: str) -> None:
        """Take the review back and send another one, or leave it as a draft."""
        self.wait(0.0, 0.5)
        sent = {"token": token, "submission": submission}
        op, answer = self.send("undo", "POST", f"assignments/{token}/undo/", key=self.new_key(), sent=sent)
        if answer is not None and op.is_done and self.random.random() < 0.7:
            self.submit(answer.data)


class Latecomer(Reviewer):
    """Comes when all is quiet and takes what is left, until nothing is: every item must be claimable to its end."""

    pause = (0.0, 0.0)

    def turn(self) -> None:
        for queue in sorted(set(QUEUES)):
            while not self.shared.over.is_set():
                _, answer = self.send("claim", "POST", f"queues/{queue}/claim/", key=self.new_key())
                if answer is None or answer.status != 201:
                    break
                self.submit(answer.data)
        self.shared.over.wait(0.5)


class PageReviewer(Reviewer):
    """Through the pages as htmx sends them: submit is answered with the next item."""

    queue = "single"

    def turn(self) -> None:
        self.queue = self.random.choice(QUEUES)
        self.post("page-claim", f"queues/{self.queue}/claim/", {})
        answer = self.look(f"queues/{self.queue}/review/")
        for _ in range(self.random.randint(1, 6)):
            if answer is None or answer.status != 200 or not (held := desk(answer)):
                self.wait(0.05, 0.4)
                return
            answer = self.one_item(held)

    def one_item(self, held: dict[str, Any]) -> Answer | None:
        token, chance = held["token"], self.random.random()
        if chance < 0.2:
            fields = {"token": token, "submission_id": self.new_key(), "q-helpful": "2", "spans": "[]"}
            self.post("page-draft", f"queues/{self.queue}/draft/", fields, sent={"token": token})
        if chance < 0.06:
            fields = {"token": token, "reason": "unclear", "note": ""}
            return self.post("skip", f"queues/{self.queue}/skip/", fields, sent={"token": token}, htmx=True)[1]
        if chance < 0.12:
            self.post("page-release", f"queues/{self.queue}/release/", {"token": token}, sent={"token": token})
            return None
        if chance < 0.2:
            self.wait(4.2, 6.0)
        op, answer = self.send_form(held)
        undo = answer and re.search(rf'hx-post="[^"]*/(history/{token}/undo/\?review=\d+)"', answer.text)
        if answer is not None and undo and answer.status == 200 and self.random.random() < 0.1:
            sent = {"token": token, "submission": op.key}
            _, back = self.post("undo", undo[1], {}, sent=sent, htmx=True)
            return back if back is not None and back.status == 200 else answer
        return answer

    def send_form(self, held: dict[str, Any]) -> tuple[Op, Answer | None]:
        token, submission, shown = held["token"], self.new_key(), held["shown"]
        fields: dict[str, Any] = {"token": token, "submission_id": submission, "active_ms": "900", "spans": "[]"}
        if len(shown) == 2:
            answers = self.compared(shown)
            given = answers["better"]
            side = "left" if given.get("preferred") == shown[0] else "right"
            fields["q-better"] = given["outcome"] if "strength" not in given else f"{side}_{given['strength']}"
        else:
            answers = {**self.rated(), "flags": []}
            fields |= {f"q-{name}": answers[name] for name in ("grounded", "helpful", "why")}
        sent = {"token": token, "digest": digest([answers, ""])}
        path = f"queues/{self.queue}/submit/"
        return self.post("submit", path, fields, key=submission, sent=sent, htmx=True)


def desk(answer: Answer) -> dict[str, Any]:
    """The claim on a desk, {} when none is on it."""
    found = re.search(r'name="token" value="([0-9a-f-]{36})"', answer.text)
    if found is None or 'data-over="yes"' in answer.text:
        return {}
    shown = [int(pk) for pk in re.findall(r'data-response="(\d+)"', answer.text)]
    return {"token": found[1], "shown": shown}
