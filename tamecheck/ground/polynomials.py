"""Polynomials with integer coefficients in named variables: the one door to FLINT's multivariate arithmetic.

A `Ring` fixes the variables and their order; its polynomials are FLINT's ``fmpz_mpoly`` objects.
Sizes that could hang or kill the library are estimated before it is called, and refused
(TC151 for input, TC306 for intermediate results).

Variables are counted from 1: the *level* of a polynomial is the last variable that occurs, 0 for a number.
"""

import time
from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import comb, gcd, lcm, prod

from flint import fmpz_mpoly, fmpz_mpoly_ctx, fmpz_mpoly_vec

from tamecheck.errors import BudgetExceeded, InputError
from tamecheck.ground import factoring
from tamecheck.ground.grammar import Expression, FormulaError, parse
from tamecheck.ground.terms import FEW, Term, Terms, Values, product, reduced, scaled

MAXIMAL_DEGREE = 4_000
MAXIMAL_TERMS = 200_000
MAXIMAL_BITS = 200_000
MAXIMAL_WORK = 3 * 10**9
"""Estimated work of a resultant that is still attempted: terms times words times the cube of the size of the Sylvester
matrix; measured, 10^8 take about a second."""
WORK_PER_SECOND = 10**8
SHORT = 40
"""Resultants of polynomials with no more terms than that together are not kept for another time."""
MINIMAL_PATIENCE = 1
"""Seconds a factorisation may take, whatever is left of a budget."""

Rational = tuple[fmpz_mpoly, int]
"""A polynomial over a positive integer: ``(numerator, denominator)``."""


