"""Random formulas: their pieces against the program, exactly, and the program against floating point."""

import random
from fractions import Fraction

import pytest

from tamecheck.errors import BudgetExceeded, InputError
from tamecheck.frontends.formula_io import load
from tamecheck.geometry.cad.guards import nonempty
from tamecheck.programs.evaluate import evaluate
from tamecheck.programs.lowering import exact, pieces
from tamecheck.programs.lowering.scalars import scalarise

VALUES = [Fraction(0), Fraction(1), Fraction(-1), Fraction(1, 2), Fraction(-2), Fraction(3), Fraction(-1, 3), Fraction(2)]
SMOOTH = frozenset("+-*()xyrelu absmaxinhardtky_,0123456789")


def formula(rng: random.Random, depth: int) -> str:
    """Return a random formula in x and y of piecewise rational operations."""
    if depth == 0 or rng.random() < 0.1:
        return rng.choice(["x", "y", "x", "y", "1", "-2", "1/2", "0"])

    def part() -> str:
        return formula(rng, depth - 1)

    relation = rng.choice(["<", "<=", "==", "!=", ">", ">="])
    return rng.choice([
        lambda: f"({part()}{rng.choice('+-')}{part()})", lambda: f"({part()}+{part()})", lambda: f"({part()})*({part()})",
        lambda: f"relu({part()})", lambda: f"abs({part()})", lambda: f"max({part()},{part()},{part()})", lambda: f"min({part()},{part()})",
        lambda: f"where({part()} {relation} {part()}, {part()}, {part()})", lambda: f"sign({part()})", lambda: f"leaky_relu({part()})",
        lambda: f"({part()})/({part()})", lambda: f"hardtanh({part()})",
        lambda: f"where({part()}>0 {rng.choice(['and', 'or'])} {part()}<1, {part()}, {part()})",
    ])()  # fmt: skip


def compare(seed: int) -> None:
    """Lower a random formula in both modes and compare at points, many of them on kinks."""
    rng = random.Random(seed)
    text = formula(rng, 3)
    try:
        source = load(text, variables=("x", "y"))
    except InputError:
        return  # a division of numbers by zero is refused when it is read
    tape = scalarise(source.program, source.outputs, {})
    for ties in ("merge", "split"):
        try:
            f = pieces.lower(source.program, source.outputs, ties=ties, limit=120, oracle=nonempty if seed % 4 == 0 else None)
        except BudgetExceeded:
            continue
        for _ in range(20):
            point = [rng.choice(VALUES), rng.choice(VALUES)]
            try:
                value = exact.evaluate(tape, point)["f"][0]
            except InputError:
                value = None
            assert sum(p.holds(point) for p in f) == (value is not None), (seed, text, point)
            if value is None:
                continue
            assert f(*point) == value, (seed, text, point)
            if set(text) <= SMOOTH:
                number = float(evaluate(source.program, [source.outputs["f"]], {"x": float(point[0]), "y": float(point[1])})[0])
                assert abs(number - float(value)) <= 1e-9 * (1 + abs(number)), (seed, text, point)
        assert all(p.sample is None or p.holds(p.sample) for p in f), (seed, text)


@pytest.mark.parametrize("start", range(0, 60, 10))
def test_random_formulas(start):
    """Exactly one piece holds at every point, with exactly the program's value, or the program has no value there."""
    for seed in range(start, start + 10):
        compare(seed)


@pytest.mark.slow
@pytest.mark.parametrize("start", range(1000, 2000, 100))
def test_many_more_random_formulas(start):
    """A thousand formulas."""
    for seed in range(start, start + 100):
        compare(seed)
