"""How many wrong rules do gradient checkers miss, how many right ones do they reject?  `torch.autograd.gradcheck`, `jax.test_util.check_grads`.

    python benchmarks/conservative.py facts       (processor time of every fact)
    python benchmarks/conservative.py torch       (an environment with torch)
    python benchmarks/conservative.py jax         (an environment with jax and python-flint)

The programs and rules are those of tests/autodiff/test_properties.py: planted wrong rules, and programs whose rules are conservative.  A checker
sees the same function and the same rule as the exact decision: values and derivatives are computed exactly and rounded.  It is asked at points
drawn at random, as it is used, and at the lattice points {-1, 0, 1}^n, where kinks are.
"""

import argparse
import itertools
import random
import sys
import time
from fractions import Fraction
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tamecheck.autodiff.code import read  # noqa: E402
from tamecheck.autodiff.decision import decide  # noqa: E402
from tamecheck.autodiff.rules import load  # noqa: E402
from tamecheck.autodiff.verify import ONE, Outside, Walk, trim  # noqa: E402
from tamecheck.ground.grammar import parse  # noqa: E402

RANDOM_POINTS = 20
TESTS = Path(__file__).resolve().parent.parent / "tests" / "autodiff"
POSITIVE, NEGATIVE = ("exact-c1", "clarke", "conservative"), ("not-conservative", "conservative-for-other")


def cases() -> tuple[list, list]:
    """Return the wrong and the right (program, rules, names)."""
    import re

    text = (Path(__file__).resolve().parent.parent / "tests" / "autodiff" / "test_properties.py").read_text(encoding="utf-8")
    namespace: dict = {}
    for name in ("def ties", "CONSERVATIVE = ", "PLANTED = "):
        start = text.index(name)
        end = re.search(r"\n\n\n", text[start:])
        code = compile(text[start : start + end.start()], name, "exec")
        exec(code, namespace)  # noqa: S102 - our own test file
    wrong = [(p, r, ["x", "y"]) for p, r in namespace["PLANTED"]]
    right = [(p, "torch", n) for p, n in namespace["CONSERVATIVE"]]
    return wrong, right


class Program:
    """Value and returned derivative at a point of floats, exactly, then rounded."""

    def __init__(self, text, rules, names) -> None:
        self.code, self.rules = read(parse(text), names), load(rules)

    def __call__(self, point):
        walk = Walk(self.code, [(trim([Fraction(float(x))]), ONE) for x in point], self.rules)
        f = walk.v[self.code.root]
        value = float(f) if isinstance(f, bool) else float((f[0][0] if f[0] else Fraction(0)) / f[1][0])
        gradient = [float((g[0][0] if g[0] else Fraction(0)) / g[1][0]) for g in walk.gradient()]
        return value, gradient


