"""Laws: what cannot change a verdict, and what must."""

import random
from fractions import Fraction

import pytest

from tamecheck.autodiff import criterion, hulls
from tamecheck.autodiff.code import read
from tamecheck.autodiff.decision import decide
from tamecheck.autodiff.pieces import Pieces
from tamecheck.autodiff.rules import load
from tamecheck.conservative_report import conservative
from tamecheck.ground.grammar import parse

SEED = 20
CONSERVATIVE = [
    ("relu(x) - relu(-x)", ["x"]),
    ("max(x, y) + min(x, 2*y)", ["x", "y"]),
    ("abs(x - y)*relu(x) - y", ["x", "y"]),
    ("relu(w2*relu(w1))", ["w1", "w2"]),
    ("max(x^2, y)", ["x", "y"]),
    ("where(x == 0, 0, x)", ["x"]),
    ("hardtanh(x) + clamp(x, -2, 1)", ["x"]),
    ("max(a, max(b, c)) - abs(a - b)", ["a", "b", "c"]),
    ("abs(abs(x) - 1)", ["x"]),
    ("(relu(w + b) - relu(-w - b) - 1)^2/2", ["w", "b"]),
]


def ties(a, b):
    """Return the rule with weights a, b at ties of max."""
    return f'base = "torch"\n[[rule]]\noperator = "max"\nwhere = "x0 == x1"\nvalue = ["{a}", "{b}"]\n'


FORMS = ["relu(x)", "max(x, 0)", "clamp(x, 0, 9)", "where(x > 0, x, 0)", "where(x >= 0, x, 0)", "(x + abs(x))/2", "relu(-x) + x", "max(0, x)"]


@pytest.mark.parametrize("framework", ["torch", "jax", "tensorflow"])
@pytest.mark.parametrize("form", FORMS)
def test_g1_rewriting_never_breaks_a_program(form, framework):
    """Every way to write relu is conservative, whatever it returns at 0."""
    assert conservative(form.replace("clamp(x, 0, 9)", "clamp(x, 0, 9) + relu(x - 9)"), framework).positive


@pytest.mark.parametrize("framework", ["torch", "jax"])
@pytest.mark.parametrize("form", FORMS[1:])
def test_g1_the_difference_is_normal_to_the_kink(form, framework):
    """Forms of relu(x - 2y) return different vectors where x = 2y; their difference is orthogonal to the line."""
    found = []
    for f in (FORMS[0], form):
        inner = f.replace("clamp(x, 0, 9)", "clamp(x, 0, 9) + relu(x - 9)").replace("max", "M").replace("x", "(x - 2*y)").replace("M", "max")
        d = conservative(inner, framework, variables=["x", "y"]).decision
        piece = next(d.pieces.of(c) for c in d.pieces.space.cells if d.pieces.space.contains(c, (Fraction(2), Fraction(1))))
        found.append([Fraction(int(a.coeffs()[0]) if len(a) else 0, int(b.coeffs()[0])) for a, b in piece.returned])
    u, v = found
    assert 2 * (u[0] - v[0]) + (u[1] - v[1]) == 0


@pytest.mark.parametrize("seed", range(6))
def test_g2_weights_that_add_up_to_one(seed):
    """Affine combinations of forms of relu are conservative for relu if the weights add up to 1, and wrong programs of the same rules else."""
    random_ = random.Random(SEED + seed)
    w = [Fraction(random_.randint(-6, 6), 4) for _ in range(3)]
    w.append(1 - sum(w))
    forms = random_.sample(["relu(x)", "max(x, 0)", "(x + abs(x))/2", "where(x > 0, x, 0)", "relu(-x) + x"], 4)
    program = " + ".join([f"({q})*({f})" for q, f in zip(w, forms, strict=True)])
    assert conservative(program).positive
    # as a derivative of relu itself, weights that add up to s return s on the positive side
    s = sum(w) + Fraction(1, 2)
    rule = f'[[rule]]\noperator = "relu"\nvalue = ["where(x0 > 0, {s}, 0)"]\n'
    r = conservative("relu(x)", rule)
    assert r.verdict == ("conservative" if s == 1 else "not-conservative") and bool(r.witness) == (s != 1)


