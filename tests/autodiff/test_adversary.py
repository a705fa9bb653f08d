"""Random small programs with random rules: the exact decision against an independent road (`brute`).  Every disagreement is an error of one of them.

By default a slice; ``-m slow`` runs two thousand programs, ``TAMECHECK_TEST_MULTIPLIER=5`` five times as many.
"""

import os
import random
import sys
from fractions import Fraction
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import brute  # noqa: E402
import mpmath  # noqa: E402
import numeric  # noqa: E402

from tamecheck.autodiff.code import read  # noqa: E402
from tamecheck.autodiff.decision import decide  # noqa: E402
from tamecheck.autodiff.rules import load  # noqa: E402
from tamecheck.ground.grammar import parse  # noqa: E402

SEED = 31
NEGATIVE = ("not-conservative", "conservative-for-other")
MULTIPLIER = int(os.environ.get("TAMECHECK_TEST_MULTIPLIER", "1"))
LINEAR = ["add", "sub", "neg", "max", "min", "abs", "relu", "where", "where", "stop", "scale", "relu", "max"]


def tree(r, names, depth, kinds):
    """Return a random program."""
    if depth == 0 or r.random() < 0.12:
        if r.random() < 0.75:
            return ("x", r.choice(names))
        return ("number", Fraction(r.randint(-3, 3), r.choice([1, 1, 2])))
    kind = r.choice(kinds)
    if kind == "scale":
        return ("mul", ("number", Fraction(r.choice([-2, -1, 2, 3]), r.choice([1, 2]))), tree(r, names, depth - 1, kinds))
    children = [tree(r, names, depth - 1, kinds) for _ in range(brute.ARITY[kind])]
    if kind == "where":
        if r.random() < 0.3:
            children[2] = ("add", children[1], ("sub", children[2], children[2])) if r.random() < 0.5 else children[1]
        return ("where", *children, r.choice(["<", "<=", "==", "!=", ">", ">="]))
    if kind == "stop" and r.random() < 0.6:
        return ("sub", ("add", children[0], ("stop", children[0])), children[0]) if r.random() < 0.5 else ("sub", ("stop", children[0]), children[0])
    return (kind, *children)


def table(r):
    """Return random rules: text for the decision, a table for the machine."""
    a = Fraction(r.randint(-2, 4), 2)
    b = 1 - a if r.random() < 0.6 else Fraction(r.randint(-2, 3))
    rules = {"max": ("kink", [a, b]), "min": ("kink", [b, a])}
    rules |= {op: ("kink", [Fraction(r.randint(-3, 3))]) for op in ("relu", "abs", "sign")}
    if r.random() < 0.25:
        rules[r.choice(["relu", "abs"])] = ("everywhere", [Fraction(r.randint(-1, 2))])
    if r.random() < 0.1:
        rules[r.choice(["relu", "abs"])] = ("kink", [None])
    out, text = {}, []
    for op, (condition, values) in rules.items():
        where = {"max": "x0 == x1", "min": "x0 == x1"}.get(op, "x0 == 0")
        shown = ", ".join(['"nan"' if v is None else f'"{v}"' for v in values])
        text.append(f'[[rule]]\noperator = "{op}"\n' + (f'where = "{where}"\n' if condition == "kink" else "") + f"value = [{shown}]\n")
        out[op] = [(condition, [None if v is None else (lambda *_, v=v: brute.number(v)) for v in values])]
    return "".join(text), out


def decision(program, text, names):
    """Return the exact decision."""
    return decide(read(parse(program), names), load(text))


def agree(verdict, answer, complete=True):
    """Return whether a verdict is compatible with an answer of the independent road."""
    if verdict == "unknown":
        return True
    if answer in ("wrong", "discontinuous", "blow-up"):
        return verdict in NEGATIVE
    if not complete:
        return verdict not in ("exact-c1", "clarke", "conservative") or answer in ("right",)
    if answer == "undefined":
        return verdict == "undefined"
    if answer == "unbounded":
        return verdict in ("conservative-unbounded",)
    return verdict in ("exact-c1", "clarke", "conservative")


