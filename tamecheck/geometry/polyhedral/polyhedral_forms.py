"""Piecewise linear programs in normal form: a list of kinks, each an affine form in the coordinates and in earlier kinks.

``max(a, b) = b + relu(a - b)``, ``min(a, b) = a - relu(a - b)``, ``abs(a) = 2*relu(a) - a``, ``relu(-a) = relu(a) - a``: up to
positive factors every kink is the relu of a primitive integer form with positive first coefficient, so that units with the same
hyperplane are one kink.  ``where`` becomes a *selection*, ``d`` where a condition holds and 0 elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import gcd, lcm

from tamecheck.errors import Refusal
from tamecheck.programs.lowering.tape import Tape, apply

Form = dict[int, Fraction]
"""Coefficients by column: column 0 is the constant, 1 to n the coordinates, later ones the kinks."""
COMPARISONS = {"lt": lambda s: s < 0, "le": lambda s: s <= 0, "eq": lambda s: s == 0, "ne": lambda s: s != 0}


@dataclass
class Kink:
    """A column: ``relu`` of a form, a ``cut`` along a form (without a value), or a ``select``ion.

    Attributes
    ----------
    kind : ``"relu"``, ``"cut"`` or ``"select"``
    form : pairs (column, integer coefficient) of the argument; for ``select`` of the value where the condition holds
    scale : the argument is a positive multiple of what the program computes; the column is ``scale`` times its value
    condition : slot of the tape that decides a selection
    """

    kind: str
    form: tuple[tuple[int, int], ...]
    scale: Fraction = Fraction(1)
    condition: int = -1


@dataclass
class NormalForm:
    """A program as kinks and affine outputs.

    Attributes
    ----------
    tape : Tape
    kinks : list of Kink; kink k is column 1 + n + k
    outputs : list of (name, entry, form)
    places : dict from slots of the tape to (kink, turned): where a kink of the program is; ``turned`` if its form has the other sign
    constants : dict from slots of kinks whose argument is a number to its sign
    """

    tape: Tape
    kinks: list[Kink] = field(default_factory=list)
    outputs: list[tuple[str, int, Form]] = field(default_factory=list)
    places: dict[int, tuple[int, bool]] = field(default_factory=dict)
    constants: dict[int, int] = field(default_factory=dict)

    @property
    def dimension(self) -> int:
        """The number of coordinates."""
        return len(self.tape.coordinates)


def normal_form(tape: Tape) -> NormalForm:
    """Return the normal form of a tape.

    Raises
    ------
    Refusal
        TC231 a node is not piecewise linear, TC232 it jumps; the smallest such node is named.
    """
    reader = _Reader(tape)
    for s in tape.needed():
        reader.slot(s)
    out = reader.out
    for name, slots in tape.outputs.items():
        out.outputs += [(name, k, reader.form(s)) for k, s in enumerate(slots)]
    return out


class _Reader:
    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.out = NormalForm(tape)
        self.forms: dict[int, Form] = {}
        self.truths: set[int] = set()
        self.known: dict[tuple, int] = {}
        self.n = len(tape.coordinates)

    def form(self, slot: int) -> Form:
        """Return the affine form of a slot; a truth value has none, because it jumps."""
        if slot in self.forms:
            return self.forms[slot]
        raise self.refuse(slot, "TC232", "jumps", "where(condition, a, b) with a == b where the condition changes is understood")

    def refuse(self, slot: int, code: str, why: str, hint: str) -> Refusal:
        """Return the refusal of a slot."""
        operation, payload, _ = self.tape.slots[slot]
        what = payload if operation == "opaque" else operation
        node, _ = self.tape.origin[slot]
        return Refusal(f"{what} at node {node} {why}", code=code, where=self.tape.place(slot), hint=hint)

    def slot(self, s: int) -> None:
        """Put a slot whose arguments are known into normal form."""
        operation, payload, arguments = self.tape.slots[s]
        if operation == "variable":
            self.forms[s] = {1 + payload: Fraction(1)}
        elif operation == "number":
            self.forms[s] = {0: payload} if payload else {}
        elif operation == "sum":
            self.forms[s] = combine([(Fraction(1), self.form(a)) for a in arguments])
        elif operation == "product":
            self._product(s, arguments)
        elif operation in ("max", "min", "abs"):
            self._extremum(s, operation, arguments)
        elif operation in COMPARISONS:
            self._cut(s, combine([(Fraction(1), self.form(arguments[0])), (Fraction(-1), self.form(arguments[1]))]))
        elif operation in ("and", "or", "xor", "not"):
            if not all([a in self.truths for a in arguments]):
                raise self.refuse(s, "TC231", "is applied to numbers", "compare them first")
            self.truths.add(s)
        elif operation == "where":
            self._where(s, *arguments)
        else:
            hint = "quotients, powers and sign are for tc.lower, which takes piecewise algebraic functions"
            raise self.refuse(s, "TC231", "is not piecewise linear", hint)

    def _product(self, s: int, arguments: tuple[int, ...]) -> None:
        a, b = arguments
        for x, y in ((a, b), (b, a)):
            if x in self.truths:
                self._select(s, x, self.form(y), {})
                return
        for x, y in ((a, b), (b, a)):
            f = self.form(x)
            if set(f) <= {0}:
                self.forms[s] = combine([(f.get(0, Fraction(0)), self.form(y))])
                return
        raise self.refuse(s, "TC231", "multiplies two quantities that vary", "tc.lower takes piecewise polynomials")

    def _extremum(self, s: int, operation: str, arguments: tuple[int, ...]) -> None:
        a, b = self.form(arguments[0]), self.form(arguments[-1])
        difference = a if operation == "abs" else combine([(Fraction(1), a), (Fraction(-1), b)])
        part = self._relu(s, difference)
        one = Fraction(1)
        self.forms[s] = {
            "max": lambda: combine([(one, b), (one, part)]), "min": lambda: combine([(one, a), (-one, part)]),
            "abs": lambda: combine([(2 * one, part), (-one, a)]),
        }[operation]()  # fmt: skip

    def _relu(self, s: int, form: Form) -> Form:
        """Return the relu of a form as a form, with a kink made for it if there is none."""
        if set(form) <= {0}:
            value = form.get(0, Fraction(0))
            self.out.constants[s] = (value > 0) - (value < 0)
            return {0: value} if value > 0 else {}
        k, factor, turned = self._kink("relu", form)
        self.out.places[s] = (k, turned)
        column = {1 + self.n + k: factor}
        return column if not turned else combine([(Fraction(1), column), (Fraction(1), form)])

    def _kink(self, kind: str, form: Form) -> tuple[int, Fraction, bool]:
        """Return kink, factor and whether it is turned: ``relu(form) = factor*column``, or ``factor*column + form`` if turned."""
        columns = sorted(form)
        scaled = {c: form[c] / self._scale(c) for c in columns}
        common = lcm(*[q.denominator for q in scaled.values()])
        integers = [int(scaled[c] * common) for c in columns]
        divisor = gcd(*integers)
        # the first coordinate or kink decides the sign, not the constant
        turned = integers[1 if columns[0] == 0 and len(columns) > 1 else 0] < 0
        primitive = tuple([(c, v // divisor * (-1 if turned else 1)) for c, v in zip(columns, integers, strict=True)])
        factor = Fraction(divisor, common)
        for known in ("relu", "cut"):
            k = self.known.get((known, primitive))
            if k is not None:
                if kind == "relu":
                    self.out.kinks[k].kind = "relu"
                return k, factor, turned
        k = self.known[(kind, primitive)] = len(self.out.kinks)
        self.out.kinks.append(Kink(kind, primitive))
        return k, factor, turned

    def _scale(self, column: int) -> Fraction:
        return self.out.kinks[column - 1 - self.n].scale if column > self.n else Fraction(1)

    def _cut(self, s: int, form: Form) -> None:
        self.truths.add(s)
        if set(form) <= {0}:
            value = form.get(0, Fraction(0))
            self.out.constants[s] = (value > 0) - (value < 0)
            return
        k, _, turned = self._kink("cut", form)
        self.out.places[s] = (k, turned)

    def _where(self, s: int, condition: int, yes: int, no: int) -> None:
        if condition not in self.truths:
            raise self.refuse(s, "TC231", "has a number for a condition", "compare it")
        self._select(s, condition, self.form(yes), self.form(no))

    def _select(self, s: int, condition: int, yes: Form, no: Form) -> None:
        """``where(condition, yes, no) = no + selection of yes - no``."""
        difference = combine([(Fraction(1), yes), (Fraction(-1), no)])
        if not difference:
            self.forms[s] = no
            return
        scaled = {c: q / self._scale(c) for c, q in difference.items()}
        common = lcm(*[q.denominator for q in scaled.values()])
        form = tuple([(c, int(scaled[c] * common)) for c in sorted(scaled)])
        k = len(self.out.kinks)
        self.out.kinks.append(Kink("select", form, Fraction(common), condition))
        self.forms[s] = combine([(Fraction(1), no), (Fraction(1), {1 + self.n + k: Fraction(1)})])


def combine(terms: Sequence[tuple[Fraction, Form]]) -> Form:
    """Return a linear combination of forms, without zero coefficients."""
    out: Form = {}
    for factor, form in terms:
        for c, q in form.items():
            term = q if factor == 1 else factor * q
            out[c] = out[c] + term if c in out else term
    return {c: q for c, q in out.items() if q}


def truth(normal: NormalForm, slot: int, signs: Sequence[int]) -> bool:
    """Return the truth value of a condition where the kinks have the given signs."""
    tape, known = normal.tape, {}
    for s in tape.needed([slot]):
        operation, _, arguments = tape.slots[s]
        if operation in COMPARISONS:
            if s in normal.places:
                k, turned = normal.places[s]
                sign = -signs[k] if turned else signs[k]
            else:
                sign = normal.constants[s]
            known[s] = Fraction(int(COMPARISONS[operation](sign)))
        elif operation in ("and", "or", "xor", "not") and all([a in known for a in arguments]):
            known[s] = apply(operation, [known[a] for a in arguments])
    return bool(known[slot])
