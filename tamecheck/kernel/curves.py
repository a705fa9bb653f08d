"""Curves and the rules of non-definability along them.

A *curve* fixes every input of a program at a constant tensor, except one whose entries all
equal ``t**e`` for t in an interval T.  If the composite is not definable, neither is the
node, because the curve is semialgebraic.  Along a curve a node is *uniform* when all its
entries are equal; negative rules speak of uniform nodes only.  Specification:
``docs/reference/certificate-format.md``, section 7.
"""

from fractions import Fraction
from math import prod

from tamecheck.ground.intervals import Interval, to_text
from tamecheck.kernel import images
from tamecheck.kernel.derivation import Derivation, Facts, contraction_count, reduction_count
from tamecheck.kernel.judgments import ANALYTIC, R_LIN, Record, settle
from tamecheck.kernel.primitives import R_ALG, homes_on
from tamecheck.kernel.rules import input_record
from tamecheck.programs.program import Program
from tamecheck.structures.lattice import ALL, BIT, DOWN, TABLE

Polynomial = tuple[tuple[Fraction, Fraction], ...]  # (coefficient, exponent), exponents increasing, no zero coefficients

ANY = 1 << len(TABLE)
EVERYTHING = ALL | ANY
MAXIMAL_TERMS = 64
MAXIMAL_EXPONENT = 10**4
PRECISION = 256
LARGEST_BITS = 5000
POLYNOMIALLY_BOUNDED = DOWN["R_an_pow"] | DOWN["R_G"]
BELOW_ALG = DOWN["R_alg"]


class Curve(Derivation):
    """A derivation along a curve, with the negative facts found so far.

    Attributes
    ----------
    variable : int — the node that moves
    companions : tuple of int — inputs that move along with it
    domain : Interval — of t
    exponent : Fraction — every entry of the variable is t**exponent
    fixed : dict[int, Fraction] — the other inputs
    """

    __slots__ = (
        "companions", "moving", "variable", "domain", "exponent", "fixed", "escape", "uniform", "polynomials", "periods", "slopes",
        "negatives", "escapes", "_values",
    )

    def __init__(self, program: Program, facts: Facts, variable: int, domain: Interval, exponent: Fraction, fixed: dict[int, Fraction],
                 companions: tuple[int, ...] = ()) -> None:
        super().__init__(program, facts)
        self.companions = companions
        self.moving = frozenset([variable, *companions])
        self.variable, self.domain, self.exponent, self.fixed = variable, domain, exponent, fixed
        self.escape: tuple[int, int] | None = None
        self.uniform: set[int] = set()
        self.polynomials: dict[int, tuple[int, Polynomial]] = {}
        self.periods: dict[int, tuple[int, str, Fraction]] = {}
        self.slopes: dict[int, int] = {}
        self.negatives: dict[int, tuple[int, int, bool]] = {}  # node: (step, mask, level-set argument)
        self.escapes: dict[int, tuple[int, bool]] = {}
        self._values: dict[Fraction, dict[int, object]] = {}

    def start(self, n: int) -> int:
        """Append the step of an input, or of the variable."""
        if n not in self.moving:
            q = self.fixed[n]
            return self.conclude("input", n, (), (), input_record((q, q, True, True), False))
        return self.conclude("input", n, (), (), variable_record(self.domain, self.exponent))

    def negative(self, rule: str, n: int, premises: tuple[int, ...], parameters: tuple, conclusion: tuple) -> int:
        """Append a step with a negative (or auxiliary) conclusion."""
        step = len(self.steps)
        self.steps.append((rule, n, premises, parameters, conclusion))
        return step

    def to_json(self) -> dict:
        """Return the instance as it stands in the certificate."""
        fixed = sorted((n, str(q)) for n, q in self.fixed.items())
        return {
            "companions": sorted(self.companions), "domain": to_text(self.domain), "escape": self.escape,
            "exponent": str(self.exponent), "fixed": fixed, "kind": "curve", "steps": self.steps, "variable": self.variable,
        }


def variable_record(domain: Interval, exponent: Fraction) -> Record:
    """Return the record of t**exponent over the domain."""
    if exponent == 1:
        return settle((1, R_LIN, R_LIN, domain, 1, 1, ANALYTIC, 1, Fraction(1)))
    if exponent.denominator != 1:
        image = images.rational_power(domain, exponent)
    else:
        image = images.integer_power(domain, abs(int(exponent)))
        image = images.reciprocal(image) if exponent < 0 else image
    return settle((1, R_ALG, R_ALG, image, 1, 1, ANALYTIC, 1, None))


