"""The exact decision: function, rule and consequences of one small program, in this order, and a verdict that claims no more than was proved."""

from dataclasses import dataclass, field
from fractions import Fraction

from flint import fmpz_mpoly

from tamecheck.autodiff import ascent, consequences, criterion, function, line_consequences, line_refutation, symbolic_refutation, verify
from tamecheck.autodiff.code import Code
from tamecheck.autodiff.consequences import Consequences
from tamecheck.autodiff.criterion import RuleFacts
from tamecheck.autodiff.domains import OnDomain, on_domain
from tamecheck.autodiff.fields import NotSupported
from tamecheck.autodiff.function import FunctionFacts
from tamecheck.autodiff.line import Line
from tamecheck.autodiff.orders import along, order
from tamecheck.autodiff.pieces import Pieces
from tamecheck.autodiff.potentials import Other, other
from tamecheck.autodiff.refutation import Refuter
from tamecheck.autodiff.rules import Rules
from tamecheck.autodiff.semantics import Missing, Undecided
from tamecheck.autodiff.space import Cell, TooCurved
from tamecheck.autodiff.witnesses import Witness
from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded
from tamecheck.geometry.univariate.constants import Unresolved
from tamecheck.geometry.univariate.expressions import TooLarge, Undefined

VERDICTS = (
    "exact-c1",
    "clarke",
    "conservative",
    "conservative-unbounded",
    "conservative-for-other",
    "not-conservative",
    "undefined",
    "unknown",
)
POSITIVE = VERDICTS[:3]
MAXIMAL_ROUNDS = 16
MAXIMAL_CELLS = 2_500
"""Cells of the finer cut for critical sets; more are not made, the sets are then not known."""
PATIENCE = 4
"""Seconds for critical sets, which are no part of the verdict on the rule."""
MORE_PATIENCE = 1
"""Seconds more for ascent points, once the other sets are found."""
MAXIMAL_REFUTATIONS = 12


