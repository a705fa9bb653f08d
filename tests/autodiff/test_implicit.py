"""Implicit layers: the facts of the literature, exact decisions against perturbed solutions, certificates that are spoiled, bad input."""

import copy
import json
import random
import subprocess
import sys
from fractions import Fraction as Q
from itertools import product
from pathlib import Path

import pytest

import tamecheck as tc
from tamecheck.autodiff.implicit import enclosures as en
from tamecheck.autodiff.implicit import matrices
from tamecheck.autodiff.implicit.bernstein import sign_on_cube
from tamecheck.autodiff.implicit.cone import cone, project
from tamecheck.autodiff.implicit.equilibrium import equilibrium
from tamecheck.autodiff.implicit.families import Family, Multiplier, constant, plus, value
from tamecheck.autodiff.implicit.lasso import lasso
from tamecheck.autodiff.implicit.monotone import inclusion, strongly_monotone
from tamecheck.autodiff.implicit.pmatrix import check, principal_minors
from tamecheck.autodiff.implicit.preconditioned import regular
from tamecheck.autodiff.implicit.quadratic import quadratic
from tamecheck.autodiff.implicit.recheck import check as recheck
from tamecheck.autodiff.implicit.vertices import decide

ROOT = Path(__file__).resolve().parents[2]
SYSTEM, PLACE = ["abs(x) + y - u", "2*x + abs(y) - v"], {"x": 0, "y": 0, "u": 0, "v": 0}


@pytest.mark.parametrize(("a", "verdict"), [("1/2", "holds"), (1, "fails"), (-3, "holds"), (2, "fails")])
def test_scalar_equilibrium(a, verdict):
    """E01, E02; a = 2: both vertices 1 and -1 are invertible, q = 1/2 is not."""
    r = tc.implicit("z - relu(a*z + b)", "z", at={"b": 0, "z": 0}, constants={"a": Q(a)})
    assert r.verdict == verdict and r.verify() is True
    if verdict == "holds":
        assert r.jacobian.range() == [[(0, 1 / (1 - Q(a)))]]
        assert r.returned == [["0"]]
    else:
        assert r.jacobian is None and r.singular["B"] == [["0"]] and Q(r.singular["multipliers"][0]) == 1 / Q(a)


def test_sharpness():
    """E05 and E06: 0 is in the convex hull; B vanishes."""
    for text, q in (("abs(y) - x", "1/2"), ("y^3 - x", None)):
        r = tc.implicit(text, "y", at={"x": 0, "y": 0})
        assert r.verdict == "fails" and r.verify() is True and r.singular["multipliers"] == ([q] if q else [])


def test_inverses_are_not_convex():
    """The midpoint of two inverses is not an inverse: a conservative Jacobian that is not Clarke's."""
    r = tc.implicit(SYSTEM, ["x", "y"], at=PLACE)
    assert r.verdict == "holds" and r.hypotheses.outcome.least == 1 and r.solution_jacobian["convex"] is False
    first, second = r.jacobian.at([Q(1), Q(1)]), r.jacobian.at([Q(0), Q(0)])
    middle = [[(a + b) / 2 for a, b in zip(p, q, strict=True)] for p, q in zip(first, second, strict=True)]
    assert middle == [[0, 1], [2, 0]] and matrices.solve(middle, matrices.identity(2)) == [[0, Q(1, 2)], [1, 0]]
    assert r.jacobian.contains(first) and r.jacobian.contains(middle) is False
    assert r.jacobian.contains(r.jacobian.at([Q(1, 3), Q(2, 7)]))


def test_p_matrix_without_contraction():
    """E04: minors 1, 1, 10; the least determinant on the cube is 1; the norm is 3."""
    layer = equilibrium([[0, -3], [3, 0]], minors=True)
    assert layer.well_posed.holds and list(layer.well_posed.minors.values()) == [1, 1, 10] and not any(layer.norms.values())
    r = tc.implicit(["z1 - relu(-3*z2 + b1)", "z2 - relu(3*z1 + b2)"], ["z1", "z2"])
    assert r.verdict == "holds" and r.least_determinant == "1" and r.determinants == 4


