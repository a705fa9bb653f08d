"""Witnesses checked again, by another road: the program is run along the curve in polynomials of one variable with rational coefficients.

Nothing is taken from the search but the curve and the claimed numbers.  The program is evaluated and differentiated anew (values are quotients of
polynomials in t as lists of fractions, signs on the open interval are found by Sturm sequences), and both numbers are computed and compared.
Programs with exp, log, ... and step functions are outside (``None``).
"""

from collections.abc import Sequence
from fractions import Fraction

from tamecheck.autodiff.code import Code, read
from tamecheck.autodiff.rules import Rule, Rules
from tamecheck.autodiff.witnesses import Leg, Witness
from tamecheck.errors import InputError
from tamecheck.ground.grammar import parse

Poly = list[Fraction]
Ratio = tuple[Poly, Poly]
ZERO: Poly = []
ONE: Poly = [Fraction(1)]
MAXIMAL_DEGREE = 200


class Outside(Exception):
    """The program is not rational along the curve."""


# ------------------------------------------------------------------------------ polynomials


def trim(p: Sequence[Fraction]) -> Poly:
    """Return the coefficients without leading zeros."""
    q = list(p)
    while q and q[-1] == 0:
        q.pop()
    return q


def plus(p: Poly, q: Poly, factor: int = 1) -> Poly:
    """Return p + factor*q."""
    n = max(len(p), len(q))
    return trim([(p[k] if k < len(p) else Fraction(0)) + factor * (q[k] if k < len(q) else Fraction(0)) for k in range(n)])


def times(p: Poly, q: Poly) -> Poly:
    """Return pq."""
    if len(p) + len(q) > MAXIMAL_DEGREE:
        raise Outside
    out = [Fraction(0)] * max(len(p) + len(q) - 1, 0)
    for i, a in enumerate(p):
        for j, b in enumerate(q):
            out[i + j] += a * b
    return trim(out)


def remainder(p: Poly, q: Poly) -> Poly:
    """Return p modulo q."""
    r = list(p)
    while len(r) >= len(q):
        factor = r[-1] / q[-1]
        for k in range(len(q)):
            r[len(r) - len(q) + k] -= factor * q[k]
        r = trim(r[:-1])
    return r


def quotient(p: Poly, q: Poly) -> Poly:
    """Return the polynomial part of p/q."""
    r, out = list(p), [Fraction(0)] * max(len(p) - len(q) + 1, 0)
    while len(r) >= len(q):
        factor = r[-1] / q[-1]
        out[len(r) - len(q)] = factor
        for k in range(len(q)):
            r[len(r) - len(q) + k] -= factor * q[k]
        r = trim(r[:-1])
    return trim(out)


def value(p: Poly, t: Fraction) -> Fraction:
    """Return p(t)."""
    total = Fraction(0)
    for c in reversed(p):
        total = total * t + c
    return total


def derivative(p: Poly) -> Poly:
    """Return p'."""
    return trim([k * c for k, c in enumerate(p)][1:])


def common(p: Poly, q: Poly) -> Poly:
    """Return a greatest common divisor."""
    while q:
        p, q = q, remainder(p, q)
    return [c / p[-1] for c in p] if p else p


def changes(values: Sequence[Fraction]) -> int:
    """Return the number of changes of sign, zeros left out."""
    signs = [v > 0 for v in values if v]
    return sum([a != b for a, b in zip(signs, signs[1:], strict=False)])


def roots_inside(p: Sequence[Fraction]) -> bool:
    """Return whether a polynomial has a root with 0 < t < 1 (Sturm)."""
    q = trim(p)
    for end in (Fraction(0), Fraction(1)):
        while len(q) > 1 and value(q, end) == 0:
            q = quotient(q, [-end, Fraction(1)])
    if len(q) < 2:
        return not q
    chain = [q, derivative(q)]
    while chain[-1]:
        chain.append([-c for c in remainder(chain[-2], chain[-1])])
    chain.pop()
    return changes([value(s, Fraction(0)) for s in chain]) != changes([value(s, Fraction(1)) for s in chain])


def sign_inside(p: Poly) -> int:
    """Return the sign for 0 < t < 1.

    Raises
    ------
    Outside
        If it changes: the curve leaves the cell.
    """
    if not p:
        return 0
    if roots_inside(p):
        raise Outside
    v = value(p, Fraction(1, 2))
    return (v > 0) - (v < 0)


