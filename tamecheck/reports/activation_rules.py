"""What automatic differentiation returns at the kinks of an activation that ships with a framework, and whether that is legitimate.

The function is recognised as a function, not by its name: parameters are read off it (the slope of a leaky rectifier, the limits
of a hard tanh), the framework's formula with these parameters is analysed too, and the cases have to agree exactly.  The
values come from rule books, which were made by running the frameworks; where a book was probed with other parameters
only, the value is the one-sided derivative on the side that all its probes agree on.

In one variable, for a continuous f that is C^1 with bounded one-sided derivatives off finitely many points, *any* finite values there give a
conservative field (a path stays at such a point on a set of times that adds nothing to the integral); a value is a
Clarke subgradient exactly when it lies between the one-sided derivatives.  A jump allows no conservative field.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache

from tamecheck.geometry.univariate import constants
from tamecheck.geometry.univariate.expressions import Algebra, Expr
from tamecheck.geometry.univariate.printing import text
from tamecheck.reports.activation_numbers import number

NUMBERS = Callable[[object], dict[str, Fraction] | None]


def _value(shape, at: int) -> Fraction | None:
    """Return a rational value at an integer."""
    from tamecheck.geometry.univariate.regions import compare_limits

    for r in shape.regions:
        k = r.function.algebra
        p = k.number(at)
        if (r.low is None or compare_limits(r.low, p) == -1) and (r.high is None or compare_limits(p, r.high) == -1):
            return k.at(r.function, p).rational
    return None


def _limit(shape, side: int) -> Fraction | None:
    r = shape.regions[-1] if side > 0 else shape.regions[0]
    found = r.limit(0, (None, -side))
    return found.rational if isinstance(found, Expr) else None


def _point(shape, i: int) -> Fraction | None:
    return shape.breaks[i].point.rational if shape.breaks else None


# operator: (formula in our language, how to read its parameters off a function)
OPERATORS: dict[str, tuple[str, Callable]] = {
    "relu": ("relu(x)", lambda s: {}), "abs": ("abs(x)", lambda s: {}), "relu6": ("relu6(x)", lambda s: {}),
    "selu": ("selu(x)", lambda s: {}), "softsign": ("softsign(x)", lambda s: {}),
    "hardsigmoid": ("hardsigmoid(x)", lambda s: {}), "hardswish": ("hardswish(x)", lambda s: {}),
    "leaky_relu": ("where(x > 0, x, slope*x)", lambda s: {"slope": _negative(_value(s, -1))}),
    "prelu": ("where(x > 0, x, slope*x)", lambda s: {"slope": _negative(_value(s, -1))}),
    "elu": ("elu(x, alpha)", lambda s: {"alpha": _negative(_limit(s, -1))}),
    "celu": ("where(x > 0, x, alpha*(exp(x/alpha) - 1))", lambda s: {"alpha": _negative(_limit(s, -1))}),
    "hardtanh": ("min(max(x, low), high)", lambda s: {"low": _limit(s, -1), "high": _limit(s, 1)}),
    "softshrink": ("where(x > threshold, x - threshold, where(x < -threshold, x + threshold, 0))", lambda s: {"threshold": _point(s, -1)}),
    "hardshrink": ("where(abs(x) > threshold, x, 0)", lambda s: {"threshold": _point(s, -1)}),
    "threshold": ("where(x > threshold, x, value)", lambda s: {"threshold": _point(s, 0), "value": _limit(s, -1)}),
}  # fmt: skip


def _negative(q: Fraction | None) -> Fraction | None:
    return None if q is None else -q


def _signature(f) -> tuple:
    """Return the cases of a function as texts; equal ones are the same function."""
    return tuple([tuple([text(e) if isinstance(e, Expr) else str(e) for e in part]) for part in f])


@lru_cache(maxsize=256)
def _shipped(formula: str, parameters: tuple[tuple[str, Fraction], ...]) -> tuple | None:
    """Return the signature of a framework's function with parameters."""
    from tamecheck.errors import TamecheckError
    from tamecheck.frontends import formula_io
    from tamecheck.geometry.univariate.lowering import lower

    try:
        found = formula_io.load(formula, variables=["x"], constants=dict(parameters))
        return _signature(lower(found.program, found.outputs["f"], Algebra()))
    except TamecheckError:
        return None


def recognised(shape) -> list[tuple[str, dict[str, Fraction]]]:
    """Return the operators of frameworks that are this function, with their parameters."""
    own = _signature(shape.function)
    result = []
    for operator, (formula, read) in OPERATORS.items():
        parameters = read(shape)
        if None not in parameters.values() and _shipped(formula, tuple(sorted(parameters.items()))) == own:
            result.append((operator, parameters))
    return result


