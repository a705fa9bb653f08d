"""Compare what is proved of each activation with what a catalogue of measurements says.

Usage: ``python benchmarks/catalogue_disagreements.py CATALOGUE_FOLDER [--json OUT.json] [--all]``

The folder holds ``activations.csv`` with the columns name, expected_smallest_structure, C_k, locally_lipschitz,
globally_lipschitz, path_differentiable, lipschitz_constant_approx.  Each entry of the atlas that names a row is proved, about its
inputs, with its parameters at their defaults.  Four kinds of lines are printed:

* ``conflict``: one of the two must be wrong, or the two speak of different things (ours claims more than the row, or
  refutes it); each is settled in ``docs/reference/catalogue-disagreements.md``;
* ``sharper``: ours proves more structures than the row's smallest, or more smoothness than was measured;
* ``weaker``: ours proves less; never an error, always a place to work (with ``--all``);
* ``silent``: the row denies a property, and ours neither proves nor refutes it (with ``--all``).
"""

import argparse
import csv
import json
import re
import sys
import time
from pathlib import Path

from tamecheck.certification import certify
from tamecheck.frontends.formula_io import load
from tamecheck.structures import lattice
from tamecheck.structures.atlas.activations import Activation, activations, unwritten

ORDER = {"discontinuous": -1, "unknown": None, "Cinf": 998, "analytic": 999}


def mask_of(text: str) -> int | None:
    """Return the up-set a cell of the catalogue names, 0 for ``none``, ``None`` when it names nothing."""
    names = re.findall(r"R_\w+", text)
    if not names:
        return 0 if text.strip() == "none" else None
    return lattice.parse("|".join(names))


def smoothness_of(text: str) -> int | None:
    """Return k for a cell ``C^k``, -1 for a jump, ``None`` when the cell cannot be read."""
    cell = text.strip()
    if cell.startswith("disc"):
        return -1
    found = re.match(r"C\^(omega|inf|\d+)", cell)
    return None if not found else {"omega": 999, "inf": 998}.get(found[1]) or int(found[1])


def number(text: str) -> float | None:
    """Return a measured constant, if the cell holds one."""
    try:
        return float(text)
    except ValueError:
        return None


def prove_entry(entry: Activation):
    """Return the certificate of an entry as a function of its inputs."""
    probe = load(entry.formula, constants=entry.parameters)
    boxes = {v: entry.domain for v in probe.variables}
    f = load(entry.formula, constants=entry.parameters, boxes=boxes)
    return certify((f.program, f.outputs), about="inputs")


def compare(row: dict[str, str], certificate) -> list[tuple[str, str, str, str]]:
    """Return (kind, column, ours, theirs) for each disagreement."""
    lines = []
    record = certificate.record
    theirs = mask_of(row["expected_smallest_structure"])
    ours = record[1]
    shown = " | ".join(s.name for s in certificate.homes) or certificate.verdict
    if theirs is not None and theirs != ours:
        if not theirs:
            kind = "conflict" if ours else None if certificate.verdict == "not-definable" else "weaker"
        elif not ours:
            kind = "conflict" if certificate.verdict == "not-definable" else "weaker"
        else:
            kind = "sharper" if ours & theirs == theirs else "weaker" if ours & theirs == ours else "conflict"
        if kind:
            lines.append((kind, "homes", shown, row["expected_smallest_structure"]))
    if theirs and certificate.proof.excluded & theirs:
        lines.append(("conflict", "excluded", lattice.text(certificate.proof.excluded & theirs), row["expected_smallest_structure"]))
    k, text = smoothness_of(row["C_k"]), certificate.smoothness
    mine = ORDER[text] if text in ORDER else int(text[1:])
    if k is not None and mine != k:
        both_jump = mine == -1 or k == -1
        kind = ("silent" if k == -1 else "weaker") if mine is None else "conflict" if both_jump else "sharper" if mine > k else "weaker"
        lines.append((kind, "smoothness", text, row["C_k"]))
    globally = True if record[8] is not None else False if certificate.locally_lipschitz is False else None
    statements = {
        "locally_lipschitz": certificate.locally_lipschitz, "globally_lipschitz": globally,
        "path_differentiable": certificate.path_differentiable,
    }  # fmt: skip
    for column, value in statements.items():
        stated = {"yes": True, "no": False}.get(row[column].split(" (")[0].strip())
        if stated is not None and value is not stated:
            lines.append(("conflict" if value is not None else "weaker" if stated else "silent", column, str(value), row[column]))
    measured = number(row["lipschitz_constant_approx"])
    if record[8] is not None and measured is not None and record[8] < measured * 0.999:
        lines.append(("conflict", "lipschitz", f"{float(record[8]):.6g}", f"at least {measured}"))
    return lines


def main(arguments: list[str] | None = None) -> int:
    """Print the disagreements; exit status 1 if there is a conflict."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("catalogue", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--all", action="store_true", help="also print where the proof is weaker than the catalogue")
    parser.add_argument("--only", default="", help="only entries whose name contains this")
    options = parser.parse_args(arguments)
    with open(options.catalogue / "activations.csv", encoding="utf-8", newline="") as file:
        rows = {row["name"]: row for row in csv.DictReader(file)}
    found, counts, started = [], dict.fromkeys(["conflict", "sharper", "weaker", "silent"], 0), time.perf_counter()
    compared = 0
    for entry in activations():
        if entry.row not in rows or options.only.casefold() not in entry.name.casefold():
            continue
        compared += 1
        for kind, column, ours, theirs in compare(rows[entry.row], prove_entry(entry)):
            counts[kind] += 1
            found.append({"name": entry.name, "kind": kind, "column": column, "ours": ours, "theirs": theirs})
            if options.all or kind in ("conflict", "sharper"):
                print(f"{kind:9}{column:20}{entry.name[:38]:40}ours {ours:28}theirs {theirs}")
    seconds = time.perf_counter() - started
    missing = sorted(set(rows) - {a.row for a in activations()} - {u.name for u in unwritten()})
    without = sum(u.name in rows for u in unwritten())
    print(f"{compared} rows compared in {seconds:.1f} s, {without} not written, {len(missing)} not in the atlas {missing or ''}")
    print(", ".join(f"{n} {kind}" for kind, n in counts.items()))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 1 if counts["conflict"] else 0


if __name__ == "__main__":
    sys.exit(main())
