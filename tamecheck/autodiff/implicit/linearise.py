"""The conservative Jacobian [A B] of a system of programs, with a multiplier for each kink that may be met.

Forward, operation by operation: values are enclosures, derivatives polynomials in multipliers.  A kink whose side is not known gets a multiplier, the
same wherever its value is used; so does a smooth derivative of which only an enclosure is known.  What the rules of a framework return at a kink is
joined to the set (any number is allowed at the kink of one variable; the set stays convex), so that what differentiation returns is an element.
"""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import product

from tamecheck.autodiff.code import Code
from tamecheck.autodiff.implicit import enclosures as en
from tamecheck.autodiff.implicit.enclosures import Enclosure
from tamecheck.autodiff.implicit.families import Family, Multiplier, Poly, constant, multipliers, plus, times, value
from tamecheck.autodiff.rules import Rules

MAXIMAL_MULTIPLIERS = 64
MAXIMAL_INNER = 8
Row = dict[int, Poly]
SMOOTH: dict[str, Callable[[Enclosure, Enclosure], Enclosure | None]] = {
    "exp": lambda u, v: v,
    "log": lambda u, v: en.inverse(u),
    "sqrt": lambda u, v: _over(en.point(Fraction(1, 2)), v),
    "sin": lambda u, v: en.apply("cos", u),
    "cos": lambda u, v: _minus(en.apply("sin", u)),
    "tan": lambda u, v: en.add(en.point(1), en.power(v, 2)),
    "tanh": lambda u, v: en.add(en.point(1), en.neg(en.power(v, 2))),
    "atan": lambda u, v: en.inverse(en.add(en.point(1), en.power(u, 2))),
    "erf": lambda u, v: _gauss(u),
}


class Unclear(Exception):
    """Nothing is known about a derivative; the text says where and why."""


def _over(a: Enclosure, b: Enclosure) -> Enclosure | None:
    i = en.inverse(b)
    return None if i is None else en.mul(a, i)


def _minus(a: Enclosure | None) -> Enclosure | None:
    return None if a is None else en.neg(a)


def _gauss(u: Enclosure) -> Enclosure | None:
    from flint import arb

    e = en.apply("exp", en.neg(en.power(u, 2)))
    factor = 2 / arb.pi().sqrt()
    return None if e is None else en.mul(e, (en.rational(factor.lower()), en.rational(factor.upper())))


def merge(codes: Sequence[Code]) -> tuple[Code, list[int]]:
    """Return one code for several programs in the same variables, and their roots: equal operations are one operation."""
    joint = Code(codes[0].names)
    roots = []
    for code in codes:
        place: dict[int, int] = {}
        for n in code.needed():
            kind, payload, arguments = code.nodes[n]
            place[n] = joint.add(kind, payload, [place[a] for a in arguments])
        roots.append(place[code.root])
    return joint, roots


class Linearisation:
    """The matrices [A B] of programs at the points of a box.

    Attributes
    ----------
    values : enclosures of the values of the programs
    family : Family
    """

    def __init__(self, code: Code, roots: Sequence[int], box: Sequence[Enclosure], rules: Rules | None) -> None:
        self.rules = rules
        self.free: list[Multiplier] = []
        start = [{k: constant(1)} for k in range(len(code.names))]
        run = _Run(self, code, list(box), start, roots)
        self.values = [run.values[r] for r in roots]
        n = len(code.names)
        self.family = Family([[run.rows[r].get(k, {}) for k in range(n)] for r in roots], self.free)

    def new(self, kind: str, low: Fraction, high: Fraction, text: str, chosen: Fraction | None = None) -> Poly:
        """Return a number that is only known to lie between two others."""
        if len(self.free) >= MAXIMAL_MULTIPLIERS:
            raise Unclear(f"more than {MAXIMAL_MULTIPLIERS} multipliers")
        at = None if chosen is None else (chosen - low) / (high - low)
        self.free.append(Multiplier(kind, text, at))
        return plus(constant(low), {(len(self.free) - 1,): high - low})

    def coefficient(self, a: Enclosure | None, text: str) -> Poly:
        """Return the derivative of a smooth operation as a polynomial."""
        if a is None or not en.bounded(a):
            raise Unclear(f"{text} has no derivative there, or none that is bounded")
        q = en.exact(a)
        return constant(q) if q is not None else self.new("enclosure", a[0], a[1], text)


