"""Rows to ingest, about 5 kB each: four turns, two passages, usage and metadata; and how they are sent."""

from __future__ import annotations

import http.client
import json
import random
from pathlib import Path
from typing import Any

WORDS = Path(__file__).with_name("process.py").read_text().split()


def made(count: int, seed: int = 7) -> list[dict[str, Any]]:
    draw = random.Random(seed)

    def text(words: int) -> str:
        return " ".join(draw.choices(WORDS, k=words))

    return [
        {
            "external_id": f"bench-{draw.getrandbits(64):016x}",
            "messages": [{"role": role, "content": text(60)} for role in ("system", "user", "assistant")]
            + [{"role": "user", "content": text(40)}],
            "output": text(120),
            "model": "bench-1",
            "provider": "bench",
            "parameters": {"temperature": 0.2},
            "prompt_version": {"name": "bench", "version": "v1"},
            "passages": [{"text": text(80), "title": text(3), "score": 0.5} for _ in range(2)],
            "usage": {"input_tokens": 900, "output_tokens": 200},
            "cost": "0.0012",
            "latency_ms": 900,
            "trace_id": f"{draw.getrandbits(64):016x}",
            "tags": ["bench"],
            "metadata": {"shard": number % 8},
            "responded_at": "2026-05-01T12:00:00Z",
        }
        for number in range(count)
    ]


def ndjson(rows: list[dict[str, Any]]) -> bytes:
    return b"\n".join(json.dumps(row, ensure_ascii=False).encode() for row in rows)


def send(port: int, key: str, *blocks: bytes) -> None:
    """One body of NDJSON over REST, in blocks; it must be taken."""
    length = str(sum(map(len, blocks)))
    about = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-ndjson", "Content-Length": length}
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    client.request("POST", "/api/v1/responses/", body=iter(blocks), headers=about)
    answer = client.getresponse()
    said = answer.read()
    client.close()
    assert answer.status < 300, (answer.status, said[:500])
    assert not json.loads(said)["refused"], said[:500]
