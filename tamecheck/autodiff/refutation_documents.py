"""Refutations of rules as certificates: program, table of rules, curves and numbers, for a checker that knows nothing of this package.

A `Code` becomes a program of the certificate format: an operator of the framework (``relu``, ``stop_gradient``, a power with a rule) is a body that
is run once, so that a rule can be about it.  Rules become rows ``[operator, condition, how, formulas]``, formulas are programs.  The numbers are the
witness's own: exact ones as points, enclosures widened by a third of what keeps them apart, so that any sharp enclosure lies inside.
"""

from collections.abc import Sequence
from fractions import Fraction

from tamecheck.autodiff.code import Code
from tamecheck.autodiff.decision import Decision
from tamecheck.autodiff.rules import Rule, Rules
from tamecheck.autodiff.semantics import one_sided
from tamecheck.autodiff.verify import Outside, curve_of, trim
from tamecheck.autodiff.witnesses import Number, Witness
from tamecheck.errors import InputError
from tamecheck.kernel.certificate import document
from tamecheck.kernel.judgments import NOTHING, to_json
from tamecheck.programs.program import Program

BECAUSE = {"jump-curve": "jump", "blow-up": "growth", "open-cell-curve": "curve", "stratum-curve": "curve", "open-cell-loop": "loop",
           "stratum-hugging-loop": "loop"}  # fmt: skip
ROOM = Fraction(1, 2**40)
STEPS = ("floor", "ceil", "round", "sign")


class Unwritten(Exception):
    """A witness that the format of certificates has no words for."""


def refutation(decision: Decision, mode: str = "reverse") -> dict:
    """Return the certificate of a refuted rule as a JSON value.

    Raises
    ------
    Unwritten
        If the witness is no curve with numbers, or the program or a rule is not made of scalar operations.
    """
    w = decision.witness
    if w is None or w.kind not in BECAUSE:
        raise Unwritten("there is no witness" if w is None else "the witness is a direction at a point of a stratum without a rational curve")
    because = BECAUSE[w.kind]
    try:
        writer = Writer(decision.code, decision.rules, because in ("curve", "loop"))
        curves = _curves(w)
        numbers = _numbers(w, because)
    except (Outside, InputError) as reason:
        raise Unwritten(str(reason) or "a curve is not rational") from reason
    if mode == "forward" and any([row[2] == "backward" for row in writer.rows]):
        raise Unwritten("rules on what arrives have no meaning in forward mode")
    program = writer.program
    claim = {
        "about": "both", "conservative": {"because": because, "rules": writer.rows, "verdict": "not"}, "discontinuous": 0,
        "holds": to_json(NOTHING), "node": writer.node, "not": "", "program": program.digest(),
    }  # fmt: skip
    witness = {"curves": curves, "numbers": numbers} | ({"inside": 1} if w.segment is not None else {})
    return {**document(program, claim, [NOTHING], [], [], [], []), "witness": witness}


# ------------------------------------------------------------------------------ programs and rules


class Writer:
    """A code as a program of scalar nodes, with the rows of its rules."""

    def __init__(self, code: Code, rules: Rules, listed: bool) -> None:
        self.rules, self.listed = rules, listed
        self.program, self.rows, self.bodies = Program(), [], {}
        inputs = [self.program.input(name) for name in code.names]
        place = self.write(code, inputs)
        self.node = place[code.root]

    def write(self, code: Code, inputs: Sequence[int]) -> dict[int, int]:
        """Append the nodes of the main code; return where each is."""
        place: dict[int, int] = {}
        for n in code.needed():
            kind, payload, arguments = code.nodes[n]
            a = [place[c] for c in arguments]
            if kind == "stop":
                place[n] = self.call(("stop",), identity(), a)
            elif kind == "call":
                place[n] = self.call((payload.name, payload.parameters), payload.body, a)
                self.list_rules(self.bodies[payload.name, payload.parameters][0], payload.name, len(a), payload.parameters, payload)
            elif kind == "power" and self.listed and self.rules.of("pow", 1, (("exponent", payload),)):
                place[n] = self.call(("pow", payload), powered(payload), a)
                self.list_rules(self.bodies["pow", payload][0], "pow", 1, (("exponent", payload),), None)
            else:
                place[n] = node(self.program, code, n, inputs, a)
                if kind == "primitive":
                    self.list_rules(payload, payload, len(a), (), None)
        return place

    def call(self, key: tuple, body: Code, arguments: Sequence[int]) -> int:
        """Append one round of a body."""
        if key not in self.bodies:
            made, output = program_of(body)
            self.bodies[key] = self.program.body(made), output
            if key == ("stop",) and self.listed:
                self.rows.append([self.bodies[key][0], None, "value", [_number(Fraction(0))]])
        number, output = self.bodies[key]
        return self.program.repeat(number, [output], 1, arguments, 1, 0)

    def list_rules(self, operator: int | str, name: str, arity: int, parameters: tuple, call) -> None:
        """Append the rows of an operator, once."""
        if not self.listed or any([row[0] == operator for row in self.rows]):
            return
        found = self.rules.of(name, arity, parameters)
        for rule in found or ():
            self.rows.append(_row(operator, rule, arity, call))
        if found is not None and name in STEPS:
            # where no row holds, the derivative: 0, also at the steps
            self.rows.append([operator, None, "value", [_number(Fraction(0))]])


def identity() -> Code:
    """The value itself."""
    code = Code(["x0"])
    code.root = code.add("variable", 0)
    return code


def powered(q: Fraction) -> Code:
    """x0^q."""
    code = Code(["x0"])
    code.root = code.add("power", q, (code.add("variable", 0),))
    return code