def test_p_matrix_and_unique_solutions():
    """Random layers: a P-matrix has one solution for each b; without it some b has none or two (found on the boundary by the failing index set)."""
    rng = random.Random(3)
    seen = set()
    for _ in range(60):
        w = [[Q(rng.randint(-4, 4), 2) for _ in range(3)] for _ in range(3)]
        layer = equilibrium(w)
        slow = all([d > 0 for d in principal_minors(matrices.combine(matrices.identity(3), w, -1)).values()])
        assert layer.well_posed.holds is slow
        seen.add((slow, layer.well_posed.method))
        for _ in range(6):
            b = [Q(rng.randint(-5, 5)) for _ in range(3)]
            if slow:
                assert len(layer.solutions(b, 3)) == 1
                assert layer.at(b).verdict == "holds"
        if any(layer.norms.values()):
            assert slow
    assert {s for s, _ in seen} == {True, False} and len({m for s, m in seen if s}) == 3


def test_lasso_at_a_knot():
    """E08, and the set at a knot holds the derivatives on both sides."""
    assert lasso([[1]], [2], 1)[1].jacobian.vertices[0][1] == [[-1]]
    beta, h = lasso([[1]], [2], 2)
    assert beta == [0] and h.jacobian.range() == [[(-1, 0)]]
    X, y = [[1, "1/2"], [0, 1], [2, -1]], [3, 1, 2]
    levels = [Q(k, 4) for k in range(1, 30)]
    for lam in levels:
        beta, h = lasso(X, y, lam)
        assert h.verdict == "holds"
        step = Q(1, 10**6)
        for s in (step, -step):
            moved = lasso(X, y, lam + s)[0]
            assert h.jacobian.contains([[(m - b) / s] for m, b in zip(moved, beta, strict=True)])


def test_dependent_columns_fail():
    """Two equal columns, both at correlation lambda: the minor of both is 0."""
    beta, h = lasso([[1, 1]], [2], 2)
    assert beta == [0, 0] and h.verdict == "fails" and recheck(h.certificate)


def test_quadratic_programs_against_perturbation():
    """The exact difference quotients near a kink are in the set, in random programs and degenerate ones."""
    rng = random.Random(5)
    kinks = 0
    for _ in range(12):
        a = [[Q(rng.randint(-2, 2)) for _ in range(2)] for _ in range(2)]
        q = matrices.combine(matrices.product(matrices.transpose(a), a), matrices.identity(2))
        g = [[Q(-1), Q(0)], [Q(0), Q(-1)]]
        c = [Q(0), Q(rng.randint(-3, 3))]
        s = quadratic(q, c, G=g, h=[0, 0], A=None)
        kinks += len(s.hypotheses.family.used())
        assert s.hypotheses.verdict == "holds" and recheck(s.hypotheses.certificate)
        for k in range(2):
            for t in (Q(1, 10**6), Q(-1, 10**6)):
                moved = quadratic(q, [x + t * (i == k) for i, x in enumerate(c)], G=g, h=[0, 0])
                column = [(x - y) / t for x, y in zip(moved.z + moved.mu, s.z + s.mu, strict=True)]
                assert any([all([m[i][k] == v for i, v in enumerate(column)]) for _, m in s.hypotheses.jacobian.vertices])
    assert kinks


def test_quadratic_with_equations_and_degenerate_multipliers():
    """An equation; then twice the same active inequality, which makes B singular."""
    s = quadratic([[1, 0], [0, 1]], [0, 0], A=[[1, 1]], b=[2])
    assert s.z == [1, 1] and [row[2] for row in s.hypotheses.jacobian.vertices[0][1][:2]] == [Q(1, 2), Q(1, 2)]
    twice = quadratic([[1]], [0], G=[[1], [1]], h=[0, 0])
    assert twice.hypotheses.verdict == "fails" and recheck(twice.hypotheses.certificate)


