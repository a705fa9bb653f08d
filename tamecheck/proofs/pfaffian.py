"""Pfaffian chains of functions of one variable, found by their construction and verified by differentiation.

A *chain* on an open interval I is a list of analytic functions ``y_1, ..., y_r`` with ``y_i' = P_i(x, y_1, ..., y_i)`` for polynomials P_i: the
system is triangular, no derivative uses a later function.  A function ``Q(x, y_1, ..., y_r)`` with a polynomial Q is *Pfaffian* of
*format* ``(r, alpha, beta)``: the order r, ``alpha = max deg P_i`` and ``beta = deg Q``.

The construction writes an expression as a quotient of polynomials in its exponentials, roots and other functions (`normal_form`) and adds

* ``E = exp(g)``: ``E' = g' E``;
* ``s = a/(a + c exp(g))`` with constants a, c, which replaces exp(g) when nothing else needs it: ``s' = g' (s^2 - s)``, the logistic function;
* ``v = 1/D`` for another factor D of the denominator: ``v' = -D' v^2``;
* ``u = b^(-1/d)`` for roots: ``u' = -b' u^(d + 1)/d``;
* ``log, atan, asin, erf`` by their derivatives;
* ``t = tan(y), c = cos(y)^2`` for the sine and cosine of ``2 n y + m`` with y in (-pi/2, pi/2);
* ``q = 1/(1 + W(h))`` and ``W(h)`` for Lambert's function where h is not 0.

Two ways of writing the function are tried (as a whole, and term by term), and the smaller format in the order (r, alpha, beta) is kept; it need not
be the smallest there is.  Every equation is then verified: the symbolic derivative minus the polynomial is identically zero.

Number of zeros.  With ``n = 1`` Khovanskii's theorem bounds the nondegenerate zeros of Q on I by ``2^(r(r-1)/2) beta (alpha + beta)^r`` (by beta for
r = 0).  The same bound holds for all isolated zeros: f and ``f -+ eps`` have the same format, for almost all small eps their zeros are
nondegenerate, an isolated zero of odd order survives in both, one of even order becomes two in one of them and none in the other;
so one of the two has at least as many zeros as f.

.. [K91] A. G. Khovanskii, "Fewnomials", AMS 1991.
.. [GV04] A. Gabrielov and N. Vorobjov, "Complexity of computations with Pfaffian and Noetherian functions", 2004, Section 2.
"""

from __future__ import annotations

from dataclasses import dataclass

from tamecheck.geometry.univariate.derivatives import derivative
from tamecheck.geometry.univariate.expressions import Expr, TooLarge, Undefined, terms
from tamecheck.geometry.univariate.normal_forms import identically_zero
from tamecheck.proofs import pfaffian_polynomials as poly
from tamecheck.proofs.pfaffian_construction import Builder
from tamecheck.proofs.pfaffian_polynomials import NoChain, Polynomial, TooBig

LONGEST_REWRITING = 24


@dataclass(frozen=True)
class Chain:
    """A Pfaffian function on one interval.

    Attributes
    ----------
    functions : the chain
    derivatives : the polynomials P_i
    outer : the polynomial Q
    """

    functions: tuple[Expr, ...]
    derivatives: tuple[Polynomial, ...]
    outer: Polynomial

    @property
    def format(self) -> tuple[int, int, int]:
        """Order, degree of the chain, degree in the chain."""
        return len(self.functions), max([poly.degree(p) for p in self.derivatives], default=0), poly.degree(self.outer)

    @property
    def zeros_bound(self) -> int:
        """Khovanskii's bound for the number of isolated zeros."""
        return khovanskii(*self.format)


