"""Derivations: the steps that prove fact records, node after node, with equal situations computed once.

A `Derivation` appends steps ``(rule, node, premises, parameters, conclusion)`` whose
conclusions are indices into a shared table of records.  It is the only way to make a step;
every record in it was computed by a rule of the kernel.
"""

from fractions import Fraction
from math import prod

from tamecheck.ground.intervals import Interval, from_text
from tamecheck.kernel import rules
from tamecheck.kernel.judgments import Record
from tamecheck.programs.program import Node, Program

Step = tuple[str, int, tuple[int, ...], tuple, object]


class Facts:
    """The distinct records of a certificate, in order of first use."""

    __slots__ = ("records", "index", "memo")

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.index: dict[Record, int] = {}
        self.memo: dict[tuple, int] = {}

    def intern(self, record: Record) -> int:
        """Return the index of a record, adding it when it is new."""
        found = self.index.get(record)
        if found is None:
            found = self.index[record] = len(self.records)
            self.records.append(record)
        return found


class Derivation:
    """Steps about the nodes of one program; ``latest[n]`` is the strongest step about node n."""

    __slots__ = ("program", "facts", "steps", "latest")

    def __init__(self, program: Program, facts: Facts) -> None:
        self.program = program
        self.facts = facts
        self.steps: list[Step] = []
        self.latest: dict[int, int] = {}

    def record(self, node: int) -> Record:
        """Return the strongest record proved of a node so far."""
        return self.facts.records[self.steps[self.latest[node]][4]]

    def conclude(self, rule: str, node: int, premises: tuple[int, ...], parameters: tuple, record: Record) -> int:
        """Append a step whose record a rule of the kernel has computed; return its index."""
        step = len(self.steps)
        self.steps.append((rule, node, premises, parameters, self.facts.intern(record)))
        self.latest[node] = step
        return step

    def ordinary(self, n: int) -> int:
        """Append the ordinary step of node ``n`` (arguments first must have theirs); return its index."""
        node = self.program.nodes[n]
        latest, steps = self.latest, self.steps
        arguments = node[2]
        premises = tuple([latest[a] for a in arguments])
        ids = tuple([steps[s][4] for s in premises])
        key = self._key(n, node, ids)
        found = self.facts.memo.get(key)
        if found is None:
            records = self.facts.records
            found = self.facts.intern(ordinary_record(self.program, node, tuple([records[i] for i in ids])))
            self.facts.memo[key] = found
        step = len(steps)
        steps.append((node[0], n, premises, (), found))
        latest[n] = step
        return step

    def _key(self, n: int, node: Node, ids: tuple[int, ...]) -> tuple:
        kind, parameters, arguments, shape = node
        if kind == "map" or kind == "compare":
            if len(ids) == 2:
                return (parameters, ids, arguments[0] == arguments[1])
            return (parameters, ids)
        if kind == "reindex" or kind == "logic":
            return (kind, parameters if kind == "logic" else None, ids)
        if kind == "constant":
            return node[:2]
        if kind == "where":
            return ("where", ids, arguments[1] == arguments[2])
        if kind == "contract":
            return ("contract", contraction_count(self.program, node), ids, _squares(node))
        if kind == "reduce":
            return ("reduce", parameters[0], reduction_count(self.program, node), ids)
        return (id(self.program), n, ids)


def _squares(node: Node) -> bool:
    """Tell whether a contraction multiplies a tensor by itself, entry by entry."""
    arguments = node[2]
    if len(arguments) != 2 or arguments[0] != arguments[1]:
        return False
    left, right = node[1][0].partition("->")[0].split(",")
    return left == right


def contraction_count(program: Program, node: Node) -> int:
    """Return how many products a contraction sums for one output entry."""
    left, _, right = node[1][0].partition("->")
    count = 1
    seen = set(right)
    for letters, n in zip(left.split(","), node[2], strict=True):
        shape = program.nodes[n][3]
        for letter, extent in zip(letters, shape, strict=True):
            if letter not in seen:
                seen.add(letter)
                count *= extent
    return count


def reduction_count(program: Program, node: Node) -> int:
    """Return how many entries a reduction takes together."""
    shape = program.nodes[node[2][0]][3]
    return prod([shape[a] for a in node[1][1]])


def ordinary_record(program: Program, node: Node, premises: tuple[Record, ...]) -> Record:
    """Return the record of a node from its arguments' records, by the rule of its kind."""
    kind, parameters, arguments, _ = node
    if kind == "map":
        return rules.map_rule(parameters[0], premises, len(arguments) == 2 and arguments[0] == arguments[1])
    if kind == "constant":
        return rules.constant_record(parameters)
    if kind == "contract":
        return rules.contract_rule(premises, contraction_count(program, node), _squares(node))
    if kind == "reduce":
        return rules.reduce_rule(parameters[0], premises[0], reduction_count(program, node))
    if kind == "cumulate":
        extent = program.nodes[arguments[0]][3][parameters[1]]
        return rules.cumulate_rule(parameters[0], premises[0], extent, bool(parameters[2]))
    if kind == "reindex":
        return rules.reindex_rule(premises)
    if kind == "compare":
        return rules.compare_rule(parameters[0], *premises, arguments[0] == arguments[1])
    if kind == "logic":
        return rules.logic_rule(parameters[0], premises)
    if kind == "where":
        return rules.where_rule(*premises, arguments[1] == arguments[2])
    if kind == "order":
        return rules.order_rule(parameters[0], premises[0], program.nodes[arguments[0]][3][parameters[1]])
    if kind == "lookup":
        return rules.lookup_rule(*premises, index_inside(program, node))
    if kind == "linalg":
        return rules.linalg_rule(parameters[0], premises)
    raise ValueError(f"no ordinary rule for nodes of kind {kind}")


def index_inside(program: Program, node: Node) -> bool:
    """Tell whether a lookup's index is certainly an integer inside the table's axis."""
    table, index = node[2]
    extent = program.nodes[table][3][node[1][0]]
    kind, parameters, arguments, _ = program.nodes[index]
    if kind == "order" and parameters[0] not in ("sort", "topk"):
        return program.nodes[arguments[0]][3][parameters[1]] <= extent
    if kind == "constant" and parameters[0] in ("splat", "values"):
        texts = [parameters[1]] if parameters[0] == "splat" else parameters[1]
        numbers = [Fraction(t) for t in texts]
        return all(q.denominator == 1 and 0 <= q < extent for q in numbers)
    return False


def input_box(node: Node) -> Interval:
    """Return the interval of an input node."""
    return from_text(node[1][2])
