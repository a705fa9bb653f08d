"""The adversary of homogeneity: random programs, both checkers, and every claim at random points with many digits.

``TAMECHECK_TEST_MULTIPLIER=10`` makes the run ten times longer; the slow test takes a thousand programs.
"""

import os
import random
import sys
from pathlib import Path

import mpmath
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "quality"))

import precise_programs  # noqa: E402
import second_checker  # noqa: E402

import tamecheck as tc  # noqa: E402
from tamecheck import checker  # noqa: E402
from tamecheck.ground.intervals import interval  # noqa: E402
from tamecheck.programs.program import Program  # noqa: E402
from tamecheck.proofs.homogeneity import scalings  # noqa: E402

MULTIPLIER = int(os.environ.get("TAMECHECK_TEST_MULTIPLIER", "1"))
STEP = mpmath.mpf(10) ** -25
SLACK = 1 + mpmath.mpf(10) ** -12


def polynomial(p: tuple, r: mpmath.mpf) -> mpmath.mpf:
    """Evaluate a polynomial."""
    return sum([mpmath.mpf(c.numerator) / c.denominator * r**i for i, c in enumerate(p)], mpmath.mpf(0))


def norm(tensors: list) -> mpmath.mpf:
    """Return the Euclidean norm of several tensors."""
    return mpmath.sqrt(sum([x * x for t in tensors for x in np.ravel(t)], mpmath.mpf(0)))


def point(rng: random.Random, program: Program, group: list[str]) -> dict:
    """Return values of all inputs: the group's with a norm between 1e-3 and 1e6, many of them 0, equal, or tiny; the others in [-1, 1]."""
    values: dict = {}
    for n in program.inputs():
        name, shape = program.nodes[n][1][0], program.shape(n)
        entries = [rng.choice([rng.gauss(0, 1), rng.gauss(0, 1), 1, -1, 0, 2, rng.gauss(0, 1e-3)]) for _ in range(int(np.prod(shape, dtype=int)))]
        if name not in group:
            entries = [max(-1, min(1, e)) for e in entries]
        values[name] = np.array([mpmath.mpf(e) for e in entries], dtype=object).reshape(shape)
    r = norm([values[name] for name in group])
    if r:
        factor = mpmath.mpf(10) ** rng.uniform(-3, 6) / r
        for name in group:
            values[name] = np.array(values[name] * factor, dtype=object).reshape(np.shape(values[name]))
    return values


def attack(seed: int, points: int = 5) -> str:
    """Make a program, prove, check twice, and look for a point that contradicts a claim; return the verdict."""
    rng = random.Random(seed)
    program, target, _ = precise_programs.random_program(rng)
    h = tc.homogeneity((program, {"f": target}))
    data, claim = h.certificate.to_bytes(), h.certificate.claim_bytes()
    for module in (checker, second_checker):
        answer = module.check(data, claim)
        assert answer.verdict == "valid", f"seed {seed}: {module.__name__} says {answer.code} {answer.reason}"
    p, node = h.certificate.proof.program, h.certificate.proof.node
    with mpmath.workdps(60):
        for _ in range(points):
            values = point(rng, p, h.group)
            if norm([values[name] for name in h.group]):
                exact_scalings(seed, rng, h, p, node, values)
                near_bounds(seed, h, p, node, values)
    return h.verdict


def exact_scalings(seed: int, rng: random.Random, h, p: Program, node: int, values: dict) -> None:
    """Every claimed scaling, with a random factor."""
    f = precise_programs.evaluate(p, node, values)
    for row in h.certificate.document["claim"].get("scalings", []):
        s = mpmath.mpf(rng.choice([2, 3, 0.1, 7.7]))
        moved = {p.nodes[i][1][0]: values[p.nodes[i][1][0]] * s ** precise_programs.number(w) for i, w in row[0]}
        g = precise_programs.evaluate(p, node, {**values, **moved})
        factor = s ** precise_programs.number(row[1])
        for x, y in zip(np.ravel(f), np.ravel(g), strict=True):
            assert abs(y - factor * x) <= mpmath.mpf(10) ** -15 * (1 + abs(x) + abs(y)), f"seed {seed}: {row}"


