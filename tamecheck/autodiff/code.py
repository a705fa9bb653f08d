"""Programs as lists of scalar operations in which the operators that a framework sees stay visible.

Differentiation of a program depends on its operators, not on its function: ``relu(x) - relu(-x)`` is not ``x``.  So nothing is simplified; equal
nodes are one node, as in a program that computes a value once and uses it twice.  A node is ``(kind, payload, arguments)``:

=========== ==================== ==========================================================================
kind        payload              arguments
=========== ==================== ==========================================================================
number      `Fraction`           none
variable    position             none
constant    ``pi`` or ``e``      none
primitive   name                 ``add sub mul div neg abs sign max min floor ceil round exp log sqrt sin ...``
power       `Fraction`           one; a constant exponent
compare     lt, le, eq, ne       two
logic       and, or, not, xor    one or two
where       ``None``             condition, value, value
stop        ``None``             one: the value, without a derivative
call        `Call`               the arguments of a named operator (``hardswish``), whose definition is a `Code` of its own
=========== ==================== ==========================================================================
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache

from tamecheck.errors import InputError
from tamecheck.ground.grammar import Expression
from tamecheck.programs.definitions.scalar import DEFINITIONS
from tamecheck.programs.program import BINARY, UNARY, Program

Node = tuple[str, object, tuple[int, ...]]
MAXIMAL_NODES = 20_000
MAXIMAL_POWER = 64
STEPS = frozenset(["floor", "ceil", "round", "sign"])
ALIASES = {
    "Abs": "abs",
    "fabs": "abs",
    "absolute": "abs",
    "ceiling": "ceil",
    "rint": "round",
    "maximum": "max",
    "Max": "max",
    "minimum": "min",
    "Min": "min",
    "ln": "log",
    "Pow": "pow",
    "power": "pow",
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "ReLU": "relu",
    "ReLU6": "relu6",
    "leakyrelu": "leaky_relu",
    "LeakyReLU": "leaky_relu",
    "PReLU": "prelu",
    "clip": "clamp",
    "hard_tanh": "hardtanh",
    "Hardtanh": "hardtanh",
    "hard_sigmoid": "hardsigmoid",
    "Hardsigmoid": "hardsigmoid",
    "soft_shrink": "softshrink",
    "Softshrink": "softshrink",
    "hard_shrink": "hardshrink",
    "Hardshrink": "hardshrink",
    "Threshold": "threshold",
    "soft_sign": "softsign",
    "Softsign": "softsign",
    "hard_swish": "hardswish",
    "hard_silu": "hardswish",
    "Hardswish": "hardswish",
    "log_sigmoid": "logsigmoid",
    "LogSigmoid": "logsigmoid",
    "Softplus": "softplus",
    "ELU": "elu",
    "CELU": "celu",
    "SELU": "selu",
    "fix": "trunc",
    "Mod": "mod",
    "remainder": "mod",
    "Heaviside": "heaviside",
    "arccosh": "acosh",
    "arctanh": "atanh",
    "arctan2": "atan2",
}
"""Other names of one operator."""


@dataclass(frozen=True)
class Call:
    """A named operator: its name, its parameters, and its definition in the variables ``x0, x1, ...``."""

    name: str
    parameters: tuple[tuple[str, Fraction], ...]
    body: "Code" = field(compare=False, repr=False)


class Code:
    """A list of nodes, arguments before results, and the ``root``."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.nodes: list[Node] = []
        self.root = -1
        self._index: dict[Node, int] = {}

    def __repr__(self) -> str:
        return f"Code({', '.join(self.names)}: {len(self.nodes)} operations)"

    def add(self, kind: str, payload: object = None, arguments: Sequence[int] = ()) -> int:
        """Intern a node."""
        node = (kind, payload, tuple(arguments))
        found = self._index.get(node)
        if found is None:
            if len(self.nodes) >= MAXIMAL_NODES:
                raise InputError(f"more than {MAXIMAL_NODES} operations", code="TC191", hint="the exact decision is for small programs")
            found = self._index[node] = len(self.nodes)
            self.nodes.append(node)
        return found

    def number(self, n: int) -> Fraction | None:
        """Return the number that a node is, or ``None``."""
        kind, payload, _ = self.nodes[n]
        return payload if kind == "number" else None

    def needed(self) -> list[int]:
        """Return, in order, the nodes that the root depends on."""
        wanted = bytearray(len(self.nodes))
        wanted[self.root] = 1
        for n in range(self.root, -1, -1):
            if wanted[n]:
                for a in self.nodes[n][2]:
                    wanted[a] = 1
        return [n for n, flag in enumerate(wanted) if flag]

    def operators(self) -> list[str]:
        """Return the operators in the order of their first use."""
        found: dict[str, None] = {}
        for n in self.needed():
            kind, payload, _ = self.nodes[n]
            if kind == "primitive":
                found[payload] = None
            elif kind == "call":
                found[payload.name] = None
            elif kind in ("where", "stop", "power"):
                found[{"stop": "stop_gradient", "power": "pow"}.get(kind, kind)] = None
        return list(found)


