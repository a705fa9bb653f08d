"""What a program computes and what differentiation of it returns, on a set of points where every sign that matters is known.

Forward, every node gets a quotient (`tamecheck.autodiff.fields`), a truth value, or nothing where the program has no value.  Backward, what
arrives at a node is passed to its arguments: times the derivative of the operator, or as a rule says.  As in the frameworks,

* ``where`` passes 0 to the branch that is not taken, and that branch is differentiated all the same: 0 times an infinite derivative is no number;
* the derivative of ``log`` is a quotient, a number even where the logarithm is none (in a branch that is not taken);
* ``relu`` is a mask: what arrives is dropped where it is off, even if it is no number (where the rule book says so);
* ``stop_gradient`` passes nothing on.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction

from flint import fmpz_mpoly

from tamecheck.autodiff.code import STEPS, Call, Code
from tamecheck.autodiff.fields import SMOOTH, Field, NotSupported, Quotient
from tamecheck.autodiff.rules import Rule, Rules

WINDOW = 2
"""``floor``, ``ceil`` and ``round`` are followed as long as their values are between -WINDOW and WINDOW."""
LOGARITHMS = frozenset(["log1p", "log2", "log10"])
"""Operators whose derivative the frameworks compute by division, so that it is a number even where the logarithm has no value."""
NOTHING = "nothing"
"""A derivative that is no number."""


class Missing(Exception):
    """Signs are needed that are not known on this set: of ``factor``, and of all ``factors``."""

    def __init__(self, *factors: fmpz_mpoly) -> None:
        super().__init__(str(factors[0]))
        self.factor, self.factors = factors[0], factors


class Undecided(Exception):
    """A sign that cannot be found."""


class Outside(Exception):
    """A step function has a value outside of the window."""


class Kink(Exception):
    """An operator is differentiated where it has no derivative, inside the definition of another."""


Value = Quotient | bool | None
Oracle = Callable[[fmpz_mpoly], int]


class Run:
    """One evaluation of a code.

    Parameters
    ----------
    code : Code
    field : Field
    inputs : the quotients of the variables
    sign : the sign of a polynomial of the field on the set in question
    rules : Rules or ``None`` — ``None`` inside a definition: a kink there raises `Kink`
    loose : whether a step function outside of the window is an unknown number, rather than `Outside`
    beyond : whether the derivative of a logarithm is 1/u where u < 0 and the logarithm has no value, as in the frameworks
    """

    def __init__(
        self, code: Code, field: Field, inputs: Sequence[Quotient], sign: Oracle, rules: Rules | None, beyond: bool | None = None, loose: bool = False
    ) -> None:
        self.loose = loose
        self.beyond = rules is not None if beyond is None else beyond
        self.code, self.field, self.inputs, self.oracle, self.rules = code, field, list(inputs), sign, rules
        self.values: dict[int, Value] = {}
        self.inner: dict[int, Run] = {}
        self.used: dict[str, str] = {}
        """Which rule (or gap) was met: operator to text."""
        self.unknown: list[str] = []
        self.order = code.needed()
        self._run()

    # --------------------------------------------------------------------- forward

    def _run(self) -> None:
        """Compute all values; signs that are missing are collected from all operations that do not depend on each other."""
        missing: list[fmpz_mpoly] = []
        waiting: set[int] = set()
        for n in self.order:
            if waiting and not waiting.isdisjoint(self.code.nodes[n][2]):
                waiting.add(n)
                continue
            try:
                self.values[n] = self._forward(n)
            except Missing as need:
                missing += need.factors
                waiting.add(n)
        if missing:
            raise Missing(*missing)

    def value(self) -> Quotient | None:
        """Return the value of the program."""
        return self._real(self.values[self.code.root])

    def _real(self, v: Value) -> Quotient | None:
        return self.field.number(Fraction(int(v))) if isinstance(v, bool) else v

    def quotient_sign(self, v: Quotient) -> int:
        """Return the sign of a quotient."""
        s = self.oracle(v[0])
        return s if v[1].is_one() or s == 0 else s * self.oracle(v[1])

    def _truth(self, v: Value) -> bool | None:
        return v if v is None or isinstance(v, bool) else self.quotient_sign(v) != 0

    def _forward(self, n: int) -> Value:
        kind, payload, arguments = self.code.nodes[n]
        f = self.field
        if kind == "number":
            return f.number(payload)
        if kind == "variable":
            return self.inputs[payload]
        if kind == "constant":
            return f.apply("pi", None) if payload == "pi" else f.apply("exp", (f.one, f.one))
        a = [self.values[c] for c in arguments]
        if kind == "where":
            c = self._truth(a[0])
            return None if c is None else a[1] if c else a[2]
        if kind == "stop":
            return a[0]
        if any([v is None for v in a]):
            return None
        if kind == "logic":
            t = [self._truth(v) for v in a]
            return {"and": all(t), "or": any(t), "xor": t[0] != t[-1], "not": not t[0]}[payload]
        a = [self._real(v) for v in a]
        if kind == "compare":
            s = self.quotient_sign(f.add(a[0], a[1], -1))
            return {"lt": s < 0, "le": s <= 0, "eq": s == 0, "ne": s != 0}[payload]
        if kind == "power":
            return self._power(a[0], payload)
        if kind == "call":
            self.inner[n] = Run(payload.body, f, a, self.oracle, None, payload.name in LOGARITHMS, self.loose)
            return self.inner[n].value()
        return self._primitive(payload, a)

    def _primitive(self, name: str, a: list[Quotient]) -> Quotient | None:
        f = self.field
        if name in ("add", "sub"):
            return f.add(a[0], a[1], 1 if name == "add" else -1)
        if name == "neg":
            return -a[0][0], a[0][1]
        if name == "mul":
            return f.mul(a[0], a[1])
        if name == "div":
            return None if self.quotient_sign(a[1]) == 0 else f.mul(a[0], f.inverse(a[1]))
        if name in ("max", "min"):
            s = self.quotient_sign(f.add(a[0], a[1], -1))
            return a[0] if s == 0 or (s > 0) == (name == "max") else a[1]
        if name in ("abs", "sign"):
            s = self.quotient_sign(a[0])
            return f.number(Fraction(s)) if name == "sign" else a[0] if s >= 0 else (-a[0][0], a[0][1])
        if name in STEPS:
            try:
                return f.number(Fraction(self._step(name, a[0])))
            except Outside:
                if not self.loose:
                    raise
                return f.free(f"{name} {a[0][0]} {a[0][1]}")
        if name == "sqrt":
            return self._power(a[0], Fraction(1, 2))
        if name == "log":
            return f.apply("log", a[0]) if self.quotient_sign(a[0]) > 0 else None
        if name == "pow":
            if self.quotient_sign(a[0]) <= 0:
                raise NotSupported("pow at a base that is not positive")
            return f.apply("exp", f.mul(a[1], f.apply("log", a[0])))
        if name in ("asin", "acos"):
            for side in (1, -1):
                if self.quotient_sign(f.add((f.one, f.one), f.scale(a[0], Fraction(side)))) < 0:
                    return None
        if name == "tan":
            if a[0][0].is_zero():
                return a[0]
            if self.quotient_sign(f.apply("cos", a[0])) == 0:
                return None
        if name not in SMOOTH:
            raise NotSupported(name)
        return f.apply(name, a[0])

    def _step(self, name: str, u: Quotient) -> int:
        """Return the integer that a step function takes; integers outside of the window are not followed."""
        f = self.field
        if u[0].is_constant() and u[1].is_constant():
            q = Fraction(int(u[0].coeffs()[0]) if len(u[0]) else 0, int(u[1].coeffs()[0]))
            return {"floor": q.__floor__(), "ceil": q.__ceil__(), "round": round(q)}[name]
        half = Fraction(1, 2) if name == "round" else Fraction(0)
        for k in range(-WINDOW, WINDOW + 2):
            s = self.quotient_sign(f.add(u, f.number(k - half), -1))
            if s == 0 and name == "round":
                return k - 1 if k % 2 else k
            if s == 0:
                return k
            if s < 0:
                if k == -WINDOW:
                    raise Outside
                return k if name == "ceil" else k - 1
        raise Outside

    def _power(self, u: Quotient, q: Fraction) -> Quotient | None:
        f = self.field
        if q.denominator == 1:
            if q < 0 and self.quotient_sign(u) == 0:
                return None
            return (f.one, f.one) if q == 0 else f.power(u, int(q))
        s = self.quotient_sign(u)
        if s < 0 or (s == 0 and q < 0):
            return None
        return (f.zero, f.one) if s == 0 else f.power(self._root(u, q.denominator), q.numerator)

    def _root(self, u: Quotient, order: int) -> Quotient:
        """Return the positive root of a positive quotient: in the field if it can be."""
        from tamecheck.programs.lowering.tape import root

        f = self.field
        parts = []
        for p in u:
            unit, pairs = f.ring.factors(p) if not p.is_constant() else (int(p.coeffs()[0]), ())
            whole = root(abs(unit), order)
            if unit < 0 or whole is None or any([e % order for _, e in pairs]):
                return f.apply("root", u, order)
            total = f.ring.constant(whole)
            for factor, e in pairs:
                total *= factor ** (e // order)
            parts.append(total)
        w = f.reduce(*parts)
        return (-w[0], w[1]) if not order & 1 and self.quotient_sign(w) < 0 else w

    # -------------------------------------------------------------------- backward

    def gradient(self) -> list[Quotient | str]:
        """Return what reverse mode returns: one entry per variable, `NOTHING` where it is no number."""
        f = self.field
        out: list[Quotient | str] = [(f.zero, f.one)] * len(self.inputs)
        for n, v in self.backward((f.one, f.one)).items():
            kind, payload, _ = self.code.nodes[n]
            if kind == "variable":
                out[payload] = v
        return out

    def backward(self, start: Quotient | str) -> dict[int, Quotient | str]:
        """Return what arrives at every node that is reached."""
        arrived: dict[int, Quotient | str] = {self.code.root: start}
        for n in reversed(self.order):
            if n in arrived:
                for a, v in self._passed(n, arrived[n]):
                    arrived[a] = self._sum(arrived[a], v) if a in arrived else v
        return arrived

    def forward_gradient(self) -> list[Quotient | str]:
        """Return what forward mode returns: derivatives along the axes, pushed from the variables to the result."""
        f = self.field
        out: list[Quotient | str] = []
        for k in range(len(self.inputs)):
            moved: dict[int, Quotient | str] = {}
            for n in self.order:
                kind, payload, arguments = self.code.nodes[n]
                if kind == "variable":
                    moved[n] = (f.one, f.one) if payload == k else (f.zero, f.one)
                    continue
                total: Quotient | str = (f.zero, f.one)
                if kind == "where":
                    c = self._truth(self.values[arguments[0]])
                    total = NOTHING if c is None else moved[arguments[1] if c else arguments[2]]
                elif kind not in ("number", "constant", "stop", "compare", "logic"):
                    # a linear pass of 1 through each argument, in the order of the backward pass
                    for a, v in self._passed(n, (f.one, f.one)):
                        total = self._sum(total, self._product(v, moved[a]))
                moved[n] = total
            out.append(moved[self.code.root])
        return out

    def _sum(self, a: Quotient | str, b: Quotient | str) -> Quotient | str:
        return NOTHING if NOTHING in (a, b) else self.field.add(a, b)

    def _product(self, a: Quotient | str, b: Quotient | str) -> Quotient | str:
        return NOTHING if NOTHING in (a, b) else self.field.mul(a, b)

    def _passed(self, n: int, g: Quotient | str) -> list[tuple[int, Quotient | str]]:
        """Return what a node passes to its arguments when ``g`` arrives."""
        kind, payload, arguments = self.code.nodes[n]
        f = self.field
        zero = (f.zero, f.one)
        if kind in ("number", "variable", "constant", "stop", "compare", "logic"):
            return []
        if kind == "where":
            c = self._truth(self.values[arguments[0]])
            if c is None:
                return [(arguments[1], NOTHING), (arguments[2], NOTHING)]
            return [(arguments[1], g if c else zero), (arguments[2], zero if c else g)]
        name = payload.name if kind == "call" else "pow" if kind == "power" else payload
        values = [self._real(self.values[a]) for a in arguments]
        if any([v is None for v in values]):
            return [(a, NOTHING) for a in arguments]
        parameters = payload.parameters if kind == "call" else (("exponent", payload),) if kind == "power" else ()
        found = self._rule(name, values, parameters, kind)
        if found is not None and found.backward:
            return list(zip(arguments, self._backward_rule(found, values, g), strict=True))
        partials = self._partials(n, kind, payload, values, found)
        if (
            name == "relu"
            and g == NOTHING
            and self.rules is not None
            and self.rules.masks_relu
            and partials[0] != NOTHING
            and partials[0][0].is_zero()
        ):
            return [(arguments[0], zero)]
        if name == "sqrt" and g != NOTHING and g[0].is_zero() and self.rules is not None and self.rules.absorbs:
            return [(arguments[0], zero)]
        return [(a, self._product(g, p)) for a, p in zip(arguments, partials, strict=True)]

    # ----------------------------------------------------------------------- rules

    def _rule(self, name: str, values: list[Quotient], parameters, kind: str) -> Rule | None:
        if self.rules is None:
            return None
        listed = self.rules.of(name, len(values), tuple(parameters))
        for rule in listed or ():
            if rule.where is None or Run(rule.where, self.field, values, self.oracle, None)._truth_of_root():
                self.used.setdefault(name, rule.text)
                return rule
        return None

    def _truth_of_root(self) -> bool:
        return bool(self._truth(self.values[self.code.root]))

    def _backward_rule(self, rule: Rule, values: list[Quotient], g: Quotient | str) -> list[Quotient | str]:
        if g == NOTHING:
            return [NOTHING] * len(values)
        out = []
        for code in rule.backward:
            v = Run(code, self.field, [*values, g], self.oracle, None).value()
            out.append(NOTHING if v is None else v)
        return out

    def _partials(self, n: int, kind: str, payload: object, values: list[Quotient], rule: Rule | None) -> list[Quotient | str]:
        """Return the partial derivatives of a node."""
        if rule is not None and rule.side is not None:
            q = one_sided(payload, rule) if kind == "call" else None
            return [self.field.number(q)] if q is not None else self._gap(kind, payload, len(values))
        if rule is not None:
            out: list[Quotient | str] = []
            for v in rule.value:
                value = None if v == "undefined" else Run(v, self.field, values, self.oracle, None).value()
                out.append(NOTHING if value is None else value)
            return out
        try:
            if kind == "call":
                return self.inner[n].gradient()
            return self._derivative(kind, payload, values, self._real(self.values[n]))
        except Kink:
            if self.rules is None:
                raise
            return self._gap(kind, payload, len(values))

    def _gap(self, kind: str, payload: object, arity: int) -> list[Quotient | str]:
        """Return unknown numbers: the rules do not say what the operator returns here."""
        name = payload.name if kind == "call" else "pow" if kind == "power" else payload
        text = f"{name}: no rule says what it returns where it has no derivative"
        if text not in self.unknown:
            self.unknown.append(text)
        return [self.field.free(f"{name} {k} {text}") for k in range(arity)]

    def _derivative(self, kind: str, payload: object, u: list[Quotient], value: Quotient | None) -> list[Quotient | str]:
        f = self.field
        one, zero = (f.one, f.one), (f.zero, f.one)
        if kind == "power":
            return [self._power_derivative(u[0], payload, value)]
        if payload in ("add", "sub"):
            return [one, one if payload == "add" else (-f.one, f.one)]
        if payload == "neg":
            return [(-f.one, f.one)]
        if payload == "mul":
            return [u[1], u[0]]
        if payload == "log" and value is None and self.beyond and self.quotient_sign(u[0]) != 0:
            return [f.inverse(u[0])]
        if value is None:
            return [NOTHING] * len(u)
        if payload == "div":
            inverse = f.inverse(u[1])
            top, bottom = f.mul(value, inverse)
            return [inverse, (-top, bottom)]
        if payload == "pow":
            return [f.mul(value, f.mul(u[1], f.inverse(u[0]))), f.mul(value, f.apply("log", u[0]))]
        if payload in ("max", "min"):
            s = self.quotient_sign(f.add(u[0], u[1], -1))
            if s == 0:
                raise Kink
            return [one, zero] if (s > 0) == (payload == "max") else [zero, one]
        if payload == "abs":
            s = self.quotient_sign(u[0])
            if s == 0:
                raise Kink
            return [f.number(Fraction(s))]
        if payload in STEPS:
            return (
                [zero]
                if self.rules is None or self.rules.of(payload, 1) is not None or not self._at_step(payload, u[0])
                else self._gap(kind, payload, 1)
            )
        if payload == "sqrt":
            return [self._power_derivative(u[0], Fraction(1, 2), value)]
        if payload in ("asin", "acos") and any([self.quotient_sign(f.add(one, f.scale(u[0], Fraction(s)))) == 0 for s in (1, -1)]):
            return [NOTHING]
        return [f.local(payload, u[0], value)]

    def _at_step(self, name: str, u: Quotient) -> bool:
        if name == "sign":
            return self.quotient_sign(u) == 0
        if self.loose:
            return True  # it may be
        half = Fraction(1, 2) if name == "round" else Fraction(0)
        return any([self.quotient_sign(self.field.add(u, self.field.number(k - half), -1)) == 0 for k in range(-WINDOW, WINDOW + 2)])

    def _power_derivative(self, u: Quotient, q: Fraction, value: Quotient | None) -> Quotient | str:
        """Return q*u^(q-1); where that is infinite, nothing."""
        f = self.field
        if value is None:
            return NOTHING
        if q == 0:
            return f.zero, f.one
        if q.denominator == 1 and q >= 1:
            return f.scale(f.power(u, int(q) - 1), q)
        if self.quotient_sign(u) == 0:
            return (f.zero, f.one) if q > 1 else NOTHING
        return f.scale(f.mul(value, f.inverse(u)), q)


def one_sided(call: Call, rule: Rule) -> Fraction | None:
    """Return a one-sided derivative (or the mean of both) of an operator of one argument at the place of its rule, if it is rational."""
    at = _place(rule.where)
    if at is None:
        return None
    sides = {"left": [-1], "right": [1], "mean": [-1, 1]}[rule.side]
    found = []
    for side in sides:
        field = Field(["x0"], 12)

        def sign(p: fmpz_mpoly, side: int = side, field: Field = field) -> int:
            return _beside(field, p, at, side)

        value = Run(call.body, field, [field.variable(0)], sign, None).value()
        slope = None if value is None else field.substitute(field.derivative(value, 0), [field.number(at)])
        if slope is None or not (slope[0].is_constant() and slope[1].is_constant()):
            return None
        found.append(Fraction(int(slope[0].coeffs()[0]) if len(slope[0]) else 0, int(slope[1].coeffs()[0])))
    return sum(found, Fraction(0)) / len(found)


def _place(where: Code | None) -> Fraction | None:
    """Return q for the condition x0 == q."""
    if where is None or where.nodes[where.root][:2] != ("compare", "eq"):
        return None
    a, b = where.nodes[where.root][2]
    return where.number(b) if where.nodes[a] == ("variable", 0, ()) else None


def _beside(field: Field, p: fmpz_mpoly, at: Fraction, side: int) -> int:
    """Return the sign of a function of one variable just beside a point, by its first derivative there that is not zero."""
    q, flip = (p, field.one), 1
    for _ in range(30):
        v = field.substitute(q, [field.number(at)])
        if v is None:
            raise Undecided("a limit of a definition")
        if not v[0].is_zero():
            ball = field.ball(v, [at])
            if ball > 0 or ball < 0:
                return flip if ball > 0 else -flip
            raise Undecided("a sign of a constant")
        if q[0].is_zero():
            return 0
        q, flip = field.derivative(q, 0), flip * side
    raise Undecided("a function that vanishes to high order")