def khovanskii(r: int, alpha: int, beta: int) -> int:
    """Return ``2^(r(r-1)/2) beta (alpha + beta)^r``, a bound for the isolated zeros of a function of this format on an interval."""
    return beta if r == 0 else 2 ** (r * (r - 1) // 2) * beta * (alpha + beta) ** r


def chain_of(e: Expr, low: Expr | None, high: Expr | None) -> Chain:
    """Return a verified chain of an expression that is analytic on an open interval.

    Raises
    ------
    NoChain
        If the construction does not reach one; that is no proof that there is none.
    """
    found: list[Chain] = []
    reason = ""
    for by_terms in (False, True):
        try:
            builder = Builder(e.algebra, low, high, by_terms)
            chain = Chain(*builder.finish(builder.written(e)))
            verify(e, chain, builder.angles)
            found.append(chain)
        except NoChain as why:
            reason = reason or str(why)
        except (TooBig, TooLarge):
            reason = reason or "the polynomials are too large"
        except Undefined:
            reason = reason or "a part is undefined"
    if not found:
        raise NoChain(reason)
    return min(found, key=lambda c: c.format)


def verify(e: Expr, chain: Chain, angles: dict[Expr, Expr] | None = None) -> None:
    """Verify that a chain is triangular, that its differential equations hold, and that Q at the chain is the expression.

    Parameters
    ----------
    angles : what stands for sines and cosines: identities ``sin(2y) = 2 sin(y) cos(y)`` and the like

    Raises
    ------
    NoChain
        If one of the three fails, or is not seen to hold.
    """
    k, functions = e.algebra, list(chain.functions)
    for i, (y, p) in enumerate(zip(functions, chain.derivatives, strict=True), start=1):
        if poly.highest(p) > i:
            raise NoChain(f"not triangular: the derivative of function {i} of the chain uses function {poly.highest(p)}")
        _vanishes(k.sub(derivative(y), poly.evaluated(k, p, functions)), angles, f"the derivative of function {i} of the chain is not its polynomial")
    if poly.highest(chain.outer) > len(functions):
        raise NoChain("the function uses more functions than the chain has")
    _vanishes(k.sub(e, poly.evaluated(k, chain.outer, functions)), angles, "the function is not the polynomial in the chain")


def _vanishes(e: Expr, angles: dict[Expr, Expr] | None, message: str) -> None:
    for _ in range(LONGEST_REWRITING):  # an argument of a sine may hold another one
        inside = [a for a in (angles or {}) if a in e.ancestors()]
        if not inside:
            break
        e = e.algebra.rebuild([e], {a: angles[a] for a in inside})[0]  # type: ignore[index]
    if not (identically_zero(e) or _zero_after_division(e)):
        raise NoChain(message)


def _zero_after_division(e: Expr) -> bool:
    """Divide by a fractional power of something positive, so that other powers of it become whole."""
    k = e.algebra
    powers = {k.power(b, q) for p in e.ancestors() if p.kind == "prod" for b, q in zip(p.args, p.data, strict=True) if q.denominator != 1}  # type: ignore[arg-type]
    return any(identically_zero(k.linear([(c, k.div(t, w)) for c, t in terms(e)])) for w in powers)


# ------------------------------------------------------------------- functions by cases


@dataclass(frozen=True)
class Piece:
    """One interval of a function by cases: its chain, or why none was found.

    ``isolated`` is the number of isolated zeros inside, ``None`` if not all are known; ``consistent`` is false if more were
    found than Khovanskii's bound allows: then one of the two is wrong, and neither may be believed.
    """

    low: Expr | None
    high: Expr | None
    chain: Chain | None
    reason: str
    isolated: int | None
    consistent: bool = True


def pieces(shape) -> list[Piece]:
    """Return the chains of all regions of a `Shape`, with the cross-check of the zeros found."""
    result = []
    for r in shape.regions:
        found = r.zeros(0)
        count = 0 if found.identical else None if found.open else len(found.zeros)
        try:
            chain = chain_of(r.function, r.low, r.high)
        except NoChain as why:
            result.append(Piece(r.low, r.high, None, str(why), count))
            continue
        result.append(Piece(r.low, r.high, chain, "", count, found.identical or len(found.zeros) <= chain.zeros_bound))
    return result


__all__ = ["Chain", "NoChain", "Piece", "chain_of", "khovanskii", "pieces", "verify"]
