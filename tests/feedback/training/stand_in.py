"""A service that speaks OpenAI's fine-tuning API, on loopback: real requests, real files, faults on demand."""

from __future__ import annotations

import base64
import itertools
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "sk-zqtraining-0123456789"
CURVE = "step,train_loss,valid_loss\n1,0.69,0.7\n2,0.61,\n3,0.52,0.58\n"


@dataclass
class Service:
    """Its state. `faults` are (method, part of the path, what): a status, or "lost" for an answer that never comes."""

    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    faults: list[tuple[str, str, int | str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    n_per_page: int = 100
    url: str = ""
    key: str = KEY

    def __post_init__(self) -> None:
        self.counter = itertools.count(1)

    def upload(self, handler: Handler, body: bytes) -> dict[str, Any]:
        border = handler.headers["Content-Type"].split("boundary=")[1].encode()
        parts = [part for part in body.split(b"--" + border) if b'name="file"' in part]
        head, _, data = parts[0].partition(b"\r\n\r\n")
        name = re.search(rb'filename="([^"]+)"', head)
        assert name
        content = data[: -len(b"\r\n")]
        known = f"file-{next(self.counter)}"
        row = {"id": known, "filename": name[1].decode(), "bytes": len(content)}
        self.files[known] = {**row, "object": "file", "purpose": "fine-tune", "content": content}
        return row

    def create(self, handler: Handler, body: bytes) -> dict[str, Any]:
        wanted = json.loads(body)
        name = f"ftjob-{next(self.counter)}"
        fresh: dict[str, Any] = {
            "status": "validating_files",
            "fine_tuned_model": None,
            "result_files": [],
            "trained_tokens": None,
        }
        self.jobs[name] = {**wanted, **fresh, "id": name, "object": "fine_tuning.job", "error": None}
        self.events[name] = []
        self.say(name, "Created fine-tuning job")
        return self.jobs[name]

    def say(self, name: str, message: str, data: dict[str, Any] | None = None) -> None:
        number = next(self.counter)
        about = {"id": f"ftevent-{number}", "created_at": 1_780_000_000 + number, "level": "info", "message": message}
        self.events[name].insert(0, {**about, "type": "metrics" if data else "message", "data": data or {}})

    def train(self, name: str, step: int, loss: float) -> None:
        self.jobs[name]["status"] = "running"
        self.say(name, f"Step {step}/3: training loss={loss}", {"step": step, "total_steps": 3, "train_loss": loss})

    def succeed(self, name: str) -> None:
        result = {"id": "file-result", "content": base64.b64encode(CURVE.encode())}
        self.files["file-result"] = result
        self.jobs[name] |= {"status": "succeeded", "fine_tuned_model": "ft:small-1:claims", "trained_tokens": 2_000_000,
                            "result_files": ["file-result"]}  # fmt: skip
        self.say(name, "The job has successfully completed")

    def page(self, rows: list[dict[str, Any]], query: dict[str, list[str]]) -> dict[str, Any]:
        ids = [row["id"] for row in rows]
        start = ids.index(query["after"][0]) + 1 if "after" in query else 0
        shown = rows[start : start + self.n_per_page]
        plain = [{name: value for name, value in row.items() if name != "content"} for row in shown]
        return {"object": "list", "data": plain, "has_more": start + len(shown) < len(rows)}

    def answer(self, handler: Handler, method: str, body: bytes) -> Any:
        target = urlsplit(handler.path)
        path, query = target.path.removeprefix("/v1"), parse_qs(target.query)
        parts = path.strip("/").split("/")
        if (method, path) == ("POST", "/files"):
            return self.upload(handler, body)
        if path == "/files":
            return self.page(list(self.files.values())[::-1], query)
        if parts[0] == "files" and parts[-1] == "content":
            return self.files[parts[1]]["content"]
        if (method, path) == ("POST", "/fine_tuning/jobs"):
            return self.create(handler, body)
        if path == "/fine_tuning/jobs":
            return self.page(list(self.jobs.values())[::-1], query)
        job = self.jobs[parts[2]]
        if parts[-1] == "events":
            return self.page(self.events[job["id"]], query)
        if parts[-1] == "checkpoints":
            return {"data": [{"id": "c", "fine_tuned_model_checkpoint": "ft:small-1:ckpt-2", "step_number": 2}]}
        if parts[-1] == "cancel":
            job["status"] = "cancelled" if job["status"] != "succeeded" else "succeeded"
        return job


class Handler(BaseHTTPRequestHandler):
    service: Service

    def log_message(self, *_: Any) -> None:
        pass

    def reply(self, status: int, content: Any) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if status == 429:
            self.send_header("Retry-After", "7")
        self.end_headers()
        self.wfile.write(body)

    def do(self, method: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        service = self.service
        service.asked.append(f"{method} {urlsplit(self.path).path.removeprefix('/v1')}")
        fault = next((one for one in service.faults if one[0] == method and one[1] in self.path), None)
        if self.headers.get("Authorization") != f"Bearer {service.key}":
            return self.reply(401, {"error": {"message": f"Incorrect API key: {self.headers.get('Authorization')}"}})
        if fault:
            service.faults.remove(fault)
        if fault and isinstance(fault[2], int):
            return self.reply(fault[2], {"error": {"message": f"fault {fault[2]} for {KEY}"}})
        try:
            content = service.answer(self, method, body)
        except (KeyError, ValueError):
            return self.reply(404, {"error": {"message": "No such thing"}})
        if fault:  # done, and nobody hears of it
            self.connection.close()
            return None
        return self.reply(200, content)

    def do_GET(self) -> None:
        self.do("GET")

    def do_POST(self) -> None:
        self.do("POST")


def serve() -> tuple[Service, ThreadingHTTPServer]:
    service = Service()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"service": service}))
    service.url = f"http://127.0.0.1:{server.server_port}/v1"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return service, server
