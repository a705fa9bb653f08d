"""Topology and strata: our time against QEPCAD-B's for the cells alone, where it is installed, in the same run.

    python benchmarks/topology.py [repetitions]

No installable tool computes closures, homology or connected real Whitney strata, so the peer is QEPCAD-B 1.74 (Debian package ``qepcad``) on a part
of the task: the cells of the same polynomial in the same coordinates, net of the time for a trivial input.  All times are processor time in
seconds (user and system), so that other work on the machine does not count.  A ratio below 1 means that we finish the whole task
before it has the cells.
"""

import resource
import shutil
import subprocess
import sys

import tamecheck as tc
from tamecheck.geometry.cad.adjacency import Adjacency
from tamecheck.geometry.topology.regions import region

SHEAR = {"x": "(x+2*y-z)", "y": "(y+3*z)", "z": "z"}
TORUS = "(x^2+y^2+z^2+3)^2-16*(x^2+y^2)"
STEINER = "x^2*y^2+y^2*z^2+z^2*x^2-2*x*y*z"
SHEARED = [
    ("torus", TORUS), ("Steiner", STEINER), ("umbrella", "x^2-y^2*z"), ("Cayley", "1-x^2-y^2-z^2+2*x*y*z"),
]  # fmt: skip
SURFACES = [
    ("umbrella", "x^2-y^2*z"), ("cusp family", "y^2-x^3-z^2*x^2"), ("Cayley", "1-x^2-y^2-z^2+2*x*y*z"), ("cone", "x^2+y^2-z^2"),
    ("cusp cylinder", "y^2-x^3"), ("swallowtail", "256*z^3-128*x^2*z^2+144*x*y^2*z+16*x^4*z-27*y^4-4*x^3*y^2"), ("D4", "z^2-x^2*y+y^3"),
    ("four planes", "x*y*(x-y)*(x-z*y)"), ("Steiner", STEINER),
]  # fmt: skip
GROUPS = [
    ("torus", f"{TORUS}==0"), ("outside a torus", f"{TORUS}>0"), ("genus 5", "x^4-5*x^2+y^4-5*y^2+z^4-5*z^2+12==0"), ("Steiner", f"{STEINER}==0"),
]  # fmt: skip


def best(call, repetitions: int, who: int = resource.RUSAGE_SELF) -> tuple[float, object]:
    """Return the least processor time and the last result."""
    least, result = float("inf"), None
    for _ in range(repetitions):
        start = spent(who)
        result = call()
        least = min(least, spent(who) - start)
    return least, result


def spent(who: int) -> float:
    """Return the processor time of this process, or of its finished children."""
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def qepcad(polynomial: str, repetitions: int) -> float | None:
    """Return the processor time of QEPCAD-B for the full decomposition, infinite beyond five minutes, ``None`` without it."""
    program = shutil.which("qepcad")
    if program is None:
        return None
    text = f"[]\n(x,y,z)\n3\n[{product(polynomial)} = 0].\nfull-cad\ngo\ngo\ngo\nd-true-cells\nfinish\n"

    def run():
        return subprocess.run([program, "-noecho", "+N20000000"], input=text, capture_output=True, text=True, timeout=300, check=False)

    try:
        return best(run, repetitions, resource.RUSAGE_CHILDREN)[0]
    except subprocess.TimeoutExpired:
        return float("inf")


def product(polynomial: str) -> str:
    """Return a polynomial expanded, in QEPCAD's notation (blanks for products)."""
    from tamecheck.ground.polynomials import Ring, read

    return str(read(Ring(["x", "y", "z"]), polynomial)[0]).replace("*", " ")


def shown(ours: float, theirs: float | None, floor: float | None) -> str:
    """Return the columns of times and their ratio."""
    if theirs is None:
        return f"{ours:8.4f}      (no qepcad)"
    net = max(theirs - floor, 0.001)
    return f"{ours:8.4f} {net:8.4f} {ours / net:8.2f}"


def main(repetitions: int) -> None:
    """Print the tables."""
    floor = qepcad("x", repetitions)
    print("sheared coordinates x -> x+2y-z, y -> y+3z: cells; cells and all closures; QEPCAD's cells\n")
    print(f"{'set':<16} {'cells':>6} {'s cells':>8} {'s all':>8} {'s QEPCAD':>8} {'ratio':>8}")
    for name, p in SHEARED:
        moved = "".join([SHEAR.get(c, c) for c in p])
        alone, d = best(lambda moved=moved: tc.cells([moved], ["x", "y", "z"]), repetitions)
        ours, _ = best(lambda moved=moved: Adjacency(tc.cells([moved], ["x", "y", "z"])), repetitions)
        print(f"{name:<16} {len(d):>6} {alone:8.4f} {shown(ours, qepcad(moved, 1), floor)}")
    print("\nWhitney stratifications (strata of dimension 0, 1, 2)\n")
    print(f"{'surface':<16} {'strata':>12} {'s ours':>8} {'s QEPCAD':>8} {'ratio':>8}")
    total = 0.0
    for name, p in SURFACES:
        ours, s = best(lambda p=p: tc.strata(f"{p} == 0", ["x", "y", "z"]), repetitions)
        total += ours
        print(f"{name:<16} {s.count_by_dimension!s:>12} {shown(ours, qepcad(p, 1), floor)}")
    print(f"{'together':<29} {total:8.4f}")
    print("\nhomology\n")
    for name, formula in GROUPS:
        ours, r = best(lambda formula=formula: groups(formula), repetitions)
        print(f"{name:<16} {r.betti!s:>14} by {r.method:<8} {ours:8.4f}")


def groups(formula: str):
    """Return a region with its homology computed."""
    r = region(formula, ["x", "y", "z"])
    r.homology  # noqa: B018 (computed here)
    return r


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
