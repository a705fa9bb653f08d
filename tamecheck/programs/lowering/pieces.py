"""Functions by pieces: guarded rational (or algebraic) expressions, with a way back to the program.

>>> from tamecheck.programs.program import Program
>>> p = Program()
>>> x = p.input("x")
>>> f = lower(p, {"f": p.map("max", x, p.constant(0))})
>>> print(f)
piecewise linear function of x, 2 pieces
  x>=0: f = x
  x<0: f = 0
>>> f(Fraction(-3)), f(Fraction(5, 2))
(Fraction(0, 1), Fraction(5, 2))
"""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property

from flint import fmpq, fmpz_mpoly

from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded, InputError
from tamecheck.ground.algebraic import AlgebraicNumber
from tamecheck.ground.polynomials import Ring
from tamecheck.programs.lowering import algebraic
from tamecheck.programs.lowering import conditions as signs
from tamecheck.programs.lowering.branches import Dead, Quotient, Root, Split, Undefined, as_text
from tamecheck.programs.lowering.paths import Executor, Path
from tamecheck.programs.lowering.scalars import scalarise
from tamecheck.programs.lowering.tape import KINKS, Coordinate, Kink, Tape
from tamecheck.programs.program import Program

MAXIMAL_PIECES = 4_096
CHOICES = {
    "relu": ("on", "tie", "off"), "max": ("first", "tie", "second"), "min": ("second", "tie", "first"), "abs": ("+", "tie", "-"),
    "sign": ("+", "0", "-"), "lt": ("no", "no", "yes"), "le": ("no", "yes", "yes"), "eq": ("no", "yes", "no"), "ne": ("yes", "no", "yes"),
}  # fmt: skip
SHOWN = 24


