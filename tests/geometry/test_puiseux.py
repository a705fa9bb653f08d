"""Half-branches of plane curves and Lojasiewicz exponents."""

from fractions import Fraction as Q

import pytest

from tamecheck.geometry.cad.systems import Systems
from tamecheck.geometry.critical_values import exponents, puiseux
from tamecheck.geometry.critical_values.exponents import exponent
from tamecheck.geometry.critical_values.puiseux import Unsupported, half_branches, leading_term, roots_of_number, terms_of
from tamecheck.ground.algebraic import rational, real_roots
from tamecheck.ground.polynomials import Ring, read

RING = Ring(("x", "y"))


def branches(text, mirrored=False):
    """Return the half-branches of a curve at the origin."""
    return half_branches(terms_of(read(RING, text)[0], mirrored=mirrored))


@pytest.mark.parametrize(
    ("curve", "series"),
    [
        ("y^2-x^3", [[(Q(3, 2), -1)], [(Q(3, 2), 1)]]), ("y^2+x^3", []), ("x^2+y^2", []), ("y-x^2", [[(Q(2), 1)]]),
        ("y^3-x*y+x^4", [[(Q(1, 2), -1)], [(Q(1, 2), 1)], [(Q(3), 1)]]),
        ("(y-x^2)*(y-x^2-x^5)", [[(Q(2), 1)], [(Q(2), 1), (Q(5), 1)]]),
        ("y^2-2*x^2*y+x^4-x^5", [[(Q(2), 1), (Q(5, 2), -1)], [(Q(2), 1), (Q(5, 2), 1)]]),
        ("y^4-2*x^3*y^2-4*x^5*y+x^6-x^7", [[(Q(3, 2), 1), (Q(7, 4), -1)], [(Q(3, 2), 1), (Q(7, 4), 1)]]),
        ("x*(y-x)", [[(Q(1), 1)]]), ("y*(y-x)", [[], [(Q(1), 1)]]),
    ],
)  # fmt: skip
def test_half_branches(curve, series):
    """Exponents and coefficients of classical branches, the second characteristic exponent included."""
    assert [[(m, c) for m, c in b.series] for b in branches(curve)] == series


def test_irrational_coefficients():
    """Coefficients are algebraic numbers."""
    low, high = [b.series[0][1] for b in branches("y^2-2*x^2+x^3")]
    assert low * low == rational(2) and high == -low and low < 0


def test_mirrored():
    """The other half of the plane."""
    assert [len(branches("y^2-x^3", m)) for m in (False, True)] == [2, 0]


def test_expansions_satisfy_the_equation():
    """The order of the equation along a truncated branch grows with every term."""
    curve = terms_of(read(RING, "y^2-x^2-x^3")[0])
    b = half_branches(curve)[0]
    orders = []
    for _ in range(4):
        b = b.extended()
        exact = puiseux.Branch(b.series, True)
        orders.append(puiseux._along(curve, exact)[0])
    assert orders == sorted(orders) and orders[-1] >= 5


def test_leading_terms_wait_for_the_branch():
    """A polynomial that vanishes on the first terms needs more of them: truncation is not mistaken for zero."""
    b = [b for b in branches("y^2-x^2-x^3") if b.series[0][1] > 0][0]
    order, c = leading_term(terms_of(read(RING, "y-x")[0]), b)
    assert (order, c) == (2, rational(1, 2))
    order, c = leading_term(terms_of(read(RING, "8*y-8*x-4*x^2")[0]), b)
    assert (order, c) == (3, rational(-1))


def test_roots_of_numbers():
    """Real roots are exact and none is invented."""
    (two,) = [r for r, _ in real_roots((-2, 0, 1)) if r > 0]
    assert [r * r * r for r in roots_of_number(two, 3)] == [two] and len(roots_of_number(two, 2)) == 2
    assert roots_of_number(-two, 2) == []


def test_what_is_not_supported_is_said():
    """Edge polynomials over irrational numbers are refused."""
    with pytest.raises(Unsupported):
        branches("((y^2-2*x^2)^2-x^5*y)^2-x^11*(y+x)")


LOJASIEWICZ = [
    ("x^2", "x", "1/2"), ("x^6", "x", "5/6"), ("x^3+x^7", "x", "2/3"), ("x^2+y^2", "xy", "1/2"), ("x*y", "xy", "1/2"), ("x^2+y^4", "xy", "3/4"),
    ("x^3+y^3", "xy", "2/3"), ("x^3-3*x*y^2", "xy", "2/3"), ("x^2-y^3", "xy", "2/3"), ("x^2*y+y^4", "xy", "3/4"), ("x^3+x*y^3", "xy", "7/9"),
    ("x^3+y^4", "xy", "3/4"), ("x^3+y^5", "xy", "4/5"), ("(x^2+y^2)^2", "xy", "3/4"), ("(y-x^2)^2+x^6", "xy", "5/6"),
    ("x^2+y^2+z^2-x*y", "xyz", "1/2"),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "names", "expected"), LOJASIEWICZ, ids=[row[0] for row in LOJASIEWICZ])
def test_lojasiewicz_exponents(formula, names, expected):
    """The simple singularities A_k, D_5, E_6, E_7, E_8 and others have the exponents of the literature."""
    ring = Ring(tuple(names))
    p, d = read(ring, formula)
    found = Systems(ring).solve([p.derivative(k) for k in range(len(names))])
    origin = [s for s in found if all([c == 0 for c in s.coordinates()])]
    assert str(exponent(ring, (p, ring.constant(d)), origin[0]).value) == expected


def test_away_from_the_origin():
    """A degenerate critical point anywhere, and a value that is not 0."""
    p, _ = read(RING, "(x-3)^2+(y+1/2)^4*16+7")
    (s,) = Systems(RING).solve([p.derivative(0), p.derivative(1)])
    assert exponent(RING, (p, RING.constant(1)), s).value == Q(3, 4)


@pytest.mark.parametrize("formula", ["(x*y-1)^2*x^2", "x^2*y^2", "y^2"])
def test_points_that_are_not_isolated(formula):
    """Nothing is claimed where critical points are not isolated."""
    p, _ = read(RING, formula)
    for s in Systems(RING).solve([p.derivative(0), p.derivative(1)]):
        result = exponent(RING, (p, RING.constant(1)), s)
        assert result.value is None and "not isolated" in result.reason


def test_the_check_for_isolation_is_needed(monkeypatch):
    """Guard: without it an exponent would be given at a point on a critical curve."""
    monkeypatch.setattr(exponents, "_critical_curve", lambda *rest: False)
    p, _ = read(RING, "x^2*y^2+x^6")
    results = [exponent(RING, (p, RING.constant(1)), s) for s in Systems(RING).solve([p.derivative(0), p.derivative(1)]) if s.dimension == 0]
    assert all([r.value is not None or r.reason for r in results])
