"""SymPy expressions in and out: the one door to SymPy.

`load` walks an expression *object* along ``args`` with an explicit stack and a table from classes to
definitions; text is refused, because every SymPy function that takes text evaluates it.
`to_sympy` goes back, for display, and asks SymPy not to rewrite anything.

What a SymPy object cannot carry is lost before it arrives here: SymPy rewrites ``x/x`` to 1 and
``exp(log(x))`` to ``x`` on sight.  Functions are those of a real variable on their natural real domain:
``x**(1/3)`` lives on x >= 0.
"""

from collections.abc import Collection, Mapping
from fractions import Fraction
from functools import lru_cache

from tamecheck.errors import InputError
from tamecheck.frontends.formula_io import Box, ImportedFormula, as_interval
from tamecheck.ground.intervals import LINE, Interval, interval
from tamecheck.programs.definitions import scalar
from tamecheck.programs.definitions.scalar import DEFINITIONS
from tamecheck.programs.program import Program

MAXIMAL_BITS = 13_000
"""Numbers of at most about 4 000 decimal digits."""
MAXIMAL_NODES = 400_000
MAXIMAL_SHOWN = 5_000


def load(
    expr: object,
    variables: Collection[str] | None = None,
    boxes: Mapping[str, Box] | None = None,
    parameters: Collection[str] | None = None,
    *,
    floats: str = "dyadic",
) -> ImportedFormula:
    """Return a SymPy expression as a program with the one output ``f``.

    Parameters
    ----------
    expr : a SymPy expression object, never a text
    variables : names in the order wanted; ``None``: the free symbols in alphabetical order
    boxes : intervals by name; without one, a symbol's assumptions (positive, nonnegative, ...) are its box
    parameters : names whose role is ``parameter``
    floats : ``"dyadic"`` takes a Float as the binary number it is, ``"decimal"`` as the shortest
        decimal that rounds to it; a note says what was done

    Raises
    ------
    InputError
        TC101 not a SymPy expression, TC102 an unknown function or a foreign variable, TC112 a number too large.
    """
    import sympy

    if not isinstance(expr, sympy.Basic):
        raise InputError(
            f"expected a SymPy expression, not {type(expr).__name__}", code="TC101", hint="a formula as text is read by its own grammar"
        )
    if floats not in ("dyadic", "decimal"):
        raise InputError(f"floats={floats!r} is neither 'dyadic' nor 'decimal'", code="TC101")
    return _Reader(variables, boxes or {}, parameters or (), floats).run(expr)