@dataclass
class Decision:
    """What was found; ``pieces`` is ``None`` if the program could not be cut into pieces.

    ``other`` is another function for which the rule is conservative, ``domain`` the answer on the interior of the domain of a partial program.
    """

    code: Code
    rules: Rules
    verdict: str = "unknown"
    pieces: Pieces | None = None
    function: FunctionFacts | None = None
    rule: RuleFacts | None = None
    consequences: Consequences | None = None
    witness: Witness | None = None
    other: Other | None = None
    domain: OnDomain | None = None
    undefined: list[Cell] = field(default_factory=list)
    obligations: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Remember what is left to prove, once."""
        if text and text not in self.obligations:
            self.obligations.append(text)


def decide(code: Code, rules: Rules, *, mode: str = "reverse", budget: Budget | None = None) -> Decision:
    """Return the decision for a program and rules.

    Soundness
    ---------
    Positive verdicts rest on the stratified criterion (`criterion`), which is exact for piecewise rational programs; with exp, log, roots, ...
    identities are identities of normal forms.  Negative verdicts come with a witness.  Everything else is ``unknown`` with what is missing.
    """
    out = Decision(code, rules)
    try:
        _run(out, mode, budget)
    except (Undecided, NotSupported) as reason:
        what = f"the function {reason} is not treated exactly" if isinstance(reason, NotSupported) else f"undecided: {reason}"
        out.note(what)
    except (TooCurved, Unresolved) as reason:
        out.note(str(reason))
    except (TooLarge, Undefined) as reason:
        out.note(f"an expression of one variable: {reason}")
    except BudgetExceeded as stop:
        if stop.code in ("TC301", "TC302", "TC303"):
            stop.partial = out
            raise
        out.note(str(stop))
    except Missing as reason:
        out.note(f"a cut by {reason.factor}")
    return out


def _run(out: Decision, mode: str, budget: Budget | None) -> None:
    pieces, facts, rule = _examined(out, mode, budget)
    out.pieces, out.function, out.rule = pieces, facts, rule
    out.undefined = [p.cell for p in pieces.pieces if p.value is None and not p.outside] + rule.undefined
    for text in (*facts.obligations, *rule.obligations):
        out.note(text)
    if facts.jumps or facts.blowups or rule.violations:
        out.witness = refute(pieces, facts, rule)
        if out.witness is None:
            out.note("a refutation was found and no curve that shows it")
        elif out.witness.verified is False:
            out.witness = None
            out.note("a refutation did not pass its second check: this is an error of the program")
        else:
            out.verdict = "not-conservative"
            _another(out)
    elif out.undefined:
        out.verdict = "undefined"
    elif not out.obligations and facts.lipschitz and not facts.windowed:
        out.verdict = "conservative-unbounded" if rule.bounded is False else "conservative" if rule.bounded else "unknown"
    out.domain = on_domain(pieces)
    if out.witness is None or facts.lipschitz:
        _consequences(out, mode, budget)


def _another(out: Decision) -> None:
    """Ask whether the rule, refuted on an open set, is a conservative field of another function; where it is the derivative of the program
    on all open cells, it is the function that is at fault, not the rule.

    The other function is named always.  It is the verdict only where it says something: in one dimension every bounded rule is conservative for its
    integral, and a program that is not locally Lipschitz has no conservative field whatever the rule.
    """
    n = out.pieces.space.n
    if any([v.cell.dimension == n for v in out.rule.violations]):
        out.other = other(out.pieces)
        if out.other is not None:
            if n >= 2 and out.function.lipschitz:
                out.verdict = "conservative-for-other"
            out.witness.more["conservative_for"] = out.other.text


def _examined(out: Decision, mode: str, budget: Budget | None) -> tuple[Pieces, FunctionFacts, RuleFacts]:
    """Return the pieces with what is known of function and rule; space is cut further where a sign is asked for that is not constant."""
    extra: list[fmpz_mpoly] = []
    pieces = None
    while True:
        pieces = out.pieces = Pieces(out.code, out.rules, budget, mode, extra, None if pieces is None else pieces.field)
        try:
            return pieces, function.examine(pieces), criterion.examine(pieces)
        except Missing as need:
            if len(extra) >= MAXIMAL_ROUNDS:
                raise
            extra.append(need.factor)


def _consequences(out: Decision, mode: str, budget: Budget | None) -> None:
    """Clarke's subdifferential and critical sets; the space is cut further until all signs are constant."""
    out.consequences = _refined(out, mode, budget)
    if out.consequences is None:
        try:
            found = consequences.examine_clarke(out.pieces, out.function, Budget(seconds=PATIENCE))
        except (Missing, BudgetExceeded):
            found = None
        except (Undecided, TooCurved) as reason:
            out.note(str(reason))
            found = None
        out.consequences = found or Consequences(clarke=None, smooth=None)
        for name in consequences.SETS:
            setattr(out.consequences, name, None)
        out.consequences.note("the critical sets")
    else:
        _cells(out)
    if out.verdict == "conservative" and out.consequences.clarke:
        out.verdict = "exact-c1" if out.consequences.smooth else "clarke"


def _refined(out: Decision, mode: str, budget: Budget | None) -> Consequences | None:
    """Return Clarke's and the critical sets, cutting space until no sign is missing, then the ascent points; ``None`` if that takes too much."""
    left = None if budget is None else budget.remaining()
    own = Budget(seconds=PATIENCE if left is None else min(PATIENCE, max(left, 1)))
    fine, facts, best = out.pieces, out.function, None
    extra: list[fmpz_mpoly] = []
    try:
        for _ in range(MAXIMAL_ROUNDS):
            try:
                found = consequences.examine_all(fine, facts, own)
                if best is None:
                    own = Budget(seconds=min(MORE_PATIENCE, max(own.remaining(), Fraction(1, 10))))
                best = fine, facts, found
                if not isinstance(fine.space, Line):
                    ascent.examine(fine, facts, found, own)
                break
            except Missing as need:
                extra.append(need.factor)
            fine = Pieces(out.code, out.rules, own, mode, extra, fine.field)
            if len(fine.space.cells) > MAXIMAL_CELLS:
                break
            facts = function.examine(fine)
    except (Undecided, TooCurved, Missing, BudgetExceeded, Unresolved, TooLarge, Undefined):
        pass
    if best is not None:
        out.pieces, out.function, found = best
        if found.ascent is None:
            found.note("the set of ascent points")
        return found
    if budget is not None and budget.remaining() is not None and budget.remaining() <= 0:
        raise BudgetExceeded(f"time budget of {budget.seconds:g} s used up", code="TC301", where="critical sets")
    return None


