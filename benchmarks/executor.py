"""Lifting over a pool of two processes against lifting in one process, on decompositions with more than a hundred thousand cells.

    python benchmarks/executor.py [repetitions]

Wall time is what counts on a quiet machine with two free cores; processor time (this process, and both workers together) tells what the
distribution costs wherever it runs.  ``bound`` is serial / (this process + half of the workers): the speed-up that two free cores allow.
"""

import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import tamecheck as tc

PROBLEMS = [
    ("cubic and quadratic", ["w^3+x*w^2+y*w+z", "w^2+z*w-x"], "x y z w"),
    ("three surfaces", ["3+z^2+x*y*z+x*z^2", "3-2*w^2-2*z^2*w", "x*w+y*(1-y-2*z)"], "x y z w"),
]


def spent(who: int) -> float:
    """Return processor time of this process, or of its finished children."""
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def measured(call) -> tuple[float, float, float, int]:
    """Return wall time, processor time here, processor time of children, and the result."""
    wall, here, there = time.perf_counter(), spent(resource.RUSAGE_SELF), spent(resource.RUSAGE_CHILDREN)
    result = call()
    return time.perf_counter() - wall, spent(resource.RUSAGE_SELF) - here, spent(resource.RUSAGE_CHILDREN) - there, result


def pooled(polynomials: list[str], names: list[str]) -> int:
    """Decompose with two workers, which are started and ended here."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        return len(tc.cells(polynomials, names, executor=pool))


def main(repetitions: int) -> None:
    """Print the least times."""
    tc.cells(["x^2+y^2-2"], ["x", "y"])
    print(f"{'problem':20} {'cells':>7} {'serial wall':>11} {'cpu':>6} {'pool wall':>10} {'cpu here':>9} {'cpu workers':>12}", end=" ")
    print(f"{'wall ratio':>11} {'bound':>6}")
    for name, polynomials, variables in PROBLEMS:
        names = variables.split()
        serial = [measured(lambda p=polynomials, n=names: len(tc.cells(p, n))) for _ in range(repetitions)]
        pool = [measured(lambda p=polynomials, n=names: pooled(p, n)) for _ in range(repetitions)]
        if {r[3] for r in serial} != {r[3] for r in pool}:
            raise SystemExit(f"{name}: different cells")
        wall, cpu = min(r[0] for r in serial), min(r[1] for r in serial)
        wall2, here, workers = min(r[0] for r in pool), min(r[1] for r in pool), min(r[2] for r in pool)
        print(
            f"{name:20} {serial[0][3]:7} {wall:11.2f} {cpu:6.2f} {wall2:10.2f} {here:9.2f} {workers:12.2f} {wall / wall2:11.2f} "
            f"{cpu / (here + workers / 2):6.2f}"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
