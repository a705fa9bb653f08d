"""The graph of a small program in SMT-LIB 2, entry by entry.

Inputs become constants ``x<node>_<entry>``, outputs ``y_<entry>``; every other entry is a definition.  A
solver's division is total and its square roots are whatever the text says, so every partial
operation is guarded: denominators are asserted to be nonzero, and roots are constants
asserted to be nonnegative with the right power.  The models of the text are exactly the
points of the graph over the natural domain, as far as the solver interprets ``exp`` and its
like, which are declared as functions.  What has no finite scalar form is refused.
"""

from fractions import Fraction
from math import prod

from tamecheck.errors import InputError
from tamecheck.ground.intervals import from_text
from tamecheck.reports.reading import VERDICTS, Reading, clean
from tamecheck.reports.smtlib_tensors import KINDS
from tamecheck.reports.smtlib_terms import literal, rational

MAXIMAL_ENTRIES = 20_000
MAXIMAL_TEXT = 20_000_000
MAXIMAL_POWER = 64
GUARDS = {"log": "(> {0} 0.0)", "asin": "(<= (- 1.0) {0} 1.0)", "acos": "(<= (- 1.0) {0} 1.0)", "erfinv": "(< (- 1.0) {0} 1.0)",
          "gamma": "(> {0} 0.0)", "lgamma": "(> {0} 0.0)", "digamma": "(> {0} 0.0)", "zeta": "(> {0} 1.0)", "bessely0": "(> {0} 0.0)",
          "bessely1": "(> {0} 0.0)", "besselk0": "(> {0} 0.0)", "besselk1": "(> {0} 0.0)"}  # fmt: skip
PLAIN = {"add": "+", "sub": "-", "mul": "*"}


def to_smtlib(document: dict, maximal_entries: int = MAXIMAL_ENTRIES) -> str:
    """Return the graph of the claimed node.

    Raises
    ------
    InputError
        If the program has more than ``maximal_entries`` scalar entries, or holds an operation without a
        finite scalar form (TC143 names it).
    """
    r = Reading(document)
    entries = sum(prod(r.nodes[n][3]) for n in r.cone)
    if entries > maximal_entries:
        raise InputError(
            f"the program has {entries} scalar entries, SMT-LIB text is written up to {maximal_entries}", code="TC142",
            hint="take a smaller model; the JSON certificate has no limit",
        )
    return Lowering(r).text()