class Ring:
    """The polynomial ring Z[x_1, ..., x_n].

    Attributes
    ----------
    names : tuple of str — x_1, ..., x_n, innermost (projected last) first
    work : int — resultants with more estimated work are refused
    patience : float — seconds for a factorisation that may hang
    deadline : float or None — on the monotonic clock
    """

    __slots__ = ("names", "context", "index", "work", "patience", "deadline", "_resultants", "_discriminants", "_factors")

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        if len(set(self.names)) != len(self.names):
            raise InputError("a variable is listed twice", code="TC102", where=", ".join(self.names))
        # FLINT wants at least one generator
        self.context = fmpz_mpoly_ctx.get(self.names or ("unused",), "lex")
        self.index = {name: k for k, name in enumerate(self.names)}
        self.work = MAXIMAL_WORK
        self.patience = factoring.CHILD_SECONDS
        self.deadline: float | None = None
        self._resultants: dict[tuple[str, str, int], fmpz_mpoly] = {}
        self._discriminants: dict[tuple[str, int], fmpz_mpoly] = {}
        self._factors: dict[str, tuple[int, tuple[tuple[fmpz_mpoly, int, str], ...]]] = {}

    def __repr__(self) -> str:
        return f"Ring({', '.join(self.names)})"

    def constant(self, value: int) -> fmpz_mpoly:
        """Return an integer as a polynomial."""
        return self.context.constant(value)

    def variable(self, name: str) -> fmpz_mpoly:
        """Return a variable as a polynomial."""
        return self.context.gen(self.index[name])

    def from_terms(self, terms: Iterable[tuple[tuple[int, ...], int]]) -> fmpz_mpoly:
        """Return the polynomial with the given (exponents, coefficient) pairs, all exponents different."""
        return self.context.from_dict({e: c for e, c in terms if c})

    def level(self, p: fmpz_mpoly) -> int:
        """Return the position, from 1, of the last variable that occurs; 0 for a number."""
        degrees = p.degrees()
        for k in range(len(self.names), 0, -1):
            if degrees[k - 1] > 0:
                return k
        return 0

    def occurring(self, p: fmpz_mpoly) -> frozenset[int]:
        """Return the positions, from 1, of the variables that occur."""
        return frozenset([k for k, d in enumerate(p.degrees()[: len(self.names)], 1) if d > 0])

    def coefficients(self, p: fmpz_mpoly, k: int) -> list[fmpz_mpoly]:
        """Return the coefficients c_0, ..., c_d of ``p`` as a polynomial in the variable at position ``k``."""
        parts: list[dict] = [{} for _ in range(p.degrees()[k - 1] + 1)] if len(p) else [{}]
        for exponents, coefficient in zip(p.monoms(), p.coeffs(), strict=True):
            rest = list(exponents)
            rest[k - 1] = 0
            parts[exponents[k - 1]][tuple(rest)] = coefficient
        return [self.context.from_dict(part) for part in parts]

    def factors(self, p: fmpz_mpoly) -> tuple[int, tuple[tuple[fmpz_mpoly, int], ...]]:
        """Return ``(c, ((q, e), ...))`` with p = c * product of q**e, the q irreducible, primitive, with positive first coefficient."""
        unit, found = self.named_factors(p)
        return unit, tuple([(q, e) for q, e, _ in found])

    def named_factors(self, p: fmpz_mpoly) -> tuple[int, tuple[tuple[fmpz_mpoly, int, str], ...]]:
        """Return the same as `factors`, with the text of each factor, which equal polynomials share."""
        key = str(p)
        found = self._factors.get(key)
        if found is None:
            self._bound(p, "factorisation")
            unit, pairs = factoring.factor(p, self.names, self.patience)
            result = []
            for q, e in pairs:
                if q.coeffs()[0] < 0:
                    q, unit = -q, unit * (-1) ** int(e)
                result.append((q, int(e), key if q == p else str(q)))
            found = self._factors[key] = (unit, tuple(result))
        return found

    def resultant(self, p: fmpz_mpoly, q: fmpz_mpoly, k: int) -> fmpz_mpoly:
        """Return the resultant with respect to the variable at position ``k``."""
        self.check_time("projection")
        if len(p) + len(q) <= SHORT:
            self._estimate(p, q, k, "resultant")
            return p.resultant(q, k - 1)
        key = (str(p), str(q), k)
        found = self._resultants.get(key)
        if found is None:
            self._estimate(p, q, k, "resultant")
            found = self._resultants[key] = p.resultant(q, k - 1)
        return found

    def discriminant(self, p: fmpz_mpoly, k: int) -> fmpz_mpoly:
        """Return the discriminant with respect to the variable at position ``k``, for degree at least 1 there."""
        key = (str(p), k) if len(p) > SHORT else None
        found = self._discriminants.get(key) if key else None
        if found is None:
            self.check_time("projection")
            if p.degrees()[k - 1] > 2:
                self._estimate(p, p, k, "discriminant")
            found = p.discriminant(k - 1)
            if key:
                self._discriminants[key] = found
        return found

    def discriminant_parts(self, p: fmpz_mpoly, k: int, step: int | None = None) -> list[fmpz_mpoly]:
        """Return polynomials whose product has the factors of the discriminant, up to numbers.

        For p = q(x^a) that is a number times (c_0 c_d)^(a-1) disc(q)^a; ``step`` is a, if it is known.
        """
        step = common_exponent([p], k) if step is None else step
        if step < 2:
            return [self.discriminant(p, k)]
        c = self.coefficients(p, k)
        q = self.deflated(p, k, step)
        return [c[0], c[-1], *([self.discriminant(q, k)] if q.degrees()[k - 1] > 1 else [])]

    def resultant_root(self, p: fmpz_mpoly, q: fmpz_mpoly, k: int, step: int | None = None) -> fmpz_mpoly:
        """Return a polynomial with the factors of the resultant: for p(x^a), q(x^a) the resultant is a power of res(p, q)."""
        step = common_exponent([p, q], k) if step is None else step
        if step < 2:
            return self.resultant(p, q, k)
        return self.resultant(self.deflated(p, k, step), self.deflated(q, k, step), k)

    def deflated(self, p: fmpz_mpoly, k: int, step: int) -> fmpz_mpoly:
        """Return q with p = q(x^step) for the variable at position ``k``."""
        terms = {}
        for exponents, c in zip(p.monoms(), p.coeffs(), strict=True):
            e = list(exponents)
            e[k - 1] //= step
            terms[tuple(e)] = c
        return self.context.from_dict(terms)

    def without_common_zero(self, polynomials: Sequence[fmpz_mpoly]) -> bool:
        """Return True if the polynomials have provably no common real zero; False means nothing.

        The ideal they generate holds a sum of positive terms, which may be a number: one of them, or an
        element of a Groebner basis (within small limits).
        """
        for p in polynomials:
            if positive(p):
                return True
        if len(polynomials) < 2 or sum([len(p) for p in polynomials]) > 60:
            return False
        if max([p.total_degree() for p in polynomials]) > 8:
            return False
        vector = fmpz_mpoly_vec(list(polynomials), self.context)
        basis, _ = vector.buchberger_naive((12, 24, 400)) if len(polynomials) < 7 else (vector, False)
        return any([positive(p) for p in basis])

    def text(self, p: fmpz_mpoly) -> str:
        """Return the polynomial in the language of formulas."""
        return str(p).replace(" ", "")

    def limit(self, seconds: float | None) -> None:
        """Refuse what would take longer than so many seconds in one piece."""
        if seconds is not None:
            self.work = min(MAXIMAL_WORK, max(int(seconds), 1) * WORK_PER_SECOND)
            self.patience = max(min(factoring.CHILD_SECONDS, seconds), MINIMAL_PATIENCE)
            self.deadline = time.monotonic() + seconds

    def check_time(self, where: str) -> None:
        """Stop if the time set by `limit` is over."""
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise BudgetExceeded("time budget used up", code="TC301", where=where)

    def _bound(self, p: fmpz_mpoly, what: str) -> None:
        if len(p) > MAXIMAL_TERMS or (p.total_degree() > MAXIMAL_DEGREE and max(p.degrees(), default=0) > MAXIMAL_DEGREE):
            raise BudgetExceeded(f"{what} of a polynomial with {len(p)} terms is not attempted", code="TC306")

    def _estimate(self, p: fmpz_mpoly, q: fmpz_mpoly, k: int, what: str) -> None:
        """Refuse a resultant whose size, by the degree and length bounds, exceeds the limit."""
        a, b = list(map(int, p.degrees())), list(map(int, q.degrees()))
        m, n = a.pop(k - 1), b.pop(k - 1)
        terms = prod([n * d + m * e + 1 for d, e in zip(a, b, strict=True)])
        if terms > SHORT:
            total = n * int(p.total_degree()) + m * int(q.total_degree())
            occurring = sum([1 for d, e in zip(a, b, strict=True) if d or e])
            terms = min(terms, comb(total + occurring, occurring))
        bits = n * height(p) + m * height(q)
        work = terms * (1 + bits // 64) * (m + n) ** 3
        if work > self.work or max(m, n) > MAXIMAL_DEGREE:
            raise BudgetExceeded(
                f"a {what} may have {terms} terms of {bits} bits, about {work // WORK_PER_SECOND + 1} s",
                code="TC306", where=f"elimination of {self.names[k - 1]}", hint="another order of the variables",
            )  # fmt: skip


def common_exponent(polynomials: Sequence[fmpz_mpoly], k: int) -> int:
    """Return the greatest a such that all are polynomials in x^a, for the variable at position ``k``; 0 if it does not occur."""
    return gcd(*[int(e[k - 1]) for p in polynomials for e in p.monoms()])


def height(p: fmpz_mpoly) -> int:
    """Return the bit length of the largest coefficient plus that of the number of terms."""
    c = p.coeffs()
    return int(max(max(c), -min(c))).bit_length() + len(c).bit_length() if c else 0


def positive(p: fmpz_mpoly) -> bool:
    """Return True if ``p`` or ``-p`` is a positive number plus even monomials with positive coefficients."""
    coefficients = p.coeffs()
    if not coefficients:
        return False
    side = coefficients[0] > 0
    constant = False
    for exponents, c in zip(p.monoms(), coefficients, strict=True):
        if (c > 0) != side or any([e & 1 for e in exponents]):
            return False
        constant = constant or not any(exponents)
    return constant


def read(ring: Ring, text: object) -> Rational:
    """Return a polynomial given as text of the language of formulas (or as a tree of it).

    Raises
    ------
    InputError
        TC150 not a polynomial, TC151 too large, TC102 a variable that is not of the ring.
    """
    expression = text if isinstance(text, Expression) else parse(as_text(text))
    constants, values = arithmetic(ring, expression, expression.needed())
    root = expression.root
    if root in constants:
        c = constants[root]
        return ring.constant(c.numerator), c.denominator
    if root not in values:
        raise guilty(expression, constants, values)
    return values[root]


def guilty(expression: Expression, constants: dict[int, Fraction], values: Values) -> FormulaError:
    """Return the error for the first node that is no polynomial although what it is made of is one."""
    return guilty_at(expression, next(n for n in expression.needed() if n not in constants and n not in values))


def guilty_at(expression: Expression, n: int, expected: str = "polynomial") -> FormulaError:
    """Return the error that says that a node is no polynomial (or no condition)."""
    kind, payload, _ = expression.nodes[n]
    if kind == "name" and expected == "polynomial":
        return expression.error(n, f"{payload!r} is not among the variables", code="TC102")
    what = f"{payload}( )" if kind == "call" else _WORDS.get(kind, "this")
    hint = "conditions are for decide and eliminate" if kind in ("compare", "and", "or", "not", "forall", "exists") else ""
    return expression.error(n, f"{what} is not a {expected}", code="TC150", hint=hint)


def as_text(value: object) -> str:
    """Return the text of a formula given as text, number, or object that prints in Python's notation (a SymPy expression).

    A function by pieces (`tamecheck.lower`) is a formula, too: what has ``to_formula`` is asked for it.
    """
    if isinstance(value, str):
        return value
    if hasattr(value, "to_formula") and hasattr(value, "pieces"):
        return value.to_formula()
    if isinstance(value, int | Fraction):
        return str(value)
    if hasattr(value, "free_symbols") and hasattr(value, "args"):
        return str(value)
    raise InputError(f"expected a formula, not {type(value).__name__}", code="TC101", hint="a text such as 'x^2+y^2-1'")


_WORDS = {
    "compare": "a comparison", "and": "a condition", "or": "a condition", "not": "a condition", "where": "a case distinction",
    "floordiv": "integer division", "mod": "a remainder", "constant": "a transcendental constant",
    "forall": "a statement", "exists": "a statement", "implies": "a condition", "iff": "a condition", "truth": "a truth value",
    "stop_gradient": "stop_gradient",
}  # fmt: skip


def arithmetic(ring: Ring, expression: Expression, order: Iterable[int]) -> tuple[dict[int, Fraction], Values]:
    """Return the exact values of those nodes that are numbers, and those that are polynomials (as ``values[n]``, `Rational`).

    Nodes of other kinds, and everything above them, are left out.
    """
    constants: dict[int, Fraction] = {}
    values = Values(ring.context)
    raw, nodes, index = values.raw, expression.nodes, ring.index
    width = max(len(ring.names), 1)
    for n in order:
        kind, payload, children = nodes[n]
        if kind == "number":
            if max(abs(payload.numerator), payload.denominator).bit_length() > MAXIMAL_BITS:
                raise expression.error(n, "this number is too large", code="TC112")
            constants[n] = payload
        elif kind == "name":
            k = index.get(payload)
            if k is not None:
                raw[n] = (((0,) * k + (1,) + (0,) * (width - k - 1), 1),), 1
        elif kind in _OPERATIONS:
            known = [c in constants for c in children]
            if all(known):
                number = _number(expression, n, kind, [constants[c] for c in children])
                if number is not None:
                    constants[n] = number
            elif all([k or c in raw for c, k in zip(children, known, strict=True)]):
                raw[n] = _operate(ring, expression, n, constants, values)
    return constants, values


_OPERATIONS = frozenset(["neg", "add", "sub", "mul", "div", "pow"])


def _operate(ring: Ring, expression: Expression, n: int, constants: dict[int, Fraction], values: Values) -> tuple[Terms | fmpz_mpoly, int]:
    """Return the value of an operation on polynomials, not all of them numbers: a sum of terms as long as these are few."""
    kind, _, children = expression.nodes[n]
    first = children[0]
    if kind == "pow":
        exponent = constants.get(children[1])
        if exponent is None or exponent.denominator != 1 or exponent < 0:
            raise expression.error(children[1], "an exponent of a polynomial is a whole number", code="TC150")
        a, d = values.raw[first] if first in values else _as_terms(ring, constants[first])
        if a.__class__ is tuple and len(a) == 1:
            return _monomial_power(expression, n, a[0], d, int(exponent))
        return _power(expression, n, values[first], int(exponent))
    if kind == "div" and children[1] not in constants:
        raise expression.error(children[1], "division by a variable is not a polynomial", code="TC150", hint="multiply out")
    a, da = values.raw[first] if first in values else _as_terms(ring, constants[first])
    if kind == "neg":
        return (scaled(a, -1) if a.__class__ is tuple else -a), da
    second = children[1]
    if kind == "div":
        divisor = constants[second]
        if divisor == 0:
            raise expression.error(n, "division by zero", code="TC150")
        factor = divisor.denominator if divisor > 0 else -divisor.denominator
        return _shortened(scaled(a, factor) if a.__class__ is tuple else a * factor, da * abs(divisor.numerator))
    b, db = values.raw[second] if second in values else _as_terms(ring, constants[second])
    small = a.__class__ is tuple and b.__class__ is tuple and len(a) + len(b) <= FEW
    if kind == "mul":
        if small and (len(a) < 2 or len(b) < 2):
            result = product(a, b)
            if any([max(e) > MAXIMAL_DEGREE for e, _ in result]):
                _small(expression, n, len(result), [max(e) for e, _ in result])
            return _shortened(result, da * db)
        a, da = values[first] if first in values else (values.finished(a), da)
        b, db = values[second] if second in values else (values.finished(b), db)
        _small(expression, n, len(a) * len(b), [p + q for p, q in zip(a.degrees(), b.degrees(), strict=True)])
        return reduced(a * b, da * db)
    common = da if da == db else lcm(da, db)
    if small:
        left, right = scaled(a, common // da), scaled(b, common // db if kind == "add" else -(common // db))
        return _shortened(left + right, common)
    a, b = values.finished(a) * (common // da), values.finished(b) * (common // db)
    return reduced(a + b if kind == "add" else a - b, common)


def subtracted(ring: Ring, left: int, right: int, constants: dict[int, Fraction], values: Values) -> fmpz_mpoly:
    """Return the difference of two nodes, times a positive number that makes it integral."""
    (a, da), (b, db) = [values.raw[n] if n in values else _as_terms(ring, constants[n]) for n in (left, right)]
    if a.__class__ is tuple and b.__class__ is tuple:
        return values.finished(scaled(a, db) + scaled(b, -da))
    a, b = values.finished(a), values.finished(b)
    return a * db - b * da


def _as_terms(ring: Ring, c: Fraction) -> tuple[Terms, int]:
    return ((((0,) * max(len(ring.names), 1), c.numerator),) if c else ()), c.denominator


def _shortened(a: Terms | fmpz_mpoly, d: int) -> tuple[Terms | fmpz_mpoly, int]:
    if d == 1:
        return a, d
    if a.__class__ is not tuple:
        return reduced(a, d)
    common = gcd(d, *[c for _, c in a])
    return (a, d) if common == 1 else (tuple([(e, c // common) for e, c in a]), d // common)


def _monomial_power(expression: Expression, n: int, term: Term, d: int, exponent: int) -> tuple[Terms, int]:
    exponents, c = term
    _small(expression, n, 1, [e * exponent for e in exponents])
    if exponent * max(abs(c).bit_length(), d.bit_length()) > MAXIMAL_BITS:
        raise expression.error(n, "coefficients of this power are too large", code="TC151")
    return ((tuple([e * exponent for e in exponents]), c**exponent),), d**exponent


def _number(expression: Expression, n: int, kind: str, given: list[Fraction]) -> Fraction | None:
    """Carry out arithmetic of numbers; ``None`` for a power that is not rational by rule."""
    a = given[0]
    if kind == "neg":
        return -a
    b = given[1]
    if kind == "pow":
        if b.denominator != 1:
            raise expression.error(n, "a fractional power of a number is not rational by rule", code="TC150", hint="use a variable")
        size = max(abs(a.numerator), a.denominator).bit_length()
        if abs(b) * size > MAXIMAL_BITS:
            raise expression.error(n, "this number is too large", code="TC112")
        if a == 0 and b < 0:
            raise expression.error(n, "division by zero", code="TC150")
        return a ** int(b)
    if kind == "div":
        if b == 0:
            raise expression.error(n, "division by zero", code="TC150")
        return a / b
    return {"add": a + b, "sub": a - b, "mul": a * b}[kind]


def _power(expression: Expression, n: int, base: Rational, exponent: int) -> Rational:
    p, d = base
    if p.is_zero():
        return (p if exponent else p + 1), 1
    occurring = sum([1 for e in p.degrees() if e > 0])
    terms = comb(min(exponent, 10**6) + len(p) - 1, min(exponent, len(p) - 1)) if len(p) < 50 else MAXIMAL_TERMS + 1
    if occurring == 1:
        terms = min(terms, exponent * max(p.degrees()) + 1)
    elif occurring:
        terms = min(terms, comb(exponent * max(p.total_degree(), 1) + occurring, occurring) if exponent < 10**4 else terms)
    _small(expression, n, terms, [e * exponent for e in p.degrees()])
    if exponent * max(height(p), d.bit_length()) > MAXIMAL_BITS:
        raise expression.error(n, "coefficients of this power are too large", code="TC151")
    return reduced(p**exponent, d**exponent)


def _small(expression: Expression, n: int, terms: int, degrees: list[int]) -> None:
    if terms > MAXIMAL_TERMS or max(degrees, default=0) > MAXIMAL_DEGREE:
        raise expression.error(
            n, f"this polynomial may have degree {max(degrees)} and {min(terms, 10**9)} terms", code="TC151",
            hint=f"limits are degree {MAXIMAL_DEGREE} and {MAXIMAL_TERMS} terms",
        )  # fmt: skip