class _Run:
    def __init__(self, owner: Linearisation, code: Code, inputs: list[Enclosure], start: list[Row], roots: Sequence[int]) -> None:
        self.owner, self.code, self.inputs, self.start = owner, code, inputs, start
        self.values: dict[int, Enclosure] = {}
        self.rows: dict[int, Row] = {}
        wanted = set(roots)
        for n in range(len(code.nodes) - 1, -1, -1):
            if n in wanted:
                wanted.update(code.nodes[n][2])
        for n in sorted(wanted):
            self._visit(n)

    def _visit(self, n: int) -> None:
        kind, payload, a = self.code.nodes[n]
        if kind == "number":
            self.values[n], self.rows[n] = en.point(payload), {}
        elif kind == "variable":
            self.values[n], self.rows[n] = self.inputs[payload], self.start[payload]
        elif kind == "constant":
            self.values[n], self.rows[n] = _known(payload), {}
        elif kind in ("compare", "logic"):
            self.values[n], self.rows[n] = self._truth(kind, payload, [self.values[c] for c in a]), {}
        elif kind == "where":
            self._where(n, a)
        elif kind == "stop":
            if self.rows[a[0]]:
                raise Unclear("stop_gradient: what is returned is no derivative of this system")
            self.values[n], self.rows[n] = self.values[a[0]], {}
        elif kind == "call":
            self._call(n, payload, a)
        elif kind == "power":
            self._custom("pow", (("exponent", payload),), [self.values[a[0]]], self.rows[a[0]])
            self._power(n, payload, a[0])
        else:
            self._primitive(n, payload, a)

    def _truth(self, kind: str, payload: str, a: list[Enclosure]) -> Enclosure:
        either = (Fraction(0), Fraction(1))
        if kind == "compare":
            s = en.sign(en.add(a[0], en.neg(a[1])))
            if s is None:
                d = en.add(a[0], en.neg(a[1]))
                if payload == "le" and d[1] is not None and d[1] <= 0:
                    return en.point(1)
                if payload == "lt" and d[0] is not None and d[0] >= 0:
                    return en.point(0)
                return either
            return en.point(int({"lt": s < 0, "le": s <= 0, "eq": s == 0, "ne": s != 0}[payload]))
        t = [None if en.sign(v) is None else en.sign(v) != 0 for v in a]
        if payload == "not":
            return either if t[0] is None else en.point(int(not t[0]))
        if payload == "xor":
            return either if None in t else en.point(int(t[0] != t[1]))
        decisive = payload == "or"
        if decisive in t:
            return en.point(int(decisive))
        return either if None in t else en.point(int(not decisive))

    def _where(self, n: int, a: Sequence[int]) -> None:
        s = en.sign(self.values[a[0]])
        if s is None or not self._away(a[0]):
            raise Unclear("where: its condition changes there; write max, min or abs instead")
        chosen = a[1] if s else a[2]
        self.values[n], self.rows[n] = self.values[chosen], self.rows[chosen]

    def _away(self, n: int) -> bool:
        """Return whether all comparisons below a condition are strict, so that the condition is constant nearby."""
        stack, seen = [n], set()
        while stack:
            k = stack.pop()
            if k in seen:
                continue
            seen.add(k)
            kind, _, a = self.code.nodes[k]
            if kind == "compare":
                if en.sign(en.add(self.values[a[0]], en.neg(self.values[a[1]]))) not in (1, -1):
                    return False
            elif kind == "logic":
                stack += a
            elif kind != "number":
                return False
        return True

    def _power(self, n: int, q: Fraction, c: int) -> None:
        u = self.values[c]
        if q.denominator == 1 and q >= 0:
            self.values[n] = en.power(u, int(q))
            slope = en.mul(en.point(q), en.power(u, int(q) - 1)) if q else en.point(0)
        elif q.denominator == 1:
            i = en.inverse(u)
            self.values[n] = en.EVERYTHING if i is None else en.power(i, int(-q))
            slope = None if i is None else en.mul(en.point(q), en.power(i, int(1 - q)))
        elif q == Fraction(1, 2):
            self._smooth(n, "sqrt", c)
            return
        else:
            if en.sign(u) != 1:
                raise Unclear(f"the power {q} of what is not positive")
            log = en.apply("log", u)
            self.values[n] = _exp(None if log is None else en.mul(en.point(q), log))
            slope = _exp(None if log is None else en.mul(en.point(q - 1), log))
            slope = en.mul(en.point(q), slope)
        self._scaled(n, c, slope, f"the power {q}")

    def _scaled(self, n: int, c: int, slope: Enclosure | None, text: str) -> None:
        self.rows[n] = {}
        if self.rows[c]:
            p = self.owner.coefficient(slope, text)
            self.rows[n] = _scale(self.rows[c], p)

    def _smooth(self, n: int, name: str, c: int) -> None:
        u = self.values[c]
        if name not in SMOOTH:
            raise Unclear(f"{name}: its derivative is not enclosed here")
        v = _root(u) if name == "sqrt" else en.apply(name, u)
        if v is None:
            if self.rows[c]:
                raise Unclear(f"{name} is not enclosed there, or not defined")
            v = en.EVERYTHING
        self.values[n] = v
        self._scaled(n, c, SMOOTH[name](u, v) if self.rows[c] else None, name)

    def _primitive(self, n: int, name: str, a: Sequence[int]) -> None:
        u = [self.values[c] for c in a]
        rows = [self.rows[c] for c in a]
        self._custom(name, (), u, {k: p for r in rows for k, p in r.items()})
        if name in ("add", "sub"):
            s = 1 if name == "add" else -1
            self.values[n] = en.add(u[0], u[1] if s == 1 else en.neg(u[1]))
            self.rows[n] = _sum(rows[0], rows[1], s)
        elif name == "neg":
            self.values[n], self.rows[n] = en.neg(u[0]), _sum({}, rows[0], -1)
        elif name == "mul":
            self.values[n] = en.power(u[0], 2) if a[0] == a[1] else en.mul(*u)
            text = "a factor of a product"
            if a[0] == a[1]:
                self._scaled(n, a[0], en.mul(en.point(2), u[0]), text)
                return
            total: Row = {}
            for r, other in ((rows[0], u[1]), (rows[1], u[0])):
                if r:
                    total = _sum(total, _scale(r, self.owner.coefficient(other, text)))
            self.rows[n] = total
        elif name == "div":
            i = en.inverse(u[1])
            if i is None:
                raise Unclear("a division by what is not proved to differ from 0")
            self.values[n] = en.mul(u[0], i)
            total = _scale(rows[0], self.owner.coefficient(i, "a quotient")) if rows[0] else {}
            if rows[1]:
                slope = en.neg(en.mul(self.values[n], i))
                total = _sum(total, _scale(rows[1], self.owner.coefficient(slope, "a quotient")))
            self.rows[n] = total
        elif name in ("max", "min"):
            self._extremum(n, name, a)
        elif name == "abs":
            self._absolute(n, a[0])
        elif name in ("sign", "floor", "ceil", "round"):
            self._step(n, name, a[0])
        else:
            self._smooth(n, name, a[0])

    def _step(self, n: int, name: str, c: int) -> None:
        u = self.values[c]
        s = en.sign(u)
        if not self.rows[c] and en.exact(u) is not None:
            q = en.exact(u)
            number = {"sign": (q > 0) - (q < 0), "floor": q.__floor__(), "ceil": q.__ceil__(), "round": round(q)}[name]
            self.values[n], self.rows[n] = en.point(number), {}
            return
        shift = Fraction(1, 2) if name == "round" else Fraction(0)
        if name == "sign" and s in (1, -1):
            self.values[n], self.rows[n] = en.point(s), {}
            return
        if name != "sign" and en.bounded(u):
            low, high = (u[0] + shift).__floor__(), (u[1] + shift).__ceil__()
            if high == low + 1:
                self.values[n], self.rows[n] = en.point(high if name == "ceil" else low), {}
                return
        raise Unclear(f"{name} may jump there")

    def _extremum(self, n: int, name: str, a: Sequence[int]) -> None:
        u, rows = [self.values[c] for c in a], [self.rows[c] for c in a]
        self.values[n] = en.extremum(u[0], u[1], name == "max")
        s = en.sign(en.add(u[0], en.neg(u[1]))) if a[0] != a[1] else 0
        if s in (1, -1):
            self._off_kink(name, (), u)
            self.rows[n] = rows[0] if (s > 0) == (name == "max") else rows[1]
            return
        chosen = self._rule(name, (), u)
        low, high, pick = Fraction(0), Fraction(1), None
        if chosen is not None:
            ends = [c for c in chosen if c is not None]
            alone = [k for k in (0, 1) if rows[k]]
            if len(alone) == 1:
                w = chosen[alone[0]]
                pick = w if alone[0] == 0 else None if w is None else 1 - w
            elif len(ends) == 2 and sum(ends) == 1:
                pick = ends[0]
            elif alone:
                raise Unclear(f"{name}: the weights of the rule at a tie do not add up to 1, so it is no derivative of {name}")
        if pick is not None:
            low, high = min(low, pick), max(high, pick)
        difference = _sum(rows[0], rows[1], -1)
        if not difference:
            self.rows[n] = rows[1]
            return
        q = self.owner.new("kink", low, high, f"{name} of equal arguments", pick if s == 0 else None)
        self.rows[n] = _sum(rows[1], _scale(difference, q))

    def _absolute(self, n: int, c: int) -> None:
        u = self.values[c]
        s = en.sign(u)
        self.values[n] = en.extremum(u, en.neg(u), True)
        if s in (1, -1):
            self._off_kink("abs", (), [u])
            self.rows[n] = _sum({}, self.rows[c], s)
        elif not self.rows[c]:
            self.rows[n] = {}
        else:
            self.rows[n] = _scale(self.rows[c], self._kink("abs", (), [u], Fraction(-1), Fraction(1), s == 0))

    def _kink(self, name: str, parameters: tuple, u: list[Enclosure], low: Fraction, high: Fraction, sure: bool, place: int = 0) -> Poly:
        chosen = self._rule(name, parameters, u)
        w = None if chosen is None else chosen[place]
        if w is not None:
            low, high = min(low, w), max(high, w)
        if low == high:
            return constant(low)
        return self.owner.new("kink", low, high, f"the kink of {name}", w if sure else None)

    def _call(self, n: int, call: object, a: Sequence[int]) -> None:
        u = [self.values[c] for c in a]
        body = call.body
        self._custom(call.name, call.parameters, u, {k: p for c in a for k, p in self.rows[c].items()})
        moving = [k for k, c in enumerate(a) if self.rows[c]]
        before = len(self.owner.free)
        keep, self.owner.rules = self.owner.rules, None
        try:
            inner = _Run(self.owner, body, u, [{k: constant(1)} if k in moving else {} for k in range(len(a))], [body.root])
        finally:
            self.owner.rules = keep
        self.values[n] = inner.values[body.root]
        partials = inner.rows[body.root]
        fresh = self.owner.free[before:]
        if moving and not any([f.kind == "kink" for f in fresh]):
            self._off_kink(call.name, call.parameters, u)
        if len(moving) == 1 and fresh and len(fresh) <= MAXIMAL_INNER:
            k = moving[0]
            p = partials.get(k, {})
            values = _corner_values(p)
            del self.owner.free[before:]
            kinks = [f for f in fresh if f.kind == "kink"]
            if kinks:
                sure = len(kinks) == len(fresh) and en.exact(u[k]) is not None
                partials = {k: self._kink(call.name, call.parameters, u, min(values), max(values), sure, k)}
            else:
                low, high = min(values), max(values)
                partials = {k: constant(low) if low == high else self.owner.new("enclosure", low, high, f"the derivative of {call.name}")}
        total: Row = {}
        for k, p in partials.items():
            total = _sum(total, _scale(self.rows[a[k]], p))
        self.rows[n] = total

    def _rule(self, name: str, parameters: tuple, u: Sequence[Enclosure]) -> list[Fraction | None] | None:
        """Return what the rules say where a kink may be met: one number per argument, ``None`` for what they do not say."""
        rules = self.owner.rules
        for rule in (rules.of(name, len(u), tuple(parameters)) if rules is not None else None) or ():
            t = None if rule.where is None else _condition(rule.where, u)
            if rule.where is not None and t == 0:
                continue
            if rule.backward or rule.side is not None:
                return None
            out = []
            for v in rule.value:
                if v == "undefined":
                    raise Unclear(f"{name}: the rules return no number there")
                out.append(en.exact(_evaluate(v, u)))
            return out
        return None

    def _off_kink(self, name: str, parameters: tuple, u: Sequence[Enclosure]) -> None:
        """Refuse a rule of a file that acts where the operation is smooth: its number would not be an element."""
        rules = self.owner.rules
        if rules is not None and rules.given(name):
            for rule in rules.of(name, len(u), tuple(parameters)) or ():
                if rule.where is None or _condition(rule.where, u) != 0:
                    raise Unclear(f"{name}: a rule acts where it has a derivative; tc.conservative decides whether that is one")

    def _custom(self, name: str, parameters: tuple, u: Sequence[Enclosure], row: Row) -> None:
        """Refuse rules of a file that may act where there is no kink: the system is not what they differentiate."""
        rules = self.owner.rules
        if rules is None or not row or not rules.given(name):
            return
        for rule in rules.of(name, len(u), tuple(parameters)) or ():
            if rule.backward or rule.where is None or rule.where.nodes[rule.where.root][:2] != ("compare", "eq"):
                raise Unclear(f"{name}: the rule replaces the derivative on more than an equation; tc.conservative decides whether it is one")
            if _condition(rule.where, u) != 0 and not all([en.exact(x) is not None for x in u]):
                raise Unclear(f"{name}: the rule may act on the box; give a point, or decide it by tc.conservative")
            if _condition(rule.where, u) != 0 and name not in ("max", "min", "abs", "relu", *_KINKED):
                raise Unclear(f"{name}: a rule for a smooth operation; tc.conservative decides whether it is a derivative")


