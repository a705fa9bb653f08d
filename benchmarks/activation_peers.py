"""Ask numeric and symbolic peers for what the reports prove of each activation, and count how often they are wrong, silent or slower.

Usage: ``python benchmarks/activation_peers.py [--limit 10] [--only TEXT] [--json OUT.json] [--page]``

The peers, on every entry of one variable on the line, each question in a child process that is stopped after ``--limit`` seconds:

* ``grid``: ``scipy.optimize.brentq`` on the sign changes of f and of a central difference of f on 10 000 points of [-50, 50]: zeros and extrema;
* ``sympy``: ``solveset`` for the zeros, ``minimum`` and ``maximum``, ``limit`` at both ends, ``is_monotonic``.

An answer is compared with the report where the report is closed. *Wrong*: it contradicts the report. Each contradiction is then
checked a third way, in interval arithmetic of 300, then 8 000 bits (`mpmath.iv`) of a separate reading of the formula, and counted as *wrong* only
if that confirms it; otherwise it is *disputed*.  *Silent*: an error, a refusal, an unevaluated answer, or the time limit.
"""

import argparse
import json
import math
import multiprocessing
import statistics
import sys
import time
import warnings
from fractions import Fraction
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOW, HIGH, POINTS = -50.0, 50.0, 10_000
TOLERANCE = 1e-6
BITS = (300, 8_000)
QUESTIONS = ("grid: zeros", "grid: extrema", "sympy: zeros", "sympy: minimum", "sympy: maximum", "sympy: limits", "sympy: monotone")


# ------------------------------------------------------------------------------------------ what the peers are given


def sympy_formula(entry):
    """Return the formula as a SymPy expression of a real symbol ``x``, written as a person would."""
    import sympy

    from tamecheck.ground.grammar import parse

    tree = parse(entry.formula)
    x = sympy.Symbol("x", real=True)
    names = {"x": x, **{k: sympy.Rational(v.numerator, v.denominator) for k, v in entry.parameters.items()}}
    values: dict = {}
    for n in tree.needed():
        kind, payload, children = tree.nodes[n]
        values[n] = _sympy_node(sympy, kind, payload, [values[c] for c in children], names)
    return values[tree.root], x


def _sympy_node(s, kind, payload, a, names):
    simple = {
        "neg": lambda: -a[0], "add": lambda: a[0] + a[1], "sub": lambda: a[0] - a[1], "mul": lambda: a[0] * a[1], "div": lambda: a[0] / a[1],
        "pow": lambda: a[0] ** a[1], "where": lambda: s.Piecewise((a[1], a[0]), (a[2], True)), "and": lambda: s.And(*a), "or": lambda: s.Or(*a),
        "not": lambda: s.Not(a[0]), "name": lambda: names[payload],
        "number": lambda: s.Rational(payload.numerator, payload.denominator) if kind == "number" else None,
        "constant": lambda: s.pi if payload == "pi" else s.E,
    }  # fmt: skip
    if kind in simple:
        return simple[kind]()
    if kind == "compare":
        return {"lt": s.Lt, "le": s.Le, "eq": s.Eq, "ne": s.Ne}[payload](*a)
    if kind == "call":
        return _SYMPY[payload](s, *a)
    raise NotImplementedError(kind)


def _sig(s, x):
    return 1 / (1 + s.exp(-x))


def _plus(s, x, b):
    return s.log(1 + s.exp(b * x)) / b


def _cdf(s, x):
    return s.erf(x / s.sqrt(2)) / 2 + s.Rational(1, 2)