def test_cone_programs():
    """The projection of (0, 3, 4); the boundary; the apex, with and without strong monotonicity."""
    value, ends = project([Q(0), Q(3), Q(4)])
    assert value == [Q(5, 2), Q(3, 2), 2] and len(ends) == 1
    h = Q(1, 10**7)
    for k, direction in enumerate(matrices.identity(2)):
        moved = project([x + h * d for x, d in zip([Q(0), Q(5)], direction, strict=True)])[0]
        flat = project([Q(0), Q(5)])
        assert [(a - b) / h for a, b in zip(moved, flat[0], strict=True)] == [row[k] for row in flat[1][0]]
    eye = matrices.identity(3)
    assert cone(eye, [-5, -3, -4], [5, 3, 4]).family.used() == [0]
    assert cone(eye, [-5, -3, -4], [5, 3, 4]).verdict == "holds"
    assert cone(eye, [0, 0, 0], [0, 0, 0]).verdict == "holds"
    assert cone([[0] * 3] * 3, [0, 0, 0], [0, 0, 0]).verdict == "unknown"
    assert cone(eye, [0, -1, -1], [1, 1, 1]).verdict == "unknown"


def test_monotone_inclusions():
    """Strong monotonicity implies the hypothesis at every kink; a rotation alone does not."""
    rng = random.Random(7)
    for _ in range(10):
        s = rng.randint(1, 5)
        m = [[1, s], [-s, 1]]
        assert strongly_monotone(m)
        for prox in ("orthant", "soft", "box"):
            theta = [1, -1] if prox == "soft" else [0, 0]
            h = inclusion(m, theta, [0, 0], prox, gamma=Q(1, 3))
            assert h.verdict == "holds" and len(h.family.used()) == 2 and recheck(h.certificate)
    assert inclusion([[0]], [0], [0]).verdict == "fails"


def test_rules_join_the_set():
    """With relu'(0) = 3 the set is the hull of 0, 1 and 3: it reaches a singular element that Clarke's does not have."""
    rules = {"rule": [{"operator": "relu", "where": "x0 == 0", "value": ["3"]}]}
    ok = tc.implicit("z - relu(z/4 + b)", "z", at={"b": 0, "z": 0}, rulebook=rules)
    assert ok.verdict == "holds" and ok.returned == [["12"]] and ok.jacobian.range() == [[(0, 12)]]
    assert tc.implicit("z - relu(z/2 + b)", "z", at={"b": 0, "z": 0}, rulebook=rules).verdict == "fails"
    everywhere = {"rule": [{"operator": "relu", "value": ["1"]}]}
    assert tc.implicit("z - relu(z/4 + b)", "z", at={"b": 0, "z": 0}, rulebook=everywhere).verdict == "unknown"
    tie = {"rule": [{"operator": "max", "where": "x0 == x1", "value": ["1", "1"]}]}
    assert tc.implicit("z - max(z/4, x)", "z", at={"x": 0, "z": 0}, rulebook=tie).verdict == "unknown"


@pytest.mark.parametrize(("where", "value", "z"), [("x0 >= 0", "3", 1), ("x0 >= 0", "3", 0), ("x0 == 1", "5", 1)])
def test_rules_away_from_kinks_are_not_believed(where, value, z):
    """A rule that acts where relu is smooth is not what the set is about: unknown, never a wrong element."""
    rules = {"rule": [{"operator": "relu", "where": where, "value": [value]}]}
    r = tc.implicit("4*z - relu(z) - x", "z", at={"x": 3 * z, "z": z}, rulebook=rules)
    assert r.verdict == "unknown" and "tc.conservative" in r.reason