_KINKED = ("leaky_relu", "relu6", "hardtanh", "hardsigmoid", "hardswish", "softshrink", "clamp", "elu", "celu", "selu", "prelu")


def _known(name: str) -> Enclosure:
    from flint import arb

    x = arb.pi() if name == "pi" else arb(1).exp()
    return en.rational(x.lower()), en.rational(x.upper())


def _exp(a: Enclosure | None) -> Enclosure:
    found = None if a is None else en.apply("exp", a)
    return en.EVERYTHING if found is None else found


def _root(u: Enclosure) -> Enclosure | None:
    from tamecheck.programs.lowering.tape import root

    q = en.exact(u)
    if q is not None and q >= 0:
        w = (root(q.numerator, 2), root(q.denominator, 2))
        if None not in w:
            return en.point(Fraction(w[0]) / Fraction(w[1]))
    return en.apply("sqrt", u)


def _scale(row: Row, p: Poly) -> Row:
    out = {k: times(c, p) for k, c in row.items()}
    return {k: c for k, c in out.items() if c}


def _sum(a: Row, b: Row, s: int = 1) -> Row:
    out = dict(a)
    for k, p in b.items():
        total = plus(out.get(k, {}), p, s)
        if total:
            out[k] = total
        else:
            out.pop(k, None)
    return out


