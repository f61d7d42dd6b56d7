"""Values of other statistics libraries, frozen for our tests: `make oracles` writes an oracles.json beside them.

Each library has an environment of its own in a temporary folder, with the version named here (irrCAC pins a scipy that
nothing else here can live with, krippendorff is under the GPL; neither is installed with the product).
"""

import json
import random
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

import real_oracles

KRIPPENDORFF_0_9 = ["krippendorff==0.9.0", "numpy"]
IRRCAC = ["irrCAC==0.4.4", "setuptools<81"]
CROWD_KIT = ["crowd-kit==1.4.2"]

TARGET = Path(__file__).resolve().parent.parent / "tests" / "feedback" / "statistics" / "oracles.json"
Row = list[float | None]

# Krippendorff (2011): four observers, twelve units; and three coders, fifteen units.
KRIPPENDORFF: list[Row] = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]
THREE: list[Row] = [
    [None, None, None, None, None, 3, 4, 1, 2, 1, 1, 3, 3, None, 3],
    [1, None, 2, 1, 3, 3, 4, 3, None, None, None, None, None, None, None],
    [None, None, 2, 1, 3, 4, 4, None, 2, 1, 1, 3, 3, None, 4],
]
# Fleiss (1971): ten subjects, how often each of five categories was chosen.
FLEISS = [
    [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
]  # fmt: skip

ALPHA = """
import json, sys, numpy, krippendorff
for rows in json.load(sys.stdin):
    data = numpy.array(rows, dtype=float)
    levels = ("nominal", "ordinal", "interval")
    print(json.dumps({level: krippendorff.alpha(data, level_of_measurement=level) for level in levels}))
"""
GWET = """
import json, sys, pandas
from irrCAC.raw import CAC
for rows in json.load(sys.stdin):
    data = pandas.DataFrame(rows, dtype=float).T
    def value(weights, method):
        found = getattr(CAC(data, weights=weights, digits=8), method)()["est"]
        return [found["coefficient_value"], found["se"]]
    gwet = {weights: value(weights, "gwet") for weights in ("identity", "ordinal", "quadratic")}
    print(json.dumps({"gwet": gwet, "fleiss": value("identity", "fleiss")}))
"""


def drawn(seed: int, raters: int, items: int, gaps: float) -> list[Row]:
    """Five values, people who mostly see the same one, and gaps."""
    numbers = random.Random(seed)
    truth = [numbers.randint(1, 5) for _ in range(items)]
    return [
        [
            None if numbers.random() < gaps else max(1, min(5, value + numbers.choice([-1, 0, 0, 0, 1])))
            for value in truth
        ]
        for _ in range(raters)
    ]


MATRICES = {
    "krippendorff": KRIPPENDORFF,
    "three_coders": THREE,
    "drawn_full": drawn(1, 4, 40, 0.0),
    "drawn_gaps": drawn(2, 5, 60, 0.4),
}


def asked(packages: list[str], program: str, given: Any) -> list[Any]:
    """What the program prints of what it is given, in an environment with these packages."""
    with tempfile.TemporaryDirectory(prefix="touchstone-oracle-") as folder:
        venv.create(folder, with_pip=True)
        python = f"{folder}/bin/python"
        subprocess.run([python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", *packages], check=True)
        text = json.dumps(given)
        done = subprocess.run([python, "-c", program], input=text, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def write(target: Path, found: Any) -> None:
    target.write_text(json.dumps(found, separators=(",", ":")).replace("},", "},\n") + "\n")


def of_matrices() -> None:
    given = list(MATRICES.values())
    alphas, gwets = asked(KRIPPENDORFF_0_9, ALPHA, given), asked(IRRCAC, GWET, given)
    cases = {
        name: {"rows": rows, "alpha": alpha, **gwet}
        for (name, rows), alpha, gwet in zip(MATRICES.items(), alphas, gwets, strict=True)
    }
    write(TARGET, {"fleiss_1971": FLEISS, "matrices": cases})
    print(f"{len(cases)} matrices in {TARGET.name}", file=sys.stderr)


def of_real_labels() -> None:
    if not real_oracles.is_there():
        print(f"No public labels in {real_oracles.DATA} (DATA_DIR): their values stay as they are.", file=sys.stderr)
        return
    given = real_oracles.given()
    [alphas] = asked(KRIPPENDORFF_0_9, real_oracles.ALPHA, given)
    [gwets] = asked(IRRCAC, real_oracles.GWET, given)
    [crowd] = asked(CROWD_KIT, real_oracles.CROWD, given)
    consensus = {name: real_oracles.summed(said) for name, said in crowd.items()}
    write(real_oracles.TARGET, real_oracles.merged(alphas, gwets, consensus))
    print(f"{len(consensus)} sets of real labels in {real_oracles.TARGET.name}", file=sys.stderr)


if __name__ == "__main__":
    of_matrices()
    of_real_labels()
