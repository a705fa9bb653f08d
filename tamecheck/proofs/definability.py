"""The positive search: one pass over the program, an ordinary step per node, refinements where a pattern asks."""

import gc
from dataclasses import dataclass, field

from tamecheck.errors import InputError
from tamecheck.ground.intervals import LINE, contains, from_text, to_text
from tamecheck.kernel import refinements, rules
from tamecheck.kernel.derivation import Derivation, Facts, input_box
from tamecheck.kernel.judgments import ANALYTIC, R_LIN, ROUGH, Record, settle
from tamecheck.programs.program import Program

REFINABLE = frozenset(["div", "log", "sqrt", "max", "min"])
ROLES = {"parameters": ("parameter",), "inputs": ("data",), "both": ("parameter", "data")}


@dataclass
class Proof:
    """What the search found about one node: the material of a certificate."""

    program: Program
    node: int
    about: str
    derivation: Derivation
    instances: list[object] = field(default_factory=list)
    refutations: list[tuple[int, int]] = field(default_factory=list)
    jumps: list[list[tuple[int, int]]] = field(default_factory=list)
    excluded: int = 0

    @property
    def record(self) -> Record:
        """The strongest record of the claimed node."""
        return self.derivation.record(self.node)


def varying_roles(about: str) -> tuple[str, ...]:
    """Return the roles of the inputs that vary in a claim ``about`` parameters, inputs or both."""
    if about not in ROLES:
        raise InputError(f"a claim is about parameters, inputs or both, not {about!r}", code="TC122")
    return ROLES[about]


def prove(program: Program, node: int, about: str = "both") -> Proof:
    """Return the strongest positive record of ``node`` that the rules reach, with its derivation.

    Cost: linear in the number of nodes; equal situations are computed once.
    """
    roles = varying_roles(about)
    small, (target,) = program.restrict([node])
    proof = Proof(small, target, about, Derivation(small, Facts()))
    collecting = gc.isenabled()
    gc.disable()  # a derivation forms no cycles, and looking for them takes half the time on large programs
    try:
        walk(proof, proof.derivation, roles)
    finally:
        if collecting:
            gc.enable()
    return proof


def walk(proof: Proof, d: Derivation, roles: tuple[str, ...]) -> None:
    """Append the steps of every node, in order."""
    from tamecheck.proofs import cases

    records, steps, ordinary = d.facts.records, d.steps, d.ordinary
    for n, node in enumerate(d.program.nodes):
        kind = node[0]
        if kind == "map":
            ordinary(n)
            p = node[1][0]
            if p in REFINABLE:
                refinements.refine(d, n)
                if p == "div" and _loose_quotient(d, n):
                    cases.by_cases(proof, d, n)
            elif (p == "pow" or p == "mul") and _kinked_power(d, n):
                cases.by_cases(proof, d, n)
        elif kind == "input":
            d.conclude("input", n, (), (), rules.input_record(input_box(node), node[1][1] in roles))
        elif kind == "where":
            step = ordinary(n)
            record = records[steps[step][4]]
            if record[0] and record[6] == ROUGH:
                cases.by_cases(proof, d, n)
        elif kind == "repeat" or kind == "implicit":
            by_body(proof, d, n)
        else:
            ordinary(n)
    last = d.record(proof.node)
    if last[0] and (last[6] < ANALYTIC or not last[4]) and d.program.nodes[proof.node][0] == "map":
        cases.by_cases(proof, d, proof.node)


def _loose_quotient(d: Derivation, n: int) -> bool:
    """Tell whether a quotient with a varying denominator has an unbounded range, so that cases may help."""
    record = d.record(n)
    return bool(record[0] and (record[3][0] is None or record[3][1] is None) and d.record(d.program.nodes[n][2][1])[0])


def _kinked_power(d: Derivation, n: int) -> bool:
    """Tell whether the node is a square or power of a kink, which is smoother than its argument."""
    a, b = d.program.nodes[n][2]
    if d.record(n)[6] != 0 or not d.record(n)[0]:
        return False
    kind, parameters, _, _ = d.program.nodes[a]
    kinked = kind == "where" or (kind == "map" and parameters[0] in ("max", "min", "abs"))
    return kinked and (a == b or d.program.nodes[n][1][0] == "pow")


# --------------------------------------------------------------------- bodies


class Body(Derivation):
    """A derivation over a sub-program, whose inputs carry the records it is given."""

    __slots__ = ("number", "inputs")

    def __init__(self, program: Program, facts: Facts, number: int, inputs: list[Record]) -> None:
        super().__init__(program, facts)
        self.number, self.inputs = number, inputs

    def to_json(self) -> dict:
        """Return the instance as it stands in the certificate."""
        indices = [self.facts.intern(record) for record in self.inputs]
        return {"body": self.number, "inputs": indices, "kind": "body", "steps": self.steps}


def body_input(varies: int, box: tuple) -> Record:
    """Return the record of a body's input: any number of an interval."""
    return settle((varies, R_LIN, R_LIN, box, 1, 1, ANALYTIC, 1, None))


def by_body(proof: Proof, d: Derivation, n: int) -> None:
    """Append the step of a ``repeat`` or ``implicit`` node, after a derivation over its body."""
    kind, parameters, arguments, _ = d.program.nodes[n]
    if kind == "repeat":
        _by_repetition(proof, d, n, parameters, arguments)
    else:
        _by_choice(proof, d, n, parameters, arguments)