class Piece:
    """One piece: where it holds, what the function is there, and what the program chose.

    Attributes
    ----------
    conditions : list of (polynomial, mask) — see `tamecheck.programs.lowering.conditions`; `texts` shows them
    values : dict[str, list of (numerator, denominator)] — the entries of every output
    roots : list of Root — auxiliary variables with their definitions
    choices : dict[int, int] — for every kink of the tape that was met: the possible signs of its argument (or difference);
        -1 - i where entry i of three or more is the extreme one
    sample : rational point of the piece, or ``None``
    nonempty : True if it provably has a point, ``None`` if that was not decided (pieces without a point are dropped)
    """

    __slots__ = ("function", "conditions", "values", "roots", "choices", "sample", "nonempty")

    def __init__(self, function: "PiecewiseFunction", path: Path, values: dict[str, list[Quotient]]) -> None:
        self.function = function
        self.conditions = path.domain.boxes + path.domain.conditions()
        self.values = values
        self.roots = path.roots
        self.choices = dict(path.choices)
        point = path.domain.witness
        count = len(function.variables)
        self.sample = None if point is None else tuple([Fraction(int(c.p), int(c.q)) for c in point[:count]])
        self.nonempty = path.domain.certain

    def copy(self, function: "PiecewiseFunction") -> "Piece":
        """Return a copy for another function."""
        other = Piece.__new__(Piece)
        for name in Piece.__slots__:
            setattr(other, name, getattr(self, name))
        other.function, other.conditions, other.choices = function, list(self.conditions), dict(self.choices)
        return other

    def __repr__(self) -> str:
        return f"Piece({self.guard()}: {', '.join([f'{k} = {v}' for k, v in self.expressions().items()])})"

    def texts(self) -> list[str]:
        """Return the conditions in the language of formulas, without the definitions of auxiliary variables."""
        ring = self.function.ring
        defined = set()
        for r in self.roots:
            x = ring.variable(r.variable)
            defined |= {str(x), str(signs.canonical(r.radicand[1] * x**r.degree - r.radicand[0])[0])}
        return [f"{str(p).replace(' ', '')}{signs.SYMBOL[mask]}0" for p, mask in self.conditions if str(p) not in defined]

    def guard(self) -> str:
        """Return the conjunction of the conditions, as text that can be read again."""
        return " and ".join([relation(p, mask) for p, mask in self.conditions]) or "True"

    def expressions(self) -> dict[str, str]:
        """Return the value of every entry of every output, as text; entries are called ``output[k]``."""
        out = {}
        for name, entries in self.values.items():
            for k, v in enumerate(entries):
                out[name if len(entries) == 1 else f"{name}[{k}]"] = as_text(v)
        return out

    @property
    def value(self) -> Quotient:
        """The value of the only entry of the only output."""
        entries = [v for vs in self.values.values() for v in vs]
        if len(entries) != 1:
            raise InputError(f"the function has {len(entries)} entries, not one", code="TC161", hint="take .values")
        return entries[0]

    def pattern(self) -> dict[str, str]:
        """Return what the program chose at every kink, in the user's names.

        ``relu`` is ``on`` or ``off``, ``max`` and ``min`` take the ``first`` or ``second`` argument (or ``entry`` 0, 1, ... of more),
        comparisons are ``yes`` or ``no``.
        """
        out: dict[str, str] = {}
        for slot, mask in sorted(self.choices.items()):
            kink = self.function.tape.kink(slot)
            positive, tie, negative = CHOICES[kink.operator]
            text = f"entry {-1 - mask}" if mask < 0 else tie if mask == signs.NULL else negative if mask & signs.NEGATIVE else positive
            name = kink.name
            while name in out and out[name] != text:
                name += "'"
            out[name] = text
        return out

    def holds(self, point: Sequence[Fraction]) -> bool:
        """Return whether a rational point is in the piece."""
        q = [fmpq(c.numerator, c.denominator) for c in point]
        if not all([mask & signs.sign_mask(signs.evaluate(p, q)) for p, mask in self.conditions if not self.auxiliary(p)]):
            return False
        if not self.roots:
            return True
        x = algebraic.coordinates(self.function.ring.names, point, self.roots)
        return all([mask & signs.sign_mask(algebraic.at(p, x).sign()) for p, mask in self.conditions if self.auxiliary(p)])

    def auxiliary(self, p: fmpz_mpoly) -> bool:
        """Return whether an auxiliary variable occurs."""
        count = len(self.function.variables)
        return any([k > count for k in self.function.ring.occurring(p)])

    def degree(self) -> tuple[int, bool, bool]:
        """Return the largest total degree, whether all values are polynomials, and whether roots occur."""
        entries = [v for vs in self.values.values() for v in vs]
        high = max([max(v[0].total_degree(), v[1].total_degree()) for v in entries], default=0)
        return high, all([v[1].is_constant() for v in entries]), bool(self.roots)

    def to_json(self) -> dict:
        """Return the piece as JSON."""
        return {
            "conditions": self.texts(), "values": self.expressions(), "roots": [repr(r) for r in self.roots], "pattern": self.pattern(),
            "sample": None if self.sample is None else [str(c) for c in self.sample], "nonempty": self.nonempty,
        }  # fmt: skip


def relation(p: fmpz_mpoly, mask: int) -> str:
    """Return a condition as text."""
    return f"{str(p).replace(' ', '')} {signs.SYMBOL[mask]} 0"


