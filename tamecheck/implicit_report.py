"""Implicit layers: is the solution of F(x, z) = 0 a path-differentiable function of x, and what is its conservative Jacobian?"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from fractions import Fraction

from tamecheck.autodiff.code import read
from tamecheck.autodiff.implicit import enclosures as en
from tamecheck.autodiff.implicit.hypotheses import Hypotheses, examine
from tamecheck.autodiff.implicit.linearise import Unclear, linearise
from tamecheck.autodiff.rules import load
from tamecheck.errors import InputError

MAXIMAL_UNKNOWNS = 64


class ImplicitReport:
    """What is known about a solution map; the keys of `to_json` are attributes.

    Attributes
    ----------
    verdict : ``"holds"``, ``"fails"`` or ``"unknown"`` — the hypothesis of the theorem, for this conservative Jacobian of F
    hypotheses : Hypotheses
    jacobian : SolutionJacobian or None — the conservative Jacobian of the solution, as a set
    certificate : dict or None — of "holds" and "fails"; `verify` computes it again by another road
    """

    def __init__(self, content: dict, hypotheses: Hypotheses) -> None:
        self._content = content
        self.hypotheses = hypotheses
        self.verdict: str = hypotheses.verdict
        self.jacobian = hypotheses.jacobian
        self.certificate = hypotheses.certificate

    def __bool__(self) -> bool:
        raise TypeError("a verdict has three values; compare .verdict")

    def __repr__(self) -> str:
        return f"<{self.verdict}: {self._content['system']}>"

    def __str__(self) -> str:
        return self.to_text()

    def __getattr__(self, name: str) -> object:
        content = self.__dict__.get("_content", {})
        if name in content:
            return content[name]
        raise AttributeError(f"the report has no {name!r}; it has {', '.join(sorted(content))}")

    def verify(self) -> bool | None:
        """Return whether the certificate passes `tamecheck.autodiff.implicit.recheck`, which shares no arithmetic with the decision;
        ``None`` without one."""
        from tamecheck.autodiff.implicit.recheck import check

        return None if self.certificate is None else check(self.certificate)

    def to_json(self) -> dict:
        """Return the report as a JSON value."""
        return dict(self._content)

    def to_text(self) -> str:
        """Return the report as plain text."""
        from tamecheck.reports.implicit_text import to_text

        return to_text(self._content)


def implicit(
    system: object,
    solve_for: Sequence[str] | str,
    *,
    at: Mapping[str, object] | None = None,
    rulebook: object = "torch",
    constants: Mapping[str, Fraction | int] | None = None,
) -> ImplicitReport:
    """Return whether F(x, z) = 0 defines z as a path-differentiable function of x, and the conservative Jacobian of that function as a set.

    The theorem [BLPS21]_: F path-differentiable with a conservative Jacobian that is convex at the point, and all its blocks B (the
    columns of z) invertible there;
    then near the point z = G(x), locally Lipschitz, and the matrices -B^-1 A are a conservative Jacobian of G.

    Parameters
    ----------
    system : formula, or one formula per unknown; each is to be zero
    solve_for : names of the unknowns
    at : a point or box: numbers, or pairs (low, high), per name; ``None`` for a name that is left out: all real numbers
    rulebook : what differentiation returns at kinks; see `tamecheck.conservative`
    constants : names that stand for exact numbers

    Raises
    ------
    InputError
        TC101 and TC102 formulas and names, TC172 not as many equations as unknowns, TC173 the point is no solution, TC174 numbers, TC190
        and TC192 rules.

    Soundness
    ---------
    Exact in real arithmetic.  "fails" is about the conservative Jacobian that the rules generate; the solution may still be smooth. 
    "unknown" comes with the reason.

    References
    ----------
    .. [BLPS21] J. Bolte, T. Le, E. Pauwels, A. Silveti-Falls, "Nonsmooth implicit differentiation for machine learning and optimization",
    NeurIPS 2021.

    Examples
    --------
    >>> r = implicit("z - relu(z/2 + b)", "z", at={"b": 0, "z": 0})
    >>> r.verdict, r.jacobian.range(), r.verify()
    ('holds', [[(Fraction(0, 1), Fraction(2, 1))]], True)
    """
    from tamecheck.ground.grammar import parse
    from tamecheck.ground.polynomials import as_text

    started = time.perf_counter()
    rules = load(rulebook)
    equations = [system] if isinstance(system, str) or not isinstance(system, Sequence) else list(system)
    texts = [as_text(e) for e in equations]
    unknowns = [solve_for] if isinstance(solve_for, str) else list(solve_for)
    fixed = {k: number(v, k) for k, v in (constants or {}).items()}
    expressions = [parse(t) for t in texts]
    names = _names(expressions, unknowns, fixed)
    box = _box(names, at)
    codes = [read(e, names, fixed) for e in expressions]
    try:
        found = linearise(codes, box, rules)
    except Unclear as reason:
        hypotheses = Hypotheses("unknown", reason=str(reason))
        return ImplicitReport(_content(texts, names, unknowns, box, rules.name, hypotheses, None, started), hypotheses)
    on = _residual(found.values, texts)
    hypotheses = examine(found.family, everywhere=any([en.exact(v) is None for v in box.values()]))
    return ImplicitReport(_content(texts, names, unknowns, box, rules.name, hypotheses, on, started), hypotheses)


def number(value: object, name: str) -> Fraction:
    """Return an exact number; a float is the decimal that is typed."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Fraction):
        raise InputError(f"{name!r} is {type(value).__name__}, no number", code="TC174", hint='1, "1/3", Fraction(1, 3), 0.5')
    try:
        return Fraction(str(value)) if isinstance(value, float) else Fraction(value)
    except (ValueError, ZeroDivisionError, OverflowError) as failure:
        raise InputError(f"{str(value)[:30]!r} for {name!r} is no rational number", code="TC174", hint='1, "1/3", 0.5') from failure


