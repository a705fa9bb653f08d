"""From a program with one input to a function by cases: domains, kinks and jumps are found node by node.

Every node gets a `Piecewise`.  Operations that are analytic on an interval act on expressions; ``max``, ``abs``, ``sign``,
comparisons, logarithms, roots and quotients first ask where their argument changes sign, with proof (`isolation`), and
split.  The unselected branch of ``where`` may be undefined.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from tamecheck.errors import InputError
from tamecheck.geometry.univariate import constants
from tamecheck.geometry.univariate.expressions import Algebra, Expr, Undefined
from tamecheck.geometry.univariate.piecewise import (
    UNDEFINED,
    Entry,
    Opaque,
    Piecewise,
    Unresolved,
    combine,
    from_split,
    sign_split,
    simple,
    tidy,
)  # fmt: skip
from tamecheck.geometry.univariate.ranges import sign_on, unsealed
from tamecheck.geometry.univariate.steps import step_function
from tamecheck.ground.intervals import from_text
from tamecheck.programs.program import Program

EVERYWHERE = frozenset(["exp", "sin", "cos", "atan", "erf", "besseli0", "besseli1", "besselj0", "besselj1"])
POSITIVE = frozenset(["log", "gamma", "lgamma", "digamma", "besselk0", "besselk1", "bessely0", "bessely1"])
STEPS = frozenset(["floor", "ceil", "round"])


def lower(program: Program, output: int, algebra: Algebra, fixed: Mapping[str, Expr] | None = None, box: str | None = None) -> Piecewise:
    """Return the output of a program with one scalar input as a function by cases; ``fixed`` inputs stand for constants.

    ``box`` is another domain of the variable than the one the program declares.

    Raises
    ------
    InputError
        If the program has tensors, several inputs, or operations that are no scalar functions.
    """
    order = program.ancestors([output])
    known: dict[int, Piecewise] = {}
    for n in order:
        kind, parameters, arguments, shape = program.nodes[n]
        if shape != ():
            raise InputError("the program is no scalar function: it holds a tensor", code="TC151")
        if kind == "input" and fixed and parameters[0] in fixed:
            known[n] = simple(fixed[parameters[0]])
            continue
        if kind == "input" and box is not None:
            known[n] = _variable(algebra, box)
            continue
        try:
            known[n] = tidy(_opened(_node(algebra, kind, parameters, [known[a] for a in arguments])))
        except Unresolved as reason:
            known[n] = simple(Opaque(str(reason)))
    return known[output]


def _opened(f: Piecewise) -> Piecewise:
    """Write ``sqrt(x^2)`` as x or -x where the sign of x is known."""
    pieces = [unsealed(e, *f.interval(i)) if isinstance(e, Expr) else e for i, e in enumerate(f.between)]
    return Piecewise(f.points, tuple(pieces), f.at)


def _node(k: Algebra, kind: str, parameters: tuple, arguments: list[Piecewise]) -> Piecewise:
    if kind == "input":
        return _variable(k, parameters[2])
    if kind == "constant" and parameters[0] == "splat":
        return simple(k.number(Fraction(parameters[1])))
    if kind == "map":
        return _map(k, parameters[0], arguments)
    if kind == "compare":
        return _by_difference(k, arguments, lambda s, a, b: k.number(int(_holds(parameters[0], s))))
    if kind == "logic":
        truths = [_truth(k, f) for f in arguments]
        return combine(truths, lambda v, low, high: simple(_logic(k, parameters[0], v)), lambda v: _logic(k, parameters[0], v))
    if kind == "where":
        parts = [_truth(k, arguments[0]), *arguments[1:]]
        return combine(parts, lambda v, low, high: simple(_choice(v)), _choice)
    raise InputError(f"a function of one variable cannot hold a {kind!r} node", code="TC151", hint="write it as a formula in one variable")


def _variable(k: Algebra, box: str) -> Piecewise:
    """Return the identity on the domain."""
    low, high, low_closed, high_closed = from_text(box)
    points: list[Expr] = []
    pieces: list[Entry] = [k.x if low is None else UNDEFINED]
    values: list[Entry] = []
    for end, closed, after in ((low, low_closed, k.x), (high, high_closed, UNDEFINED)):
        if end is not None:
            point = k.number(end)
            if points and points[-1] is point:
                pieces[-1] = UNDEFINED
                continue
            points.append(point)
            values.append(point if closed else UNDEFINED)
            pieces.append(after)
    return Piecewise(tuple(points), tuple(pieces), tuple(values))


# ----------------------------------------------------------- truth and choice


def _holds(relation: str, s: int) -> bool:
    return {"lt": s < 0, "le": s <= 0, "eq": s == 0, "ne": s != 0}[relation]


def _truth(k: Algebra, f: Piecewise) -> Piecewise:
    """Return 1 where a function is not 0, and 0 where it is."""

    def on(v: list[Entry], low: Expr | None, high: Expr | None) -> Piecewise:
        e = v[0]
        if not isinstance(e, Expr) or e in (k.zero, k.one):
            return simple(e)
        split = sign_split(e, low, high)
        return from_split(split, lambda s: k.number(abs(s)), lambda s, p: _unknown() if s is None else k.number(abs(s)))

    def at(v: list[Entry]) -> Entry:
        if not isinstance(v[0], Expr):
            return v[0]
        s = constants.sign(v[0])
        return _unknown() if s is None else k.number(abs(s))

    return combine([f], on, at)


def _unknown() -> Opaque:
    return Opaque("a value at a point cannot be told from 0")


def _logic(k: Algebra, connective: str, v: list[Entry]) -> Entry:
    for e in v:
        if not isinstance(e, Expr):
            return e
    truths = [bool(e.rational) for e in v]  # type: ignore[union-attr]
    if connective == "not":
        return k.number(int(not truths[0]))
    a, b = truths
    return k.number(int({"and": a and b, "or": a or b, "xor": a != b}[connective]))


def _choice(v: list[Entry]) -> Entry:
    condition = v[0]
    if not isinstance(condition, Expr):
        return condition
    return v[1] if condition.rational else v[2]


def _by_difference(k: Algebra, arguments: list[Piecewise], pick: Callable[[int, Entry, Entry], Entry]) -> Piecewise:
    """Choose by the sign of ``a - b``; opaque sides may still be decided by their bounds."""

    def on(v: list[Entry], low: Expr | None, high: Expr | None) -> Piecewise:
        a, b = v
        if a is UNDEFINED or b is UNDEFINED:
            return simple(UNDEFINED)
        if isinstance(a, Expr) and isinstance(b, Expr):
            split = sign_split(k.sub(a, b), low, high)

            def there(s: int | None, p: Expr) -> Entry:
                return _unknown() if s is None else pick(s, *[k.at(e, p) for e in (a, b)])

            return from_split(split, lambda s: pick(s, a, b), there)
        return simple(_opaque_choice(k, a, b, low, high, pick))

    def at(v: list[Entry]) -> Entry:
        a, b = v
        for e in v:
            if not isinstance(e, Expr):
                return e
        s = constants.compare(a, b)  # type: ignore[arg-type]
        return _unknown() if s is None else pick(s, a, b)

    return combine(arguments, on, at)


def _opaque_choice(k: Algebra, a: Entry, b: Entry, low: Expr | None, high: Expr | None, pick: Callable) -> Entry:
    a_low, a_high = (a.low, a.high) if isinstance(a, Opaque) else (a, a)
    b_low, b_high = (b.low, b.high) if isinstance(b, Opaque) else (b, b)
    if isinstance(a_high, Expr) and isinstance(b_low, Expr) and sign_on(k.sub(a_high, b_low), low, high) == -1:
        return pick(-1, a, b)
    if isinstance(a_low, Expr) and isinstance(b_high, Expr) and sign_on(k.sub(a_low, b_high), low, high) == 1:
        return pick(1, a, b)
    return Opaque(a.reason if isinstance(a, Opaque) else b.reason)  # type: ignore[union-attr]


# ------------------------------------------------------------------ functions


def _map(k: Algebra, name: str, arguments: list[Piecewise]) -> Piecewise:
    if name == "pi":
        return simple(k.pi)
    if name in ("max", "min"):
        first = 1 if name == "max" else -1
        return _by_difference(k, arguments, lambda s, a, b: a if s == first or s == 0 else b)
    if name == "abs":
        return _by_sign(k, arguments[0], lambda e, s: e if s >= 0 else k.neg(e))
    if name == "sign":
        return _by_sign(k, arguments[0], lambda e, s: k.number(s))
    if name in STEPS:
        return combine(arguments, lambda v, low, high: _steps(k, name, v[0], low, high), lambda v: _steps_at(k, name, v[0]))
    if name in ("add", "sub", "mul"):
        return _plain(arguments, lambda v: getattr(k, name)(*v))
    if name == "neg":
        return _plain(arguments, lambda v: k.neg(v[0]))
    if name == "div":
        return _guarded(arguments, lambda v: v[1], lambda v, s: k.div(*v) if s else UNDEFINED)
    if name == "tan":
        return _guarded(
            arguments, lambda v: k.function("cos", v[0]),
            lambda v, s: k.div(k.function("sin", v[0]), k.function("cos", v[0])) if s else UNDEFINED,
        )  # fmt: skip
    if name == "pow":
        return combine(arguments, lambda v, low, high: _power_on(k, v, low, high), lambda v: _power_at(k, v))
    if name in EVERYWHERE:
        head, order = (name[:-1], int(name[-1])) if name.startswith("bessel") else (name, None)
        return _plain(arguments, lambda v: k.function(head, v[0], order))
    if name in POSITIVE:
        return _guarded(arguments, lambda v: v[0], lambda v, s: _of_positive(k, name, v[0], s))
    if name == "sqrt":
        return _guarded(arguments, lambda v: v[0], lambda v, s: k.sqrt(v[0]) if s > 0 else k.zero if s == 0 else UNDEFINED)
    if name in ("asin", "acos", "erfinv"):
        return _guarded(arguments, lambda v: k.sub(k.one, k.power(v[0], 2)), lambda v, s: _on_unit(k, name, v[0], s))
    if name == "lambertw":
        return _guarded(
            arguments, lambda v: k.add(v[0], k.exp(k.number(-1))),
            lambda v, s: k.function("lambertw", v[0]) if s > 0 else k.number(-1) if s == 0 else UNDEFINED,
        )  # fmt: skip
    reason = f"{name} is not analysed"
    return _plain(arguments, lambda v: Opaque(reason))


def _of_positive(k: Algebra, name: str, e: Expr, s: int) -> Entry:
    if s > 0:
        head, order = (name[:-1], int(name[-1])) if name.startswith("bessel") else ("polygamma", 0) if name == "digamma" else (name, None)
        return k.function(head, e, order)
    return Opaque(f"{name} of negative arguments is not analysed") if s < 0 and "gamma" in name else UNDEFINED


def _on_unit(k: Algebra, name: str, e: Expr, s: int) -> Entry:
    if s > 0:
        return k.function(name, e)
    if s < 0 or name == "erfinv":
        return UNDEFINED
    half_turn = k.scale(Fraction(1, 2), k.pi)
    value = half_turn if constants.sign(e) == 1 else k.neg(half_turn)
    return value if name == "asin" else k.sub(half_turn, value)


def _first_bad(v: list[Entry]) -> Entry | None:
    for e in v:
        if e is UNDEFINED:
            return e
    for e in v:
        if not isinstance(e, Expr):
            return e
    return None


def _plain(arguments: list[Piecewise], make: Callable[[list], Entry]) -> Piecewise:
    """Apply an operation that is analytic everywhere."""

    def run(v: list[Entry]) -> Entry:
        bad = _first_bad(v)
        if bad is None:
            return make(v)
        return Opaque(bad.reason) if isinstance(bad, Opaque) else bad

    return combine(arguments, lambda v, low, high: simple(run(v)), run)


def _guarded(arguments: list[Piecewise], guard: Callable[[list], Expr], make: Callable[[list, int], Entry]) -> Piecewise:
    """Apply an operation whose definition depends on the sign of a guard."""

    def on(v: list[Entry], low: Expr | None, high: Expr | None) -> Piecewise:
        bad = _first_bad(v)
        if bad is not None:
            return simple(Opaque(bad.reason) if isinstance(bad, Opaque) else bad)
        split = sign_split(guard(v), low, high)

        def there(s: int | None, p: Expr) -> Entry:
            return _unknown() if s is None else make([k.algebra.at(k, p) for k in v], s)

        return from_split(split, lambda s: make(v, s), there)

    def at(v: list[Entry]) -> Entry:
        bad = _first_bad(v)
        if bad is not None:
            return bad
        try:
            s = constants.sign(guard(v))
            return _unknown() if s is None else make(v, s)
        except Undefined:
            return UNDEFINED

    return combine(arguments, on, at)


def _by_sign(k: Algebra, f: Piecewise, pick: Callable[[Expr, int], Expr]) -> Piecewise:
    return _guarded([f], lambda v: v[0], lambda v, s: pick(v[0], s))


def _power_on(k: Algebra, v: list[Entry], low: Expr | None, high: Expr | None) -> Piecewise:
    bad = _first_bad(v)
    if bad is not None:
        return simple(Opaque(bad.reason) if isinstance(bad, Opaque) else bad)
    a, b = v
    q = b.rational  # type: ignore[union-attr]
    if q is not None and q.denominator == 1 and q >= 0:
        return simple(k.power(a, q))  # type: ignore[arg-type]
    split = sign_split(a, low, high)  # type: ignore[arg-type]

    def there(s: int | None, p: Expr) -> Entry:
        return _unknown() if s is None else _power_at(k, [k.at(e, p) for e in v])  # type: ignore[arg-type]

    return from_split(split, lambda s: _power_entry(k, a, b, s), there)  # type: ignore[arg-type]


def _power_entry(k: Algebra, a: Expr, b: Expr, s: int) -> Entry:
    """Return ``a**b`` where a has the sign s; the exponent is no natural number."""
    q = b.rational
    if s > 0:
        return k.power(a, q) if q is not None else k.exp(k.mul(b, k.log(a)))
    if s < 0:
        if k.oracle is not None and k.oracle.concerns(b):
            return Opaque("a negative number to a power with a parameter: it is defined for integers only")
        return k.power(a, q) if q is not None and q.denominator == 1 else UNDEFINED
    if b.varies:
        return Opaque("zero to a varying power")
    t = constants.sign(b)
    return _unknown() if t is None else k.zero if t > 0 else k.one if t == 0 else UNDEFINED


def _power_at(k: Algebra, v: list[Entry]) -> Entry:
    bad = _first_bad(v)
    if bad is not None:
        return bad
    a, b = v
    q = b.rational  # type: ignore[union-attr]
    if q is not None and q.denominator == 1 and q >= 0:
        return k.power(a, q)  # type: ignore[arg-type]
    s = constants.sign(a)  # type: ignore[arg-type]
    return _unknown() if s is None else _power_entry(k, a, b, s)  # type: ignore[arg-type]


# ---------------------------------------------------------------------- steps


def _steps(k: Algebra, name: str, e: Entry, low: Expr | None, high: Expr | None) -> Piecewise:
    if not isinstance(e, Expr):
        return simple(Opaque(e.reason) if isinstance(e, Opaque) else e)
    return step_function(k, name, e, low, high)


def _steps_at(k: Algebra, name: str, e: Entry) -> Entry:
    from tamecheck.geometry.univariate.steps import step_at

    return step_at(k, name, e) if isinstance(e, Expr) else e