class Lowering:
    """The text being written: declarations and definitions in order, and the terms of every node."""

    def __init__(self, r: Reading) -> None:
        self.r = r
        self.lines: list[str] = []
        self.declared: dict[str, int] = {}
        self.terms: dict[int, object] = {}
        self.fresh = 0
        self.size = 0

    def text(self) -> str:
        """Return the whole SMT-LIB text."""
        import numpy as np

        self._run(self.r.nodes, self.r.cone, self.terms, "")
        target = np.ravel(self.terms[self.r.target])
        for k, term in enumerate(target):
            self.line(f"(declare-const y_{k} Real)")
            self.line(f"(assert (= y_{k} {term}))")
        functions = [f"(declare-fun {name} ({' '.join(['Real'] * arity)}) Real)" for name, arity in self.declared.items()]
        head = [
            f"; the graph of node {self.r.target} of {clean(self.r.claim['program'])}: {VERDICTS[self.r.verdict]}"
            + (" in " + ", ".join(s.name for s in self.r.homes) if self.r.homes else ""),
            *(["; declared functions mean the real functions of these names"] if functions else []),
            f"(set-logic {'ALL' if any('to_int' in line for line in self.lines) else 'QF_UFNRA' if functions else 'QF_NRA'})",
        ]
        return "\n".join([*head, *functions, *self.lines, "(check-sat)", ""])

    def line(self, text: str) -> None:
        self.size += len(text)
        if self.size > MAXIMAL_TEXT:
            raise InputError("the SMT-LIB text would be larger than 20 MB", code="TC142", hint="take a smaller model")
        self.lines.append(text)

    def define(self, term: str) -> str:
        """Name a term, unless it is short."""
        if "(" not in term or len(term) < 24:
            return term
        self.fresh += 1
        self.line(f"(define-fun d{self.fresh} () Real {term})")
        return f"d{self.fresh}"

    def unknown(self, stem: str, *conditions: str) -> str:
        """Declare a constant with conditions on it; ``{0}`` is its name."""
        self.fresh += 1
        name = f"{stem}{self.fresh}"
        self.line(f"(declare-const {name} Real)")
        for condition in conditions:
            self.line(f"(assert {condition.format(name)})")
        return name

    def _function(self, name: str, *args: str) -> str:
        self.declared.setdefault(name, len(args))
        return f"({name} {' '.join(args)})" if args else name

    def _run(self, nodes: list, order: list[int], terms: dict, prefix: str, given: dict | None = None) -> None:
        """Write the definitions of nodes in order."""
        for n in order:
            kind, parameters, arguments, shape = nodes[n]
            if kind == "input":
                terms[n] = given[n] if given is not None else self._input(n, parameters, shape)
            elif kind == "constant":
                terms[n] = self._constant(n, parameters, shape, prefix)
            elif kind == "repeat":
                terms[n] = self._repeat(parameters, [terms[a] for a in arguments], prefix)
            elif kind in KINDS:
                terms[n] = KINDS[kind](self, parameters, [terms[a] for a in arguments], tuple(shape))
            else:
                raise self.unsupported(kind)

    def unsupported(self, what: str) -> InputError:
        """Return the refusal of an operation."""
        return InputError(f"{what} has no finite scalar form in SMT-LIB", code="TC143", hint="use the JSON certificate")

    def array(self, items: list[str], shape: tuple) -> object:
        import numpy as np

        array = np.empty(len(items), dtype=object)
        array[:] = items
        return array.reshape(tuple(shape))

    def _input(self, n: int, parameters: list, shape: tuple) -> object:
        name, role, box = parameters
        self.line(f"; {role} {ascii(clean(name))[1:-1]} of shape {list(shape)}, entries in {box}")
        names = [f"x{n}_{k}" for k in range(prod(shape))]
        for x in names:
            self.line(f"(declare-const {x} Real)")
            self._inside(x, box)
        return self.array(names, shape)

    def _inside(self, x: str, box: str) -> None:
        low, high, low_closed, high_closed = from_text(box)
        if low is not None:
            self.line(f"(assert ({'<=' if low_closed else '<'} {rational(low)} {x}))")
        if high is not None:
            self.line(f"(assert ({'<=' if high_closed else '<'} {x} {rational(high)}))")

    def _constant(self, n: int, parameters: list, shape: tuple, prefix: str) -> object:
        count = prod(shape)
        if parameters[0] == "splat":
            return self.array([rational(Fraction(parameters[1]))] * count, shape)
        if parameters[0] == "values":
            return self.array([rational(Fraction(q)) for q in parameters[1]], shape)
        self.line(f"; constants known by the digest {ascii(clean(parameters[1]))[1:-1]}: any numbers of the interval {parameters[2]}")
        names = [f"c{prefix}{n}_{k}" for k in range(count)]
        for c in names:
            self.line(f"(declare-const {c} Real)")
            self._inside(c, parameters[2])
        return self.array(names, shape)

    def _repeat(self, parameters: list, arguments: list, prefix: str) -> object:
        """Unroll a repeated body."""
        number, count, carries, which, outputs = parameters
        body = self.r.document["program"]["bodies"][number]
        nodes = body["nodes"]
        slots = [i for i, node in enumerate(nodes) if node[0] == "input"]
        state = dict(zip(slots, arguments, strict=True))
        for turn in range(count):
            terms: dict[int, object] = {}
            self._run(nodes, list(range(len(nodes))), terms, f"{prefix}r{turn}_", state)
            state.update({slots[k]: terms[outputs[k]] for k in range(carries)})
        return state[slots[which]]

    # ------------------------------------------------------------- entrywise

    def scalar(self, p: str, args: list[str]) -> str:
        """Return a scalar primitive applied to terms, guarding its domain."""
        if p in PLAIN:
            return self.define(f"({PLAIN[p]} {args[0]} {args[1]})")
        if p == "div":
            self.line(f"(assert (not (= {args[1]} 0.0)))")
            return self.define(f"(/ {args[0]} {args[1]})")
        if p in ("max", "min"):
            return self.define(f"(ite ({'>=' if p == 'max' else '<='} {args[0]} {args[1]}) {args[0]} {args[1]})")
        if p == "pow":
            return self._power(*args)
        if p == "pi":
            if "pi" not in self.declared:
                self.line("(assert (< (/ 3141592653.0 1000000000.0) pi (/ 3141592654.0 1000000000.0)))")
            return self._function("pi")
        x = args[0]
        if p == "neg":
            return self.define(f"(- {x})")
        if p == "abs":
            return self.define(f"(ite (>= {x} 0.0) {x} (- {x}))")
        if p == "sign":
            return self.define(f"(ite (> {x} 0.0) 1.0 (ite (< {x} 0.0) (- 1.0) 0.0))")
        if p == "floor":
            return self.define(f"(to_real (to_int {x}))")
        if p == "ceil":
            return self.define(f"(- (to_real (to_int (- {x}))))")
        if p == "round":
            half = self.define(f"(+ {x} (/ 1.0 2.0))")
            tie = f"(and (= {half} (to_real (to_int {half}))) (= (mod (to_int {half}) 2) 1))"
            return self.define(f"(- (to_real (to_int {half})) (ite {tie} 1.0 0.0))")
        if p == "sqrt":
            return self.unknown("s", "(>= {0} 0.0)", f"(= (* {{0}} {{0}}) {x})")
        if p == "tan":
            self.line(f"(assert (not (= {self._function('cos', x)} 0.0)))")
        if p == "lambertw":
            minus_one = self._function("exp", "(- 1.0)")
            self.line(f"(assert (>= {x} (- {minus_one})))")
        if p in GUARDS:
            self.line(f"(assert {GUARDS[p].format(x)})")
        return self.define(self._function(p, x))

    def _power(self, base: str, exponent: str) -> str:
        """Return a power; the exponent is a literal, or the base must be positive."""
        q = literal(exponent)
        if q is None or max(abs(q.numerator), q.denominator) > MAXIMAL_POWER:
            self.line(f"(assert (> {base} 0.0))")
            return self.define(self._function("exp", f"(* {exponent} {self._function('log', base)})"))
        root = base
        if q.denominator > 1:
            power = " ".join(["{0}"] * q.denominator)
            root = self.unknown("s", "(>= {0} 0.0)", f"(= (* {power}) {base})")
        if q < 0:
            self.line(f"(assert (not (= {root} 0.0)))")
        count = abs(q.numerator)
        term = "1.0" if count == 0 else root if count == 1 else f"(* {' '.join([root] * count)})"
        return self.define(f"(/ 1.0 {term})" if q < 0 else term)

    def fold(self, operation: str, items: list[str]) -> str:
        """Return a finite sum, product, maximum or minimum."""
        if operation in ("sum", "prod"):
            unit, sign = ("0.0", "+") if operation == "sum" else ("1.0", "*")
            return unit if not items else items[0] if len(items) == 1 else self.define(f"({sign} {' '.join(items)})")
        result = items[0]
        for item in items[1:]:
            result = self.scalar(operation, [result, item])
        return result
