"""Families of activations: what holds for every value of the parameters, and for which values it changes.

A name that is neither the variable nor given a value is a parameter: *static* (a constant, "with parameters" in the logician's
sense) or *learnt* (an argument of the function).  Definability is certified for all values at once.  For one static parameter
its range is cut into finitely many points and intervals on which smoothness, monotonicity, convexity and so on are the same
(`geometry.univariate.families`); what could not be proved on an interval is listed as open, with the facts at one value of it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from tamecheck.activation_report import Report, activation
from tamecheck.errors import InputError
from tamecheck.ground.intervals import LINE, Interval, to_text

FACTS = (
    "verdict", "homes", "defined", "total", "smoothness", "monotone", "convex", "globally_lipschitz", "bounded", "sublinear",
    "homogeneity", "affine", "sad",
)  # fmt: skip
NOT_DECISIVE = ("reason", "proof")


@dataclass
class Family:
    """The question: formula, variable with its domain, ranges of the free parameters, fixed values."""

    formula: str
    variable: str
    box: Interval
    ranges: dict[str, Interval]
    learnt: tuple[str, ...]
    values: dict[str, Fraction]

    def load(self, boxes: Mapping[str, Interval], constants: Mapping[str, Fraction] | None = None):
        """Return the program with some parameters in boxes and the others fixed."""
        from tamecheck.frontends import formula_io

        fixed = {**self.values, **(constants or {})}
        names = [n for n in self.ranges if n not in fixed]
        return formula_io.load(
            self.formula, variables=[self.variable, *names], boxes={self.variable: self.box, **{n: boxes.get(n, self.ranges[n]) for n in names}},
            parameters=names, constants={n: v for n, v in fixed.items() if n in self.names},
        )  # fmt: skip

    @property
    def names(self) -> tuple[str, ...]:
        """All names of the formula."""
        from tamecheck.frontends import formula_io

        return tuple(formula_io.load(self.formula).variables)


class FamilyReport(Report):
    """The report about a family; `family` holds the cases."""

    def __init__(self, content: dict, question: Family, certificate: object) -> None:
        super().__init__(content, None, certificate)
        self.question = question

    def __repr__(self) -> str:
        cases = self._content["family"]["cases"]
        homes = ", ".join(self._content["homes"]) or "no home"
        return f"<family {self._content['formula']}: {self.verdict} ({homes}); {len(cases)} cases, {len(self._content['family']['open'])} open>"

    def to_text(self) -> str:
        """Return the report as plain text."""
        from tamecheck.reports.activation_family_text import to_text

        return to_text(self._content)

    def member(self, **values: object) -> Report:
        """Return the report of one member of the family."""
        q = self.question
        fixed = {**{n: str(v) for n, v in q.values.items()}, **values}
        return activation(q.formula, q.variable, q.box, fixed)  # type: ignore[arg-type]

    def plot(self, path: object = None) -> bytes | None:
        """A family has no single graph; plot a member."""
        raise _for_members("graph")

    def to_latex(self) -> str:
        """A family has no single proposition; write one for a member."""
        raise _for_members("proposition")

    def to_html(self) -> str:
        """Return a self-contained page."""
        from tamecheck.reports.activation_html import family_page

        return family_page(self)

    def _repr_html_(self) -> str:
        from tamecheck.reports.activation_html import family_fragment

        return family_fragment(self)


def _for_members(what: str) -> InputError:
    return InputError(f"a family has no single {what}", code="TC157", hint="give every parameter a value, as in --parameter alpha=1/2")


def family_report(formula: str, variable: str, box: Interval | None, values: dict[str, Fraction], ranges: dict[str, Interval],
                  learnt: Sequence[str]) -> FamilyReport:
    """Return the report of a family; every name of ``ranges`` is free in that interval."""
    started = time.perf_counter()
    question = Family(formula, variable, LINE if box is None else box, ranges, tuple(learnt), values)
    content, certificate = _definability(question)
    proved = time.perf_counter()
    cases = _cases(question, next(iter(ranges)), content) if len(ranges) == 1 else _guarded(question, content)
    content["family"] = {
        "parameters": {n: {"range": to_text(r), "role": "learnt" if n in learnt else "static"} for n, r in ranges.items()},
        "joint": content.pop("joint"),
        "cases": cases,
        "changes_at": _changes(cases),
        "open": _open(question, cases),
    }
    content["smoothness"] = _weakest([c["smoothness"] for c in cases])
    content["complete"] = not content["family"]["open"]
    content["open"] = []
    content |= {"formula": formula, "variable": variable, "domain": to_text(question.box), "parameters": {k: str(v) for k, v in values.items()}}
    content["seconds"] = {"prove": proved - started, "analyse": time.perf_counter() - proved}
    return FamilyReport(content, question, certificate)


# ------------------------------------------------------------------- definability


def _definability(question: Family) -> tuple[dict, object]:
    """Certify the function of the variable for arbitrary fixed parameters, and the function of variable and parameters."""
    from tamecheck.certification import certify
    from tamecheck.reports.summary import summary

    source = question.load({})
    program, target = source.program, {"f": source.outputs["f"]}
    joint = certify((program, target), about="both")
    static = joint if question.learnt else certify((program, target), about="inputs")
    content = summary(static)
    if not question.learnt and static.verdict == "not-definable":
        # the refutation may use one value of the parameters; it says nothing about the others
        content |= {"verdict": "unknown", "unknown_because": ["some member is not definable; see the cases"], "sharp": None}
    found = summary(joint)
    content["joint"] = {key: found[key] for key in ("verdict", "homes", "smoothness", "locally_lipschitz", "path_differentiable", "total")}
    return content, static


def _static_homes(question: Family, boxes: dict[str, Interval]) -> tuple[str, list[str]]:
    """Return the verdict for all values in the boxes; "unknown" unless definable."""
    from tamecheck.certification import certify

    source = question.load(boxes)
    c = certify((source.program, {"f": source.outputs["f"]}), about="inputs", sharpness=False)
    return ("definable", [s.name for s in c.homes]) if c.verdict == "definable" else ("unknown", [])


# --------------------------------------------------------------------------- cases


def _cases(question: Family, name: str, content: dict) -> list[dict]:
    """Return the cases of one static parameter, in order of its values."""
    from tamecheck.geometry.univariate import families
    from tamecheck.geometry.univariate.expressions import Algebra
    from tamecheck.geometry.univariate.lowering import lower as lowered

    source = question.load({})
    node = source.outputs["f"]
    line = Algebra()
    low, high, low_closed, high_closed = question.ranges[name]

    def lower(k: Algebra, value):
        return lowered(source.program, node, k, {name: value})

    members: dict[Fraction, tuple[dict, Report | None]] = {}

    def scaled(a, b):
        found = families.scaling(lower, a, b, line, name, _numbers(question, name)) if question.box == LINE else None
        if found is None:
            return None
        sample, w, c = found
        facts = dict(_member(question, name, sample, members))
        constant = facts.pop("lipschitz", None)
        text = {"a0": str(sample), "w": str(w), "c": str(c)}
        return facts, text | ({"lipschitz": constant} if constant is not None else {})

    if low is not None and low == high:
        return _merged([_case(question, name, families.Cell(p := line.number(low), p, {}), lower, members)], name)
    ends = [None if e is None else line.number(e) for e in (low, high)]
    cells = families.partition(lower, ends[0], ends[1], line, name, scaled, question.box)
    if low_closed:
        cells.insert(0, families.Cell(ends[0], ends[0], {}))
    if high_closed:
        cells.append(families.Cell(ends[1], ends[1], {}))
    return _merged([_case(question, name, cell, lower, members) for cell in cells], name)


def _numbers(question: Family, name: str):
    """Return a floating-point evaluation, which suggests and never proves."""

    def value(x: float, a: float) -> float:
        import numpy as np

        from tamecheck.programs.evaluate import evaluate

        source = question.load({})
        try:
            return float(evaluate(source.program, [source.outputs["f"]], {question.variable: np.float64(x), name: np.float64(a)})[0])
        except InputError:
            return float("nan")

    return value


def _member(question: Family, name: str, value: Fraction, members: dict) -> dict:
    """Return the facts of one member, from its own report."""
    from tamecheck.geometry.univariate import families

    if value in members:
        return members[value]
    fixed = {**{n: str(v) for n, v in question.values.items()}, name: str(value)}
    try:
        report = activation(question.formula, question.variable, question.box, fixed)
    except InputError as bad:
        found = {"defined": False, "verdict": "undefined", "homes": [], "reason": bad.message}
    else:
        found = {"verdict": report.verdict, "homes": list(report.homes), **families.facts(report.shape, question.box)}
        found["smoothness"] = found["smoothness"] or (report.smoothness if report.smoothness != "unknown" else None)
        found["sad"] = report.sad["verdict"]
        found["lipschitz"] = report.lipschitz_constant
    members[value] = found
    return found


def _case(question: Family, name: str, cell, lower, members: dict) -> dict:
    """Return one cell of the partition as a case."""
    from tamecheck.geometry.univariate import families

    case: dict = {"condition": "", "parameter": name, "interval": _interval(cell)}
    if cell.is_point and cell.low.rational is not None:
        found = {k: v for k, v in _member(question, name, cell.low.rational, members).items() if k != "lipschitz"}
        proof = "the report of this member"
    else:
        found = dict(cell.facts) if cell.facts or not cell.is_point else families.facts_at(lower, cell.low, question.box)
        proof = "analysis with the parameter as a symbol" if not cell.is_point else "analysis at the exact value"
    if cell.scaling is not None:
        case["scaling"] = cell.scaling
        proof = "scaling: f(x; a) = t^-c f(t^w x; a0), t = a/a0"
    if "verdict" not in found:
        found["verdict"], found["homes"] = _static_homes(question, {name: _hull(cell)}) if found.get("defined") is not False else ("undefined", [])
    if "sad" not in found:
        found["sad"] = _sad(found, question.box == LINE)
    case |= {key: found.get(key) for key in FACTS}
    case["homes"] = list(case["homes"] or [])
    case["proof"] = proof
    if "reason" in found:
        case["reason"] = found["reason"]
    return case


def _sad(found: dict, line: bool) -> bool | None:
    """Sublinear, analytic on the line and definable."""
    analytic = None if found.get("smoothness") is None else found["smoothness"] == "analytic" and line and found.get("total")
    definable = {"definable": True, "not-definable": False}.get(found["verdict"])
    three = (found.get("sublinear"), analytic, definable)
    return False if False in three else None if None in three else True


def _interval(cell) -> list:
    from tamecheck.reports.activation_numbers import endpoint

    return [endpoint(cell.low, -1), endpoint(cell.high, 1)]


def _hull(cell) -> Interval:
    """Return a rational interval that holds the cell."""
    from tamecheck.geometry.univariate.points import enclosure
    from tamecheck.ground.intervals import interval

    low = None if cell.low is None else enclosure(cell.low)[0]
    high = None if cell.high is None else enclosure(cell.high)[1]
    exact = [getattr(e, "rational", None) for e in (cell.low, cell.high)]
    return interval(low, high, cell.is_point or low != exact[0], cell.is_point or high != exact[1])


def _guarded(question: Family, content: dict) -> list[dict]:
    """Return the cases of several parameters, under conditions on the signs of expressions in them."""
    from tamecheck.geometry.univariate import guards
    from tamecheck.geometry.univariate.lowering import lower
    from tamecheck.geometry.univariate.printing import text

    source = question.load({})
    ranges = {n: (r[0], r[1]) for n, r in question.ranges.items()}
    found = guards.cases(lambda k, values: lower(source.program, source.outputs["f"], k, values), ranges, question.box)
    result = []
    for conditions, facts in found:
        if not facts:
            case = _whole(question, content)
        else:
            facts |= {"verdict": content["verdict"], "homes": content["homes"]}
            facts["sad"] = _sad(facts, question.box == LINE)
            case = {key: facts.get(key) for key in FACTS} | {"parameter": None, "interval": None, "proof": "analysis with the parameters as symbols"}
        case["where"] = [{"expression": text(c.expression), "sign": SIGNS[c.sign]} for c in conditions]
        case["condition"] = " and ".join([_comparison(c.expression, c.sign) for c in conditions]) or "all values"
        result.append(case)
    return result


SIGNS = {-1: "<", 0: "=", 1: ">"}


def _comparison(e, sign: int) -> str:
    """Write the sign of a sum as a comparison of its positive and its negative terms: ``hi > lo``."""
    from tamecheck.geometry.univariate.expressions import terms
    from tamecheck.geometry.univariate.printing import text

    k = e.algebra
    left = k.linear([(c, t) for c, t in terms(e) if c > 0])
    right = k.linear([(-c, t) for c, t in terms(e) if c < 0])
    if left is k.zero:
        left, right, sign = right, left, -sign
    return f"{text(left)} {SIGNS[sign]} {text(right)}"


def _whole(question: Family, content: dict) -> dict:
    """Return a case of which only the certificate speaks."""
    case: dict = dict.fromkeys(FACTS)
    known = {"C0", "Cinf", "analytic"}
    smooth = content["smoothness"] if content["smoothness"] in known or content["smoothness"].startswith("C") else None
    case |= {
        "condition": "all values", "parameter": None, "interval": None, "defined": True if content["total"] else None,
        "verdict": content["verdict"], "homes": content["homes"], "total": content["total"], "smoothness": None,
        "at_least": smooth, "proof": "the certificate",
    }  # fmt: skip
    return case


def _merged(cases: list[dict], name: str) -> list[dict]:
    """Join neighbours on which everything is the same and established by proof."""
    result: list[dict] = []
    for case in cases:
        if result and _same(result[-1], case):
            last = result[-1]
            last["interval"] = [last["interval"][0], case["interval"][1]]
            last["closed"][1] = _point(case)
            if last["proof"] != case["proof"]:
                last["proof"] = "; ".join(dict.fromkeys([*last["proof"].split("; "), case["proof"]]))
            last.pop("scaling", None)
        else:
            result.append({**case, "closed": [_point(case)] * 2})
    for case in result:
        case["condition"] = _condition(name, case["interval"], case["closed"])
    return result


def _point(case: dict) -> bool:
    low, high = case["interval"]
    return low == high


def _same(a: dict, b: dict) -> bool:
    """Tell whether two cases agree in every fact, and none is open."""
    return all(a[k] == b[k] for k in FACTS) and not any(a[k] is None for k in FACTS if k in _asked(a)) and "reason" not in a


def _condition(name: str, interval: list, closed: list[bool]) -> str:
    from tamecheck.reports.activation_numbers import decimal

    low, high = [decimal(v, 8) for v in interval]
    if low == high:
        return f"{name} = {low}"
    left = "" if low == "-inf" else f"{low} {'<=' if closed[0] else '<'} "
    right = "" if high == "inf" else f" {'<=' if closed[1] else '<'} {high}"
    if not left and not right:
        return f"every {name}"
    if not right:
        return f"{name} {'>=' if closed[0] else '>'} {low}"
    return f"{left}{name}{right}"


# ------------------------------------------------------------------- what changes


def _changes(cases: list[dict]) -> list[dict]:
    """Return the values of the parameter at which a fact changes, with the names of these facts."""
    result: list[dict] = []
    for before, after in zip(cases, cases[1:], strict=False):
        if before["interval"] is None:
            continue
        what = [k for k in FACTS if before[k] != after[k] and None not in (before[k], after[k])]
        place = before["interval"][1]
        if not what:
            continue
        if result and result[-1]["at"] == place:
            result[-1]["what"] = sorted({*result[-1]["what"], *what}, key=FACTS.index)
        else:
            result.append({"at": place, "what": what})
    return result


def _asked(case: dict) -> list[str]:
    """Return the facts that make sense for a case."""
    if case["defined"] is False:
        return []
    skipped = {"homogeneity", "affine", "defined"} | (set() if case["total"] else {"smoothness", "monotone", "convex"})
    return [k for k in FACTS if k not in skipped]


def _open(question: Family, cases: list[dict]) -> list[dict]:
    """List what is not established, each with the facts at one value: evidence, not a statement about the interval."""
    result = []
    for case in cases:
        unknown = [k for k in _asked(case) if case[k] is None or (k == "verdict" and case[k] == "unknown")]
        if not unknown:
            continue
        entry = {"condition": case["condition"], "questions": unknown, "sample": None}
        if case["interval"] is not None and case["interval"][0] != case["interval"][1]:
            entry["sample"] = _sample(question, case)
        result.append(entry)
    return result


def _sample(question: Family, case: dict) -> dict:
    value = _between(*case["interval"])
    facts = _member(question, case["parameter"], value, {})
    return {"at": str(value), **{k: facts.get(k) for k in FACTS}}


def _between(low: object, high: object) -> Fraction:
    from tamecheck.geometry.univariate.points import simplest

    def end(v: object, side: int) -> Fraction | None:
        if isinstance(v, str):
            return None if v in ("inf", "-inf") else Fraction(v)
        return Fraction(v[side])  # type: ignore[index]

    a, b = end(low, 1), end(high, 0)
    if a is None and b is None:
        return Fraction(1)
    if a is None or b is None:
        return b - 1 if a is None else a + 1  # type: ignore[operator]
    return simplest(a + (b - a) / 8, b - (b - a) / 8)


def _weakest(words: list[str | None]) -> str:
    """Return the smoothness that all cases have."""
    rank = {"discontinuous": -1, **{f"C{n}": n for n in range(40)}, "Cinf": 100, "analytic": 200}
    return "unknown" if any(w is None for w in words) else min(words, key=lambda w: rank.get(w, -1))  # type: ignore[arg-type,return-value]