_OWN = (
    "exp", "log", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "coth", "asinh", "acosh", "atanh", "erf", "erfc",
    "erfinv", "sign", "floor", "cbrt",
)  # fmt: skip
_SYMPY = {
    **{n: (lambda s, *a, _n=n: getattr(s, _n)(*a)) for n in _OWN},
    "abs": lambda s, x: s.Abs(x), "max": lambda s, *a: s.Max(*a), "min": lambda s, *a: s.Min(*a), "ceil": lambda s, x: s.ceiling(x),
    "i0": lambda s, x: s.besseli(0, x), "i1": lambda s, x: s.besseli(1, x), "besselj0": lambda s, x: s.besselj(0, x),
    "besselj1": lambda s, x: s.besselj(1, x),
    "i1e": lambda s, x: s.exp(-s.Abs(x)) * s.besseli(1, x), "lambertw": lambda s, x: s.LambertW(x), "gamma": lambda s, x: s.gamma(x),
    "lgamma": lambda s, x: s.loggamma(x), "digamma": lambda s, x: s.digamma(x), "exp2": lambda s, x: 2**x, "log1p": lambda s, x: s.log(1 + x),
    "expm1": lambda s, x: s.exp(x) - 1, "rsqrt": lambda s, x: 1 / s.sqrt(x), "square": lambda s, x: x**2,
    "hypot": lambda s, x, y: s.sqrt(x**2 + y**2),
    "logaddexp": lambda s, x, y: s.log(s.exp(x) + s.exp(y)), "erfcx": lambda s, x: s.exp(x**2) * s.erfc(x), "phi": _cdf,
    "log_phi": lambda s, x: s.log(_cdf(s, x)), "sinc": lambda s, x: s.sinc(s.pi * x), "sinc_unnormalised": lambda s, x: s.sinc(x),
    "relu": lambda s, x: s.Max(x, 0),
    "leaky_relu": lambda s, x, a: s.Piecewise((x, x >= 0), (a * x, True)), "prelu": lambda s, x, a: s.Piecewise((x, x >= 0), (a * x, True)),
    "elu": lambda s, x, a: s.Piecewise((x, x > 0), (a * (s.exp(x) - 1), True)),
    "celu": lambda s, x, a: s.Piecewise((x, x > 0), (a * (s.exp(x / a) - 1), True)), "sigmoid": _sig, "silu": lambda s, x: x * _sig(s, x),
    "softplus": lambda s, x, b=1, t=None: _plus(s, x, b) if t is None else s.Piecewise((x, b * x > t), (_plus(s, x, b), True)),
    "logsigmoid": lambda s, x: -s.log(1 + s.exp(-x)), "mish": lambda s, x: x * s.tanh(s.log(1 + s.exp(x))),
    "softsign": lambda s, x: x / (1 + s.Abs(x)), "hardtanh": lambda s, x: s.Max(-1, s.Min(1, x)), "tanhshrink": lambda s, x: x - s.tanh(x),
    "gaussian": lambda s, x: s.exp(-(x**2)), "lisht": lambda s, x: x * s.tanh(x), "tanhexp": lambda s, x: x * s.tanh(s.exp(x)),
    "serf": lambda s, x: x * s.erf(s.log(1 + s.exp(x))), "snake": lambda s, x, a: x + s.sin(a * x) ** 2 / a, "gumbel": lambda s, x: s.exp(-s.exp(-x)),
    "relu_squared": lambda s, x: s.Max(x, 0) ** 2, "trunc": lambda s, x: s.sign(x) * s.floor(s.Abs(x)),
    "frac": lambda s, x: x - s.sign(x) * s.floor(s.Abs(x)),
}  # fmt: skip


# ------------------------------------------------------------------------------------------ the peers, each in a child


def grid(entry, what):
    """Return the places found by brentq on sign changes, of f or of a central difference."""
    import numpy
    import sympy
    from scipy.optimize import brentq

    f, x = sympy_formula(entry)
    numpy.seterr(all="ignore")
    fast = sympy.lambdify(x, f, ["scipy", "numpy"])

    def value(at):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return numpy.broadcast_to(fast(numpy.asarray(at, dtype=float)), numpy.shape(at))

    def slope(at):
        h = 1e-6
        return (value(at + h) - value(at - h)) / (2 * h)

    ask = value if what == "zeros" else slope
    points = numpy.linspace(LOW, HIGH, POINTS)
    values = ask(points)
    found = [float(x) for x, v in zip(points, values, strict=True) if v == 0 and what == "zeros"]
    for i in range(POINTS - 1):
        if values[i] < 0 < values[i + 1] or values[i + 1] < 0 < values[i]:
            found.append(float(brentq(lambda x: float(ask(x)), points[i], points[i + 1])))
    return sorted(found)