class _Reader:
    def __init__(self, variables, boxes, parameters, floats: str) -> None:
        self.variables, self.boxes, self.parameters, self.floats = variables, boxes, parameters, floats
        self.program = Program()
        self.inputs: dict[str, tuple[object, int]] = {}
        self.notes: dict[str, None] = {}

    def run(self, expr) -> ImportedFormula:
        symbols = {s.name: s for s in sorted(_symbols(expr), key=lambda s: (s.name, str(s.assumptions0)))}
        names = tuple(self.variables) if self.variables is not None else tuple(sorted(symbols))
        for what, given in (("symbol", symbols), ("box", self.boxes), ("parameter", self.parameters)):
            for name in given:
                if name not in names:
                    raise InputError(f"{what} {name!r} is not among the variables {', '.join(names) or 'none'}", code="TC102")
        for name in names:
            symbol = symbols.get(name)
            box = as_interval(self.boxes[name]) if name in self.boxes else self.assumed(symbol)
            role = "parameter" if name in self.parameters else "data"
            self.inputs[name] = (symbol, self.program.input(name, (), role, box))
        root = self.translate(expr)
        return ImportedFormula(self.program, {"f": root}, names, None, notes=tuple(self.notes))

    def assumed(self, symbol) -> Interval:
        """Return the box that the assumptions of a symbol say."""
        box = LINE
        if symbol is None:
            return box
        if symbol.is_positive:
            box = interval(0, None, False)
        elif symbol.is_negative:
            box = interval(None, 0, True, False)
        elif symbol.is_nonnegative:
            box = interval(0, None)
        elif symbol.is_nonpositive:
            box = interval(None, 0)
        if box is not LINE:
            self.notes[f"the assumptions of the symbol {symbol.name} restrict it to a half line"] = None
        return box

    def translate(self, expr) -> int:
        """Translate bottom up, without recursion; equal objects are translated once."""
        done: dict[int, int] = {}
        needs: dict[int, list] = {}  # holds the objects made on the way, so that identities stay unique
        stack = [expr]
        while stack:
            top = stack[-1]
            if id(top) in done:
                stack.pop()
                continue
            if id(top) not in needs:
                _admit(top)
                needs[id(top)] = _children(top)
                stack.extend([c for c in reversed(needs[id(top)]) if id(c) not in done])
                continue
            stack.pop()
            done[id(top)] = self.build(top, [done[id(c)] for c in needs[id(top)]])
        return done[id(expr)]

    # --------------------------------------------------------------------- nodes

    def build(self, expr, arguments: list[int]) -> int:
        import sympy

        p, table = self.program, _table()
        kind = expr.func
        if isinstance(expr, sympy.Symbol):
            symbol, n = self.inputs[expr.name]
            if symbol != expr:
                raise InputError(f"two different symbols are called {expr.name!r}", code="TC102", hint="rename one of them")
            return n
        if isinstance(expr, sympy.Number):
            return self.number(expr)
        if isinstance(expr, sympy.NumberSymbol):
            return self.constant(expr)
        if isinstance(expr, sympy.Add):
            return self.total(expr, arguments)
        if isinstance(expr, sympy.Mul):
            return self.product(expr, arguments)
        if isinstance(expr, sympy.Pow):
            return self.power(expr, arguments)
        if expr in (sympy.true, sympy.false):
            return p.constant(int(expr is sympy.true))
        if kind is sympy.Piecewise:
            return self.piecewise(expr, arguments)
        if kind in table:
            name = table[kind]
            definition = DEFINITIONS[name]
            if len(arguments) < definition.arity or (definition.most is not None and len(arguments) > definition.most):
                raise InputError(f"{kind.__name__} with {len(arguments)} arguments has no translation", code="TC102")
            return definition.expand(p, *arguments)
        return _SPECIAL[kind.__name__](p, expr, arguments)

    def number(self, expr) -> int:
        import sympy

        if isinstance(expr, sympy.Rational) and expr.is_finite:
            numerator, denominator = int(expr.p), int(expr.q)
            if numerator.bit_length() + denominator.bit_length() > MAXIMAL_BITS:
                raise InputError("a number of more than about 4000 digits", code="TC112", where="the SymPy expression")
            return self.program.constant(Fraction(numerator, denominator))
        if isinstance(expr, sympy.Float) and expr.is_finite:
            sign, mantissa, exponent, _ = expr._mpf_
            if abs(int(exponent)) + int(mantissa).bit_length() > MAXIMAL_BITS:
                raise InputError("a number of more than about 4000 digits", code="TC112", where="the SymPy expression")
            scale = Fraction(2) ** int(exponent)
            dyadic = (-1) ** int(sign) * int(mantissa) * scale
            decimal = _shortest_decimal(dyadic)
            if decimal != dyadic:
                used = "the binary number it is" if self.floats == "dyadic" else "this decimal"
                self.notes[f"the Float {float(dyadic)!r} is taken as {used}"] = None
            return self.program.constant(dyadic if self.floats == "dyadic" else decimal)
        raise InputError(f"{expr.func.__name__} is not a real number", code="TC101", where="the SymPy expression")

    def constant(self, expr) -> int:
        import sympy

        p = self.program
        if expr is sympy.pi:
            return p.map("pi")
        if expr is sympy.E:
            return p.map("exp", p.constant(1))
        if expr is sympy.GoldenRatio:
            return scalar.div(p, scalar.add(p, p.constant(1), scalar.sqrt_of(p, 5)), p.constant(2))
        if expr is sympy.EulerGamma:
            return p.map("neg", p.map("digamma", p.constant(1)))
        raise InputError(f"the constant {expr.func.__name__} has no translation", code="TC102", where="the SymPy expression")

    def total(self, expr, arguments: list[int]) -> int:
        result = None
        for term, n in zip(_terms(expr), arguments, strict=True):
            subtracted = term[0]  # never the first
            result = n if result is None else self.program.map("sub" if subtracted else "add", result, n)
        return result  # type: ignore[return-value]

    def product(self, expr, arguments: list[int]) -> int:
        p = self.program
        above: list[int] = []
        below: list[int] = []
        negative = False
        for (factor, exponent), n in zip(_factors(expr), arguments, strict=True):
            if factor.is_Rational and exponent == 1 and factor == -1:
                negative = True
                continue
            (below if exponent < 0 else above).append(self.raised(n, abs(exponent)))
        top = scalar.mul(p, *above) if above else p.constant(1)
        result = p.map("div", top, scalar.mul(p, *below)) if below else top
        return p.map("neg", result) if negative else result

    def raised(self, n: int, exponent: Fraction) -> int:
        if exponent == 1:
            return n
        return self.program.map("sqrt", n) if exponent == Fraction(1, 2) else scalar.power(self.program, n, exponent)

    def power(self, expr, arguments: list[int]) -> int:
        import sympy

        p = self.program
        if expr.base is sympy.S.Exp1:
            return p.map("exp", arguments[-1])
        exponent = _rational_exponent(expr)
        if exponent is None:
            return p.map("pow", *arguments)
        result = self.raised(arguments[0], abs(exponent))
        return scalar.reciprocal(p, result) if exponent < 0 else result

    def piecewise(self, expr, arguments: list[int]) -> int:
        import sympy

        cases = list(expr.args)
        if cases[-1].cond != sympy.true:
            raise InputError("a Piecewise has no value where every condition fails", code="TC101", hint="end with (value, True)")
        result = arguments[-1] if len(arguments) % 2 else arguments[-2]
        values, conditions = arguments[0 : 2 * len(cases) - 2 : 2], arguments[1 : 2 * len(cases) - 2 : 2]
        for value, condition in zip(reversed(values), reversed(conditions), strict=True):
            result = self.program.where(condition, value, result)
        return result


