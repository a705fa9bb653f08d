"""Several unknown parameters: facts under conditions on the signs of expressions in them.

Whenever the analysis needs the sign of a constant that is not settled by the ranges, by its factors or by a condition made
before, the case branches in three: positive, zero, negative.  In the zero branch an equation that is linear in a parameter
is solved for it.  A fact of a case holds for all parameters that satisfy its conditions; some cases may be empty.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from tamecheck.geometry.univariate import balls
from tamecheck.geometry.univariate.expressions import Algebra, Expr, TooLarge, Undefined, factors, terms
from tamecheck.geometry.univariate.normal_forms import normal_form, to_expression
from tamecheck.geometry.univariate.parameters import Split, _places, independent_and_nonzero
from tamecheck.ground.intervals import LINE, Interval

MOST_CASES = 27
MOST_CONDITIONS = 6
Range = tuple[Fraction | None, Fraction | None]


class Branch(Split):
    """The sign of this expression in the parameters has to be known."""

    def __init__(self, expression: Expr) -> None:
        super().__init__([])
        self.expression = expression


class Condition(NamedTuple):
    """An expression in the parameters (of an algebra of its own) and its sign."""

    expression: Expr
    sign: int


class Values:
    """The closed interval of one parameter, for ball arithmetic."""

    __slots__ = ("name", "range")

    def __init__(self, name: str, ends: Range) -> None:
        self.name, self.range = name, ends

    def ball(self, bits: int):
        """Return a ball that holds all values."""
        low, high = self.range
        if low is None or high is None:
            return balls.ball(0).nan()
        with balls.precision(bits + 64):
            return balls.span(low, high)


class Guards:
    """Signs of constants with several parameters, under conditions; the interface is that of `Oracle`."""

    def __init__(self, algebra: Algebra, ranges: dict[str, Range], conditions: list[tuple[dict, int]]) -> None:
        self.algebra = algebra
        self.atoms = {name: algebra.atom("parameter", Values(name, ends)) for name, ends in ranges.items()}
        self.values = dict(self.atoms)
        self.assumed: dict[Expr, int] = {}
        for name, (low, high) in ranges.items():
            if low is not None and low >= 0 or high is not None and high <= 0:
                nonzero = low is not None and low > 0 or high is not None and high < 0
                if nonzero:
                    self.assumed[self.atoms[name]] = 1 if low is not None and low > 0 else -1
        for recipe, sign in conditions:
            self._assume(recipe, sign)

    def _assume(self, recipe: Callable, sign: int) -> None:
        """Take a condition; an equation linear in a parameter replaces it."""
        e = recipe(self)
        self.assumed[e] = sign
        if sign:
            return
        k = self.algebra
        for name, atom in self.atoms.items():
            if self.values[name] is not atom:
                continue
            pairs = [(c, t) for c, t in terms(e) if any(p is atom for p in t.ancestors())]
            if len(pairs) == 1 and pairs[0][1] is atom:
                rest = k.linear([(c, t) for c, t in terms(e) if t is not atom])
                solved = k.scale(-1 / pairs[0][0], rest)
                self.values = {n: k.rebuild([v], {atom: solved})[0] for n, v in self.values.items()}
                return

    def concerns(self, e: Expr) -> bool:
        """Tell whether an expression contains a parameter."""
        if "parameter" not in e.memo:
            e.memo["parameter"] = any(p.kind == "parameter" for p in e.ancestors())
        return e.memo["parameter"]

    def sign(self, e: Expr) -> int | None:
        """Return the sign under the conditions.

        Raises
        ------
        Branch
            If another condition is needed.
        """
        from tamecheck.geometry.univariate import constants

        if not self.concerns(e):
            return constants.sign(e)
        found = balls.sign(balls.value(e))
        if found:
            return found
        c, unit = _unit(e)
        if unit in self.assumed:
            return self.assumed[unit] * (1 if c > 0 else -1)
        if unit.kind == "exp":
            return 1 if c > 0 else -1
        parts = _factored(unit)
        if parts is None:
            return None
        front, pieces = parts
        result = (1 if c > 0 else -1) * (1 if front > 0 else -1)
        for base, q in pieces:
            s = self._of_factor(base)
            if s is None or q.denominator != 1 and s < 0:
                return None
            if not s:
                return 0 if q > 0 else None
            result *= s if q.numerator % 2 else 1
        return result

    def _of_factor(self, base: Expr) -> int | None:
        from tamecheck.geometry.univariate import constants

        if not self.concerns(base):
            return constants.sign(base)
        c, unit = _unit(base)
        turn = 1 if c > 0 else -1
        if unit in self.assumed:
            return turn * self.assumed[unit]
        if unit.kind == "exp":
            return turn
        found = balls.sign(balls.value(unit))
        if found:
            return turn * found
        inner = _logarithm(unit)
        if inner is not None:
            return turn * s if (s := self.sign(inner)) is not None else None
        same = self._same_sign(unit)
        if same is not None:
            return turn * same
        raise Branch(unit)

    def _same_sign(self, e: Expr) -> int | None:
        """Return the sign of a sum whose terms all have it."""
        seen = set()
        for c, t in terms(e):
            total = 1 if c > 0 else -1
            for b, q in factors(t):
                s = 1 if b.kind in ("exp", "pi") else self.assumed.get(_unit(b)[1])
                if q.denominator == 1 and q.numerator % 2 == 0 and s is None:
                    return None
                if s is None or not s:
                    return None
                total *= s * (1 if _unit(b)[0] > 0 else -1) if q.numerator % 2 else 1
            seen.add(total)
        return seen.pop() if len(seen) == 1 and len(list(terms(e))) > 1 else None

    def defined(self, e: Expr) -> bool:
        """Tell whether the denominators in a constant do not vanish under the conditions, and roots and logarithms exist."""
        from tamecheck.geometry.univariate.parameters import Oracle

        return Oracle.defined(self, e)  # type: ignore[arg-type]

    def never_vanishes(self, e: Expr, low: Expr | None, high: Expr | None) -> bool:
        """Tell whether an expression is different from 0 somewhere on the interval, whatever the parameters are."""
        if independent_and_nonzero(e):
            return True
        first: Branch | None = None
        for place in _places(self.algebra, low, high):
            try:
                v = e.algebra.at(e, place)
                if self.defined(v) and self.sign(v):
                    return True
            except Branch as branch:
                first = first or branch
            except Undefined:
                continue
        if first is not None:
            raise first
        return False


def _unit(e: Expr) -> tuple[Fraction, Expr]:
    """Return ``(c, e/c)`` with the last coefficient of ``e/c`` equal to 1."""
    pairs = list(terms(e))
    c = pairs[-1][0]
    return c, e.algebra.scale(1 / c, e)


def _logarithm(e: Expr) -> Expr | None:
    """Return an expression with the sign of ``exp(g) - d`` for a rational ``d > 0``."""
    pairs = list(terms(e))
    numbers = [c for c, t in pairs if t.kind == "number"]
    others = [(c, t) for c, t in pairs if t.kind == "exp"]
    if len(pairs) == 2 and len(numbers) == len(others) == 1 and others[0][0] == 1 and numbers[0] < 0:
        k = e.algebra
        return k.sub(others[0][1].args[0], k.log(k.number(-numbers[0])))
    return None


def _factored(e: Expr) -> tuple[Fraction, list[tuple[Expr, Fraction]]] | None:
    """Return a constant as a rational number times powers of factors."""
    form = normal_form(e)
    if form is None:
        return None
    front, result = Fraction(1), []
    for polynomial, side in ((form.numerator, 1), (form.denominator, -1)):
        content, parts = polynomial.factor()  # type: ignore[attr-defined]
        number = Fraction(int(content.p), int(content.q))
        if not number:
            return None
        front *= number if side > 0 else 1 / number
        result += [(to_expression(form, f), Fraction(side * int(n))) for f, n in parts]
    return front, result


def cases(build: Callable, ranges: dict[str, Range], box: Interval = LINE) -> list[tuple[list[Condition], dict]]:
    """Return ``(conditions, facts)`` that cover all parameters; ``build(algebra, values)`` makes the function by cases.

    A case whose facts are empty could not be analysed.
    """
    from tamecheck.geometry.univariate.constants import Unresolved
    from tamecheck.geometry.univariate.families import facts
    from tamecheck.geometry.univariate.shapes import Shape

    names = Algebra()
    letters = {name: names.atom("parameter", Values(name, ends)) for name, ends in ranges.items()}
    pending: list[list[tuple[Callable, int, Expr]]] = [[]]
    done: list[tuple[list[Condition], dict]] = []
    while pending:
        path = pending.pop()
        k = Algebra()
        guards = Guards(k, ranges, [(recipe, s) for recipe, s, _ in path])
        k.oracle = guards  # type: ignore[assignment]
        conditions = [Condition(e, s) for _, s, e in path]
        try:
            done.append((conditions, facts(Shape.of(build(k, guards.values)), box)))
        except Branch as branch:
            if len(path) >= MOST_CONDITIONS or len(done) + len(pending) + 3 > MOST_CASES:
                done.append((conditions, {}))
                continue
            shown, recipe = _recipe(branch.expression, guards, names, letters)
            following = [[*path, (recipe, s, shown)] for s in (-1, 0, 1)]
            pending += [p for p in following if not _empty([Condition(e, s) for _, s, e in p], ranges)]
        except (Unresolved, TooLarge, Undefined):
            done.append((conditions, {}))
    return [(_needed(conditions, ranges), facts) for conditions, facts in _joined(done)]


def _needed(conditions: list[Condition], ranges: dict[str, Range]) -> list[Condition]:
    """Leave out the conditions that follow from the others."""
    kept = list(conditions)
    for c in conditions:
        others = [d for d in kept if d is not c]
        if all(_empty([*others, Condition(c.expression, s)], ranges) for s in (-1, 0, 1) if s != c.sign):
            kept = others
    return kept


def _empty(conditions: list[Condition], ranges: dict[str, Range]) -> bool:
    """Tell whether no parameters satisfy the conditions; decided when they are polynomial, else ``False``."""
    from tamecheck.errors import BudgetExceeded, InputError
    from tamecheck.geometry.cad.quantifiers import decide
    from tamecheck.geometry.univariate.printing import text

    signs = {-1: "<", 0: "==", 1: ">"}
    parts = [f"{text(c.expression)} {signs[c.sign]} 0" for c in conditions]
    for name, (low, high) in ranges.items():
        parts += [f"{name} >= {low}"] if low is not None else []
        parts += [f"{name} <= {high}"] if high is not None else []
    try:
        return decide(f"exists {', '.join(ranges)}: {' and '.join(parts)}").verdict == "false"
    except (InputError, BudgetExceeded):
        return False


def _joined(found: list[tuple[list[Condition], dict]]) -> list[tuple[list[Condition], dict]]:
    """Leave out the last condition of a path where all its signs that can occur give the same facts."""
    leaves = dict([(tuple(path), facts) for path, facts in found])  # type: ignore[misc]
    for depth in range(MOST_CONDITIONS, 0, -1):
        for prefix in {path[: depth - 1] for path in leaves if len(path) == depth}:
            below = [path for path in leaves if path[: depth - 1] == prefix]
            facts = [leaves[path] for path in below]
            if all(len(path) == depth for path in below) and facts[0] and all(f == facts[0] for f in facts):
                for path in below:
                    del leaves[path]
                leaves[prefix] = facts[0]
    return [(list(path), facts) for path, facts in sorted(leaves.items(), key=lambda item: [(c.expression.id, -c.sign) for c in item[0]])]


def _recipe(e: Expr, guards: Guards, names: Algebra, letters: dict[str, Expr]) -> tuple[Expr, Callable]:
    """Return the condition for people, and a function that rebuilds it in another algebra."""
    from tamecheck.geometry.univariate.parameters import transfer

    shown = transfer(e, names, {atom: letters[name] for name, atom in guards.atoms.items()})

    def again(other: Guards) -> Expr:
        moved = transfer(shown, other.algebra, {letters[name]: other.atoms[name] for name in letters})
        return _unit(moved)[1] if other.concerns(moved) else moved

    return shown, again


__all__ = ["Branch", "Condition", "Guards", "cases"]
