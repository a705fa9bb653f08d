"""How many real roots a polynomial with parameters has, by the signs of its Sturm-Habicht coefficients.

For p of degree d with leading coefficient a != 0 and roots z_1, ..., z_d let h_j be a power of a^2 times the leading principal minor of order j of
the Hankel matrix of the Newton sums, a polynomial in the coefficients: h_0 and h_1 are positive, h_d is the discriminant up to a^2.  They are
the signed subresultant coefficients of p and p', each times a.  If r is the last index with h_r != 0, then p has r different complex roots, and

    number of different real roots = permanences minus variations of h_0, ..., h_d,

where a gap of n - 1 zeros between h_i and h_(i+n) counts nothing if n is even, and (-1)^(n(n-1)/2) times the sign of h_i h_(i+n) if n
is odd ([BPR06]_ Theorem 4.33, [GV98]_).  The number is not negative and has the parity of r.
Other sign vectors do not occur, nor do those with h_i = 0 and h_(i-1) h_(i+1) > 0: by Sylvester's identity h_(i-1) h_(i+1) is then minus a square.

Let p have even degree d and a > 0.  Then p >= 0 everywhere if p has at most one real root (its multiplicity is even, as that of the others
together is), and not if it has more than one and r >= d - 1 (all but one, which is at most double, are simple).  Otherwise let e be a positive
infinitesimal: p >= 0 if and only if p + e has no real root.  The sign of h_j(p + e) is that of its first coefficient, as a polynomial in e, that is
not zero; for j = d it is that of e^(d-r), because the discriminant of p + e is up to a positive number and the sign (-1)^(d(d-1)/2) the product of
p(z) + e over the roots z of p', and p(z) = 0 for d - r of them.

.. [BPR06] S. Basu, R. Pollack, M.-F. Roy, "Algorithms in Real Algebraic Geometry", 2nd edition, Springer 2006.
.. [GV98] L. Gonzalez-Vega, "A combinatorial algorithm solving some quantifier elimination problems", in: Quantifier Elimination and Cylindrical
   Algebraic Decomposition, Springer 1998.
"""

from collections.abc import Sequence

from flint import fmpz_mpoly

from tamecheck.geometry.cad import sign_tables
from tamecheck.geometry.cad.branches import Branch
from tamecheck.geometry.cad.factors import Factor, coefficients
from tamecheck.geometry.cad.sign_conditions import Node, TooLarge

MAXIMAL_DEGREE = 6
MAXIMAL_TERMS = 60
MAXIMAL_VECTORS = 800


