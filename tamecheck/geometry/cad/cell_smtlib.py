"""Cells and sets of cells as SMT-LIB, which has no roots of polynomials: they are said with quantifiers.

``y = root(p, i, y)`` becomes: p vanishes at y, there are y_1 < ... < y_(i-1) < y where it vanishes, and it vanishes nowhere else below y.
"""

from collections.abc import Sequence
from fractions import Fraction

from flint import fmpz_mpoly, fmpz_poly

from tamecheck.geometry.cad.stacks import Stack
from tamecheck.ground.algebraic import AlgebraicNumber

HEADER = "(set-logic NRA)\n"


def number(value: Fraction | int) -> str:
    """Return a rational number."""
    value = Fraction(value)
    top = f"{abs(value.numerator)}.0"
    text = top if value.denominator == 1 else f"(/ {top} {value.denominator}.0)"
    return f"(- {text})" if value < 0 else text


def polynomial(p: fmpz_mpoly, names: Sequence[str]) -> str:
    """Return a polynomial with the given names for its variables."""
    terms = []
    for exponents, c in zip(p.monoms(), p.coeffs(), strict=True):
        factors = [number(int(c))]
        for name, e in zip(names, exponents, strict=False):
            factors += [name] * int(e)
        terms.append(f"(* {' '.join(factors)})" if len(factors) > 1 else factors[0])
    return f"(+ {' '.join(terms)})" if len(terms) > 1 else terms[0] if terms else "0.0"


def univariate(p: fmpz_poly, name: str) -> str:
    """Return a polynomial in one variable by Horner's rule."""
    text = number(int(p[p.degree()]))
    for k in range(p.degree() - 1, -1, -1):
        text = f"(+ (* {text} {name}) {number(int(p[k]))})"
    return text


def root(at, index: int, name: str) -> str:
    """Return that ``name`` is the root with an index (from 1) of a polynomial, whose text at a variable is ``at(variable)``."""
    smaller = [f"{name}_{i}" for i in range(1, index)]
    other = f"{name}_t"
    chain = [*smaller, name]
    parts = [f"(= {at(v)} 0.0)" for v in chain] + [f"(< {a} {b})" for a, b in zip(chain, chain[1:], strict=False)]
    known = " ".join([f"(= {other} {v})" for v in smaller])
    if index == 1:
        excluded = "false"
    else:
        excluded = f"(or {known})" if index > 2 else known
    parts.append(f"(forall (({other} Real)) (=> (and (< {other} {name}) (= {at(other)} 0.0)) {excluded}))")
    body = f"(and {' '.join(parts)})"
    return f"(exists ({' '.join([f'({v} Real)' for v in smaller])}) {body})" if smaller else body


def bound(names: Sequence[str], k: int, relation: str, stack: Stack, i: int, fixed: bool) -> str:
    """Return that the k-th variable (from 0) is below, above or at the i-th root of its stack; see `root_text` in `cells`."""
    name, place = names[k], stack.roots[i]
    x = place.coordinate
    free = [f for f, _ in place.factors if f.occurs == 1 << f.level]
    if (fixed or free) and x.rational is not None:
        return f"({relation} {name} {number(Fraction(int(x.rational.p), int(x.rational.q)))})"
    variable = name if relation == "=" else f"{name}_r"
    if (fixed or free) and isinstance(x, AlgebraicNumber):
        said = root(lambda v: univariate(x.polynomial, v), x.index + 1, variable)
    else:
        f = min([f for f, _ in place.factors], key=lambda f: (f.degree, len(f.monomials)))
        below = sum([1 for other in stack.roots[:i] if any([g is f for g, _ in other.factors])])
        said = root(lambda v: polynomial(f.polynomial, [*names[:k], v, *names[k + 1 :]]), below + 1, variable)
    return said if relation == "=" else f"(exists (({variable} Real)) (and ({relation} {name} {variable}) {said}))"


def cell(names: Sequence[str], stacks: Sequence[Stack], path: Sequence[int]) -> str:
    """Return the condition that a point lies in a cell."""
    parts: list[str] = []
    for k, (stack, position) in enumerate(zip(stacks, path, strict=True)):
        # over a point, roots are numbers
        fixed = all([p & 1 for p in path[:k]])
        i = position >> 1
        if position & 1:
            parts.append(bound(names, k, "=", stack, i, fixed))
            continue
        if i:
            parts.append(bound(names, k, ">", stack, i - 1, fixed))
        if i < len(stack.roots):
            parts.append(bound(names, k, "<", stack, i, fixed))
    return f"(and {' '.join(parts)})" if len(parts) > 1 else parts[0] if parts else "true"


def script(names: Sequence[str], conditions: Sequence[str]) -> str:
    """Return a script that asks whether one of the conditions can be satisfied."""
    declared = "".join([f"(declare-const {name} Real)\n" for name in names])
    body = f"(or {' '.join(conditions)})" if len(conditions) > 1 else conditions[0] if conditions else "false"
    return f"{HEADER}{declared}(assert {body})\n(check-sat)\n"
