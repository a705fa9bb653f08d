"""Programs: finite directed acyclic graphs of tensor nodes, interned.

A node is a tuple ``(kind, parameters, arguments, shape)`` and its identity is its
position; arguments always stand before the node, so every traversal is a loop over
positions and nothing recurses.  Equal nodes are one node.  The kinds are few:

========== =====================================================================
kind       parameters, arguments
========== =====================================================================
input      ``(name, role, interval)``; role ``parameter`` or ``data``
constant   ``("splat", q)``, ``("values", (q, ...))`` or ``("opaque", digest, interval)``
map        ``(primitive,)``; entrywise with NumPy broadcasting
contract   ``(specification,)``; a multilinear contraction, ``"ab,bc->ac"``
reduce     ``(sum|prod|max|min, axes, keep)``
cumulate   ``(sum|prod|max|min, axis, exclusive, reverse)``; running reductions
reindex    ``(how, ...)``; any static selection of entries, see `Program.reindex`
compare    ``(lt|le|eq|ne,)``; 0/1-valued
logic      ``(and|or|not|xor,)``; an entry is true when it is not 0; 0/1-valued
where      ``()``; three arguments: entries of the second where the first is not 0
order      ``(what, axis, ...)``; sorting and selection by rank, see `Program.order`
lookup     ``(axis,)``; arguments table and integer index: rows by a computed index
linalg     ``(what,)``; by first-order defining formulas, on the last two axes
implicit   ``(min|max|argmin|root, body, bound)``; definable choice over a sub-program
repeat     ``(body, count, carries, which)``; a body a fixed number of times
========== =====================================================================

Everything else (GELU, softmax, convolution, ...) is a *definition* that expands into
these.  Numbers are exact: constants are rationals, written ``p/q``.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import prod

from tamecheck.errors import InputError, ShapeError
from tamecheck.ground.intervals import LINE, Interval, interval, to_text

Node = tuple[str, tuple, tuple[int, ...], tuple[int, ...]]
Shape = tuple[int, ...]

UNARY = frozenset(
    "neg abs sign floor ceil round exp log sqrt sin cos tan asin acos atan erf erfinv gamma lgamma digamma zeta lambertw "
    "besselj0 besselj1 bessely0 bessely1 besseli0 besseli1 besselk0 besselk1".split()
)
BINARY = frozenset("add sub mul div pow max min".split())
NULLARY = frozenset(["pi"])
LINALG = frozenset("det inverse solve cholesky eigvalsh svdvals logabsdet pinv expm".split())
MAXIMAL_RANK = 32
MAXIMAL_EXTENT = 2**62
MAXIMAL_BITS = 13_000  # below the 4 300 decimal digits that Python converts


class Program:
    """A growing DAG; methods add nodes and return their positions.

    Attributes
    ----------
    nodes : list of Node
    names : dict[int, str] — what the user calls a node; for messages only
    data : dict[str, object] — arrays behind opaque constants, by digest; for evaluation only
    bodies : list of Program — sub-programs used by ``repeat`` and ``implicit``
    """

    __slots__ = ("nodes", "names", "data", "bodies", "_index", "_inputs")

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.names: dict[int, str] = {}
        self.data: dict[str, object] = {}
        self.bodies: list[Program] = []
        self._index: dict[Node, int] = {}
        self._inputs: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self.nodes)

    def __repr__(self) -> str:
        return f"Program({len(self.nodes)} nodes, {len(self.inputs())} inputs)"

    def shape(self, n: int) -> Shape:
        """Return the shape of node ``n``."""
        return self.nodes[n][3]

    def inputs(self) -> list[int]:
        """Return the positions of all input nodes."""
        return [i for i, node in enumerate(self.nodes) if node[0] == "input"]

    def add(self, kind: str, parameters: tuple, arguments: tuple[int, ...], shape: Shape) -> int:
        """Intern a node whose shape is already known to be right (the methods below see to that)."""
        node = (kind, parameters, arguments, shape)
        found = self._index.get(node)
        if found is None:
            found = self._index[node] = len(self.nodes)
            self.nodes.append(node)
        return found

    # ---------------------------------------------------------------- leaves

    def input(self, name: str, shape: Iterable[int] = (), role: str = "data", box: Interval = LINE) -> int:
        """Add a real tensor of indeterminates, every entry in ``box``; names are unique."""
        if role not in ("parameter", "data"):
            raise InputError(f"role {role!r} of input {name!r} is neither 'parameter' nor 'data'", code="TC122")
        extents = check_shape(shape)
        n = self.add("input", (str(name), role, to_text(box)), (), extents)
        if self._inputs.setdefault(str(name), n) != n:
            raise InputError(f"two different inputs are called {name!r}", code="TC122")
        self.names[n] = str(name)
        return n

    def constant(self, value: Fraction | int, shape: Iterable[int] = ()) -> int:
        """Add the tensor all of whose entries are the one exact rational ``value``."""
        return self.add("constant", ("splat", str(exact(value))), (), check_shape(shape))

    def values(self, entries: Sequence[Fraction | int], shape: Iterable[int]) -> int:
        """Add a constant tensor by its entries in row-major order."""
        extents = check_shape(shape)
        texts = tuple(str(exact(e)) for e in entries)
        if len(texts) != prod(extents):
            raise ShapeError(f"{len(texts)} values for a tensor of shape {list(extents)}")
        if texts and texts.count(texts[0]) == len(texts):
            return self.add("constant", ("splat", texts[0]), (), extents)
        return self.add("constant", ("values", texts), (), extents)

    def opaque(self, digest: str, shape: Iterable[int], box: Interval, data: object = None) -> int:
        """Add a constant tensor known by the digest of its bytes and an interval that holds its entries."""
        if data is not None:
            self.data[digest] = data
        return self.add("constant", ("opaque", digest, to_text(box)), (), check_shape(shape))

    # ---------------------------------------------------------- entrywise

    def map(self, primitive: str, *arguments: int) -> int:
        """Apply a scalar primitive entrywise, with broadcasting."""
        arity = 1 if primitive in UNARY else 2 if primitive in BINARY else 0 if primitive in NULLARY else None
        if arity is None:
            raise InputError(f"{primitive!r} is not a scalar primitive", code="TC123")
        if arity != len(arguments):
            raise InputError(f"primitive {primitive!r} takes {arity} arguments, got {len(arguments)}", code="TC123")
        return self.add("map", (primitive,), arguments, self._broadcast(arguments))

    def compare(self, relation: str, a: int, b: int) -> int:
        """Compare entrywise; ``relation`` is lt, le, gt, ge, eq or ne; the result is 0 or 1."""
        if relation in ("gt", "ge"):
            relation, a, b = {"gt": "lt", "ge": "le"}[relation], b, a
        if relation not in ("lt", "le", "eq", "ne"):
            raise InputError(f"{relation!r} is not a comparison", code="TC123")
        return self.add("compare", (relation,), (a, b), self._broadcast((a, b)))

    def logic(self, connective: str, *arguments: int) -> int:
        """Combine truth values entrywise: and, or, xor (two arguments), not (one)."""
        if {"and": 2, "or": 2, "xor": 2, "not": 1}.get(connective) != len(arguments):
            raise InputError(f"connective {connective!r} with {len(arguments)} arguments", code="TC123")
        return self.add("logic", (connective,), arguments, self._broadcast(arguments))

    def where(self, condition: int, a: int, b: int) -> int:
        """Select entries of ``a`` where the condition is not 0, of ``b`` elsewhere."""
        return self.add("where", (), (condition, a, b), self._broadcast((condition, a, b)))

    def _broadcast(self, arguments: tuple[int, ...]) -> Shape:
        if len(arguments) == 1:
            return self.nodes[arguments[0]][3]
        result: Shape = ()
        for n in arguments:
            shape = self.nodes[n][3]
            if shape != result:
                result = broadcast(result, shape)
        return result

    # -------------------------------------------------------------- tensors

    def contract(self, specification: str, *arguments: int) -> int:
        """Contract tensors along shared letters (einsum with explicit output, no repeated output letter).

        ``"ab,bc->ac"`` is the matrix product.  A letter twice in one operand takes the
        diagonal.  Extents of equal letters are equal (no broadcasting).
        """
        left, arrow, right = specification.partition("->")
        operands = left.split(",")
        if not arrow or len(operands) != len(arguments):
            raise ShapeError(f"contraction {specification!r} needs one operand per argument, got {len(arguments)}")
        extents: dict[str, int] = {}
        for letters, n in zip(operands, arguments, strict=True):
            shape = self.nodes[n][3]
            if len(letters) != len(shape) or not all("a" <= c <= "z" or "A" <= c <= "Z" for c in letters):
                raise ShapeError(f"operand {letters!r} of {specification!r} does not fit shape {list(shape)}")
            for letter, extent in zip(letters, shape, strict=True):
                if extents.setdefault(letter, extent) != extent:
                    raise ShapeError(f"letter {letter!r} of {specification!r} means both {extents[letter]} and {extent}")
        if len(set(right)) != len(right) or any(c not in extents for c in right):
            raise ShapeError(f"output {right!r} of {specification!r} repeats a letter or names a new one")
        return self.add("contract", (specification,), arguments, tuple([extents[c] for c in right]))

    def reduce(self, operation: str, n: int, axes: Iterable[int], keep: bool = False) -> int:
        """Reduce over axes by sum, prod, max or min; max and min need a non-empty extent."""
        shape = self.nodes[n][3]
        chosen = tuple(sorted({self._axis(n, a) for a in axes}))
        if operation not in ("sum", "prod", "max", "min"):
            raise InputError(f"{operation!r} is not a reduction", code="TC123")
        if operation in ("max", "min") and any(shape[a] == 0 for a in chosen):
            raise ShapeError(f"{operation} over an empty axis of shape {list(shape)} has no value")
        if not chosen:
            return n
        result = tuple([1 if a in chosen else e for a, e in enumerate(shape) if keep or a not in chosen])
        return self.add("reduce", (operation, chosen, int(keep)), (n,), result)

    def cumulate(self, operation: str, n: int, axis: int, exclusive: bool = False, reverse: bool = False) -> int:
        """Running sum, prod, max or min along an axis; exclusive needs sum or prod."""
        if operation not in ("sum", "prod", "max", "min") or (exclusive and operation in ("max", "min")):
            raise InputError(f"{operation!r} is not a running reduction", code="TC123")
        return self.add("cumulate", (operation, self._axis(n, axis), int(exclusive), int(reverse)), (n,), self.shape(n))

    def reindex(self, how: tuple, *arguments: int) -> int:
        """Select entries statically.  ``how`` is one of

        * ``("reshape", shape)``, ``("transpose", permutation)``, ``("expand", shape)`` (broadcast);
        * ``("slice", ((start, step, length), ...))``, one triple per axis, all entries inside;
        * ``("gather", axis, indices, index_shape)`` with static indices (row-major, in range);
        * ``("pad", ((before, after), ...))`` with a scalar second argument as the fill;
        * ``("concat", axis)`` of one or more arguments;
        * ``("windows", axes, sizes, strides, dilations)``: sliding windows; each axis becomes the
          number of positions, the window extents are appended at the end;
        * ``("diagonal",)`` of the last two axes.
        """
        name = how[0]
        rule = getattr(self, f"_{name}", None) if name in REINDEXINGS else None
        if rule is None:
            raise InputError(f"{name!r} is not a reindexing", code="TC123")
        if name == "concat":
            if not arguments:
                raise ShapeError("concatenation of nothing")
        elif len(arguments) != (2 if name == "pad" else 1):
            raise ShapeError(f"reindexing {name!r} with {len(arguments)} arguments")
        return rule(arguments, *how[1:])

    def _reshape(self, arguments: tuple[int, ...], shape: Iterable[int]) -> int:
        target = check_shape(shape)
        if prod(target) != prod(self.shape(arguments[0])):
            raise ShapeError(f"cannot reshape {list(self.shape(arguments[0]))} to {list(target)}")
        return arguments[0] if target == self.shape(arguments[0]) else self.add("reindex", ("reshape",), arguments, target)

    def _transpose(self, arguments: tuple[int, ...], permutation: Iterable[int]) -> int:
        order, shape = tuple(map(int, permutation)), self.shape(arguments[0])
        if sorted(order) != list(range(len(shape))):
            raise ShapeError(f"{list(order)} is not a permutation of the axes of {list(shape)}")
        if order == tuple(range(len(shape))):
            return arguments[0]
        return self.add("reindex", ("transpose", order), arguments, tuple([shape[a] for a in order]))

    def _expand(self, arguments: tuple[int, ...], shape: Iterable[int]) -> int:
        target, source = check_shape(shape), self.shape(arguments[0])
        if broadcast(source, target) != target:
            raise ShapeError(f"cannot expand {list(source)} to {list(target)}")
        return arguments[0] if target == source else self.add("reindex", ("expand",), arguments, target)

    def _slice(self, arguments: tuple[int, ...], triples: Iterable[tuple[int, int, int]]) -> int:
        shape, picks = self.shape(arguments[0]), tuple([tuple(map(int, t)) for t in triples])
        if len(picks) != len(shape):
            raise ShapeError(f"{len(picks)} slices for shape {list(shape)}")
        for (start, step, length), extent in zip(picks, shape, strict=True):
            last = start + step * (length - 1)
            if length < 0 or step == 0 or (length and not (0 <= start < extent and 0 <= last < extent)):
                raise ShapeError(f"slice (start {start}, step {step}, length {length}) leaves an axis of extent {extent}")
        if all(p == (0, 1, e) for p, e in zip(picks, shape, strict=True)):
            return arguments[0]
        return self.add("reindex", ("slice", picks), arguments, tuple([p[2] for p in picks]))

    def _gather(self, arguments: tuple[int, ...], axis: int, indices: Iterable[int], index_shape: Iterable[int]) -> int:
        a, shape, chosen, extents = self._axis(arguments[0], axis), self.shape(arguments[0]), tuple(map(int, indices)), check_shape(index_shape)
        if len(chosen) != prod(extents) or not all(0 <= i < shape[a] for i in chosen):
            raise ShapeError(f"gather: indices do not fit an axis of extent {shape[a]} or the index shape {list(extents)}")
        return self.add("reindex", ("gather", a, chosen, extents), arguments, shape[:a] + extents + shape[a + 1 :])

    def _pad(self, arguments: tuple[int, ...], amounts: Iterable[tuple[int, int]]) -> int:
        shape, pads = self.shape(arguments[0]), tuple([tuple(map(int, p)) for p in amounts])
        if len(pads) != len(shape) or any(b < 0 or a < 0 for b, a in pads) or self.shape(arguments[1]) != ():
            raise ShapeError(f"pads {pads} do not fit shape {list(shape)}")
        if not any(b or a for b, a in pads):
            return arguments[0]
        return self.add("reindex", ("pad", pads), arguments, tuple([b + e + a for e, (b, a) in zip(shape, pads, strict=True)]))

    def _concat(self, arguments: tuple[int, ...], axis: int) -> int:
        a, first = self._axis(arguments[0], axis), self.shape(arguments[0])
        for n in arguments[1:]:
            shape = self.shape(n)
            if shape[:a] + shape[a + 1 :] != first[:a] + first[a + 1 :] or len(shape) != len(first):
                raise ShapeError(f"concatenation of shapes {list(first)} and {list(shape)} along axis {a}")
        if len(arguments) == 1:
            return arguments[0]
        total = sum([self.shape(n)[a] for n in arguments])
        return self.add("reindex", ("concat", a), arguments, check_shape(first[:a] + (total,) + first[a + 1 :]))

    def _windows(self, arguments, axes, sizes, strides, dilations) -> int:
        shape, axes = list(self.shape(arguments[0])), tuple(self._axis(arguments[0], a) for a in axes)
        sizes, strides, dilations = tuple(map(int, sizes)), tuple(map(int, strides)), tuple(map(int, dilations))
        if not len(set(axes)) == len(axes) == len(sizes) == len(strides) == len(dilations):
            raise ShapeError("windows need one size, stride and dilation per axis")
        for a, size, stride, dilation in zip(axes, sizes, strides, dilations, strict=True):
            reach = dilation * (size - 1) + 1
            if min(size, stride, dilation) < 1 or reach > shape[a]:
                raise ShapeError(f"window of reach {reach} on an axis of extent {shape[a]}")
            shape[a] = (shape[a] - reach) // stride + 1
        return self.add("reindex", ("windows", axes, sizes, strides, dilations), arguments, check_shape((*shape, *sizes)))

    def _diagonal(self, arguments: tuple[int, ...]) -> int:
        shape = self.shape(arguments[0])
        if len(shape) < 2:
            raise ShapeError(f"no diagonal in shape {list(shape)}")
        return self.add("reindex", ("diagonal",), arguments, (*shape[:-2], min(shape[-2:])))

    # ----------------------------------------------------- order, lookup, linear algebra

    def order(self, what: str, n: int, axis: int, count: int = 0, largest: bool = False) -> int:
        """Rank along an axis: ``sort``, ``argsort`` (all), ``topk``, ``topk_index`` (``count``), ``argmax``,
        ``argmin`` (axis kept with extent 1), ``argmax_last``, ``argmin_last``.

        Ties go to the first index (last for ``_last``).  ``largest``: descending order.
        """
        a, shape = self._axis(n, axis), self.shape(n)
        if what not in ORDERINGS:
            raise InputError(f"{what!r} is not an ordering", code="TC123")
        if what.startswith("arg") and what != "argsort":
            count, largest = 1, what.startswith("argmax")
            if shape[a] == 0:
                raise ShapeError(f"{what} over an empty axis")
        elif what in ("sort", "argsort"):
            count = shape[a]
        if not 0 <= count <= shape[a]:
            raise ShapeError(f"{what} of {count} among {shape[a]} entries")
        return self.add("order", (what, a, count, int(largest)), (n,), shape[:a] + (count,) + shape[a + 1 :])

    def lookup(self, table: int, index: int, axis: int = 0) -> int:
        """Select rows of ``table`` along ``axis`` by an integer-valued ``index`` computed in the program.

        Shape: ``table[:axis] + index.shape + table[axis+1:]``; undefined where an index is no
        integer in ``0 .. extent-1``.
        """
        a, shape = self._axis(table, axis), self.shape(table)
        return self.add("lookup", (a,), (table, index), shape[:a] + self.shape(index) + shape[a + 1 :])

    def linalg(self, what: str, *arguments: int) -> int:
        """Linear algebra on the last two axes: det, inverse, solve, cholesky, eigvalsh (ascending),
        svdvals (descending), logabsdet, pinv, expm."""
        if what not in LINALG or len(arguments) != (2 if what == "solve" else 1):
            raise InputError(f"{what!r} with {len(arguments)} arguments is not a linear-algebra node", code="TC123")
        shape = self.shape(arguments[0])
        square = what not in ("svdvals", "pinv")
        if len(shape) < 2 or (square and shape[-1] != shape[-2]):
            raise ShapeError(f"{what} needs {'square ' if square else ''}matrices, got shape {list(shape)}")
        if what == "solve":
            right = self.shape(arguments[1])
            if len(right) < 2 or right[-2] != shape[-1] or right[:-2] != shape[:-2]:
                raise ShapeError(f"solve: {list(shape)} against {list(right)}")
            result = right
        else:
            result = {
                "det": shape[:-2], "logabsdet": shape[:-2], "eigvalsh": shape[:-1],
                "svdvals": (*shape[:-2], min(shape[-2:])), "pinv": (*shape[:-2], shape[-1], shape[-2]),
            }.get(what, shape)
        return self.add("linalg", (what,), arguments, result)

    # ------------------------------------------------------------ sub-programs

    def body(self, program: "Program") -> int:
        """Store a sub-program and return its number; its outputs are its last nodes."""
        for k, known in enumerate(self.bodies):
            if known is program:
                return k
        self.bodies.append(program)
        return len(self.bodies) - 1

    def repeat(self, body: int, outputs: Sequence[int], count: int, arguments: Sequence[int], carries: int, which: int) -> int:
        """Run a body ``count`` times and return carry number ``which``.

        The body's inputs, in the order of their positions, are the carries and then fixed
        values; ``outputs`` are the body's nodes that become the next carries.
        """
        program = self.bodies[body]
        slots = program.inputs()
        if len(slots) != len(arguments) or len(outputs) != carries or not 0 <= which < carries <= len(slots) or count < 0:
            raise ShapeError("repeat: arguments, carries and body inputs do not match")
        for n, slot in zip(arguments, slots, strict=True):
            if self.shape(n) != program.shape(slot):
                raise ShapeError(f"repeat: argument of shape {list(self.shape(n))} for a body input of {list(program.shape(slot))}")
        for o, slot in zip(outputs, slots, strict=False):
            if program.shape(o) != program.shape(slot):
                raise ShapeError("repeat: a carry changes its shape")
        parameters = (body, int(count), carries, which, tuple(outputs))
        return self.add("repeat", parameters, tuple(arguments), self.shape(arguments[which]))

    def implicit(self, mode: str, body: int, output: int, arguments: Sequence[int], bound: int) -> int:
        """The value (``min``, ``max``) or a point (``argmin``, ``root``) chosen over the body's bound inputs.

        The body's first ``bound`` inputs are quantified over their boxes, the others are the
        arguments; ``output`` is the scalar objective, or for ``root`` the map whose zero is
        taken.  ``argmin`` and ``root`` return the first bound input's shape, by definable choice.
        """
        program = self.bodies[body]
        slots = program.inputs()
        if mode not in ("min", "max", "argmin", "root") or not 1 <= bound <= len(slots) or len(slots) - bound != len(arguments):
            raise ShapeError("implicit: bound variables and arguments do not match the body")
        for n, slot in zip(arguments, slots[bound:], strict=True):
            if self.shape(n) != program.shape(slot):
                raise ShapeError(f"implicit: argument of shape {list(self.shape(n))} for a body input of {list(program.shape(slot))}")
        if mode != "root" and program.shape(output) != ():
            raise ShapeError("implicit: the objective is not a scalar")
        shape = () if mode in ("min", "max") else program.shape(slots[0])
        return self.add("implicit", (mode, body, bound, output), tuple(arguments), shape)

    # ---------------------------------------------------------------- whole

    def _axis(self, n: int, axis: int) -> int:
        rank = len(self.nodes[n][3])
        if not -rank <= axis < rank:
            raise ShapeError(f"axis {axis} of a tensor of shape {list(self.nodes[n][3])}")
        return int(axis) % rank

    def ancestors(self, outputs: Iterable[int]) -> list[int]:
        """Return, in order, the positions that the outputs depend on (outputs included)."""
        needed = bytearray(len(self.nodes))
        for n in outputs:
            needed[n] = 1
        for n in range(len(self.nodes) - 1, -1, -1):
            if needed[n]:
                for a in self.nodes[n][2]:
                    needed[a] = 1
        return [n for n, flag in enumerate(needed) if flag]

    def restrict(self, outputs: Sequence[int]) -> tuple["Program", list[int]]:
        """Return the program of the outputs' ancestors only, and the outputs' new positions.

        Inputs are kept even when nothing depends on them: they are part of the claim.
        """
        kept = sorted({*self.ancestors(outputs), *self.inputs()})
        if len(kept) == len(self.nodes):
            return self, list(outputs)
        place = {n: i for i, n in enumerate(kept)}
        small = Program()
        small.bodies = self.bodies
        small.data = self.data
        for n in kept:
            kind, parameters, arguments, shape = self.nodes[n]
            m = small.add(kind, parameters, tuple([place[a] for a in arguments]), shape)
            if kind == "input":
                small._inputs[parameters[0]] = m
        small.names = {place[n]: name for n, name in self.names.items() if n in place}
        return small, [place[n] for n in outputs]

    def to_json(self) -> dict:
        """Return the canonical JSON value: nodes and bodies; names are not part of it."""
        return {"bodies": [b.to_json() for b in self.bodies], "nodes": self.nodes}

    def digest(self) -> str:
        """Return the SHA-256 of the canonical JSON text: the program's identity."""
        text = json.dumps(self.to_json(), separators=(",", ":"), sort_keys=True, ensure_ascii=True)
        return "sha256:" + hashlib.sha256(text.encode("ascii")).hexdigest()