def one_variable(seed):
    """Return (program, rules, verdict, answer, agree) for sums, products, quotients and kinks of x."""
    r = random.Random(SEED * 100_003 + seed)
    kinds = LINEAR + ["mul", "mul", "sign"] + (["div"] if r.random() < 0.4 else [])
    e = tree(r, ["x"], r.choice([2, 3, 3]), kinds)
    text, rules = table(r)
    program = brute.text(e)
    if "x" not in program.replace("max", ""):
        return program, text, None, None, True
    (answer, place), complete = brute.line(e, rules)
    d = decision(program, text, ["x"])
    return program, text, d.verdict, (answer, str(place), complete), agree(d.verdict, answer, complete)


def two_variables(seed):
    """Return the same for piecewise linear programs of x and y, all faces of the arrangement visited."""
    r = random.Random(SEED * 200_003 + seed)
    e = tree(r, ["x", "y"], r.choice([2, 2, 3]), [*LINEAR, "sign"])
    text, rules = table(r)
    program = brute.text(e)
    answer, place = brute.plane(e, rules, ["x", "y"])
    d = decision(program, text, ["x", "y"])
    return program, text, d.verdict, (answer, str(place)), agree(d.verdict, answer)


def sets_agree(d, e, rules, names):
    """Return the first place where Clarke's answer or a set of the consequences differs from the independent road, and which one."""
    space, found = d.pieces.space, d.consequences
    for place, clarke, *members in brute.facts_of_plane(e, rules, names):
        cell = next(c for c in space.cells if space.contains(c, place))
        if found.clarke is not None and (cell in found.outside_clarke) == clarke:
            return "clarke", place
        for name, member in zip(("spurious", "stuck", "restless", "ascent"), members, strict=True):
            cells = getattr(found, name)
            if cells is not None and (cell in cells) != member:
                return name, place
    return None


def two_variables_sets(seed):
    """Return the same as `two_variables` for the consequences."""
    r = random.Random(SEED * 300_007 + seed)
    e = tree(r, ["x", "y"], r.choice([2, 3]), [k for k in LINEAR if k != "stop"])
    text, rules = table(r)
    program = brute.text(e)
    d = decision(program, text, ["x", "y"])
    if d.verdict not in ("exact-c1", "clarke", "conservative"):
        return program, text, d.verdict, None, True
    wrong = sets_agree(d, e, rules, ["x", "y"])
    return program, text, d.verdict, wrong, wrong is None


def loops(seed):
    """Return the same for programs of two or three variables: a rule called conservative, for the program or for another function, has no
    circulation around polygons with corners and sides on strata; a refutation passes its second check."""
    r = random.Random(SEED * 400_009 + seed)
    names = ["x", "y"] if r.random() < 0.5 else ["x", "y", "z"]
    e = tree(r, names, r.choice([2, 3]), LINEAR)
    text, rules = table(r)
    program = brute.text(e)
    d = decision(program, text, names)
    if d.verdict in NEGATIVE and d.witness.verified is False:
        return program, text, d.verdict, "witness", False
    if d.verdict not in ("exact-c1", "clarke", "conservative", "conservative-for-other"):
        return program, text, d.verdict, None, True
    forms = brute.all_forms(e, names)
    corners = strata_points(r, forms, len(names))
    for _ in range(25):
        polygon = [r.choice(corners) for _ in range(r.choice([3, 3, 4, 5]))]
        c = brute.circulation(e, rules, polygon, forms, names)
        if c:
            return program, text, d.verdict, f"circulation {c} around {polygon}", False
    return program, text, d.verdict, None, True


SMOOTH = ["exp", "tanh", "sigmoid", "softplus", "silu", "atan", "erf", "gelu", "exp", "tanh"]
PARTIAL = ["log", "sqrt"]


def enclosed(ball, x):
    """Return whether a number of forty digits agrees with an enclosure."""
    if x is None:
        return False
    middle, radius = (mpmath.mpf(str(v.str(60, radius=False))) for v in (ball.mid(), ball.rad()))
    return abs(middle - x) <= 2 * radius + mpmath.mpf(10) ** -25 * (1 + abs(x))