def _run_body(proof: Proof, number: int, inputs: list[Record]) -> Body | None:
    """Derive the body, or return ``None`` when it holds nodes that are not allowed inside."""
    program = proof.program.bodies[number]
    body = Body(program, proof.derivation.facts, number, inputs)
    slots = iter(inputs)
    for n, node in enumerate(program.nodes):
        if node[0] == "input":
            body.conclude("input", n, (), (), next(slots))
        elif node[0] in ("repeat", "implicit"):
            return None
        else:
            body.ordinary(n)
            if node[0] == "map" and node[1][0] in REFINABLE:
                refinements.refine(body, n)
    return body


def _by_repetition(proof: Proof, d: Derivation, n: int, parameters: tuple, arguments: tuple[int, ...]) -> None:
    number, count, carries, which, outputs = parameters
    given = [d.record(a) for a in arguments]
    program = proof.program.bodies[number]
    boxes = [from_text(program.nodes[i][1][2]) for i in program.inputs()]
    for tight in (True, False):
        inputs = [
            body_input(1 if k < carries else f[0], (f[3] if k >= carries or tight else LINE)) for k, f in enumerate(given)
        ]
        body = _run_body(proof, number, inputs)
        if body is None:
            break
        ends = [body.record(o) for o in outputs]
        invariant = all(contains(inputs[k][3], f[3]) and f[4] for k, f in enumerate(ends))
        if invariant or not tight:
            inside = all(contains(box, f[3]) for box, f in zip(boxes, inputs, strict=True))
            if not inside:
                break
            proof.instances.append(body)
            record = repeat_record(given, inputs, ends, which, count, carries)
            step_list = tuple([body.latest[o] for o in outputs])
            d.conclude("repeat", n, tuple([d.latest[a] for a in arguments]), (len(proof.instances) - 1, step_list), record)
            return
    _nothing(d, n, arguments)


def _nothing(d: Derivation, n: int, arguments: tuple[int, ...]) -> None:
    """Append the weakest step: the body could not be derived."""
    from tamecheck.kernel.judgments import NOTHING

    d.conclude("nothing", n, (), (), NOTHING)


def repeat_record(given: list[Record], inputs: list[Record], ends: list[Record], which: int, count: int, carries: int) -> Record:
    """Return the record of carry ``which`` after ``count`` rounds (specification, section 6)."""
    varies, homes, local, smooth, loclip, total = 0, R_LIN, R_LIN, ANALYTIC, 1, 1
    for f in given:
        varies, total = varies | f[0], total & f[4]
        homes, local = homes & f[1], local & f[2]
        smooth, loclip = min(smooth, f[6]), loclip & f[7]
    for k, f in enumerate(ends):
        homes, local = homes & f[1], local & f[1]
        smooth, loclip = min(smooth, f[6]), loclip & f[7]
        total &= f[4] & int(contains(inputs[k][3], f[3]))
    total &= int(all(contains(i[3], f[3]) for i, f in zip(inputs, given, strict=True)))
    spread = given[which][3] if count == 0 else ends[which][3]
    return settle((varies, homes, local, spread, total, 0, smooth, loclip, None))


def _by_choice(proof: Proof, d: Derivation, n: int, parameters: tuple, arguments: tuple[int, ...]) -> None:
    mode, number, bound, output = parameters
    program = proof.program.bodies[number]
    given = [d.record(a) for a in arguments]
    boxes = [from_text(program.nodes[i][1][2]) for i in program.inputs()]
    inputs = [body_input(1, box) for box in boxes[:bound]] + [body_input(1, f[3]) for f in given]
    fits = all(contains(box, f[3]) for box, f in zip(boxes[bound:], given, strict=True))
    body = _run_body(proof, number, inputs) if fits else None
    if body is None:
        _nothing(d, n, arguments)
        return
    proof.instances.append(body)
    end = body.record(output)
    varies, homes = 0, end[1]
    for f in given:
        varies, homes = varies | f[0], homes & f[1]
    spread = end[3] if mode in ("min", "max") else LINE
    record = settle((varies, homes, 0, spread, 0, 0, ROUGH, 0, None))
    d.conclude("implicit", n, tuple([d.latest[a] for a in arguments]), (len(proof.instances) - 1, body.latest[output]), record)


# ----------------------------------------------------------------- explanation


def culprits(proof: Proof) -> list[tuple[int, str]]:
    """Return the smallest guilty nodes: those without a home although each argument has one, and why."""
    d = proof.derivation
    found = []
    for n, (kind, parameters, arguments, _) in enumerate(d.program.nodes):
        record = d.record(n)
        if record[1] or any(not d.record(a)[1] for a in arguments):
            continue
        found.append((n, _reason(d, kind, parameters, arguments)))
    return found


def _reason(d: Derivation, kind: str, parameters: tuple, arguments: tuple[int, ...]) -> str:
    what = parameters[0] if kind in ("map", "linalg") else kind
    ranges = [to_text(d.record(a)[3]) for a in arguments]
    if kind == "map" and all(d.record(a)[1] for a in arguments) and len(arguments) == 2:
        together = d.record(arguments[0])[1] & d.record(arguments[1])[1]
        if not together:
            return f"{what} joins two arguments that have no common o-minimal home in the table"
    if kind == "map":
        return f"{what} on the range {', '.join(ranges)} is not definable by any rule"
    return f"no rule gives {what} a home here"


