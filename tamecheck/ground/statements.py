"""Statements in: text of the language of `tamecheck.ground.grammar` to prenex formulas.

Atoms compare polynomials; ``abs``, ``relu``, ``sign``, ``min``, ``max`` and ``where`` are resolved by cases.  Quantifiers move to the
front, each with a variable of its own, with few alternations.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction

from flint import fmpz_mpoly

from tamecheck.errors import InputError
from tamecheck.ground import polynomials
from tamecheck.ground.formulas import HOLDS, NEGATED, TURNED, Formula, Node
from tamecheck.ground.grammar import Expression, parse
from tamecheck.ground.polynomials import Rational, Ring

MAXIMAL_CASES = 512
MAXIMAL_QUANTIFIERS = 64

Condition = tuple[object, bool]
"""A node of the syntax tree, or the key of a made atom with its relation, and its polarity."""
Case = tuple[tuple[Condition, ...], Rational]


def read(source: object, variables: Sequence[str] | None = None) -> Formula:
    """Return a formula from text (or a syntax tree).

    Parameters
    ----------
    source : str — for example ``"forall x: x^2 + b*x + c >= 0"``
    variables : sequence of str — the order of the variables, innermost last; bound ones may be left out.
        ``None``: free variables in order of appearance

    Raises
    ------
    InputError
        TC150 an atom is not polynomial, TC102 a variable is not listed, TC152 too many cases or quantifiers.
    """
    expression = source if isinstance(source, Expression) else parse(polynomials.as_text(source))
    return _Reader(expression).formula(variables)


class _Reader:
    """From a syntax tree to a tree of quantifiers and connectives over a first ring, then to prenex form."""

    def __init__(self, expression: Expression) -> None:
        self.expression = expression
        order = expression.needed()
        self.free = expression.names()
        # in the order of the prenex formula, if there is nothing to rename
        names = dict.fromkeys(self.free)
        for n in reversed(order):
            if expression.nodes[n][0] in ("forall", "exists"):
                names.update(dict.fromkeys(expression.nodes[n][1]))
        self.ring = Ring(list(names))
        self.order = order
        self.cases: dict[int, list[Case]] = {}
        self.made: dict[str, fmpz_mpoly] = {}
        self.constants, self.values = self._polynomials()

    def _polynomials(self) -> tuple[dict[int, Fraction], dict[int, Rational]]:
        """Find the polynomial subterms; those by cases are kept apart."""
        expression = self.expression
        arithmetic = [n for n in self.order if expression.nodes[n][0] in ("number", "name", "neg", "add", "sub", "mul", "div", "pow")]
        return polynomials.arithmetic(self.ring, expression, arithmetic)

    # ------------------------------------------------------------------ cases

    def by_cases(self, n: int) -> list[Case]:
        """Return a numeric node as (conditions, polynomial) pairs; a condition is a node of ``self.table`` with its polarity."""
        done = self.cases
        stack = [n]
        while stack:
            m = stack[-1]
            if m in done:
                stack.pop()
                continue
            if m in self.values or m in self.constants:
                done[m] = [((), self._value(m))]
                stack.pop()
                continue
            kind, payload, children = self.expression.nodes[m]
            numeric = children[1:] if kind == "where" else children
            if kind not in ("neg", "add", "sub", "mul", "div", "pow", "where", "stop_gradient") and not (
                kind == "call" and payload in _CASES
            ):
                raise polynomials.guilty_at(self.expression, m)
            waiting = [c for c in numeric if c not in done]
            if waiting:
                stack += waiting
                continue
            done[m] = self._combine(m, kind, payload, children)
            if len(done[m]) > MAXIMAL_CASES:
                raise self.expression.error(m, f"more than {MAXIMAL_CASES} cases", code="TC152", hint="split the formula")
            stack.pop()
        return done[n]

    def make(self, p: fmpz_mpoly, relation: str) -> Condition:
        """Return the condition that a polynomial stands in a relation to zero."""
        p, relation, _ = canonical(p, relation)
        key = str(p)
        self.made[key] = p
        return (key, relation), True

    def joined(self, first: tuple[Condition, ...], second: tuple[Condition, ...]) -> tuple[Condition, ...] | None:
        """Return both lists of conditions, ``None`` if two of them about one polynomial contradict each other."""
        out = list(first)
        for condition in second:
            if condition in out:
                continue
            named, positive = condition
            if (named, not positive) in out:
                return None
            if isinstance(named, tuple):
                holds = HOLDS[named[1] if positive else NEGATED[named[1]]]
                for other, truth in out:
                    if isinstance(other, tuple) and other[0] == named[0] and not holds & HOLDS[other[1] if truth else NEGATED[other[1]]]:
                        return None
            out.append(condition)
        return tuple(out)

    def _value(self, n: int) -> Rational:
        if n in self.values:
            return self.values[n]
        c = self.constants[n]
        return self.ring.constant(c.numerator), c.denominator

    def _combine(self, n: int, kind: str, payload: object, children: tuple[int, ...]) -> list:
        done = self.cases
        if kind == "where":
            condition = children[0]
            yes = [(((condition, True), *c), v) for c, v in done[children[1]]]
            return yes + [(((condition, False), *c), v) for c, v in done[children[2]]]
        if kind == "stop_gradient":
            return done[children[0]]
        if kind == "call":
            return _CASES[payload](self, [done[c] for c in children])
        out = []
        if kind == "neg":
            return [(c, (-p, d)) for c, (p, d) in done[children[0]]]
        if kind in ("pow", "div"):
            if children[1] not in self.constants:
                raise polynomials.guilty_at(self.expression, n)
            number = self.constants[children[1]]
            for c, (p, d) in done[children[0]]:
                if kind == "pow":
                    if number.denominator != 1 or not 0 <= number <= 64 or len(p) > 100:
                        raise polynomials.guilty_at(self.expression, n)
                    out.append((c, (p ** int(number), d ** int(number))))
                else:
                    if number == 0:
                        raise self.expression.error(n, "division by zero", code="TC150")
                    sign = 1 if number > 0 else -1
                    out.append((c, (p * (sign * number.denominator), d * abs(number.numerator))))
            return out
        for c, (p, d) in done[children[0]]:
            for e, (q, f) in done[children[1]]:
                both = self.joined(c, e)
                if both is None:
                    continue
                if len(p) * len(q) > polynomials.MAXIMAL_TERMS:
                    raise self.expression.error(n, "this polynomial is too large", code="TC151")
                if kind == "mul":
                    out.append((both, (p * q, d * f)))
                else:
                    out.append((both, (p * f + q * d if kind == "add" else p * f - q * d, d * f)))
        return out

    # ------------------------------------------------------------------- tree

    def formula(self, variables: Sequence[str] | None) -> Formula:
        """Return the prenex formula."""
        tree = _Tree(self)
        root = tree.build(self.expression.root, True)
        prefix, matrix = tree.prenex(root)
        bound = [name for _, name in prefix]
        listed = list(variables) if variables is not None else []
        for name in self.free:
            if variables is not None and name not in listed:
                raise InputError(f"the free variable {name!r} is not listed", code="TC102", hint="list it, or bind it with forall or exists")
        free = [name for name in listed if name not in bound] if variables is not None else list(self.free)
        ring = Ring([*free, *bound])
        out = Formula(ring, prefix)
        out.root = tree.copy(matrix, out)
        return out

    def difference(self, n: int) -> list[tuple[tuple[Condition, ...], fmpz_mpoly]]:
        """Return a comparison as pairs of conditions and the polynomial (left minus right, times a positive number)."""
        left, right = self.expression.nodes[n][2]
        if all([c in self.values or c in self.constants for c in (left, right)]):
            return [((), polynomials.subtracted(self.ring, left, right, self.constants, self.values))]
        out = []
        for c, (p, d) in self.by_cases(left):
            for e, (q, f) in self.by_cases(right):
                both = self.joined(c, e)
                if both is not None:
                    out.append((both, p * f - q * d))
        return out


def canonical(p: fmpz_mpoly, relation: str) -> tuple[fmpz_mpoly, str, bool]:
    """Return a condition about a polynomial as one about a primitive polynomial with positive first coefficient; True if it was negated."""
    if p.is_zero():
        return p, relation, False
    p = p / p.content()
    return (-p, TURNED[relation], True) if p.coeffs()[0] < 0 else (p, relation, False)


def _split(reader: _Reader, conditions: tuple[Condition, ...], p: fmpz_mpoly, above: Rational, below: Rational) -> list[Case]:
    """Return ``above`` where p >= 0 and ``below`` where p <= 0, which agree where p = 0.

    The cases are q >= 0 and q < 0 for the canonical q = p or q = -p, so that max(u, 0) and max(-u, 0) are split alike.
    """
    q, _, negated = canonical(p, "ge")
    first, second = (below, above) if negated else (above, below)
    out = []
    for relation, value in (("ge", first), ("lt", second)):
        both = reader.joined(conditions, (reader.make(q, relation),))
        if both is not None:
            out.append((both, value))
    return out


def _by_sign(of: Callable[[Rational], tuple[Rational, Rational]]):
    """Return a rule of one argument that distinguishes its sign, continuous at zero."""

    def rule(reader: _Reader, arguments: list) -> list:
        return [case for c, v in arguments[0] for case in _split(reader, c, v[0], *of(v))]

    return rule


def _extremum(largest: bool):
    """Return the rule of ``max`` or ``min``."""

    def rule(reader: _Reader, arguments: list) -> list:
        current = arguments[0]
        for other in arguments[1:]:
            out = []
            for c, (p, d) in current:
                for e, (q, f) in other:
                    both = reader.joined(c, e)
                    if both is not None:
                        values = ((p, d), (q, f)) if largest else ((q, f), (p, d))
                        out += _split(reader, both, p * f - q * d, *values)
            current = out
        return current

    return rule


def _sign(reader: _Reader, arguments: list) -> list:
    out = []
    for c, v in arguments[0]:
        one = v[0] * 0 + 1
        for relation, value in (("gt", one), ("eq", one * 0), ("lt", -one)):
            both = reader.joined(c, (reader.make(v[0], relation),))
            if both is not None:
                out.append((both, (value, 1)))
    return out


def _negated(v: Rational) -> Rational:
    return -v[0], v[1]


_CASES: dict[str, Callable] = {
    "abs": _by_sign(lambda v: (v, _negated(v))), "Abs": _by_sign(lambda v: (v, _negated(v))),
    "relu": _by_sign(lambda v: (v, (v[0] * 0, 1))), "sign": _sign,
    "max": _extremum(True), "maximum": _extremum(True), "Max": _extremum(True),
    "min": _extremum(False), "minimum": _extremum(False), "Min": _extremum(False),
}  # fmt: skip


class _Tree:
    """Connectives and quantifiers without negation; leaves are (polynomial, relation) over the reader's ring."""

    def __init__(self, reader: _Reader) -> None:
        self.reader = reader
        self.nodes: list[Node] = []
        self._memo: dict[Condition, int] = {}
        self._copied: list[tuple[Node, dict[str, str]]] = []

    def _add(self, node: Node) -> int:
        self.nodes.append(node)
        return len(self.nodes) - 1

    def build(self, root: object, polarity: bool) -> int:
        """Return the node of a syntax node (or of an atom made by a case distinction), or of its negation."""
        done = self._memo
        todo: list[tuple[object, bool]] = [(root, polarity)]
        while todo:
            task = todo[-1]
            if task in done:
                todo.pop()
                continue
            waiting, finish = self._parts(*task)
            missing = [t for t in waiting if t not in done]
            if missing:
                todo += missing
                continue
            done[task] = finish([done[t] for t in waiting])
            todo.pop()
        return done[(root, polarity)]

    def _parts(self, n: object, positive: bool) -> tuple[list[tuple[object, bool]], Callable[[list[int]], int]]:
        """Return the sub-tasks of a node and how to put their results together."""
        if isinstance(n, tuple):
            key, relation = n
            p = self.reader.made[key]
            return [], lambda _: self._add(("leaf", p, relation if positive else NEGATED[relation]))
        kind, payload, children = self.reader.expression.nodes[n]
        if kind == "truth":
            return [], lambda _: self._add(("truth", bool(payload) == positive))
        if kind == "not":
            return [(children[0], not positive)], lambda r: r[0]
        if kind in ("and", "or"):
            joined = kind if positive else ("or" if kind == "and" else "and")
            return [(c, positive) for c in children], lambda r: self._add((joined, tuple(r)))
        if kind == "implies":
            return [(children[0], not positive), (children[1], positive)], lambda r: self._add(("or" if positive else "and", tuple(r)))
        if kind == "iff":
            a, b = children
            pairs = [(a, True), (b, positive), (a, False), (b, not positive)]
            return pairs, lambda r: self._add(("or", (self._add(("and", (r[0], r[1]))), self._add(("and", (r[2], r[3]))))))
        if kind in ("forall", "exists"):
            quantifier = kind if positive else ("exists" if kind == "forall" else "forall")
            return [(children[0], positive)], lambda r: self._add((quantifier, payload, r[0]))
        if kind == "compare":
            return self._comparison(n, payload, positive)
        raise polynomials.guilty_at(self.reader.expression, n, "condition")

    def _comparison(self, n: int, relation: str, positive: bool):
        relation = relation if positive else NEGATED[relation]
        cases = self.reader.difference(n)
        waiting = [condition for conditions, _ in cases for condition in conditions]
        if not waiting:
            return [], lambda _: self._add(("leaf", cases[0][1], relation))

        def finish(results: list[int]) -> int:
            rest = iter(results)
            alternatives = []
            for conditions, p in cases:
                parts = [next(rest) for _ in conditions]
                alternatives.append(self._add(("and", (*parts, self._add(("leaf", p, relation))))))
            return self._add(("or", tuple(alternatives)))

        return waiting, finish

    # ----------------------------------------------------------------- prenex

    def prenex(self, root: int) -> tuple[list[tuple[str, str]], int]:
        """Return the quantifiers and the root of the matrix in ``self._copied``, where each part knows its names of bound variables.

        Nodes under quantifiers are copied for every place where they occur, so that each quantifier has its own variable.
        """
        taken = set(self.reader.free)
        counter = 0
        blocks: dict[int, list[tuple[str, str]]] = {}
        copied: list[tuple[Node, dict[str, str]]] = []
        # post-order over the tree (not the graph): (node, names, children done)
        todo: list[tuple[int, dict[str, str], bool, list[int]]] = [(root, {}, False, [])]
        results: list[int] = []
        quantified = self._quantified()
        while todo:
            n, names, ready, mine = todo.pop()
            node = self.nodes[n]
            if node[0] in ("leaf", "truth") or n not in quantified:
                copied.append((("old", n), names))
                blocks[len(copied) - 1] = []
                results.append(len(copied) - 1)
                continue
            if not ready:
                inner = names
                if node[0] in ("forall", "exists"):
                    inner = dict(names)
                    for name in node[1]:
                        fresh = name
                        while fresh in taken:
                            counter += 1
                            fresh = f"{name}_{counter}"
                        taken.add(fresh)
                        inner[name] = fresh
                    if counter > MAXIMAL_QUANTIFIERS or len(taken) > 4 * MAXIMAL_QUANTIFIERS:
                        raise InputError("too many quantifiers", code="TC152", hint="split the formula")
                    todo.append((n, inner, True, []))
                    todo.append((node[2], inner, False, []))
                else:
                    todo.append((n, names, True, []))
                    for child in reversed(node[1]):
                        todo.append((child, names, False, []))
                continue
            if node[0] in ("forall", "exists"):
                body = results.pop()
                blocks[body] = [*[(node[0], names[name]) for name in node[1]], *blocks[body]]
                results.append(body)
                continue
            count = len(node[1])
            children = results[-count:]
            del results[-count:]
            copied.append(((node[0], tuple(children)), names))
            blocks[len(copied) - 1] = _merge([blocks[c] for c in children])
            results.append(len(copied) - 1)
        top = results.pop()
        self._copied = copied
        return blocks[top], top

    def _quantified(self) -> set[int]:
        """Return the nodes with a quantifier in or below them."""
        found: set[int] = set()
        for n, node in enumerate(self.nodes):
            if node[0] in ("forall", "exists") or (node[0] in ("and", "or") and any([c in found for c in node[1]])):
                found.add(n)
        return found

    def copy(self, top: int, out: Formula) -> int:
        """Write the matrix into a formula."""
        place: list[int] = []
        for (kind, payload), names in self._copied:
            if kind == "old":
                place.append(self._write(payload, names, out))
            else:
                place.append(out.join(kind, [place[c] for c in payload]))
        return place[top]

    def _write(self, root: int, names: dict[str, str], out: Formula) -> int:
        """Write a quantifier-free node, with bound variables renamed."""
        source = self.reader.ring
        target: list[int | None] = []
        for name in source.names:
            target.append(out.ring.index.get(names.get(name, name)))

        same = out.ring.names == source.names and target == list(range(len(target)))

        def convert(p: fmpz_mpoly) -> fmpz_mpoly:
            if same:
                return p
            terms: dict[tuple[int, ...], int] = {}
            for exponents, c in zip(p.monoms(), p.coeffs(), strict=True):
                moved = [0] * max(len(out.ring.names), 1)
                for i, e in enumerate(exponents):
                    if e:
                        moved[target[i]] = int(e)
                terms[tuple(moved)] = c
            return out.ring.context.from_dict(terms)

        wanted, stack = set(), [root]
        while stack:
            n = stack.pop()
            if n not in wanted:
                wanted.add(n)
                if self.nodes[n][0] in ("and", "or"):
                    stack += self.nodes[n][1]
        done: dict[int, int] = {}
        for n in sorted(wanted):
            node = self.nodes[n]
            if node[0] == "leaf":
                done[n] = out.atom(convert(node[1]), node[2])
            elif node[0] == "truth":
                done[n] = out.truth(node[1])
            else:
                done[n] = out.join(node[0], [done[c] for c in node[1]])
        return done[root]


def _merge(blocks: list[list[tuple[str, str]]]) -> list[tuple[str, str]]:
    """Interleave quantifier lists with few alternations: as long as possible the same kind."""
    if sum([1 for b in blocks if b]) < 2:
        return next((b for b in blocks if b), [])
    best: list[tuple[str, str]] | None = None
    for first in ("exists", "forall"):
        left = [list(b) for b in blocks]
        kind, out = first, []
        while any(left):
            for b in left:
                while b and b[0][0] == kind:
                    out.append(b.pop(0))
            kind = "forall" if kind == "exists" else "exists"
        if best is None or _alternations(out) < _alternations(best):
            best = out
    return best or []


def _alternations(prefix: list[tuple[str, str]]) -> int:
    return sum([1 for a, b in zip(prefix, prefix[1:], strict=False) if a[0] != b[0]])