def symbolic(entry, what):
    """Return the answer of SymPy as JSON: a list of numbers, a number as text, a truth; raises when there is none."""
    import sympy

    f, x = sympy_formula(entry)
    if what == "zeros":
        found = sympy.solveset(f, x, sympy.S.Reals)
        if isinstance(found, sympy.FiniteSet):
            return sorted(float(v.evalf(30)) for v in found)
        if found is sympy.S.EmptySet:
            return []
        if isinstance(found, sympy.Interval | sympy.Union):
            return "a set"  # intervals of zeros, or a periodic family: an answer, but no list to compare
        raise LookupError(type(found).__name__)
    if what in ("minimum", "maximum"):
        found = getattr(sympy, what)(f, x, sympy.S.Reals)
        return _real(sympy, found)
    if what == "limits":
        return [_real(sympy, sympy.limit(f, x, end)) for end in (-sympy.oo, sympy.oo)]
    found = sympy.is_monotonic(f, sympy.S.Reals, x)
    if found is None:
        raise LookupError("None")
    return bool(found)


def _real(s, value):
    if value in (s.oo, -s.oo):
        return "inf" if value == s.oo else "-inf"
    if isinstance(value, s.AccumBounds):
        return "oscillates"
    number = s.N(value, 30)
    if not number.is_real:
        raise LookupError(str(value)[:60])
    return float(number)


def child(connection, question):
    """Answer one question for one entry after another, as they are asked."""
    from tamecheck.structures.atlas.activations import find

    tool, _, what = question.partition(": ")
    for name in iter(connection.recv, None):
        started = time.perf_counter()
        try:
            answer = ("answer", (grid if tool == "grid" else symbolic)(find(name), what))
        except BaseException as failure:  # whatever a peer raises is its answer
            answer = ("error", f"{type(failure).__name__}: {failure}"[:120])
        connection.send((*answer, time.perf_counter() - started))


class Peer:
    """A child process for one question, started again after a time-out."""

    def __init__(self, question: str, limit: float) -> None:
        self.question, self.limit, self.process = question, limit, None

    def ask(self, name: str) -> tuple[str, object, float]:
        """Return (``answer`` | ``error`` | ``time``, the answer, seconds)."""
        if self.process is None:
            here, there = multiprocessing.Pipe()
            self.connection = here
            self.process = multiprocessing.get_context("fork").Process(target=child, args=(there, self.question), daemon=True)
            self.process.start()
        self.connection.send(name)
        if self.connection.poll(self.limit):
            try:
                return self.connection.recv()
            except EOFError:
                self.process = None
                return "error", "the process died", 0.0
        self.process.kill()
        self.process.join()
        self.process = None
        return "time", None, self.limit


# ------------------------------------------------------------------------------------------ the judge


