"""Run chaos by hand: python -m tests.faults.chaos --seeds 1 2 3 --seconds 60 [--folder DIR]

Exit code 1 when a promise was broken; then the folder is kept, with each seed's history, logs and report.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from tests.faults.chaos.campaign import campaign, run_seed


def main() -> int:
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # through every `finally`
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--seconds", type=float, default=60, help="of faults, for each seed; all run at the same time")
    parser.add_argument("--folder", type=Path, help="where it is kept; a temporary one when left out")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)  # a seed's own process
    given = parser.parse_args()
    if given.one is not None:
        run_seed(given.one, given.seconds, given.folder / f"seed-{given.one}", given.folder / "template")
        return 0
    folder = given.folder or Path(tempfile.mkdtemp(prefix="touchstone-chaos-"))
    reports = campaign(given.seeds, given.seconds, folder)
    print("\n".join(report.tell() for report in reports))
    if any(report.breaches for report in reports):
        print("\n".join(report.evidence(folder) for report in reports))
        print(f"Histories and logs: {folder}")
        return 1
    if given.folder is None:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