def test_gradients_nearby_are_elements():
    """By another engine: gradients of the program at points around a kink are vertices of the set."""
    from tamecheck.autodiff.code import read
    from tamecheck.autodiff.implicit.linearise import linearise
    from tamecheck.autodiff.pieces import Pieces
    from tamecheck.autodiff.rules import load
    from tamecheck.ground.grammar import parse

    texts = (
        "relu(x - y) + abs(2*x + y) - max(x, 3*y)",
        "x*relu(y) - min(x, y)",
        "hardtanh(x - 1) + leaky_relu(y) + relu6(x + y)",
        "relu(x - relu(y))",
    )
    for text in texts:
        code, rules = read(parse(text), ["x", "y"]), load("torch")
        family = linearise([code], {"x": en.point(0), "y": en.point(0)}, rules).family
        elements = {tuple([sum([c for m, c in p.items() if all([q[k] for k in m])], Q(0)) for p in family.rows[0]]) for q in family.vertices()}
        near = 0
        for piece in Pieces(code, rules).pieces:
            x = piece.cell.sample
            if piece.cell.dimension < 2 or max(abs(x[0]), abs(x[1])) == 0:
                continue
            # shrink the sample towards the origin: only cones at the origin count
            small = tuple([c / 1000 for c in x])
            got = linearise([code], {"x": en.point(small[0]), "y": en.point(small[1])}, rules).family
            if got.used():
                continue
            here = tuple([p.get((), Q(0)) for p in got.rows[0]])
            near += 1
            assert any([max([abs(a - b) for a, b in zip(here, e, strict=True)]) < Q(1, 10) for e in elements]), (text, here, elements)
            at = linearise([code], {"x": en.point(x[0]), "y": en.point(x[1])}, rules).family
            values = [(int(a.coeffs()[0]) if a.is_constant() and len(a) else 0, a.is_constant() and b.is_constant(), b) for a, b in piece.returned]
            if all([v[1] for v in values]):
                assert [p.get((), Q(0)) for p in at.rows[0]] == [Q(v[0], int(v[2].coeffs()[0])) for v in values]
        assert near


@pytest.mark.parametrize(
    ("text", "at", "why"),
    [
        ("z - stop_gradient(z) + x", {"x": 0, "z": 0}, "stop_gradient"),
        ("2*z - where(z > 0, z, 0) - x", {"x": 0, "z": 0}, "where"),
        ("z - floor(z) - x", {"x": 0, "z": 0}, "jump"),
        ("sqrt(z) - x", {"x": 0, "z": 0}, "sqrt"),
        ("z^2 - x", {}, "product|power"),
        ("z^2 - x", {"x": (0, 1), "z": (-1, 1)}, "give a point"),
    ],
)
def test_unknown_says_why(text, at, why):
    """What is not decided has a reason and no certificate."""
    import re

    r = tc.implicit(text, "z", at=at)
    assert r.verdict == "unknown" and re.search(why, r.reason), r.reason
    assert r.certificate is None and r.verify() is None and r.jacobian is None


def test_smooth_systems():
    """E13: the derivative of the square root at 4 is 1/4; near 2 it is enclosed; tanh at 0 is exact."""
    assert tc.implicit("z^2 - t", "z", at={"t": 4, "z": 2}).returned == [["1/4"]]
    (low, high) = tc.implicit("z^2 - t", "z", at={"t": 2, "z": (1.414, 1.415)}).jacobian.range()[0][0]
    assert low**2 < Q(1, 8) < high**2 and high - low < Q(1, 1000)
    assert tc.implicit("z - tanh(z/2 + x)", "z", at={"x": 0, "z": 0}).returned == [["2"]]
    r = tc.implicit("z + exp(z) - x", "z", at={"x": (1, 1), "z": (-1, 1)})
    assert r.verdict == "holds" and r.returned is None