class PiecewiseFunction:
    """A program as a function by pieces; the pieces are disjoint and cover the points where the program has a value.

    Attributes
    ----------
    variables : tuple of str — names in the language of formulas
    coordinates : list of Coordinate — the entry of the user's tensor that each variable is
    pieces : list of Piece
    undefined : list of (conditions, reason) — where the program has no value
    complete : whether all paths were followed
    tape : Tape — the straight-line form, with its kinks
    """

    def __init__(self, tape: Tape, ring: Ring, ties: str) -> None:
        self.tape, self.ring, self.ties = tape, ring, ties
        self.pieces: list[Piece] = []
        self.undefined: list[tuple[list, str]] = []
        self.waiting: list[Path] = []

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the variables."""
        return self.tape.variables

    @property
    def coordinates(self) -> list[Coordinate]:
        """The entries of the user's tensors behind the variables."""
        return list(self.tape.coordinates)

    @property
    def complete(self) -> bool:
        """Whether all paths were followed to their end."""
        return not self.waiting

    @property
    def kind(self) -> str:
        """``linear``, ``polynomial``, ``rational`` or ``algebraic``: what every piece is at most."""
        kinds = [p.degree() for p in self.pieces]
        if any([root for _, _, root in kinds]):
            return "algebraic"
        if not all([whole for _, whole, _ in kinds]):
            return "rational"
        linear = all([d <= 1 for d, _, _ in kinds]) and all([p.total_degree() <= 1 for q in self.pieces for p, _ in q.conditions])
        return "linear" if linear else "polynomial"

    def __len__(self) -> int:
        return len(self.pieces)

    def __iter__(self):
        return iter(self.pieces)

    def __getitem__(self, k: int) -> Piece:
        return self.pieces[k]

    def __repr__(self) -> str:
        state = "" if self.complete else f", {len(self.waiting)} paths open"
        shown = ", ".join(self.variables[:8]) + (", ..." if len(self.variables) > 8 else "")
        return f"PiecewiseFunction({self.kind}, {len(self.pieces)} pieces{state}; {shown})"

    def __str__(self) -> str:
        count = f"{len(self.pieces)} piece{'s' if len(self.pieces) != 1 else ''}"
        state = "" if self.complete else f" so far, {len(self.waiting)} paths open"
        lines = [f"piecewise {self.kind} function of {', '.join(self.variables) or 'nothing'}, {count}{state}"]
        for piece in self.pieces[:SHOWN]:
            shown = ", ".join([f"{k} = {v}" for k, v in piece.expressions().items()])
            roots = "".join([f"  where {r!r}" for r in piece.roots])
            lines.append(f"  {', '.join(piece.texts()) or 'everywhere'}: {shown}{roots}")
        if len(self.pieces) > SHOWN:
            lines.append(f"  ... and {len(self.pieces) - SHOWN} more")
        lines += [f"  no value ({reason}): {', '.join([relation(p, m) for p, m in where])}" for where, reason in self.undefined[:SHOWN]]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from html import escape

        rows = "".join(
            f"<tr><td>{escape(', '.join(p.texts()) or 'everywhere')}</td>"
            f"<td>{escape(', '.join([f'{k} = {v}' for k, v in p.expressions().items()]))}</td></tr>"
            for p in self.pieces[:200]
        )
        return f"<table><caption>{escape(repr(self))}</caption><tr><th>where</th><th>value</th></tr>{rows}</table>"

    def kinks(self) -> list[Kink]:
        """Return the places where the program chooses."""
        return self.tape.kinks()

    @cached_property
    def surfaces(self) -> list[str]:
        """The polynomials in whose zeros pieces meet, as texts: what a decomposition adapted to the function has to respect."""
        found: dict[str, None] = {}
        for piece in self.pieces:
            found.update(dict.fromkeys([str(p).replace(" ", "") for p, _ in piece.conditions if not piece.auxiliary(p)]))
        return list(found)

    def simplified(self) -> "PiecewiseFunction":
        """Return the same function with conditions that follow from others dropped and equal neighbours joined; see `simplification`."""
        from tamecheck.programs.lowering.simplification import irredundant, joined

        out = PiecewiseFunction(self.tape, self.ring, self.ties)
        out.undefined, out.waiting = list(self.undefined), list(self.waiting)
        before = -1
        out.pieces = [piece.copy(out) for piece in self.pieces]
        while len(out.pieces) != before:
            before = len(out.pieces)
            for piece in out.pieces:
                piece.conditions = irredundant(piece.conditions, len(self.ring.names))
            texts = [f"{piece.roots}{k}" if piece.roots else str(piece.expressions()) for k, piece in enumerate(out.pieces)]
            out.pieces = joined(out.pieces, texts)
        return out

    def locate(self, point: Sequence[Fraction] | Mapping[str, object]) -> Piece | None:
        """Return the piece that holds a rational point, or ``None`` where the program has no value."""
        q = self.point(point)
        return next((p for p in self.pieces if p.holds(q)), None)

    def point(self, point: Sequence[Fraction] | Mapping[str, object]) -> list[Fraction]:
        """Return a point as exact rationals, in the order of the variables."""
        given = [point[v] for v in self.variables] if isinstance(point, Mapping) else list(point)
        if len(given) != len(self.variables):
            raise InputError(f"a point here has {len(self.variables)} coordinates, got {len(given)}", code="TC162")
        return [Fraction(c) for c in given]

    def __call__(self, *point: object) -> Fraction | AlgebraicNumber | dict[str, list]:
        """Return the exact value at a rational point: a rational number, or an algebraic one where roots occur."""
        q = self.point(point)
        piece = self.locate(q)
        if piece is None:
            raise InputError("the program has no value at this point", code="TC163", where=", ".join([str(c) for c in q]))
        f = [fmpq(c.numerator, c.denominator) for c in q] + [fmpq(0)] * (len(self.ring.names) - len(q))
        x = algebraic.coordinates(self.ring.names, q, piece.roots) if piece.roots else []
        out = {}
        for name, entries in piece.values.items():
            if piece.roots:
                ratios = [algebraic.quotient_at(v, x) for v in entries]
                out[name] = [r if r.rational is None else Fraction(int(r.rational.p), int(r.rational.q)) for r in ratios]
            else:
                ratios = [signs.evaluate(n, f) / signs.evaluate(d, f) for n, d in entries]
                out[name] = [Fraction(int(r.p), int(r.q)) for r in ratios]
        only = list(out.values())
        return only[0][0] if len(only) == 1 and len(only[0]) == 1 else out

    def to_formula(self, output: str | None = None, entry: int = 0) -> str:
        """Return one entry as a formula of the language: a ``piecewise`` (for functions without auxiliary variables)."""
        name = output or next(iter(self.tape.outputs))
        if any([p.roots for p in self.pieces]):
            raise InputError("a function with roots is no piecewise rational formula", code="TC163", hint="use to_graph")
        parts = [f"({as_text(p.values[name][entry])}, {p.guard()})" for p in self.pieces]
        if len(parts) == 1 and self.pieces[0].guard() == "True":
            return as_text(self.pieces[0].values[name][entry])
        return f"piecewise({', '.join(parts[:-1])}, {as_text(self.pieces[-1].values[name][entry])})" if len(parts) > 1 else parts[0]

    def to_graph(self, target: str = "t", output: str | None = None, entry: int = 0) -> str:
        """Return a formula that says ``target`` is the value, for `decide`, `eliminate` and `cells`; roots are bound by ``exists``."""
        name = output or next(iter(self.tape.outputs))
        parts = []
        for p in self.pieces:
            n, d = p.values[name][entry]
            text = f"{p.guard()} and ({target})*({str(d).replace(' ', '')}) == {str(n).replace(' ', '')}"
            bound = ", ".join([r.variable for r in p.roots])
            parts.append(f"(exists {bound}: {text})" if bound else f"({text})")
        return " or ".join(parts) or "False"

    def to_json(self) -> dict:
        """Return the function as JSON."""
        return {
            "kind": self.kind, "complete": self.complete, "variables": {c.variable: str(c) for c in self.tape.coordinates},
            "pieces": [p.to_json() for p in self.pieces], "surfaces": self.surfaces,
            "undefined": [{"conditions": [relation(p, m) for p, m in where], "reason": reason} for where, reason in self.undefined],
        }  # fmt: skip

    # ------------------------------------------------------------------------ running

    def follow(self, executor: Executor, limit: int, budget: Budget | None) -> None:
        """Follow the open paths, the positive branch first.

        Raises
        ------
        BudgetExceeded
            TC311: more pieces than the limit, or what the budget says; ``partial`` is this function, with its open paths.
        """
        outputs = [s for slots in self.tape.outputs.values() for s in slots]
        executor.budget = budget
        while self.waiting:
            if len(self.pieces) >= limit:
                raise BudgetExceeded(
                    f"more than {limit} pieces", partial=self, code="TC311", where=f"{len(self.waiting)} paths are open",
                    hint="a smaller model, a box, or a larger limit",
                )  # fmt: skip
            path = self.waiting[-1]
            if budget is not None and budget.seconds is not None and budget.remaining() <= 0:
                raise BudgetExceeded(f"time budget of {budget.seconds:g} s used up", partial=self, code="TC301", where="lowering")
            try:
                executor.run(path, outputs)
            except Split as split:
                self.waiting.pop()
                self.waiting += [path.branch(d) for d in reversed(split.domains)]
                continue
            except Undefined as reason:
                self.undefined.append((path.domain.boxes + path.domain.conditions(), str(reason)))
            except Dead:
                pass
            except BudgetExceeded as stop:
                stop.partial = self
                raise
            else:
                values = {name: [path.values[s] for s in slots] for name, slots in self.tape.outputs.items()}
                self.pieces.append(Piece(self, path, values))
            self.waiting.pop()

    def resume(self, limit: int = MAXIMAL_PIECES, budget: Budget | None = None, oracle: Callable | None = None) -> "PiecewiseFunction":
        """Go on after a budget ran out."""
        executor = Executor(self.tape, self.ties, oracle, budget)
        executor.ring, executor.one = self.ring, self.ring.constant(1)
        self.follow(executor, limit, budget)
        return self


