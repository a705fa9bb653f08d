"""Random mutants of right documents: whatever the checker accepts is true, which an oracle that shares nothing with it tests.

The oracle is for the plane: at random rational x in every sector, roots of the polynomials are isolated by FLINT and the signs between and on
them compared with those in the document.
"""

import json
import os
import random
from fractions import Fraction

import decomposition_enemies as enemies
import pytest
from flint import arb, ctx, fmpq, fmpz_poly

from tamecheck import cell_checker

MULTIPLIER = int(os.environ.get("TAMECHECK_TEST_MULTIPLIER", "1"))
PLANE = ("cubic", "conics", "double", "triple", "apart", "falling", "free")


def leaves(value, path=()):
    """Yield the paths of all leaves and lists of a document."""
    if type(value) is dict:
        for key in value:
            yield from leaves(value[key], (*path, key))
    else:
        yield path
        if type(value) is list:
            for i in range(len(value)):
                yield from leaves(value[i], (*path, i))


def mutant(r: random.Random, document: dict) -> dict:
    """Return the document with one random change."""
    path = r.choice([p for p in leaves(document) if p])
    holder = document
    for key in path[:-1]:
        holder = holder[key]
    value = holder[path[-1]]
    if type(value) is list and value:
        i, j = r.randrange(len(value)), r.randrange(len(value))
        kind = r.choice(("delete", "repeat", "swap"))
        if kind == "delete":
            del value[i]
        elif kind == "repeat":
            value.insert(i, json.loads(json.dumps(value[j])))
        else:
            value[i], value[j] = value[j], value[i]
    elif type(value) is int:
        holder[path[-1]] = value + r.choice((-1, 1))
    elif type(value) is str and cell_checker.NUMBER.fullmatch(value):
        x = Fraction(value)
        holder[path[-1]] = str(r.choice((-x, x + 1, x - 1, x / 2, x * 2, x + Fraction(1, 64), Fraction(0))))
    elif type(value) is str and set(value) <= set("+-0"):
        holder[path[-1]] = "".join(r.choice("+-0") for _ in value)
    return document


def value_at(terms, point):
    """Return the coefficients in y of a polynomial at a rational x."""
    out: dict[int, fmpq] = {}
    for c, (i, j) in terms:
        out[j] = out.get(j, fmpq(0)) + fmpq(int(c)) * point**i
    return [out.get(j, fmpq(0)) for j in range(max(out, default=0) + 1)]


def column(document, x):
    """Return the sign vectors of the polynomials along the line over a rational x, on sectors and on the roots of the level-two factors."""
    ctx.prec = 200
    columns = [value_at(t, x) for t in document["polynomials"]]
    product = fmpz_poly([1])
    for t in document["factors"][1]:
        c = value_at(t, x)
        scale = fmpq(1)
        for v in c:
            scale *= v.q
        product *= fmpz_poly([int((v * scale).p) for v in c])
    real = sorted([z.real for z, _ in product.complex_roots() if z.imag == 0], key=lambda b: b.mid())
    middles = [arb(-1000), *real, arb(1000)]
    samples = [(a.mid() + b.mid()) / 2 for a, b in zip(middles, middles[1:], strict=False)]
    out = []
    for i, y in enumerate(samples):
        out.append(signs(columns, y, None))
        if i < len(real):
            out.append(signs(columns, real[i], 1e-30))
    return out


def signs(columns, y, tolerance):
    """Return the signs of polynomials at y; on a root a value that is tiny counts as zero."""
    shown = ""
    for c in columns:
        total = arb(0)
        for v in reversed(c):
            total = total * y + arb(v)
        tiny = tolerance is not None and bool(abs(total) < tolerance)
        shown += "0" if tiny or total == 0 else "+" if total > 0 else "-"
    return shown


def is_true(document, r: random.Random) -> bool:
    """Test a decomposition of the plane at random points of its sectors."""
    roots = document["root"]
    given = [fmpq(Fraction(s).numerator, Fraction(s).denominator) for s in roots["samples"]]
    for i, sample in enumerate(given):
        # near the sample there is only its own sector: the next sections are at least the distance away that Sturm's test saw
        for x in (sample, sample + fmpq(r.randint(-99, 99), 10**7)):
            if column(document, x) != roots["over"][2 * i]["signs"]:
                return False
    return True


def run(count: int, seed: str) -> tuple[int, int]:
    """Return how many mutants were accepted and refused; each accepted one is tested."""
    accepted, refused = 0, 0
    for k in range(count):
        r = random.Random(f"{seed} {k}")
        name = r.choice(PLANE)
        document = mutant(r, enemies.right(name))
        answer = cell_checker.answer(json.dumps(document), 20)
        if answer["verdict"] == "valid":
            accepted += 1
            assert is_true(document, r), f"mutant {k} of {name} is accepted and wrong"
        else:
            refused += 1
    return accepted, refused


def test_accepted_mutants_are_true():
    """A few accepted mutants (other samples, other discs, other enclosures) are right decompositions; most are refused."""
    accepted, refused = run(400 * MULTIPLIER, "mutant")
    assert accepted > 10 * MULTIPLIER and refused > 250 * MULTIPLIER


@pytest.mark.slow
def test_many_mutants():
    """The same, ten thousand times."""
    run(10_000, "many mutants")


def test_the_oracle_can_fail():
    """A wrong sign and a missing root are seen."""
    document = enemies.right("cubic")
    assert is_true(document, random.Random(0))
    document["root"]["over"][2]["signs"][0] = "0"
    assert not is_true(document, random.Random(0))