def names(mask: int) -> str:
    """Return the text of a set of excluded structures: ``any`` or names in table order."""
    return "any" if mask & ANY else " ".join(s.name for i, s in enumerate(TABLE) if mask >> i & 1)


def is_uniform(c: Curve, n: int) -> bool:
    """Tell whether a node has entries, and all of them are equal along the curve."""
    kind, parameters, arguments, shape = c.program.nodes[n]
    if prod(shape) < 1:
        return False
    if n in c.moving:
        return True
    if kind == "input":
        return n in c.fixed
    if kind == "constant":
        return parameters[0] == "splat"
    if not all(a in c.uniform for a in arguments):
        return False
    if kind == "reindex":
        return parameters[0] != "pad" and (parameters[0] != "concat" or len(set(arguments)) == 1)
    if kind == "cumulate":
        return parameters[0] in ("max", "min")
    if kind == "order":
        return parameters[0] in ("sort", "topk")
    return kind in ("map", "compare", "logic", "where", "contract", "reduce")


# ------------------------------------------------------------------ polynomials in t


def polynomial(c: Curve, n: int) -> Polynomial | None:
    """Return the node as a generalised polynomial in t, when its arguments are."""
    kind, parameters, arguments, _ = c.program.nodes[n]
    if n in c.moving:
        return ((Fraction(1), c.exponent),)
    if kind == "input":
        return _monomials({Fraction(0): c.fixed[n]}) if n in c.fixed else None
    if kind == "constant":
        return _monomials({Fraction(0): Fraction(parameters[1])}) if parameters[0] == "splat" else None
    if kind not in ("map", "contract", "reduce", "reindex") or not arguments:
        return None
    parts = [c.polynomials.get(a) for a in arguments]
    if None in parts:
        return None
    values = [p[1] for p in parts]
    if kind == "map":
        return _polynomial_map(c, parameters[0], values)
    if kind == "reindex":
        return values[0] if parameters[0] != "pad" else None
    if kind == "reduce":
        if parameters[0] != "sum":
            return values[0] if parameters[0] in ("max", "min") else None
        return _scaled(values[0], reduction_count(c.program, c.program.nodes[n]))
    result = values[0]
    for value in values[1:]:
        result = _times(result, value)
        if result is None:
            return None
    return _scaled(result, contraction_count(c.program, c.program.nodes[n]))


def _polynomial_map(c: Curve, p: str, values: list[Polynomial]) -> Polynomial | None:
    if p == "neg":
        return _scaled(values[0], -1)
    if p == "add" or p == "sub":
        return _plus(values[0], values[1] if p == "add" else _scaled(values[1], -1))
    if p == "mul":
        return _times(*values)
    if p == "div" and len(values[1]) == 1:
        (coefficient, exponent), = values[1]
        if exponent > 0 and not images.positive(c.domain):
            return None
        return _valid(c, tuple([(a / coefficient, e - exponent) for a, e in values[0]]))
    if p == "pow" and (values[1] == () or (len(values[1]) == 1 and values[1][0][1] == 0)):
        q = values[1][0][0] if values[1] else Fraction(0)
        if q.denominator != 1 or not 0 <= q <= 16:
            return None
        result: Polynomial | None = ((Fraction(1), Fraction(0)),)
        for _ in range(int(q)):
            result = None if result is None else _times(result, values[0])
        return result
    return None


def _valid(c: Curve, p: Polynomial) -> Polynomial | None:
    fine = images.positive(c.domain) or all(e >= 0 and e.denominator == 1 for _, e in p)
    return p if fine and all(abs(e.numerator) <= MAXIMAL_EXPONENT and e.denominator <= MAXIMAL_EXPONENT for _, e in p) else None


def _monomials(terms: dict[Fraction, Fraction]) -> Polynomial | None:
    if len(terms) > MAXIMAL_TERMS or any(abs(e.numerator) > MAXIMAL_EXPONENT for e in terms):
        return None
    if any(a.numerator.bit_length() + a.denominator.bit_length() > 4000 for a in terms.values()):
        return None
    return tuple(sorted([(a, e) for e, a in terms.items() if a != 0], key=lambda term: term[1]))


