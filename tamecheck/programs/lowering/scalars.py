"""From tensors to scalars: every entry of every node becomes a slot of a `Tape`.

Index arithmetic is done on arrays of slots.  Nothing is approximated: a stored float is the dyadic number it is.
"""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import product as pairs
from math import prod

from tamecheck.errors import InputError, Refusal
from tamecheck.ground.intervals import from_text
from tamecheck.programs.lowering.matrices import linalg
from tamecheck.programs.lowering.tape import MAXIMAL_SLOTS, Coordinate, Tape
from tamecheck.programs.program import Program
from tamecheck.programs.selection import select

MAXIMAL_SORT = 64
MAXIMAL_NESTING = 64
Grid = object  # an integer array of slots


def scalarise(program: Program, outputs: Mapping[str, int], fixed: Mapping[str, Sequence[Fraction]], rename: Mapping[str, str] | None = None) -> Tape:
    """Return the tape of a program's outputs.

    Parameters
    ----------
    program : Program
    outputs : mapping from names to nodes
    fixed : exact entries, row-major, of the inputs that do not vary; all other inputs become variables
    rename : the user's names of nodes of the program that have none in it

    Raises
    ------
    Refusal
        TC230: a node has no finite semialgebraic form; the message names the smallest one.
    BudgetExceeded
        TC310: too many scalars.
    """
    t = Tape()
    t.names = {**program.names, **{int(k): v for k, v in (rename or {}).items()}}
    t.before = _named_after(program, t.names)
    arrays = _write(t, program, list(outputs.values()), _inputs(t, program, fixed), 0)
    for name, array in zip(outputs, arrays, strict=True):
        t.outputs[name] = [int(s) for s in array.reshape(-1)]
        t.shapes[name] = tuple(array.shape)
    return t


def _named_after(program: Program, names: Mapping[int, str]) -> dict[int, str]:
    """Return, for nodes without a name, the name of the first named node that they lead to."""
    found: dict[int, str] = {}
    for n in range(len(program) - 1, -1, -1):
        name = names.get(n) or found.get(n)
        if name and program.nodes[n][0] != "input":
            for a in program.nodes[n][2]:
                if a not in names:
                    found[a] = name
    return found


def _inputs(t: Tape, program: Program, fixed: Mapping[str, Sequence[Fraction]]) -> dict[int, Grid]:
    import numpy as np

    grids: dict[int, Grid] = {}
    taken: set[str] = set()
    for n in program.inputs():
        name, _role, text = program.nodes[n][1]
        shape = program.shape(n)
        if prod(shape) > MAXIMAL_SLOTS:
            raise InputError(f"input {name!r} has {prod(shape)} entries", code="TC160", hint="a smaller model")
        slots = []
        for k, index in enumerate(np.ndindex(*shape)):
            t.at(n, k if shape else -1)
            if name in fixed:
                slots.append(t.number(fixed[name][k]))
            else:
                variable = fresh(name, index, taken)
                slots.append(t.add("variable", len(t.coordinates)))
                t.coordinates.append(Coordinate(variable, name, tuple(index)))
                t.boxes.append(from_text(text))
        grids[n] = np.array(slots, dtype=np.int64).reshape(shape)
    return grids


def fresh(name: str, index: Sequence[int], taken: set[str]) -> str:
    """Return a name of the language of formulas for an entry of a tensor, and add it to those taken."""
    plain = "".join([c if c.isascii() and c.isalnum() else "_" for c in name]) or "x"
    plain = plain if plain[0].isalpha() else f"w{plain}"
    result = "_".join([plain, *[str(i) for i in index]])
    while result in taken or result in RESERVED:
        result += "_"
    taken.add(result)
    return result


RESERVED = frozenset("e E pi let and or not iff implies forall exists True False where piecewise Piecewise stop_gradient".split())