def test_kinks_inside_of_kinks():
    """The convex hull counts: rows decide one system; in the other the set is invertible and its hull is not."""
    assert tc.implicit("z + relu(z - relu(z)) - x", "z", at={"x": 0, "z": 0}).hypotheses.outcome.method == "rows"
    p, q = {(0,): Q(1)}, {(1,): Q(1)}
    both = {(0, 1): Q(1)}
    # B = [[1, q0], [q1, 2 q0 q1 + 1]]: det = 1 + q0 q1; of its hull the midpoint of (1,1) and (0,0) has det 2 - 1/4
    family = Family([[{}, constant(1), p], [{}, q, {**both, (0, 1): Q(2), (): Q(1)}]], [Multiplier("kink", "a"), Multiplier("kink", "b")])
    assert not family.affine and decide(family).verdict in ("unknown", "invertible")
    # det = q0 q1 - q0 q1 + ... : [[q0, 1], [-1, q1]] affine; the product q0 q1 - 1/2 in a hull changes its sign
    bad = Family([[{}, {(0, 1): Q(1), (): Q(-1, 2)}]], [Multiplier("kink", "a"), Multiplier("kink", "b")])
    assert decide(bad).verdict == "singular"


def test_rank_two_multipliers():
    """[[q, -1], [1, q]] has determinant q^2 + 1; [[2q-1, 0], [0, 2q-1]] vanishes at 1/2 although both vertices have determinant 1."""
    def family(rows):
        return Family([[{}, *row] for row in rows], [Multiplier("kink", "a")])

    q = {(0,): Q(1)}
    good = decide(family([[q, constant(-1)], [constant(1), q]]))
    assert good.verdict == "invertible" and good.least <= 1
    bad = decide(family([[{(0,): Q(2), (): Q(-1)}, {}], [{}, {(0,): Q(2), (): Q(-1)}]]))
    assert bad.verdict != "invertible"
    found = sign_on_cube({(0, 0): Q(1), (0,): Q(-1), (): Q(26, 100)}, 1)
    assert found.sign == 1 and found.bound <= Q(1, 100)


def _equilibrium(n: int, size: int) -> tuple[list[str], list[str], dict]:
    """z = relu(W z + b) with n units, all on their kinks; entries of W up to 9/size."""
    r = random.Random(n)
    rows = [" + ".join([f"({r.randint(-9, 9)}/{size})*z{j}" for j in range(n)]) for _ in range(n)]
    names = [f"z{i}" for i in range(n)]
    return [f"z{i} - relu({row} + b{i})" for i, row in enumerate(rows)], names, {**dict.fromkeys(names, 0), **{f"b{i}": 0 for i in range(n)}}


def test_more_kinks_than_vertices_can_be_counted():
    """Twenty units on their kinks: an approximate inverse proves it, the second road agrees, spoiled certificates are noticed."""
    good = tc.implicit(*_equilibrium(20, 300)[:2], at=_equilibrium(20, 300)[2])
    assert (good.verdict, good.hypotheses.outcome.method, good.verify()) == ("holds", "preconditioned", True)
    far = tc.implicit(*_equilibrium(20, 20)[:2], at=_equilibrium(20, 20)[2])
    assert far.verdict == "unknown" and "20 multipliers" in far.reason
    for change in (
        lambda c: c.update(sign=-1),
        lambda c: c["regular"]["vector"].__setitem__(3, "0"),
        lambda c: c["regular"]["vector"].__setitem__(3, "1/1000"),
        lambda c: c["regular"]["vector"].pop(),
        lambda c: c["regular"]["inverse"][0].__setitem__(0, "0"),
        lambda c: c["regular"]["inverse"].pop(),
        lambda c: c["family"]["entries"][2][22].append([[1], "1"]),
        lambda c: c["family"]["entries"][2][22].append([[], "-1"]),
        lambda c: c.update(regular=None),
    ):
        spoiled = copy.deepcopy(good.certificate)
        change(spoiled)
        assert recheck(spoiled) is False


