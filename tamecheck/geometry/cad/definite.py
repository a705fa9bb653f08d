"""Quadratic polynomials that never change their sign.

A polynomial of total degree two is nonnegative if and only if completing squares ends in a nonnegative number: while a variable has a positive
square, p = q (x + l)^2 + rest, where l and the rest are free of x; if no variable has one, the rest has to be constant.  If
it ends in a positive number, p is positive.  If it ends in zero and every variable had its turn, p has one zero.
"""

from fractions import Fraction
from typing import NamedTuple

from flint import fmpz_mpoly


class Square(NamedTuple):
    """``side`` 1 (nonnegative), -1 (nonpositive) or 0; whether it never vanishes; its only zero by places of variables, if there is just one."""

    side: int
    strict: bool
    zero: tuple[tuple[int, Fraction], ...] | None


NEITHER = Square(0, False, None)


def square(p: fmpz_mpoly) -> Square:
    """Return what completing squares says about a polynomial of total degree two."""
    quadratic: dict[tuple[int, int], int] = {}
    linear: dict[int, int] = {}
    constant = 0
    for e, coefficient in zip(p.monoms(), p.coeffs(), strict=True):
        places = [k for k, d in enumerate(e) for _ in range(int(d))]
        if len(places) == 2:
            quadratic[places[0], places[1]] = int(coefficient)
        elif places:
            linear[places[0]] = int(coefficient)
        else:
            constant = int(coefficient)
    variables = sorted({k for pair in quadratic for k in pair} | set(linear))
    side = 1 if quadratic.get((variables[0], variables[0]), 0) > 0 else -1
    if side < 0:
        quadratic, linear, constant = {k: -v for k, v in quadratic.items()}, {k: -v for k, v in linear.items()}, -constant
    squares = [quadratic.get((k, k), 0) for k in variables]
    # on the axes, and on the planes of two axes, it must not change sign
    if constant < 0 or min(squares) <= 0 or any([linear.get(k, 0) ** 2 > 4 * q * constant for k, q in zip(variables, squares, strict=True)]):
        return NEITHER
    if any([i != j and v * v > 4 * quadratic[i, i] * quadratic[j, j] for (i, j), v in quadratic.items()]):
        return NEITHER
    exact = [{k: Fraction(v) for k, v in part.items()} for part in (quadratic, linear)]
    return _completed(side, variables, *exact, Fraction(constant))


def _completed(side: int, variables: list[int], quadratic: dict, linear: dict, constant: Fraction) -> Square:
    solved: list[tuple[int, dict[int, Fraction], Fraction]] = []
    left = list(variables)
    while left:
        x = next((k for k in left if quadratic.get((k, k), 0) > 0), None)
        if x is None:
            break
        left.remove(x)
        q = quadratic[x, x]
        mixed = {y: quadratic.get((min(x, y), max(x, y)), Fraction(0)) for y in left}
        g = linear.get(x, Fraction(0))
        for i, y in enumerate(left):
            for z in left[i:]:
                part = mixed[y] * mixed[z] / (2 * q) if y != z else mixed[y] ** 2 / (4 * q)
                quadratic[y, z] = quadratic.get((y, z), Fraction(0)) - part
            linear[y] = linear.get(y, Fraction(0)) - mixed[y] * g / (2 * q)
        constant -= g * g / (4 * q)
        solved.append((x, {y: -m / (2 * q) for y, m in mixed.items()}, -g / (2 * q)))
    if constant < 0 or any([quadratic.get((y, z), 0) for i, y in enumerate(left) for z in left[i:]]) or any([linear.get(y, 0) for y in left]):
        return NEITHER
    zero: dict[int, Fraction] = {}
    for x, slopes, offset in reversed(solved):
        zero[x] = offset + sum([s * zero[y] for y, s in slopes.items() if y in zero])
    return Square(side, constant > 0, None if left or constant else tuple(sorted(zero.items())))