def torch_passes(program: Program, points) -> bool:
    """Return whether gradcheck accepts the rule at all points."""
    import torch

    class Wrapped(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            value, gradient = program(x.tolist())
            ctx.save_for_backward(torch.tensor(gradient, dtype=torch.float64))
            return torch.tensor(value, dtype=torch.float64)

        @staticmethod
        def backward(ctx, g):
            return g * ctx.saved_tensors[0]

    for p in points:
        x = torch.tensor(p, dtype=torch.float64, requires_grad=True)
        if not torch.autograd.gradcheck(Wrapped.apply, (x,), raise_exception=False):
            return False
    return True


def jax_passes(program: Program, points) -> bool:
    """Return whether check_grads (reverse mode, order 1) accepts the rule at all points."""
    import jax
    import numpy
    from jax.test_util import check_grads

    jax.config.update("jax_enable_x64", True)
    n = len(program.code.names)

    @jax.custom_vjp
    def f(x):
        return jax.pure_callback(lambda y: numpy.float64(program(y.tolist())[0]), jax.ShapeDtypeStruct((), "float64"), x)

    def forward(x):
        return f(x), jax.pure_callback(lambda y: numpy.array(program(y.tolist())[1]), jax.ShapeDtypeStruct((n,), "float64"), x)

    f.defvjp(forward, lambda d, g: (g * d,))
    for p in points:
        try:
            check_grads(f, (numpy.array(p, dtype="float64"),), order=1, modes=["rev"])
        except AssertionError:
            return False
    return True


PEERS = {"torch": ("torch.autograd.gradcheck", torch_passes), "jax": ("jax.test_util.check_grads", jax_passes)}


def facts() -> int:
    """Print the processor time of every program with rules in the tables of the tests, polynomial and curved ones apart."""
    from tamecheck.conservative_report import conservative

    sys.path.insert(0, str(TESTS))
    import test_conservative_facts as polynomial
    import test_facts_beyond_polynomials as beyond

    cases = [(c[0], c[1], c[2], None) for c in polynomial.ONE]
    cases += [(c[0], c[1], c[3], c[2]) for c in [*polynomial.SEVERAL, *polynomial.WRONG]]
    cases += [("1", c[0], "torch", None) for c in beyond.ONE] + [("1", c[0], "torch", ["x", "y"]) for c in beyond.SEVERAL]
    cases += [("B22", beyond.LARGEST, beyond.rule("hypot", ("3/5", "4/5"), "x0 == 0 and x1 == 0"), ["a", "b", "c"])]
    cases += [("C12", "-log(p)", beyond.BCE, None), ("C13", "-log(sigmoid(z))", beyond.BCE, None), ("C17", "atan2(y, x)", "torch", ["x", "y"])]
    conservative("relu(x)")  # imports
    times = []
    for fact, text, rules, names in cases:
        started = time.process_time()
        report = conservative(text, rules, variables=names)
        space = None if report.decision.pieces is None else report.decision.pieces.space
        curved = space is not None and type(space).__name__ == "Curved"
        times.append((time.process_time() - started, fact, text, report.verdict, "curved" if curved else "other"))
    for kind, limit in (("other", 2), ("curved", 20)):
        own = sorted([t for t in times if t[4] == kind], reverse=True)
        total = sum([t[0] for t in own])
        print(f"{kind}: {len(own)} programs, {total:.1f} s of processor time, {sum([t[0] > limit for t in own])} over {limit} s; the slowest:")
        for seconds, fact, text, verdict, _ in own[:5]:
            print(f"  {seconds:6.2f} s  {fact:5} {text:60.60} {verdict}")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("peer", choices=[*PEERS, "facts"])
    options = parser.parse_args()
    if options.peer == "facts":
        return facts()
    name, passes = PEERS[options.peer]
    wrong, right = cases()
    random_ = random.Random(1)
    counts = {("wrong", "random"): 0, ("wrong", "lattice"): 0, ("right", "random"): 0, ("right", "lattice"): 0}
    exact, seconds, peer_seconds = {"wrong": 0, "right": 0}, 0.0, 0.0
    for label, listed in (("wrong", wrong), ("right", right)):
        for text, rules, names in listed:
            program = Program(text, rules, names)
            started = time.process_time()
            verdict = decide(program.code, program.rules).verdict
            seconds += time.process_time() - started
            exact[label] += verdict in (NEGATIVE if label == "wrong" else POSITIVE)
            sets = {
                "random": [[random_.gauss(0, 1) for _ in names] for _ in range(RANDOM_POINTS)],
                "lattice": [list(p) for p in itertools.product((-1.0, 0.0, 1.0), repeat=len(names))],
            }
            for where, points in sets.items():
                started = time.process_time()
                try:
                    accepted = passes(program, points)
                except (Outside, ZeroDivisionError):
                    accepted = False
                peer_seconds += time.process_time() - started
                counts[label, where] += accepted if label == "wrong" else not accepted
    n, m = len(wrong), len(right)
    print(f"{'':46}{'wrong rules missed':>20}{'right rules rejected':>22}")
    rows = [("tc.conservative", n - exact["wrong"], m - exact["right"])]
    for where, text in (("random", f"{RANDOM_POINTS} random points"), ("lattice", "lattice points")):
        rows.append((f"{name}, {text}", counts["wrong", where], counts["right", where]))
    for title, missed, rejected in rows:
        print(title.ljust(46) + f"{missed} of {n}".rjust(20) + f"{rejected} of {m}".rjust(22))
    print(f"seconds: exact decision {seconds:.1f}, {name} {peer_seconds:.1f} (both point sets; ratio {peer_seconds / seconds:.2f})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
