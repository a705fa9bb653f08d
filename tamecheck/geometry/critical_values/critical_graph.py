"""A formula as a list of scalar operations, with the operators a framework would see kept visible.

Every call of a named function (``relu``, ``hardtanh``, ``clamp``) is expanded by its definition into arithmetic, ``max``, ``abs`` and cases; a marker
remembers the call, because automatic differentiation has rules for the call and not for its expansion.

Operations: ``("number", q)``, ``("variable", k)``, ``("add"|"sub"|"mul"|"div"|"max"|"min", a, b)``, ``("neg"|"abs"|"sign"|"not", a)``,
``("power", a, n)``, ``("compare", relation, a, b)``, ``("and"|"or"|"xor", a, b)``, ``("where", c, a, b)``, ``("stop", a)``,
``("named", name, u, inner)`` and ``("function", name, a)`` for what is not algebraic.
"""

from collections.abc import Sequence
from fractions import Fraction

from tamecheck.errors import InputError
from tamecheck.ground.grammar import Expression
from tamecheck.programs.definitions.scalar import DEFINITIONS
from tamecheck.programs.program import Program

Operation = tuple
MAXIMAL_OPERATIONS = 20_000
MAXIMAL_POWER = 64
PLAIN = frozenset(["add", "sub", "mul", "div", "max", "min"])
SINGLE = frozenset(["neg", "abs", "sign"])
ALIASES = {"maximum": "max", "minimum": "min", "Max": "max", "Min": "min", "Abs": "abs", "absolute": "abs", "fabs": "abs"}