def ratio(top: Poly, bottom: Poly) -> Ratio:
    """Return a quotient in lowest terms."""
    if not top:
        return ZERO, ONE
    if len(bottom) > 1:
        g = common(top, bottom)
        if len(g) > 1:
            top, bottom = quotient(top, g), quotient(bottom, g)
    return [c / bottom[-1] for c in top], [c / bottom[-1] for c in bottom]


def add(a: Ratio, b: Ratio, factor: int = 1) -> Ratio:
    """Return a + factor*b."""
    return ratio(plus(times(a[0], b[1]), times(b[0], a[1]), factor), times(a[1], b[1]))


def mul(a: Ratio, b: Ratio) -> Ratio:
    """Return ab."""
    return ratio(times(a[0], b[0]), times(a[1], b[1]))


def sign(a: Ratio) -> int:
    """Return the sign for 0 < t < 1."""
    return sign_inside(a[0]) * sign_inside(a[1])


# ------------------------------------------------------------------------------ programs


class Walk:
    """A program along a curve: values, then what arrives at the variables."""

    def __init__(self, code: Code, inputs: Sequence[Ratio], rules: Rules | None) -> None:
        self.code, self.inputs, self.rules = code, list(inputs), rules
        self.v: list = [None] * len(code.nodes)
        self.parts: dict[int, Walk] = {}
        for n in code.needed():
            self.v[n] = self.forward(n)

    def forward(self, n: int):
        """Return the value of a node, ``True`` and ``False`` for conditions."""
        kind, payload, arguments = self.code.nodes[n]
        if kind == "number":
            return (trim([payload]), ONE)
        if kind == "variable":
            return self.inputs[payload]
        a = [self.v[c] for c in arguments]
        if kind == "where":
            return a[1] if self.truth(a[0]) else a[2]
        if kind == "stop":
            return a[0]
        if kind == "logic":
            t = [self.truth(x) for x in a]
            return {"and": all(t), "or": any(t), "xor": t[0] != t[-1], "not": not t[0]}[payload]
        if any([x is None for x in a]):
            return None
        a = [(trim([Fraction(int(x))]), ONE) if isinstance(x, bool) else x for x in a]
        if kind == "compare":
            s = sign(add(a[0], a[1], -1))
            return {"lt": s < 0, "le": s <= 0, "eq": s == 0, "ne": s != 0}[payload]
        if kind == "call":
            self.parts[n] = Walk(payload.body, a, None)
            return self.parts[n].v[payload.body.root]
        if kind == "power":
            return self.power(a[0], payload)
        return self.primitive(payload, a)

    def truth(self, x) -> bool:
        """Return whether a value is not zero."""
        if x is None:
            raise Outside
        return x if isinstance(x, bool) else bool(x[0])

    def power(self, a: Ratio, q: Fraction) -> Ratio | None:
        """Return a whole power."""
        if q.denominator != 1:
            raise Outside
        e = int(q)
        if e < 0:
            if not a[0]:
                return None
            a, e = ratio(a[1], a[0]), -e
        out: Ratio = (ONE, ONE)
        for _ in range(e):
            out = mul(out, a)
        return out

    def primitive(self, name: str, a: list[Ratio]) -> Ratio | None:
        """Return the value of an operator."""
        if name in ("add", "sub"):
            return add(a[0], a[1], 1 if name == "add" else -1)
        if name == "neg":
            return [-c for c in a[0][0]], a[0][1]
        if name == "mul":
            return mul(a[0], a[1])
        if name == "div":
            return mul(a[0], ratio(a[1][1], a[1][0])) if a[1][0] else None
        if name in ("max", "min"):
            return a[0] if (sign(add(a[0], a[1], -1)) >= 0) == (name == "max") else a[1]
        if name == "abs":
            return a[0] if sign(a[0]) >= 0 else ([-c for c in a[0][0]], a[0][1])
        if name == "sign":
            return trim([Fraction(sign(a[0]))]), ONE
        if name in ("floor", "ceil", "round"):
            return trim([Fraction(self.step(name, a[0]))]), ONE
        raise Outside

    def step(self, name: str, a: Ratio) -> int:
        """Return the integer that a step function takes along the whole curve."""
        middle = value(a[0], Fraction(1, 2)) / value(a[1], Fraction(1, 2))
        k = {"floor": middle.__floor__(), "ceil": middle.__ceil__(), "round": round(middle)}[name]
        if len(a[0]) > 1:
            low, high = {"floor": (k, k + 1), "ceil": (k - 1, k), "round": (k - Fraction(1, 2), k + Fraction(1, 2))}[name]
            if sign(add(a, ([Fraction(low)] if low else ZERO, ONE), -1)) <= 0 or sign(add(a, ([Fraction(high)] if high else ZERO, ONE), -1)) >= 0:
                raise Outside
        return k

    # ------------------------------------------------------------------ differentiation

    def gradient(self, start: Ratio = (ONE, ONE)) -> list[Ratio]:
        """Return what arrives at the variables."""
        zero: Ratio = (ZERO, ONE)
        at: dict[int, Ratio] = {self.code.root: start}
        for n in reversed(self.code.needed()):
            if n in at:
                for a, g in self.passed(n, at[n]):
                    at[a] = add(at[a], g) if a in at else g
        out = [zero] * len(self.inputs)
        for n, g in at.items():
            if self.code.nodes[n][0] == "variable":
                out[self.code.nodes[n][1]] = g
        return out

    def passed(self, n: int, g: Ratio) -> list[tuple[int, Ratio]]:
        """Return what a node passes on."""
        kind, payload, arguments = self.code.nodes[n]
        zero: Ratio = (ZERO, ONE)
        if kind in ("number", "variable", "stop", "compare", "logic"):
            return []
        if kind == "where":
            yes = self.truth(self.v[arguments[0]])
            return [(arguments[1], g if yes else zero), (arguments[2], zero if yes else g)]
        x = [(trim([Fraction(int(self.v[a]))]), ONE) if isinstance(self.v[a], bool) else self.v[a] for a in arguments]
        if any([y is None for y in x]):
            raise Outside
        name = payload.name if kind == "call" else "pow" if kind == "power" else payload
        rule = self.rule(name, x, payload.parameters if kind == "call" else (("exponent", payload),) if kind == "power" else ())
        if rule is not None and rule.backward:
            made = [Walk(c, [*x, g], None).v[c.root] for c in rule.backward]
        elif rule is not None and rule.side is not None:
            from tamecheck.autodiff.semantics import one_sided

            q = one_sided(payload, rule)
            if q is None:
                raise Outside
            made = [mul(g, (trim([q]), ONE))]
        elif rule is not None:
            if "undefined" in rule.value:
                raise Outside
            made = [mul(g, Walk(c, x, None).v[c.root]) for c in rule.value]
        elif kind == "call":
            made = self.parts[n].gradient(g)
        else:
            made = [mul(g, d) for d in self.slopes(kind, payload, x, self.v[n])]
        if any([m is None or isinstance(m, bool) for m in made]):
            raise Outside
        return list(zip(arguments, made, strict=True))

    def rule(self, name: str, x: list[Ratio], parameters) -> Rule | None:
        """Return the rule that applies along the curve."""
        for r in (self.rules.of(name, len(x), tuple(parameters)) or ()) if self.rules is not None else ():
            if r.where is None:
                return r
            w = Walk(r.where, x, None)
            if w.truth(w.v[r.where.root]):
                return r
        return None

    def slopes(self, kind: str, payload, x: list[Ratio], v: Ratio) -> list[Ratio]:
        """Return the partial derivatives of an operator where it has them."""
        one, zero, minus = (ONE, ONE), (ZERO, ONE), ([Fraction(-1)], ONE)
        if kind == "power":
            e = int(payload)
            return [zero if e == 0 else mul(self.power(x[0], Fraction(e - 1)), ([Fraction(e)], ONE))]
        if payload in ("add", "sub"):
            return [one, one if payload == "add" else minus]
        if payload == "neg":
            return [minus]
        if payload == "mul":
            return [x[1], x[0]]
        if payload == "div":
            inverse = ratio(x[1][1], x[1][0])
            return [inverse, mul(minus, mul(v, inverse))]
        if payload in ("floor", "ceil", "round"):
            return [zero]
        s = sign(add(x[0], x[1], -1)) if payload in ("max", "min") else sign(x[0])
        if payload == "sign":
            return [zero]
        if s == 0:
            raise Outside
        if payload == "abs":
            return [one if s > 0 else minus]
        return [one, zero] if (s > 0) == (payload == "max") else [zero, one]