@pytest.mark.parametrize("seed", [0, 1, 3, 5, 6, 7])
def test_g3_composition_with_polynomials(seed):
    """A conservative program after a polynomial map stays conservative."""
    random_ = random.Random(SEED + seed)
    program, names = random_.choice([c for c in CONSERVATIVE if len(c[1]) <= 2])
    inner = ["u*v + 1", "u - v", "u^2 - v", "2*u + v - 1", "u*(v - 1)"]
    lets = "".join([f"let {n} = {random_.choice(inner)}; " for n in names])
    r = conservative(lets + program, variables=["u", "v"])
    assert r.positive


@pytest.mark.parametrize(("program", "names"), CONSERVATIVE)
def test_g4_clarke_is_inside_the_hull_of_the_rule(program, names):
    """Every limit of gradients from an open cell is returned near every point of the closure: the closure of the rule holds them all."""
    pieces = Pieces(read(parse(program), names), load("torch"))
    for p in pieces.pieces:
        if p.cell.dimension == pieces.space.n:
            assert all([pieces.field.add(a, b, -1)[0].is_zero() for a, b in zip(p.returned, pieces.derivative(p), strict=True)])


@pytest.mark.parametrize("epsilon", ["1", "1/7", "-3", "1/1000000", "-1/2"])
def test_g5_a_changed_weight_at_a_tie_flips_the_verdict(epsilon):
    """The defect of the witness is epsilon times the length of the leg."""
    e = Fraction(epsilon)
    r = conservative("max(x, y)", ties(Fraction(1, 2) + e, Fraction(1, 2)), variables=["x", "y"])
    assert r.verdict == "not-conservative" and r.witness["verified"]
    leg = r.witness["curve"][0]
    length = abs(Fraction(leg["to"][0]) - Fraction(leg["from"][0]))
    assert Fraction(r.witness["circulation"]) == abs(e) * length


@pytest.mark.parametrize("value", ["0", "1", "-5", "1000000", "1/3"])
@pytest.mark.parametrize(
    ("program", "names"), [("relu(x) - relu(-x)", ["x"]), ("relu(w2*relu(w1))", ["w1", "w2"]), ("y*relu(x - y^2) + relu(y)", ["x", "y"])]
)
def test_g6_a_scalar_kink_never_flips_the_verdict(program, names, value):
    """The free-kink lemma, seen from outside."""
    rule = f'[[rule]]\noperator = "relu"\nwhere = "x0 == 0"\nvalue = ["{value}"]\n'
    assert conservative(program, rule, variables=names).positive


@pytest.mark.parametrize(("program", "names"), CONSERVATIVE)
def test_g7_forward_and_reverse_return_the_same(program, names):
    """In exact arithmetic the two modes agree on every cell, with one rule book."""
    code, rules = read(parse(program), names), load("torch")
    a, b = Pieces(code, rules), Pieces(code, rules, mode="forward")
    for p, q in zip(a.pieces, b.pieces, strict=True):
        assert all([a.field.add(x, y, -1)[0].is_zero() for x, y in zip(p.returned, q.returned, strict=True)])


@pytest.mark.parametrize(("program", "names"), CONSERVATIVE)
def test_g8_critical_sets_are_ordered(program, names):
    """Clarke critical points are critical for the rule; spurious points are the rest, of smaller dimension."""
    d = decide(read(parse(program), names), load("torch"))
    c = d.consequences
    clarke, rule, spurious = ({x.number for x in s} for s in (c.clarke_critical, c.rule_critical, c.spurious))
    assert clarke <= rule and spurious == rule - clarke
    assert {x.number for x in c.stuck} <= spurious
    assert all([x.dimension < len(names) for x in c.spurious])


