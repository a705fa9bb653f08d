"""The graph of a small program in SMT-LIB 2, entry by entry.

Inputs become constants ``x<node>_<entry>``, outputs ``y_<entry>``; every other entry is a definition.  A
solver's division is total and its square roots are whatever the text says, so every partial
operation is guarded: denominators are asserted to be nonzero, and roots are constants
asserted to be nonnegative with the right power.  The models of the text are exactly the
points of the graph over the natural domain, as far as the solver interprets ``exp`` and its
like, which are declared as functions.  What has no finite scalar form is refused.
"""

from fractions import Fraction
from itertools import product
from math import prod

from tamecheck.errors import InputError
from tamecheck.ground.intervals import from_text
from tamecheck.reports.reading import VERDICTS, Reading, clean

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


def rational(q: Fraction) -> str:
    """Return an exact real literal."""
    size = f"{abs(q.numerator)}.0" if q.denominator == 1 else f"(/ {abs(q.numerator)}.0 {q.denominator}.0)"
    return f"(- {size})" if q < 0 else size


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
            self._line(f"(declare-const y_{k} Real)")
            self._line(f"(assert (= y_{k} {term}))")
        functions = [f"(declare-fun {name} ({' '.join(['Real'] * arity)}) Real)" for name, arity in self.declared.items()]
        head = [
            f"; the graph of node {self.r.target} of {clean(self.r.claim['program'])}: {VERDICTS[self.r.verdict]}"
            + (" in " + ", ".join(s.name for s in self.r.homes) if self.r.homes else ""),
            *(["; declared functions mean the real functions of these names"] if functions else []),
            f"(set-logic {'ALL' if any('to_int' in line for line in self.lines) else 'QF_UFNRA' if functions else 'QF_NRA'})",
        ]
        return "\n".join([*head, *functions, *self.lines, "(check-sat)", ""])

    def _line(self, text: str) -> None:
        self.size += len(text)
        if self.size > MAXIMAL_TEXT:
            raise InputError("the SMT-LIB text would be larger than 20 MB", code="TC142", hint="take a smaller model")
        self.lines.append(text)

    def _define(self, term: str) -> str:
        """Name a term, unless it is short."""
        if "(" not in term or len(term) < 24:
            return term
        self.fresh += 1
        self._line(f"(define-fun d{self.fresh} () Real {term})")
        return f"d{self.fresh}"

    def _unknown(self, stem: str, *conditions: str) -> str:
        """Declare a constant with conditions on it; ``{0}`` is its name."""
        self.fresh += 1
        name = f"{stem}{self.fresh}"
        self._line(f"(declare-const {name} Real)")
        for condition in conditions:
            self._line(f"(assert {condition.format(name)})")
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

    def _array(self, items: list[str], shape: tuple) -> object:
        import numpy as np

        array = np.empty(len(items), dtype=object)
        array[:] = items
        return array.reshape(tuple(shape))

    def _input(self, n: int, parameters: list, shape: tuple) -> object:
        name, role, box = parameters
        self._line(f"; {role} {ascii(clean(name))[1:-1]} of shape {list(shape)}, entries in {box}")
        names = [f"x{n}_{k}" for k in range(prod(shape))]
        for x in names:
            self._line(f"(declare-const {x} Real)")
            self._inside(x, box)
        return self._array(names, shape)

    def _inside(self, x: str, box: str) -> None:
        low, high, low_closed, high_closed = from_text(box)
        if low is not None:
            self._line(f"(assert ({'<=' if low_closed else '<'} {rational(low)} {x}))")
        if high is not None:
            self._line(f"(assert ({'<=' if high_closed else '<'} {x} {rational(high)}))")

    def _constant(self, n: int, parameters: list, shape: tuple, prefix: str) -> object:
        count = prod(shape)
        if parameters[0] == "splat":
            return self._array([rational(Fraction(parameters[1]))] * count, shape)
        if parameters[0] == "values":
            return self._array([rational(Fraction(q)) for q in parameters[1]], shape)
        self._line(f"; constants known by the digest {ascii(clean(parameters[1]))[1:-1]}: any numbers of the interval {parameters[2]}")
        names = [f"c{prefix}{n}_{k}" for k in range(count)]
        for c in names:
            self._line(f"(declare-const {c} Real)")
            self._inside(c, parameters[2])
        return self._array(names, shape)

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
            return self._define(f"({PLAIN[p]} {args[0]} {args[1]})")
        if p == "div":
            self._line(f"(assert (not (= {args[1]} 0.0)))")
            return self._define(f"(/ {args[0]} {args[1]})")
        if p in ("max", "min"):
            return self._define(f"(ite ({'>=' if p == 'max' else '<='} {args[0]} {args[1]}) {args[0]} {args[1]})")
        if p == "pow":
            return self._power(*args)
        if p == "pi":
            if "pi" not in self.declared:
                self._line("(assert (< (/ 3141592653.0 1000000000.0) pi (/ 3141592654.0 1000000000.0)))")
            return self._function("pi")
        x = args[0]
        if p == "neg":
            return self._define(f"(- {x})")
        if p == "abs":
            return self._define(f"(ite (>= {x} 0.0) {x} (- {x}))")
        if p == "sign":
            return self._define(f"(ite (> {x} 0.0) 1.0 (ite (< {x} 0.0) (- 1.0) 0.0))")
        if p == "floor":
            return self._define(f"(to_real (to_int {x}))")
        if p == "ceil":
            return self._define(f"(- (to_real (to_int (- {x}))))")
        if p == "round":
            half = self._define(f"(+ {x} (/ 1.0 2.0))")
            tie = f"(and (= {half} (to_real (to_int {half}))) (= (mod (to_int {half}) 2) 1))"
            return self._define(f"(- (to_real (to_int {half})) (ite {tie} 1.0 0.0))")
        if p == "sqrt":
            return self._unknown("s", "(>= {0} 0.0)", f"(= (* {{0}} {{0}}) {x})")
        if p == "tan":
            self._line(f"(assert (not (= {self._function('cos', x)} 0.0)))")
        if p == "lambertw":
            minus_one = self._function("exp", "(- 1.0)")
            self._line(f"(assert (>= {x} (- {minus_one})))")
        if p in GUARDS:
            self._line(f"(assert {GUARDS[p].format(x)})")
        return self._define(self._function(p, x))

    def _power(self, base: str, exponent: str) -> str:
        """Return a power; the exponent is a literal, or the base must be positive."""
        q = _literal(exponent)
        if q is None or max(abs(q.numerator), q.denominator) > MAXIMAL_POWER:
            self._line(f"(assert (> {base} 0.0))")
            return self._define(self._function("exp", f"(* {exponent} {self._function('log', base)})"))
        root = base
        if q.denominator > 1:
            power = " ".join(["{0}"] * q.denominator)
            root = self._unknown("s", "(>= {0} 0.0)", f"(= (* {power}) {base})")
        if q < 0:
            self._line(f"(assert (not (= {root} 0.0)))")
        count = abs(q.numerator)
        term = "1.0" if count == 0 else root if count == 1 else f"(* {' '.join([root] * count)})"
        return self._define(f"(/ 1.0 {term})" if q < 0 else term)

    def fold(self, operation: str, items: list[str]) -> str:
        """Return a finite sum, product, maximum or minimum."""
        if operation in ("sum", "prod"):
            unit, sign = ("0.0", "+") if operation == "sum" else ("1.0", "*")
            return unit if not items else items[0] if len(items) == 1 else self._define(f"({sign} {' '.join(items)})")
        result = items[0]
        for item in items[1:]:
            result = self.scalar(operation, [result, item])
        return result


