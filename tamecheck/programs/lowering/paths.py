"""Symbolic execution of a tape: one path per piece.

A path carries the conditions under which the program takes it.  Slots are computed when the outputs ask for them, so that
``where`` needs its condition and the branch that is taken, no more.  Where a sign is needed that the conditions leave open, the
path splits; branches without a point are dropped.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction

from flint import fmpz_mpoly

from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded
from tamecheck.ground.polynomials import MAXIMAL_DEGREE, MAXIMAL_TERMS, Ring
from tamecheck.programs.lowering.branches import Dead, Quotient, Root, Split
from tamecheck.programs.lowering.conditions import NEGATIVE, NULL, POSITIVE, Domain
from tamecheck.programs.lowering.rules import RULES
from tamecheck.programs.lowering.tape import Tape

MAXIMAL_ROOTS = 24
MAXIMAL_ENTRIES = 64
"""Maxima of more entries are taken pair by pair."""


class Path:
    """A partial run: what is known, computed and chosen so far."""

    __slots__ = ("domain", "values", "choices", "roots", "places")

    def __init__(self, domain: Domain) -> None:
        self.domain = domain
        self.values: dict[int, Quotient] = {}
        self.choices: dict[int, int] = {}
        self.roots: list[Root] = []
        self.places: dict[tuple[str, str, int], int] = {}

    def branch(self, domain: Domain) -> "Path":
        """Return a copy on another domain."""
        other = Path(domain)
        other.values, other.choices = dict(self.values), dict(self.choices)
        other.roots, other.places = list(self.roots), dict(self.places)
        return other


class Executor:
    """Runs a tape over a ring.

    Parameters
    ----------
    tape : Tape
    ties : ``"merge"``: a tie of max, min or abs goes with one side; ``"split"``: every tie is a piece of its own
    oracle : ``None`` or a function of (ring, conditions) that returns True, False or None: is there a point
    budget : Budget or ``None`` — one step per operation
    """

    def __init__(self, tape: Tape, ties: str, oracle: Callable | None, budget: Budget | None) -> None:
        self.tape, self.split, self.oracle, self.budget = tape, ties == "split", oracle, budget
        self.roots = min(self._count_roots(), MAXIMAL_ROOTS)
        names = list(tape.variables)
        letter = "r"
        while any([n.startswith(letter) and n[len(letter) :].isdigit() for n in names]):
            letter += "r"
        self.auxiliary = [f"{letter}{k}" for k in range(1, self.roots + 1)]
        self.ring = Ring([*names, *self.auxiliary])
        self.one = self.ring.constant(1)
        self._leaves: dict[int, tuple[int, ...]] = {}
        for s in tape.needed():  # from below, so that nothing recurses
            if tape.slots[s][0] in ("max", "min"):
                self.leaves(s)

    def _count_roots(self) -> int:
        return sum([1 for s in self.tape.needed() if self.tape.slots[s][0] == "power" and self.tape.slots[s][1].denominator > 1])

    def start(self) -> Path:
        """Return the path on which nothing is known but the box."""
        domain = Domain(self.ring, self.tape.boxes, self.oracle)
        if not domain.settle():
            raise Dead
        return Path(domain)

    def run(self, path: Path, outputs: Sequence[int]) -> None:
        """Compute the outputs on a path.

        Raises
        ------
        Split, Undefined, Dead
            The path ends here; values computed so far are kept for the branches.
        """
        slots, values = self.tape.slots, path.values
        stack = list(reversed(outputs))
        while stack:
            s = stack[-1]
            if s in values:
                stack.pop()
                continue
            operation, payload, arguments = slots[s]
            if operation == "where":
                arguments = self._where(path, arguments)
            elif operation in ("max", "min") and not self.split:
                arguments = self.leaves(s)
            waiting = [a for a in arguments if a not in values]
            if waiting:
                stack += reversed(waiting)
                continue
            if self.budget is not None:
                self.budget.spend(1, "lowering")
            given = [values[a] for a in arguments]
            values[s] = given[-1] if operation == "where" else RULES[operation](self, path, s, payload, given)
            stack.pop()

    def _where(self, path: Path, arguments: tuple[int, ...]) -> tuple[int, ...]:
        """Return the arguments that the path needs: the condition alone while it is not known, then it and its branch."""
        condition, yes, no = arguments
        if condition not in path.values:
            return (condition,)
        return (condition, yes if self.true(path, path.values[condition]) else no)

    def leaves(self, slot: int) -> tuple[int, ...]:
        """Return what a maximum (or minimum) of maxima is the maximum of, so that k entries make k pieces; clamps by numbers stay."""
        found = self._leaves.get(slot)
        if found is None:
            operation, _, arguments = self.tape.slots[slot]
            found = ()
            for a in arguments:
                inner, _, below = self.tape.slots[a]
                nested = inner == operation and not any([self.tape.value(b) is not None for b in (*below, *arguments)])
                found += self.leaves(a) if nested and a in self._leaves else (a,)
            self._leaves[slot] = found if len(found) <= MAXIMAL_ENTRIES else arguments
        return self._leaves[slot]

    # ----------------------------------------------------------------------- signs

    def true(self, path: Path, v: Quotient) -> bool:
        """Return whether a value is not 0."""
        return self.ask(path, v[0], (NEGATIVE | POSITIVE, NULL)) != NULL

    def sign(self, path: Path, v: Quotient, groups: Sequence[int], merge: bool = False) -> int:
        """Return which group the sign of a value is in; with ``merge``, 0 may go with either side."""
        n, d = v
        if not d.is_constant():
            if self.ask(path, d, (POSITIVE, NEGATIVE)) == NEGATIVE:
                n = -n
        elif int(d.leading_coefficient()) < 0:
            n = -n
        return self.ask(path, n, groups, merge)

    def ask(self, path: Path, p: fmpz_mpoly, groups: Sequence[int], merge: bool = False) -> int:
        """Return the group (cut down to what is possible) that holds the sign of ``p``, or split the path."""
        domain = path.domain
        possible = domain.signs(p)
        if merge and possible and possible & (NEGATIVE | POSITIVE) != NEGATIVE | POSITIVE:
            return possible
        options = [g & possible for g in groups if g & possible]
        if not options:
            raise Dead
        if len(options) == 1:
            return options[0]
        found = []
        for g in options:
            branch = domain.copy()
            branch.restrict(p, g)
            if branch.settle():
                found.append((g, branch))
        if not found:
            raise Dead
        if len(found) > 1:
            raise Split([branch for _, branch in found])
        mask, branch = found[0]
        domain.restrict(p, mask, implied=True)
        domain.witness, domain.certain = branch.witness, branch.certain
        return mask

    # ------------------------------------------------------------------ arithmetic

    def reduced(self, n: fmpz_mpoly, d: fmpz_mpoly) -> Quotient:
        """Return n/d in lowest terms; the denominator has a positive first coefficient."""
        if n.is_zero():
            return n, self.one
        if len(n) > MAXIMAL_TERMS or n.total_degree() > MAXIMAL_DEGREE:
            raise BudgetExceeded(f"an expression of {len(n)} terms and degree {n.total_degree()}", code="TC306", where="lowering")
        if d.is_constant() and int(d.leading_coefficient()) == 1:
            return n, d
        g = n.gcd(d)
        n, d = n / g, d / g
        return (-n, -d) if d.coeffs()[0] < 0 else (n, d)

    def add(self, a: Quotient, b: Quotient) -> Quotient:
        """Return the sum."""
        if str(a[1]) == str(b[1]):
            return self.reduced(a[0] + b[0], a[1])
        return self.reduced(a[0] * b[1] + b[0] * a[1], a[1] * b[1])

    def multiply(self, a: Quotient, b: Quotient) -> Quotient:
        """Return the product."""
        if len(a[0]) * len(b[0]) > MAXIMAL_TERMS:
            raise BudgetExceeded(f"a product of {len(a[0])} by {len(b[0])} terms", code="TC306", where="lowering")
        return self.reduced(a[0] * b[0], a[1] * b[1])

    def number(self, q: Fraction) -> Quotient:
        """Return a rational constant."""
        return self.ring.constant(q.numerator), self.ring.constant(q.denominator)

    def difference(self, a: Quotient, b: Quotient) -> Quotient:
        """Return a - b."""
        return self.add(a, (-b[0], b[1]))