def test_the_approximate_inverse_never_claims_too_much():
    """On random families with few multipliers a claim agrees with all vertices and with random elements."""
    r, claims = random.Random(3), 0
    for _ in range(150):
        n = r.randint(1, 3)
        rows = [[{m: Q(r.randint(-6, 6), 4) for m in ((), (0,), (1,), (0, 1))[: r.randint(1, 4)]} for _ in range(n)] for _ in range(n)]
        for i in range(n):
            rows[i][i] = plus(rows[i][i], constant(r.choice([3, 6, -6])))
        proof = regular(rows)
        claims += proof is not None
        for q in product((Q(0), Q(1, 3), Q(1, 2), Q(1)), repeat=2):
            assert proof is None or matrices.determinant([[value(p, q) for p in row] for row in rows]) * proof.sign > 0
    assert claims > 30


def test_determinants_of_degree_two_have_a_second_road():
    """det = q^2 + 1 from its values at three points; a wrong sign, and a determinant with a zero, are noticed."""
    entries = [[[[[0], "1"]], [[[], "-1"]]], [[[[], "1"]], [[[0], "1"]]]]
    claim = {"verdict": "holds", "m": 2, "n": 0, "method": "bernstein", "sign": 1, "family": {"entries": entries, "multipliers": [1]}}
    assert recheck(claim) is True
    assert recheck({**claim, "sign": -1}) is False
    zero = [[[[[0], "2"], [[], "-1"]], []], [[], [[[0], "2"], [[], "-1"]]]]
    assert recheck({**claim, "family": {"entries": zero, "multipliers": [1]}}) is False
    three = [[[[[0], "1"]] if i == j else [] for j in range(3)] for i in range(3)]
    assert recheck({**claim, "m": 3, "family": {"entries": three, "multipliers": [1]}}) is None


def test_spoiled_certificates():
    """A changed sign, entry, multiplier, verdict or kernel is noticed."""
    good = tc.implicit(SYSTEM, ["x", "y"], at=PLACE).certificate
    assert recheck(json.loads(json.dumps(good))) is True
    for change in (
        lambda c: c.update(sign=-c["sign"]),
        lambda c: c["family"]["entries"][1][2].clear(),
        lambda c: c["family"]["multipliers"].pop(),
        lambda c: c.update(method="guess"),
        lambda c: c.update(verdict="fails", singular={"multipliers": ["0", "0"]}),
        lambda c: c["family"]["entries"][1][3].append([[0], "1"]),
        lambda c: c.pop("m"),
    ):
        spoiled = copy.deepcopy(good)
        change(spoiled)
        assert recheck(spoiled) is False
    bad = tc.implicit("z - relu(2*z + b)", "z", at={"b": 0, "z": 0}).certificate
    for q in (["1/3"], ["3/2"], []):
        spoiled = copy.deepcopy(bad)
        spoiled["singular"]["multipliers"] = q
        assert recheck(spoiled) is False
    inner = {"entries": [[[[[0, 1], "1"], [[], "1"]]]], "multipliers": [1, 1]}
    nested = {"kind": "", "verdict": "holds", "m": 1, "n": 0, "method": "vertices", "sign": 1, "family": inner}
    assert recheck(nested) is False


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: tc.implicit("z - ", "z"), "TC101"),
        (lambda: tc.implicit("z - x", "y"), "TC102"),
        (lambda: tc.implicit("z - x", []), "TC102"),
        (lambda: tc.implicit("z - x", ["z", "x"]), "TC172"),
        (lambda: tc.implicit("z - x", "z", at={"z": 1, "x": 0}), "TC173"),
        (lambda: tc.implicit("z - x", "z", at={"w": 1}), "TC102"),
        (lambda: tc.implicit("z - x", "z", at={"z": "one"}), "TC174"),
        (lambda: tc.implicit("z - x", "z", at={"z": float("nan")}), "TC174"),
        (lambda: tc.implicit("z - x", "z", at={"z": (1, 0)}), "TC174"),
        (lambda: tc.implicit("z - x", "z", rulebook="nobody"), "TC190"),
        (lambda: equilibrium([[1, 2]]), "TC174"),
        (lambda: equilibrium([[1]]).solutions([1, 2]), "TC174"),
        (lambda: equilibrium([[0] * 20] * 20).solutions([0] * 20), "TC175"),
        (lambda: equilibrium([[0]]).at([1], z=[2]), "TC173"),
        (lambda: lasso([[1]], [2], 0), "TC174"),
        (lambda: quadratic([[-1]], [0]), "TC174"),
        (lambda: quadratic([[0]], [1]), "TC175"),
        (lambda: quadratic([[1, 1], [0, 1]], [0, 0]), "TC174"),
        (lambda: cone([[1, 0], [0, 1]], [0, 0], [1, 0]), "TC173"),
        (lambda: inclusion([[1]], [0], [1]), "TC173"),
        (lambda: inclusion([[1]], [0], [0], prox="ball"), "TC174"),
    ],
)
def test_bad_input(call, code):
    """A clear error with a stable code."""
    with pytest.raises(tc.errors.InputError) as caught:
        call()
    assert caught.value.code == code