# ------------------------------------------------------------------------------ witnesses


def curve_of(leg: Leg) -> list[Ratio]:
    """Return the components of a leg, read from their text."""
    out = []
    for text in leg.components:
        code = read(parse(text), ["t"])
        walk = Walk(code, [([Fraction(0), Fraction(1)], ONE)], None)
        out.append(walk.v[code.root])
    return out


def check(code: Code, rules: Rules, witness: Witness) -> bool | None:
    """Return whether the numbers of a witness are those of the program; ``None`` if the program is not rational along the curve."""
    if not witness.legs:
        return None
    try:
        found = [measure(code, rules, leg) for leg in witness.legs]
    except (Outside, InputError):
        return None
    for leg, (change, total) in zip(witness.legs, found, strict=True):
        if leg.delta_f.rational is None:
            return None
        own = change if witness.kind != "jump-curve" else _at(code, leg.end) - _at(code, leg.start)
        if own != leg.delta_f.rational or (leg.integral.rational is not None and not total[0] <= leg.integral.rational <= total[1]):
            return False
    ends = [(leg.start, leg.end) for leg in witness.legs]
    joined = all([a[1] == b[0] for a, b in zip(ends, ends[1:], strict=False)])
    if witness.circulation is not None:
        closed = joined and ends[-1][1] == ends[0][0]
        low, high = sum([total[0] for _, total in found], Fraction(0)), sum([total[1] for _, total in found], Fraction(0))
        claimed = witness.circulation.rational
        return closed and (claimed is None or low == high == claimed) and (low > 0 or high < 0)
    low, high = found[0][1]
    return not low <= witness.delta_f.rational <= high


