"""Formulas in: text of the language of `tamecheck.ground.grammar` to a program.

The text becomes a program node by node and nothing is simplified, with one exception: arithmetic
of rational constants is carried out (``x**(1/2)`` has the exponent 1/2), and ``e**y`` is ``exp(y)``.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from tamecheck.errors import InputError
from tamecheck.ground.grammar import LIMITS, Expression, Limits, parse
from tamecheck.ground.intervals import LINE, Interval, from_text, interval
from tamecheck.programs.definitions.scalar import DEFINITIONS
from tamecheck.programs.program import Program

SIGNATURES: dict[str, tuple[int, int | None]] = {
    name: (d.arity, None if d.most is None else d.most + len(d.parameters)) for name, d in DEFINITIONS.items()
}
"""Least and largest number of arguments of every function of the language; parameters may follow."""

FOLDED_BITS = 2_000
"""Rational arithmetic is carried out as long as results stay below this many bits."""

Box = Interval | str | tuple[object, object]


@dataclass(frozen=True)
class ImportedFormula:
    """A formula as a program.

    Attributes
    ----------
    program : Program
    outputs : dict — ``{"f": node}``
    variables : tuple of str — the inputs, in order
    expression : Expression — the syntax tree, if the formula was a text; ``stop_gradient`` is visible only here
    marked : tuple of int — program nodes that stand under a ``stop_gradient`` (their value is unchanged)
    origin : dict — the column of the text for program nodes that have one
    notes : tuple of str — how numbers and assumptions were read
    """

    program: Program
    outputs: dict[str, int]
    variables: tuple[str, ...]
    expression: Expression | None = None
    marked: tuple[int, ...] = ()
    origin: dict[int, int] = field(default_factory=dict, repr=False)
    notes: tuple[str, ...] = ()


def load(
    text: str,
    variables: Collection[str] | None = None,
    boxes: Mapping[str, Box] | None = None,
    parameters: Collection[str] | None = None,
    *,
    constants: Mapping[str, Fraction | int] | None = None,
    limits: Limits = LIMITS,
) -> ImportedFormula:
    """Return a formula as a program with the one output ``f``.

    Parameters
    ----------
    text : str
    variables : names in the order wanted, also those that do not occur; ``None``: the free names,
        in the order of first appearance
    boxes : for each name an interval, its text ``"[0,1]"`` or a pair of ends (``None`` is infinite); the line otherwise
    parameters : names whose role is ``parameter``; all others are ``data``
    constants : names that stand for exact numbers
    limits : Limits

    Raises
    ------
    FormulaError
        The text is refused; see `tamecheck.ground.grammar`.
    InputError
        A box or a parameter names no variable (TC102), or a box is empty (TC121).
    """
    fixed = dict(constants or {})
    allowed = None if variables is None else [*variables, *fixed]
    expression = parse(text, functions=SIGNATURES, names=allowed, limits=limits)
    names = tuple(variables) if variables is not None else tuple([n for n in expression.names() if n not in fixed])
    for what, given in (("box", boxes or {}), ("parameter", parameters or ())):
        for name in given:
            if name not in names:
                listed = ", ".join(names) or "none"
                raise InputError(f"{what} {name!r} is no variable of the formula", code="TC102", hint=f"the variables are {listed}")
    program = Program()
    known: dict[str, int] = {}
    for name in names:
        role = "parameter" if name in (parameters or ()) else "data"
        known[name] = program.input(name, (), role, as_interval((boxes or {}).get(name, LINE)))
    return _lower(expression, program, known, names, fixed)


def as_interval(box: Box) -> Interval:
    """Return an interval from one of the three ways to write it."""
    if isinstance(box, str):
        return from_text(box.replace(" ", ""))
    if len(box) == 4:
        return box  # type: ignore[return-value]
    low, high = box
    return interval(_end(low), _end(high))


def _end(value: object) -> Fraction | None:
    if value is None:
        return None
    if isinstance(value, float):
        if value in (float("inf"), float("-inf")):
            return None
        if value != value:
            raise InputError("an end of a box is not a number", code="TC121")
    return Fraction(value)  # a float end is the dyadic number it is


@dataclass
class _State:
    """What is known of the syntax nodes lowered so far: their program node, and their value if it is a rational constant."""

    program: Program
    place: dict[int, int] = field(default_factory=dict)
    value: dict[int, Fraction] = field(default_factory=dict)

    def node(self, n: int) -> int:
        """Return the program node of a syntax node; constants are added when they are first used."""
        if n not in self.place:
            self.place[n] = self.program.constant(self.value[n])
        return self.place[n]


def _lower(
    expression: Expression, program: Program, known: dict[str, int], names: tuple[str, ...], fixed: Mapping[str, Fraction | int]
) -> ImportedFormula:
    state = _State(program)
    marked: dict[int, None] = {}
    origin: dict[int, int] = {}
    order = expression.needed()
    for n in order:
        if expression.nodes[n][0] in ("forall", "exists"):
            quantifier = expression.nodes[n][0]
            raise expression.error(n, f"{quantifier} makes a statement, not a function", hint="statements are for decide and cells")
    for n in order:
        kind, payload, children = expression.nodes[n]
        number = Fraction(fixed[payload]) if kind == "name" and payload in fixed else _fold(kind, payload, children, state.value)
        if number is not None:
            state.value[n] = number
            continue
        state.place[n] = known[payload] if kind == "name" else _node(expression, n, state)
        if kind == "stop_gradient":
            marked[state.place[n]] = None
        origin.setdefault(state.place[n], expression.columns[n])
    root = state.node(expression.root)
    return ImportedFormula(program, {"f": root}, names, expression, tuple(marked), origin)


def _fold(kind: str, payload: object, children: tuple[int, ...], value: dict[int, Fraction]) -> Fraction | None:
    """Return the exact value of an arithmetic node of rational constants, if it is small."""
    if kind == "number":
        return payload  # type: ignore[return-value]
    if kind == "truth":
        return Fraction(int(bool(payload)))
    if kind not in ("neg", "add", "sub", "mul", "div", "pow") or not all(c in value for c in children):
        return None
    numbers = [value[c] for c in children]
    if any(_bits(q) > FOLDED_BITS for q in numbers):
        return None
    if kind == "neg":
        return -numbers[0]
    a, b = numbers
    if kind == "pow":
        small = b.denominator == 1 and abs(b.numerator) * _bits(a) <= FOLDED_BITS and a != 0
        return a**b.numerator if small else None
    if kind == "div":
        return a / b if b else None
    return a + b if kind == "add" else a - b if kind == "sub" else a * b


def _bits(q: Fraction) -> int:
    return q.numerator.bit_length() + q.denominator.bit_length()


_DEFINED = {"mod": "mod", "floordiv": "floor_divide"}


def _node(expression: Expression, n: int, state: _State) -> int:
    """Translate one syntax node whose children are translated."""
    p = state.program
    kind, payload, children = expression.nodes[n]
    arguments = [state.node(c) for c in children]
    if kind in ("add", "sub", "mul", "div", "neg"):
        return p.map(kind, *arguments)
    if kind == "pow":
        natural = expression.nodes[children[0]] == ("constant", "e", ())
        return p.map("exp", arguments[1]) if natural else p.map("pow", *arguments)
    if kind == "constant":
        return p.map("pi") if payload == "pi" else p.map("exp", p.constant(1))
    if kind == "call":
        return DEFINITIONS[payload].expand(p, *arguments)
    if kind in _DEFINED:
        return DEFINITIONS[_DEFINED[kind]].expand(p, *arguments)
    if kind == "where":
        return p.where(*arguments)
    if kind == "stop_gradient":
        return arguments[0]
    if kind == "compare":
        return p.compare(payload, *arguments)
    return _connective(p, kind, arguments)


def _connective(p: Program, kind: str, arguments: list[int]) -> int:
    if kind == "implies":
        return p.logic("or", p.logic("not", arguments[0]), arguments[1])
    if kind == "iff":
        return p.logic("not", p.logic("xor", *arguments))
    if kind == "not":
        return p.logic("not", *arguments)
    result = arguments[0]
    for a in arguments[1:]:
        result = p.logic(kind, result, a)
    return result
