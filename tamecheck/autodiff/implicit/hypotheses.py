"""The hypotheses of the nonsmooth implicit function theorem for a family [A B], with a certificate."""

from dataclasses import dataclass
from fractions import Fraction

from tamecheck.autodiff.implicit.families import Family
from tamecheck.autodiff.implicit.jacobian import SolutionJacobian, texts
from tamecheck.autodiff.implicit.vertices import Outcome, decide


@dataclass
class Hypotheses:
    """What is known.

    Attributes
    ----------
    verdict : ``"holds"``, ``"fails"`` or ``"unknown"``
    family : Family or ``None`` — the matrices [A B]
    outcome : Outcome or ``None`` — the decision about B
    jacobian : SolutionJacobian or ``None`` — only if the hypotheses hold
    certificate : dict or ``None``
    reason : of "unknown" and "fails"
    """

    verdict: str
    family: Family | None = None
    outcome: Outcome | None = None
    jacobian: SolutionJacobian | None = None
    certificate: dict | None = None
    reason: str = ""

    def to_json(self) -> dict:
        """Return the decision as JSON."""
        o, j = self.outcome, self.jacobian
        chosen = None if j is None else j.chosen()
        return {
            "verdict": self.verdict, "reason": self.reason, "method": None if o is None else o.method,
            "determinants": None if o is None else o.vertices,
            "least_determinant": None if o is None or o.least is None else str(o.least),
            "kinks": [] if self.family is None else [self.family.free[k].text for k in self.family.used()],
            "solution_jacobian": None if j is None else j.to_json(), "returned": None if chosen is None else [texts(r) for r in chosen],
            "singular": None if o is None or o.singular is None else plain(o.singular), "certificate": self.certificate,
        }  # fmt: skip


def plain(value: object) -> object:
    """Return a value with its fractions as text."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return str(value) if isinstance(value, Fraction) else value


def examine(family: Family, everywhere: bool = False) -> Hypotheses:
    """Decide the hypotheses for a family.

    Parameters
    ----------
    everywhere : the family covers the points of a region: then a singular element need not belong to any of its points, and the answer is "unknown"
    """
    outcome = decide(family)
    if outcome.verdict == "invertible":
        return Hypotheses("holds", family, outcome, SolutionJacobian(family), _certificate(family, outcome, "holds"))
    if outcome.verdict == "unknown":
        return Hypotheses("unknown", family, outcome, reason=outcome.reason)
    if everywhere or not family.exact:
        reason = "an element of the enclosing set is singular; whether it occurs at a solution of the region is not known: give a point"
        return Hypotheses("unknown", family, outcome, reason=reason)
    where = "an element of the conservative Jacobian" if outcome.inside else "an element of its convex hull"
    return Hypotheses("fails", family, outcome, None, _certificate(family, outcome, "fails"), f"B is singular at {where}")


def _certificate(family: Family, outcome: Outcome, verdict: str) -> dict:
    regular = outcome.regular
    return {
        "kind": "implicit function theorem", "verdict": verdict, "m": family.m, "n": family.n, "family": family.to_json(), "method": outcome.method,
        "regular": None if regular is None else plain({"inverse": regular.inverse, "vector": regular.vector}),
        "sign": outcome.sign, "singular": None if outcome.singular is None else plain(outcome.singular),
    }  # fmt: skip
