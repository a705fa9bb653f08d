"""Lowering small networks to pieces: seconds, pieces, and the exact linear programming in it against z3 on the same questions.

    python benchmarks/lowering.py

Every question "is there a point under these linear conditions" that a lowering asks is recorded and put to z3 (one solver per question, as the
lowering does, with the expressions built outside the clock).  The answers have to agree.
"""

import itertools
import random
import time
from fractions import Fraction

import z3

import tamecheck as tc
from tamecheck import nn
from tamecheck.ground import linear
from tamecheck.programs.lowering import conditions

NETS = [(2, 8, 1), (2, 8, 8, 1), (3, 6, 6, 1), (4, 8, 1), (2, 16, 1)]
LOSSES = [(1, 3), (2, 2), (2, 3), (3, 3)]


def network(widths, seed):
    """Return a random ReLU net with its weights."""
    rng, modules, values = random.Random(seed), [], {}
    for k, (a, b) in enumerate(itertools.pairwise(widths)):
        name = str(len(modules))
        values[f"{name}.weight"] = [[Fraction(rng.randint(-100, 100), 64) for _ in range(a)] for _ in range(b)]
        values[f"{name}.bias"] = [Fraction(rng.randint(-100, 100), 64) for _ in range(b)]
        modules.append(nn.Linear(a, b))
        if k < len(widths) - 2:
            modules.append(nn.ReLU())
    return nn.Network(nn.Sequential(*modules)(nn.Input("x", (1, widths[0])))), values


def loss(hidden, count):
    """Return the mean squared error of a 1-hidden-1 ReLU net on data x = 0, 1, ..., y = x^2."""
    x, y = nn.Input("x", (count, 1)), nn.Input("y", (count, 1))
    model = nn.Sequential(nn.Linear(1, hidden), nn.ReLU(), nn.Linear(hidden, 1))
    return nn.Loss(nn.mse_loss(model(x), y)), {"x": [[k] for k in range(count)], "y": [[k * k] for k in range(count)]}


def recorded(function):
    """Return seconds, the result, and the linear questions that were asked with their answers."""
    questions, original, depth = [], linear.solve, [0]

    def solve(rows, count, start=None):
        depth[0] += 1  # the simplex method calls itself once when it is given a starting point
        point = original(rows, count, start)
        depth[0] -= 1
        if not depth[0]:
            questions.append((list(rows), count, point is not None))
        return point

    begin = time.perf_counter()
    plain = function()
    seconds = time.perf_counter() - begin
    conditions.linear.solve = solve
    try:
        function()
    finally:
        conditions.linear.solve = original
    return seconds, plain, questions


def by_z3(questions):
    """Return the seconds that z3 takes for the questions, and ours without the rest of the lowering; answers have to agree."""
    theirs = ours = 0.0
    for rows, count, answer in questions:
        unknowns = z3.Reals(" ".join([f"x{k}" for k in range(count)])) if count > 1 else [z3.Real("x0")]
        atoms = []
        for a, b, relation in rows:
            e = z3.Sum([z3.Q(int(c.p), int(c.q)) * u for c, u in zip(a, unknowns, strict=False) if c]) + z3.Q(int(b.p), int(b.q))
            atoms.append({"ge": e >= 0, "gt": e > 0, "le": e <= 0, "lt": e < 0, "eq": e == 0}[relation])
        begin = time.perf_counter()
        solver = z3.Solver()
        solver.add(*atoms)
        found = solver.check() == z3.sat
        theirs += time.perf_counter() - begin
        begin = time.perf_counter()
        mine = linear.solve(rows, count)
        ours += time.perf_counter() - begin
        assert found == answer == (mine is not None)
    return theirs, ours


def line(name, function):
    """Print one line."""
    seconds, f, questions = recorded(function)
    theirs, ours = by_z3(questions[:400])
    asked = len(questions[:400])
    print(
        f"{name:<28} {f.kind:<10} {len(f):>5} pieces in {seconds:6.3f} s; {len(questions):>5} questions: "
        f"{1e6 * ours / max(asked, 1):6.0f} us each, z3 {1e6 * theirs / max(asked, 1):6.0f} us, z3/ours {theirs / max(ours, 1e-9):5.1f}"
    )


def main():
    """Run everything."""
    for widths in NETS:
        net, values = network(widths, 1)
        line(f"{'-'.join(map(str, widths))} in its inputs", lambda net=net, values=values: tc.lower(net, "inputs", values))
    for hidden, count in LOSSES:
        value, data = loss(hidden, count)
        line(f"loss of 1-{hidden}-1, {count} data", lambda value=value, data=data: tc.lower(value, "parameters", data))


if __name__ == "__main__":
    main()
