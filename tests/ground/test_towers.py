"""Exact arithmetic over several algebraic coordinates, against norms, high precision, and planted coincidences."""

import random

import pytest
from flint import arb, fmpq, fmpz_poly

from tamecheck.ground.algebraic import precision, real_roots
from tamecheck.ground.polynomials import Ring, read
from tamecheck.ground.towers import Tower, sign_at

RING = Ring(("x", "y", "z"))


def root(*c: int, index: int = -1):
    """Return a real root of c_0 + c_1 x + ..., the largest by default."""
    return real_roots(c)[index][0]


TWO, THREE, SIX = root(-2, 0, 1), root(-3, 0, 1), root(-6, 0, 1)


@pytest.mark.parametrize(
    ("text", "point", "expected"),
    [
        ("x*y-z", (TWO, THREE, SIX), 0),  # sqrt 2 sqrt 3 = sqrt 6
        ("x*y+z", (TWO, THREE, SIX), 1),
        ("x^2-2", (TWO,), 0),
        ("(x+y)^2-5-2*z", (TWO, THREE, SIX), 0),
        ("x^3-y", (root(-2, 0, 0, 1), root(-2, 1)), 0),
        ("x-y", (TWO, TWO), 0),
        ("x+y", (TWO, root(-2, 0, 1, index=0)), 0),
        ("x^2*y^2-6", (TWO, THREE), 0),
        ("10^40*(x*y-z)-1", (TWO, THREE, SIX), -1),
        ("x^4-10*x^2+1", (TWO + THREE,), 0),
        ("z-x-y", (TWO, THREE, TWO + THREE), 0),
        ("z^2-x^2-y^2-2*x*y", (TWO, THREE, TWO + THREE), 0),
        ("y^3-3*y-x", (root(1, -3, 0, 1), root(2, 1)), -1),
    ],
)
def test_signs_at_algebraic_points(text, point, expected):
    """Zero is recognised although the tower is no field at first, and differences of 10^-40 are seen."""
    ring = Ring(RING.names[: len(point)])
    assert sign_at(read(ring, text)[0], point) == expected


@pytest.mark.parametrize("seed", range(60))
def test_towers_against_resultants(seed):
    """A value is zero exactly if the number computed by resultants is zero."""
    r = random.Random(seed)
    pool = [TWO, THREE, SIX, root(-2, 0, 0, 1), root(1, -3, 0, 1), root(-1, -1, 0, 1), root(-8, 0, 1), root(1, 0, -10, 0, 1)]
    a, b = r.choice(pool), r.choice(pool)
    i, j, k = r.randint(-2, 2), r.randint(-2, 2), r.randint(-3, 3)
    p = read(Ring(("x", "y")), f"{i}*x*y+{j}*x+{k}*y^2-{r.choice((0, 0, 2, 3, 6))}")[0]
    total = sum([t for t in (a * b * i, a * j, b * b * k)], -number_of(p))
    assert sign_at(p, (a, b)) == total.sign()


def number_of(p):
    """Return minus the constant term as an algebraic number."""
    from tamecheck.ground.algebraic import rational

    constant = dict(zip([tuple(map(int, e)) for e in p.monoms()], p.coeffs(), strict=True)).get((0, 0), 0)
    return rational(-int(constant))


class Above:
    """A coordinate given by an equation over the ones before, that need not be irreducible."""

    rational = None

    def __init__(self, coefficients, low: float, high: float, squarefree: bool = True) -> None:
        self.coefficients, self.bounds, self.squarefree = coefficients, (low, high), squarefree

    def ball(self, bits: int = 64):
        # the roots are those of rational polynomials here, which knows a large ball
        return self.exact.ball(bits)

    def equation(self, tower):
        h = tower.height[-1]
        return [tower.value([((e,), c) for e, c in part], 1) if h else None for part in self.coefficients]

    def simple(self) -> bool:
        return self.squarefree


@pytest.mark.parametrize("squarefree", [True, False])
def test_a_reducible_modulus_splits(squarefree):
    """y^2 = 2 over x = sqrt 2 is (y - x)(y + x): asking whether y - x vanishes splits it, on the right side."""
    for sign, index in ((1, 1), (-1, 0)):
        y = Above([[(0, -2)], [(0, 0)], [(0, 1)]], 0, 2, squarefree)
        y.exact = real_roots((-2, 0, 1))[index][0]
        tower = Tower([TWO, y])
        assert len(tower.moduli[1]) == 3
        assert tower.vanishes(read(Ring(("x", "y")), f"y-{sign}*x")[0], 2)
        assert len(tower.moduli[1]) == 2
        assert not tower.vanishes(read(Ring(("x", "y")), f"y+{sign}*x")[0], 2)


@pytest.mark.parametrize("seed", range(40))
def test_degrees_of_common_divisors_with_and_without_inverses(seed):
    """Pseudo-remainders find the degree of the monic gcd, over Q(sqrt 2), and it is the planted one at least."""
    r = random.Random(seed)
    tower = Tower([TWO])

    def element():
        from flint import fmpq_poly

        return fmpq_poly([fmpq(r.randint(-4, 4)), fmpq(r.randint(-3, 3), r.randint(1, 3))])

    def poly(degree):
        out = [element() for _ in range(degree + 1)]
        return out if not tower.is_zero(out[-1], 1) else poly(degree)

    common, a, b = poly(r.randint(0, 2)), poly(r.randint(1, 2)), poly(r.randint(0, 2))
    p, q = tower._product(common, a, 1), tower._product(common, b, 1)
    degree = tower.gcd_degree(p, q, 1)
    assert degree == len(tower.gcd(p, q, 1)) - 1 >= len(common) - 1


def test_inverses():
    """a * (1/a) = 1 at height one and two."""
    tower = Tower([TWO, THREE])
    one = tower.embed(fmpq(1), 2)
    a = tower.value([((1, 1), 1), ((0, 1), 2), ((0, 0), -5)], 2)
    product = tower.mul(a, tower.inverse(a, 2), 2)
    assert tower.is_zero(tower.add(product, one, 2, -1), 2)
    with pytest.raises(ZeroDivisionError):
        tower.inverse(tower.embed(fmpq(0), 2), 2)


def test_balls_enclose_elements():
    """The enclosure of an element holds the value computed with many digits."""
    tower = Tower([TWO, THREE])
    a = tower.value([((3, 2), 7), ((1, 1), -4), ((0, 0), 1)], 2)
    with precision(300):
        exact = 7 * TWO.ball(300) ** 3 * THREE.ball(300) ** 2 - 4 * TWO.ball(300) * THREE.ball(300) + 1
    with precision(100):
        assert tower.ball(a, 2, 100).overlaps(exact)


def test_cyclotomic_like_coincidence():
    """2 cos(2 pi / 7) and 2 cos(4 pi / 7): the second is the square of the first minus 2."""
    three = [x for x, _ in real_roots((-1, -2, 1, 1))]
    for x in three:
        hits = [y for y in three if sign_at(read(Ring(("x", "y")), "x^2-2-y")[0], (x, y)) == 0]
        assert len(hits) == 1
    assert fmpz_poly([-1, -2, 1, 1]) == three[0].polynomial


def test_a_ball_around_zero_has_powers():
    """A root that is 0 without being known as rational may have a ball with middle 0; signs near it need no exact arithmetic."""

    class Near:
        rational = None

        def ball(self, bits):
            return arb((0, 0), (1, -bits))

    ring = Ring(["x"])
    assert [sign_at(read(ring, text)[0], [Near()]) for text in ("x + 1", "x^3 - 2", "x^2 + x + 5")] == [1, -1, 1]