def test_enclosures_contain():
    """Random points are in the enclosures of their images."""
    import math

    rng = random.Random(2)
    for _ in range(200):
        low = Q(rng.randint(-20, 20), 7)
        a = (low, low + Q(rng.randint(0, 20), 9))
        x = low + (a[1] - low) * Q(rng.randint(0, 8), 8)
        for name in ("exp", "sin", "cos", "tanh", "atan", "erf"):
            v = en.apply(name, a)
            assert v[0] <= Q(getattr(math, name)(float(x))) + Q(1, 10**12) and v[1] >= Q(getattr(math, name)(float(x))) - Q(1, 10**12)
        for n in (2, 3):
            assert en.power(a, n)[0] <= x**n <= en.power(a, n)[1]
        assert en.mul(a, a)[0] <= x * x <= en.mul(a, a)[1]


def test_large_layer_by_perron_frobenius():
    """Forty units: no minors, a positive vector; a cycle of weights that is too strong is refused by a small minor or not decided."""
    n = 40
    w = [[Q(1, 50) * (-1) ** (i * j) for j in range(n)] for i in range(n)]
    found = check(matrices.combine(matrices.identity(n), w, -1))
    assert found.holds and found.method == "comparison" and all([x > 0 for x in found.vector])
    strong = [[Q(0)] * n for _ in range(n)]
    for i in range(n):
        strong[i][(i + 1) % n] = Q(2)
    assert check(matrices.combine(matrices.identity(n), strong, -1)).holds is None


def test_report():
    """Text and JSON say the same; a report has no truth value."""
    r = tc.implicit(SYSTEM, ["x", "y"], at=PLACE)
    assert json.loads(json.dumps(r.to_json()))["verdict"] == "holds" and "not convex" in str(r)
    with pytest.raises(TypeError):
        bool(r)


EXAMPLES = {
    "20_implicit_layers": (None, ["[[0, 1], [2, 0]] is not in it", "principal minors ['1', '1', '10']", "in ['-1', '0']"]),
    "21_limit_cycle": ("limit_cycle", ["period of the gradient flow 1.229581970501", "jump at a crossing 103.475761561",
                                       "(0.678763797134, 0.036291391401)",
                                       "(2.321236202866, 4.963708608599)", "x in [0.66677, 2.33323], y in [0.02827, 4.97173]"]),
    "22_lorenz": ("lorenz_descent", ["returned [0.0, -26.0, 1.6667]  gradient [-18, -36, 5.3333]", "x3 = 0: -18", "theorem: fails"]),
}  # fmt: skip


@pytest.mark.parametrize("script", EXAMPLES)
def test_examples(script, tmp_path):
    """E10, E11 and counterexample 2.2: the numbers of the examples."""
    picture, lines = EXAMPLES[script]
    run = subprocess.run([sys.executable, ROOT / "examples" / f"{script}.py", tmp_path], capture_output=True, text=True, timeout=100, check=False)
    assert run.returncode == 0, run.stderr
    for line in lines:
        assert line in run.stdout
    if picture:
        assert (tmp_path / f"{picture}.svg").exists() and (ROOT / "docs" / "pictures" / f"{picture}.svg").exists()