def read(expression: Expression, names: Sequence[str], constants: Mapping[str, Fraction] | None = None) -> Code:
    """Return a formula as code.

    Raises
    ------
    InputError
        TC102 a name that is not listed, TC150 a statement or an unknown function.
    """
    code = Code(names)
    place: dict[int, int] = {}
    position = {name: k for k, name in enumerate(names)}
    known = dict(constants or {})
    for n in expression.needed():
        kind, payload, children = expression.nodes[n]
        a = [place[c] for c in children]
        if kind == "name":
            if payload in known:
                place[n] = code.add("number", known[payload])
            elif payload in position:
                place[n] = code.add("variable", position[payload])
            else:
                raise expression.error(n, f"{payload!r} is not among the variables", code="TC102", hint=f"known are {', '.join([*names, *known])}")
        elif kind == "number":
            place[n] = code.add("number", payload)
        elif kind == "truth":
            place[n] = code.add("number", Fraction(int(bool(payload))))
        elif kind == "constant":
            place[n] = code.add("constant", payload)
        elif kind in ("forall", "exists", "implies", "iff", "pair"):
            raise expression.error(n, "this is a statement, no function of real variables", code="TC150", hint="a formula such as max(x, 0)")
        elif kind in ("and", "or"):
            result = a[0]
            for b in a[1:]:
                result = code.add("logic", kind, (result, b))
            place[n] = result
        elif kind == "not":
            place[n] = code.add("logic", "not", a)
        elif kind == "compare":
            place[n] = code.add("compare", payload, a)
        elif kind == "where":
            place[n] = code.add("where", None, a)
        elif kind == "stop_gradient":
            place[n] = code.add("stop", None, a)
        elif kind in ("mod", "floordiv"):
            place[n] = _call(code, expression, n, {"mod": "mod", "floordiv": "floor_divide"}[kind], a)
        elif kind == "call":
            place[n] = _call(code, expression, n, payload, a)
        else:
            place[n] = arithmetic(code, kind, a)
    code.root = place[expression.root]
    return code


def arithmetic(code: Code, kind: str, a: Sequence[int]) -> int:
    """Add an arithmetic operation; only operations on numbers are carried out (a program's constants are computed once)."""
    numbers = [code.number(b) for b in a]
    if kind == "pow":
        return _power(code, a, numbers)
    if all([q is not None and q.numerator.bit_length() + q.denominator.bit_length() < 4_000 for q in numbers]):
        if kind == "neg":
            return code.add("number", -numbers[0])
        x, y = numbers
        if kind != "div" or y:
            return code.add("number", x + y if kind == "add" else x - y if kind == "sub" else x * y if kind == "mul" else x / y)
    return code.add("primitive", kind, a)


