"""Lojasiewicz exponents of families where an exact argument gives them, and laws that they obey.

* Sums g(x) + h(y): the larger of the two exponents, as |f| <= |g| + |h| and |grad f| >= max(|g'|, |h'|).
* Homogeneous of degree d with an isolated critical point: 1 - 1/d, by Euler's identity and compactness of the sphere.
* Quasihomogeneous of degree d with least weight w: at most 1 - w/d; reached where the derivative by the other variable vanishes along a real
  curve on which f is not 0.
* Powers: |grad f^k| = k |f|^(k-1) |grad f|, so (k - 1 + theta)/k.
* Polynomial automorphisms change |grad f| and |f| by bounded factors only: the exponent stays.
"""

import random
from fractions import Fraction as Q

import pytest

from tamecheck.geometry.cad.systems import Systems
from tamecheck.geometry.critical_values.exponents import exponent
from tamecheck.ground.polynomials import Ring, read


def at_the_origin(formula, names):
    """Return the exponent at 0."""
    ring = Ring(tuple(names))
    p, d = read(ring, formula)
    found = Systems(ring).solve([p.derivative(k) for k in range(len(names))])
    (origin,) = [s for s in found if s.dimension == 0 and all([c == 0 for c in s.coordinates()])]
    result = exponent(ring, (p, ring.constant(d)), origin)
    return result.value if result.value is not None else result.reason


@pytest.mark.parametrize("sign", "+-")
@pytest.mark.parametrize(("a", "b"), [(a, b) for a in range(2, 8) for b in range(a, 9)])
def test_sums_of_powers(a, b, sign):
    """x^a + y^b and x^a - y^b have 1 - 1/max(a, b)."""
    assert at_the_origin(f"x^{a}{sign}y^{b}", "xy") == 1 - Q(1, b)


@pytest.mark.parametrize("m", range(2, 13))
def test_powers_on_the_line(m):
    """A zero of order m has 1 - 1/m, whatever the higher terms."""
    assert at_the_origin(f"x^{m}*(3+x-5*x^2)", "x") == 1 - Q(1, m)


def harmonic(k):
    """Return the real part of (x + i y)^k as a text."""
    re, im = {(0, 0): 1}, {}
    for _ in range(k):
        new_re, new_im = {}, {}
        for table, real in ((re, True), (im, False)):
            for (i, j), c in table.items():
                same, other = (new_re, new_im) if real else (new_im, new_re)
                same[i + 1, j] = same.get((i + 1, j), 0) + c
                other[i, j + 1] = other.get((i, j + 1), 0) + (c if real else -c)
        re, im = new_re, new_im
    return "+".join([f"({c})*x^{i}*y^{j}" for (i, j), c in re.items() if c])


@pytest.mark.parametrize(
    ("formula", "degree"),
    [(harmonic(k), k) for k in range(2, 7)]
    + [("x^4+x^2*y^2+y^4", 4), ("x^4-3*x^2*y^2+y^4", 4), ("x^5-2*x*y^4", 5), ("x^3+x^2*y+2*x*y^2-y^3", 3), ("(x^2+y^2)^3", 6)],
)
def test_homogeneous_functions(formula, degree):
    """An isolated critical point of a homogeneous function of degree d has 1 - 1/d."""
    assert at_the_origin(formula, "xy") == 1 - Q(1, degree)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        *[(f"x^2*y+y^{k - 1}", Q(k - 2, k - 1)) for k in range(4, 9)], *[(f"x^2*y-y^{k - 1}", Q(k - 2, k - 1)) for k in range(5, 9)],
        ("x^3+y^4", Q(3, 4)), ("x^3+x*y^3", Q(7, 9)), ("x^3+y^5", Q(4, 5)), ("x^3+y^7", Q(6, 7)),
        pytest.param("x^3+x*y^5", Q(13, 15), marks=pytest.mark.slow), ("x^4+y^5", Q(4, 5)),
        ("x^4+x*y^4", Q(13, 16)),
    ],
)  # fmt: skip
def test_quasihomogeneous_functions(formula, expected):
    """D_k, E_6, E_7, E_8, E_12, E_13, W_12, W_13: 1 - w/d with the least weight."""
    assert at_the_origin(formula, "xy") == expected


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("x^3+y^4+x*y^4", Q(3, 4)), pytest.param("x^3+y^4+x^2*y^2+y^9", Q(3, 4), marks=pytest.mark.slow),
        ("x^3+x*y^3+y^5", Q(7, 9)), ("x^2+y^6+x*y^4", Q(5, 6)),
        ("x^4+y^4+x^3*y^2+y^7", Q(3, 4)), ("x^3+y^5+x*y^4+x^2*y^3", Q(4, 5)),
    ],
)  # fmt: skip
def test_terms_of_higher_weight_change_nothing(formula, expected):
    """Semi-quasihomogeneous functions have the exponent of their principal part."""
    assert at_the_origin(formula, "xy") == expected


@pytest.mark.parametrize("k", [3, 4, 5, 8])
def test_along_a_parabola(k):
    """(y - x^2)^2 + x^k is u^2 + x^k with u = y - x^2: 1 - 1/k."""
    assert at_the_origin(f"(y-x^2)^2+x^{k}", "xy") == 1 - Q(1, k)


@pytest.mark.parametrize("k", [7, 8, 10])
def test_along_a_cusp(k):
    """(y^2 - x^3)^2 + x^k, k > 6: on the cusp f = x^k and its gradient is k x^(k-1), so 1 - 1/k."""
    assert at_the_origin(f"(y^2-x^3)^2+x^{k}", "xy") == 1 - Q(1, k)


@pytest.mark.parametrize("m", [3, 4])
def test_across_a_cusp(m):
    """(y^2 - x^3)^2 + y^(2m): near the cusp (t^2, t^3) f ~ t^(6m), |grad f| ~ t^(6m-2), so 1 - 1/(3m)."""
    assert at_the_origin(f"(y^2-x^3)^2+y^{2 * m}", "xy") == 1 - Q(1, 3 * m)


@pytest.mark.parametrize(("formula", "theta"), [("x^2+y^4", Q(3, 4)), ("x^2+y^2", Q(1, 2)), ("x^4+y^6", Q(5, 6)), ("x^2+x*y+y^2", Q(1, 2))])
@pytest.mark.parametrize("k", [2, 3])
def test_powers_of_functions(formula, theta, k):
    """A power of a function with an isolated zero has (k - 1 + theta)/k."""
    assert at_the_origin(formula, "xy") == theta
    assert at_the_origin(f"({formula})^{k}", "xy") == (k - 1 + theta) / k


@pytest.mark.slow
def test_automorphisms_change_nothing():
    """Law: triangular changes of coordinates and linear ones keep the exponent."""
    source = random.Random(4)
    for formula in ("x^2+y^4", "x^3+y^4", "x^3+x*y^3", "x^2*y+y^4", "x^3-3*x*y^2"):
        expected = at_the_origin(formula, "xy")
        for _ in range(4):
            a, b = source.choice([1, -1, 2]), source.choice([1, -2])
            bent = [(f"(x+{a}*y^2)", "y"), ("x", f"(y+{a}*x^2)")]
            x, y = source.choice([*bent, (f"(x+{a}*y)", "y"), (f"({b}*x+y)", "(x+y)")])
            moved = formula.replace("x", "X").replace("y", "Y").replace("X", x).replace("Y", y)
            assert at_the_origin(moved, "xy") == expected, moved