class Graph:
    """The operations of a formula, arguments before results; equal ones are one."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.operations: list[Operation] = []
        self.root = -1
        self._index: dict[Operation, int] = {}

    def __repr__(self) -> str:
        return f"Graph({', '.join(self.names)}: {len(self.operations)} operations)"

    def add(self, *operation: object) -> int:
        """Intern an operation."""
        found = self._index.get(operation)
        if found is None:
            if len(self.operations) >= MAXIMAL_OPERATIONS:
                raise InputError(f"more than {MAXIMAL_OPERATIONS} operations", code="TC151")
            found = self._index[operation] = len(self.operations)
            self.operations.append(operation)
        return found

    def number(self, n: int) -> Fraction | None:
        """Return the value of an operation that is a number."""
        op = self.operations[n]
        return op[1] if op[0] == "number" else None

    def functions(self) -> list[str]:
        """Return the names of the functions that are not algebraic."""
        return sorted({op[1] for op in self.operations if op[0] == "function"})


def graph(expression: Expression, names: Sequence[str]) -> Graph:
    """Return the operations of a formula in the given variables.

    Raises
    ------
    InputError
        TC102 a name that is not listed, TC150 a statement, a power with a variable exponent, an unknown function.
    """
    g = Graph(names)
    for n in expression.needed():
        if expression.nodes[n][0] in ("forall", "exists", "implies", "iff"):
            raise expression.error(n, "this is a statement, not a function of real variables", code="TC150", hint="tamecheck.decide")
    place: dict[int, int] = {}
    position = {name: k for k, name in enumerate(names)}
    for n in expression.needed():
        kind, payload, children = expression.nodes[n]
        arguments = [place[c] for c in children]
        if kind == "number":
            place[n] = g.add("number", payload)
        elif kind == "name":
            if payload not in position:
                raise expression.error(n, f"{payload!r} is not among the variables", code="TC102", hint="--vars with all names")
            place[n] = g.add("variable", position[payload])
        elif kind == "truth":
            place[n] = g.add("number", Fraction(int(bool(payload))))
        elif kind in ("add", "sub", "mul", "div", "neg"):
            place[n] = arithmetic(g, kind, *arguments)
        elif kind == "pow":
            if expression.nodes[children[0]] == ("constant", "e", ()):
                place[n] = g.add("function", "exp", arguments[1])
            else:
                place[n] = power(g, expression, n, arguments)
        elif kind == "constant":
            place[n] = g.add("function", "pi" if payload == "pi" else "exp", g.add("number", Fraction(int(payload != "pi"))))
        elif kind == "compare":
            place[n] = g.add("compare", payload, *arguments)
        elif kind in ("and", "or"):
            result = arguments[0]
            for a in arguments[1:]:
                result = g.add(kind, result, a)
            place[n] = result
        elif kind == "not":
            place[n] = g.add("not", *arguments)
        elif kind == "where":
            place[n] = g.add("where", *arguments)
        elif kind == "stop_gradient":
            place[n] = g.add("stop", *arguments)
        elif kind == "call":
            place[n] = _call(g, expression, n, payload, arguments)
        else:
            raise expression.error(n, "this is no function of real variables", code="TC150", hint="a formula such as (x*y-1)^2")
    g.root = place[expression.root]
    return g


def arithmetic(g: Graph, kind: str, *arguments: int) -> int:
    """Add an arithmetic operation; numbers are computed as long as they stay small."""
    numbers = [g.number(a) for a in arguments]
    if all([q is not None and q.numerator.bit_length() + q.denominator.bit_length() < 4_000 for q in numbers]):
        if kind == "neg":
            return g.add("number", -numbers[0])
        a, b = numbers
        if kind != "div" or b:
            value = a + b if kind == "add" else a - b if kind == "sub" else a * b if kind == "mul" else a / b
            return g.add("number", value)
    return g.add(kind, *arguments)


def power(g: Graph, expression: Expression, n: int, arguments: Sequence[int]) -> int:
    """Add a power with an exponent that is a number."""
    q = g.number(arguments[1])
    if q is None:
        return g.add("function", "pow", *arguments)
    if q.denominator == 1:
        if abs(q) > MAXIMAL_POWER:
            raise expression.error(n, f"the exponent {q} is larger than {MAXIMAL_POWER}", code="TC151")
        return _whole(g, arguments[0], int(q))
    return g.add("function", "root", arguments[0], q)


def _whole(g: Graph, a: int, e: int) -> int:
    if e < 0:
        return arithmetic(g, "div", g.add("number", Fraction(1)), _whole(g, a, -e))
    if e == 0:
        return g.add("number", Fraction(1))
    q = g.number(a)
    if q is not None and (q.numerator.bit_length() + q.denominator.bit_length()) * e < 4_000:
        return g.add("number", q**e)
    return a if e == 1 else g.add("power", a, e)


def _call(g: Graph, expression: Expression, n: int, name: str, arguments: list[int]) -> int:
    name = ALIASES.get(name, name)
    if name in ("max", "min") and len(arguments) > 1:
        result = arguments[0]
        for a in arguments[1:]:
            result = g.add(name, result, a)
        return result
    if name in SINGLE and len(arguments) == 1:
        return g.add(name, arguments[0])
    definition = DEFINITIONS.get(name)
    if definition is None:
        raise expression.error(n, f"{name!r} is not a function that is known here", code="TC150", hint="tamecheck catalogue")
    count = len(arguments)
    most = None if definition.most is None else definition.most + len(definition.parameters)
    if count < definition.arity or (most is not None and count > most):
        raise expression.error(n, f"{name} takes {definition.arity} arguments, not {count}", code="TC113")
    small = Program()
    nodes = []
    inputs: dict[int, int] = {}
    for k, a in enumerate(arguments):
        q = g.number(a)
        if q is None:
            node = small.input(f"x{k}", ())
            inputs[node] = a
        else:
            node = small.constant(q)
        nodes.append(node)
    inner = inline(g, small, definition.expand(small, *nodes), inputs)
    if len(inputs) == 1 and name not in ("exp", "log", "sqrt"):
        return g.add("named", name, next(iter(inputs.values())), inner)
    return inner


def inline(g: Graph, program: Program, root: int, inputs: dict[int, int]) -> int:
    """Add the operations of a program; its inputs are operations already there."""
    place = dict(inputs)
    for n in program.ancestors([root]):
        if n in place:
            continue
        kind, parameters, arguments, _ = program.nodes[n]
        a = [place[c] for c in arguments]
        if kind == "constant" and parameters[0] == "splat":
            place[n] = g.add("number", Fraction(parameters[1]))
        elif kind == "map":
            place[n] = _map(g, parameters[0], a)
        elif kind == "compare":
            place[n] = g.add("compare", parameters[0], *a)
        elif kind == "logic":
            place[n] = g.add(parameters[0], *a)
        elif kind == "where":
            place[n] = g.add("where", *a)
        else:
            raise InputError(f"the formula holds a {kind!r} operation", code="TC150", hint="scalar functions only")
    return place[root]


def _map(g: Graph, name: str, a: list[int]) -> int:
    if name in ("add", "sub", "mul", "div", "neg"):
        return arithmetic(g, name, *a)
    if name in PLAIN or name in SINGLE:
        return g.add(name, *a)
    if name == "pow":
        q = g.number(a[1])
        if q is not None and q.denominator == 1 and abs(q) <= MAXIMAL_POWER:
            return _whole(g, a[0], int(q))
        return g.add("function", "root", a[0], q) if q is not None else g.add("function", "pow", *a)
    if name == "sqrt":
        return g.add("function", "root", a[0], Fraction(1, 2))
    if name == "square":
        return _whole(g, a[0], 2)
    if name == "reciprocal":
        return arithmetic(g, "div", g.add("number", Fraction(1)), a[0])
    if not a:
        return g.add("function", name, g.add("number", Fraction(0)))
    return g.add("function", name, *a)
