"""What a check of kinks found: one entry per operation that was touched, and the report about all of them.

The verdicts are about a neighbourhood of the numbers that were given, for the operations as they ran:

``"gradient"``      nothing was touched: what is returned is the gradient;
``"clarke"``        kinks were touched, and a direction separates them as the framework chooses: a limit of gradients, or a mean of two, is returned;
``"conservative"``  every rule is conservative; whether the product is a Clarke subgradient is not known;
``"undefined"``     NaN or infinity is returned;
``"unknown"``       an operation jumps, is not locally Lipschitz, has a rule of its own, or is not listed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from textwrap import wrap

VERDICTS = ("gradient", "clarke", "conservative", "undefined", "unknown")
MEANING = {
    "gradient": "no kink is touched: the gradient is returned",
    "clarke": "kinks are touched; a limit of gradients, or a mean of two limits, is returned",
    "conservative": "kinks are touched; what is returned is conservative, whether it is a Clarke subgradient is not known",
    "undefined": "NaN or infinity is returned",
    "unknown": "not known",
}
WORD = {True: "yes", False: "no", None: "not known"}


@dataclass
class Finding:
    """One operation with a kink, tie, jump or pole that the numbers touch.

    Attributes
    ----------
    module : str — path of the module, ``""`` outside of modules
    operator : str — name in the framework
    kind : ``"kink"``, ``"tie"``, ``"norm"``, ``"jump"``, ``"pole"``, ``"choice"``, ``"detached"``, ``"custom"``, ``"unlisted"``
    touched, of : int — entries, rows or windows that are touched, and how many there are
    trivial : int — of those: entries that are locally constant, which change nothing
    positions : list of lists — the first few indices
    returned : str — what backward returns there
    source : str — rule book, measured, or both
    conservative, clarke : bool or None — of the operation alone
    note, rewrite : str
    """

    module: str
    operator: str
    kind: str
    touched: int = 0
    of: int = 0
    trivial: int = 0
    positions: list = field(default_factory=list)
    returned: str = ""
    source: str = ""
    conservative: bool | None = None
    clarke: bool | None = None
    note: str = ""
    rewrite: str = ""

    @property
    def harmless(self) -> bool:
        """Whether all touched entries are locally constant."""
        return self.touched > 0 and self.trivial == self.touched

    def to_json(self) -> dict:
        """Return the finding as a JSON value."""
        return dict(vars(self))


class KinkReport:
    """What a check of kinks found; the keys of `to_json` are attributes.

    Attributes
    ----------
    verdict : one of `VERDICTS`
    findings : list of Finding
    reasons : list of str — why the verdict is what it is
    dead : list of dict — units without any active entry: module, dead, of
    zeros : list of str — parameters that are zero everywhere
    integers : list of str — inputs that hold integers, or multiples of 1/255
    """

    def __init__(self, content: dict, findings: list[Finding]) -> None:
        self._content = content
        self.findings = findings

    def __getattr__(self, name: str) -> object:
        content = self.__dict__.get("_content", {})
        if name in content:
            return content[name]
        raise AttributeError(f"the report has no {name!r}; it has findings, {', '.join(sorted(content))}")

    def __dir__(self) -> list[str]:
        return sorted([*super().__dir__(), *self._content])

    def __bool__(self) -> bool:
        raise TypeError("a verdict has several values; compare .verdict")

    def __repr__(self) -> str:
        return f"<{self._content['verdict']}: {self._content['model']}, {len(self.findings)} operations touched>"

    def __str__(self) -> str:
        return self.to_text()

    def to_json(self) -> dict:
        """Return the report as a JSON value."""
        return {**self._content, "findings": [f.to_json() for f in self.findings]}

    def to_text(self, width: int = 80) -> str:
        """Return the report as lines of at most `width` characters."""
        c, width = self._content, max(width, 40)
        lines = [*_wrapped("", c["model"], width), ""]
        lines += _wrapped("verdict   ", f"{c['verdict']}: {MEANING[c['verdict']]}" if c["verdict"] != "unknown" else "unknown", width)
        lines += [line for r in c["reasons"] for line in _wrapped("because   ", r, width)]
        lines += _wrapped("rules     ", c["rules"], width)
        for name, texts in (("zero      ", c["zeros"]), ("integers  ", c["integers"])):
            lines += _wrapped(name, ", ".join(texts[:8]) + (f" and {len(texts) - 8} more" if len(texts) > 8 else ""), width) if texts else []
        for d in c["dead"]:
            lines += _wrapped("dead      ", f"{d['dead']} of {d['of']} units of {d['module'] or d['operator']}", width)
        for f in self.findings:
            lines += ["", *_finding(f, width)]
        lines += ["", *_wrapped("assumed   ", "; ".join(c["assumptions"]), width)]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        c = self._content
        head = f"<p><b>{escape(c['verdict'])}</b>: {escape(MEANING[c['verdict']])}<br>{'<br>'.join([escape(r) for r in c['reasons']])}</p>"
        titles = ("where", "operation", "kind", "touched", "returned", "conservative", "Clarke", "remark")
        rows = []
        for f in self.findings:
            cells = (f.module, f.operator, f.kind, f"{f.touched} of {f.of}", f.returned, WORD[f.conservative], WORD[f.clarke], f.note or f.rewrite)
            rows.append("<tr>" + "".join([f"<td>{escape(str(x))}</td>" for x in cells]) + "</tr>")
        table = "<table><tr>" + "".join([f"<th>{t}</th>" for t in titles]) + "</tr>" + "".join(rows) + "</table>"
        return head + (table if rows else "")


def _wrapped(label: str, text: str, width: int) -> list[str]:
    return wrap(text, width, initial_indent=label, subsequent_indent=" " * len(label), break_on_hyphens=False) or [label.rstrip()]


def _finding(f: Finding, width: int) -> list[str]:
    count = f"{f.touched} of {f.of} touched" if f.of else f"{f.touched} times"
    lines = _wrapped(
        "", f"{f.module or '(outside of modules)'}: {f.operator}, {f.kind}, {count}" + (f", {f.trivial} locally constant" if f.trivial else ""), width
    )
    if f.positions:
        lines += _wrapped("  at        ", ", ".join([str(tuple(p)) for p in f.positions]) + (", ..." if f.touched > len(f.positions) else ""), width)
    if f.returned:
        lines += _wrapped("  returned  ", f.returned + (f" ({f.source})" if f.source else ""), width)
    lines += _wrapped("  rule      ", f"conservative {WORD[f.conservative]}, Clarke {WORD[f.clarke]}", width)
    lines += _wrapped("  note      ", f.note, width) if f.note else []
    lines += _wrapped("  rewrite   ", f.rewrite, width) if f.rewrite else []
    return lines


def judge(findings: list[Finding], finite: bool, qualified: bool | None, why: str) -> tuple[str, list[str]]:
    """Return the verdict and its reasons.

    Parameters
    ----------
    finite : whether the gradient that was returned is finite
    qualified : whether the touched kinks can be separated as the framework chooses; ``None``: not tried, or not found
    why : about `qualified`
    """
    live = [f for f in findings if not f.harmless]
    if not finite:
        return "undefined", ["the gradient that is returned holds NaN or infinity", *[_short(f) for f in live if f.conservative is not True]]
    open_ones = [f for f in live if f.conservative is not True]
    if open_ones:
        return "unknown", [_short(f) for f in open_ones]
    if not live:
        return "gradient", ["all touched entries are locally constant"] if findings else []
    return ("clarke" if qualified else "conservative"), [why]


def _short(f: Finding) -> str:
    return f"{f.operator}{' in ' + f.module if f.module else ''}: {f.note or f.kind}"
