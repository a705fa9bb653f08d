"""Evidence of decompositions: what it costs to write and to verify, against the decomposition itself.

    python benchmarks/evidence.py [NAME ...]

Processor seconds in this process, from empty caches of the checker; the peer is the engine that made the decomposition (no installable tool
writes or verifies evidence of a cylindrical decomposition).
"""

import sys
import time
from math import exp, log
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "geometry"))

import bank  # noqa: E402

import tamecheck as tc  # noqa: E402
from tamecheck import cell_checker  # noqa: E402


def main(names: list[str]) -> None:
    """Print a line per problem of the bank, and geometric means."""
    tc.cells(["x^2+y^2-2"], ["x", "y"]).evidence().verify()  # imports
    ratios = []
    print(f"{'problem':24} {'cells':>7} {'decompose':>10} {'write':>8} {'verify':>8} {'bytes':>9} {'verify/decompose':>17}")
    for p in bank.CAD:
        if names and p.name not in names:
            continue
        t0 = time.process_time()
        d = tc.cells(list(p.polynomials), p.variables.split())
        t1 = time.process_time()
        text = d.evidence().to_json()
        t2 = time.process_time()
        cell_checker._STURM.clear()
        cell_checker._IRREDUCIBLE.clear()
        answer = cell_checker.answer(text)
        t3 = time.process_time()
        if answer["verdict"] != "valid":
            raise SystemExit(f"{p.name}: {answer}")
        ratio = (t3 - t2) / max(t1 - t0, 0.001)
        ratios.append(ratio)
        print(f"{p.name:24} {len(d):7} {t1 - t0:10.3f} {t2 - t1:8.3f} {t3 - t2:8.3f} {len(text):9} {ratio:17.1f}")
    print(f"{len(ratios)} verified; geometric mean of verify/decompose {exp(sum(map(log, ratios)) / len(ratios)):.1f}, largest {max(ratios):.1f}")


if __name__ == "__main__":
    main(sys.argv[1:])
