"""Random programs with random rules, against brute force: the program run along all segments between lattice points."""

import itertools
import random
from fractions import Fraction

import pytest

from tamecheck.autodiff import verify
from tamecheck.autodiff.code import read
from tamecheck.autodiff.rules import load
from tamecheck.autodiff.verify import ONE, Outside, Walk, add, derivative, mul, ratio, trim, value
from tamecheck.conservative_report import conservative
from tamecheck.ground.grammar import parse

SEED = 7
LATTICE = [tuple(map(Fraction, p)) for p in itertools.product((-2, -1, 0, 1, 2), repeat=2)]


def program(r, depth=3):
    """Return a random program in x and y."""
    if depth == 0 or r.random() < 0.15:
        return r.choice(["x", "y", "1", "-2", "x - y", "2*x + y"])
    a, b = program(r, depth - 1), program(r, depth - 1)
    kind = r.choice(["add", "sub", "max", "min", "relu", "abs", "mul", "where", "stop"])
    return {
        "add": f"({a} + {b})", "sub": f"({a} - {b})", "max": f"max({a}, {b})", "min": f"min({a}, {b})", "relu": f"relu({a})", "abs": f"abs({a})",
        "mul": f"({r.choice(['x', 'y', '3'])}*({a}))", "where": f"where({a} {r.choice(['>', '>=', '=='])} 0, {b}, {r.choice([a, b])})",
        "stop": f"({a} + stop_gradient({b}) - {b})" if r.random() < 0.3 else f"({a} - {b})",
    }[kind]  # fmt: skip


def rule(r):
    """Return random rules for max, min, abs and relu; half of the time with weights that add up to 1."""
    a = Fraction(r.randint(-2, 4), 2)
    b = 1 - a if r.random() < 0.6 else Fraction(r.randint(-2, 2))
    return "".join(
        [f'[[rule]]\noperator = "{op}"\nwhere = "x0 == x1"\nvalue = ["{a}", "{b}"]\n' for op in ("max", "min")]
        + [f'[[rule]]\noperator = "{op}"\nwhere = "x0 == 0"\nvalue = ["{r.randint(-3, 3)}"]\n' for op in ("relu", "abs")]
    )


def defects(text, rules):
    """Return the segments between lattice points, inside one cell, along which change and integral differ."""
    code, found, tried = read(parse(text), ["x", "y"]), [], 0
    for p, q in itertools.combinations(LATTICE, 2):
        curve = [(trim([a, b - a]), ONE) for a, b in zip(p, q, strict=True)]
        try:
            walk = Walk(code, curve, rules)
            f = walk.v[code.root]
            f = f if not isinstance(f, bool) else (trim([Fraction(int(f))]), ONE)
            total = ([], ONE)
            for g, c in zip(walk.gradient(), curve, strict=True):
                total = add(total, mul(g, ratio(derivative(c[0]), ONE)))
        except Outside:
            continue
        tried += 1
        change = value(f[0], Fraction(1)) - value(f[0], Fraction(0))
        integral = sum([c / (k + 1) for k, c in enumerate(total[0])], Fraction(0)) / total[1][0]
        if change * total[1][0] != integral * total[1][0]:
            found.append((p, q))
    return found, tried


@pytest.mark.parametrize("seed", range(20))
def test_brute_force_agrees(seed):
    """A positive verdict means that no segment refutes; a negative one brings a witness that holds."""
    r = random.Random(SEED * 1000 + seed)
    text, given = program(r), rule(r)
    if "x" not in text and "y" not in text:
        text += " + x"
    rules = load(given)
    report = conservative(text, given, variables=["x", "y"])
    found, tried = defects(text, rules)
    if report.positive:
        assert not found, (text, given, found[0])
    elif report.verdict in ("not-conservative", "conservative-for-other"):
        assert report.witness["verified"] is not False, (text, given)
    if found:
        assert report.verdict in ("not-conservative", "conservative-for-other", "unknown"), (text, given, found[0])
    assert verify is not None and tried > 0