def count(signs: Sequence[int]) -> int:
    """Return permanences minus variations of a sequence whose first sign is not zero."""
    total, last = 0, 0
    for i in range(1, len(signs)):
        if signs[i]:
            n = i - last
            if n % 2:
                total += (-1) ** (n * (n - 1) // 2) * signs[i] * signs[last]
            last = i
    return total


def rank(signs: Sequence[int]) -> int:
    """Return the number of different complex roots."""
    return max([i for i, s in enumerate(signs) if s])


def possible(signs: Sequence[int]) -> bool:
    """Return whether signs pass the tests of signs that do not occur."""
    n, r = count(signs), rank(signs)
    return 0 <= n <= r and (r - n) % 2 == 0 and not any([signs[i] == 0 and signs[i - 1] * signs[i + 1] > 0 for i in range(1, len(signs) - 1)])


def sequence(c: Sequence[fmpz_mpoly]) -> list[fmpz_mpoly]:
    """Return h_2, ..., h_d of the polynomial with coefficients c_0, ..., c_d."""
    if c[-1].is_constant():
        found = minors(c)
        if found is not None:
            return found
    d = len(c) - 1
    derivative = [h * i for i, h in enumerate(c)][1:]
    out = []
    for j in range(d - 2, -1, -1):
        size = 2 * (d - j) - 1
        rows = [_row(c, i, size, d + d - 2 - j) for i in range(d - 2 - j, -1, -1)]
        rows += [_row(derivative, i, size, d + d - 2 - j) for i in range(d - j)]
        out.append(determinant(rows) / c[-1])
    return out


def minors(c: Sequence[fmpz_mpoly]) -> list[fmpz_mpoly] | None:
    """Return the leading principal minors, from order 2, of the Hankel matrix of the Newton sums times powers of the leading coefficient.

    They are the pivots of one elimination without fractions; ``None`` if one of them is identically zero.
    """
    d, a = len(c) - 1, c[-1]
    sums = [a * 0 + d]
    for n in range(1, 2 * d - 1):
        total, power = a * 0, a * 0 + 1
        for i in range(1, min(n, d) + 1):
            total += c[d - i] * power * (n if i == n else sums[n - i])
            power *= a
        sums.append(-total)
    m = [[sums[i + j] for j in range(d)] for i in range(d)]
    out, before = [], None
    for k in range(d):
        if m[k][k].is_zero():
            return None if k < d - 1 else [*out[1:], m[k][k]]
        out.append(m[k][k])
        for i in range(k + 1, d):
            for j in range(i, d):
                value = m[i][j] * m[k][k] - m[k][i] * m[k][j]
                if len(value) > 40 * MAXIMAL_TERMS:
                    raise TooLarge
                m[i][j] = value if before is None else value / before
        before = m[k][k]
    return out[1:]


def _row(c: Sequence[fmpz_mpoly], shift: int, size: int, top: int) -> list[fmpz_mpoly]:
    """Return the first coefficients of x^shift times a polynomial, from that of x^top downwards."""
    zero = c[0] * 0
    return [c[e - shift] if 0 <= e - shift < len(c) else zero for e in range(top, top - size, -1)]


def determinant(rows: list[list[fmpz_mpoly]]) -> fmpz_mpoly:
    """Return the determinant, without fractions (Bareiss)."""
    m = [list(row) for row in rows]
    n, sign = len(m), 1
    before = None
    for k in range(n - 1):
        pivot = next((i for i in range(k, n) if not m[i][k].is_zero()), None)
        if pivot is None:
            return m[0][0] * 0
        if pivot != k:
            m[k], m[pivot], sign = m[pivot], m[k], -sign
        for i in range(k + 1, n):
            for j in range(k + 1, n):
                value = m[i][j] * m[k][k] - m[i][k] * m[k][j]
                if len(value) > 40 * MAXIMAL_TERMS:
                    raise TooLarge
                m[i][j] = value if before is None else value / before
        before = m[k][k]
    return m[-1][-1] if sign > 0 else -m[-1][-1]


def has_root(branch: Branch, c: Sequence[fmpz_mpoly], k: int) -> Node:
    """Return the condition on the parameters that a polynomial of even degree, with nonzero leading coefficient, has a real root.

    Raises
    ------
    TooLarge
    """
    plain = [branch.table.split(h) for h in sequence(_checked(c))]

    def value(signs: dict[Factor, int]) -> bool | Factor | None:
        found = [1, 1]
        for part in plain:
            s = _sign(part, signs)
            if isinstance(s, Factor):
                return s
            found.append(s)
        return count(found) > 0 if possible(found) else None

    return sign_tables.from_signs(branch, value, MAXIMAL_VECTORS)


def takes_negative_values(branch: Branch, c: Sequence[fmpz_mpoly], k: int) -> Node:
    """Return the condition that a polynomial of even degree with positive leading coefficient is negative somewhere.

    Raises
    ------
    TooLarge
    """
    table, degree = branch.table, len(c) - 1
    # the variable is free to stand for the infinitesimal
    e = table.context.gen(k)
    series = [[table.split(h) for h in coefficients(s, k, int(s.degrees()[k]))] for s in sequence([_checked(c)[0] + e, *c[1:]])]

    def value(signs: dict[Factor, int]) -> bool | Factor | None:
        found = [1, 1]
        for parts in series:
            s = _sign(parts[0], signs)
            if isinstance(s, Factor):
                return s
            found.append(s)
        if not possible(found):
            return None
        n, r = count(found), rank(found)
        if n < 2 or r >= degree - 1:
            return n > 1
        found = [1, 1]
        for parts in series[:-1]:
            for part in parts:
                s = _sign(part, signs)
                if isinstance(s, Factor):
                    return s
                if s:
                    break
            found.append(s)
        s = _sign(series[-1][degree - r], signs)
        if isinstance(s, Factor):
            return s
        found.append(s)
        return count(found) > 0 if s and possible(found) else None

    return sign_tables.from_signs(branch, value, MAXIMAL_VECTORS)


def _checked(c: Sequence[fmpz_mpoly]) -> Sequence[fmpz_mpoly]:
    if len(c) - 1 > MAXIMAL_DEGREE or sum([len(h) for h in c]) > MAXIMAL_TERMS:
        raise TooLarge
    return c


def _sign(part: tuple[int, tuple], signs: dict[Factor, int]) -> int | Factor:
    """Return the sign of a split polynomial, or a factor whose sign is missing for it."""
    sign, missing = part[0], None
    for f, e in part[1]:
        s = signs.get(f)
        if s is None:
            missing = missing or f
        else:
            sign *= s**e
    return missing if sign and missing is not None else sign