def _literal(term: str) -> Fraction | None:
    """Return the rational behind a literal written by `rational`, or ``None``."""
    body = term[3:-1] if term.startswith("(- ") else term
    parts = body[3:-1].split() if body.startswith("(/ ") else [body]
    if not all(part.endswith(".0") and part[:-2].isdigit() for part in parts):
        return None
    value = Fraction(int(parts[0][:-2]), int(parts[1][:-2]) if len(parts) == 2 else 1)
    return -value if term.startswith("(- ") else value


def _entrywise(low: Lowering, arguments: list, shape: tuple, build) -> object:
    import numpy as np

    views = [np.ravel(np.broadcast_to(a, shape)) for a in arguments]
    return low._array([build([v[k] for v in views]) for k in range(prod(shape))], shape)


def _map(low: Lowering, parameters: list, arguments: list, shape: tuple) -> object:
    return _entrywise(low, arguments, shape, lambda args: low.scalar(parameters[0], args))


def _compare(low: Lowering, parameters: list, arguments: list, shape: tuple) -> object:
    test = {"lt": "(< {0} {1})", "le": "(<= {0} {1})", "eq": "(= {0} {1})", "ne": "(not (= {0} {1}))"}[parameters[0]]
    return _entrywise(low, arguments, shape, lambda args: low._define(f"(ite {test.format(*args)} 1.0 0.0)"))