@pytest.mark.parametrize(("matrix", "shift"), [(((1, 2), (0, 1)), (0, 0)), (((2, 1), (1, 1)), (1, -1)), (((0, 1), (-1, 3)), (0, 2))])
@pytest.mark.parametrize(
    ("program", "rules"),
    [
        ("max(x, y)", ties("1/2", "1/2")),
        ("max(x, y)", ties(1, 1)),
        ("max(x, y)", ties(2, -1)),
        ("x*stop_gradient(y)", "torch"),
        ("relu(x - y) - relu(y - x)", "torch"),
    ],
)
def test_g9_verdicts_do_not_depend_on_coordinates(program, rules, matrix, shift):
    """An invertible affine change of variables keeps the verdict and Clarke."""
    (a, b), (c, d) = matrix
    moved = f"let x = {a}*u + {b}*v + {shift[0]}; let y = {c}*u + {d}*v + {shift[1]}; {program}"
    one, two = conservative(program, rules, variables=["x", "y"]), conservative(moved, rules, variables=["u", "v"])
    assert (one.verdict, one.clarke) == (two.verdict, two.clarke)


PLANTED = [
    ("max(x, y)", ties(a, b))
    for a, b in (("1", "1"), ("0", "0"), ("1/2", "1/3"), ("2", "1"), ("-1", "1"), ("999/1000", "0"), ("0", "1/2"), ("x0", "1 - x1/2"))
] + [
    ("min(x, y)", '[[rule]]\noperator = "min"\nwhere = "x0 == x1"\nvalue = ["1", "1"]\n'),
    ("relu(x + y)", '[[rule]]\noperator = "relu"\nvalue = ["1"]\n'),
    ("relu(x) + y", '[[rule]]\noperator = "relu"\nvalue = ["0"]\n'),
    ("relu(x) + y", '[[rule]]\noperator = "relu"\nvalue = ["where(x0 > 0, 2, 0)"]\n'),
    ("abs(x) + y", '[[rule]]\noperator = "abs"\nvalue = ["1"]\n'),
    ("abs(x) + y", '[[rule]]\noperator = "abs"\nvalue = ["where(x0 > 1, 0, 1)"]\n'),
    ("x*y", '[[rule]]\noperator = "mul"\nvalue = ["x1", "0"]\n'),
    ("x*y", '[[rule]]\noperator = "mul"\nvalue = ["x0", "x1"]\n'),
    ("x*y", '[[rule]]\noperator = "mul"\nwhere = "x0 > 1"\nvalue = ["1", "x0"]\n'),
    ("x*y", '[[rule]]\noperator = "mul"\nwhere = "x0 == x1"\nvalue = ["0", "0"]\n'),
    ("x*y", '[[rule]]\noperator = "mul"\nbackward = ["clamp(g*x1, -1, 1)", "g*x0"]\n'),
    ("(x + y)^2", '[[rule]]\noperator = "pow"\nvalue = ["x0"]\n'),
    ("x - y", '[[rule]]\noperator = "sub"\nvalue = ["1", "1"]\n'),
    ("x/(1 + y^2)", '[[rule]]\noperator = "div"\nvalue = ["1/x1", "x0/x1"]\n'),
    ("where(x == 0, stop_gradient(y), y)", "torch"),
    ("where(x == y, stop_gradient(x + y), x + y)", "torch"),
    ("where(y == x^2, stop_gradient(x), x)", "torch"),
    ("x*stop_gradient(y) + y*stop_gradient(x)*2", "torch"),
    ("round(x) + y", "torch"),
    ("sign(x)*y", "torch"),
    ("where(x > 0, y, -y)", "torch"),
    ("where(x > 0 and y > 0, x, 0)", "torch"),
    ("max(x, y)*stop_gradient(max(x, y))", "torch"),
    ("floor(x)*y", "torch"),
    ("stop_gradient(abs(x)) + y", "torch"),
    ("where(x == 0, 2*y - stop_gradient(y), y)", "torch"),
    ("relu(x)*stop_gradient(relu(y))", "torch"),
]


