"""Traces: where the nodes of an expression live while it is being written.

There is no global state.  Every expression belongs to a trace, which owns a `Program`;
when two expressions of different traces meet, the smaller program is copied into the
larger one and its handles are forwarded, so building is ``O(n log n)`` in the worst case
and linear in the usual one.  Leaves (inputs, parameters, buffers) are traceless: the same
`Parameter` object used twice, in two modules or in two traces, is one input node, which
is what weight tying means.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from tamecheck.errors import InputError
from tamecheck.ground.intervals import interval
from tamecheck.programs.builder.hyperparameters import array_entries, is_number, number, stored
from tamecheck.programs.program import Program

if TYPE_CHECKING:
    from tamecheck.programs.builder.leaves import Leaf
    from tamecheck.programs.builder.module import Module
    from tamecheck.programs.builder.tensor import Tensor

INLINE_ENTRIES = 4096  # larger constant arrays are known by digest and enclosing interval


class Trace:
    """A program under construction.

    Attributes
    ----------
    program : Program
    leaves : dict[Leaf, int] — the input node of every leaf used so far
    modules : dict[Module, str] — dotted path of every module called so far, and of its children
    roots : list[Module] — modules with leaves that were called from outside any other module
    joined : (Trace, list of int) or None — where this trace went, node by node
    outer, depth : the trace around the body of a loop, and how many loops are around (0: none)
    captures : dict[int, Tensor] — inputs of a body that stand for tensors computed outside
    """

    __slots__ = (
        "program", "leaves", "modules", "roots", "joined", "outer", "depth", "captures",
        "_planned", "_owner", "_taken", "_counters",
    )  # fmt: skip

    def __init__(self, outer: Trace | None = None) -> None:
        self.program = Program()
        self.leaves: dict[Leaf, int] = {}
        self.modules: dict[Module, str] = {}
        self.roots: list[Module] = []
        self.joined: tuple[Trace, list[int]] | None = None
        self.outer = outer
        self.depth: int = 0 if outer is None else outer.depth + 1
        self.captures: dict[int, Tensor] = {}
        self._planned: dict[Leaf, str] = {}
        self._owner: dict[Leaf, Module] = {}
        self._taken: set[str] = set()
        self._counters: dict[str, int] = {}

    # ---------------------------------------------------------------- leaves

    def bind(self, leaf: Leaf) -> int:
        """Return the input node of a leaf, adding it at first use.

        Its name is provisional: the final one is chosen by `extract`, when all plans are known.
        """
        n = self.leaves.get(leaf)
        if n is None:
            provisional = f"{self.name_of(leaf) or leaf.role}#{len(self.leaves)}"
            n = self.leaves[leaf] = self.program.input(provisional, leaf.shape, leaf.role, leaf.interval)
        return n

    def name_of(self, leaf: Leaf) -> str:
        """Return the planned name of a leaf, here or around a loop, or its own."""
        trace: Trace | None = self
        while trace is not None:
            planned = trace.root()._planned.get(leaf)
            if planned:
                return planned
            trace = trace.outer
        return leaf.name

    def register(self, root: Module) -> None:
        """Plan the names of a module's leaves: PyTorch's own (``0.weight``), with a prefix if they are taken."""
        if root in self.modules:
            return
        below = {module: path for path, module in root.named_modules()}
        leaves = [(name, leaf) for name, leaf in root.named_leaves() if leaf not in self._planned or self._owner[leaf] in below]
        replaced = [leaf for _, leaf in leaves if leaf in self._planned]
        if replaced:  # parts of this module were called on their own before
            self._taken.difference_update([self._planned[leaf] for leaf in replaced])
            self.roots = [r for r in self.roots if r not in below]
        prefix = root.name
        if any(_dotted(prefix, name) in self._taken for name, _ in leaves):
            prefix = self._prefix(prefix or type(root).__name__.lower(), [name for name, _ in leaves])
        for module, path in below.items():
            self.modules[module] = _dotted(prefix, path)
        for name, leaf in leaves:
            full = _dotted(prefix, name)
            self._planned[leaf], self._owner[leaf] = full, root
            self._taken.add(full)
        if leaves:
            self.roots.append(root)

    def _prefix(self, stem: str, names: list[str]) -> str:
        k = self._counters.get(stem + ".", 0)
        while True:
            k += 1
            prefix = stem if k == 1 else f"{stem}_{k}"
            if not any(f"{prefix}.{name}" in self._taken for name in names):
                self._counters[stem + "."] = k
                return prefix

    def path(self, module: Module) -> str:
        """Return a module's dotted path and class, for messages: ``"layers.3 (Linear)"``."""
        name = self.modules.get(module, "")
        return f"{name} ({type(module).__name__})" if name else type(module).__name__

    # -------------------------------------------------------------- constants

    def constant(self, value: object, what: str = "constant") -> int:
        """Return the node of a constant number, list or array."""
        if is_number(value):
            return self.program.constant(number(value, what))
        if hasattr(value, "tobytes") and getattr(value, "size", 0) > INLINE_ENTRIES:
            return self._opaque(value, what)
        entries, shape = array_entries(value, what)
        return self.program.values(entries, shape) if shape else self.program.constant(entries[0])

    def _opaque(self, value: object, what: str) -> int:
        shape = tuple(int(e) for e in value.shape)
        flat = value.reshape(-1).tolist()
        low, high = stored(min(flat), what), stored(max(flat), what)
        for entry in flat:
            if entry - entry != 0:
                stored(entry, what)
        if low == high:
            return self.program.constant(low, shape)
        head = f"{value.dtype.str}{list(shape)}".encode("ascii")
        digest = "sha256:" + hashlib.sha256(head + value.tobytes()).hexdigest()
        return self.program.opaque(digest, shape, interval(low, high), value)

    # ---------------------------------------------------------------- loops

    def capture(self, tensor: Tensor) -> int:
        """Return the input of this loop body that stands for a tensor computed outside it."""
        around = self.outer
        while around is not None and tensor.trace.depth and around.root() is not tensor.trace:
            around = around.outer
        if around is None:
            raise InputError("a tensor made inside the body of a loop is used outside it", code="TC126", hint="return it as a carry")
        for n, known in self.captures.items():
            if known.node == tensor.node and known.trace is tensor.trace:
                return n
        n = self.program.input(f"captured#{len(self.captures)}", tensor.shape)
        self.captures[n] = tensor
        return n

    # ------------------------------------------------------------------ join

    def root(self) -> Trace:
        """Return the trace this one was joined into, itself if none."""
        trace = self
        while trace.joined is not None:
            trace = trace.joined[0]
        return trace

    def absorb(self, small: Trace) -> None:
        """Copy another trace's program into this one and forward its handles."""
        for module in small.roots:
            self.register(module)
        owner = {n: leaf for leaf, n in small.leaves.items()}
        known = {n: self.bind(leaf) for n, leaf in owner.items()}
        place = copy_nodes(small.program, range(len(small.program)), self.program, known)
        small.joined = (self, [place[n] for n in range(len(small.program))])
        small.program = Program()