def pieces_against_numbers(seed):
    """Return the same for programs with exp, tanh, erf, log, roots of one or two variables: at random points the piece of the cell has the value
    of the program, and what is returned is what reverse mode returns; no jump at a point of a cut line is missed."""
    r = random.Random(SEED * 500_009 + seed)
    names = ["x"] if r.random() < 0.6 else ["x", "y"]
    kinds = ["add", "sub", "scale", "max", "min", "abs", "relu", "where", *SMOOTH[:8], *(["mul"] if r.random() < 0.5 else [])]
    e = tree(r, names, r.choice([2, 3]), kinds + (PARTIAL if r.random() < 0.3 else []))
    if r.random() < 0.25:
        # exp, tanh, ... of something that tends to infinity at a kink, in a branch that is guarded twice
        inner = tree(r, names, 1, ["add", "sub", "mul", "abs"])
        safe = ("div", tree(r, names, 1, ["add", "scale"]), ("where", inner, inner, ("number", Fraction(1)), ">"))
        e = ("where", inner, ("mul", e, (r.choice([*SMOOTH[:7], "neg"]), safe)), tree(r, names, 1, ["add", "mul"]), ">")
    program = brute.text(e)
    d = decision(program, "base = \"torch\"\n", names)
    if d.pieces is None or not d.pieces.settled:
        return program, "", d.verdict, None, True
    space, f = d.pieces.space, d.pieces.field
    for _ in range(25):
        point = tuple([Fraction(r.randint(-400, 400), 97) for _ in names])
        numbers = numeric.Numbers(point, names)
        value = numbers.value(e)
        if numbers.near < mpmath.mpf(10) ** -12:
            continue
        p = next((d.pieces.of(c) for c in space.cells if c.dimension == space.n and space.contains(c, point)), None)
        if p is None:
            continue
        if (p.value is None) != (value is None):
            return program, "", d.verdict, ("value", point), False
        if value is None:
            continue
        if not enclosed(f.ball(p.value, point), value):
            return program, "", d.verdict, ("value", point), False
        for own, n in zip(p.returned, names, strict=True):
            other = numbers.gradient(e)[n]
            if isinstance(own, str) != (other is None) or (other is not None and not enclosed(f.ball(own, point), other)):
                return program, "", d.verdict, ("returned", point), False
    wrong = jumps_against_numbers(d, e, names) if len(names) == 1 and d.function is not None else None
    return program, "", d.verdict, wrong, wrong is None


def jumps_against_numbers(d, e, names):
    """Return a point of the line at which a jump is claimed that is none, or the other way round."""
    claimed = {c.number for c, _ in d.function.jumps}
    h = Fraction(1, 10**16)
    for cell in d.pieces.space.cells:
        if cell.dimension:
            continue
        x = cell.sample[0]
        near = x if isinstance(x, Fraction) else Fraction(x.ball(200).mid().str(50, radius=False)) if hasattr(x, "ball") else None
        sides = [] if near is None else [numeric.Numbers((near + s * h,), names).value(e) for s in (-1, 1)]
        if len(sides) < 2 or None in sides or d.pieces.of(cell).value is None:
            continue
        if abs(sides[0] - sides[1]) > mpmath.mpf(10) ** -6 and cell.number not in claimed and d.function.continuous:
            return "missed jump", str(x)
        if d.verdict in ("exact-c1", "clarke", "conservative"):
            steep = [numeric.Numbers((near + s * Fraction(1, 10**k),), names).gradient(e)[names[0]] for s in (-1, 1) for k in (6, 9, 12)]
            if any([g is None or abs(g) > 1_000 for g in steep]):
                return "steep", str(x)
    return None


def curved(seed):
    """Return the same for programs of two variables with products: a rule that is called conservative obeys the chain rule on germs at points of
    small lattices, along lattice directions and axes; a refutation passes its second check."""
    r = random.Random(SEED * 600_011 + seed)
    e = tree(r, ["x", "y"], r.choice([2, 2, 3]), [*LINEAR, "mul", "mul"])
    text, rules = table(r)
    program = brute.text(e)
    d = decision(program, text, ["x", "y"])
    if d.verdict in NEGATIVE and d.witness.verified is False:
        return program, text, d.verdict, "witness", False
    if d.verdict not in ("exact-c1", "clarke", "conservative", "conservative-unbounded"):
        return program, text, d.verdict, None, True
    places = [tuple([Fraction(r.choice([-2, -1, 0, 0, 1, 2]), r.choice([1, 1, 2])) for _ in range(2)]) for _ in range(25)]
    for p in places:
        here = brute.Machine(rules, p, (0, 0), ["x", "y"]).value(e)
        for u in [(1, 0), (0, 1), (-1, 0), (0, -1), (1, 1), (1, -1), (-1, 2), p]:
            f = brute.Machine(rules, p, u, ["x", "y"]).value(e)
            if brute.obeys(e, rules, p, u, ["x", "y"]) is False or f.limit() != here.limit():
                return program, text, d.verdict, f"at {p} along {u}", False
    return program, text, d.verdict, None, True


