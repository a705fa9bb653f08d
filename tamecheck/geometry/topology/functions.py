"""Piecewise polynomial functions as cases: a formula for the domain and a polynomial for the value.

``abs``, ``relu``, ``sign``, ``min``, ``max`` and ``where`` are resolved into cases by `tamecheck.ground.statements`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from flint import fmpz_mpoly

from tamecheck.errors import InputError
from tamecheck.geometry.cad.order import moved
from tamecheck.ground.formulas import Formula
from tamecheck.ground.grammar import Expression, parse
from tamecheck.ground.polynomials import Ring, as_text
from tamecheck.ground.statements import _Reader, _Tree

STATEMENTS = frozenset(["compare", "and", "or", "not", "forall", "exists", "implies", "iff", "truth"])
CONTRADICTIONS = frozenset([("ge", "lt"), ("lt", "ge"), ("gt", "le"), ("le", "gt"), ("eq", "ne"), ("ne", "eq"), ("gt", "lt"), ("lt", "gt"),
                            ("gt", "eq"), ("eq", "gt"), ("lt", "eq"), ("eq", "lt")])  # fmt: skip


@dataclass(frozen=True)
class Piece:
    """On the points where ``condition`` holds the function is ``value`` / ``denominator``."""

    condition: Formula
    value: fmpz_mpoly
    denominator: int


def is_statement(expression: Expression) -> bool:
    """Return whether an expression is true or false, rather than a number."""
    return expression.nodes[expression.root][0] in STATEMENTS


def pieces(source: object, variables: Sequence[str]) -> list[Piece]:
    """Return the pieces of a function, without those whose conditions contradict each other openly.

    Raises
    ------
    InputError
        TC150 not piecewise polynomial, TC102 a variable that is not listed.
    """
    expression = source if isinstance(source, Expression) else parse(as_text(source))
    for name in expression.names():
        if name not in variables:
            raise InputError(f"the variable {name!r} is not listed", code="TC102", hint="list all variables")
    reader = _Reader(expression)
    ring = Ring(list(variables))
    found = []
    for conditions, (value, denominator) in reader.by_cases(expression.root):
        if _contradictory(conditions):
            continue
        tree = _Tree(reader)
        parts = [tree.build(condition, positive) for condition, positive in conditions]
        prefix, matrix = tree.prenex(tree._add(("and", tuple(parts))))
        if prefix:
            raise InputError("a condition of a function has no quantifiers here", code="TC150")
        formula = Formula(ring, ())
        formula.root = tree.copy(matrix, formula)
        found.append(Piece(formula, _into(value, reader.ring, ring), denominator))
    return found


def _contradictory(conditions: Sequence[tuple[object, bool]]) -> bool:
    seen: dict[object, set] = {}
    for condition, positive in conditions:
        if isinstance(condition, tuple):
            key, relation = condition
            seen.setdefault(key, set()).add(relation)
        else:
            seen.setdefault(condition, set()).add(positive)
    return any([(a, b) in CONTRADICTIONS or (a is True and b is False) for found in seen.values() for a in found for b in found])


def _into(p: fmpz_mpoly, source: Ring, target: Ring) -> fmpz_mpoly:
    """Return a polynomial in a ring with more variables."""
    if set(source.names) == set(target.names):
        return moved(p, source, target)
    terms = []
    for exponents, c in zip(p.monoms(), p.coeffs(), strict=True):
        place = [0] * max(len(target.names), 1)
        for name, e in zip(source.names, exponents, strict=False):
            if e:
                place[target.index[name]] = int(e)
        terms.append((tuple(place), c))
    return target.from_terms(terms)


__all__ = ["Piece", "is_statement", "pieces"]
