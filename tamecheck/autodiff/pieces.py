"""A program with rules as pieces: on every cell of its kinks what it computes and what differentiation returns."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from flint import fmpz_mpoly

from tamecheck.autodiff.code import Code
from tamecheck.autodiff.cuts import cut
from tamecheck.autodiff.fields import Field, NoRoom, Quotient
from tamecheck.autodiff.line import Line
from tamecheck.autodiff.rules import Rules
from tamecheck.autodiff.semantics import NOTHING, Kink, Missing, Outside, Run, Undecided
from tamecheck.autodiff.signs import Signs
from tamecheck.autodiff.space import Arrangement, Cell, Curved, Space
from tamecheck.autodiff.symbolic import affine
from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded
from tamecheck.ground.polynomials import positive

MAXIMAL_GUARDS = 60
MAXIMAL_POINTS = 250
"""Guards in one variable, where cells grow no faster than their zeros."""
POOL = 24
JUMPING = frozenset(["sign", "floor", "ceil", "round"])


@dataclass
class Piece:
    """What holds on one cell.

    Attributes
    ----------
    value : quotient, ``None`` where the program has no value
    returned : what differentiation returns, one entry per variable; `NOTHING` is no number
    outside : the cell lies outside of the window in which step functions are followed
    """

    cell: Cell
    value: Quotient | None = None
    returned: list[Quotient | str] = field(default_factory=list)
    outside: bool = False
    unknown: list[str] = field(default_factory=list)
    used: dict[str, str] = field(default_factory=dict)

    @cached_property
    def key(self) -> str:
        """What is returned, as text."""
        return "|".join([d if isinstance(d, str) else f"{d[0]}/{d[1]}" for d in self.returned])

    @cached_property
    def defined(self) -> bool:
        """Whether differentiation returns numbers."""
        return NOTHING not in self.returned


class Pieces:
    """The pieces of a program.

    Attributes
    ----------
    space : Space
    pieces : list of Piece — in the order of the cells
    jumping : whether the program has an operator that can jump (``where``, ``sign``, ``round``, ...)
    """

    def __init__(
        self,
        code: Code,
        rules: Rules,
        budget: Budget | None = None,
        mode: str = "reverse",
        extra: Iterable[fmpz_mpoly] = (),
        field: Field | None = None,
    ) -> None:
        self.code, self.rules, self.budget, self.mode = code, rules, budget, mode
        kinds = [*_operations(code)]
        self.jumping = any([k in JUMPING or k in ("where", "compare", "logic") for k in kinds])
        self._extra = list(extra)
        self.pieces: list[Piece] = []
        self.settled = False
        self._gradients: dict[int, list[Quotient]] = {}
        try:
            # further cuts are functions of the field they were found in
            self._start(Field(code.names) if field is None else field)
        except NoRoom:
            self._extra = [p for p in self._extra if not p.is_constant()]
            self._start(Field(code.names, POOL))

    def _start(self, field: Field) -> None:
        self.field = field
        self.extra = [p if p.context() == field.ring.context else self._own(p) for p in self._extra]
        self.guards: dict[str, fmpz_mpoly] = {}
        self.space: Space = cut(self.field, [])
        self._run()

    def __repr__(self) -> str:
        return f"Pieces({len(self.pieces)} pieces; {', '.join(self.code.names)})"

    def _own(self, p: fmpz_mpoly) -> fmpz_mpoly:
        n, m = len(self.code.names), len(self.field.ring.names)
        return self.field.ring.context.from_dict({(*[int(x) for x in e[:n]], *[0] * (m - n)): c for e, c in zip(p.monoms(), p.coeffs(), strict=True)})

    # ---------------------------------------------------------------------- making

    def _run(self) -> None:
        for p in self.extra:
            self._add(p)
        while True:
            self.space = cut(self.field, self.guards.values(), self.budget)
            missing: dict[str, fmpz_mpoly] = {}
            self.pieces = []
            for cell in self.space.cells:
                if self.budget is not None:
                    self.budget.spend(64, "pieces of a program")
                try:
                    self.pieces.append(self.evaluate(cell))
                except Missing as need:
                    missing |= {str(p): p for p in need.factors}
                    if len(missing) >= 3:
                        break
            if not missing:
                self.settled = True
                return
            for p in missing.values():
                self._add(p)
            if len(self.guards) > (MAXIMAL_GUARDS if self.field.n > 1 else MAXIMAL_POINTS):
                raise BudgetExceeded(f"more than {MAXIMAL_GUARDS} kink surfaces", code="TC306", where="exact decision", hint="a smaller program")

    def _add(self, p: fmpz_mpoly) -> None:
        for q, _ in self.field.ring.factors(p)[1]:
            if not positive(q):
                self.guards[str(q)] = q

    def evaluate(self, cell: Cell) -> Piece:
        """Run the program on a cell."""
        f = self.field
        try:
            run = Run(self.code, f, [f.variable(k) for k in range(f.n)], lambda p: self.sign(p, cell), self.rules)
            value = run.value()
            returned = (run.gradient() if self.mode == "reverse" else run.forward_gradient()) if value is not None else []
        except Outside:
            return self._beyond(cell)
        return Piece(cell, value, returned, False, run.unknown, run.used)

    def _beyond(self, cell: Cell) -> Piece:
        """Run the program where step functions take integers that are not followed: what does not depend on these integers is known all the same."""
        n, f = self.field.n, Field(self.code.names, POOL)

        def sign(p: fmpz_mpoly) -> int:
            if f.transcendental(p):
                raise Undecided("an integer that is not followed")
            return self.sign(self._own(p), cell)

        def own(a: Quotient | str | None) -> Quotient | None:
            known = isinstance(a, tuple) and not any([f.transcendental(p) for p in a])
            return tuple([self._own(p) for p in a]) if known else None

        try:
            run = Run(self.code, f, [f.variable(k) for k in range(n)], sign, self.rules, loose=True)
            value = run.value()
            returned = (run.gradient() if self.mode == "reverse" else run.forward_gradient()) if value is not None else []
        except (Undecided, Kink, Outside):
            return Piece(cell, outside=True)
        found = [own(d) for d in returned]
        known = value is not None and None not in found and not run.unknown
        if known and own(value) is not None:
            return Piece(cell, own(value), found, False, run.unknown, run.used)
        return Piece(cell, None, found if known else [], True)

    def sign(self, p: fmpz_mpoly, cell: Cell, depth: int = 0) -> int:
        """Return the sign of a polynomial of the field on a cell.

        Raises
        ------
        Missing
            A factor that is no guard yet.  ``depth`` counts reductions of expressions with exp, log, ... (`signs`).
        Undecided
            An expression with exp, log, ... whose sign does not show.
        """
        if p.is_zero():
            return 0
        if p.is_constant():
            return 1 if p.coeffs()[0] > 0 else -1
        unit, factors = self.field.ring.factors(p)
        sign, missing = (1 if unit > 0 else -1), None
        for q, e in factors:
            if positive(q):
                s = 1 if q.coeffs()[0] > 0 else -1
            elif str(q) in cell.known:
                s = cell.known[str(q)]
            elif isinstance(self.space, Line):
                s = self.space.sign(q, cell)
            elif self.field.transcendental(q):
                s = Signs(self, cell, depth).of(q)
            else:
                s = self.implied(q, cell) if self.settled else None
                if s is None:
                    missing = missing if missing is not None else q
                    continue
            if s == 0:
                return 0
            sign *= s if e & 1 else 1
        if missing is not None:
            raise Missing(missing)
        return sign

    def implied(self, q: fmpz_mpoly, cell: Cell) -> int | None:
        """Return the sign of a polynomial that is no guard, if it follows from the signs of the guards on a cell."""
        f, found = self.field, set()
        if cell.dimension == 0 and isinstance(self.space, Curved):
            return self.space.sign(q, cell)
        if cell.dimension == 0 and all([isinstance(x, Fraction) for x in cell.sample]):
            v = f.substitute((q, f.one), [f.number(x) for x in cell.sample])[0]
            return 0 if v.is_zero() else 1 if v.coeffs()[0] > 0 else -1
        for exponents, c in zip(q.monoms(), q.coeffs(), strict=True):
            s = 1 if c > 0 else -1
            for k, e in enumerate(exponents):
                if int(e):
                    own = cell.known.get(f.ring.names[k])
                    s = None if s is None or (own is None) else s * (own if int(e) & 1 else abs(own))
            found.add(s)
        if None not in found and (found <= {0, 1} or found <= {0, -1}):
            return sum(found)
        if isinstance(self.space, Arrangement) and affine(f, q):
            return self.space.linear_sign(q, cell)
        return None

    # ----------------------------------------------------------------------- using

    def of(self, cell: Cell) -> Piece:
        """Return the piece of a cell."""
        return self.pieces[cell.number]

    def vanishes(self, a: Quotient, cell: Cell) -> bool | None:
        """Return whether a function is zero on a whole cell (``None``: not known); expressions with roots and exponentials by their sign.

        Raises
        ------
        Missing
            A sign is needed that is not constant on the cell.
        """
        found = self.space.vanishes(a, cell)
        if found is None and not isinstance(self.space, Line):
            try:
                return self.sign(a[0], cell) == 0
            except Undecided:
                return None
        return found

    def derivative(self, piece: Piece) -> list[Quotient]:
        """Return the gradient of the function that a piece is (as a function on all of space)."""
        found = self._gradients.get(piece.cell.number)
        if found is None:
            found = self._gradients[piece.cell.number] = [self.field.derivative(piece.value, k) for k in range(self.field.n)]
        return found


def _operations(code: Code) -> Iterable[str]:
    for n in code.needed():
        kind, payload, _ = code.nodes[n]
        if kind == "primitive":
            yield payload
        elif kind == "call":
            yield from _operations(payload.body)
        elif kind == "power" and payload.denominator > 1:
            yield "root"
        elif kind == "power":
            yield "power"
        else:
            yield kind
