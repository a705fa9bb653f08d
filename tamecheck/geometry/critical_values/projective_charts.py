"""Limits at infinity over the complex numbers, exactly: the closure of a graph in projective charts.

Let f = p/q and forms ``v_k = x_i a_k / b_k`` be given on the complex set S = {h_1 = ... = 0}.  In the chart x_i = 1/e, x_j = w_j/e of projective
space everything is a polynomial in (w, e) after multiplication by a power of e:

    e^D (t q - p) = 0,    e^D (v_k b_k - x_i a_k) = 0,    e^D h_j = 0.

The ideal J of these, saturated by e and by the denominators, is that of the closure of the graph of (f, v) over S.  Its points with e = 0 and
v = 0 are the limits of points that go to infinity with v -> 0, so the zeros of ``(J : (e q b)^oo) + <e, v>``, projected to the t-axis, are
*exactly* the complex limits of f along them, if these are finitely many.  The charts i = 1, ..., n cover everything.  No coordinates are
chosen at random.

With v_k = x_i df/dx_k these are the complex asymptotic critical values K_inf(C) of f [JK03]_; they hold the real ones.  An unfinished basis
still gives a finite set that holds all of them.

For a polynomial of two variables there is a second route: f is brought to be monic in y, and K_inf(C) is the set of zeros of the
leading coefficient in x of the discriminant of f - t with respect to y [HN89]_, [H90]_.

.. [JK03] Z. Jelonek, K. Kurdyka, "On asymptotic critical values of a complex polynomial", J. reine angew. Math. 565 (2003).
.. [HN89] Ha Huy Vui, Nguyen Le Anh, "Le comportement geometrique a l'infini des polynomes de deux variables complexes", C. R. Acad. Sci. 309 (1989).
.. [H90] Ha Huy Vui, "Nombres de Lojasiewicz et singularites a l'infini des polynomes de deux variables complexes", C. R. Acad. Sci. 311 (1990).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from flint import fmpz_mpoly, fmpz_mpoly_ctx, fmpz_poly

from tamecheck.geometry.cad.algebraic_values import Quotient
from tamecheck.geometry.critical_values.critical import gradient
from tamecheck.geometry.critical_values.groebner import Basis, Limits
from tamecheck.ground.polynomials import Ring
from tamecheck.ground.towers import as_univariate

FIRST_LOOK = 6
"""New elements before an unfinished basis is looked at for the first time; the pause grows by half each time."""
MAXIMAL_DEGREE = 60
"""Largest degree of a chart that is attempted."""


@dataclass
class Chart:
    """What is known at infinity in one chart.

    Attributes
    ----------
    variable : int — x_i -> oo
    values : fmpz_poly or None — its zeros hold all limits; a number if there are none; ``None`` if no finite set was found
    exact : bool — every zero is a limit over C
    ring : Ring — of the points at infinity, (w, t); parameters are among the w
    points : list of fmpz_mpoly — equations that all points at infinity with v = 0 and their limits t fulfil
    """

    variable: int
    values: fmpz_poly | None
    exact: bool
    ring: Ring
    points: list[fmpz_mpoly] = field(default_factory=list)


@dataclass
class Values:
    """The complex limits.

    Attributes
    ----------
    polynomial : fmpz_poly or None — squarefree; its zeros hold all of them; ``None`` if no finite set was found
    exact : bool — the zeros are exactly the limits
    charts : list of Chart
    """

    polynomial: fmpz_poly | None
    exact: bool
    charts: list[Chart] = field(default_factory=list)


def complex_values(ring: Ring, value: Quotient, limits: Limits | None = None) -> Values:
    """Return the complex asymptotic critical values of a quotient of polynomials; the limits are for each chart."""
    slopes = gradient(value)
    square = value[1] * value[1]
    return limits_at_infinity(ring, value, [(a, square) for a in slopes], limits=limits)


def limits_at_infinity(
    ring: Ring,
    value: Quotient,
    forms: Sequence[Quotient],
    equations: Iterable[fmpz_mpoly] = (),
    *,
    vanishing: Iterable[Quotient] = (),
    parameters: int = 0,
    limits: Limits | None = None,
) -> Values:
    """Return the limits of a quotient along points of a set that go to infinity with ``|x|`` times the forms tending to 0.

    Parameters
    ----------
    vanishing : quotients that tend to 0 without a weight
    parameters : that many of the last variables of the ring are no coordinates but stay bounded
    """
    equations = [h for h in equations if not h.is_zero()]
    n = len(ring.names) - parameters
    charts = [_Graph(ring, value, forms, equations, list(vanishing), i, n, limits or Limits()).run() for i in range(n)]
    total: fmpz_poly | None = fmpz_poly([1])
    for chart in charts:
        total = None if total is None or chart.values is None else total * chart.values
    if total is not None:
        total = squarefree(total)
    return Values(total, total is not None and all([c.exact for c in charts]), charts)


def squarefree(p: fmpz_poly) -> fmpz_poly:
    """Return the product of the different irreducible factors."""
    out = fmpz_poly([1])
    for q, _ in p.factor()[1]:
        out *= q
    return out


class _Graph:
    """The ideal of a graph in one chart, and what it says at infinity."""

    def __init__(
        self, ring: Ring, value: Quotient, forms: Sequence[Quotient], equations: Sequence[fmpz_mpoly], vanishing: Sequence[Quotient], i: int, n: int,
        limits: Limits,
    ) -> None:  # fmt: skip
        self.ring, self.i, self.n, self.limits = ring, i, n, limits
        others = [k for k in range(len(ring.names)) if k != i]
        # w, t, v, r (stands for e times the denominators), the homogenising z, and e; the last one is divided by
        names = [f"w{k}" for k in others] + ["t"] + [f"v{k}" for k in range(len(forms) + len(vanishing))]
        denominators = self._denominators([b for _, b in [value, *forms, *vanishing]])
        names += ["z", "e", "r"] if denominators else ["z", "e"]
        self.place = {name: k for k, name in enumerate(names)}
        self.context = fmpz_mpoly_ctx.get(tuple(names), "degrevlex")
        self.others = others
        p, q = value
        d = max(self._degree(p), self._degree(q))
        generators = [self._at(q, d) * self._gen("t") - self._at(p, d)]
        for k, (a, b) in enumerate([*forms, *vanishing]):
            weight = int(k < len(forms))
            d = max(self._degree(a) + weight if len(a) else 0, self._degree(b))
            generators.append(self._at(b, d) * self._gen(f"v{k}") - self._at(a, d - weight))
        generators += [self._at(h, self._degree(h)) for h in equations]
        if denominators:
            product = self._gen("e")
            for b in denominators:
                product *= self._at(b, self._degree(b))
            generators.append(self._gen("r") - product)
        self.degree = max([int(g.total_degree()) for g in generators])
        self.generators = [self._homogeneous(g) for g in generators]

    def _denominators(self, polynomials: Iterable[fmpz_mpoly]) -> list[fmpz_mpoly]:
        found = {}
        for p in polynomials:
            if not p.is_constant():
                for q, _ in self.ring.factors(p)[1]:
                    found[str(q)] = q
        return list(found.values())

    def _gen(self, name: str) -> fmpz_mpoly:
        return self.context.gen(self.place[name])

    def _degree(self, p: fmpz_mpoly) -> int:
        """Return the degree in the coordinates."""
        return max([sum([int(v) for v in m[: self.n]]) for m in p.monoms()], default=0)

    def _at(self, p: fmpz_mpoly, d: int) -> fmpz_mpoly:
        """Return e^d p in the chart."""
        terms = {}
        for m, c in zip(p.monoms(), p.coeffs(), strict=True):
            out = [0] * len(self.place)
            for k in self.others:
                out[self.place[f"w{k}"]] = int(m[k])
            out[self.place["e"]] = d - sum([int(v) for v in m[: self.n]])
            terms[tuple(out)] = c
        return self.context.from_dict(terms)

    def _homogeneous(self, p: fmpz_mpoly) -> fmpz_mpoly:
        z, d = self.place["z"], int(p.total_degree()) if len(p) else 0
        terms = {}
        for m, c in zip(p.monoms(), p.coeffs(), strict=True):
            out = [int(v) for v in m]
            out[z] += d - sum(out)
            terms[tuple(out)] = c
        return self.context.from_dict(terms)

    # ------------------------------------------------------------------------------

    def run(self) -> Chart:
        """Compute until the answer is exact or a limit is reached; that there are no limits is often seen early."""
        small = Ring([*[self.ring.names[k] for k in self.others], fresh(self.ring)])
        if self.degree > MAXIMAL_DEGREE:
            return Chart(self.i, None, False, small)
        basis = Basis(self.context, self.generators, saturated=True, limits=self.limits)
        pause = FIRST_LOOK
        while True:
            finished = basis.run(pause)
            points = self._at_infinity(basis, small)
            values, points = self._eliminate(points, small)
            if finished or values is not None and values.degree() == 0:
                return Chart(self.i, values, values is not None, small, points)
            if basis.stopped:
                return Chart(self.i, values, False, small, points)
            pause = max(pause * 3 // 2, pause + 1)

    def _at_infinity(self, basis: Basis, small: Ring) -> list[fmpz_mpoly]:
        """Return what the elements say where e = 0 and v = 0, in (w, t)."""
        kept = [self.place[f"w{k}"] for k in self.others] + [self.place["t"]]
        dead = [k for name, k in self.place.items() if name in ("e", "r") or name.startswith("v")]
        found: dict[str, fmpz_mpoly] = {}
        for p in basis.elements():
            terms: dict[tuple[int, ...], int] = {}
            for m, c in zip(p.monoms(), p.coeffs(), strict=True):
                if not any([int(m[k]) for k in dead]):
                    key = tuple([int(m[k]) for k in kept])
                    terms[key] = terms.get(key, 0) + int(c)
            q = small.from_terms(list(terms.items()))
            if len(q):
                found[str(q)] = q
        return list(found.values())

    def _eliminate(self, points: list[fmpz_mpoly], small: Ring) -> tuple[fmpz_poly | None, list[fmpz_mpoly]]:
        """Return the polynomial in t alone, and a basis of the points at infinity."""
        if not points:
            return None, []
        basis = Basis(small.context, points, limits=Limits(min(self.limits.seconds / 4, 1), self.limits.bits, self.limits.terms))
        basis.run()
        last = len(small.names)
        values = fmpz_poly([])
        for p in basis.elements():
            if not any([k < last for k in small.occurring(p)]):
                values = values.gcd(as_univariate(p, last))
        if values == 0:
            return None, basis.elements()
        return squarefree(values), basis.elements()


def fresh(ring: Ring, name: str = "t") -> str:
    """Return a name that is no variable."""
    while name in ring.names:
        name += "_"
    return name


def plane_values(ring: Ring, p: fmpz_mpoly) -> fmpz_poly:
    """Return the squarefree polynomial whose zeros are the complex asymptotic critical values of a polynomial of two variables.

    By the theorem of Ha and Nguyen: the degree of disc_y(f - t) in x drops exactly at these t, when f is monic in y; where f - t has a multiple
    factor the discriminant is 0.
    """
    d = int(p.total_degree())
    if d < 1:
        return fmpz_poly([1])
    x, y = [ring.variable(name) for name in ring.names]
    shift = 0
    while True:
        # a change of coordinates x -> x + shift y makes f monic in y
        q = p.compose(x + shift * y, y, ctx=ring.context)
        lead = [c for m, c in zip(q.monoms(), q.coeffs(), strict=True) if int(m[1]) == d]
        if lead:
            break
        shift += 1
    if d == 1:
        return fmpz_poly([1])
    name = fresh(ring)
    wide = Ring([name, *ring.names])
    lifted = wide.from_terms([((0, int(m[0]), int(m[1])), int(c)) for m, c in zip(q.monoms(), q.coeffs(), strict=True)]) - wide.variable(name)
    discriminant = wide.discriminant(lifted, 3)
    if discriminant.is_zero():
        return fmpz_poly([])
    top = wide.coefficients(discriminant, 2)[-1]
    return fmpz_poly([1]) if top.is_constant() else squarefree(as_univariate(top, 1))
