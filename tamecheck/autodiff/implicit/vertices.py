"""Are all matrices B of the convex hull of a family invertible?  By determinants at vertices where that decides, by rows, Bernstein
coefficients or bounds of the entries else.

If multiplier k enters B through a matrix of rank one, det B is affine in q_k.  If all do, det B is multi-affine, its extreme values on the cube are
taken at vertices, and it has no zero iff the determinants at the vertices have one strict sign.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, product

from tamecheck.autodiff.implicit.bernstein import determinant as expanded
from tamecheck.autodiff.implicit.bernstein import sign_on_cube
from tamecheck.autodiff.implicit.families import Family, Poly, multipliers, plus, times, value
from tamecheck.autodiff.implicit.matrices import determinant, kernel_vector
from tamecheck.autodiff.implicit.preconditioned import Regular, regular

MAXIMAL_MULTIPLIERS = 14
MAXIMAL_ROW_CHOICES = 4_096
MAXIMAL_PAIRS = 2_016


@dataclass
class Outcome:
    """What is known about the invertibility of B.

    Attributes
    ----------
    verdict : ``"invertible"``, ``"singular"`` or ``"unknown"``
    method : ``"vertices"``, ``"rows"``, ``"bernstein"`` or ``"preconditioned"``; of a singular element ``"element"`` or ``"between"``
    sign : of all determinants
    least : the smallest absolute value of a determinant at a vertex (a lower bound on the whole set)
    singular : the element: multipliers, B, a vector of its kernel; or two elements between which the determinant changes its sign
    inside : whether the singular element is in the set itself (not only in its convex hull)
    """

    verdict: str
    method: str = ""
    sign: int | None = None
    least: Fraction | None = None
    vertices: int = 0
    singular: dict | None = None
    inside: bool | None = None
    reason: str = ""
    regular: Regular | None = None


def rank_one(rows: Sequence[Sequence[Poly]]) -> bool:
    """Return whether every multiplier enters a matrix of polynomials with rank at most one, so that its minors are multi-affine."""
    for k in sorted({k for row in rows for p in row for k in multipliers(p)}):
        slope = [[{tuple([i for i in m if i != k]): c for m, c in p.items() if k in m} for p in row] for row in rows]
        slope = [row for row in slope if any(row)]
        for a, b in combinations(slope, 2):
            for i, j in combinations(range(len(a)), 2):
                if plus(times(a[i], b[j]), times(a[j], b[i]), -1):
                    return False
    return True


def decide(family: Family) -> Outcome:
    """Return whether all B of the convex hull of a family are invertible."""
    found = _decide(family)
    if found.verdict != "unknown":
        return found
    proof = regular([row[family.n :] for row in family.rows])
    return found if proof is None else Outcome("invertible", "preconditioned", proof.sign, regular=proof)


def _decide(family: Family) -> Outcome:
    count = len(family.used("B"))
    if count > MAXIMAL_MULTIPLIERS:
        reason = f"{count} multipliers enter B: bounds of its entries show nothing, and vertex determinants are computed for {MAXIMAL_MULTIPLIERS}"
        return Outcome("unknown", reason=reason)
    if rank_one([row[family.n :] for row in family.rows]):
        found = _by_vertices(family)
        if found.verdict != "invertible" or family.affine:
            return found
        return _hull(family, found)
    if not family.affine:
        return _hull(family, None)
    found = _by_rows(family)
    return found if found is not None else _by_bernstein(family)


def _by_vertices(family: Family) -> Outcome:
    seen: dict[int, tuple] = {}
    least: Fraction | None = None
    total = 0
    for q in family.vertices("B"):
        d = determinant(family.at(q)[1])
        total += 1
        s = (d > 0) - (d < 0)
        seen.setdefault(s, q)
        if s == 0:
            return Outcome("singular", "element", singular=_element(family, q), vertices=total, inside=True)
        if len(seen) == 2:
            return Outcome("singular", "element", singular=_element(family, _root(family, seen[-1], seen[1])), vertices=total, inside=True)
        least = abs(d) if least is None else min(least, abs(d))
    return Outcome("invertible", "vertices", next(iter(seen)), least, total)


def _root(family: Family, a: tuple, b: tuple) -> tuple:
    """Walk along edges from a vertex with a negative to one with a positive determinant; return the zero on the edge where the sign changes."""
    q, d = list(a), determinant(family.at(a)[1])
    for k in range(len(q)):
        if q[k] == b[k]:
            continue
        moved = [*q[:k], b[k], *q[k + 1 :]]
        e = determinant(family.at(moved)[1])
        if e == 0:
            return tuple(moved)
        if d * e < 0:
            q[k] += (b[k] - q[k]) * d / (d - e)
            return tuple(q)
        q, d = moved, e
    raise ArithmeticError("the determinants at the ends have one sign")


def _element(family: Family, q: tuple) -> dict:
    b = family.at(q)[1]
    return {"multipliers": list(q), "B": b, "kernel": kernel_vector(b)}


def _hull(family: Family, own: Outcome | None) -> Outcome:
    """Decide for the convex hull of a family that is not affine (kinks inside of kinks)."""
    found = _by_rows(family)
    if found is not None:
        return found
    between = _between(family)
    if between is not None:
        return between
    reason = "kinks inside of kinks: the set is not convex, and its convex hull is not decided by its vertices"
    if own is not None:
        reason += "; all elements of the set itself are invertible, which is enough if the solution is known to be locally Lipschitz"
    return Outcome("unknown", reason=reason, inside=None if own is None else False)


def _by_rows(family: Family) -> Outcome | None:
    """Let the rows vary on their own: the determinant is affine in each row, so vertices of the rows decide for the larger set."""
    choices = []
    size = 1
    for row in family.rows:
        places = sorted({k for p in row[family.n :] for m in p for k in m})
        found = []
        for bits in product((0, 1), repeat=len(places)):
            q = [Fraction(0)] * len(family.free)
            for k, b in zip(places, bits, strict=True):
                q[k] = Fraction(b)
            v = [value(p, q) for p in row[family.n :]]
            if v not in found:
                found.append(v)
        choices.append(found)
        size *= len(found)
        if size > MAXIMAL_ROW_CHOICES:
            return None
    determinants = [determinant(b) for b in product(*choices)]
    signs = {(d > 0) - (d < 0) for d in determinants}
    if len(signs) > 1 or 0 in signs:
        return None
    return Outcome("invertible", "rows", signs.pop(), min([abs(d) for d in determinants]), size)


def _between(family: Family) -> Outcome | None:
    """Look for a sign change or a zero of the determinant at vertices and at midpoints of two vertices: elements of the convex hull."""
    points = [(q, family.at(q)[1]) for q in family.vertices("B")]
    signed: dict[int, dict] = {}
    pairs = [(p, p) for p in points] + list(combinations(points, 2))
    for (q, a), (r, b) in pairs[:MAXIMAL_PAIRS]:
        for t in (Fraction(1, 2),) if q is not r else (Fraction(1),):
            mixed = [[t * x + (1 - t) * y for x, y in zip(u, v, strict=True)] for u, v in zip(a, b, strict=True)]
            d = determinant(mixed)
            element = {"hull": [[str(t), list(q)], [str(1 - t), list(r)]], "B": mixed, "determinant": d}
            if d == 0:
                return Outcome("singular", "element", singular={**element, "kernel": kernel_vector(mixed)}, inside=q is r)
            signed.setdefault(1 if d > 0 else -1, element)
            if len(signed) == 2:
                return Outcome("singular", "between", singular={"negative": signed[-1], "positive": signed[1]}, inside=False)
    return None


def _by_bernstein(family: Family) -> Outcome:
    p = expanded([row[family.n :] for row in family.rows])
    if p is None:
        return Outcome("unknown", reason=f"multipliers of rank two in a system of {family.m} equations: the determinant is not expanded")
    found = sign_on_cube(p, len(family.free))
    if found.sign is not None:
        return Outcome("invertible", "bernstein", found.sign, found.bound)
    if found.points is None:
        return Outcome("unknown", reason=found.reason)
    a, b = found.points
    if a == b:
        return Outcome("singular", "element", singular=_element(family, a), inside=True)
    ends = [{"multipliers": list(q), "B": family.at(q)[1], "determinant": determinant(family.at(q)[1])} for q in (a, b)]
    return Outcome("singular", "between", singular={"negative": ends[0], "positive": ends[1]}, inside=True)