def _write(t: Tape, program: Program, outputs: Sequence[int], grids: dict[int, Grid], depth: int) -> list[Grid]:
    """Write the nodes that the outputs need; ``grids`` holds the inputs."""
    import numpy as np

    if depth > MAXIMAL_NESTING:
        raise InputError(f"sub-programs are nested more than {MAXIMAL_NESTING} deep", code="TC125")
    loops: dict[tuple, list[Grid]] = {}
    for n in program.ancestors(outputs):
        kind, parameters, arguments, shape = program.nodes[n]
        if kind == "input":
            continue
        if prod(shape) > MAXIMAL_SLOTS:
            raise InputError(f"node {n} ({kind}) has {prod(shape)} entries", code="TC160", hint="a smaller model")
        if depth == 0:
            t.at(n, -1)
            t.extents[n] = shape
        given = [grids[a] for a in arguments]
        if kind == "constant":
            result = _constant(t, program, n, parameters, shape)
        elif kind == "repeat":
            key = (parameters[0], parameters[1], parameters[4], arguments)
            if key not in loops:
                loops[key] = _repeat(t, program, parameters, given, depth)
            result = loops[key][parameters[3]]
        else:
            result = KINDS[kind](Writer(t, n, depth), parameters, given, shape)
        grids[n] = np.asarray(result, dtype=np.int64).reshape(shape)
    return [grids[n] for n in outputs]


class Writer:
    """Where slots are being written: the tape and the node."""

    __slots__ = ("tape", "node", "depth")

    def __init__(self, tape: Tape, node: int, depth: int) -> None:
        self.tape, self.node, self.depth = tape, node, depth

    def entry(self, k: int) -> None:
        """Say which entry comes next."""
        if self.depth == 0:
            self.tape.at(self.node, k)

    def refuse(self, what: str, hint: str) -> Refusal:
        """Return the refusal of the node."""
        name = self.tape.names.get(self.node)
        where = f"node {self.node}" + (f" {name!r}" if name else "")
        return Refusal(f"{what} at node {self.node} is not piecewise algebraic", code="TC230", where=where, hint=hint)

    def each(self, function: Callable, shape: Sequence[int], *grids: Grid) -> list[int]:
        """Return ``function(slots...)`` for every entry of the broadcast grids."""
        import numpy as np

        flat = [np.broadcast_to(g, shape).reshape(-1).tolist() for g in grids]
        out = []
        for k, slots in enumerate(zip(*flat, strict=True)):
            self.entry(k if len(shape) else -1)
            out.append(function(*slots))
        return out


def _constant(t: Tape, program: Program, n: int, parameters: tuple, shape: tuple) -> Grid:
    import numpy as np

    if parameters[0] == "splat":
        return np.full(shape, t.number(Fraction(parameters[1])), dtype=np.int64)
    if parameters[0] == "values":
        return np.array([t.number(Fraction(e)) for e in parameters[1]], dtype=np.int64).reshape(shape)
    data = program.data.get(parameters[1])
    if data is None:
        raise InputError(f"the entries of the constant at node {n} are not at hand", code="TC125")
    return np.array([t.number(Fraction(e)) for e in np.asarray(data).reshape(-1).tolist()], dtype=np.int64).reshape(shape)


def _repeat(t: Tape, program: Program, parameters: tuple, given: list[Grid], depth: int) -> list[Grid]:
    body, count, carries, _, outputs = parameters
    inner = program.bodies[body]
    slots = inner.inputs()
    state = list(given)
    for _ in range(count):
        state[:carries] = _write(t, inner, list(outputs), dict(zip(slots, state, strict=True)), depth + 1)
    return state[:carries]


# -------------------------------------------------------------------- entrywise


def _map(w: Writer, parameters: tuple, given: list[Grid], shape: tuple) -> list[int]:
    t, name = w.tape, parameters[0]
    rules: dict[str, Callable] = {
        "neg": t.negative, "add": lambda a, b: t.sum([a, b]), "sub": t.difference, "mul": t.product, "div": t.quotient,
        "max": lambda a, b: _extremum(t, "max", a, b), "min": lambda a, b: _extremum(t, "min", a, b),
        "abs": lambda a: t.choose("abs", a), "sign": lambda a: t.choose("sign", a),
        "sqrt": lambda a: t.power(a, Fraction(1, 2)), "pow": lambda a, b: _pow(w, a, b),
    }  # fmt: skip
    rule = rules.get(name)
    return w.each(rule or (lambda *a: _opaque(w, name, a)), shape, *given)