def interval(entry, bits: int):
    """Return a function from an `mpmath.iv` interval to an enclosure of f, from a reading of the formula of its own."""
    import sympy
    from mpmath import iv

    f, x = sympy_formula(entry)
    iv.prec = bits
    functions = {"exp": iv.exp, "log": iv.log, "sqrt": iv.sqrt, "sin": iv.sin, "cos": iv.cos, "tan": iv.tan}

    def enclose(e, box):
        if e == x:
            return box
        if e.is_Rational:
            return iv.mpf(int(e.p)) / iv.mpf(int(e.q))
        if e is sympy.pi:
            return iv.pi
        if e is sympy.E:
            return iv.e
        if e.is_Add:
            return sum((enclose(t, box) for t in e.args), iv.mpf(0))
        if e.is_Mul:
            out = iv.mpf(1)
            for t in e.args:
                out = out * enclose(t, box)
            return out
        if e.is_Pow:
            base = enclose(e.base, box)
            if e.exp.is_Integer:
                return base ** int(e.exp)
            return iv.sqrt(base) ** int(2 * e.exp) if (2 * e.exp).is_Integer else iv.exp(enclose(e.exp, box) * iv.log(base))
        if isinstance(e, sympy.Piecewise):
            for value, condition in e.args:
                truth = holds(condition, box)
                if truth is None:
                    raise LookupError("a condition is open")
                if truth:
                    return enclose(value, box)
        name = type(e).__name__
        a = [enclose(t, box) for t in e.args] if e.args else []
        if name in functions:
            return functions[name](a[0])
        if name in ("Max", "Min"):
            pick = max if name == "Max" else min
            return iv.mpf([pick(v.a for v in a), pick(v.b for v in a)])
        if name == "Abs":
            return abs(a[0])
        hyper = {
            "tanh": lambda t: 1 - 2 / (iv.exp(2 * t) + 1), "sinh": lambda t: (iv.exp(t) - iv.exp(-t)) / 2,
            "cosh": lambda t: (iv.exp(t) + iv.exp(-t)) / 2,
        }  # fmt: skip
        if name in hyper:
            return hyper[name](a[0])
        monotone = {"erf": "erf", "atan": "atan", "asinh": "asinh"}
        if name in monotone:
            import mpmath

            with mpmath.workprec(bits + 60):
                g = getattr(mpmath, monotone[name])
                low, high = g(mpmath.mpf(a[0].a)), g(mpmath.mpf(a[0].b))
                return iv.mpf([low - mpmath.mpf(2) ** -bits, high + mpmath.mpf(2) ** -bits])
        raise LookupError(name)

    def holds(c, box):
        if c in (True, sympy.true):
            return True
        if c in (False, sympy.false):
            return False
        if isinstance(c, sympy.And | sympy.Or):
            parts = [holds(p, box) for p in c.args]
            stop = isinstance(c, sympy.Or)
            return stop if stop in parts else None if None in parts else not stop
        if isinstance(c, sympy.Not):
            inner = holds(c.args[0], box)
            return None if inner is None else not inner
        difference = enclose(c.lhs, box) - enclose(c.rhs, box)
        low, high = difference.a, difference.b
        strict = {
            "StrictLessThan": (high < 0, low >= 0), "LessThan": (high <= 0, low > 0), "StrictGreaterThan": (low > 0, high <= 0),
            "GreaterThan": (low >= 0, high < 0), "Equality": (low == high == 0, low > 0 or high < 0),
            "Unequality": (low > 0 or high < 0, low == high == 0),
        }  # fmt: skip
        yes, no = strict[type(c).__name__]
        return True if yes else False if no else None

    return lambda low, high=None: enclose(f, iv.mpf([low, low if high is None else high]))


def sign(enclosure) -> int | None:
    """Return the sign of an enclosure, ``None`` if it holds both."""
    return 1 if enclosure.a > 0 else -1 if enclosure.b < 0 else 0 if enclosure.a == enclosure.b == 0 else None


def middle(p) -> float:
    """Return the middle of a place of a report."""
    if isinstance(p, list | tuple):
        return (float(p[0]) + float(p[1])) / 2
    return float(Fraction(p)) if isinstance(p, str) and "/" in p else float(p)


def confirmed(test) -> bool:
    """Tell whether the third reading proves what ``test`` states; anything it cannot enclose is not a proof."""
    try:
        return bool(test())
    except Exception:
        return False


