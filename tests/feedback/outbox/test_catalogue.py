"""The catalogue and its documentation say the same, and what the documentation teaches works."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from feedback.outbox.catalogue import TEST, TYPES
from feedback.outbox.models import Endpoint, Event
from tests.feedback.outbox.conftest import Receiver, work

HOW_TO = Path(__file__).resolve().parents[3] / "docs/how-to/webhooks.md"
ROW = re.compile(r"^\| `([\w.]+)` \| (.+) \| `(\{.*\})` \|$", re.M)


def test_the_how_to_has_every_event_with_its_data() -> None:
    rows = {name: (words, json.loads(data)) for name, words, data in ROW.findall(HOW_TO.read_text())}
    assert rows == {one.name: (one.words, one.data) for one in [*TYPES.values(), TEST]}


def test_the_how_to_s_receivers_read_what_is_sent(
    endpoint: Endpoint, receiver: Receiver, told: Callable[..., Event]
) -> None:
    told()
    work()
    headers, body = receiver.requests[0]
    blocks = re.findall(r"```python\n(.*?)```", HOW_TO.read_text(), re.S)
    assert len(blocks) == 2
    for block in blocks:
        names: dict[str, Any] = {}
        exec(block, names)
        assert names["receive"](endpoint.secret, headers, body)["type"] == "dataset.version.ready"
        other = "whsec_" + base64.b64encode(b"x" * 32).decode()
        with pytest.raises(Exception, match="signature|not from there"):
            names["receive"](other, headers, body)
