"""Steps per second of both checkers, and how the time grows with the certificate.

Run: ``python benchmarks/checker_speed.py [largest power of ten, default 5]``.  Each line: the shape of the program, its
nodes, the steps, seconds and steps per second of the checker and of the second checker (in process), and the exponent
of growth between this size and the one before: 1.0 is linear.  Shapes: a chain of affine maps and logistic functions, a
chain of doublings (2^n paths through n nodes), a tree, a transformer with exact GELU.
"""

import gc
import sys
import time
from collections.abc import Callable
from math import log
from pathlib import Path

from scaling import chain, transformer, tree

import tamecheck as tc
from tamecheck import checker
from tamecheck.programs.program import Program

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "quality"))


def doubling(size: int) -> tuple[Program, int]:
    """x -> x + x over and over, clamped: a graph with 2^size paths."""
    p = Program()
    n, one = p.input("x", ()), p.constant(1)
    while len(p) < size:
        n = p.map("min", p.map("add", n, n), one)
    return p, n


def seconds(check: Callable, data: bytes, claim: bytes) -> tuple[float, int]:
    """Return the time and the number of steps of an accepted certificate; no search for cycles, as on the command line."""
    gc.collect()
    gc.disable()
    started = time.perf_counter()
    answer = check(data, claim)
    spent = time.perf_counter() - started
    gc.enable()
    if answer.verdict != "valid":
        raise SystemExit(f"{answer.verdict} {answer.code} {answer.reason}")
    return spent, answer.steps


def main() -> None:
    """Print the table."""
    import second_checker

    largest = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    print(f"{'shape':<12}{'nodes':>9}{'steps':>9}{'bytes':>12}  {'checker':>20}{'growth':>8}  {'second checker':>20}{'growth':>8}")
    for build in (chain, doubling, tree, transformer):
        before: list[float] = []
        for power in range(3, largest + 1):
            program, node = build(10**power)
            certificate = tc.certify((program, {"output": node}), sharpness=False)
            data, claim = certificate.to_bytes(), certificate.claim_bytes()
            times, cells = [], []
            for k, module in enumerate((checker, second_checker)):
                spent, steps = seconds(module.check, data, claim)
                growth = f"{log(spent / before[k], 10):.2f}" if before else ""
                cells.append(f"{spent:>8.2f} s {steps / spent:>8,.0f}/s{growth:>8}")
                times.append(spent)
            before = times
            print(f"{build.__name__:<12}{len(program):>9,}{steps:>9,}{len(data):>12,}  {'  '.join(cells)}")


if __name__ == "__main__":
    main()