# ----------------------------------------------------------------- the shape of SymPy's trees


def _symbols(expr) -> set:
    """Return all symbols, without recursion."""
    import sympy

    seen: set[int] = set()
    found: set = set()
    stack = [expr]
    while stack:
        top = stack.pop()
        if id(top) in seen:
            continue
        seen.add(id(top))
        if len(seen) > MAXIMAL_NODES:
            raise InputError(f"the expression has more than {MAXIMAL_NODES} nodes", code="TC111")
        if isinstance(top, sympy.Symbol):
            found.add(top)
        elif isinstance(top, sympy.Basic):
            stack.extend(top.args)
    return found


def _admit(expr) -> None:
    """Refuse what has no translation, before anything below it is looked at."""
    import sympy

    kind = expr.func
    if isinstance(expr, (sympy.Symbol, sympy.Number, sympy.NumberSymbol, sympy.Add, sympy.Mul, sympy.Pow, sympy.Piecewise)):
        return
    if expr in (sympy.true, sympy.false) or kind in _table():
        return
    if kind.__name__ in _SPECIAL and getattr(sympy, kind.__name__, None) is kind:
        return
    if expr in (sympy.I, sympy.zoo):
        raise InputError(f"{expr} is not a real number", code="TC101", where="the SymPy expression")
    what = "function" if isinstance(expr, sympy.Function) else "object"
    hint = "evaluate it with .doit() first" if kind.__name__ in ("Integral", "Derivative", "Sum", "Product", "Limit", "Subs") else ""
    raise InputError(f"unknown {what} {kind.__name__[:60]!r}", code="TC102", where="the SymPy expression", hint=hint)


def _children(expr) -> list:
    """Return the subexpressions whose translation is needed first."""
    import sympy

    if isinstance(expr, sympy.Add):
        return [term for _, term in _terms(expr)]
    if isinstance(expr, sympy.Mul):
        return [factor for factor, _ in _factors(expr)]
    if isinstance(expr, sympy.Pow):
        if expr.base is sympy.S.Exp1:
            return [expr.exp]
        return [expr.base] if _rational_exponent(expr) is not None else [expr.base, expr.exp]
    if isinstance(expr, sympy.Piecewise):
        return [part for case in expr.args for part in (case.expr, case.cond)][: 2 * len(expr.args) - 1]
    if isinstance(expr, (sympy.Symbol, sympy.Number)):
        return []
    return [a for a in expr.args if isinstance(a, sympy.Basic)]