def _extremum(t: Tape, operation: str, a: int, b: int) -> int:
    """Put a number second, so that ``max(0, x)`` is ``relu(x)`` too."""
    return t.choose(operation, b, a) if t.value(a) is not None else t.choose(operation, a, b)


def _pow(w: Writer, a: int, b: int) -> int:
    exponent = w.tape.value(b)
    if exponent is None:
        return _opaque(w, "pow", (a, b))
    if exponent.denominator > 64 or abs(exponent) > 4_000:
        raise w.refuse(f"the power {exponent}", "exponents are p/q with q at most 64; write 0.1 as a text or a Fraction, not as a float")
    return w.tape.power(a, exponent)


def _opaque(w: Writer, name: str, arguments: tuple[int, ...]) -> int:
    """Return the exact rational value where there is one, and else a slot that refuses the path that needs it."""
    from tamecheck.ground.numbers import enclose

    values = [w.tape.value(a) for a in arguments]
    if name in ("floor", "ceil", "round") and values[0] is not None:
        q = values[0]
        return w.tape.number({"floor": q.__floor__, "ceil": q.__ceil__, "round": q.__round__}[name]())
    if name not in ("pow", "zeta", "floor", "ceil", "round", "pi") and len(values) == 1 and values[0] is not None and not name.startswith("bessel"):
        try:
            low, _, exact = enclose({"lambertw": "lambertw", "erfinv": "erfinv"}.get(name, name), values[0])
        except AttributeError:
            exact = False
        if exact:
            return w.tape.number(low)
    return w.tape.add("opaque", name, arguments)


def _compare(w: Writer, parameters: tuple, given: list[Grid], shape: tuple) -> list[int]:
    return w.each(lambda a, b: w.tape.choose(parameters[0], a, b), shape, *given)


def _where(w: Writer, _parameters: tuple, given: list[Grid], shape: tuple) -> list[int]:
    return w.each(lambda c, a, b: w.tape.choose("where", c, a, b), shape, *given)


# ----------------------------------------------------------------------- tensors


def _contract(w: Writer, parameters: tuple, given: list[Grid], shape: tuple) -> list[int]:
    left, _, right = parameters[0].partition("->")
    operands = left.split(",")
    extents = {c: e for letters, g in zip(operands, given, strict=True) for c, e in zip(letters, g.shape, strict=True)}
    inner = [c for c in extents if c not in right]
    if prod(extents.values()) > MAXIMAL_SLOTS:
        raise InputError(f"the contraction at node {w.node} has {prod(extents.values())} products", code="TC160", hint="a smaller model")
    t, out = w.tape, []
    for k, outer in enumerate(pairs(*[range(extents[c]) for c in right])):
        w.entry(k if shape else -1)
        place = dict(zip(right, outer, strict=True))
        terms = []
        for summed in pairs(*[range(extents[c]) for c in inner]):
            place.update(zip(inner, summed, strict=True))
            factors = [int(g[tuple([place[c] for c in letters])]) for letters, g in zip(operands, given, strict=True)]
            term = factors[0]
            for f in factors[1:]:
                term = t.product(term, f)
            terms.append(term)
        out.append(t.sum(terms))
    return out


def _reduce(w: Writer, parameters: tuple, given: list[Grid], shape: tuple) -> list[int]:
    import numpy as np

    operation, axes, _ = parameters
    x = given[0]
    kept = [a for a in range(x.ndim) if a not in axes]
    rows = np.transpose(x, (*kept, *axes)).reshape(prod([x.shape[a] for a in kept]), -1).tolist()
    out = []
    for k, row in enumerate(rows):
        w.entry(k if shape else -1)
        out.append(_fold(w.tape, operation, row))
    return out


def _fold(t: Tape, operation: str, row: list[int]) -> int:
    if operation == "sum":
        return t.sum(row)
    if operation == "prod":
        result = t.number(1)
        for s in row:
            result = t.product(result, s)
        return result
    result = row[0]
    for s in row[1:]:
        result = _extremum(t, operation, result, s)
    return result