def join(traces: Iterable[Trace]) -> Trace:
    """Return the one trace that holds them all; a new one if there is none.

    Inside the body of a loop that is the body's trace, and tensors from outside are captured.
    """
    distinct: dict[int, Trace] = {}
    for trace in traces:
        root = trace.root()
        distinct[id(root)] = root
    if not distinct:
        return Trace()
    ordered = list(distinct.values())
    chosen = ordered[0]
    for trace in ordered[1:]:
        if (trace.depth, len(trace.program)) > (chosen.depth, len(chosen.program)):
            chosen = trace
    for trace in ordered:
        if trace is not chosen and not chosen.depth:
            chosen.absorb(trace)
    return chosen


def copy_nodes(source: Program, kept: Iterable[int], target: Program, known: dict[int, int]) -> dict[int, int]:
    """Copy nodes (closed under arguments, in order) and say where each one went; ``known`` is given."""
    place = dict(known)
    bodies: dict[int, int] = {}
    for n in kept:
        if n not in place:
            kind, parameters, arguments, shape = source.nodes[n]
            spot = {"repeat": 0, "implicit": 1}.get(kind)
            if spot is not None:
                old = parameters[spot]
                if old not in bodies:
                    bodies[old] = target.body(source.bodies[old])
                parameters = (*parameters[:spot], bodies[old], *parameters[spot + 1 :])
            place[n] = target.add(kind, parameters, tuple([place[a] for a in arguments]), shape)
        name = source.names.get(n)
        if name is not None:
            target.names.setdefault(place[n], name)
    target.data.update(source.data)
    return place


def extract(trace: Trace, nodes: list[int]) -> tuple[Program, list[int]]:
    """Return the program of the nodes' ancestors alone, with final names, and where the nodes went.

    Raises
    ------
    InputError
        If two different tensors of data have one name, or the nodes are in the body of a loop.
    """
    if trace.depth:
        raise InputError("a tensor made inside the body of a loop is used outside it", code="TC126", hint="return it as a carry")
    source, target = trace.program, Program()
    kept = source.ancestors(nodes)
    leaf_at = {n: leaf for leaf, n in trace.leaves.items()}
    inputs = [n for n in kept if source.nodes[n][0] == "input"]
    known: dict[int, int] = {}
    for n, name in zip(inputs, _final_names(trace, [leaf_at[n] for n in inputs]), strict=True):
        leaf = leaf_at[n]
        known[n] = target.input(name, leaf.shape, leaf.role, leaf.interval)
    place = copy_nodes(source, kept, target, known)
    return target, [place[n] for n in nodes]


def _final_names(trace: Trace, leaves: list[Leaf]) -> list[str]:
    """Return the names of leaves: planned ones, those of data as given, others made unique."""
    fixed = {leaf: trace.name_of(leaf) for leaf in leaves if leaf in trace._planned or leaf.by_name}
    taken, counters = set(fixed.values()), {}
    result = []
    for leaf in leaves:
        name = fixed.get(leaf)
        if name is None:
            stem = leaf.name or leaf.role
            k = counters.get(stem, 1)
            name = stem
            while name in taken:
                k += 1
                name = f"{stem}_{k}"
            counters[stem] = k
            taken.add(name)
        result.append(name)
    return result


def _dotted(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix and name else prefix or name