REINDEXINGS = frozenset("reshape transpose expand slice gather pad concat windows diagonal".split())
ORDERINGS = frozenset("sort argsort topk topk_index argmax argmin argmax_last argmin_last".split())


def exact(value: Fraction | int) -> Fraction:
    """Return an exact rational; floats are refused, they must be turned into dyadics on purpose."""
    if isinstance(value, float) or not hasattr(value, "numerator"):
        raise InputError(f"{value!r} is not an exact rational", code="TC124", hint="use Fraction(value)")
    result = Fraction(int(value.numerator), int(value.denominator))
    if result.numerator.bit_length() > MAXIMAL_BITS or result.denominator.bit_length() > MAXIMAL_BITS:
        raise InputError(f"a number of more than {MAXIMAL_BITS} bits", code="TC112", hint="round it to fewer digits")
    return result


def check_shape(shape: Iterable[int]) -> Shape:
    """Return a shape as a tuple of plain integers, refusing negative, huge or too many extents."""
    extents = tuple([int(e) for e in shape])
    if len(extents) > MAXIMAL_RANK or any(e < 0 for e in extents) or prod(extents) > MAXIMAL_EXTENT:
        raise ShapeError(f"shape {list(extents)[:8]} is negative, too large or of rank above {MAXIMAL_RANK}")
    return extents


def broadcast(a: Shape, b: Shape) -> Shape:
    """Return the NumPy broadcast of two shapes."""
    if len(a) < len(b):
        a, b = b, a
    result = list(a)
    gap = len(a) - len(b)
    for k, extent in enumerate(b):
        mine = a[gap + k]
        if mine != extent and mine != 1 and extent != 1:
            raise ShapeError(f"shapes {list(a)} and {list(b)} do not broadcast")
        if mine == 1:
            result[gap + k] = extent
    return tuple(result)


def box(low: Fraction | int | None = None, high: Fraction | int | None = None) -> Interval:
    """Return a closed box ``[low, high]``; ``None`` is infinite."""
    return interval(low, high)
