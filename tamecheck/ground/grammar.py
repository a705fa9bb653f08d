"""The language of formulas: text to a flat syntax tree (`printing` goes back).

A tokeniser and an operator-precedence parser with explicit stacks.  Nothing recurses, nothing is
ever evaluated as code, numbers are exact rationals, and every limit is checked before work is done.

Grammar, loosest binding first (Python's precedences; ``^`` means power)::

    text       let NAME = expr; ... expr
    expr       forall x, y: expr | exists x: expr
               iff | implies (to the right) | or | and | not
               < <= > >= == !=  (chained: a < b < c)   |   &   + -   * / // %
               unary + - ~      ** ^ (to the right; -x**2 is -(x**2), 2**-x is allowed)
    operand    number, name, pi, e, E, True, False, (expr), name(expr, ...)
               where(condition, a, b), piecewise((value, condition), ..., default),
               Piecewise((value, condition), ..., (value, True)), stop_gradient(expr)

A node is ``(kind, payload, children)``; children are positions before it, equal nodes are one node:

=============== ======================= ==========================================================
kind            payload                 children
=============== ======================= ==========================================================
number          `Fraction`
name            text
constant        ``pi`` or ``e``
truth           `bool`
neg                                     one
add ... pow                             two (add, sub, mul, div, floordiv, mod, pow)
compare         lt, le, eq, ne          two (gt and ge are turned round)
and, or                                 two or more; implies, iff: two; not: one
where                                   condition, a, b
call            name                    arguments
stop_gradient                           one
forall, exists  tuple of names          body
=============== ======================= ==========================================================

``piecewise`` becomes nested ``where``; ``let`` is sharing and leaves no node.  A condition may stand
for the number 0 or 1, as in ``x*(x > 0)``; a number is never a condition.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from fractions import Fraction
from typing import NamedTuple, NoReturn

from tamecheck.errors import InputError

Syntax = tuple[str, object, tuple[int, ...]]


class Limits(NamedTuple):
    """What is refused before any work is done on it."""

    length: int = 2_000_000
    """characters of the text"""
    nesting: int = 200
    """open parentheses"""
    digits: int = 4_000
    """decimal digits of a number, written out (Python converts no more than 4 300 at a time)"""
    identifier: int = 100
    """characters of a name"""
    nodes: int = 400_000
    """nodes of the tree"""


LIMITS = Limits()


class FormulaError(InputError):
    """A formula is refused; ``column`` counts from 1, `caret` draws where."""

    def __init__(self, message: str, text: str, column: int, *, code: str = "TC101", hint: str = "") -> None:
        self.text = text
        self.column = column
        line = text.count("\n", 0, column - 1) + 1
        where = f"column {column - (text.rfind(chr(10), 0, column - 1) + 1)}" + (f" of line {line}" if line > 1 else "")
        super().__init__(message, code=code, where=f"the formula at {where}", hint=hint)

    def caret(self, width: int = 70) -> str:
        """Return the neighbourhood of the error and, below it, a caret under the guilty column."""
        start = max(0, min(self.column - 1 - width // 2, len(self.text) - width))
        shown = "".join([c if " " <= c <= "~" else "?" for c in self.text[start : start + width]])
        return f"{shown}\n{' ' * (self.column - 1 - start)}^"


class Expression:
    """A parsed formula: ``nodes`` with children before parents, and the position of the ``root``."""

    __slots__ = ("text", "nodes", "columns", "root", "_index", "_order")

    def __init__(self, text: str = "") -> None:
        self.text = text
        self.nodes: list[Syntax] = []
        self.columns: list[int] = []
        self.root = -1
        self._index: dict[Syntax, int] = {}
        self._order: tuple[int, int, list[int]] = (-1, -1, [])

    def __repr__(self) -> str:
        return f"Expression({self.text[:60]!r}, {len(self.nodes)} nodes)"

    def add(self, kind: str, payload: object = None, children: tuple[int, ...] = (), column: int = 1) -> int:
        """Intern a node and return its position."""
        node = (kind, payload, children)
        found = self._index.get(node)
        if found is None:
            found = self._index[node] = len(self.nodes)
            self.nodes.append(node)
            self.columns.append(column)
        return found

    def needed(self) -> list[int]:
        """Return the positions that the root depends on, in order."""
        if self._order[:2] != (self.root, len(self.nodes)):
            wanted = bytearray(len(self.nodes))
            wanted[self.root] = 1
            for n in range(self.root, -1, -1):
                if wanted[n]:
                    for child in self.nodes[n][2]:
                        wanted[child] = 1
            self._order = (self.root, len(self.nodes), [n for n, flag in enumerate(wanted) if flag])
        return self._order[2]

    def names(self) -> list[str]:
        """Return the names that occur free, in the order of first appearance in the text."""
        bound = {name for n in self.needed() if self.nodes[n][0] in ("forall", "exists") for name in self.nodes[n][1]}
        found = [(self.columns[n], self.nodes[n][1]) for n in self.needed() if self.nodes[n][0] == "name"]
        return [name for _, name in sorted(found) if name not in bound]

    def error(self, n: int, message: str, *, code: str = "TC101", hint: str = "") -> FormulaError:
        """Return (not raise) an error at the place of node ``n``."""
        return FormulaError(message, self.text, self.columns[n], code=code, hint=hint)


TRUTHS = frozenset(["compare", "and", "or", "not", "implies", "iff", "truth", "forall", "exists"])
CONSTANTS = {
    "pi": ("constant", "pi"), "e": ("constant", "e"), "E": ("constant", "e"), "True": ("truth", True), "False": ("truth", False),
}  # fmt: skip
LETTERS = frozenset(["beta", "gamma", "zeta"])
"""Names of functions that are names of variables as well, when no bracket follows."""

_INFINITE = "no number of the reals is infinite"
REFUSED = {
    **dict.fromkeys(["inf", "oo", "infinity", "Infinity"], _INFINITE), **dict.fromkeys(["nan", "NaN", "zoo"], "this is not a number"),
    "I": "formulas are about real numbers, I is not real",
}  # fmt: skip
_WORDS = (
    "lambda if else elif for while import from def class return yield in is del assert global nonlocal try except raise with as pass "
    "break continue async await None exec eval"
)
KEYWORDS = frozenset(_WORDS.split())
BINARY = {
    "iff": (1, "iff"), "implies": (2, "implies"), "or": (3, "or"), "and": (4, "and"), "|": (7, "or"), "&": (8, "and"),
    "+": (9, "add"), "-": (9, "sub"), "*": (10, "mul"), "/": (10, "div"), "//": (10, "floordiv"), "%": (10, "mod"),
    "**": (12, "pow"), "^": (12, "pow"),
}  # fmt: skip
COMPARISONS = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne"}
COMPARE, UNARY, NOT = 6, 11, 5
LOGICAL = frozenset(["and", "or", "iff", "implies", "not"])
RIGHT = frozenset(["pow", "implies"])
RELATIONS = {
    "Eq": "eq", "Ne": "ne", "Lt": "lt", "Le": "le", "Gt": "gt", "Ge": "ge", "equal": "eq", "not_equal": "ne", "less": "lt",
    "less_equal": "le", "greater": "gt", "greater_equal": "ge",
}  # fmt: skip
CONNECTIVES = {
    "And": "and", "Or": "or", "Not": "not", "Implies": "implies", "Equivalent": "iff", "logical_and": "and", "logical_or": "or",
    "logical_not": "not",
}  # fmt: skip
FORMS = frozenset(["where", "piecewise", "Piecewise", "stop_gradient", "detach", *RELATIONS, *CONNECTIVES])

RESERVED = KEYWORDS | FORMS | frozenset(["let", "not", "forall", "exists", *BINARY, *CONSTANTS, *REFUSED])

_TOKEN = re.compile(
    r"[ \t\r\n]+|(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(?P<name>[A-Za-z][A-Za-z0-9_]*)"
    r"|(?P<symbol>\*\*|<=|>=|==|!=|//|[-+*/%^()<>=~&|,;:])",
    re.ASCII,
)
_LOOKALIKES = {
    "π": "pi", "−": "-", "–": "-", "×": "*", "·": "*", "÷": "/", "≤": "<=", "≥": ">=", "≠": "!=", "²": "^2", "³": "^3", "√": "sqrt( )",
    "∞": "nothing: infinity is no real number", "∧": "and", "∨": "or", "¬": "not", "∀": "forall", "∃": "exists", "σ": "sigmoid( )",
    "!": "!=", "[": "parentheses", "{": "parentheses", "]": "parentheses", "}": "parentheses",
}  # fmt: skip


def parse(
    text: str,
    *,
    functions: Mapping[str, tuple[int, int | None]] | None = None,
    names: Collection[str] | None = None,
    limits: Limits = LIMITS,
) -> Expression:
    """Return the syntax tree of a formula.

    Parameters
    ----------
    text : str — the formula
    functions : mapping — least and largest number of arguments of each known function; ``None``
        accepts every name that is called
    names : collection — the variables that may occur; ``None`` accepts every name
    limits : Limits

    Raises
    ------
    FormulaError
        TC101 syntax, TC102 unknown name, TC110 too deep, TC111 too long, TC112 number too large,
        TC113 wrong number of arguments.

    Examples
    --------
    >>> parse("-x^2").nodes
    [('name', 'x', ()), ('number', Fraction(2, 1), ()), ('pow', None, (0, 1)), ('neg', None, (2,))]
    """
    if not isinstance(text, str):
        raise InputError(f"a formula is a text, not {type(text).__name__}", code="TC101", hint="SymPy expressions have their own door")
    if len(text) > limits.length:
        raise FormulaError(f"the formula has {len(text)} characters, limit {limits.length}", text, 1, code="TC111", hint="split it")
    return _Parser(text, functions, None if names is None else frozenset(names), limits).run()


class _Operator(NamedTuple):
    """A pending operator: binary (``left`` is true) or prefix."""

    kind: str
    precedence: int
    column: int
    left: bool
    payload: object = None


class _Chain(NamedTuple):
    """A pending chain of comparisons."""

    relations: list[str]
    column: int
    precedence: int = COMPARE


class _Frame(NamedTuple):
    """An open parenthesis, of a call when ``name`` is not empty; ``base`` is the height of the values below."""

    name: str
    column: int
    base: int
    precedence: int = -1


class _Parser:
    def __init__(self, text: str, functions, names, limits: Limits) -> None:
        self.text, self.functions, self.variables, self.limits = text, functions, names, limits
        self.tree = Expression(text)
        self.values: list[int] = []
        self.places: list[int] = []
        self.pending: list[_Operator | _Chain | _Frame] = []
        self.depth = 0
        self.lets: dict[str, int] = {}
        self.free: set[str] = set()
        self.bound: dict[str, int] = {}
        self.numbers: dict[str, int] = {}

    def fail(self, message: str, column: int, code: str = "TC101", hint: str = "") -> NoReturn:
        raise FormulaError(message, self.text, column, code=code, hint=hint)

    # ------------------------------------------------------------------ tokens

    def tokens(self) -> Iterable[tuple[str, str, int]]:
        """Yield (kind, text, column); the last is an ``end``."""
        position, text = 0, self.text
        for found in _TOKEN.finditer(text):
            start, end = found.span()
            if start != position:
                break
            kind = found.lastgroup
            if kind is not None:
                yield kind, text[start:end], start + 1
            position = end
        if position < len(text):
            self.bad_character(position)
        yield "end", "", len(text) + 1

    def bad_character(self, position: int) -> NoReturn:
        c, column = self.text[position], position + 1
        if c in _LOOKALIKES:
            self.fail(f"character {c!r} is not part of formulas", column, hint=f"write {_LOOKALIKES[c]}")
        if c == "_":
            self.fail("names start with a letter", column)
        if c == ".":
            self.fail("a formula has no attributes or methods", column, hint="decimal numbers need a digit after the point")
        if c in "'\"`":
            self.fail("a formula has no strings", column)
        shown = repr(c) if " " <= c <= "~" else f"U+{ord(c):04X}"
        self.fail(f"character {shown} is not part of formulas", column, hint="formulas are plain ASCII")

    # ------------------------------------------------------------------- main

    def run(self) -> Expression:
        stream = iter(self.tokens())
        token = next(stream)
        while token[:2] == ("name", "let"):
            token = self.let(stream, token[2])
        kind, text, column = self.expression(stream, token)
        if kind != "end":
            self.fail(f"unexpected {text!r}", column, hint="a formula with let reads: let u = ...; expression" if text == ";" else "")
        self.tree.root = self.values.pop()
        return self.tree

    def let(self, stream, column: int) -> tuple[str, str, int]:
        """Read ``NAME = expr ;`` and return the token after it."""
        kind, name, place = next(stream)
        if kind != "name" or name in RESERVED:
            self.fail(f"let needs a name of your own, found {name!r}", place)
        if name in self.lets or name in self.free or name in self.bound or (self.variables is not None and name in self.variables):
            self.fail(f"the name {name!r} is already in use", place, hint="choose a new name after let")
        self.check_identifier(name, place)
        if next(stream)[1] != "=":
            self.fail(f"expected '=' after let {name}", place + len(name))
        kind, text, end = self.expression(stream, next(stream))
        if text != ";":
            self.fail(f"let {name} = ... must end with ';'", end, hint="let u = ...; expression")
        self.lets[name] = self.values.pop()
        self.places.pop()
        return next(stream)

    def expression(self, stream, token: tuple[str, str, int]) -> tuple[str, str, int]:
        """Read one expression onto ``values``; return the token that ends it (``;`` or the end)."""
        operand = True
        while True:
            kind, text, column = token
            if operand:
                operand = self.operand(kind, text, column, stream)
            elif kind == "end" or text == ";":
                if self.depth:
                    frame = next(f for f in reversed(self.pending) if isinstance(f, _Frame))
                    self.fail("this parenthesis is never closed", frame.column)
                self.reduce(-1)
                return token
            else:
                operand = self.operator(kind, text, column)
            token = self.ahead or next(stream)
            self.ahead = None

    ahead: tuple[str, str, int] | None = None

    def operand(self, kind: str, text: str, column: int, stream) -> bool:
        """Consume a token where an operand may start; tell whether an operand is still expected."""
        if kind == "number":
            node = self.numbers.get(text)
            if node is None:
                node = self.numbers[text] = self.tree.add("number", self.number(text, column), (), column)
            self.push(node, column)
            return False
        if kind == "name":
            return self.name(text, column, stream)
        if text == "(":
            self.open("", column)
            return True
        if text in ("+", "-", "~"):
            self.prefix({"+": "pos", "-": "neg", "~": "not"}[text], UNARY, column)
            return True
        if text == ")" and self.depth and isinstance(self.pending[-1], _Frame) and len(self.values) == self.pending[-1].base:
            frame = self.pending[-1]
            if frame.name:
                self.fail(f"{frame.name}() needs arguments", column, "TC113")
            self.fail("empty parentheses", column)
        if kind == "end":
            self.fail("the formula is empty" if not self.text.strip() else "the formula ends where a value is expected", column)
        self.fail(f"expected a value, found {text!r}", column, hint="== compares" if text == "=" else "")

    def name(self, text: str, column: int, stream) -> bool:
        self.check_identifier(text, column)
        if text == "not":
            self.prefix("not", NOT, column)
            return True
        if text in ("forall", "exists"):
            self.quantifier(text, column, stream)
            return True
        if text in BINARY:
            self.fail(f"expected a value, found {text!r}", column)
        if text == "let":
            self.fail("let stands at the beginning of a formula", column)
        self.ahead = next(stream)
        if self.ahead[1] == "(":
            if text in self.lets or text in self.bound or (self.variables is not None and text in self.variables and not self.known(text)):
                self.fail(f"{text!r} is a variable, not a function", column, hint=f"write {text}*( ) for a product")
            if text in KEYWORDS or not self.known(text):
                self.unknown(text, column, [*(self.functions or ()), *FORMS], "function")
            self.open(text, column)
            self.ahead = None
            return True
        self.push(self.variable(text, column), column)
        return False

    def known(self, name: str) -> bool:
        return name in FORMS or self.functions is None or name in self.functions

    def variable(self, text: str, column: int) -> int:
        if text in self.lets:
            return self.lets[text]
        declared = self.variables is not None and text in self.variables
        if not declared and text in CONSTANTS:
            kind, payload = CONSTANTS[text]
            return self.tree.add(kind, payload, (), column)
        if not declared and text in REFUSED:
            self.fail(f"{text}: {REFUSED[text]}", column)
        if not declared and text in KEYWORDS:
            self.fail(f"{text!r} is not part of formulas", column)
        if text in self.bound:
            if not self.bound[text]:
                self.fail(f"{text!r} is used outside of its quantifier", column, hint="rename one of the two")
        elif not declared and text not in LETTERS and (text in FORMS or (self.functions is not None and text in self.functions)):
            self.fail(f"{text!r} is a function", column, hint=f"write {text}( ) with its arguments")
        elif self.variables is not None and not declared:
            self.unknown(text, column, [*self.variables, *self.lets, *CONSTANTS], "name")
        else:
            self.free.add(text)
        return self.tree.add("name", text, (), column)

    def unknown(self, text: str, column: int, candidates: Iterable[str], what: str) -> NoReturn:
        near = get_close_matches(text, list(candidates), n=1, cutoff=0.6)
        self.fail(f"unknown {what} {text!r}", column, "TC102", hint=f"did you mean {near[0]!r}?" if near else "")

    def quantifier(self, kind: str, column: int, stream) -> None:
        """Read ``x, y:`` after forall or exists; the scope reaches as far to the right as possible."""
        names: list[str] = []
        while True:
            what, name, place = next(stream)
            if what != "name" or name in RESERVED:
                self.fail(f"{kind} needs names of variables, found {name!r}", place, hint=f"{kind} x, y: x < y")
            if name in self.lets or name in self.free or name in names or self.bound.get(name):
                self.fail(f"the name {name!r} is already in use", place, hint="rename the quantified variable")
            self.check_identifier(name, place)
            names.append(name)
            _, mark, place = next(stream)
            if mark == ":":
                break
            if mark != ",":
                self.fail(f"expected ':' after the variables of {kind}, found {mark!r}", place, hint=f"{kind} x, y: x < y")
        self.bound.update(dict.fromkeys(names, 1))
        self.pending.append(_Operator(kind, 0, column, False, tuple(names)))

    def prefix(self, kind: str, precedence: int, column: int) -> None:
        top = self.pending[-1] if self.pending else None
        if kind == "not" and precedence == NOT and top is not None and top.precedence > NOT:
            self.fail("'not' must stand in parentheses here", column)
        self.pending.append(_Operator(kind, precedence, column, False))

    def operator(self, kind: str, text: str, column: int) -> bool:
        """Consume a token after an operand; tell whether an operand is expected next."""
        if text == ")":
            self.close(column)
            return False
        if text == ",":
            self.comma(column)
            return True
        if text in COMPARISONS:
            self.reduce(COMPARE)
            top = self.pending[-1] if self.pending else None
            if isinstance(top, _Chain):
                top.relations.append(COMPARISONS[text])
            else:
                self.pending.append(_Chain([COMPARISONS[text]], column))
            return True
        if text in BINARY:
            precedence, name = BINARY[text]
            self.reduce(precedence if name in RIGHT else precedence - 1)
            self.pending.append(_Operator(name, precedence, column, True))
            return True
        if kind in ("number", "name") or text == "(":
            self.fail(f"expected an operator before {text[:40]!r}", column, hint="products are written with *")
        self.fail(f"unexpected {text!r}", column, hint="== compares" if text == "=" else "")

    # -------------------------------------------------------------- parentheses

    def open(self, name: str, column: int) -> None:
        self.depth += 1
        if self.depth > self.limits.nesting:
            self.fail(
                f"formula too deep: nesting {self.depth}, limit {self.limits.nesting}", column, "TC110",
                hint="name subexpressions (let u = ...; u*u), or raise limits.nesting if you trust the text",
            )  # fmt: skip
        self.pending.append(_Frame(name, column, len(self.values)))

    def comma(self, column: int) -> None:
        self.reduce(-1)
        if not self.pending:
            self.fail("unexpected ','", column, hint="decimal numbers have a point")
        frame = self.pending[-1]
        if not frame.name:
            outer = next((f for f in reversed(self.pending[:-1])), None)
            if not (isinstance(outer, _Frame) and outer.name in ("piecewise", "Piecewise")):
                self.fail("pairs (value, condition) belong into piecewise", column)

    def close(self, column: int) -> None:
        self.reduce(-1)
        if not self.pending:
            self.fail("this parenthesis was never opened", column)
        frame = self.pending.pop()
        self.depth -= 1
        children, places = self.values[frame.base :], self.places[frame.base :]
        del self.values[frame.base :], self.places[frame.base :]
        if frame.name:
            self.push(self.call(frame.name, frame.column, children, places), frame.column)
        elif len(children) == 1:
            self.push(children[0], frame.column)
        elif len(children) == 2:
            self.demand_truth(children[1], places[1], "the second of a pair")
            self.demand_real_or_truth(children[0], places[0])
            self.push(self.tree.add("pair", None, tuple(children), frame.column), frame.column)
        else:
            self.fail("a case of piecewise is a pair (value, condition)", frame.column)

    def call(self, name: str, column: int, children: list[int], places: list[int]) -> int:
        add = self.tree.add
        if name in ("piecewise", "Piecewise"):
            return self.piecewise(name, column, children, places)
        for child, place in zip(children, places, strict=True):
            self.demand_real_or_truth(child, place)
        if name in CONNECTIVES:
            kind = CONNECTIVES[name]
            self.count(name, column, len(children), *{"not": (1, 1), "implies": (2, 2), "iff": (2, 2)}.get(kind, (2, None)))
            for child, place in zip(children, places, strict=True):
                self.demand_truth(child, place, f"an argument of {name}")
            return add(kind, None, tuple(children), column)
        if name in RELATIONS:
            self.count(name, column, len(children), 2, 2)
            return self.comparison(RELATIONS[name], children[0], children[1], column)
        if name == "where":
            self.count(name, column, len(children), 3, 3)
            self.demand_truth(children[0], places[0], "the first argument of where")
            return add("where", None, tuple(children), column)
        if name in ("stop_gradient", "detach"):
            self.count(name, column, len(children), 1, 1)
            return add("stop_gradient", None, tuple(children), column)
        if self.functions is not None:
            self.count(name, column, len(children), *self.functions[name])
        return add("call", name, tuple(children), column)

    def count(self, name: str, column: int, given: int, least: int, most: int | None) -> None:
        if given < least or (most is not None and given > most):
            wanted = f"{least}" if most == least else f"at least {least}" if most is None else f"{least} to {most}"
            self.fail(f"{name} takes {wanted} argument{'s' * (wanted != '1')}, got {given}", column, "TC113")

    def piecewise(self, name: str, column: int, children: list[int], places: list[int]) -> int:
        """Turn the cases into nested ``where``, the last one innermost."""
        nodes = self.tree.nodes
        *cases, last = children
        if nodes[last][0] == "pair":
            value, condition = nodes[last][2]
            if nodes[condition] != ("truth", True, ()):
                self.fail(f"{name} has no value where every condition fails", places[-1], hint="end with (value, True) or a default")
            last = value
        for case, place in zip(reversed(cases), reversed(places[:-1]), strict=True):
            if nodes[case][0] != "pair":
                self.fail(f"every case of {name} but the last is a pair (value, condition)", place)
            value, condition = nodes[case][2]
            if nodes[condition][0] == "truth":
                self.fail("the cases after a constant condition are never in question", place, hint="remove them")
            last = self.tree.add("where", None, (condition, value, last), column)
        return last

    # ------------------------------------------------------------------ reduce

    def push(self, node: int, column: int) -> None:
        if len(self.tree.nodes) > self.limits.nodes:
            self.fail(f"the formula has more than {self.limits.nodes} nodes", column, "TC111", hint="split it")
        self.values.append(node)
        self.places.append(column)

    def reduce(self, floor: int) -> None:
        """Apply the pending operators that bind tighter than ``floor``, down to an open parenthesis."""
        pending = self.pending
        while pending:
            top = pending[-1]
            # an open parenthesis binds looser than anything
            if top.precedence <= floor:
                break
            pending.pop()
            if top.__class__ is _Chain:
                self.apply_chain(top)
            elif top.left:
                self.apply_binary(top)
            else:
                self.apply_prefix(top)

    def apply_chain(self, chain: _Chain) -> None:
        count = len(chain.relations) + 1
        operands, places = self.values[-count:], self.places[-count:]
        del self.values[-count:], self.places[-count:]
        for operand, place in zip(operands, places, strict=True):
            self.demand_real_or_truth(operand, place)
        links = [self.comparison(r, operands[k], operands[k + 1], chain.column) for k, r in enumerate(chain.relations)]
        self.push(links[0] if len(links) == 1 else self.tree.add("and", None, tuple(links), chain.column), places[0])

    def comparison(self, relation: str, a: int, b: int, column: int) -> int:
        if relation in ("gt", "ge"):
            relation, a, b = {"gt": "lt", "ge": "le"}[relation], b, a
        return self.tree.add("compare", relation, (a, b), column)

    def apply_binary(self, top: _Operator) -> None:
        kind, _, column, _, _ = top
        values, places = self.values, self.places
        b, place_b = values.pop(), places.pop()
        a, place_a = values.pop(), places.pop()
        if kind in LOGICAL:
            self.demand_truth(a, place_a, f"an operand of {kind!r}")
            self.demand_truth(b, place_b, f"an operand of {kind!r}")
        else:
            self.demand_real_or_truth(a, place_a)
            self.demand_real_or_truth(b, place_b)
        self.push(self.tree.add(kind, None, (a, b), column), place_a)

    def apply_prefix(self, top: _Operator) -> None:
        a, place = self.values.pop(), self.places.pop()
        if top.kind in ("pos", "neg"):
            self.demand_real_or_truth(a, place)
            self.push(a if top.kind == "pos" else self.tree.add("neg", None, (a,), top.column), top.column)
            return
        self.demand_truth(a, place, f"what follows {top.kind!r}")
        if top.payload is not None:
            self.bound.update(dict.fromkeys(top.payload, 0))
        self.push(self.tree.add(top.kind, top.payload, (a,), top.column), top.column)

    def demand_truth(self, n: int, place: int, what: str) -> None:
        if self.tree.nodes[n][0] not in TRUTHS:
            self.fail(f"{what} must be a condition such as x > 0", place, hint="& and | bind tighter than <: use 'and', 'or'")

    def demand_real_or_truth(self, n: int, place: int) -> None:
        if self.tree.nodes[n][0] == "pair":
            self.fail("a pair (value, condition) belongs directly into piecewise", place)

    # --------------------------------------------------------------------- words

    def check_identifier(self, name: str, column: int) -> None:
        if len(name) > self.limits.identifier:
            self.fail(f"a name of {len(name)} characters, limit {self.limits.identifier}", column, "TC111")

    def number(self, text: str, column: int) -> Fraction:
        """Return the exact rational a decimal literal stands for, refusing large ones before conversion."""
        if len(text) <= self.limits.digits and text.isdigit():
            return Fraction(int(text))
        mantissa, _, exponent = text.lower().partition("e")
        whole, _, decimals = mantissa.partition(".")
        large = len(exponent) > 8 or len(whole) + len(decimals) + abs(int(exponent or "0")) > self.limits.digits
        if large:
            self.fail(
                f"the number {text[:20] + ('...' if len(text) > 20 else '')} has more than {self.limits.digits} digits", column, "TC112",
                hint="write powers as 10**n with a symbol, or scale the variables",
            )  # fmt: skip
        shift = int(exponent or "0") - len(decimals)
        value = int(whole + decimals or "0")
        return Fraction(value * 10**shift) if shift >= 0 else Fraction(value, 10**-shift)