def _names(expressions: Sequence, unknowns: Sequence[str], fixed: Mapping[str, Fraction]) -> list[str]:
    occurring = list(dict.fromkeys([n for e in expressions for n in e.names() if n not in fixed]))
    if not unknowns or len(set(unknowns)) < len(unknowns) or not all([isinstance(u, str) for u in unknowns]):
        raise InputError("solve_for names each unknown once", code="TC102", where=str(list(unknowns))[:60], hint='solve_for=["z"]')
    for u in unknowns:
        if u not in occurring:
            raise InputError(f"the unknown {u!r} does not occur in the system", code="TC102", where=f"names {', '.join(occurring)}")
    if len(unknowns) != len(expressions):
        raise InputError(f"{len(expressions)} equations for {len(unknowns)} unknowns", code="TC172", hint="one equation per unknown")
    if len(unknowns) > MAXIMAL_UNKNOWNS:
        raise InputError(f"{len(unknowns)} unknowns, the limit is {MAXIMAL_UNKNOWNS}", code="TC172")
    return [n for n in occurring if n not in unknowns] + list(unknowns)


def _box(names: Sequence[str], at: Mapping[str, object] | None) -> dict[str, en.Enclosure]:
    given = dict(at or {})
    for name in given:
        if name not in names:
            raise InputError(f"{name!r} is no name of the system", code="TC102", where="at", hint=", ".join(names))
    out: dict[str, en.Enclosure] = {}
    for name in names:
        v = given.get(name)
        if v is None:
            out[name] = en.EVERYTHING
        elif isinstance(v, tuple | list):
            if len(v) != 2:
                raise InputError(f"{name!r} is no pair (low, high)", code="TC174", where="at")
            out[name] = (number(v[0], name), number(v[1], name))
            if out[name][0] > out[name][1]:
                raise InputError(f"the interval of {name!r} is empty", code="TC174", where="at")
        else:
            out[name] = en.point(number(v, name))
    return out


def _residual(values: Sequence[en.Enclosure], texts: Sequence[str]) -> bool | None:
    """Return whether the point is a solution; ``None`` if that is not known (a box, or a value that is only enclosed)."""
    for v, text in zip(values, texts, strict=True):
        if (v[0] is not None and v[0] > 0) or (v[1] is not None and v[1] < 0):
            q = en.exact(v)
            says = f"is {q}" if q is not None else "is never 0"
            raise InputError(f"{text[:60]!r} {says} there", code="TC173", hint="a point or box with a solution")
    return True if all([en.exact(v) == 0 for v in values]) else None


def _content(texts, names, unknowns, box, rules, h: Hypotheses, on, started) -> dict:
    def shown(v: en.Enclosure) -> str:
        q = en.exact(v)
        return str(q) if q is not None else f"[{'-inf' if v[0] is None else v[0]}, {'inf' if v[1] is None else v[1]}]"

    return {
        "system": [f"{t} = 0" for t in texts], "parameters": [n for n in names if n not in unknowns], "unknowns": list(unknowns),
        "at": {n: shown(v) for n, v in box.items()}, "solution": on, "rules": rules, **h.to_json(), "seconds": time.perf_counter() - started,
    }  # fmt: skip