def moved(seed):
    """Return the same for a program and its image under an invertible affine change of variables: verdict and Clarke's answer stay (G9)."""
    r = random.Random(SEED * 700_001 + seed)
    e = tree(r, ["x", "y"], r.choice([2, 2, 3]), LINEAR)
    text, _ = table(r)
    program = brute.text(e)
    a, b, c, d = 0, 0, 0, 0
    while a * d == b * c:
        a, b, c, d = [r.randint(-2, 2) for _ in range(4)]
    lets = f"let x = ({a})*u + ({b})*v + ({r.randint(-2, 2)}); let y = ({c})*u + ({d})*v + ({Fraction(r.randint(-3, 3), 2)}); "
    one, two = decision(program, text, ["x", "y"]), decision(lets + program, text, ["u", "v"])
    same = one.verdict == two.verdict and (one.consequences is None or one.consequences.clarke == two.consequences.clarke)
    return lets + program, text, one.verdict, two.verdict, same


def strata_points(r, forms, n):
    """Return points on no, one, or two of the surfaces; pairs of them give segments inside strata."""
    out = [tuple([Fraction(r.randint(-3, 3)) for _ in range(n)]) for _ in range(6)]
    for a, c in forms:
        for _ in range(3):
            p = list(r.choice(out))
            k = next(i for i, x in enumerate(a) if x)
            p[k] -= (sum([x * y for x, y in zip(a, p, strict=True)]) + c) / a[k]
            out.append(tuple(p))
    return out


def report(found):
    """Return a disagreement as text."""
    program, text, verdict, answer, _ = found
    return f"{program}\n{text}decision {verdict}, independent {answer}"


@pytest.mark.parametrize("block", range(5))
def test_one_variable(block):
    """Sums, products, quotients, kinks and detached parts of one variable."""
    for seed in range(block * 10, block * 10 + 10 * MULTIPLIER):
        found = one_variable(seed)
        assert found[4], report(found)


@pytest.mark.parametrize("block", range(5))
def test_two_variables(block):
    """Piecewise linear programs of two variables."""
    for seed in range(block * 10, block * 10 + 10 * MULTIPLIER):
        found = two_variables(seed)
        assert found[4], report(found)


@pytest.mark.parametrize("block", range(3))
def test_consequences_of_two_variables(block):
    """Clarke, spurious, stuck, non-stationary minimisers, ascent points at all vertices and on all edges."""
    for seed in range(block * 10, block * 10 + 10 * MULTIPLIER):
        found = two_variables_sets(seed)
        assert found[4], report(found)


@pytest.mark.parametrize("block", range(3))
def test_loops_along_strata(block):
    """Exact circulations around polygons with sides in strata."""
    for seed in range(block * 10, block * 10 + 10 * MULTIPLIER):
        found = loops(seed)
        assert found[4], report(found)


@pytest.mark.parametrize("block", range(3))
def test_curved_programs(block):
    """Kinks on conics and cubics: the chain rule on germs at lattice points."""
    for seed in range(block * 10, block * 10 + 10 * MULTIPLIER):
        found = curved(seed)
        assert found[4], report(found)


@pytest.mark.parametrize("block", range(2))
def test_g9_verdicts_do_not_depend_on_coordinates(block):
    """Random programs, rules, and affine maps."""
    for seed in range(block * 10, block * 10 + 10 * MULTIPLIER):
        found = moved(seed)
        assert found[4], report(found)


@pytest.mark.parametrize("block", range(4))
def test_pieces_with_transcendental_functions(block):
    """Values and what is returned on the cells of programs with exp, tanh, erf, log, roots."""
    for seed in range(block * 10, block * 10 + 10 * MULTIPLIER):
        found = pieces_against_numbers(seed)
        assert found[4], report(found)


@pytest.mark.slow
@pytest.mark.parametrize("road", [one_variable, two_variables, two_variables_sets, loops, pieces_against_numbers, curved, moved])
def test_a_thousand_programs_each(road):
    """A longer run of the same."""
    for seed in range(1_000, 1_000 + 1_000 * MULTIPLIER):
        found = road(seed)
        assert found[4], report(found)
