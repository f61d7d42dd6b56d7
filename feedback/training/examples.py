"""Examples for the API's description; tests/test_openapi.py holds them to their schemas."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample

AT = "2026-03-02T09:15:00Z"
KEY = "6f1c8f0e-3f51-4c39-9a52-0c9b5e1c2a77"
request: dict[str, Any] = {
    "trainer": "hosted", "version": 1, "method": "dpo", "base_model": "small-1-2026-01", "suffix": "claims",
    "options": {"epochs": 2, "beta": 0.1},
}  # fmt: skip
job: dict[str, Any] = {
    "id": 1, "key": KEY, "trainer": "hosted", "version": 1, "method": "dpo", "base_model": "small-1-2026-01",
    "suffix": "claims", "options": {"epochs": 2, "beta": 0.1}, "state": "running", "phase": "watch",
    "status": "running", "remote_id": "ftjob-1", "done": 12, "total": 60, "error": "", "is_cancelling": False,
    "checkpoints": [{"name": "ft:small-1:claims:ckpt-step-10", "step": 10}], "trained_tokens": None, "cost": None,
    "currency": "USD", "result_name": "", "created_at": AT, "started_at": AT, "finished_at": None,
}  # fmt: skip

TRAINER = OpenApiExample("A trainer", value={
    "key": "hosted", "name": "Our fine-tuning service", "kind": "openai", "provider": "acme", "is_enabled": True,
    "methods": ["dpo", "sft"],
})  # fmt: skip
FINE_TUNE = OpenApiExample("A fine-tune", status_codes=["200", "202"], value=job)
FINE_TUNE_REQUEST = OpenApiExample("Preferences", value=request, request_only=True)
METRIC = OpenApiExample("A number", value={"step": 12, "name": "train_loss", "value": 0.61})
LINE = OpenApiExample("A line", value={"at": AT, "level": "info", "text": "Step 12 of 60: training loss 0.61"})
REPORT = OpenApiExample("How it goes on", request_only=True, value={
    "status": "running", "step": 12, "total_steps": 60, "metrics": [{"step": 12, "name": "train_loss", "value": 0.61}],
    "log": [{"key": "node-1:120", "text": "Step 12 of 60", "level": "info"}],
})  # fmt: skip
REPORTED = OpenApiExample("Taken", response_only=True, value={"state": "running", "is_cancelling": False})
LINKS = OpenApiExample("Addresses", value={"files": [{
    "split": "train", "url": "https://touchstone.example/api/v1/training-files/Wm0…/", "shape": "preference",
    "rows": 18, "bytes": 30376, "sha256": "0fdaf1107e66ef1f9a44d432f57a5caa267e8e206ac7317d4902f7b56f5a20c4",
}]})  # fmt: skip
