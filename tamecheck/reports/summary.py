"""The JSON report of `certify`: the fixed contract of names."""

from fractions import Fraction

from tamecheck.kernel.curves import ANY, names
from tamecheck.proofs.theorems import applications
from tamecheck.structures import lattice


def summary(certificate, theorems: bool = True) -> dict:
    """Return the report of a `Certificate` with the keys of the interface contract."""
    record, proof = certificate.record, certificate.proof
    homes = [s.name for s in certificate.homes]
    literal = certificate.source.literal
    return {
        "verdict": certificate.verdict,
        "output": certificate.output,
        "about": proof.about,
        "homes": homes,
        "structure": homes[0] if homes else None,
        "sharp": certificate.sharp,
        "excluded": names(proof.excluded).split() if proof.excluded else [],
        "locally_definable": "R_an" if record[2] & lattice.BIT["R_an"] else None,
        "literal": {"differs": "; ".join(sorted({entry["text"] for entry in literal}))} if literal else None,
        "polynomially_bounded": certificate.polynomially_bounded,
        "total": True if record[4] else False if certificate.undefined else None,
        "undefined_at": certificate.undefined,
        "smoothness": certificate.smoothness,
        "locally_lipschitz": certificate.locally_lipschitz,
        "path_differentiable": certificate.path_differentiable,
        "lipschitz": None if record[8] is None else number(record[8]),
        "homogeneity": homogeneity(certificate),
        "conservative": _conservative(certificate),
        "range": _range(certificate),
        "witness": witness(certificate),
        "unknown_because": certificate.unknown_because if certificate.verdict == "unknown" else [],
        "assumptions": list(certificate.document["assumptions"]) if certificate._document else [],
        "axioms": axioms(certificate),
        "theorems": applications(certificate) if theorems else [],
        "parameters": certificate.source.choices,
        "nodes": len(proof.program.nodes),
        "steps": len(proof.derivation.steps) + sum(len(i.steps) for i in proof.instances),
        "certificate": None,
        "seconds": certificate.seconds,
    }


def homogeneity(certificate) -> dict | None:
    """Return degrees and weights; ``weights`` are by name, ``degree`` is that of the scaling by these weights."""
    facts, nodes = certificate.scalings, certificate.proof.program.nodes
    if facts.parameters is None and facts.inputs is None and facts.weights is None and not certificate.near_claims:
        return None
    weights, degree = facts.weights or ({}, None)
    return {
        "parameters": exact(facts.parameters), "inputs": exact(facts.inputs),
        "weights": {nodes[n][1][0]: exact(w) for n, w in weights.items()}, "degree": exact(degree),
        "near": [_near(found, nodes) for found in certificate.near_claims], "claimed": _claimed(certificate),
    }


def _claimed(certificate) -> list[str]:
    """Return which of these are claims of the certificate, that the checker recomputes."""
    facts = certificate.scalings
    parts = [("parameters", facts.parameters is not None), ("inputs", facts.inputs is not None), ("weights", facts.weights is not None)]
    found = [name for name, known in parts if known]
    return found + ["near"] * bool(certificate.near_claims) + ["homogenisation"] * any(c.limit is not None for c in certificate.near_claims)


def _near(found, nodes) -> dict:
    """Return degree and coefficients, rounded up."""
    bounds = {k: None if getattr(found, k) is None else [number(c) for c in getattr(found, k)] for k in ("defect", "gap", "value", "gradient")}
    return {"degree": found.degree, "group": [nodes[n][1][0] for n in found.group], **bounds, "degenerate": found.degenerate}


def _conservative(certificate) -> dict:
    """Return whether automatic differentiation is certified for all admissible rules, and otherwise where the proof stops.

    ``norms``: the nodes that suffice when each is differentiated as one operator, with bounded numbers at 0; null when that does not help.
    """
    found = certificate.conservative_obstacle
    if found is None:
        return {"certified": True, "obstacle": None, "norms": []}
    n, reason = found
    norms = certificate.norms_as_operators
    listed = None if norms is None else list(norms)
    return {"certified": None, "norms": listed, "obstacle": {"node": n, "name": certificate.proof.program.names.get(n, ""), "reason": reason}}


def exact(value: Fraction | None) -> int | float | str | None:
    """Return a rational as a JSON number when that is exact, otherwise as text."""
    if value is None or value.denominator == 1:
        return None if value is None else int(value)
    nearest = value.numerator / value.denominator if max(value.numerator.bit_length(), value.denominator.bit_length()) < 1000 else 0.0
    return nearest if Fraction(nearest) == value else str(value)


def number(value: Fraction) -> float | int | str:
    """Return a certified upper bound as a JSON number that is not smaller."""
    import math

    if value.denominator == 1 and value < 2**53:
        return int(value)
    try:
        nearest = value.numerator / value.denominator
    except OverflowError:
        return "inf"
    return nearest if Fraction(nearest) >= value else math.nextafter(nearest, math.inf)


def _range(certificate) -> str:
    from tamecheck.ground.intervals import to_text

    return to_text(certificate.record[3])


def witness(certificate) -> dict | None:
    """Return the refutation in words: rule, curve, base point, text."""
    proof = certificate.proof
    if not proof.refutations or (certificate.verdict != "not-definable"):
        return None
    instance, step = proof.refutations[0]
    curve = proof.instances[instance]
    program = proof.program
    name = program.names.get(curve.variable, f"node {curve.variable}")
    base = {program.names.get(n, f"node {n}"): str(q) for n, q in curve.fixed.items()}
    power = "t" if curve.exponent == 1 else f"t^({curve.exponent})"
    rule = curve.steps[step][0]
    where = "in any o-minimal structure" if proof.excluded & ANY else "in " + names(proof.excluded)
    text = f"along the curve {name} = {power}, every other input fixed, the output is not definable {where} (rule {rule})"
    if rule == "oscillate":
        t0, t1 = curve.steps[step][3]
        text += f": it is periodic in t and takes different values at t = {t0} and t = {t1}"
    from tamecheck.ground.intervals import to_text

    return {"rule": rule, "curve": {name: power, "t": to_text(curve.domain)}, "base": base, "text": text}


def axioms(certificate) -> list[dict]:
    """Return the axioms used: the primitives of the program and the homes, with references."""
    from tamecheck.reports.axioms import used_axioms

    return used_axioms(certificate.document)
