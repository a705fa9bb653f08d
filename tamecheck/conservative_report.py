"""Is what differentiation returns a legitimate derivative of this program?  Three questions, kept apart: the function, the rule, the consequences.

`conservative` reads a formula as a *program*: nothing is simplified, ``let u = ...; ...`` shares, ``stop_gradient(e)`` detaches.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from fractions import Fraction

from tamecheck.autodiff.code import Code, read
from tamecheck.autodiff.decision import POSITIVE, VERDICTS, Decision, critical_values, decide
from tamecheck.autodiff.rules import Rules, load
from tamecheck.autodiff.sets import formula as set_formula
from tamecheck.budget import Budget
from tamecheck.certification import Certificate, Written, certify
from tamecheck.errors import InputError
from tamecheck.reports.keyed import Keyed

MAXIMAL_VARIABLES = 12


class ConservativeReport(Keyed):
    """What is known about a program and a rule book; the keys of `to_json` are attributes.

    Attributes
    ----------
    verdict : one of `tamecheck.autodiff.decision.VERDICTS`
    witness : dict or None — for "not-conservative": curve, exact numbers, text
    decision : Decision — the pieces and cells behind it
    """

    def __init__(self, content: dict, decision: Decision) -> None:
        super().__init__(content)
        self.decision = decision
        self._certificate: Certificate | Written | str | None = None

    def __repr__(self) -> str:
        c = self._content
        return f"<{c['verdict']}: {c['formula']} with the rules of {c['rules']}>"

    @property
    def positive(self) -> bool:
        """Whether the rule returns selections of a conservative field of the program, proved."""
        return self._content["verdict"] in POSITIVE

    def verify(self) -> bool | None:
        """Return whether the witness passes the check by another road (`tamecheck.autodiff.verify`); ``None`` without one, or outside of it."""
        from tamecheck.autodiff.verify import check

        d = self.decision
        return None if d.witness is None else check(d.code, d.rules, d.witness)

    @property
    def certificate(self) -> Certificate | Written | None:
        """What the independent checker can verify of the verdict, ``None`` if nothing (then `certificate_obstacle` says why).

        A refutation holds the program, the table of rules, the curves and the numbers; the checker has accepted it (``checked``).
        A positive verdict on a rule book has the compositional certificate if there is one: it is about *all* admissible
        rules (certificate format, section 10).
        """
        if self._certificate is None:
            self._certificate = _certificate(self)
        found = self._certificate
        return None if isinstance(found, str) else found

    @property
    def certificate_obstacle(self) -> str | None:
        """Why there is no certificate."""
        return None if self.certificate is not None else str(self._certificate)

    def to_text(self, width: int = 80) -> str:
        """Return the report as plain text."""
        from tamecheck.reports.conservative_text import to_text

        return to_text(self._content, width)

    def plot(self, path: str) -> None:
        """Draw the witness on the graph of the program and write it as SVG, PNG or PDF (needs matplotlib)."""
        from tamecheck.reports.conservative_picture import draw

        draw(self, path)


def conservative(
    program: object,
    rulebook: object = "torch",
    *,
    variables: Sequence[str] | None = None,
    constants: Mapping[str, Fraction | int] | None = None,
    mode: str = "reverse",
    budget: Budget | None = None,
) -> ConservativeReport:
    """Return whether what differentiation returns is a selection of a conservative field of a program.

    Parameters
    ----------
    program : str — in the language of formulas; SymPy expressions are accepted
    rulebook : ``"torch"``, ``"jax"``, ``"tensorflow"``, the path or the text of a TOML file of rules, a mapping with its content, or `Rules`
    variables : names in the order wanted; ``None``: all names in order of appearance
    constants : names that stand for exact numbers
    mode : ``"reverse"`` or ``"forward"``
    budget : Budget

    Raises
    ------
    InputError
        TC101 the formula cannot be read, TC102 variables, TC150 no function of real numbers, TC190 and TC192 rules, TC193 too many variables.

    Soundness
    ---------
    Exact in real arithmetic: no verdict rests on samples.  The rule book is what was measured.  Rounding errors are outside.

    Examples
    --------
    >>> conservative("relu(x) - relu(-x)").verdict, conservative("relu(x) - relu(-x)").spurious
    ('conservative', 'x == 0')
    >>> conservative("x*stop_gradient(x)").witness["text"]
    'along 0 -> 1 the program changes by 1, the integral of what is returned is 1/2; it is the gradient of x^2/2'
    """
    from tamecheck.ground.grammar import parse
    from tamecheck.ground.polynomials import as_text

    started = time.perf_counter()
    rules = load(rulebook, mode)
    text = as_text(program)
    expression = parse(text)
    fixed = {k: Fraction(v) for k, v in (constants or {}).items()}
    names = [n for n in expression.names() if n not in fixed] if variables is None else list(variables)
    _check_names(names, expression.names(), fixed)
    code = read(expression, names, fixed)
    decision = decide(code, rules, mode=mode, budget=budget)
    content = _content(text, code, rules, mode, decision)
    content["seconds"] = {"decide": time.perf_counter() - started}
    return ConservativeReport(content, decision)


def _certificate(report: ConservativeReport) -> Certificate | Written | str:
    """Return the certificate of a report, or the reason why there is none."""
    from tamecheck.autodiff.refutation_documents import Unwritten, refutation

    content, decision = report.to_json(), report.decision
    if not report.positive:
        if decision.witness is None:
            return f"the verdict is {content['verdict']}"
        try:
            written = Written(refutation(decision, content["mode"]))
        except Unwritten as reason:
            return str(reason)
        answer = written.check()
        return written if answer else f"the checker cannot follow it: {answer.code} {answer.reason}"
    if decision.rules.book is None or any([decision.rules.given(name) for name in decision.code.operators()]):
        return "the exact decision on rules of a file leaves no certificate"
    found = certify(content["formula"], sharpness=False)
    obstacle = found.conservative_obstacle
    return found if obstacle is None else f"the exact decision leaves no certificate, and there is no compositional one: {obstacle[1]}"


def _check_names(names: Sequence[str], occurring: Sequence[str], fixed: Mapping[str, Fraction]) -> None:
    if not names:
        raise InputError("the program has no variable", code="TC102", hint="a program such as relu(x) - relu(-x)")
    if len(set(names)) < len(names):
        raise InputError("a variable is listed twice", code="TC102", where=", ".join(names))
    for name in occurring:
        if name not in names and name not in fixed:
            raise InputError(f"the variable {name!r} is not listed", code="TC102", where=f"variables {', '.join(names)}", hint="--vars")
    if len(names) > MAXIMAL_VARIABLES:
        raise InputError(f"{len(names)} variables, the exact decision takes {MAXIMAL_VARIABLES}", code="TC193", hint="fix some by constants")


def _content(text: str, code: Code, rules: Rules, mode: str, d: Decision) -> dict:
    space = None if d.pieces is None else d.pieces.space
    facts, found = d.function, d.consequences
    settled = d.verdict != "unknown" or (facts is not None and not d.obligations)
    negative = facts is not None and bool(facts.jumps or facts.blowups)

    def shown(name: str) -> str | None:
        cells = None if found is None or space is None or negative or d.verdict == "undefined" else getattr(found, name)
        return set_formula(space, cells) if space is not None else None

    obligations = list(d.obligations)
    if found is not None and not negative:
        obligations += [o for o in found.obligations if o not in obligations]
    return {
        "formula": text,
        "variables": list(code.names),
        "rules": rules.name,
        "mode": mode,
        "verdict": d.verdict,
        "function": _function(text, code, d, settled),
        "clarke": _clarke(d),
        "spurious": shown("spurious"),
        "stuck": shown("stuck"),
        "restless": shown("restless"),
        "non_stationary_minimisers": shown("restless"),
        "ascent": shown("ascent"),
        "conservative_for": None if d.other is None else d.other.text,
        "on_domain": None if d.domain is None else {"verdict": d.domain.verdict, "domain": d.domain.formula},
        "outside_clarke": None
        if found is None or negative or found.clarke is None
        else set_formula(space, found.outside_clarke)
        if _finer(d)
        else None,
        "critical_values": {
            "ad": None if negative or found is None else critical_values(d, found.rule_critical),
            "clarke": None if negative or found is None else critical_values(d, found.clarke_critical),
        },
        "witness": None if d.witness is None else d.witness.to_json(),
        "undefined_at": set_formula(space, d.undefined) if space is not None and d.undefined else None,
        "obligations": obligations,
        "operators": _operators(code, rules, d),
        "cells": None if space is None else len(space.cells),
    }


def _finer(d: Decision) -> bool:
    """Return whether the consequences are about the cells of the pieces."""
    return d.pieces is not None and d.consequences is not None and all([c.number < len(d.pieces.space.cells) for c in d.consequences.outside_clarke])


def _clarke(d: Decision) -> bool | None:
    if d.verdict in ("exact-c1", "clarke"):
        return True
    if d.verdict in ("conservative", "conservative-unbounded") and d.consequences is not None:
        return d.consequences.clarke
    if d.verdict in ("not-conservative", "conservative-for-other"):
        return False
    return None


def _function(text: str, code: Code, d: Decision, settled: bool) -> dict:
    facts = d.function
    homes = _homes(text, code)
    continuous = None if facts is None else facts.continuous
    lipschitz = None if facts is None else facts.lipschitz
    if facts is not None and not facts.total:
        continuous = continuous if continuous is False else None
    definable = bool(homes)
    return {
        "continuous": continuous,
        "locally_lipschitz": lipschitz,
        "path_differentiable": lipschitz if lipschitz is not True or definable else None,
        "homes": homes,
        "total": None if facts is None or facts.windowed else facts.total,
    }


def _homes(text: str, code: Code) -> list[str]:
    """Return the structures that define the function, by the prover of definability."""
    from tamecheck.errors import TamecheckError

    try:
        return [str(h) for h in certify(text, sharpness=False).homes]
    except TamecheckError:
        return []


def _operators(code: Code, rules: Rules, d: Decision) -> list[dict]:
    used: dict[str, str] = {}
    gaps: dict[str, str] = {}
    for p in [] if d.pieces is None else d.pieces.pieces:
        used.update(p.used)
        for text in p.unknown:
            gaps[text.partition(":")[0]] = text
    out = []
    for name in code.operators():
        entry = {"operator": name, "rule": used.get(name), "lemma": _lemma(name, rules, code)}
        if name in gaps:
            entry["rule"] = None
            entry["gap"] = gaps[name]
        out.append(entry)
    return out


SMOOTH = frozenset(["add", "sub", "mul", "div", "neg", "exp", "sin", "cos", "tan", "atan", "erf"])


def _lemma(name: str, rules: Rules, code: Code) -> str:
    if rules.given(name):
        return "a rule of the file: decided exactly"
    if name in SMOOTH:
        return "chain rule"
    if name in ("max", "min"):
        listed = rules.of(name, 2)
        total = None
        if listed and all([v != "undefined" for v in listed[0].value]):
            numbers = [v.number(v.root) for v in listed[0].value]
            total = sum(numbers, Fraction(0)) if None not in numbers else None
        return "weights at a tie add up to 1" if total == 1 else "no lemma: decided exactly"
    if name == "where":
        return "branches agree where they meet, or not: decided exactly"
    if name == "stop_gradient":
        return "no lemma: decided exactly"
    if name in ("floor", "ceil", "round", "sign"):
        return "jumps"
    if name in ("log", "sqrt", "pow", "asin", "acos"):
        return "chain rule where the derivative is bounded"
    return "free kink: any number will do" if _kinked(name, code) else "chain rule"


def _kinked(name: str, code: Code) -> bool:
    """Return whether the definition of an operator has a kink (abs and relu do)."""
    for n in code.needed():
        kind, payload, _ = code.nodes[n]
        if kind == "call" and payload.name == name:
            inner = set(payload.body.operators()) | {k for k, _, _ in payload.body.nodes}
            return bool(inner & {"max", "min", "abs", "sign", "where", "compare", "floor", "ceil", "round"})
    return True


__all__ = ["VERDICTS", "ConservativeReport", "conservative"]