def _terms(expr) -> list[tuple[bool, object]]:
    """Return the terms of a sum as (is subtracted, absolute term); a term of the form -t is subtracted."""
    import sympy

    result = []
    for term in expr.args:
        factors = term.args
        if not result or not isinstance(term, sympy.Mul) or not (factors[0].is_Rational and factors[0].is_negative):
            result.append((False, term))  # the first term keeps its sign
        elif factors[0] != -1:
            result.append((True, sympy.Mul(-factors[0], *factors[1:], evaluate=False)))
        else:
            result.append((True, factors[1] if len(factors) == 2 else sympy.Mul(*factors[1:], evaluate=False)))
    return result


def _factors(expr) -> list[tuple[object, Fraction]]:
    """Return the factors of a product as (base, rational exponent); other powers are one factor."""
    import sympy

    result = []
    for factor in expr.args:
        exponent = _rational_exponent(factor) if isinstance(factor, sympy.Pow) and factor.base is not sympy.S.Exp1 else None
        if exponent is not None and exponent < 0:
            result.append((factor.base, exponent))
        else:
            result.append((factor, Fraction(1)))
    return result


def _rational_exponent(expr) -> Fraction | None:
    e = expr.exp
    return Fraction(int(e.p), int(e.q)) if e.is_Rational and e.is_finite and e.p.bit_length() + e.q.bit_length() < MAXIMAL_BITS else None


def _shortest_decimal(dyadic: Fraction) -> Fraction:
    """Return the shortest decimal that rounds to the same double, or the number itself when it is no double."""
    near = float(dyadic)
    return Fraction(repr(near)) if Fraction(near) == dyadic else dyadic


# ------------------------------------------------------------------------------ tables


@lru_cache(maxsize=1)
def _table() -> dict[object, str]:
    """Return the class of SymPy for each definition it agrees with."""
    import sympy
    from sympy.codegen import cfunctions

    same = (
        "Abs sign Max Min exp log sin cos tan sec csc cot asin acos atan acot asec acsc atan2 sinh cosh tanh sech csch coth asinh "
        "acosh atanh acoth asech acsch erf erfc erfinv erfcinv gamma loggamma digamma LambertW Heaviside floor ceiling Mod beta factorial "
        "zeta"
    )
    table = {getattr(sympy, name): name for name in same.split()}
    table[sympy.sinc] = "sinc_unnormalised"
    for name in ("expm1", "log1p", "exp2", "log2", "log10", "hypot"):
        table[getattr(cfunctions, name)] = name
    return table


def _relation(kind: str):
    def build(p: Program, expr, arguments: list[int]) -> int:
        return p.compare(kind, *arguments)

    return build


def _connective(kind: str):
    def build(p: Program, expr, arguments: list[int]) -> int:
        if kind == "not":
            return p.logic("not", *arguments)
        result = arguments[0]
        for a in arguments[1:]:
            result = p.logic(kind, result, a)
        return result

    return build


def _bessel(letter: str):
    def build(p: Program, expr, arguments: list[int]) -> int:
        if expr.args[0] not in (0, 1):
            raise InputError(f"bessel{letter} of order {str(expr.args[0])[:40]} has no translation", code="TC102", hint="0 and 1 have")
        return p.map(f"bessel{letter}{int(expr.args[0])}", arguments[1])

    return build


def _polygamma(p: Program, expr, arguments: list[int]) -> int:
    if expr.args[0] != 0:
        raise InputError("polygamma of an order above 0 has no translation", code="TC102")
    return p.map("digamma", arguments[1])


def _ite(p: Program, expr, arguments: list[int]) -> int:
    return p.where(*arguments)