def _logic(low: Lowering, parameters: list, arguments: list, shape: tuple) -> object:
    def build(args: list[str]) -> str:
        truths = " ".join(f"(not (= {a} 0.0))" for a in args)
        return low._define(f"(ite ({parameters[0]} {truths}) 1.0 0.0)")

    return _entrywise(low, arguments, shape, build)


def _where(low: Lowering, _parameters: list, arguments: list, shape: tuple) -> object:
    return _entrywise(low, arguments, shape, lambda args: low._define(f"(ite (not (= {args[0]} 0.0)) {args[1]} {args[2]})"))


def _contract(low: Lowering, parameters: list, arguments: list, shape: tuple) -> object:
    left, _, right = parameters[0].partition("->")
    operands = left.split(",")
    extents = {c: e for letters, a in zip(operands, arguments, strict=True) for c, e in zip(letters, a.shape, strict=True)}
    summed = [c for c in extents if c not in right]
    items = []
    for out in product(*(range(extents[c]) for c in right)):
        terms = []
        for inner in product(*(range(extents[c]) for c in summed)):
            at = {**dict(zip(right, out, strict=True)), **dict(zip(summed, inner, strict=True))}
            factors = [a[tuple(at[c] for c in letters)] for letters, a in zip(operands, arguments, strict=True)]
            terms.append(factors[0] if len(factors) == 1 else f"(* {' '.join(factors)})")
        items.append(low.fold("sum", terms))
    return low._array(items, shape)


def _reduce(low: Lowering, parameters: list, arguments: list, shape: tuple) -> object:
    import numpy as np

    operation, axes, _ = parameters
    x = arguments[0]
    moved = np.moveaxis(x, tuple(axes), tuple(range(x.ndim - len(axes), x.ndim)))
    rest = moved.shape[: x.ndim - len(axes)]
    rows = moved.reshape((prod(rest), prod([x.shape[a] for a in axes])))
    return low._array([low.fold(operation, list(row)) for row in rows], shape)


def _cumulate(low: Lowering, parameters: list, arguments: list, shape: tuple) -> object:
    import numpy as np

    operation, axis, exclusive, reverse = parameters
    x = np.moveaxis(np.flip(arguments[0], axis) if reverse else arguments[0], axis, -1)
    result = np.empty(x.shape, dtype=object)
    for place in np.ndindex(*x.shape[:-1]):
        for k in range(x.shape[-1]):
            if exclusive:
                before = [] if k == 0 else [result[(*place, k - 1)], x[(*place, k - 1)]]
            else:
                before = [x[(*place, k)]] if k == 0 else [result[(*place, k - 1)], x[(*place, k)]]
            result[(*place, k)] = low.fold(operation, before)
    result = np.moveaxis(result, -1, axis)
    return np.flip(result, axis) if reverse else result


def _reindex(low: Lowering, parameters: list, arguments: list, shape: tuple) -> object:
    import numpy as np

    from tamecheck.programs import evaluate

    if parameters[0] == "pad":
        inside = np.pad(np.ones(arguments[0].shape, dtype=bool), [tuple(p) for p in parameters[1]])
        result = np.full(shape, arguments[1].item(), dtype=object)
        result[inside] = np.ravel(arguments[0])
        return result
    return np.asarray(evaluate.KINDS["reindex"](tuple(parameters), arguments, shape), dtype=object)


