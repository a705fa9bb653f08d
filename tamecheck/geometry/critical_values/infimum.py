"""The infimum of a piecewise rational function, whether it is attained, and the threshold above it.

Every critical value c is a value or a limit of f, so ``inf f <= c``.  If no point has f < c, then inf f = c.  Otherwise, for a locally Lipschitz
function on the whole space, inf f = -oo as soon as c is the least of *all* critical values, those at infinity included: by the variational
principle of Ekeland (with the weight of Cerami) a function that is bounded below has its infimum among them.

.. [E74] I. Ekeland, "On the variational principle", J. Math. Anal. Appl. 47 (1974).
.. [Z97] C.-K. Zhong, "On Ekeland's variational principle and a minimax theorem", J. Math. Anal. Appl. 205 (1997).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded
from tamecheck.geometry.cad.quantifiers import decide
from tamecheck.geometry.critical_values.asymptotic import _bounds, between
from tamecheck.geometry.critical_values.critical_graph import Graph
from tamecheck.geometry.critical_values.critical_pieces import Pieces
from tamecheck.ground.algebraic import AlgebraicNumber, polynomial_text

GRID = (0, 1, -1, 2, -2, Fraction(1, 2), Fraction(-1, 2), 10, -10, 100, -100)
"""Where a point below a level is looked for first."""


@dataclass
class Infimum:
    """The infimum: a number, ``"-inf"`` or ``None`` (not known), and whether it is attained."""

    value: AlgebraicNumber | str | None
    attained: bool | None
    reason: str = ""


def infimum(
    pieces: Pieces, values: Sequence[AlgebraicNumber], attained: Sequence[AlgebraicNumber], complete: bool, budget: Budget | None = None
) -> Infimum:
    """Return the infimum from the known critical values.

    Parameters
    ----------
    values : all critical values that are known, those at infinity included
    attained : those that are values of f at critical points
    complete : whether ``values`` holds all of them and f is locally Lipschitz on the whole space
    """
    if not values:
        return Infimum("-inf", False, "no critical value at all") if complete else _without_values(pieces, budget)
    least = min(values)
    below = exists_below(pieces, least, complete, budget)
    if below is None:
        return Infimum(None, None, "it could not be decided whether f takes values below the least critical value")
    if not below:
        reached = True if least in attained else False if complete else None
        return Infimum(least, reached, "no point lies below")
    if complete:
        return Infimum("-inf", False, "f takes values below the least critical value")
    return _without_values(pieces, budget)


def _without_values(pieces: Pieces, budget: Budget | None) -> Infimum:
    names = ", ".join(pieces.ring.names)
    level = fresh(pieces)
    try:
        answer = decide(f"forall {level}: exists {names}: {sublevel(pieces, level)}", budget=_share(budget))
    except BudgetExceeded:
        return Infimum(None, None, "the decision took too long")
    if answer.verdict == "true":
        return Infimum("-inf", False, "every level has points below")
    return Infimum(None, None, "f is bounded below, but by no known value")


def fresh(pieces: Pieces) -> str:
    """Return a name that is no variable."""
    name = "t"
    while name in pieces.ring.names:
        name += "_"
    return name


def sublevel(pieces: Pieces, level: str) -> str:
    """Return a formula for f < level."""
    parts = []
    for f in pieces.faces:
        if f.value is None:
            continue
        p, q = [pieces.ring.text(r) for r in f.value]
        conditions = []
        for k, s in enumerate(f.signs):
            conditions.append(f"{pieces.guard_text(k)} {'=><'[s] if s else '=='} 0")
        conditions.append(f"({p}-({level})*({q}))*({q}) < 0" if q != "1" else f"{p}-({level}) < 0")
        parts.append("(" + " and ".join(conditions) + ")")
    return " or ".join(parts) or "False"


def exists_below(pieces: Pieces, c: AlgebraicNumber, complete: bool, budget: Budget | None = None) -> bool | None:
    """Return whether f takes a value below c, the least known critical value; ``None`` if that could not be decided.

    If all critical values are known, a value below an irrational c means that there are values below every level: a rational one is asked for.
    """
    low = lower_bound(pieces.graph)
    if low is not None and not c > low:
        return False
    if _sample_below(pieces, c):
        return True
    names = ", ".join(pieces.ring.names)
    level = fresh(pieces)
    try:
        if c.rational is not None:
            q = str(Fraction(int(c.rational.p), int(c.rational.q)))
            return decide(f"exists {names}: {sublevel(pieces, q)}", budget=_share(budget)).verdict == "true"
        low, high = _bounds(c)
        q = str(between(low - 2, low))
        if decide(f"exists {names}: {sublevel(pieces, q)}", budget=_share(budget)).verdict == "true":
            return True
        if complete:
            return False
        a, b = _bounds(c)
        bits = 64
        while len([r for r in _conjugates(c) if not (r.ball(bits) < c.ball(bits) or r.ball(bits) > c.ball(bits))]) > 1:
            bits *= 2
        a, b = _bounds(c, bits)
        where = f"{polynomial_text(c.polynomial, level)} == 0 and {level} >= {a} and {level} <= {b}"
        return decide(f"exists {level}, {names}: {where} and ({sublevel(pieces, level)})", budget=_share(budget)).verdict == "true"
    except BudgetExceeded:
        return None


def _conjugates(c: AlgebraicNumber) -> Sequence[AlgebraicNumber]:
    from tamecheck.ground.algebraic import irreducible_roots

    return irreducible_roots(tuple([int(v) for v in c.polynomial.coeffs()]))


def _share(budget: Budget | None) -> Budget:
    """Return half of what is left, at most ten seconds."""
    left = None if budget is None else budget.remaining()
    return Budget(seconds=10 if left is None else max(min(10, left / 2), 0.01))


def _sample_below(pieces: Pieces, c: AlgebraicNumber) -> bool:
    """Look for a point with f < c on a small grid; exact, and proves nothing when it finds none."""
    n = len(pieces.ring.names)
    for point in product(GRID if n <= 3 else GRID[:3], repeat=n):
        value = evaluate(pieces, [Fraction(x) for x in point])
        if value is not None and c > value:
            return True
    return False


def evaluate(pieces: Pieces, point: Sequence[Fraction]) -> Fraction | None:
    """Return the exact value of f at a rational point."""
    signs = []
    for g, t in zip(pieces.guards, pieces.turned, strict=True):
        v = _rational_value(g, point)
        s = (v > 0) - (v < 0)
        signs.append(-s if t else s)
    for f in pieces.faces:
        if list(f.signs) == signs:
            if f.value is None:
                return None
            bottom = _rational_value(f.value[1], point)
            return _rational_value(f.value[0], point) / bottom if bottom else None
    return None


def _rational_value(p, point: Sequence[Fraction]) -> Fraction:
    total = Fraction(0)
    for e, c in zip(p.monoms(), p.coeffs(), strict=True):
        term = Fraction(int(c))
        for x, k in zip(point, e, strict=False):
            if int(k):
                term *= x ** int(k)
        total += term
    return total


def lower_bound(graph: Graph) -> Fraction | None:
    """Return a lower bound that the shape of the formula shows (squares, absolute values and their sums), or ``None``."""
    lows: list[Fraction | None] = []
    highs: list[Fraction | None] = []
    for op in graph.operations:
        low, high = interval_of(op, lows, highs)
        lows.append(low)
        highs.append(high)
    return lows[graph.root]


def interval_of(op: tuple, lows: list, highs: list) -> tuple[Fraction | None, Fraction | None]:
    """Return bounds of an operation from those of its arguments, ``None`` where none is known."""
    kind = op[0]
    if kind == "number":
        return op[1], op[1]
    if kind == "add":
        a, b = op[1:]
        return _sum(lows[a], lows[b]), _sum(highs[a], highs[b])
    if kind == "sub":
        a, b = op[1:]
        return _sum(lows[a], _minus(highs[b])), _sum(highs[a], _minus(lows[b]))
    if kind == "neg":
        return _minus(highs[op[1]]), _minus(lows[op[1]])
    if kind == "power" and op[2] % 2 == 0 or kind == "abs" or kind == "mul" and op[1] == op[2]:
        return Fraction(0), None
    if kind in ("max", "min"):
        a, b = op[1:]
        pick = max if kind == "max" else min
        known = [v for v in (lows[a], lows[b]) if v is not None]
        low = (pick(known) if len(known) == 2 else known[0] if known and kind == "max" else None) if known else None
        known = [v for v in (highs[a], highs[b]) if v is not None]
        high = (pick(known) if len(known) == 2 else known[0] if known and kind == "min" else None) if known else None
        return low, high
    if kind in ("mul", "div"):
        a, b = op[1:]
        c = lows[b] if lows[b] is not None and lows[b] == highs[b] else None
        if c is not None and c > 0:
            scale = c if kind == "mul" else 1 / c
            return _times(lows[a], scale), _times(highs[a], scale)
        c = lows[a] if lows[a] is not None and lows[a] == highs[a] else None
        if kind == "mul" and c is not None and c > 0:
            return _times(lows[b], c), _times(highs[b], c)
        if lows[a] is not None and lows[b] is not None and lows[a] >= 0 and lows[b] >= 0:
            return Fraction(0), None
    if kind == "function" and op[1] in ("exp", "sigmoid", "softplus", "sqrt"):
        return Fraction(0), Fraction(1) if op[1] == "sigmoid" else None
    if kind == "function" and op[1] == "atan":
        return Fraction(-2), Fraction(2)  # pi/2 < 2
    if kind == "function" and op[1] in ("tanh", "erf"):
        return Fraction(-1), Fraction(1)
    if kind in ("named",):
        return lows[op[3]], highs[op[3]]
    if kind == "where":
        a, b = op[2:]
        low = None if lows[a] is None or lows[b] is None else min(lows[a], lows[b])
        return low, None if highs[a] is None or highs[b] is None else max(highs[a], highs[b])
    return None, None


def _sum(a: Fraction | None, b: Fraction | None) -> Fraction | None:
    return None if a is None or b is None else a + b


def _minus(a: Fraction | None) -> Fraction | None:
    return None if a is None else -a


def _times(a: Fraction | None, c: Fraction) -> Fraction | None:
    return None if a is None else a * c