_SPECIAL = {
    "Equality": _relation("eq"), "Unequality": _relation("ne"), "StrictLessThan": _relation("lt"), "LessThan": _relation("le"),
    "StrictGreaterThan": _relation("gt"), "GreaterThan": _relation("ge"), "And": _connective("and"), "Or": _connective("or"),
    "Xor": _connective("xor"), "Not": _connective("not"), "ITE": _ite, "polygamma": _polygamma,
    "besselj": _bessel("j"), "bessely": _bessel("y"), "besseli": _bessel("i"), "besselk": _bessel("k"),
    "frac": lambda p, expr, a: scalar.sub(p, a[0], p.map("floor", a[0])),
    "erf2": lambda p, expr, a: scalar.sub(p, p.map("erf", a[1]), p.map("erf", a[0])),
}  # fmt: skip


# --------------------------------------------------------------------------------- back

_BACK = {
    "abs": "Abs", "ceil": "ceiling", "lgamma": "loggamma", "lambertw": "LambertW", "max": "Max", "min": "Min",
}  # fmt: skip
_RELATIONS = {"lt": "Lt", "le": "Le", "eq": "Eq", "ne": "Ne"}


def to_sympy(program: Program, node: int) -> object:
    """Return a scalar node as a SymPy expression that SymPy has not rewritten, for display only.

    Raises
    ------
    InputError
        If the node depends on tensors, on more than 5 000 nodes, or on kinds without a formula (TC123).
    """
    order = program.ancestors([node])
    if len(order) > MAXIMAL_SHOWN:
        raise InputError(f"a formula of {len(order)} nodes is not for display, limit {MAXIMAL_SHOWN}", code="TC111")
    made: dict[int, object] = {}
    for n in order:
        if program.shape(n) != ():
            raise InputError(f"node {n} is a tensor of shape {list(program.shape(n))}, not a scalar", code="TC123")
        made[n] = _shown(program, n, made)
    return _as_number(made[node])


def _shown(program: Program, n: int, made: dict[int, object]) -> object:
    import sympy

    kind, parameters, arguments, _ = program.nodes[n]
    if kind == "input":
        return sympy.Symbol(parameters[0], real=True)
    if kind == "constant" and parameters[0] == "splat":
        q = Fraction(parameters[1])
        return sympy.Rational(q.numerator, q.denominator)
    if kind == "logic":
        truths = [_as_truth(made[a]) for a in arguments]
        return {"and": sympy.And, "or": sympy.Or, "not": sympy.Not, "xor": sympy.Xor}[parameters[0]](*truths, evaluate=False)
    numbers = [_as_number(made[a]) for a in arguments]
    if kind == "compare":
        return getattr(sympy, _RELATIONS[parameters[0]])(*numbers, evaluate=False)
    if kind == "where":
        return sympy.Piecewise((numbers[1], _as_truth(made[arguments[0]])), (numbers[2], True), evaluate=False)
    if kind == "map":
        return _shown_map(parameters[0], numbers)
    raise InputError(f"node {n} of kind {kind!r} has no formula", code="TC123")


def _shown_map(name: str, a: list) -> object:
    import sympy

    if name == "pi":
        return sympy.pi
    if name == "neg":
        return sympy.Mul(-1, a[0], evaluate=False)
    if name in ("add", "mul"):
        return (sympy.Add if name == "add" else sympy.Mul)(*a, evaluate=False)
    if name == "sub":
        return sympy.Add(a[0], sympy.Mul(-1, a[1], evaluate=False), evaluate=False)
    if name == "div":
        return sympy.Mul(a[0], sympy.Pow(a[1], -1, evaluate=False), evaluate=False)
    if name in ("pow", "sqrt"):
        return sympy.Pow(a[0], a[1] if name == "pow" else sympy.Rational(1, 2), evaluate=False)
    if name.startswith("bessel"):
        return getattr(sympy, name[:7])(int(name[7:]), a[0], evaluate=False)
    if name == "round":
        return sympy.Function("round")(a[0])
    return getattr(sympy, _BACK.get(name, name))(*a, evaluate=False)


def _as_number(value) -> object:
    import sympy

    if isinstance(value, sympy.logic.boolalg.Boolean) and not isinstance(value, sympy.Symbol):
        return sympy.Piecewise((1, value), (0, True), evaluate=False)
    return value


def _as_truth(value) -> object:
    import sympy

    return value if isinstance(value, sympy.logic.boolalg.Boolean) else sympy.Ne(value, 0, evaluate=False)