def near_bounds(seed: int, h, p: Program, node: int, values: dict) -> None:
    """Every bound of near-homogeneity: defect, value, gradient, distance from the leading part."""
    near = h.near
    if near is None:
        return
    r = norm([values[name] for name in h.group])
    f = np.ravel(precise_programs.evaluate(p, node, values))
    tiny = mpmath.mpf(10) ** -15
    for sign in (1, -1):
        moved = {name: values[name] * (1 + sign * STEP) for name in h.group}
        g = np.ravel(precise_programs.evaluate(p, node, {**values, **moved}))
        for x, y in zip(f, g, strict=True):
            radial = sign * (y - x) / STEP
            assert abs(radial - near.degree * x) <= polynomial(near.defect, r) * SLACK + tiny * (1 + abs(x)), f"seed {seed}: defect at {float(r)}"
    for x in f:
        assert near.value is None or abs(x) <= polynomial(near.value, r) * SLACK + tiny, f"seed {seed}: value at {float(r)}"
    if near.limit is not None:
        g = np.ravel(precise_programs.evaluate(*near.limit, values))
        for x, y in zip(f, g, strict=True):
            assert abs(x - y) <= polynomial(near.gap, r) * SLACK + tiny * (1 + abs(x)), f"seed {seed}: gap at {float(r)}"
    if near.gradient is not None:
        bound = polynomial(near.gradient, r) * (1 + mpmath.mpf(10) ** -9)
        for s, x in zip(squares(h, p, node, values, f, r), f, strict=True):
            assert s is None or mpmath.sqrt(s) <= bound + tiny * (1 + abs(x)), f"seed {seed}: gradient at {float(r)}"


def squares(h, p: Program, node: int, values: dict, f: np.ndarray, r: mpmath.mpf) -> list:
    """Return the squared norms of the gradients of all entries; None at kinks, where one-sided differences are no gradient."""
    found: list = [mpmath.mpf(0)] * len(f)
    step = STEP * max(1, r)
    for name in h.group:
        for k in np.ndindex(*np.shape(values[name])):
            sides = []
            for sign in (1, -1):
                moved = np.array(values[name], dtype=object)
                moved[k] = moved[k] + sign * step
                g = np.ravel(precise_programs.evaluate(p, node, {**values, name: moved}))
                sides.append([sign * (y - x) / step for x, y in zip(f, g, strict=True)])
            for m, (up, down) in enumerate(zip(*sides, strict=True)):
                smooth = abs(up - down) <= mpmath.mpf(10) ** -9 * (1 + abs(up))
                found[m] = found[m] + up * up if smooth and found[m] is not None else None
    return found


def test_no_claim_is_contradicted():
    """Ten random programs."""
    verdicts = [attack(seed, 2) for seed in range(10 * MULTIPLIER)]
    assert verdicts.count("near-homogeneous") >= 2


@pytest.mark.slow
def test_no_claim_is_contradicted_in_a_thousand_programs():
    """A thousand random programs, five points each."""
    for seed in range(10_000, 11_000):
        attack(seed)


def test_repeated_entries_of_a_contraction():
    """sum_ij a_i b_ij: an entry of a occurs once for every j, so |f| may exceed |a| |b|."""
    p = Program()
    a = p.input("a", (1,), "parameter")
    near = tc.homogeneity((p, {"f": p.contract("i,ij->", a, p.constant(1, (1, 4)))})).near
    assert near.value[1] >= 4 and near.gradient[0] >= 4


def test_exponents_that_enlarge_a_tensor():
    """a^(1, 1, 1, 1) has four equal entries: its norm is twice |a|, also for the exponent 1."""
    p = Program()
    a, b = p.input("a", (), "parameter"), p.input("b", (4,), "parameter")
    near = tc.homogeneity((p, {"f": p.contract("i,i->", p.map("pow", a, p.constant(1, (4,))), b)})).near
    assert near.degree == 2 and near.value[2] >= 1  # |a (b_1 + ... + b_4)| <= 2 |a| |b| <= r^2
    assert near.gradient[1] >= 2


@pytest.mark.parametrize("seed", range(40))
def test_known_degrees_are_found(seed):
    """Sums of products of powers, made so that one scaling with given weights exists: it is found, and all that are found hold."""
    rng = random.Random(seed)
    p = Program()
    weights = [rng.randint(1, 4) for _ in range(4)]
    inputs = [p.input(f"t{k}", (), box=interval(None, None)) for k in range(4)]
    degree = sum([w * rng.randint(1, 2) for w in weights])
    terms: list[int] = []
    for _ in range(200):
        powers = [rng.randint(0, 3) for _ in range(3)]
        rest = degree - sum([w * q for w, q in zip(weights, powers, strict=False)])
        if rest >= 0 and rest % weights[3] == 0:
            t = p.constant(rng.choice([1, -2, 5]))
            for n, q in zip(inputs, [*powers, rest // weights[3]], strict=True):
                t = p.map("mul", t, p.map("pow", p.map(rng.choice(["abs", "neg"]), n), p.constant(q))) if q else t
            terms.append(t)
    f = terms[0]
    for t in terms[1:3]:
        f = p.map(rng.choice(["add", "sub", "max", "min"]), f, t)
    space = scalings(p, f)
    rows = [[w.get(n, 0) for n in inputs] + [d] for w, d in space.basis]
    wanted = [*weights, degree]
    import sympy

    assert space.zero or sympy.Matrix(rows).rank() == sympy.Matrix([*rows, wanted]).rank(), (rows, wanted)