def lower(
    program: Program, outputs: Mapping[str, int], fixed: Mapping[str, Sequence[Fraction]] | None = None, *, ties: str = "merge",
    oracle: Callable | None = None, limit: int = MAXIMAL_PIECES, budget: Budget | None = None, rename: Mapping[str, str] | None = None,
) -> PiecewiseFunction:  # fmt: skip
    """Return a program's outputs as a function by pieces of its inputs that are not fixed.

    Parameters
    ----------
    program : Program
    outputs : names and nodes
    fixed : exact entries (row-major) of inputs that do not vary
    ties : ``"merge"``: at a tie of max, min or abs both branches agree and the tie goes with one of them; ``"split"``: every sign
        vector of the kinks is a piece, so that lower-dimensional faces are pieces of their own
    oracle : decides whether nonlinear conditions have a point: ``oracle(ring, conditions) -> True, False or None``
    limit : the largest number of pieces
    budget : Budget — one step per scalar operation and path

    Raises
    ------
    Refusal
        TC230 a node is not piecewise algebraic.
    BudgetExceeded
        TC310 too many scalars, TC311 too many pieces, TC312 too many roots, TC306 an expression too large, TC301 and TC302.
    """
    if ties not in ("merge", "split"):
        raise InputError(f"ties {ties!r}", code="TC164", hint='"merge" or "split"')
    return lower_tape(scalarise(program, outputs, fixed or {}, rename), ties=ties, oracle=oracle, limit=limit, budget=budget)


def lower_tape(
    tape: Tape, *, ties: str = "merge", oracle: Callable | None = None, limit: int = MAXIMAL_PIECES, budget: Budget | None = None
) -> PiecewiseFunction:
    """Return a tape as a function by pieces; see `lower`."""
    executor = Executor(tape, ties, oracle, budget)
    function = PiecewiseFunction(tape, executor.ring, ties)
    try:
        function.waiting = [executor.start()]
    except Dead:
        return function
    function.follow(executor, limit, budget)
    return function


__all__ = ["KINKS", "Piece", "PiecewiseFunction", "Root", "lower", "lower_tape"]
