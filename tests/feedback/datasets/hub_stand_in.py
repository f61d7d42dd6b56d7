"""A hub of datasets on this machine that speaks the few routes which an upload uses. `repositories` is what it holds.

It hashes what it gets, as the real one does; nothing of a commit is seen before the commit.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

Files = dict[str, bytes]


class Hub(ThreadingHTTPServer):
    def __init__(self, token: str) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.token, self.harm = token, ""
        self.repositories: dict[str, Files] = {}
        self.large: set[str] = set()  # names that went up as large files
        self.objects: dict[str, bytes] = {}
        self.commits: list[str] = []
        self.address = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.shutdown()
        self.server_close()


class Answer(BaseHTTPRequestHandler):
    server: Hub

    def log_message(self, *args: Any) -> None:
        """Nothing."""

    def body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def is_known(self) -> bool:
        return self.headers.get("Authorization") == f"Bearer {self.server.token}"

    def give(self, told: Any, status: int = 200) -> None:
        data = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_PUT(self) -> None:
        data = self.body()
        oid = self.path.rpartition("/")[2]
        if hashlib.sha256(data).hexdigest() != oid:
            return self.give({"error": "Another hash."}, 400)
        self.server.objects[oid] = data
        return self.give({})

    def do_GET(self) -> None:
        if not self.is_known():
            return self.give({"error": "Who are you?"}, 401)
        if "/tree/" in self.path:
            name = "/".join(self.path.split("/")[3:5])
            return self.give([self.told(name, path) for path in self.server.repositories[name]])
        return self.give({"id": "x", "sha": self.server.commits[-1], "siblings": []})

    def do_POST(self) -> None:
        data, path = self.body(), self.path.partition("?")[0]
        if not self.is_known():
            return self.give({"error": "Who are you?"}, 401)
        if path == "/api/repos/create":
            return self.create(json.loads(data))
        if path == "/api/validate-yaml":
            return self.give({"errors": [], "warnings": []})
        if path.endswith("/objects/batch"):
            return self.batch(json.loads(data))
        name, verb = "/".join(path.split("/")[3:5]), path.split("/")[5]
        if verb == "preupload":
            files = [{"path": file["path"], "uploadMode": "lfs" if file["path"].endswith(".parquet") else "regular",
                      "shouldIgnore": False, "oid": None} for file in json.loads(data)["files"]]  # fmt: skip
            return self.give({"files": files})
        if verb == "commit":
            return self.commit(name, [json.loads(line) for line in data.splitlines()])
        return self.give([self.told(name, path) for path in parse_qs(data.decode())["paths"]])

    def create(self, wanted: dict[str, Any]) -> None:
        name = f"{wanted['organization']}/{wanted['name']}"
        self.server.repositories.setdefault(name, {})
        self.give({"url": f"{self.server.address}/datasets/{name}"})

    def batch(self, wanted: dict[str, Any]) -> None:
        objects = [
            {**one, "actions": {"upload": {"href": f"{self.server.address}/lfs/{one['oid']}", "header": {}}}}
            for one in wanted["objects"]
        ]
        self.give({"transfer": "basic", "objects": objects})

    def commit(self, name: str, lines: list[dict[str, Any]]) -> None:
        files = dict(self.server.repositories[name])
        for line in lines:
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.server.objects[value["oid"]]
                self.server.large.add(value["path"])
            elif line["key"] == "deletedFile":
                del files[value["path"]]
        if self.server.harm:
            files[self.server.harm] += b"!"
        self.server.repositories[name] = files
        self.server.commits.append(hashlib.sha1(json.dumps(lines).encode()).hexdigest())
        url = f"{self.server.address}/datasets/{name}/commit/{self.server.commits[-1]}"
        self.give({"success": True, "commitUrl": url, "commitOid": self.server.commits[-1], "hookOutput": ""})

    def told(self, name: str, path: str) -> dict[str, Any]:
        data = self.server.repositories[name][path]
        found = {"type": "file", "path": path, "size": len(data)}
        if path in self.server.large:
            large = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 134}
            return {**found, "oid": "0" * 40, "lfs": large}
        return {**found, "oid": hashlib.sha1(f"blob {len(data)}\0".encode() + data).hexdigest()}
