"""Samples prove nothing, but they can refute: every record must survive random evaluation."""

import math
import os
import random

import numpy as np
import pytest

from tamecheck.ground.intervals import interval
from tamecheck.programs.evaluate import evaluate
from tamecheck.programs.program import Program
from tamecheck.proofs.definability import prove

UNARY = ["neg", "abs", "sign", "floor", "ceil", "round", "exp", "log", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "erf", "erfinv",
         "gamma", "lgamma", "digamma", "lambertw", "besselj0", "besselj1", "besseli0", "besselk0", "besselk1"]
BINARY = ["add", "sub", "mul", "div", "max", "min", "pow"]
MULTIPLIER = int(os.environ.get("TAMECHECK_TEST_MULTIPLIER", "1"))


def random_program(rng: random.Random) -> tuple[Program, int]:
    """Return a random scalar or vector program of about a dozen nodes, biased to corners."""
    p = Program()
    shape = rng.choice([(), (3,), (2, 2)])
    boxes = [interval(None, None), interval(0, None), interval(-1, 1), interval(0, 1), interval(-3, 5), interval(0, None, False)]
    pool = [p.input(f"x{k}", shape, role=rng.choice(["parameter", "data"]), box=rng.choice(boxes)) for k in range(2)]
    pool += [p.constant(q, shape) for q in (0, 1, 2, -1)]
    pool.append(p.constant(rng.choice([3, 7])))
    for _ in range(rng.randint(2, 9)):
        pool.append(random_node(rng, p, pool))
    return p, pool[-1]


def random_node(rng: random.Random, p: Program, pool: list[int]) -> int:
    """Add one random node over the pool."""
    a, b, c = (rng.choice(pool) for _ in range(3))
    kind = rng.random()
    if kind < 0.4:
        return p.map(rng.choice(UNARY), a)
    if kind < 0.8:
        return p.map(rng.choice(BINARY), a, b)
    if kind < 0.88:
        return p.where(p.compare(rng.choice(["lt", "le", "eq", "ne"]), a, b), c, a)
    shape = p.shape(a)
    if not shape:
        return p.map("mul", a, b)
    operation = rng.choice(["sum", "prod", "max", "min"])
    if kind < 0.94:
        return p.reduce(operation, a, [0], keep=True)
    if kind < 0.97:
        return p.cumulate(operation, a, 0)
    letters = "abcd"[: len(shape)]
    return p.contract(f"{letters},{letters}->{letters[1:]}", a, a if p.shape(b) != shape else b)


def samples(rng: random.Random, p: Program, n: int) -> dict[str, np.ndarray]:
    """Return values for the inputs inside their boxes."""
    result = {}
    for i in p.inputs():
        _, (name, _, text), _, shape = p.nodes[i]
        low, high = {"(-inf,inf)": (-6, 6), "[0,inf)": (0, 8), "[-1,1]": (-1, 1), "[0,1]": (0, 1), "[-3,5]": (-3, 5), "(0,inf)": (1e-3, 8)}[text]
        values = [rng.choice([low, high, min(max(0, low), high), rng.uniform(low, high), rng.uniform(low, high)]) for _ in range(math.prod(shape))]
        result[name] = np.array(values, dtype=float).reshape(shape)
    return result


@pytest.mark.parametrize("seed", range(600 * MULTIPLIER))
def test_no_sample_contradicts_a_record(seed):
    """Ranges hold, total programs have values, fixed nodes do not move, Lipschitz bounds are not exceeded."""
    rng = random.Random(seed)
    p, out = random_program(rng)
    proof = prove(p, out, "both")
    record, program = proof.record, proof.program
    points = [samples(rng, program, 0) for _ in range(6)]
    with np.errstate(all="ignore"):
        values = [np.asarray(evaluate(program, [proof.node], v)[0], dtype=float) for v in points]
    low, high = record[3][0], record[3][1]
    for value in values:
        finite = value[np.isfinite(value)]
        if record[4]:
            assert not np.isnan(value).any(), f"seed {seed}: total, but not a number"
        slack = 1e-7 * (1 + np.abs(finite))
        assert low is None or (finite >= float(low) - slack).all(), f"seed {seed}: below its range"
        assert high is None or (finite <= float(high) + slack).all(), f"seed {seed}: above its range"
    if not record[0] and record[4]:
        assert all(np.allclose(values[0], v, equal_nan=True, rtol=1e-6) for v in values), f"seed {seed}: fixed, but it moves"
    if record[8] is not None:
        check_lipschitz(seed, float(record[8]), points, values)


def check_lipschitz(seed: int, bound: float, points: list[dict], values: list[np.ndarray]) -> None:
    """Compare difference quotients in the sup norm with the certified bound."""
    for (u, fu), (v, fv) in zip(zip(points, values, strict=True), zip(points[1:], values[1:], strict=False), strict=False):
        distance = max([float(np.max(np.abs(u[k] - v[k]), initial=0)) for k in u], default=0.0)
        change = float(np.max(np.abs(fu - fv), initial=0))
        if math.isfinite(change):
            assert change <= bound * distance * (1 + 1e-6) + 1e-6 * (1 + change), f"seed {seed}: steeper than its bound"