def judge(entry, content: dict, question: str, answer, bits: int = BITS[0]):
    """Return (``right`` | ``wrong`` | ``disputed`` | ``no reference``, why)."""
    from mpmath import mpf

    what = question.partition(": ")[2]
    open_questions = {o["question"] for o in content["open"]}
    f = None

    def at(x, y=None):
        nonlocal f
        f = f or interval(entry, bits)
        return f(mpf(x), None if y is None else mpf(y))

    if what in ("zeros", "extrema"):
        if answer == "a set":
            return "no reference", ""
        wanted = "zeros" if what == "zeros" else "monotonicity and extrema"
        if wanted in open_questions or content["zero_intervals"] and what == "zeros":
            return "no reference", ""
        flat = any("interval" in e for e in content["extrema"]) or any(p["kind"] == "constant" for p in content["pieces"])
        if what == "extrema" and (flat or content["discontinuities"]):
            return "no reference", ""
        window = question.startswith("grid")
        truth = [middle(e["point"]) for e in content[what] if "point" in e]
        inside = [t for t in truth if not window or LOW <= t <= HIGH]
        far = [t for t in truth if t not in inside]
        missed = [t for t in inside if not any(abs(t - a) <= TOLERANCE * max(1, abs(t)) for a in answer)]
        extra = [a for a in answer if not any(abs(t - a) <= 1e-3 * max(1, abs(t)) for t in truth)]
        if not missed and not extra and len(answer) <= len(truth):
            return ("right", "") if not far else ("wrong", f"{len(far)} outside of the window, the nearest at {min(far, key=abs):.6g}")
        if not missed and not extra:
            return "right", "repeated"
        if extra:
            worst = extra[0]
            if what == "zeros":
                proof = confirmed(lambda: sign(at(worst)) in (1, -1))
                return ("wrong" if proof else "disputed"), f"{len(extra)} places too many, one at {worst:.6g}, where f = {value_text(at, worst)}"
            h = 1e-3
            proof = confirmed(lambda: (sign(at(worst) - at(worst - h)) or 0) * (sign(at(worst + h) - at(worst)) or 0) > 0)
            return ("wrong" if proof else "disputed"), f"{len(extra)} extrema too many, one at {worst:.6g}"
        worst = missed[0]
        d = 1e-5 * max(1, abs(worst))
        if what == "zeros":
            exact = any(middle(e["point"]) == worst and e.get("crossing") for e in content["zeros"] if "point" in e)
            proof = confirmed(lambda: sign(at(worst)) == 0 or exact and (sign(at(worst - d)) or 0) * (sign(at(worst + d)) or 0) < 0)
        else:
            proof = confirmed(lambda: (sign(at(worst) - at(worst - d)) or 0) * (sign(at(worst) - at(worst + d)) or 0) > 0)
        return ("wrong" if proof else "disputed"), f"{len(missed)} missed, one at {worst:.6g}"
    if what in ("minimum", "maximum"):
        end, attained = ("low", "low_attained") if what == "minimum" else ("high", "high_attained")
        value = content["range"][end]
        if value is None or not content["range"][f"{end}_exact_bound"]:
            return "no reference", ""
        truth = middle(value) if value not in ("inf", "-inf") else float(value)
        theirs = float(answer) if answer != "oscillates" else math.nan
        if _equal(theirs, truth):
            return "right", ""
        better = [middle(e["point"]) for e in content["extrema"] if "point" in e] + [10.0**k * s for k in range(-3, 7) for s in (1, -1)]
        side = -1 if what == "minimum" else 1
        proof = any(confirmed(lambda p=p: sign((at(p) - mpf(theirs)) * side) == 1) for p in better) if math.isfinite(theirs) else False
        proof = proof or (math.isinf(theirs) and math.isfinite(truth) and confirmed(lambda: content["range"][attained] is not None))
        return ("wrong" if proof else "disputed"), f"{theirs:.8g}, and it is {truth:.8g}{'' if content['range'][attained] else ' (not attained)'}"
    if what == "limits":
        ends = [e for e in content["limits"] if e["at"] in ("inf", "-inf")]
        if [e["at"] for e in ends] != ["-inf", "inf"]:
            return "no reference", ""
        for e, theirs in zip(ends, answer, strict=True):
            if e["limit"] is None:
                if e.get("exists", True) is False and theirs != "oscillates":
                    return "disputed", f"{theirs} at {e['at']}, and there is no limit"
                continue
            truth = middle(e["limit"]) if e["limit"] not in ("inf", "-inf") else float(e["limit"])
            mine = math.nan if theirs == "oscillates" else float(theirs)
            if not _equal(mine, truth):
                place = 1e6 if e["at"] == "inf" else -1e6
                proof = confirmed(lambda p=place, t=truth, m=mine: _tends(float(at(p).mid), t, m))
                return ("wrong" if proof else "disputed"), f"{theirs} at {e['at']}, and it is {e['limit'] if isinstance(e['limit'], str) else truth}"
        return "right", ""
    if "monotonicity and extrema" in open_questions:
        if not content["extrema"]:
            return "no reference", ""
        truth = False
    else:
        kinds = {p["kind"] for p in content["pieces"]} - {"constant"}
        if content["discontinuities"] or "unknown" in kinds:
            return "no reference", ""
        truth = len(kinds) < 2
    if answer is truth:
        return "right", ""
    if truth is False:
        ends = sorted({middle(e["point"]) for e in content["extrema"] if "point" in e})
        probes = sorted({x for e in ends for x in (e - 1, e, e + 1)})
        signs = set()
        for a, b in zip(probes, probes[1:], strict=False):
            if confirmed(lambda a=a, b=b: signs.add(sign(at(b) - at(a))) is None):
                continue
        return ("wrong" if {1, -1} <= signs else "disputed"), "says monotone, and it rises and falls"
    places = [mpf(k) / 8 for k in range(-160, 161)]
    steps = {sign(at(b) - at(a)) for a, b in zip(places, places[1:], strict=False) if _known(at, a, b)}
    return ("wrong" if steps in ({1}, {-1}, {0, 1}, {0, -1}, {0}) else "disputed"), "says not monotone, and it is"


