"""Write the certificates that `bad_near.py` starts from.  Run: ``python tests/certificates/near_bases.py``, then ``make_bad.py``."""

import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

SOURCE = Path(__file__).with_name("bad_near.py")
TARGET = Path(__file__).with_name("near_bases.json")


def base(formula: str, group: str, about: str) -> dict:
    """Return the prover's certificate of a formula with near-homogeneity in a group claimed."""
    import tamecheck as tc
    from tamecheck.frontends.formula_io import load

    free = load(formula).variables
    found = load(formula, boxes={"x": "[-1,1]"} if "x" in free and "x" not in group.split() else {})
    c = tc.certify((found.program, found.outputs["f"]), about, sharpness=False)
    place = {c.proof.program.nodes[n][1][0]: n for n in c.proof.program.inputs()}
    near = c.near([place[name] for name in group.split()])
    if not c.near_claims:
        raise ValueError(f"{formula}: {near}")
    return json.loads(c.to_bytes())


def main() -> None:
    """Build what `bad_near.py` asks for, and no more."""
    wanted: dict = {}

    class Asking(dict):
        def __missing__(self, key: str) -> dict:
            formula, group, about = re.fullmatch("(.*) in (.*) about (.*)", key).groups()
            wanted[key] = self[key] = base(formula, group, about)
            return self[key]

    from certificates import bad_near
    from certificates.enemies import REGISTER

    found = Asking()
    bad_near._bases = lambda: found
    for enemy in REGISTER.values():
        enemy.build()
    TARGET.write_text(json.dumps(wanted, indent=0, sort_keys=True) + "\n", encoding="ascii")
    print(f"{len(wanted)} certificates")


if __name__ == "__main__":
    main()
