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


def skeleton(stack: dict) -> tuple:
    """Return what does not depend on samples, enclosures and discs: a decomposition with given factors has one skeleton."""
    sections = tuple([tuple(sorted(map(tuple, x["zero"]))) for x in stack["sections"]])
    over = tuple([skeleton(child) for child in stack.get("over", ())])
    return sections, tuple(sorted(stack.get("null", ()))), tuple(stack.get("signs", ())), over


def merged(r: random.Random, document: dict) -> dict:
    """Return the document with two neighbouring sections made one, discs and all: what a careless engine would write."""
    candidates = [s for s in enemies.stacks(document["root"]) if len(s["sections"]) > 1]
    if not candidates:
        return {}
    stack = r.choice(candidates)
    i = r.randrange(len(stack["sections"]) - 1)
    first, second = stack["sections"][i], stack["sections"][i + 1]
    counts: dict[int, int] = {}
    for n, e in first["zero"] + second["zero"]:
        counts[n] = counts.get(n, 0) + e
    places = {n: [k for k, x in enumerate(stack["sections"]) if n in [m for m, _ in x["zero"]]] for n in counts}
    low, high = Fraction(stack["samples"][i]), Fraction(stack["samples"][i + 2])
    for n, _, discs in stack.get("roots", ()):
        real = sorted([d for d in discs if d[1] == "0"], key=lambda d: Fraction(d[0]))
        own = [real[places[n].index(k)] for k in (i, i + 1) if n in places and k in places[n]]
        if own:
            keep = [d for d in discs if d not in own]
            discs[:] = [*keep, [str((low + high) / 2), "0", str((high - low) * Fraction(15, 32)), sum([d[3] for d in own])]]
    stack["sections"][i : i + 2] = [{"at": first["at"], "zero": [[n, e] for n, e in counts.items()]}]
    del stack["samples"][i + 1]
    for key in ("over", "signs"):
        if key in stack:
            del stack[key][2 * i + 2 : 2 * i + 4]
    if "signs" in stack:
        vanishing = [any(f in counts for f, _ in pairs) for _, pairs in document["products"]]
        stack["signs"][2 * i + 1] = "".join(["0" if v else c for v, c in zip(vanishing, stack["signs"][2 * i + 1], strict=True)])
    document["cells"] = sum([len(s["signs"]) for s in enemies.stacks(document["root"]) if "signs" in s])
    return document


def compare_skeletons(count: int, seed: str, change=None) -> int:
    """Return how many mutants with the same polynomials and factors were accepted; their skeletons have to be right."""
    accepted = 0
    names = sorted(enemies.DECOMPOSITIONS)
    for k in range(count):
        r = random.Random(f"{seed} {k}")
        name = names[k % len(names)]
        document = (change or r.choice((mutant, merged)))(r, enemies.right(name))
        honest = enemies.right(name)
        if any(document.get(key) != honest[key] for key in ("polynomials", "factors", "variables", "products", "projection")):
            continue
        if cell_checker.answer(json.dumps(document), 20)["verdict"] == "valid":
            accepted += 1
            cut = any("cuts" in s for d in (document, honest) for s in enemies.stacks(d["root"]))
            assert cut or skeleton(document["root"]) == skeleton(honest["root"]), f"mutant {k} of {name} is accepted and wrong"
    return accepted


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


def test_accepted_mutants_have_the_right_skeleton():
    """In any number of variables an accepted mutant has the sections, signs and cells of the right document."""
    assert compare_skeletons(150 * MULTIPLIER, "skeleton") > 5 * MULTIPLIER


def test_merged_sections_are_refused():
    """Two sections made one, with a disc around both and the counts that fit, are never accepted."""
    assert compare_skeletons(150 * MULTIPLIER, "merged", merged) == 0


@pytest.mark.slow
def test_many_skeletons():
    """The same, many times."""
    compare_skeletons(1_500, "many skeletons")
    assert compare_skeletons(1_500, "many merged", merged) == 0


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
