"""Framework operators against a hand-made classification: every row whose name is a function of our language.

Run: ``python benchmarks/framework_catalogues.py OPS.csv [OPS.csv ...]``.  For each row the last part
of the name is looked up among the functions of the formula language; the function of its least
number of arguments is proved on its natural domain, and homes, smoothness and local Lipschitz
continuity are compared with the columns smallest_structure, C_k and locally_lipschitz.
"""

import csv
import re
import sys
from collections import Counter


def base_name(name: str) -> str:
    """Return the last part of an operator's name, as our language would call it."""
    parts = [p for p in name.split(".") if p not in ("default", "Tensor", "Scalar", "int", "out")]
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", parts[-1]).lower() if parts else ""
    return text.strip("_")


def prove(name: str) -> dict | None:
    """Return what is proved of a function of the language, or ``None`` when it has no such name."""
    import tamecheck as tc
    from tamecheck.errors import TamecheckError
    from tamecheck.programs.definitions.scalar import DEFINITIONS

    definition = DEFINITIONS.get(name)
    if definition is None:
        return None
    arguments = ", ".join("xyzuvw"[: definition.arity])
    try:
        certificate = tc.certify(f"{name}({arguments})")
    except TamecheckError:
        return None
    return {
        "homes": "|".join(sorted(s.name for s in certificate.homes)) or ("none" if certificate.verdict == "not-definable" else "unknown"),
        "smoothness": certificate.smoothness, "loclip": certificate.locally_lipschitz, "total": bool(certificate.record[4]),
    }


def verdict(row: dict, mine: dict) -> str:
    """Return agree, weaker, sharper or CONFLICT for the homes."""
    from tamecheck.structures import lattice

    theirs = "|".join(sorted(p.strip() for p in row["smallest_structure"].split("|")))
    if theirs == mine["homes"]:
        return "agree"
    if theirs in ("n/a", "inherits", "unknown", ""):
        return "not comparable"
    if "none" in (theirs, mine["homes"]) or mine["homes"] == "unknown":
        return "weaker" if mine["homes"] == "unknown" else "CONFLICT"
    a, b = lattice.parse(mine["homes"].replace(" ", "")), lattice.parse(theirs.replace(" ", ""))
    return "sharper" if a & b == b else "weaker" if a & b == a else "CONFLICT"


def main() -> None:
    """Print every row that differs, and the counts."""
    cache: dict[str, dict | None] = {}
    for path in sys.argv[1:]:
        counts: Counter = Counter()
        with open(path, newline="", encoding="utf-8") as handle:
            for row in csv.DictReader(handle):
                name = base_name(row["name"])
                if name not in cache:
                    cache[name] = prove(name)
                mine = cache[name]
                if mine is None:
                    counts["no formula"] += 1
                    continue
                answer = verdict(row, mine)
                counts[answer] += 1
                if answer not in ("agree", "not comparable"):
                    print(f"{row['name']:42} {row['variant']:24.24} ours {mine['homes']:22} theirs {row['smallest_structure']:22} {answer}")
        print(path.rsplit("/", 1)[-1], dict(counts))


if __name__ == "__main__":
    main()
