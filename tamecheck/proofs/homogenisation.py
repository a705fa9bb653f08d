"""The homogenisation f_H(u) = lim f(r u)/r^M of a near-homogeneous network, as a program of its own.

Parts of lower degree are dropped, and every scalar gate s is replaced by its recession function: right * max(h, 0) - left * max(-h, 0).
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from tamecheck.kernel.scaling import ANY, degrees
from tamecheck.programs.program import Program
from tamecheck.proofs.gates import Gate, Gates


def homogenised(program: Program, target: int, moving: Iterable[int]) -> tuple[Program, int] | None:
    """Return the program and node of f_H for the group of inputs, or ``None`` where no rule says what it is."""
    return _Copy(program, target, dict.fromkeys(moving, Fraction(1))).run()


class _Copy:
    def __init__(self, program: Program, target: int, weights: dict[int, Fraction]) -> None:
        self.program, self.target = program, target
        self.exact = degrees(program, weights)
        self.gates = Gates(program)
        self.frontier = self.gates.frontier(target)
        self.made = Program()
        self.place: dict[int, int | None] = {}
        self.degree: dict[int, Fraction | None] = {}
        self.depends = {n: n in weights for n in program.inputs()}

    def run(self) -> tuple[Program, int] | None:
        for n in self.program.ancestors([self.target]):
            self.depends[n] = self.depends.get(n, False) or any([self.depends[a] for a in self.program.nodes[n][2]])
            self.visit(n)
        place = self.place[self.target]
        return None if place is None else (self.made, place)

    def visit(self, n: int) -> None:
        kind, parameters, arguments, shape = self.program.nodes[n]
        places = [self.place[a] for a in arguments]
        d = self.exact[n]
        self.place[n], self.degree[n] = None, None
        exact = all([self.degree[a] == self.exact[a] or self.exact[a] == ANY for a in arguments])
        if None not in places and exact and (d is not None or not self.depends[n]):
            self.degree[n] = Fraction(0) if not self.depends[n] else d
            self.place[n] = self.made.add(kind, parameters, tuple(places), shape)
            if kind == "input":
                self.made._inputs[parameters[0]] = self.place[n]
            return
        if n in self.frontier and self.gates.roots[n] not in (n, -1):
            self.by_gate(n)
        if self.place[n] is None and None not in places:
            self.by_rule(n, kind, parameters, arguments, places, shape)

    def by_rule(self, n: int, kind: str, parameters: tuple, arguments: tuple[int, ...], places: list[int], shape: tuple) -> None:
        d = [self.degree[a] for a in arguments]
        if None in d:
            return
        proper = [x for x in d if x != ANY]
        name = parameters[0] if parameters else ""
        if kind == "contract" or (kind == "map" and name == "mul"):
            self.degree[n] = ANY if ANY in d else sum(proper, Fraction(0))
        elif kind == "map" and name in ("add", "sub", "max", "min"):
            top = max(proper, default=ANY)
            zero = self.made.constant(0)
            places = [p if x in (top, ANY) else self.made.reindex(("expand", self.made.shape(p)), zero) for p, x in zip(places, d, strict=True)]
            self.degree[n] = top
        elif (kind == "map" and name in ("neg", "abs")) or (kind == "reduce" and name in ("sum", "max", "min")) or kind == "order":
            if kind != "order" or name in ("sort", "topk"):
                self.degree[n] = d[0]
        elif kind == "reindex" and len(set(proper)) <= 1:
            self.degree[n] = proper[0] if proper else ANY
        if self.degree[n] is not None:
            self.place[n] = self.made.add(kind, parameters, tuple(places), shape)

    def by_gate(self, n: int) -> None:
        base = self.gates.roots[n]
        if self.place[base] is None or self.degree[base] in (None, 0, ANY):
            return
        gate = self.gates.of(n)
        if not isinstance(gate, Gate) or gate.left is None or gate.right is None:
            return
        h, made = self.place[base], self.made
        up = made.map("mul", made.constant(gate.right), made.map("max", h, made.constant(0)))
        down = made.map("mul", made.constant(gate.left), made.map("max", made.map("neg", h), made.constant(0)))
        self.place[n] = made.map("sub", up, down)
        self.degree[n] = self.degree[base] if gate.left or gate.right else ANY
