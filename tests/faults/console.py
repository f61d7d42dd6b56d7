"""Python inside an instance: reads one JSON string of code a line, answers with the JSON of its variable `answer`."""

import json
import sys
import traceback

import django

django.setup()
names: dict[str, object] = {}
for line in sys.stdin:
    names["answer"] = None
    try:
        exec(json.loads(line), names)
        reply = {"answer": names["answer"]}
    except Exception:
        reply = {"error": traceback.format_exc()}
    print("\x00" + json.dumps(reply, default=str), flush=True)