def _plus(a: Polynomial, b: Polynomial) -> Polynomial | None:
    terms = {e: x for x, e in a}
    for x, e in b:
        terms[e] = terms.get(e, Fraction(0)) + x
    return _monomials(terms)


def _times(a: Polynomial, b: Polynomial) -> Polynomial | None:
    terms: dict[Fraction, Fraction] = {}
    for x, e in a:
        for y, f in b:
            terms[e + f] = terms.get(e + f, Fraction(0)) + x * y
    return _monomials(terms)


def _scaled(a: Polynomial, k: int) -> Polynomial | None:
    return _monomials({e: x * k for x, e in a})


def varies(p: Polynomial) -> bool:
    """Tell whether a polynomial depends on t."""
    return any(e != 0 for _, e in p)


def affine(p: Polynomial) -> Fraction | None:
    """Return the nonzero slope of a*t + b, or ``None``."""
    if not p or p[-1][1] != 1 or any(e not in (0, 1) for _, e in p):
        return None
    return p[-1][0]


def unbounded_on(p: Polynomial, domain: Interval) -> tuple[bool, bool]:
    """Return whether the polynomial certainly tends to (+inf, -inf) at an end of the domain."""
    up = down = False
    if domain[1] is None and p and p[-1][1] > 0:
        up, down = p[-1][0] > 0, p[-1][0] < 0
    if domain[0] is None and p and p[-1][1] > 0:
        sign = p[-1][0] * (-1 if p[-1][1].numerator % 2 else 1)
        up, down = up or sign > 0, down or sign < 0
    if domain[0] == 0 and not domain[2] and p and p[0][1] < 0:
        up, down = up or p[0][0] > 0, down or p[0][0] < 0
    return up, down


# ------------------------------------------------------------------ values at a point


def value(c: Curve, n: int, t: Fraction):
    """Return a ball that holds the uniform node's value at t, or ``None`` when it is undefined or undecided."""
    import flint

    before = flint.ctx.prec
    flint.ctx.prec = PRECISION
    try:
        cache = c._values.setdefault(t, {})
        todo = [n]
        while todo:
            m = todo[-1]
            if m in cache:
                todo.pop()
                continue
            missing = [] if m in c.moving else [a for a in c.program.nodes[m][2] if a not in cache]
            if missing:
                todo.extend(missing)
                continue
            todo.pop()
            cache[m] = _ball(flint, c, m, t, cache)
        return cache[n]
    finally:
        flint.ctx.prec = before


def _rational(flint, q: Fraction):
    return flint.arb(flint.fmpq(q.numerator, q.denominator))


def _ball(flint, c: Curve, n: int, t: Fraction, cache: dict):
    kind, parameters, arguments, _ = c.program.nodes[n]
    if n in c.moving:
        base = _rational(flint, t)
        return base if c.exponent == 1 else base ** _rational(flint, c.exponent)
    if kind == "input":
        return _rational(flint, c.fixed[n])
    if kind == "constant":
        return _rational(flint, Fraction(parameters[1])) if parameters[0] == "splat" else None
    values = [cache[a] for a in arguments]
    if n not in c.uniform:
        return None
    if kind == "where":
        truth = _truth(values[0])
        return None if truth is None else values[1] if truth else values[2]
    if any(v is None for v in values):
        return None
    result = _ball_of(flint, c, n, kind, parameters, values)
    # FLINT may die on the integer part of 2^(2^60): what is that large is undecided
    return result if result is not None and abs(result) < flint.arb(2) ** LARGEST_BITS else None


def _truth(ball) -> bool | None:
    if ball is None:
        return None
    if ball > 0 or ball < 0:
        return True
    return False if ball == 0 else None


def _ball_of(flint, c: Curve, n: int, kind: str, parameters: tuple, values: list):
    node = c.program.nodes[n]
    if kind == "map":
        return _map_ball(flint, parameters[0], values)
    if kind == "reindex" or kind == "order" or kind == "cumulate":
        return values[0]
    if kind == "reduce":
        count = reduction_count(c.program, node)
        if parameters[0] == "sum":
            return values[0] * count
        if parameters[0] == "prod":
            return values[0] ** count if count <= images.MAXIMAL_POWER else None
        return values[0]
    if kind == "contract":
        result = flint.arb(contraction_count(c.program, node))
        for v in values:
            result = result * v
        return result
    if kind == "compare":
        return _compare_ball(flint, parameters[0], *values)
    truths = [_truth(v) for v in values]
    if None in truths:
        return None
    result = {"and": all, "or": any}.get(parameters[0])
    if result is not None:
        return flint.arb(int(result(truths)))
    return flint.arb(int(not truths[0] if parameters[0] == "not" else truths[0] != truths[1]))


