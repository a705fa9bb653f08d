"""Certificates as documents: canonical JSON, claim and proof side by side but separable."""

import json

from tamecheck.kernel.judgments import NOTHING, Record, to_json

FORMAT = "tamecheck certificate 1"


def canonical(value: object) -> bytes:
    """Return the canonical JSON text: sorted keys, no spaces, ASCII."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=True, check_circular=False).encode("ascii")


def claim_document(
    digest: str, about: str, node: int, record: Record, excluded: str, discontinuous: bool, scalings: list, conservative: object
) -> dict:
    """Return a claim (specification, sections 2, 9 and 10)."""
    holds = record if record[1] or record[2] or record[4] else (record[0], *NOTHING[1:3], *record[3:])
    claim = {
        "about": about, "discontinuous": int(discontinuous), "holds": to_json(holds), "node": node, "not": excluded, "program": digest,
    }
    return claim | ({"scalings": scalings} if scalings else {}) | ({"conservative": conservative} if conservative else {})


def document(program, claim: dict, facts: list[Record], steps: list, instances: list[dict], refutations: list, jumps: list) -> dict:
    """Return the whole certificate as a JSON value."""
    return {
        "assumptions": [], "claim": claim, "facts": [to_json(r) for r in facts], "format": FORMAT, "instances": instances,
        "jumps": jumps, "names": {str(n): name for n, name in program.names.items()}, "program": program.to_json(),
        "refutations": refutations, "steps": steps,
    }