def _equal(a: float, b: float) -> bool:
    """Tell whether two numbers are equal to six digits; an infinite one equals itself only."""
    return a == b or (math.isfinite(a) and math.isfinite(b) and abs(a - b) <= TOLERANCE * max(1, abs(b)))


def _tends(far: float, truth: float, theirs: float) -> bool:
    """Tell whether a value far out speaks for the limit ``truth`` and against ``theirs``."""
    if math.isfinite(truth):
        return abs(far - truth) < 1e-3
    return not math.isfinite(theirs) or abs(far) > 10 * abs(theirs) + 10


def _known(at, a, b) -> bool:
    """Tell whether the third reading has a sign for a step."""
    return confirmed(lambda: sign(at(b) - at(a)) is not None)


def value_text(at, x) -> str:
    """Return the third reading's value as text."""
    try:
        return f"{float(at(x).mid):.3g}"
    except Exception:
        return "?"


# ------------------------------------------------------------------------------------------ the run


def main(arguments: list[str] | None = None) -> int:
    """Run and print the table."""
    from activation_atlas import one_variable, report

    from tamecheck.structures.atlas.activations import LINE, find

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--limit", type=float, default=10.0)
    parser.add_argument("--only", default="")
    parser.add_argument("--questions", default="", help="only questions that contain this")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    import mpmath  # noqa: F401  the children inherit what is loaded here: no import is timed
    import scipy.optimize  # noqa: F401
    import sympy  # noqa: F401

    questions = [q for q in QUESTIONS if options.questions in q]
    peers = {q: Peer(q, options.limit) for q in questions}
    names = [n for n in one_variable() if find(n).domain == LINE and not find(n).same_as and options.only.casefold() in n.casefold()]
    names = [n for start in range(7) for n in names[start::7]]  # a run that is stopped has seen all groups
    rows, ours = [], []
    for name in names:
        started = time.perf_counter()
        content = report(name).to_json()
        ours.append(time.perf_counter() - started)
        for q in questions:
            kind, answer, seconds = peers[q].ask(name)
            verdict, why = judge(find(name), content, q, answer) if kind == "answer" else ("time" if kind == "time" else "silent", str(answer or ""))
            if verdict == "disputed":
                verdict, why = judge(find(name), content, q, answer, BITS[1])
            rows.append({"name": name, "question": q, "verdict": verdict, "why": why, "answer": answer, "seconds": seconds, "ours": ours[-1]})
            if verdict in ("wrong", "disputed"):
                print(f"{verdict:9}{q:17}{name[:40]:42}{why}", flush=True)
        if options.json:
            options.json.write_text(json.dumps(rows, indent=0), encoding="utf-8")
    print("\n".join(table(rows, len(names), statistics.median(ours))))
    return 0


def table(rows: list[dict], size: int, median: float) -> list[str]:
    """Return the table of the page."""
    out = [f"{size} functions; the report, which answers all questions at once with proof: median {median:.3f} s.", "",
           "| question | right | wrong | disputed | error or refusal | out of time | not compared | median seconds | slower than our whole report |",
           "|---|---|---|---|---|---|---|---|---|"]  # fmt: skip
    for q in QUESTIONS:
        mine = [r for r in rows if r["question"] == q]
        if mine:
            count = {v: sum(r["verdict"] == v for r in mine) for v in ("right", "wrong", "disputed", "silent", "time", "no reference")}
            slower = sum(r["seconds"] > r["ours"] for r in mine)
            out.append(f"| {q} | {' | '.join(str(n) for n in count.values())} | {statistics.median(r['seconds'] for r in mine):.3f} | {slower} |")
    return out


if __name__ == "__main__":
    sys.exit(main())