def _corner_values(p: Poly) -> list[Fraction]:
    """Return the values of a multi-affine polynomial at the corners of the cube: they bound it."""
    places = sorted(multipliers(p))
    out = []
    for bits in product((0, 1), repeat=len(places)):
        q = dict(zip(places, bits, strict=True))
        out.append(value(p, _Sparse(q)))
    return out


class _Sparse(dict):
    """Values of the multipliers that occur."""


def _evaluate(code: Code, u: Sequence[Enclosure]) -> Enclosure:
    """Return the value of a program without derivatives."""
    return _Run(_PLAIN, code, list(u), [{} for _ in u], [code.root]).values[code.root]


def _condition(code: Code, u: Sequence[Enclosure]) -> int | None:
    """Return 1 where a condition holds, 0 where it does not, ``None`` if both may be."""
    s = en.sign(_evaluate(code, u))
    return None if s is None else int(s != 0)


class _Plain:
    rules = None


_PLAIN = _Plain()


def linearise(codes: Sequence[Code], box: Mapping[str, Enclosure], rules: Rules | None) -> Linearisation:
    """Return the conservative Jacobian of a system on a box.

    Raises
    ------
    Unclear
        A derivative is not bounded, a step function may jump, a rule returns no number.
    """
    code, roots = merge(codes)
    return Linearisation(code, roots, [box[n] for n in code.names], rules)
