"""Tapes: programs with every tensor written out as scalars, shared sub-expressions kept.

A slot is ``(operation, payload, arguments)``, its identity its position, arguments stand before it, equal slots are
one slot: a tape is a list of let-bindings.  Operations:

============ ================= ====================================================================
operation    payload           arguments
============ ================= ====================================================================
variable     position          none: a coordinate of the input
number       `Fraction`        none
sum          ``None``          any number
product      ``None``          two
quotient     ``None``          two; undefined where the second is 0
power        `Fraction`        one; whole exponents, or rational ones with the principal value
max, min     ``None``          two
abs, sign    ``None``          one
lt le eq ne  ``None``          two; the value is 0 or 1
and or xor   ``None``          two; true is what is not 0
not          ``None``          one
where        ``None``          condition, value where it is not 0, value elsewhere
undefined    reason            none
opaque       primitive         what is not semialgebraic; a path that needs it is refused
============ ================= ====================================================================

A *kink* is a slot at which the function may fail to be smooth: ``max min abs sign``, a comparison.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from tamecheck.errors import BudgetExceeded

Slot = tuple[str, object, tuple[int, ...]]
MAXIMAL_SLOTS = 400_000
KINKS = frozenset(["max", "min", "abs", "sign", "lt", "le", "eq", "ne"])
SYMBOL = {"lt": "<", "le": "<=", "eq": "==", "ne": "!="}


@dataclass(frozen=True)
class Coordinate:
    """A scalar variable and where it comes from: ``tensor[index]`` in the user's names."""

    variable: str
    tensor: str
    index: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.tensor}[{','.join([str(i) for i in self.index])}]" if self.index else self.tensor


@dataclass(frozen=True)
class Kink:
    """A place where a program chooses.

    Attributes
    ----------
    slot : int
    operator : ``relu``, ``max``, ``min``, ``abs``, ``sign``, ``lt``, ``le``, ``eq`` or ``ne``
    arguments : slots that are compared; the surface is where their difference (or the one argument) vanishes
    name : the place in the user's names
    """

    slot: int
    operator: str
    arguments: tuple[int, ...]
    name: str


