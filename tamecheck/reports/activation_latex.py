r"""The activation report as a page for a paper: a proposition, its proof, the literature.

The definability part is the derivation of the certificate (`latex_proof`); the rest writes out the derivatives on the pieces,
where they vanish, test values between the zeros, the joints, and leading terms at the ends.  Steps that rest on interval
arithmetic are marked (C), and a last paragraph says what that means.
"""

from __future__ import annotations

from collections.abc import Iterator

from tamecheck.geometry.univariate import behaviour, sizes
from tamecheck.geometry.univariate.breaks import ANALYTIC, INFINITE
from tamecheck.geometry.univariate.constants import Unresolved
from tamecheck.geometry.univariate.expressions import Expr
from tamecheck.geometry.univariate.piecewise import UNDEFINED, value_at
from tamecheck.geometry.univariate.points import between
from tamecheck.geometry.univariate.regions import Region
from tamecheck.reports import latex
from tamecheck.reports import mathematics as m
from tamecheck.reports.activation_numbers import number
from tamecheck.reports.activation_tex import display, enclosure, interval, symbol, tex, value
from tamecheck.reports.latex_proof import negative_proof, short_proof, varying
from tamecheck.reports.reading import Reading, words_of
from tamecheck.structures.references import REFERENCES

EXTRA = {
    "Joh17": "F. Johansson, Arb: efficient arbitrary-precision midpoint-radius interval arithmetic, IEEE Trans. Comput. 66 (2017), 1281-1292",
    "Neu90": "A. Neumaier, Interval Methods for Systems of Equations, Cambridge Univ. Press, 1990",
    "Ros83": "M. Rosenlicht, Hardy fields, J. Math. Anal. Appl. 93 (1983), 297-311",
}
MOST = 12
"""Rows of a table; the report has them all."""


def to_latex(report) -> str:
    """Return the page; ``pdflatex`` compiles it without further files."""
    reading = Reading(report.certificate.document)
    page = Page(report, reading)
    parts = [
        latex.PREAMBLE.replace(r"\newtheorem{lemma}", "\\newtheorem{proposition}[theorem]{Proposition}\n\\newtheorem{lemma}"),
        *page.title(), *page.setting(), *page.proposition(), *latex.facts_used(reading), *page.proof(), *page.bibliography(),
        r"\end{document}", "",
    ]  # fmt: skip
    return "\n".join(parts)