def books() -> list:
    """Return the rule books, an empty list where there are none."""
    try:
        from tamecheck.autodiff.rulebooks import NAMES, load
    except ImportError:
        return []
    return [load(name) for name in NAMES]


def section(shape, given: list | None = None) -> dict | None:
    """Return, for each framework that ships the function, its values at the kinks; ``None`` if no framework does, or there are no kinks.

    Parameters
    ----------
    given : rule books (with ``framework``, ``version``, ``at`` and ``side``, see `tamecheck.autodiff.rulebooks`); the stored ones if not given
    """
    joints = [b for b in shape.breaks if b.left is not None and b.right is not None and b.kind != "analytic"]
    if shape.hidden or not joints or any(r is None for r in shape.parts):
        return None
    result = {}
    operators = recognised(shape)
    for book in books() if given is None else given:
        for operator, parameters in operators:
            entry = _entry(book, operator, parameters, joints) if operator in book.operators() else None
            if entry is not None and any(k["value"] is not None for k in entry["kinks"]):
                result[book.framework] = entry
                break
    return result or None


def _entry(book, operator: str, parameters: dict[str, Fraction], joints: list) -> dict:
    kinks = [_kink(book, operator, parameters, b) for b in joints]
    continuous = all(b.order is not None and b.order >= 0 for b in joints)
    bounded = all(isinstance(v, Expr) for b in joints for v in b.slopes)
    finite = [None if k["value"] is None else k["value"] not in ("nan", "inf", "-inf") for k in kinks]
    inside = [k["clarke"] for k in kinks]
    conservative = False if not continuous or False in finite else None if None in finite or not bounded else True
    return {
        "operator": operator, "parameters": {k: str(v) for k, v in parameters.items()}, "version": book.version, "kinks": kinks,
        "conservative": conservative,
        "clarke": False if conservative is False or False in inside else None if None in inside or conservative is None else True,
    }  # fmt: skip


def _kink(book, operator: str, parameters: dict[str, Fraction], b) -> dict:
    """Return the value at one kink, where it is from, and whether it lies between the one-sided derivatives."""
    slopes = [number(v) for v in b.slopes]
    entry = {"point": number(b.point), "value": None, "source": None, "side": None, "derivatives": slopes, "clarke": None}
    q = b.point.rational
    row = book.at(operator, q, parameters) if q is not None else None
    if row is not None and row.values[book.mode] is not None:
        value, side = row.values[book.mode][0], row.side
        entry |= {"value": str(value), "source": row.call, "side": side}
        entry["clarke"] = side is not None or _between(value, b.slopes)
        return entry
    where = {w.where for w in book.kinks(operator) if _holds(w, q, parameters)}
    side = book.side(operator, next(iter(where))) if len(where) == 1 else None
    if side in ("left", "right"):
        entry |= {"value": slopes[0 if side == "left" else 1], "source": "the side that all probes with other parameters agree on", "side": side}
        entry["clarke"] = True
    return entry


def _holds(row, point: Fraction | None, parameters: dict[str, Fraction]) -> bool:
    """Tell whether the condition of a row, ``x0 == name`` or ``x0 == -name`` or a number, picks out this point for these parameters."""
    target = row.where.removeprefix("x0 == ")
    sign, name = (-1, target[1:]) if target.startswith("-") else (1, target)
    if name in parameters:
        return sign * parameters[name] == point
    return name.replace("/", "").isdigit() and sign * Fraction(name) == point


def _between(value: object, slopes: tuple) -> bool | None:
    """Tell whether a rational lies between the one-sided derivatives."""
    if not isinstance(value, Fraction) or not all(isinstance(v, Expr) for v in slopes):
        return False if not isinstance(value, Fraction) else None
    signs = [constants.sign(v.algebra.sub(v, v.algebra.number(value))) for v in slopes]
    return None if None in signs else signs[0] * signs[1] <= 0


def lines(content: dict | None) -> list[str]:
    """Return the section as lines of text."""
    result = []
    for name, entry in (content or {}).items():
        values = ", ".join([f"{k['value'] if isinstance(k['value'], str) else k['value'] and k['value'][0]} at {k['point']}" for k in entry["kinks"]])
        words = {True: "conservative", False: "not conservative", None: "not known to be conservative"}[entry["conservative"]]
        clarke = {True: ", Clarke", False: ", not Clarke", None: ""}[entry["clarke"]]
        result.append(f"{name} {entry['version']} {entry['operator']}: {values} ({words}{clarke})")
    return result