def _power(code: Code, a: Sequence[int], numbers: list) -> int:
    base, q = numbers
    if code.nodes[a[0]][:2] == ("constant", "e"):
        return code.add("primitive", "exp", a[1:])
    if q is None:
        return code.add("primitive", "pow", a)
    if abs(q) > MAXIMAL_POWER or q.denominator > MAXIMAL_POWER:
        raise InputError(f"the exponent {q} is larger than {MAXIMAL_POWER}", code="TC151", hint="a smaller power")
    small = (
        base is not None and q.denominator == 1 and (base or q > 0) and (base.numerator.bit_length() + base.denominator.bit_length()) * abs(q) < 4_000
    )
    return code.add("number", base ** int(q)) if small else code.add("power", q, a[:1])


VISIBLE = (UNARY | BINARY) - {"pow"}


def _call(code: Code, expression: Expression, n: int, name: str, a: list[int]) -> int:
    name = ALIASES.get(name, name)
    if name in ("max", "min"):
        if len(a) < 2:
            return a[0]
        result = a[0]
        for b in a[1:]:
            result = code.add("primitive", name, (result, b))
        return result
    if name in VISIBLE:
        if len(a) != (1 if name in UNARY else 2):
            raise expression.error(n, f"{name} takes one argument, not {len(a)}", code="TC113")
        return code.add("primitive", name, a)
    if name == "pow":
        return arithmetic(code, "pow", a)
    definition = DEFINITIONS.get(name)
    if definition is None:
        raise expression.error(n, f"{name!r} is not a function that is known here", code="TC150", hint="tamecheck catalogue lists the functions")
    most = None if definition.most is None else definition.most + len(definition.parameters)
    if len(a) < definition.arity or (most is not None and len(a) > most):
        raise expression.error(n, f"{name} takes {definition.arity} arguments, not {len(a)}", code="TC113")
    count = len(a) if definition.most is None else min(len(a), definition.most)
    extra = [code.number(b) for b in a[count:]]
    if any([q is None for q in extra]):
        raise expression.error(n, f"a parameter of {name} is not a number", code="TC150", hint="spell the operator out")
    call = define(name, count, tuple(zip(definition.parameters, extra, strict=False)))
    return code.add("call", call, a[:count])


@cache
def define(name: str, arity: int, parameters: tuple[tuple[str, Fraction], ...]) -> Call:
    """Return a named operator with its definition written out; parameters that are not given have their usual values."""
    definition = DEFINITIONS[name]
    program = Program()
    inputs = [program.input(f"x{k}", ()) for k in range(arity)]
    root = definition.expand(program, *inputs, *[program.constant(q) for _, q in parameters])
    code = Code([f"x{k}" for k in range(arity)])
    code.root = inline(code, program, root, {n: code.add("variable", k) for k, n in enumerate(inputs)})
    given = dict(parameters)
    from inspect import signature

    for parameter in definition.parameters:
        usual = signature(definition.function).parameters[parameter].default
        if parameter not in given and isinstance(usual, int | Fraction):
            given[parameter] = Fraction(usual)
    return Call(name, tuple(given.items()), code)


def inline(code: Code, program: Program, root: int, inputs: Mapping[int, int]) -> int:
    """Add the scalar operations of a program; its inputs are nodes already there."""
    place = dict(inputs)
    for n in program.ancestors([root]):
        if n in place:
            continue
        kind, parameters, arguments, _ = program.nodes[n]
        a = [place[c] for c in arguments]
        if kind == "constant" and parameters[0] == "splat":
            place[n] = code.add("number", Fraction(parameters[1]))
        elif kind == "map" and parameters[0] == "pi":
            place[n] = code.add("constant", "pi")
        elif kind == "map":
            place[n] = (
                arithmetic(code, parameters[0], a)
                if parameters[0] in ("add", "sub", "mul", "div", "neg", "pow")
                else code.add("primitive", parameters[0], a)
            )
        elif kind == "compare":
            place[n] = code.add("compare", parameters[0], a)
        elif kind == "logic":
            place[n] = code.add("logic", parameters[0], a)
        elif kind == "where":
            place[n] = code.add("where", None, a)
        else:
            raise InputError(f"the program holds a {kind!r} operation", code="TC191", hint="the exact decision is for scalar programs")
    return place[root]