def _cumulate(w: Writer, parameters: tuple, given: list[Grid], _shape: tuple) -> Grid:
    import numpy as np

    operation, axis, exclusive, reverse = parameters
    x = np.moveaxis(given[0], axis, -1)
    x = x[..., ::-1] if reverse else x
    out = np.empty_like(x)
    for place in np.ndindex(*x.shape[:-1]):
        row = x[place].tolist()
        for k in range(len(row)):
            stop = k if exclusive else k + 1
            out[place][k] = _fold(w.tape, operation, row[:stop]) if stop else w.tape.number(int(operation == "prod"))
    return np.moveaxis(out[..., ::-1] if reverse else out, -1, axis)


def _reindex(w: Writer, parameters: tuple, given: list[Grid], shape: tuple) -> Grid:
    return select(parameters, given, shape, int(given[1]) if parameters[0] == "pad" else None)


# ------------------------------------------------------------- order and choice


def _order(w: Writer, parameters: tuple, given: list[Grid], _shape: tuple) -> Grid:
    """Insertion sort as a network: neighbours are exchanged only when strictly out of order, so ties keep their order."""
    import numpy as np

    what, axis, count, largest = parameters
    x = np.moveaxis(given[0], axis, -1)
    if x.shape[-1] > MAXIMAL_SORT:
        raise w.refuse(f"{what} of {x.shape[-1]} entries", f"at most {MAXIMAL_SORT} entries are sorted")
    out = np.empty((*x.shape[:-1], count), dtype=np.int64)
    for place in np.ndindex(*x.shape[:-1]):
        out[place] = _ranked(w.tape, what, x[place].tolist(), count, bool(largest))
    return np.moveaxis(out, -1, axis)


def _ranked(t: Tape, what: str, row: list[int], count: int, largest: bool) -> list[int]:
    indexed = what not in ("sort", "topk")
    items = [(s, t.number(k)) for k, s in enumerate(row)]
    if what.endswith("_last"):
        items.reverse()
    for k in range(count):  # after round k the k-th place is right
        for j in range(len(items) - 2, k - 1, -1):
            (a, i), (b, m) = items[j], items[j + 1]
            if indexed:
                swap = t.choose("lt", a, b) if largest else t.choose("lt", b, a)
                better = t.choose("where", swap, b, a)
                items[j] = (better, t.choose("where", swap, m, i))
                items[j + 1] = (t.choose("where", swap, a, b), t.choose("where", swap, i, m))
            else:
                high, low = _extremum(t, "max", a, b), _extremum(t, "min", a, b)
                items[j], items[j + 1] = ((high, i), (low, m)) if largest else ((low, i), (high, m))
    return [item[1] if indexed else item[0] for item in items[:count]]


def _logic(w: Writer, parameters: tuple, given: list[Grid], shape: tuple) -> list[int]:
    return w.each(lambda *a: w.tape.choose(parameters[0], *a), shape, *given)


def _lookup(w: Writer, parameters: tuple, given: list[Grid], shape: tuple) -> Grid:
    import numpy as np

    axis, (table, index) = parameters[0], given
    t = w.tape
    out = np.empty(shape, dtype=np.int64)
    missing = t.add("undefined", "an index outside its table")
    lead, rest = table.shape[:axis], table.shape[axis + 1 :]
    for before in np.ndindex(*lead):
        for place in np.ndindex(*index.shape):
            for after in np.ndindex(*rest):
                result = missing
                for k in range(table.shape[axis] - 1, -1, -1):
                    result = t.choose("where", t.choose("eq", int(index[place]), t.number(k)), int(table[(*before, k, *after)]), result)
                out[(*before, *place, *after)] = result
    return out


def _implicit(w: Writer, parameters: tuple, _given: list[Grid], _shape: tuple) -> Grid:
    raise w.refuse(f"a definable choice ({parameters[0]})", "eliminate its quantifier with tc.eliminate first")


KINDS: dict[str, Callable] = {
    "map": _map, "contract": _contract, "reduce": _reduce, "cumulate": _cumulate, "reindex": _reindex, "compare": _compare,
    "logic": _logic, "where": _where, "order": _order, "lookup": _lookup, "linalg": linalg, "implicit": _implicit,
}  # fmt: skip
