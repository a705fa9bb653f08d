"""Factorisation of integer polynomials that does not hang.

FLINT factors dense polynomials in microseconds, but sparse ones of high degree that split under every substitution, such as
x^40 + y^40 - 1, occupy it for hours.  Two precautions: Eisenstein's criterion, which settles most of these, and a child process
that is killed when its time is up.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from math import gcd, lcm

from flint import fmpq_mpoly_ctx, fmpz_mpoly, fmpz_poly

from tamecheck.errors import BudgetExceeded

SAFE_DEGREE = 28
"""Up to this degree in every variable but one FLINT is called at once (x^20 + y^20 - 1 takes 0.1 s; that one Eisenstein settles)."""
CHILD_SECONDS = 1
DENSE = 4
"""Polynomials with at least total degree times this many terms are dense enough for FLINT."""

MAXIMAL_UNIVARIATE = 2 * 10**9
"""Degree squared times (degree plus bits) of a polynomial in one variable that is still attempted; degree 1200 takes about a second."""

Pairs = list[tuple[fmpz_mpoly, int]]


def factor(p: fmpz_mpoly, names: Sequence[str], seconds: float = CHILD_SECONDS) -> tuple[int, Pairs]:
    """Return (c, [(q, e), ...]) with p = c * product of q^e, the q irreducible over the rationals and primitive.

    Raises
    ------
    BudgetExceeded
        TC306 if FLINT does not answer in time.
    """
    if p.is_constant():
        return int(p.coeffs()[0]), []
    common = p.term_content()
    content = int(common.coeffs()[0])
    found: Pairs = []
    if not common.is_constant():
        found = [(p.context().gen(k), int(e)) for k, e in enumerate(common.degrees()) if e]
    if not common.is_one():
        p = p / common
        if p.is_constant():
            return content * int(p.coeffs()[0]), found
    unit, pairs = _primitive(p, names, seconds)
    return content * unit, found + pairs


def _primitive(p: fmpz_mpoly, names: Sequence[str], seconds: float) -> tuple[int, Pairs]:
    """Factor a polynomial that no number and no variable divides."""
    degrees = list(map(int, p.degrees()))
    occurring = [k for k, d in enumerate(degrees) if d]
    if len(occurring) == 1:
        return _univariate(p, occurring[0], degrees[occurring[0]])
    if sorted(degrees)[-2] <= SAFE_DEGREE or len(p) > DENSE * int(p.total_degree()) or not _powers_only(p):
        return _linear(p, degrees.index(1), names, seconds) if 1 in degrees else _flint(p, names)
    if any([eisenstein(p, k, names, seconds) for k in occurring]):
        return 1, [(p, 1)]
    return _child(p, names, seconds)


def _univariate(p: fmpz_mpoly, k: int, degree: int) -> tuple[int, Pairs]:
    """Factor a polynomial in one variable: FLINT's arithmetic for these is faster."""
    if degree == 1:
        return 1, [(p, 1)]
    dense = [0] * (degree + 1)
    for e, c in zip(p.monoms(), p.coeffs(), strict=True):
        dense[e[k]] = c
    check_univariate(degree, max([abs(int(c)).bit_length() for c in dense]))
    unit, pairs = fmpz_poly(dense).factor()
    if len(pairs) == 1 and pairs[0][1] == 1:
        return 1, [(p, 1)]
    context = p.context()
    before, after = (0,) * k, (0,) * (len(p.degrees()) - k - 1)
    return int(unit), [
        (context.from_dict({(*before, i, *after): c for i, c in enumerate(q.coeffs()) if c}), int(e)) for q, e in pairs
    ]  # fmt: skip


def _linear(p: fmpz_mpoly, k: int, names: Sequence[str], seconds: float) -> tuple[int, Pairs]:
    """Factor a polynomial of degree 1 in the variable at place ``k``: what remains when the content is divided out is irreducible."""
    content = p.derivative(k).gcd(p)
    if content.is_constant():
        return 1, [(p, 1)]
    unit, pairs = factor(content, names, seconds)
    return unit, [*pairs, (p / content, 1)]


def _powers_only(p: fmpz_mpoly) -> bool:
    """Return whether some variable occurs in powers of x^a only, a > 1, up to a common monomial: these are the slow ones."""
    monomials = [tuple(map(int, e)) for e in p.monoms()]
    for k in range(len(monomials[0])):
        least = min([e[k] for e in monomials])
        if gcd(*[e[k] - least for e in monomials]) > 1:
            return True
    return False