class Tape:
    """A growing list of slots; methods add slots and return their positions.

    Attributes
    ----------
    slots : list of Slot
    coordinates : list of Coordinate — the variables
    outputs : dict[str, list[int]] — the entries of every output, row-major
    origin : dict[int, tuple[int, int]] — program node and entry that a slot was first written for
    names : dict[int, str] — what the user calls a program node
    before : dict[int, str] — for a node without a name, the first named one that it leads to
    extents : dict[int, tuple] — the shape of a program node
    boxes : list — the interval of every variable
    total : bytearray — 1 where a slot has a value at every point, whatever the path
    """

    __slots__ = ("slots", "coordinates", "outputs", "shapes", "origin", "names", "before", "extents", "boxes", "total", "_index", "_place")

    def __init__(self) -> None:
        self.slots: list[Slot] = []
        self.coordinates: list[Coordinate] = []
        self.outputs: dict[str, list[int]] = {}
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.origin: dict[int, tuple[int, int]] = {}
        self.names: dict[int, str] = {}
        self.before: dict[int, str] = {}
        self.extents: dict[int, tuple[int, ...]] = {}
        self.boxes: list[tuple] = []
        self.total = bytearray()
        self._index: dict[Slot, int] = {}
        self._place: tuple[int, int] = (-1, 0)

    def __len__(self) -> int:
        return len(self.slots)

    def __repr__(self) -> str:
        return f"Tape({len(self.slots)} slots, {len(self.coordinates)} variables, {len(self.kinks())} kinks)"

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the variables."""
        return tuple([c.variable for c in self.coordinates])

    def at(self, node: int, entry: int) -> None:
        """Say for which entry of which program node the next slots are written."""
        self._place = (node, entry)

    def add(self, operation: str, payload: object = None, arguments: Iterable[int] = ()) -> int:
        """Intern a slot."""
        slot = (operation, payload, tuple(arguments))
        found = self._index.get(slot)
        if found is None:
            found = self._index[slot] = len(self.slots)
            if found >= MAXIMAL_SLOTS:
                raise BudgetExceeded(f"more than {MAXIMAL_SLOTS} scalar operations", code="TC310", where="lowering", hint="a smaller model")
            self.slots.append(slot)
            self.origin[found] = self._place
            partial = operation in ("quotient", "undefined", "opaque") or (operation == "power" and (payload < 0 or payload.denominator > 1))
            self.total.append(not partial and all([self.total[a] for a in arguments]))
        return found

    # ------------------------------------------------------------------ arithmetic

    def number(self, value: Fraction | int) -> int:
        """Return the slot of a rational number."""
        return self.add("number", Fraction(value))

    def value(self, slot: int) -> Fraction | None:
        """Return the number that a slot is, or ``None``."""
        operation, payload, _ = self.slots[slot]
        return payload if operation == "number" else None

    def sum(self, terms: Sequence[int]) -> int:
        """Return the slot of a sum; numbers are added up."""
        constant, rest = Fraction(0), []
        for t in terms:
            v = self.value(t)
            if v is None:
                rest.append(t)
            else:
                constant += v
        if not rest:
            return self.number(constant)
        if constant:
            rest.append(self.number(constant))
        return rest[0] if len(rest) == 1 else self.add("sum", None, rest)

    def product(self, a: int, b: int) -> int:
        """Return the slot of a product; 0 times what has a value everywhere is 0."""
        x, y = self.value(a), self.value(b)
        if (x == 0 and self.total[b]) or (y == 0 and self.total[a]):
            return self.number(0)
        if x is not None and y is not None:
            return self.number(x * y)
        if x == 1 or y == 1:
            return b if x == 1 else a
        return self.add("product", None, (a, b) if x is not None or a <= b and y is None else (b, a))

    def negative(self, a: int) -> int:
        """Return the slot of ``-a``."""
        return self.product(self.number(-1), a)

    def difference(self, a: int, b: int) -> int:
        """Return the slot of ``a - b``."""
        return self.number(0) if a == b and self.value(a) is not None else self.sum([a, self.negative(b)])

    def quotient(self, a: int, b: int) -> int:
        """Return the slot of ``a/b``."""
        x, y = self.value(a), self.value(b)
        if y is not None and y != 0:
            return self.number(x / y) if x is not None else self.product(self.number(1 / y), a)
        return self.add("quotient", None, (a, b))

    def power(self, a: int, exponent: Fraction) -> int:
        """Return the slot of ``a**exponent`` for a rational exponent."""
        x = self.value(a)
        if exponent == 1:
            return a
        if exponent == 0:
            return self.number(1)
        whole = x is not None and exponent.denominator == 1 and (x or exponent > 0)
        if whole and abs(exponent) * max(x.numerator.bit_length(), x.denominator.bit_length()) < 100_000:
            return self.number(x ** int(exponent))
        if x is not None and x >= 0 and exponent.denominator > 1:
            root = exact_power(x, exponent)
            if root is not None:
                return self.number(root)
        return self.add("power", exponent, (a,))

    def choose(self, operation: str, *arguments: int) -> int:
        """Return the slot of a kink, a connective or ``where``, with known cases carried out."""
        values = [self.value(a) for a in arguments]
        if operation == "where":
            if values[0] is not None:
                return arguments[1] if values[0] else arguments[2]
            return arguments[1] if arguments[1] == arguments[2] else self.add("where", None, arguments)
        if all(v is not None for v in values):
            return self.number(apply(operation, values))
        return self.add(operation, None, arguments)

    # ---------------------------------------------------------------------- kinks

    def needed(self, outputs: Iterable[int] | None = None) -> list[int]:
        """Return, in order, the slots that the outputs depend on."""
        roots = [s for slots in self.outputs.values() for s in slots] if outputs is None else outputs
        wanted = bytearray(len(self.slots))
        for s in roots:
            wanted[s] = 1
        for s in range(len(self.slots) - 1, -1, -1):
            if wanted[s]:
                for a in self.slots[s][2]:
                    wanted[a] = 1
        return [s for s, flag in enumerate(wanted) if flag]

    def kinks(self) -> list[Kink]:
        """Return the kinks that the outputs depend on, in order."""
        return [self.kink(s) for s in self.needed() if self.slots[s][0] in KINKS]

    def kink(self, slot: int) -> Kink:
        """Return a slot of a kink with its name."""
        operation, _, arguments = self.slots[slot]
        if operation == "max" and self.value(arguments[1]) == 0:
            operation, arguments = "relu", arguments[:1]
        return Kink(slot, operation, arguments, self.place(slot))

    def place(self, slot: int) -> str:
        """Return where a slot comes from, in the user's names."""
        node, entry = self.origin[slot]
        operation, payload, arguments = self.slots[slot]
        if operation == "max" and self.value(arguments[-1]) == 0:
            operation = "relu"
        label = self.names.get(node)
        if label is None:
            before = self.before.get(node)
            label = f"{payload if operation == 'opaque' else operation} at node {node}" + (f" (before {before})" if before else "")
        return f"{label}[{','.join([str(i) for i in self._index_of(node, entry)])}]" if entry >= 0 else label

    def _index_of(self, node: int, entry: int) -> list[int]:
        """Return the index of an entry, given row-major, of a program node."""
        index: list[int] = []
        for extent in reversed(self.extents.get(node, ())):
            entry, i = divmod(entry, max(extent, 1))
            index.append(i)
        return index[::-1] or [entry]

    def lets(self) -> list[str]:
        """Return the let-bindings as lines of text, in order; ``t7`` is slot 7."""
        lines = []
        for s in self.needed():
            operation, payload, arguments = self.slots[s]
            names = [self.short(a) for a in arguments]
            if operation not in ("variable", "number"):
                lines.append(f"let t{s} = {_line(operation, payload, names)};")
        return lines

    def short(self, slot: int) -> str:
        """Return the name of a slot in `lets`: its variable, its number, or ``t7``."""
        operation, payload, _ = self.slots[slot]
        if operation == "variable":
            return self.coordinates[payload].variable
        if operation == "number":
            return f"({payload})" if payload < 0 or payload.denominator > 1 else str(payload)
        return f"t{slot}"