def _order(low: Lowering, parameters: list, arguments: list, _shape: tuple) -> object:
    """Ranks by counting: the entry of rank k is the one with k entries before it."""
    import numpy as np

    what, axis, count, largest = parameters
    x = np.moveaxis(arguments[0], axis, -1)
    result = np.empty((*x.shape[:-1], count), dtype=object)
    for place in np.ndindex(*x.shape[:-1]):
        row = list(x[place])
        if what.endswith("_last"):
            row.reverse()
        ranks = [_rank(low, row, i, bool(largest)) for i in range(len(row))]
        for k in range(count):
            items = [rational(Fraction(i)) for i in range(len(row))] if what not in ("sort", "topk") else row
            if what.endswith("_last"):
                items.reverse()
            term = items[-1]
            for i in range(len(row) - 2, -1, -1):
                term = low._define(f"(ite (= {ranks[i]} {k}.0) {items[i]} {term})")
            result[(*place, k)] = term
    return np.moveaxis(result, -1, axis)


def _rank(low: Lowering, row: list[str], i: int, largest: bool) -> str:
    sign = ">" if largest else "<"
    before = [f"(ite ({sign}{'=' if j < i else ''} {row[j]} {row[i]}) 1.0 0.0)" for j in range(len(row)) if j != i]
    return low.fold("sum", before)


def _lookup(low: Lowering, parameters: list, arguments: list, shape: tuple) -> object:
    import numpy as np

    axis, (table, index) = parameters[0], arguments
    rows = np.moveaxis(table, axis, 0)
    result = np.empty((*index.shape, *rows.shape[1:]), dtype=object)
    for place in np.ndindex(*index.shape):
        i = index[place]
        low._line(f"(assert (or false {' '.join(f'(= {i} {k}.0)' for k in range(rows.shape[0]))}))")
        for rest in np.ndindex(*rows.shape[1:]):
            term = rows[(rows.shape[0] - 1, *rest)] if rows.shape[0] else "0.0"
            for k in range(rows.shape[0] - 2, -1, -1):
                term = low._define(f"(ite (= {i} {k}.0) {rows[(k, *rest)]} {term})")
            result[(*place, *rest)] = term
    return np.moveaxis(result, range(index.ndim), range(axis, axis + index.ndim)).reshape(shape)


def _linalg(low: Lowering, parameters: list, arguments: list, shape: tuple) -> object:
    """Determinants by expansion; inverses and solutions as constants that solve the equations."""
    import numpy as np

    what, matrix = parameters[0], arguments[0]
    size = matrix.shape[-1]
    if what not in ("det", "inverse", "solve") or size > 5:
        raise low.unsupported(f"{what} of {size} by {size} matrices")
    result = np.empty(shape, dtype=object)
    for place in np.ndindex(*matrix.shape[:-2]):
        determinant = _determinant(low, matrix[place])
        if what == "det":
            result[place] = determinant
            continue
        low._line(f"(assert (not (= {determinant} 0.0)))")
        if what == "solve":
            right = arguments[1][place]
        else:
            right = low._array(["1.0" if i == j else "0.0" for i in range(size) for j in range(size)], (size, size))
        unknowns = low._array([low._unknown("s") for _ in range(right.size)], right.shape)
        for i, j in np.ndindex(*right.shape):
            row = [f"(* {matrix[place][i, k]} {unknowns[k, j]})" for k in range(size)]
            low._line(f"(assert (= {low.fold('sum', row)} {right[i, j]}))")
        result[place] = unknowns
    return result


def _determinant(low: Lowering, m: object) -> str:
    from itertools import permutations

    size = m.shape[0]
    terms = []
    for order in permutations(range(size)):
        odd = sum(order[i] > order[j] for i in range(size) for j in range(i + 1, size)) % 2
        factors = [m[i, order[i]] for i in range(size)]
        term = factors[0] if size == 1 else f"(* {' '.join(factors)})" if size else "1.0"
        terms.append(f"(- {term})" if odd else term)
    return low.fold("sum", terms)


KINDS = {"map": _map, "compare": _compare, "logic": _logic, "where": _where, "contract": _contract, "reduce": _reduce,
         "cumulate": _cumulate, "reindex": _reindex, "order": _order, "lookup": _lookup, "linalg": _linalg}  # fmt: skip