def check_univariate(degree: int, bits: int) -> None:
    """Refuse a polynomial in one variable whose factors and roots would take many seconds."""
    if degree**2 * (degree + bits) > MAXIMAL_UNIVARIATE:
        raise BudgetExceeded(f"the roots of a polynomial of degree {degree} with {bits}-bit coefficients are not attempted", code="TC306")


def eisenstein(p: fmpz_mpoly, k: int, names: Sequence[str], seconds: float) -> bool:
    """Return True if Eisenstein's criterion proves that a primitive polynomial is irreducible; False means nothing.

    As a polynomial in the variable at place ``k``: an irreducible polynomial divides all coefficients but the leading one,
    its square does not divide the last one; and the coefficients have no common factor.
    """
    parts = _coefficients(p, k)
    if len(parts) < 2 or parts[0].is_zero():
        return False
    common = parts[0]
    for c in parts[1:-1]:
        common = common.gcd(c)
    if common.is_constant() or not common.gcd(parts[-1]).is_constant():
        # a factor shared with the leading coefficient would be a factor of the polynomial, or spoil the criterion
        return False
    try:
        pairs = factor(common, names, seconds)[1]
    except BudgetExceeded:
        return False
    return any([not (divmod(parts[0], q * q)[1]).is_zero() for q, _ in pairs])


def _coefficients(p: fmpz_mpoly, k: int) -> list[fmpz_mpoly]:
    parts: list[dict] = [{} for _ in range(p.degrees()[k] + 1)]
    for exponents, c in zip(p.monoms(), p.coeffs(), strict=True):
        rest = list(exponents)
        rest[k] = 0
        parts[exponents[k]][tuple(rest)] = c
    return [p.context().from_dict(part) for part in parts]


def _flint(p: fmpz_mpoly, names: Sequence[str]) -> tuple[int, Pairs]:
    try:
        unit, pairs = p.factor()
        return int(unit), [(q, int(e)) for q, e in pairs]
    except OverflowError:
        # python-flint 0.9 cannot sort integer factors with coefficients beyond a machine word; rational ones it can
        field = fmpq_mpoly_ctx.get(tuple(names) or ("unused",), "lex")
        _, pairs = field.from_dict(dict(zip(p.monoms(), p.coeffs(), strict=True))).factor()
        result = []
        rest = p
        for q, e in pairs:
            common = lcm(*[int(c.q) for c in q.coeffs()])
            r = p.context().from_dict({m: int(c * common) for m, c in zip(q.monoms(), q.coeffs(), strict=True)})
            r = r / r.content()
            result.append((r, int(e)))
            rest = rest / r ** int(e)
        return int(rest.coeffs()[0]), result


_PROGRAM = """
import json, sys
from flint import fmpz_mpoly_ctx
given = json.load(sys.stdin)
ring = fmpz_mpoly_ctx.get(tuple(["v%d" % i for i in range(given["variables"])]), "lex")
p = ring.from_dict({tuple(m): int(c, 16) for m, c in given["terms"]})
unit, pairs = p.factor()
terms = lambda q: [[[int(e) for e in m], hex(int(c))] for m, c in zip(q.monoms(), q.coeffs())]
json.dump([hex(int(unit)), [[terms(q), int(e)] for q, e in pairs]], sys.stdout)
"""


def _child(p: fmpz_mpoly, names: Sequence[str], seconds: float) -> tuple[int, Pairs]:
    """Factor in a process of its own, and check the product of what comes back."""
    terms = [([int(e) for e in m], hex(int(c))) for m, c in zip(p.monoms(), p.coeffs(), strict=True)]
    given = json.dumps({"variables": len(p.degrees()), "terms": terms})
    refused = BudgetExceeded(
        f"the factors of a polynomial with {len(p)} terms of degree {p.total_degree()} were not found in {seconds:g} s", code="TC306",
        hint="a polynomial of lower degree, or factors written out",
    )  # fmt: skip
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-c", _PROGRAM], input=given, capture_output=True, text=True, timeout=max(seconds, CHILD_SECONDS), check=False
        )
    except subprocess.TimeoutExpired:
        raise refused from None
    if done.returncode:
        raise refused
    unit, pairs = json.loads(done.stdout)
    ring = p.context()
    found = [(ring.from_dict({tuple(m): int(c, 16) for m, c in terms}), e) for terms, e in pairs]
    product = ring.constant(int(unit, 16))
    for q, e in found:
        product = product * q**e
    if product != p:
        raise refused
    return int(unit, 16), found
