"""Arcs in the faces between two pieces, along which 0 comes close to the segment between the two gradients.

Let S be a face of codimension one in a linear space {h = 0}, with pieces a and b on its two sides, f continuous across it.  Along an
arc in S with f -> c and ``|x| |grad (f|S)| -> 0`` the gradients of a and b have the same tangential part, that of f|S, which is
small.  If their components along grad h have opposite signs (or one is 0), some convex combination has no normal component: so
``|x| dist(0, Clarke's subdifferential) -> 0``, and c is a value at infinity in Clarke's sense.
"""

from collections.abc import Iterator, Sequence

from flint import fmpz_mpoly

from tamecheck.budget import Budget
from tamecheck.geometry.critical_values.critical import gradient
from tamecheck.geometry.critical_values.critical_pieces import Face, Pieces
from tamecheck.geometry.critical_values.curved_faces import Along, along_curved
from tamecheck.geometry.critical_values.escaping_arcs import Arc, Search, leading_sign, substituted, text_of
from tamecheck.geometry.critical_values.linear_spaces import on_a_linear_space, single
from tamecheck.geometry.critical_values.upper_bounds import FaceBound
from tamecheck.ground.algebraic import AlgebraicNumber


def along_faces(pieces: Pieces, bounds: Sequence[FaceBound], proved: set[AlgebraicNumber], budget: Budget | None = None) -> Iterator[Along]:
    """Yield values at infinity proved by arcs in faces of codimension one, of candidates that have no proof yet."""
    n = len(pieces.ring.names)
    for b in bounds:
        wanted = b.values - proved
        if b.face.dimension != n - 1 or len(pieces.equations(b.face)) != 1 or not wanted:
            continue
        sides = [f for f in pieces.faces if f.dimension == n and _beside(f, b.face)]
        if len(sides) != 2:
            continue
        flat = on_a_linear_space(pieces.ring, pieces.equations(b.face))
        if flat is None or flat[1] is None:
            yield from along_curved(pieces, b.face, sides, wanted, budget)
        elif _continuous(pieces, b.face, sides, flat[1]):
            yield from _in_face(pieces, b.face, sides, flat, wanted, budget)


def _beside(full: Face, face: Face) -> bool:
    return full.value is not None and all([s == t or t == 0 for s, t in zip(full.signs, face.signs, strict=True)])


def _continuous(pieces: Pieces, face: Face, sides: Sequence[Face], images: Sequence[fmpz_mpoly]) -> bool:
    """Return whether the values of both sides and of the face agree on the hyperplane of the face."""
    small = images[0].context()
    p, q = [r.compose(*images, ctx=small) for r in face.value]
    for f in sides:
        a, b = [r.compose(*images, ctx=small) for r in f.value]
        if b.is_zero() or not (a * q - p * b).is_zero():
            return False
    return True


def _in_face(
    pieces: Pieces, face: Face, sides: Sequence[Face], flat: tuple, wanted: set[AlgebraicNumber], budget: Budget | None
) -> Iterator[Along]:
    small, images = flat
    inner = single(small, tuple([r.compose(*images, ctx=small.context) for r in face.value]))
    conditions = [(p.compose(*images, ctx=small.context), signs) for p, signs in pieces.conditions(face)]
    if any([p.is_zero() for p, _ in conditions]):
        return
    search = Search(inner, inner.faces[0], budget, conditions)
    search.try_all(wanted, reach=3, terms=1)
    (h,) = pieces.equations(face)
    normal = [h.derivative(k) for k in range(len(pieces.ring.names))]
    for value, arc in search.found.items():
        if value in wanted:
            series = [substituted(p, arc.series, arc.solution.source) for p in images]
            yield Along(value, face.key, text_of(series, arc.solution, pieces.ring.names), _kind(normal, sides, series, arc))


def _kind(normal: Sequence[fmpz_mpoly], sides: Sequence[Face], series: Sequence, arc: Arc) -> str:
    """Return whether the derivatives across the face have opposite signs along the arc."""
    signs = []
    for f in sides:
        across = normal[0] * 0
        for u, v in zip(normal, gradient(f.value), strict=True):
            across += u * v
        if leading_sign(f.value[1], series, arc.solution) == 0:
            return "stratum"  # the piece has a pole along the arc
        signs.append(leading_sign(across, series, arc.solution))
    return "guard" if signs[0] * signs[1] <= 0 else "stratum"