def test_thirty_rules_are_planted():
    """The list below is long enough."""
    assert len(PLANTED) >= 30


@pytest.mark.parametrize(("program", "rules"), PLANTED)
def test_planted_wrong_rules_are_all_found(program, rules):
    """Not conservative for the program, with a witness that is checked again."""
    r = conservative(program, rules, variables=["x", "y"])
    assert r.verdict in ("not-conservative", "conservative-for-other")
    assert r.witness["verified"] is True


def test_the_second_check_can_fail():
    """A witness with a changed number, or of another program, is refused."""
    from dataclasses import replace

    from tamecheck.autodiff.verify import check
    from tamecheck.autodiff.witnesses import rational

    r = conservative("max(x, y)", ties(1, 1), variables=["x", "y"])
    d = r.decision
    assert check(d.code, d.rules, d.witness) is True
    d.witness.legs[0] = replace(d.witness.legs[0], integral=rational(Fraction(3)))
    assert check(d.code, d.rules, d.witness) is False
    good = conservative("max(x, y)", ties(1, 1), variables=["x", "y"]).decision
    assert check(good.code, load("torch"), good.witness) is False
    good.witness.legs.pop()
    assert check(good.code, good.rules, good.witness) is False


def test_unlisted_operators_are_unknown():
    """A file with a rule for max says nothing about abs."""
    r = conservative("abs(x) + max(x, y)", '[[rule]]\noperator = "max"\nwhere = "x0 == x1"\nvalue = ["1", "0"]\n', variables=["x", "y"])
    assert r.verdict == "unknown"
    assert r.obligations == ["abs: no rule says what it returns where it has no derivative"] + r.obligations[1:]


def test_windows_never_prove():
    """Step functions are followed near 0 only; what does not depend on their values beyond is known all the same."""
    assert conservative("relu(round(x)) - max(round(x), 0)").verdict == "unknown"
    assert conservative("round(x) - round(x)").verdict == "exact-c1"


@pytest.mark.parametrize("program", ["relu(exp(x) - 2) + lgamma(x^2 + 1)", "where(x^2 + y^2 > 0, x^2*y/(x^2 + y^2), 0) + 0*z*w"])
def test_what_is_outside_of_reach_is_unknown_or_undefined(program):
    """Never a positive verdict without the proof."""
    r = conservative(program)
    assert r.verdict in ("unknown", "undefined") and r.obligations


def test_hulls_by_linear_programs():
    """Convex weights exist exactly for points of the hull."""
    square = [[Fraction(a), Fraction(b)] for a in (0, 1) for b in (0, 1)]
    assert hulls.weights(square, [Fraction(1, 3), Fraction(1)]) is not None
    assert hulls.weights(square, [Fraction(1, 3), Fraction(101, 100)]) is None


def test_every_cell_of_a_positive_verdict_passes():
    """The identity <d, v> = df[v] holds on every cell, recomputed."""
    pieces = Pieces(read(parse("max(a, max(b, c)) - abs(a - b)"), ["a", "b", "c"]), load("torch"))
    for cell in pieces.space.cells:
        for v in pieces.space.vectors(cell):
            assert pieces.space.vanishes(criterion.defect(pieces, pieces.of(cell), v), cell) is True


def test_a_probe_at_one_point_is_not_a_rule_for_all():
    """prelu was probed at two slopes and returned the slope in torch's reverse mode: that is the rule, and a Clarke subgradient."""
    assert conservative("prelu(x, y)", variables=["x", "y"]).verdict == "clarke"


@pytest.mark.parametrize("program", ["tan(x)", "tan(x)*relu(x)", "1/cos(x)", "1/(1 + sin(x*y))"])
def test_poles_that_are_not_excluded_are_never_passed_over(program):
    """A denominator whose sign does not show is unknown, not harmless."""
    assert conservative(program).verdict == "unknown"
