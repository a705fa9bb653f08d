"""Which of many scalings to show: small positive weights, when there are any.

The scalings of a program form a rational vector space; in it a member with all weights at least 1 and least sum is
looked for, an exact linear program.  The answer is checked again by the calculus, so the solver is only a guide.
"""

from fractions import Fraction

from tamecheck.proofs.homogeneity import Space

MAXIMAL_SIZE = 100_000
"""Inputs times free unknowns beyond which no linear program is written."""


def positive(space: Space) -> tuple[dict[int, Fraction], Fraction] | None:
    """Return a scaling whose weights are at least 1 wherever they can be positive together, with least sum; and its degree.

    ``None`` when only the trivial scaling has no negative weight.
    """
    movable = sorted({n for w, _ in space.basis for n in w})
    ones = _all_ones(space, movable)
    if ones is not None or not movable or len(movable) * space.dimension > MAXIMAL_SIZE:
        return ones
    support = _largest_support(space, movable)
    if not support:
        return None
    return _least(space, movable, support)


def _all_ones(space: Space, movable: list[int]) -> tuple[dict[int, Fraction], Fraction] | None:
    """Return the scaling with all weights 1, if it is one; every free unknown is the weight of some input."""
    weights, degree = space.point([Fraction(1)] * space.dimension)
    return (weights, degree) if movable and all([weights.get(n) == 1 for n in movable]) else None


def _program(space: Space, movable: list[int]):
    """Return z3, an optimiser, and for every input its weight as a term in the coordinates."""
    import z3

    optimiser = z3.Optimize()
    optimiser.set("timeout", 2_000)
    coordinates = [z3.Real(f"c{k}") for k in range(space.dimension)]
    terms = {}
    for n in movable:
        terms[n] = z3.Sum([_value(z3, w[n]) * c for c, (w, _) in zip(coordinates, space.basis, strict=True) if n in w])
        optimiser.add(terms[n] >= 0)
    return z3, optimiser, coordinates, terms


def _value(z3, q: Fraction):
    return z3.Q(q.numerator, q.denominator)


def _largest_support(space: Space, movable: list[int]) -> list[int]:
    """Return the inputs that can have positive weights in one scaling without negative weights."""
    z3, optimiser, _, terms = _program(space, movable)
    marks = {n: z3.Real(f"t{n}") for n in movable}
    for n, mark in marks.items():
        optimiser.add(mark >= 0, mark <= 1, mark <= terms[n])
    optimiser.maximize(z3.Sum(list(marks.values())))
    if optimiser.check() != z3.sat:
        return []
    model = optimiser.model()
    return [n for n, mark in marks.items() if _read(model, mark) > 0]


def _least(space: Space, movable: list[int], support: list[int]) -> tuple[dict[int, Fraction], Fraction] | None:
    z3, optimiser, coordinates, terms = _program(space, movable)
    for n in support:
        optimiser.add(terms[n] >= 1)
    optimiser.minimize(z3.Sum([terms[n] for n in support]))
    if optimiser.check() != z3.sat:
        return None
    model = optimiser.model()
    weights, degree = space.point([_read(model, c) for c in coordinates])
    return (weights, degree) if all(w > 0 for w in weights.values()) else None


def _read(model, variable) -> Fraction:
    value = model.eval(variable, model_completion=True)
    return Fraction(value.numerator_as_long(), value.denominator_as_long())
