"""The activation report: everything one may assume about a function of one variable, certified.

`activation` reads a formula, proves in which structures it is definable (`certify`), cuts the line at its breakpoints and
isolates all zeros of f, f' and f'' with proof (`geometry.univariate`), and reads everything else off them.  Numbers are
exact, or enclosures; where something could not be closed the report says on which interval (``open``).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from fractions import Fraction

from tamecheck.errors import InputError
from tamecheck.reports.keyed import Keyed

Number = Fraction | int | float | str


class Report(Keyed):
    """What is known of one activation; the keys of `to_json` are attributes."""

    def __init__(self, content: dict, shape: object, certificate: object) -> None:
        super().__init__(content)
        self.shape = shape
        self.certificate = certificate

    def __repr__(self) -> str:
        homes = ", ".join(self._content["homes"]) or "no home"
        sad = {True: "SAD", False: "not SAD", None: "SAD unknown"}[self._content["sad"]["verdict"]]
        state = "complete" if self._content["complete"] else f"{len(self._content['open'])} open"
        return f"<activation {self._content['formula']}: {self.verdict} ({homes}), {self._content['smoothness']}, {sad}; {state}>"

    def to_text(self) -> str:
        """Return the report as plain text."""
        from tamecheck.reports.activation_text import to_text

        return to_text(self._content)

    def plot(self, path: object = None) -> bytes | None:
        """Draw the report: write a file (``.svg``, ``.png``, ``.pdf``), or return an SVG when there is no path.

        Raises
        ------
        InputError
            If matplotlib (the extra ``plot``) is missing, or the file is of another kind or cannot be written.
        """
        from tamecheck.reports.activation_picture import draw, save

        return draw(self) if path is None else save(self, path)  # type: ignore[arg-type]

    def to_latex(self) -> str:
        """Return a page with a proposition and its proof, for ``pdflatex``."""
        from tamecheck.reports.activation_latex import to_latex

        return to_latex(self)

    def to_html(self) -> str:
        """Return a self-contained page, with the picture when matplotlib is installed."""
        from tamecheck.reports.activation_html import to_html

        return to_html(self)

    def _repr_html_(self) -> str:
        from tamecheck.reports.activation_html import fragment

        return fragment(self)


def activation(
    formula: object,
    variable: str = "x",
    domain: object = None,
    parameters: Mapping[str, object] | None = None,
    learnt: Sequence[str] = (),
) -> Report:
    """Return the report of a function of one variable, or of a family of them.

    Parameters
    ----------
    formula : str, or a sympy expression, or ``(program, node)`` with one scalar input
    variable : the name of the variable; every other name is a parameter
    domain : interval of the variable: ``"(0,inf)"``, a pair of ends (``None`` is infinite), an interval; the line if not given
    parameters : for other names a value (a text is a decimal or ``p/q``, a float is the dyadic number it is), or a range: a pair
        of ends (``None`` is infinite) or a text such as ``"(0,inf)"``; a name without either, or ``None``, ranges over the line.  If a name is left
        without a value the report is about the family, see `tamecheck.activation_families`
    learnt : names of parameters that are arguments of the function, not constants

    Raises
    ------
    InputError
        If the formula cannot be read, does not contain the variable, or is defined nowhere.

    Examples
    --------
    >>> activation("max(x, 0)").sad["verdict"]
    False
    """
    from tamecheck.certification import certify
    from tamecheck.geometry.univariate.expressions import Algebra
    from tamecheck.geometry.univariate.lowering import lower
    from tamecheck.geometry.univariate.polynomiality import polynomial
    from tamecheck.geometry.univariate.shapes import Shape
    from tamecheck.reports import activation_periods

    started = time.perf_counter()
    values, ranges = _parted(parameters or {})
    if isinstance(formula, str):
        free = _free(formula, variable, values, ranges, learnt)
        if free:
            from tamecheck.activation_families import family_report

            return family_report(formula, variable, _box(domain), values, free, learnt)
    parameters = values
    program, node, shown, box = _read(formula, variable, domain, values)
    imported = time.perf_counter()
    certificate = certify((program, {"f": node}))
    proved = time.perf_counter()
    shape = Shape.of(lower(program, node, Algebra()))
    if not shape.regions and not shape.hidden and not any(b.kind != "isolated" for b in shape.breaks):
        raise InputError("the function is defined nowhere", code="TC152", where=shown, hint="check for 0/0 and logarithms of negative numbers")
    content = _content(certificate, shape, variable, box)
    content["periodic"] = activation_periods.section(program, node, content) if content["open"] else None
    if content["periodic"] is not None:
        content["sad"] = _sad(content, shape, (content["sublinear"], content["sad"]["reason"]), box)
    found = polynomial(shape, content["total"], content["excluded"])
    content["polynomial"] = {"verdict": found.verdict, "degree": found.degree, "reason": found.reason}
    content |= {"formula": shown, "variable": variable, "domain": box, "parameters": {k: str(_exact(v)) for k, v in (parameters or {}).items()}}
    content["seconds"] = {"import": imported - started, "prove": proved - imported, "analyse": time.perf_counter() - proved}
    return Report(content, shape, certificate)


def _parted(parameters: Mapping[str, object]) -> tuple[dict[str, Fraction], dict[str, tuple]]:
    """Return the values and the ranges."""
    from tamecheck.frontends import formula_io
    from tamecheck.ground.intervals import LINE

    values, ranges = {}, {}
    for name, given in parameters.items():
        if given is None:
            ranges[name] = LINE
        elif isinstance(given, tuple) or isinstance(given, str) and given[:1] in ("(", "["):
            ranges[name] = formula_io.as_interval(given)
        else:
            values[name] = _exact(given)  # type: ignore[arg-type]
    return values, ranges


def _free(formula: str, variable: str, values: Mapping, ranges: Mapping, learnt: Sequence[str]) -> dict[str, tuple]:
    """Return the ranges of the names without a value; nothing when every name has one.

    Raises
    ------
    InputError
        If a range, a value or ``learnt`` names what does not occur.
    """
    from tamecheck.frontends import formula_io
    from tamecheck.ground.intervals import LINE

    names = formula_io.load(formula).variables
    if variable not in names:
        known = ", ".join(n for n in names if n not in values)
        raise InputError(
            f"the formula does not contain the variable {variable!r}", code="TC153", where=formula[:80],
            hint=f"--var NAME with one of {known}" if known else "a function of one variable, such as tanh(x)",
        )  # fmt: skip
    others = [n for n in names if n != variable]
    for name in (*ranges, *learnt):
        if name not in others or name in learnt and name in values:
            what = "has a value and cannot be learnt" if name in values else "is no parameter of the formula"
            raise InputError(f"{name!r} {what}", code="TC154", where=formula[:80], hint=f"the parameters are {', '.join(others) or 'none'}")
    return {n: ranges.get(n, LINE) for n in others if n not in values}


def _box(domain: object) -> tuple | None:
    from tamecheck.frontends import formula_io

    return None if domain is None else formula_io.as_interval(domain)  # type: ignore[arg-type]


def _exact(value: Number) -> Fraction:
    try:
        return Fraction(value)
    except (ValueError, TypeError, ZeroDivisionError, OverflowError) as bad:
        raise InputError(f"{str(value)[:40]!r} is no number", code="TC101", hint="0.25, 1/4") from bad


def _read(formula: object, variable: str, domain: object, parameters: Mapping[str, Number]) -> tuple:
    """Return program, node, the formula as text and the domain as text."""
    from tamecheck.frontends import formula_io
    from tamecheck.ground.intervals import LINE, to_text

    box = LINE if domain is None else formula_io.as_interval(domain)  # type: ignore[arg-type]
    if not isinstance(formula, str):
        program, node, shown = _object(formula, variable)
        if domain is not None:
            raise InputError("a program carries the domain of its input itself", code="TC101", hint="leave it out")
        return program, node, shown, program.nodes[program.inputs()[0]][1][2]
    names = formula_io.load(formula).variables
    constants = {n: _exact(v) for n, v in parameters.items() if n in names}
    found = formula_io.load(formula, variables=[variable], boxes={variable: box}, constants=constants)
    return found.program, found.outputs["f"], formula, to_text(box)


def _object(formula: object, variable: str) -> tuple:
    from tamecheck.frontends.sources import read

    source = read(formula)
    if len(source.outputs) != 1:
        raise InputError(f"the source has {len(source.outputs)} outputs, not one", code="TC125")
    node = next(iter(source.outputs.values()))
    inputs = [source.program.nodes[n][1][0] for n in source.program.inputs()]
    if inputs != [variable]:
        raise InputError(f"the source is a function of {', '.join(inputs) or 'nothing'}, not of {variable!r}", code="TC153")
    return source.program, node, str(formula)[:200]


def _content(certificate, shape, variable: str, box: str) -> dict:
    """Assemble the report."""
    from tamecheck.geometry.univariate import behaviour, sizes
    from tamecheck.reports import activation_json as sections
    from tamecheck.reports import activation_pfaffian, activation_rules
    from tamecheck.reports.summary import summary

    content = summary(certificate)
    low, high = sizes.range_of(shape)
    best = sizes.lipschitz(shape)
    kinks, jumps = sections.joints(shape)
    points, whole = sections.roots(shape)
    values, exponents, open_values = sections.critical_values(shape)
    limits, growth, open_ends = sections.end_behaviour(shape, variable)
    degree = sizes.degree(shape)
    bounded = behaviour.sublinear(shape)
    content |= {
        "pieces": sections.stretches(shape.monotonicity()),
        "kinks": kinks,
        "discontinuities": jumps,
        "zeros": points,
        "zero_intervals": whole,
        "extrema": sections.extrema(shape, low, high),
        "critical_values": values,
        "convexity": sections.stretches(shape.convexity()),
        "convex": shape.convex(),
        "inflections": sections.inflections(shape),
        "limits": limits,
        "growth": growth,
        "range": sections.span(low, high),
        "image": sections.image(shape),
        "recession_slopes": sections.slopes(shape),
        "near_homogeneity": {"defect": sections.supremum(sizes.defect(shape)), "gap": sections.supremum(sizes.recession_gap(shape))},
        "lojasiewicz": exponents,
        "lipschitz": sections.upper_bound(best),
        "lipschitz_constant": sections.supremum(best),
        "homogeneity": None if degree is None else int(degree) if degree.denominator == 1 else str(degree),
        "sublinear": bounded[0],
        "ad_rule": activation_rules.section(shape),
    }
    content["pfaffian"], contradictions = activation_pfaffian.section(shape, variable)
    _smoothness(content, shape, box)
    content["oscillation"] = _oscillation(shape)
    content["sad"] = _sad(content, shape, bounded, box)
    unsettled = [*contradictions, *sections.unsettled(shape), *open_values, *open_ends]
    content["open"] = unsettled
    content["complete"] = not unsettled
    return content


def _smoothness(content: dict, shape, box: str) -> None:
    """Put in the exact smoothness, totality and Lipschitz properties where the analysis decides them."""
    from tamecheck.geometry.univariate.breaks import ANALYTIC
    from tamecheck.geometry.univariate.piecewise import UNDEFINED
    from tamecheck.reports.activation_json import smoothness_word

    if shape.hidden:
        return
    defined = [b for b in shape.breaks if b.value is not UNDEFINED]
    orders = [b.order for b in defined if b.kind != "isolated"]
    if any(o is not None and o < 0 for o in orders):
        content["smoothness"] = "discontinuous"
        content["locally_lipschitz"] = content["path_differentiable"] = False
    elif None not in orders:
        content["smoothness"] = smoothness_word(min([ANALYTIC, *orders]))
        steep = [v for b in defined for v in b.slopes if b.kind != "isolated"]
        if not any(v is None for b in defined for v, r in zip(b.slopes, (b.left, b.right), strict=True) if r is not None):
            content["locally_lipschitz"] = not any(isinstance(v, int) for v in steep)
    content["total"] = _total(shape, box)
    if content["total"] and content["smoothness"] not in ("unknown", "discontinuous") and content["locally_lipschitz"] is not None:
        # analytic but at isolated points and locally Lipschitz: a curve that rests at such a point has velocity 0 there almost always
        content["path_differentiable"] = content["locally_lipschitz"]


def _total(shape, box: str) -> bool:
    """Tell whether the function is defined on the whole domain asked for."""
    from tamecheck.geometry.univariate import constants
    from tamecheck.geometry.univariate.piecewise import UNDEFINED
    from tamecheck.ground.intervals import from_text

    low, high, low_closed, high_closed = from_text(box)
    f = shape.function
    if not f.points:
        return f.between[0] is not UNDEFINED
    k = f.points[0].algebra
    left = [1 if low is None else constants.compare(p, k.number(low)) for p in f.points]  # an undecided place counts as inside
    right = [-1 if high is None else constants.compare(p, k.number(high)) for p in f.points]
    for i, e in enumerate(f.between):
        outside = (i < len(f.points) and left[i] in (-1, 0)) or (i and right[i - 1] in (0, 1))
        if e is UNDEFINED and not outside:
            return False
    for e, a, b in zip(f.at, left, right, strict=True):
        inside = a != -1 and b != 1 and (a != 0 or low_closed) and (b != 0 or high_closed)
        if e is UNDEFINED and inside:
            return False
    return True


def _oscillation(shape) -> list[dict]:
    """Return what the analysis proves about infinitely many zeros.

    It bears on definability, but no step of the checker says so: it stands beside the verdict, with its proof in words,
    and does not change it.  The zeros are isolated because the function is analytic there and not zero at some point.
    """
    from tamecheck.geometry.univariate.piecewise import sign_between

    found = []
    for n, name in enumerate(("f", "f'", "f''")):
        for o in [o for r in shape.regions for o in r.zeros(n).open if o.infinite and sign_between(r.derivative(n), o.low, o.high)]:
            end = "inf" if o.high is None else "-inf"
            proof = (
                "with the phase of its sines held at t, the function no longer oscillates; it has a sign near the end, proved by an expansion "
                "with a bound of the rest, and the sign differs for two values of t (or is 0 for one), so it changes in every period"
            )
            found.append({
                "of": name, "at": end, "statement": f"{name} has infinitely many isolated zeros near {end}", "proof": proof,
                "consequence": "a set definable in an o-minimal structure has finitely many isolated points, so f is in none",
                "checked": False,
            })  # fmt: skip
    return found


def _sad(content: dict, shape, bounded: tuple, box: str) -> dict:
    """Sublinear, analytic, definable: the three properties, the verdict, and the reason in words."""
    from tamecheck.geometry.univariate.normal_forms import identically_zero

    definable = {"definable": True, "not-definable": False}.get(content["verdict"])
    smooth, line = content["smoothness"], box == "(-inf,inf)"
    analytic = None if smooth == "unknown" else smooth == "analytic"
    if analytic and not (line and content["total"]):
        analytic = None if line and content["total"] is None else False
    affine = len(shape.regions) == 1 and not shape.hidden and identically_zero(shape.regions[0].derivative(2))
    properties = {"sublinear": bounded[0], "analytic": analytic, "definable": definable}
    missing = [name for name, value in properties.items() if value is False]
    unknown = [name for name, value in properties.items() if value is None]
    reasons = {
        "sublinear": bounded[1],
        "analytic": {"analytic": "not defined on the whole line", "discontinuous": "discontinuous"}.get(smooth, f"only {smooth}"),
        "definable": "in no o-minimal structure",
    }
    if missing:
        verdict, reason = False, "; ".join([f"not {name}: {reasons[name]}" for name in missing])
    elif unknown:
        verdict, reason = None, "not established: " + ", ".join(unknown)
    else:
        verdict, reason = True, "sublinear, analytic and definable" + (", but affine" if affine else "")
    return {**properties, "verdict": verdict, "affine": affine, "reason": reason}
