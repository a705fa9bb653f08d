"""Every ONNX operator against a hand-made classification: homes proved from the operator's own test models.

Run: ``python benchmarks/onnx_catalogue.py OPS_ONNX.csv [--all]``.  The CSV has the columns name,
variant, smallest_structure.  For every operator the single-operator models of the onnx package are
imported and proved as functions of all their inputs; printed are the operators whose homes differ
from every variant of the CSV, and the counts.
"""

import csv
import sys
from collections import Counter, defaultdict


def homes_of_models() -> tuple[dict[str, Counter], Counter]:
    """Return, per operator, how often each set of homes (or refusal) was found."""
    from onnx.backend.test.case.node import collect_testcases

    from tamecheck.errors import TamecheckError
    from tamecheck.frontends.sources import read
    from tamecheck.proofs.definability import prove
    from tamecheck.structures import lattice

    found: dict[str, Counter] = defaultdict(Counter)
    refused: Counter = Counter()
    for case in collect_testcases(None):
        nodes = case.model.graph.node
        if len(nodes) != 1:
            continue
        name = nodes[0].op_type
        try:
            source = read(case.model)
        except TamecheckError as failure:
            found[name]["refused"] += 1
            refused[failure.code] += 1
            continue
        for node in source.outputs.values():
            found[name][lattice.text(prove(source.program, node, "both").record[1]) or "none"] += 1
    return found, refused


def main() -> None:
    """Print the disagreements and the counts."""
    with open(sys.argv[1], newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    expected: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        expected[row["name"]].add("|".join(sorted(part.strip() for part in row["smallest_structure"].split("|"))))
    found, refused = homes_of_models()
    agree = disagree = untested = 0
    for name in sorted(expected):
        if name not in found:
            untested += 1
            continue
        mine = {"|".join(sorted(text.split("|"))) for text in found[name]}
        extra = mine - expected[name] - {"refused"}
        if not extra:
            agree += 1
            continue
        disagree += 1
        print(f"{name:28} ours {dict(found[name])}  theirs {sorted(expected[name])}")
    print(f"{agree} operators agree, {disagree} differ, {untested} have no test model of their own; refusals by code {dict(refused)}")


if __name__ == "__main__":
    main()