def _compare_ball(flint, relation: str, a, b):
    if a < b:
        return flint.arb(int(relation in ("lt", "le", "ne")))
    if a > b:
        return flint.arb(int(relation == "ne"))
    if a.is_exact() and b.is_exact() and a == b:
        return flint.arb(int(relation in ("le", "eq")))
    return None


def _map_ball(flint, p: str, values: list):
    a = values[0] if values else None
    if len(values) == 2:
        b = values[1]
        if p == "pow":
            whole = b.unique_fmpz() if b.is_exact() else None
            if whole is not None and abs(int(whole)) <= images.MAXIMAL_POWER:
                return a ** int(whole) if int(whole) >= 0 or a != 0 else None
            return a**b if a > 0 else None
        return {"add": lambda: a + b, "sub": lambda: a - b, "mul": lambda: a * b, "div": lambda: a / b,
                "max": lambda: a.max(b), "min": lambda: a.min(b)}[p]()
    if p == "pi":
        return flint.arb.pi()
    if p in ("neg", "abs"):
        return -a if p == "neg" else abs(a)
    if p == "sign":
        return flint.arb(1) if a > 0 else flint.arb(-1) if a < 0 else flint.arb(0) if a == 0 else None
    if p in ("floor", "ceil", "round"):
        return _step_ball(flint, p, a)
    if p in ("gamma", "lgamma", "digamma", "zeta"):
        return getattr(a, p)() if a > (1 if p == "zeta" else 0) else None
    if p.startswith("bessel"):
        order = flint.arb(int(p[-1]))
        return {"j": a.bessel_j, "y": a.bessel_y, "i": a.bessel_i, "k": a.bessel_k}[p[6]](order)
    return getattr(a, p)()


def _step_ball(flint, p: str, a):
    """Round to an integer when the ball lies between two neighbouring breakpoints (or is exact)."""
    if p == "round":
        shifted = a + flint.arb(flint.fmpq(1, 2))
        low = shifted.floor().unique_fmpz()
        if low is None or (shifted.is_exact() and shifted == shifted.floor()):
            return None
        return flint.arb(low)
    whole = (a.floor() if p == "floor" else a.ceil()).unique_fmpz()
    return None if whole is None else flint.arb(whole)


# ------------------------------------------------------------------ conditions shared by peel


def side_conditions(mask: int, homes: int) -> int:
    """Return the part of ``mask`` that survives peeling by something definable in ``homes``, closed downwards.

    ``any`` survives when the side function is semialgebraic; a named structure survives when
    it is in ``homes``; R_lin survives when a structure that expands R_alg does.
    """
    kept = 0
    if mask & ANY and homes & BIT["R_alg"]:
        kept |= EVERYTHING
    for i, s in enumerate(TABLE):
        if mask >> i & 1 and homes >> i & 1 and s.name != "R_lin":
            kept |= DOWN[s.name]
    return kept & (mask | EVERYTHING if mask & ANY else mask)


def injective_homes(p: str, a: Interval, exponent: Fraction | None = None) -> int | None:
    """Return H of an injective unary primitive on the range ``a``; ``None`` when it is not injective there."""
    if p in ("exp", "atan", "erf"):
        return homes_on(p, a)
    if p in ("log", "besselk0", "besselk1"):
        return homes_on(p, a) if p == "log" and images.positive(a) else None
    if p == "sqrt":
        return homes_on(p, a) if a[0] is not None and a[0] >= 0 else None
    if p in ("asin", "acos", "erfinv"):
        inside = a[0] is not None and a[1] is not None and a[0] >= -1 and a[1] <= 1
        strict = inside and (p != "erfinv" or (a[0] > -1 or not a[2]) and (a[1] < 1 or not a[3]))
        return homes_on(p, a) if strict else None
    if p == "lambertw":
        return homes_on(p, a) if a[0] is not None and a[0] >= Fraction(-1, 3) else None
    if p == "pow" and exponent is not None and exponent != 0:
        odd = exponent.denominator == 1 and exponent > 0 and exponent.numerator % 2 == 1
        half = images.positive(a) if exponent < 0 else (a[0] is not None and a[0] >= 0)
        return R_ALG if odd or half else None
    return None