def measure(code: Code, rules: Rules, leg: Leg) -> tuple[Fraction, tuple[Fraction, Fraction]]:
    """Return the change along a leg (limits at its ends) and bounds of the integral of what is returned; equal ones for polynomials."""
    curve = curve_of(leg)
    walk = Walk(code, curve, rules)
    f = walk.v[code.root]
    if f is None or isinstance(f, bool):
        raise Outside
    for (p, b), first, last in zip(curve, leg.start, leg.end, strict=True):
        if value(p, Fraction(0)) != first * value(b, Fraction(0)) or value(p, Fraction(1)) != last * value(b, Fraction(1)):
            raise Outside
    total: Ratio = (ZERO, ONE)
    for g, (p, b) in zip(walk.gradient(), curve, strict=True):
        speed = ratio(plus(times(derivative(p), b), times(p, derivative(b)), -1), times(b, b))
        total = add(total, mul(g, speed))
    change = value(f[0], Fraction(1)) / value(f[1], Fraction(1)) - value(f[0], Fraction(0)) / value(f[1], Fraction(0))
    if len(total[1]) > 1:
        return change, bounds(total)
    exact = sum([c / (k + 1) for k, c in enumerate(total[0])], Fraction(0)) / total[1][0]
    return change, (exact, exact)


PARTS = 128


def bounds(a: Ratio) -> tuple[Fraction, Fraction]:
    """Return bounds of the integral of a rational function over [0, 1]: on short intervals it lies between the quotients of bounds."""
    low, high = Fraction(0), Fraction(0)
    for k in range(PARTS):
        s, t = Fraction(k, PARTS), Fraction(k + 1, PARTS)
        top, bottom = _range(a[0], s, t), _range(a[1], s, t)
        if bottom[0] <= 0 <= bottom[1]:
            raise Outside
        ends = [x / y for x in top for y in bottom]
        low, high = low + min(ends) / PARTS, high + max(ends) / PARTS
    return low, high


def _range(p: Poly, s: Fraction, t: Fraction) -> tuple[Fraction, Fraction]:
    """Return bounds of a polynomial on [s, t], by its expansion at the middle."""
    middle, half = (s + t) / 2, (t - s) / 2
    centre, radius, size = value(p, middle), Fraction(0), Fraction(1)
    q, factorial = derivative(p), 1
    for k in range(1, len(p)):
        factorial, size = factorial * k, size * half
        radius += abs(value(q, middle)) * size / factorial
        q = derivative(q)
    return centre - radius, centre + radius


def _at(code: Code, point: Sequence[Fraction]) -> Fraction:
    """Return the value of the program at a point."""
    v = Walk(code, [(trim([x]), ONE) for x in point], None).v[code.root]
    if v is None:
        raise Outside
    if isinstance(v, bool):
        return Fraction(int(v))
    return (v[0][0] if v[0] else Fraction(0)) / v[1][0]
