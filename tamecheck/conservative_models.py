"""Automatic differentiation of models of any size: the compositional certificate, in the words of the exact report.

One pass over the certified program finds, for every node through which derivatives pass, the lemma that makes its rule
legitimate; `tamecheck.kernel.chain_rule`, section 10 of the certificate format.
"""

from __future__ import annotations

from collections import Counter

LEMMAS = {
    "abs": "free kink: any number will do", "max": "ties: weights with sum 1", "min": "ties: weights with sum 1",
    "reduce max": "ties: weights with sum 1", "reduce min": "ties: weights with sum 1", "cumulate max": "ties: weights with sum 1",
    "cumulate min": "ties: weights with sum 1", "order sort": "ties: weights with sum 1", "order topk": "ties: weights with sum 1",
    "where": "branch agreement: the choice is continuous", "norm": "at 0 any bounded numbers",
    "linalg eigvalsh": "unit vectors of the eigenspace", "linalg svdvals": "unit vectors of the singular spaces",
}  # fmt: skip
NORMS = (
    "the Euclidean norms at nodes {} are one operator each, with bounded numbers at 0 "
    "(as in torch.linalg.norm; sqrt(sum(x**2)) written out and lp_pool return nan)"
)
ASSUMPTION = "the framework's rules at kinks and ties are admissible: locally bounded, with weights of sum 1 on ties (table of kinks)"


def conservative_model(
    source: object, rules: str = "torch", about: str = "parameters", *, norms_as_operators: bool = False, **options: object
) -> dict:
    """Return the JSON report of a model: ``exact-c1``, ``conservative`` or ``unknown``, with the certificate's claim behind it.

    Parameters
    ----------
    norms_as_operators : take roots of sums of squares for one operator each, with bounded numbers at 0 (torch.linalg.norm, not lp_pool)
    source : what `certify` takes; about : which inputs the derivatives are for; options : of `certify`

    The key ``certificate`` holds the `Certificate`, whose claim has the key ``conservative`` when the verdict is positive.
    """
    from tamecheck.certification import certify

    c = certify(source, about, sharpness=False, **options)
    program, norms, stop = c.proof.program, c.norms_as_operators or (), c.conservative_obstacle
    if norms_as_operators and norms:
        stop = None
    kinked = Counter(_kinked(program, c.proof.node))
    smooth = stop is None and c.record[6] >= 1 and not kinked and not norms
    shown = ", ".join([f"{n}{_named(program, n)}" for n in norms[:8]]) + ", ..." * (len(norms) > 8)
    assumed = [ASSUMPTION] * bool(kinked) + [NORMS.format(shown)] * bool(norms and stop is None)
    obligations = [] if stop is None else [f"node {stop[0]}{_named(program, stop[0])}: {stop[1]}"]
    if stop is not None and norms:
        obligations.append(f"conservative if the norms at nodes {shown} are one operator each, with bounded numbers at 0: --norms-as-operators")
    return {
        "verdict": "exact-c1" if smooth else "conservative" if stop is None else "unknown", "program": str(source)[:200], "rules": rules,
        "function": {
            "continuous": True if c.record[4] and c.record[6] >= 0 else None, "locally_lipschitz": True if stop is None else c.locally_lipschitz,
            "path_differentiable": True if stop is None and c.homes else c.path_differentiable, "homes": [s.name for s in c.homes],
        },
        "clarke": True if smooth else None, "spurious": None, "stuck": None, "critical_values": {"ad": None, "clarke": None}, "witness": None,
        "undefined_at": [], "obligations": obligations, "assumptions": assumed,
        "operators": [{"operator": name, "nodes": count, "lemma": LEMMAS[name]} for name, count in sorted(kinked.items())]
        + [{"operator": "norm", "nodes": len(norms), "lemma": LEMMAS["norm"]}] * bool(norms and stop is None),
        "nodes": len(program.nodes), "certificate": c,
    }  # fmt: skip


def _kinked(program, target: int) -> list[str]:
    found = []
    for n in program.ancestors([target]):
        kind, parameters, _, _ = program.nodes[n]
        name = parameters[0] if kind == "map" else f"{kind} {parameters[0]}" if kind in ("reduce", "cumulate", "order", "linalg") else kind
        if name in LEMMAS:
            found.append(name)
    return found


def _named(program, n: int) -> str:
    name = program.names.get(n, "")
    return f" '{name}'" if name else ""


def model_text(report: dict) -> str:
    """Return the report as plain text."""
    lines = [f"{report['program']}: {report['nodes']} nodes", "", f"verdict   {report['verdict']}"]
    homes = ", ".join(report["function"]["homes"]) or "no structure proved"
    lines.append(f"function  definable in {homes}")
    lines += [f"  {row['operator']:12} {row['nodes']} nodes; {row['lemma']}" for row in report["operators"]]
    lines += [f"assumed   {text}" for text in report["assumptions"]] + [f"open      {text}" for text in report["obligations"]]
    return "\n".join(lines)