def _cells(out: Decision) -> None:
    """Name the cells where something is undefined by the finer pieces."""
    out.undefined = [p.cell for p in out.pieces.pieces if not p.outside and (p.value is None or not p.defined)]


def refute(pieces: Pieces, facts: FunctionFacts, rule: RuleFacts) -> Witness | None:
    """Return the simplest witness found that passes its second check."""
    refuter, line = Refuter(pieces), isinstance(pieces.space, Line)
    found: list[Witness] = []
    for cell, beside in facts.jumps[:MAXIMAL_REFUTATIONS]:
        w = refuter.jump(cell, beside) or refuter.singular_jump(facts, cell, beside)
        if w is None:
            w = line_refutation.jump(pieces, cell, beside) if line else symbolic_refutation.jump(pieces, cell, beside)
        if w is not None:
            found.append(w)
            break
    if not found:
        # loops in open cells first: nobody's gradient
        loops = (refuter.loop(v) for v in rule.violations[:MAXIMAL_REFUTATIONS] if v.cell.dimension == pieces.space.n)
        first = next((w for w in loops if w is not None), None)
        found = [] if first is None else [first]
    if not found:
        for violation in rule.violations[:MAXIMAL_REFUTATIONS]:
            w = refuter.violation(violation)
            if w is not None:
                found.append(w)
                if w.kind != "stratum-direction":
                    break
    if facts.blowups and (not found or not facts.jumps):
        w = _blowup(refuter, *facts.blowups[0])
        found = ([w, *found] if not rule.violations else [*found, w]) if w is not None else found
    for w in found:
        w.verified = verify.check(pieces.code, pieces.rules, w)
    good = [w for w in found if w.verified is not False]
    return min(good, key=lambda w: w.kind == "stratum-direction") if good else (found[0] if found else None)


def _blowup(refuter: Refuter, cell: Cell, other: Cell, start: tuple, direction: tuple) -> Witness | None:
    if isinstance(refuter.space, Line):
        rational = isinstance(start[0], Fraction)
        slope = along(refuter.field, refuter.pieces.derivative(refuter.pieces.of(other))[0], start, direction) if rational else None
        if slope is None or order(refuter.field, slope) is None:
            return line_refutation.blowup(refuter.pieces, cell, other)
    return refuter.blowup(cell, other, start, direction)


def critical_values(decision: Decision, cells: list[Cell] | None) -> list[dict] | None:
    """Return the values of the program on critical cells: constant on each, because the cell is connected and the derivative along it is 0."""
    if cells is None or decision.pieces is None:
        return None
    seen: dict[str, dict] = {}
    for cell in cells:
        value = decision.pieces.of(cell).value
        entry = _value_at(decision.pieces, value, cell)
        seen.setdefault(entry["value"], entry)
    return list(seen.values())


def _value_at(pieces: Pieces, value, cell: Cell) -> dict:
    from tamecheck.autodiff.witnesses import decimal_of

    f = pieces.field
    if isinstance(pieces.space, Line):
        return line_consequences.critical_value(pieces, cell)
    if all([isinstance(x, Fraction) for x in cell.sample]):
        v = f.substitute(value, [f.number(x) for x in cell.sample])
        if v is not None and v[0].is_constant() and v[1].is_constant():
            q = Fraction(int(v[0].coeffs()[0]) if len(v[0]) else 0, int(v[1].coeffs()[0]))
            return {"value": str(q), "decimal": decimal_of(q)}
        if v is not None:
            return {"value": f.text(v), "decimal": f.ball(v, cell.sample).str(12, radius=False)}
    if not pieces.space.linear and not f.transcendental(value[0]) and not f.transcendental(value[1]):
        from tamecheck.geometry.cad.algebraic_values import value_at

        x = value_at(cell.inner.point, pieces.space.down(value[0]), pieces.space.down(value[1]))
        if x.rational is not None:
            q = Fraction(int(x.rational.p), int(x.rational.q))
            return {"value": str(q), "decimal": decimal_of(q)}
        return {"value": str(x), "decimal": x.ball(64).str(12, radius=False)}
    ball = f.ball(value, cell.sample)
    return {"value": ball.str(20, radius=False), "decimal": ball.str(12, radius=False)}
