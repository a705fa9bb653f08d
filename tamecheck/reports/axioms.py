"""The axioms a certificate rests on, for reports: statements from the literature, with their references."""

from tamecheck.reports.reading import Reading
from tamecheck.structures.references import REFERENCES


def used_axioms(document: dict) -> list[dict]:
    """Return what the derivation takes from the literature, as ``{name, statement, reference, uses}``.

    First the facts about scalar primitives, then the o-minimality of the homes.
    """
    r = Reading(document)
    found = [
        {"name": a.name, "statement": a.statement, "reference": "; ".join(REFERENCES[k] for k in a.references), "uses": a.uses}
        for a in r.axioms()
    ]
    for s in r.homes or r.local_homes:
        reference = "; ".join(REFERENCES[k] for k in s.references)
        found.append({"name": s.name, "statement": f"{s.name} is o-minimal: {s.generators}", "reference": reference, "uses": 1})
    return found