class Page:
    """The parts of the page; ``used`` collects citations beyond those of the certificate."""

    def __init__(self, report, reading: Reading) -> None:
        self.report, self.reading, self.shape = report, reading, report.shape
        self.x = symbol(report.variable)
        self.used: set[str] = set()
        self.computed = False

    def cite(self, key: str) -> str:
        """Return a citation and remember it."""
        self.used.add(key)
        return m.cite([key])

    def mark(self) -> str:
        """Return the mark of a step by interval arithmetic."""
        self.computed = True
        return r"\,(C)"

    # ------------------------------------------------------------- statement

    def title(self) -> Iterator[str]:
        """Yield the heading."""
        yield r"\begin{center}{\Large\bfseries Properties of an activation function}\\[4pt]"
        yield rf"{m.code(self.report.formula, 200)}\end{{center}}"

    def setting(self) -> Iterator[str]:
        """Yield the definition of the function, by cases where the analysis found them."""
        yield r"\section*{The function}"
        formula = m.formula(self.reading, self.reading.target, 300)
        rows = self._rows()
        if formula is not None:
            yield rf"Let \[ f({self.x}) = {formula} \]"
        else:
            yield rf"Let $f$ be the function written {m.code(self.report.formula, 200)},"
        where = "" if self.report.domain == "(-inf,inf)" else rf" for ${self.x} \in {m.interval(self.report.domain)}$,"
        yield rf"{where} wherever all operations are defined."
        if len(rows) > 1 and len(rows) <= MOST:
            yield r"On the intervals and points that matter it is" if rows else ""
            yield r"\[ f(" + self.x + r") = \begin{cases} " + r" \\ ".join(rows) + r" \end{cases} \]"

    def _rows(self) -> list[str]:
        rows = []
        for i, r in enumerate(self.shape.parts):
            if r is not None:
                body = tex(r.function, self.report.variable, 240)
                if body is None:
                    return []
                rows.append(rf"{body} & \text{{on }} {interval(r.low, r.high)}")
            elif not isinstance(self.shape.function.between[i], type(UNDEFINED)):
                return []
            if i < len(self.shape.breaks):
                b = self.shape.breaks[i]
                alone = b.left is None or b.right is None or b.kind in ("jump", "removable", "isolated")
                if isinstance(b.value, Expr) and alone:
                    rows.append(rf"{value(b.value, 6)} & \text{{at }} {value(b.point, 6)}")
        return rows

    def proposition(self) -> Iterator[str]:
        """Yield the statement."""
        yield r"\begin{proposition}"
        yield r"\begin{enumerate}\renewcommand{\theenumi}{(\arabic{enumi})}\renewcommand{\labelenumi}{\theenumi}\setlength{\itemsep}{1pt}"
        parts = (self.definability, self.regularity, self.oscillation, self.monotonicity, self.points, self.ends, self.size, self.sad)
        yield from (rf"\item {item}" for part in parts for item in part())
        yield r"\end{enumerate}\end{proposition}"

    def definability(self) -> Iterator[str]:
        """Yield homes, or why there is none."""
        c = self.report
        if c.verdict == "definable":
            many = len(c.homes) > 1
            best = ", and in no smaller structure named on this page" if c.sharp else ""
            yield (rf"The graph of $f$ is definable, with parameters, in the o-minimal structure{'s' if many else ''} "
                   rf"{m.structures(' '.join(c.homes))}{best}.")  # fmt: skip
        elif c.verdict == "not-definable":
            yield r"$f$ is definable in no o-minimal expansion of the real field."
        if c.locally_definable and "R_an" not in c.homes and "R_alg" not in c.homes and "R_lin" not in c.homes:
            yield rf"Its restriction to every compact interval inside the domain is definable in {m.structures('R_an')}."

    def regularity(self) -> Iterator[str]:
        """Yield domain, smoothness, kinks and jumps."""
        c = self.report
        total = {True: r"$f$ is defined on all of its domain", False: r"$f$ is not defined everywhere; where it is defined, it"}.get(c.total, "$f$")
        words = {"analytic": "is real analytic", "discontinuous": "is not continuous", "unknown": ""}
        smooth = words.get(c.smoothness, "is " + (r"of class $C^\infty$, and not analytic" if c.smoothness == "Cinf" else _class(c.smoothness)))
        if smooth:
            yield f"{total}{' and' if c.total else ''} {smooth}."
        kinks = [b for b in self.shape.breaks if b.kind in ("kink", "smooth")]
        if kinks:
            rows = [
                rf"${value(b.point, 8)}$ ({_order(b.order)}; $f'$ from the left ${value(b.slopes[0], 8)}$, from the right "
                rf"${value(b.slopes[1], 8)}$)" for b in kinks[:MOST]
            ]  # fmt: skip
            yield r"It is analytic except at " + "; ".join(rows) + _more(kinks) + "."
        jumps = [b for b in self.shape.breaks if b.kind in ("jump", "pole", "removable")]
        if jumps:
            names = {"jump": "a jump", "pole": "an infinite limit", "removable": "a removable singularity"}
            rows = [rf"{names[b.kind]} at ${value(b.point, 8)}$ (limits ${value(b.limits[0], 8)}$ and ${value(b.limits[1], 8)}$)"
                    for b in jumps[:MOST]]  # fmt: skip
            yield "It has " + "; ".join(rows) + _more(jumps) + "."

    def oscillation(self) -> Iterator[str]:
        """Yield that some derivatives have infinitely many zeros."""
        found = self.report.oscillation
        if found:
            yield "; ".join([f"${o['of']}$ has infinitely many isolated zeros near ${enclosure(o['at'])}$" for o in found]) + "."

    def monotonicity(self) -> Iterator[str]:
        """Yield the two tables: monotone pieces, convex pieces."""
        for stretches, words in (
            (self.shape.monotonicity(), {"increasing": "strictly increasing", "decreasing": "strictly decreasing", "constant": "constant"}),
            (self.shape.convexity(), {"convex": "strictly convex", "concave": "strictly concave", "affine": "affine"}),
        ):
            known = [s for s in stretches if s.kind in words]
            if known:
                rows = [rf"{words[s.kind]} on ${interval(s.low, s.high)}$" for s in known[:MOST]]
                yield "$f$ is " + ", ".join(rows) + _more(known) + "; these intervals are maximal" + (
                    "." if len(known) == len(stretches) else ", and nothing is claimed elsewhere."
                )

    def points(self) -> Iterator[str]:
        """Yield zeros, extrema, inflections."""
        zeros, whole = self.shape.zeros()
        rows = [rf"${value(z.point)}$" + (rf" (of order {z.order})" if z.order not in (1, None) else "") for z in zeros[:MOST]]
        rows += [rf"all of ${interval(s.low, s.high)}$" for s in whole[:MOST]]
        closed = not self.shape.open(0)
        if rows:
            words = "The zeros of $f$ are " if len(rows) > 1 or whole else "The only zero of $f$ is "
            yield (words if closed else "Among the zeros of $f$ are ") + ", ".join(rows) + _more(zeros) + "."
        elif closed:
            yield "$f$ has no zero."
        extrema = self.shape.extrema()
        if extrema:
            rows = []
            for e, entry in list(zip(extrema, self.report.extrema, strict=True))[:MOST]:
                where = rf"at ${value(e.point)}$" if e.plateau is None else rf"on ${interval(*e.plateau)}$"
                scope = {True: "global ", False: "local ", None: ""}[entry["global"]]
                rows.append(rf"a {scope}{e.kind} ${value(e.value)}$ {where}")
            yield ("It has " if not self.shape.open(1) else "Among its local extrema are ") + "; ".join(rows) + _more(extrema) + "."
        elif not self.shape.open(1) and all(s.kind != "constant" for s in self.shape.monotonicity()):
            yield "It has no local extremum."

    def ends(self) -> Iterator[str]:
        """Yield limits and leading terms."""
        rows = []
        for b in behaviour.domain_ends(self.shape):
            to = _to(self.x, b.end)
            if b.limit is not None:
                text = rf"$f({self.x}) \to {value(b.limit, 8)}$ as ${to}$"
                term = self._leading(b)
                if term and (isinstance(b.limit, int) or b.limit is b.limit.algebra.zero):
                    text += rf", with $f({self.x}) \sim {term}$"
                rows.append(text)
            elif b.endless:
                rows.append(rf"$f$ has no limit as ${to}$")
        if rows:
            yield "; ".join(rows[:MOST]) + _more(rows) + "."

    def _leading(self, b) -> str | None:
        if b.leading is None or b.leading.monomial is None:
            return None
        return tex(behaviour.monomial_expression(b.leading.monomial, b.leading.coefficient, b.end), self.report.variable, 200)

    def size(self) -> Iterator[str]:
        """Yield range and Lipschitz constant."""
        low, high = sizes.range_of(self.shape)
        if low.exact and high.exact:
            left, right = "[" if low.attained else "(", "]" if high.attained else ")"
            yield (rf"$\inf f = {value(low.value, 8)}$ ({_attained(low)}) and $\sup f = {value(high.value, 8)}$ ({_attained(high)})" + (
                rf"; so $f$ takes its values in ${left}{_plain(low.value)},\,{_plain(high.value)}{right}$." if True else ""))  # fmt: skip
        best = sizes.lipschitz(self.shape)
        if isinstance(best.value, Expr):
            how = {True: "attained", False: "not attained", None: ""}[best.attained] if best.exact else "an upper bound"
            yield (rf"$f$ is globally Lipschitz{' with the constant' if best.exact else ' with constant at most'} "
                   rf"${value(best.value)}$" + (rf" $= \sup |f'|$, {how}" if best.exact and how else "") + ".")  # fmt: skip
        elif isinstance(best.value, int):
            yield r"$f$ is not globally Lipschitz."

    def sad(self) -> Iterator[str]:
        """Yield the last item."""
        s = self.report.sad
        if s["verdict"] is None:
            return
        affine = ", and affine" if s["affine"] else ", and not affine" if s["affine"] is False else ""
        if s["verdict"]:
            yield rf"$f$ is sublinear ($|f({self.x})| \le C(1+|{self.x}|)$), analytic on $\mathbb{{R}}$ and definable{affine}."
        else:
            yield f"$f$ is not at once sublinear, analytic and definable: {m.plain(s['reason'])}."

    # ------------------------------------------------------------------ proof

    def proof(self) -> Iterator[str]:
        """Yield the proof."""
        yield r"\section*{Proof}"
        yield r"\paragraph{Definability.}"
        nodes = varying(self.reading)
        if self.report.verdict == "definable":
            yield from short_proof(self.reading, nodes)
        elif self.report.witness and self.report.witness.get("rule") == "infinitely-many-zeros":
            yield m.plain(self.report.witness["text"]) + "."
        yield from negative_proof(self.reading)
        yield from self.derivatives()
        yield from self.joints()
        yield from self.tails()
        yield from self.suprema()
        yield from self.conclusion()
        yield r"\hfill$\square$"
        if self.report.oscillation:
            yield r"\paragraph{Oscillation.} " + m.plain(self.report.oscillation[0]["proof"]) + "."
        if self.computed:
            yield (
                r"\paragraph{Steps marked (C)} are verified computations: values are enclosed by ball arithmetic with a working precision of at "
                r"least 96 bits" + self.cite("Joh17") + r", an interval is free of zeros when the enclosure of the function over it "
                r"is, and a zero is unique in an interval when the enclosure of the derivative does not hold 0 and the values at the ends "
                r"have different signs (interval Newton operator" + self.cite("Neu90") + r"); unbounded intervals are closed by the sign of the "
                r"leading term with an enclosure of the remainder. Dots after digits mean that the digits shown are certain."
            )
        if self.report.open:
            yield r"\paragraph{Not claimed.} The following was left open: "
            rows = []
            for o in self.report.open[:MOST]:
                left, right = [enclosure(v, 6) for v in o["interval"]]
                rows.append(rf"{m.escape(o['question'])} on $({left},\,{right})$: {m.escape(o['reason'], 120)}")
            yield "; ".join(rows) + _more(self.report.open) + "."

    def derivatives(self) -> Iterator[str]:
        """Yield f, f', f'' on every piece with zeros and test values."""
        yield r"\paragraph{Derivatives and their signs.}"
        for r in self.shape.regions[:MOST]:
            yield rf"\emph{{On ${interval(r.low, r.high)}$}} the function is analytic, being composed of analytic functions inside their domains."
            for n, name in enumerate(("f", "f'", "f''")):
                yield from self._signs(r, n, name)
        if len(self.shape.regions) > MOST:
            yield rf"The other {len(self.shape.regions) - MOST} pieces are treated in the same way."

    def _signs(self, r: Region, n: int, name: str) -> Iterator[str]:
        e = r.derivative(n)
        found = r.zeros(n)
        shown = display(f"{name}({self.x})", e, self.report.variable) or f"${name}$ (a long expression, not written out)"
        if found.identical:
            yield rf"{shown}, which is identically zero." if not shown.startswith(r"\[") else rf"{shown} which is identically zero."
            return
        yield shown + (" " if shown.startswith(r"\[") else ". ")
        places = [rf"{value(z.point)}" + (rf"\ (\text{{order }}{z.order})" if z.order > 1 else "") for z in found.zeros[:MOST]]
        exact = all(not any(p.kind == "root" and p.data.minimal is None for p in z.point.ancestors()) for z in found.zeros)  # type: ignore[union-attr]
        mark = "" if exact and e.kind in ("number", "x") or not e.varies else self.mark()
        if found.open:
            yield rf"Its zeros are not all known here; known are: {', '.join(f'${p}$' for p in places) or 'none'}."
        elif places:
            yield rf"Its zeros here are exactly {', '.join([f'${p}$' for p in places])}{_more(found.zeros)}{mark}."
        elif e.varies:
            yield rf"It has no zero here{mark}."
        tests = self._tests(r, e, found, name)
        if tests:
            yield f"Between them its sign is that of {', '.join(tests)}." if places else f"Its sign is that of {', '.join(tests)}."

    def _tests(self, r: Region, e: Expr, found, name: str) -> list[str]:
        result = []
        if not e.varies:
            return result
        for low, high, s in r.signs(e, found)[: MOST + 1]:
            if s is None or not s:
                continue
            try:
                q = between(low, high)
            except Unresolved:
                continue
            v = value_at(e, e.algebra.number(q))
            if isinstance(v, Expr):
                result.append(rf"${name}({enclosure(str(q))}) = {enclosure(number(v), 5)} {'>' if s > 0 else '<'} 0$")
        return result

    def joints(self) -> Iterator[str]:
        """Yield the order of smoothness at every break."""
        inner = [b for b in self.shape.breaks if b.left is not None and b.right is not None]
        if not inner:
            return
        yield r"\paragraph{Joints.}"
        for b in inner[:MOST]:
            at = rf"At ${value(b.point, 8)}$"
            limits = rf"the one-sided limits of $f$ are ${value(b.limits[0], 8)}$ and ${value(b.limits[1], 8)}$"
            if b.kind in ("jump", "pole", "removable"):
                here = rf"the value is ${value(b.value, 8)}$" if isinstance(b.value, Expr) else "there is no value"
                yield rf"{at} {limits}; {here}."
                continue
            slopes = rf"those of $f'$ are ${value(b.slopes[0], 8)}$ and ${value(b.slopes[1], 8)}$"
            bends = rf"those of $f''$ are ${value(b.curvatures[0], 8)}$ and ${value(b.curvatures[1], 8)}$"
            yield rf"{at} {limits}, equal to the value; {slopes}; {bends}. " + self._why(b)

    def _why(self, b) -> str:
        if b.order is None:
            return "The order of the joint is not claimed."
        if b.order >= ANALYTIC:
            return "Both sides are the same analytic function near the point."
        if b.order >= INFINITE:
            return (r"The difference of the two sides is smaller than every power of the distance and not zero: "
                    r"the joint is $C^\infty$ and not analytic.")  # fmt: skip
        return (
            rf"So the joint is of class $C^{{{b.order}}}$ and not of class $C^{{{b.order + 1}}}$: a function that is continuous at a point and "
            r"differentiable beside it, with a limit of the derivative, has that limit as its one-sided derivative (L'H\^opital), "
            rf"and the derivatives of order {b.order + 1} differ or are infinite."
        )

    def tails(self) -> Iterator[str]:
        """Yield the leading terms at the ends."""
        rows = []
        for b in behaviour.domain_ends(self.shape):
            term = self._leading(b)
            if term:
                rows.append(rf"$f({self.x}) = {term}\,(1+o(1))$ as ${_to(self.x, b.end)}$")
        if rows:
            field = "The germ of $f$ at each end lies in a Hardy field" + self.cite("Ros83")
            yield rf"\paragraph{{Ends.}} {field}, and its leading term is found by expanding:"
            yield "; ".join(rows[:MOST]) + _more(rows) + ". The limits follow."

    def suprema(self) -> Iterator[str]:
        """Yield the candidates for the supremum of |f'|."""
        best = sizes.lipschitz(self.shape)
        if not isinstance(best.value, Expr) or not best.exact:
            return
        rows = []
        for r in self.shape.regions[:MOST]:
            slope = r.derivative(1)
            for z in r.zeros(2).zeros[:MOST]:
                v = value_at(slope, z.point)
                if isinstance(v, Expr):
                    rows.append(rf"$f'({enclosure_of(z.point)}) = {value(v, 8)}$")
            for end in r.ends():
                limit = r.limit(1, end)
                if limit is not None:
                    rows.append(rf"$f' \to {value(limit, 8)}$ as ${_to(self.x, end)}$")
        if rows:
            yield r"\paragraph{Lipschitz constant.} On a piece, $|f'|$ has its supremum at a zero of $f''$ or at an end of the piece;"
            yield "the candidates are " + ", ".join(rows[: 2 * MOST]) + _more(rows, 2 * MOST) + "."
            yield (rf"The largest absolute value is ${value(best.value)}$. By the mean value theorem, applied on the pieces between two "
                   r"points, it is a Lipschitz constant, and none is smaller.")  # fmt: skip

    def conclusion(self) -> Iterator[str]:
        """Yield how the statement follows."""
        yield (
            r"\paragraph{Conclusion.} A function with $f' > 0$ on an interval increases strictly there, with $f'' > 0$ it is strictly convex, and "
            r"continuity at the joints joins neighbouring pieces. Local extrema are at changes of sign of $f'$, at joints, at ends of the domain, "
            r"or on intervals of constancy; $\inf f$ and $\sup f$ are among their values, the values at the joints, and the limits at the ends."
        )

    def bibliography(self) -> Iterator[str]:
        """Yield the literature."""
        keys = set(self.reading.bibliography())
        for s in latex.mentioned(self.reading):
            keys.update(s.references)
        for rule in latex.rules_used(self.reading):
            keys.update(words_of(rule)[2])
        table = {**{k: REFERENCES[k] for k in keys}, **{k: EXTRA[k] for k in self.used}}
        yield r"\begin{thebibliography}{99}\small\setlength{\itemsep}{1pt}"
        for key in sorted(table, key=str.lower):
            yield rf"\bibitem{{{key}}} {m.escape(table[key], 600)}."
        yield r"\end{thebibliography}"


def enclosure_of(e: Expr) -> str:
    """Return a point without its closed form."""
    return enclosure(number(e), 8)


def _class(word: str) -> str:
    return rf"of class $C^{{{word[1:]}}}$ and not of class $C^{{{int(word[1:]) + 1}}}$" if word[1:].isdigit() else ""


def _order(order: int) -> str:
    return r"$C^\infty$" if order >= INFINITE else rf"$C^{{{order}}}$"


def _more(items, most: int = MOST) -> str:
    return f", and {len(items) - most} more" if len(items) > most else ""


def _to(x: str, end: tuple) -> str:
    point, side = end
    if point is None:
        return rf"{x} \to {'-' if side > 0 else ''}\infty"
    return rf"{x} \to {enclosure_of(point)}{'^+' if side > 0 else '^-'}"


def _attained(s: sizes.Supremum) -> str:
    return {True: "attained", False: "not attained", None: "not known whether attained"}[s.attained]


def _plain(v: object) -> str:
    return enclosure(number(v), 6)
