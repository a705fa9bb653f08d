"""Which space for which guards: an arrangement, a cylindrical decomposition, or the line."""

from collections.abc import Iterable

from flint import fmpz_mpoly

from tamecheck.autodiff.fields import Field
from tamecheck.autodiff.line import Line
from tamecheck.autodiff.semantics import Undecided
from tamecheck.autodiff.space import Arrangement, Curved, Space
from tamecheck.autodiff.symbolic import affine
from tamecheck.budget import Budget
from tamecheck.ground.polynomials import positive


def cut(field: Field, guards: Iterable[fmpz_mpoly], budget: Budget | None = None) -> Space:
    """Return space cut by guards: in one variable the line as soon as functions other than rational ones occur."""
    distinct = {str(g): g for g in guards}
    kept = [g for g in distinct.values() if not positive(g)]
    kept.sort(key=lambda g: (g.total_degree(), len(g), str(g)))
    if field.n == 1 and field.pool:
        return Line(field, kept, budget)
    if all([affine(field, g) for g in kept]):
        return Arrangement(field, kept, budget)
    for g in kept:
        if field.transcendental(g):
            raise Undecided(f"curved kinks beside the kink {field.text((g, field.one))} == 0, whose constant is not rational")
    return Curved(field, kept, budget)
