"""A process whose clock is CLOCK_HOURS off. How fast time passes for it is right, and so is the database's clock."""

import os
from datetime import UTC, datetime, timedelta

import time_machine


def put_off() -> None:
    hours = int(os.environ.get("CLOCK_HOURS", "0"))
    if hours:
        time_machine.travel(datetime.now(UTC) + timedelta(hours=hours)).start()
