"""Homogeneity of a network: degrees, weights, invariances, and how far from homogeneous it is.

>>> report = homogeneity("a*relu(w*x + b)", group=["a", "w", "b"])
>>> report.degree, report.exact
(Fraction(2, 1), True)
>>> homogeneity("a*relu(w*x + b) + c", group=["a", "w", "b", "c"]).weights
{'a': Fraction(1, 1), 'b': Fraction(1, 1), 'c': Fraction(2, 1), 'w': Fraction(1, 1)}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from tamecheck.errors import InputError
from tamecheck.kernel.scaling import ANY, degrees
from tamecheck.proofs.near_homogeneity import Failure, Near
from tamecheck.proofs.scaling_claims import LONGEST, confirmed, degree_of, obstacle, row
from tamecheck.proofs.scaling_claims import group as scaled_group

SHOWN = 16


@dataclass
class Homogeneity:
    """What is known; weights are by name of input.

    Attributes
    ----------
    group : list of str — the inputs that are scaled
    degree : Fraction or None — f(s theta) = s^degree f(theta) for s > 0, theta the group: exactly positively homogeneous
    weights, weights_degree : a quasi-homogeneity: input i is scaled by s^(weight of i); None if there is none
    partial : degree of f in each input alone, the others fixed; only inputs in which it is homogeneous
    invariances : scalings that leave f as it is (weights by name); generators of all of them
    near : degree M, coefficients (lowest first) of p' (``defect``), p_a (``gap``), bounds q of f (``value``) and of its
        gradient, upper bounds all; ``degenerate`` when f_H = 0; None with the ``reason`` when there is no such bound
    obstacle : the first node at which exact homogeneity fails, and why
    zero : f is identically zero by its form, so that every degree fits and ``degree`` is None
    certificate : the certificate that claims all this, as far as ``claimed`` says; `check` runs the independent checker on it
    """

    group: list[str]
    degree: Fraction | None
    weights: dict[str, Fraction] | None
    weights_degree: Fraction | None
    partial: dict[str, Fraction]
    invariances: list[dict[str, Fraction]]
    near: Near | None
    reason: str
    obstacle: dict | None
    zero: bool = False
    certificate: object = field(repr=False, default=None)

    @property
    def exact(self) -> bool:
        """Exactly positively homogeneous in the group."""
        return self.degree is not None

    @property
    def verdict(self) -> str:
        """``homogeneous``, ``quasi-homogeneous``, ``near-homogeneous``, ``degenerate`` (near, but f_H = 0; or f = 0) or ``unknown``."""
        if self.zero:
            return "degenerate"
        if self.exact:
            return "homogeneous"
        if self.weights and self.weights_degree and set(self.weights) == set(self.group):
            return "quasi-homogeneous"
        if self.near is not None:
            return "degenerate" if self.near.degenerate else "near-homogeneous"
        return "unknown"

    def __bool__(self) -> bool:
        raise TypeError("a verdict has more than two values; compare .verdict")

    def __repr__(self) -> str:
        parts = [self.verdict]
        if self.degree is not None:
            parts.append(f"degree {self.degree}")
        elif self.near is not None:
            parts.append(f"near degree {self.near.degree}")
        if self.weights and self.weights_degree is not None:
            parts.append(f"weights {', '.join([f'{n}: {w}' for n, w in list(self.weights.items())[:SHOWN]])} (degree {self.weights_degree})")
        return f"<Homogeneity in {', '.join(self.group[:SHOWN])}: {'; '.join(parts)}>"

    @property
    def claimed(self) -> dict[str, bool]:
        """Which parts the certificate claims, so that the checker recomputes them."""
        return {
            "degree": self.degree is not None, "weights": self.weights is not None, "invariances": bool(self.invariances),
            "near": self.near is not None and self.near.certified,
            "homogenisation": self.near is not None and self.near.certified and self.near.limit is not None,
        }  # fmt: skip

    def check(self):
        """Run the independent checker on the certificate that claims all this; return its answer."""
        return self.certificate.check()

    def homogenisation(self):
        """Return ``(program, {"f_H": node})``, the limit of f(r u)/r^M; ``None`` where no rule says what it is."""
        found = None if self.near is None else self.near.limit
        return None if found is None else (found[0], {"f_H": found[1]})

    def to_json(self) -> dict:
        """Return numbers as text where they are not whole; near-homogeneity as certified upper bounds."""
        return {
            "verdict": self.verdict, "group": self.group, "degree": _text(self.degree),
            "weights": None if self.weights is None else {n: _text(w) for n, w in self.weights.items()},
            "weights_degree": _text(self.weights_degree), "partial": {n: _text(d) for n, d in self.partial.items()},
            "invariances": [{n: _text(w) for n, w in row.items()} for row in self.invariances],
            "near": None if self.near is None else {
                "degree": self.near.degree, "defect": _bounds(self.near.defect), "gap": _bounds(self.near.gap), "value": _bounds(self.near.value),
                "gradient": _bounds(self.near.gradient), "degenerate": self.near.degenerate, "exact": self.near.exact,
            },
            "reason": self.reason, "obstacle": self.obstacle, "zero": self.zero, "claimed": self.claimed,
        }  # fmt: skip


def _text(value: Fraction | None) -> int | str | None:
    return None if value is None else int(value) if value.denominator == 1 else str(value)


def _bounds(coefficients: tuple | None) -> list[float] | None:
    """Return doubles that are not smaller."""
    from tamecheck.reports.activation_numbers import up

    return None if coefficients is None else [up(c) for c in coefficients]


def homogeneity(
    source: object, about: str = "parameters", *, group: Iterable[str] | None = None, output: str | None = None,
    input_box: tuple | str | None = None, **options: object,
) -> Homogeneity:  # fmt: skip
    """Return what is proved of the homogeneity of an output of a network in a group of its inputs.

    Parameters
    ----------
    source : what `certify` takes: a builder network or loss, an ONNX model, a formula, ``(program, outputs)``
    about : "parameters", "inputs" or "both" — which inputs are scaled, unless a group is named
    group : names of the inputs that are scaled
    output : which output; the only one, or the one called ``loss``
    input_box : (low, high) for data inputs without a box; needed for the bounds of near-homogeneity when data are fixed

    Raises
    ------
    InputError
        TC122 no such input, or nothing to scale; otherwise as `certify`.

    Notes
    -----
    All this is claimed by ``report.certificate`` (keys ``scalings`` and ``near`` of its claim) and recomputed by the independent checker
    when ``report.check()`` runs it; ``report.claimed`` says which parts, should a scalar function have bounds that the kernel cannot verify.
    """
    from tamecheck.certification import certify

    if group is not None and "parameters" not in options and isinstance(source, str) and ".onnx" not in source and ".py:" not in source:
        options["parameters"] = ",".join([group] if isinstance(group, str) else list(group))  # so that the box is for the others
    certificate = certify(source, "both", output=output, input_box=input_box, sharpness=False, **options)
    program, node = certificate.proof.program, certificate.proof.node
    names = {program.nodes[n][1][0]: n for n in program.inputs()}
    chosen = _chosen(program, names, about, group)
    return _examined(certificate, program, node, chosen, {n: name for name, n in names.items()})


def _chosen(program, names: Mapping[str, int], about: str, group: Iterable[str] | None) -> list[int]:
    if group is not None:
        wanted = [group] if isinstance(group, str) else list(group)
        missing = [n for n in wanted if n not in names]
        if missing:
            raise InputError(f"there is no input {missing[0]!r}", code="TC122", hint="one of " + ", ".join(list(names)[:12]))
        return [names[n] for n in wanted]
    found = scaled_group(program, about)
    if not found and program.inputs():
        hint = "group=[...] with some of " + ", ".join(list(names)[:12]) + ', or about="inputs"'
        raise InputError(f"the source has no {about}", code="TC122", hint=hint)
    if not found:
        raise InputError("the source has no inputs", code="TC122")
    return found


def _examined(certificate, program, node: int, chosen: list[int], name_of: Mapping[int, str]) -> Homogeneity:
    from tamecheck.proofs.homogeneity import scalings
    from tamecheck.proofs.quasi_homogeneity import positive

    degree = degree_of(program, node, chosen)
    ones = dict.fromkeys(chosen, Fraction(1))
    space = scalings(program, node, chosen)
    found = None if space is None else positive(space)
    if found is not None and not confirmed(program, node, found):
        found = None
    bounds = certificate.near(chosen)
    failed = isinstance(bounds, Failure)
    zero = degrees(program, ones)[node] == ANY
    symmetries = [] if space is None else space.invariances()
    claims = [(ones, degree), found or ({}, None), *[(weights, Fraction(0)) for weights in symmetries]]
    certificate.more_scalings += [row(w, d) for w, d in claims if w and d is not None and confirmed(program, node, (w, d)) and _short(w, d)]
    stop = None if degree is not None else obstacle(program, node, chosen)
    return Homogeneity(
        group=[name_of[n] for n in chosen],
        degree=None if zero else degree,
        weights=None if found is None else {name_of[n]: w for n, w in sorted(found[0].items(), key=lambda row: name_of[row[0]])},
        weights_degree=None if found is None else found[1],
        partial={} if space is None else {name_of[n]: d for w, d in space.basis for n in w if w == {n: 1}},
        invariances=[{name_of[n]: w for n, w in weights.items()} for weights in symmetries],
        near=None if failed else bounds,
        reason=f"node {bounds.node}{_called(program, bounds.node)}: {bounds.reason}" if failed else "",
        obstacle=None if stop is None else {"node": stop[0], "name": program.names.get(stop[0], ""), "reason": stop[1]},
        zero=zero,
        certificate=certificate,
    )


def _short(weights: Mapping[int, Fraction], degree: Fraction) -> bool:
    """Tell whether the numbers are short enough for a claim."""
    return all([len(str(q)) <= LONGEST for q in (degree, *weights.values())])


def _called(program, n: int) -> str:
    name = program.names.get(n, "")
    return f" '{name}'" if name else ""


__all__ = ["Homogeneity", "homogeneity"]