def node(program: Program, code: Code, n: int, inputs: Sequence[int], a: Sequence[int]) -> int:
    """Append one node that is no operator of a framework with a body."""
    kind, payload, _ = code.nodes[n]
    if kind == "number":
        return program.constant(payload)
    if kind == "variable":
        return inputs[payload]
    if kind == "constant":
        return program.map("pi") if payload == "pi" else program.map("exp", program.constant(1))
    if kind == "primitive":
        return program.map(payload, *a)
    if kind == "power":
        return program.map("pow", a[0], program.constant(payload))
    if kind == "compare":
        return program.compare(payload, *a)
    if kind == "logic":
        return program.logic(payload, *a)
    if kind == "where":
        return program.where(*a)
    if kind == "stop":
        return a[0]
    raise Unwritten(f"a {kind} inside a definition")


def program_of(code: Code) -> tuple[Program, int]:
    """Return a code as a program of its own and its result; operators inside are written out."""
    program = Program()
    return program, inline(program, code, [program.input(f"x{k}") for k in range(len(code.names))])


def inline(program: Program, code: Code, inputs: Sequence[int]) -> int:
    """Append a code and the definitions of its operators; return the result."""
    place: dict[int, int] = {}
    for n in code.needed():
        kind, payload, arguments = code.nodes[n]
        a = [place[c] for c in arguments]
        place[n] = inline(program, payload.body, a) if kind == "call" else node(program, code, n, inputs, a)
    return place[code.root]


def _formula(code: Code, arity: int) -> dict:
    """Return a formula of a rule as a program with all arguments of the operator as inputs."""
    program = Program()
    inputs = [program.input(f"x{k}") for k in range(arity)]
    root = inline(program, code, inputs)
    if root != len(program) - 1:
        root = program.map("add", root, program.constant(0))
    if root != len(program) - 1:
        raise Unwritten("a formula whose result is not its last operation")
    return program.to_json()


def _number(q: Fraction) -> dict:
    program = Program()
    program.input("x0")
    program.constant(q)
    return program.to_json()


def _row(operator: int | str, rule: Rule, arity: int, call) -> list:
    condition = None if rule.where is None else _formula(rule.where, arity)
    if rule.backward:
        return [operator, condition, "backward", [_formula(c, arity + 1) for c in rule.backward]]
    if rule.side is not None:
        q = one_sided(call, rule) if call is not None else None
        return [operator, condition, "value", [None if q is None else _number(q)]]
    return [operator, condition, "value", [None if c == "undefined" else _formula(c, arity) for c in rule.value]]


# ------------------------------------------------------------------------------ curves and numbers


def _curves(w: Witness) -> list:
    if w.legs:
        return [[[[str(c) for c in p] for p in component] for component in curve_of(leg)] for leg in w.legs]
    if w.segment is not None:
        return [[[[str(c) for c in trim([p, q - p])], ["1"]] for p, q in zip(*w.segment, strict=True)]]
    try:
        direction = w.more.get("direction") or [1 if w.more["side"] == "right" else -1]
        start, direction = ([Fraction(x) for x in point] for point in (w.more["at"], direction))
    except (KeyError, ValueError) as failure:
        raise Unwritten("the witness starts at a point that is not rational") from failure
    return [[[[str(c) for c in trim([p, v])], ["1"]] for p, v in zip(start, direction, strict=True)]]


def _numbers(w: Witness, because: str) -> list[str]:
    exact = w.verified is True  # by the other road: the program is rational along the curve
    if because == "jump" and not w.numbers:
        raise Unwritten("the witness has no numbers that a checker can compute")
    if because == "growth":
        return [str(n.rational) for n in w.numbers]
    if because == "jump":
        value, limit = w.numbers
        return [_text(_bounds(value), Fraction(0) if exact else ROOM), "unbounded"] if limit is None else _apart(value, limit, exact)
    if because == "curve":
        return _apart(w.delta_f, w.integral, exact)
    total = _bounds(w.circulation)
    room = min(abs(total[0]), abs(total[1])) / (3 * len(w.legs))
    return [_text(_bounds(leg.integral), Fraction(0) if exact and leg.integral.rational is not None else room) for leg in w.legs]


def _apart(a: Number, b: Number, exact: bool) -> list[str]:
    """Return two intervals, disjoint if the numbers are apart; numbers that a checker can only enclose get room."""
    x, y = _bounds(a), _bounds(b)
    room = max(x[0] - y[1], y[0] - x[1], Fraction(0)) / 3
    return [_text(i, Fraction(0) if exact and n.rational is not None else room) for n, i in ((a, x), (b, y))]


def _bounds(n: Number) -> tuple[Fraction, Fraction]:
    if n.rational is not None:
        return n.rational, n.rational
    if n.ball is None or not n.ball.is_finite():
        raise Unwritten("a number without an enclosure")
    return _dyadic(n.ball.lower()), _dyadic(n.ball.upper())


def _dyadic(end) -> Fraction:
    mantissa, exponent = (int(part) for part in end.man_exp())
    return Fraction(mantissa) * Fraction(2) ** exponent


def _text(bounds: tuple[Fraction, Fraction], room: Fraction) -> str:
    """Return an interval as text, widened by room and rounded outwards to few bits."""
    low, high = bounds[0] - room, bounds[1] + room
    if room:
        grid = 2 ** max(0, 4 - (room.numerator.bit_length() - room.denominator.bit_length()))
        low, high = Fraction((low * grid).__floor__(), grid), Fraction((high * grid).__ceil__(), grid)
    return f"[{low},{high}]"