def _line(operation: str, payload: object, names: list[str]) -> str:
    if operation in ("sum", "product", "quotient"):
        return {"sum": " + ", "product": " * ", "quotient": " / "}[operation].join(names)
    if operation == "power":
        return f"{names[0]} ** ({payload})"
    if operation in SYMBOL:
        return f"where({names[0]} {SYMBOL[operation]} {names[1]}, 1, 0)"
    if operation in ("and", "or", "xor", "not"):
        truths = [f"{n} != 0" for n in names]
        if operation == "not":
            return f"where({truths[0]}, 0, 1)"
        joined = {"and": "({}) and ({})", "or": "({}) or ({})", "xor": "not (({}) iff ({}))"}[operation].format(*truths)
        return f"where({joined}, 1, 0)"
    if operation == "where":
        return f"where({names[0]} != 0, {names[1]}, {names[2]})"
    return f"{payload if operation == 'opaque' else operation}({', '.join(names)})"


def apply(operation: str, values: Sequence[Fraction]) -> Fraction:
    """Return a kink or connective of numbers."""
    a, b = values[0], values[-1]
    match operation:
        case "max" | "min":
            return max(a, b) if operation == "max" else min(a, b)
        case "abs":
            return abs(a)
        case "sign":
            return Fraction((a > 0) - (a < 0))
        case "not":
            return Fraction(a == 0)
    known = {"lt": a < b, "le": a <= b, "eq": a == b, "ne": a != b, "and": bool(a and b), "or": bool(a or b), "xor": bool(a) != bool(b)}
    return Fraction(known[operation])


def exact_power(x: Fraction, exponent: Fraction) -> Fraction | None:
    """Return ``x**exponent`` for ``x >= 0`` if it is rational and small, else ``None``."""
    if x == 0:
        return Fraction(0) if exponent > 0 else None
    if exponent.denominator > 64 or abs(exponent.numerator) * max(x.numerator.bit_length(), x.denominator.bit_length()) > 100_000:
        return None
    top, bottom = root(x.numerator, exponent.denominator), root(x.denominator, exponent.denominator)
    return None if top is None or bottom is None else Fraction(top, bottom) ** int(exponent.numerator)


def root(n: int, k: int) -> int | None:
    """Return the whole k-th root of a whole number ``n >= 0``, or ``None``."""
    low, high = 0, 1 << (n.bit_length() // k + 1)
    while low < high:
        middle = (low + high) // 2
        if middle**k < n:
            low = middle + 1
        else:
            high = middle
    return low if low**k == n else None
