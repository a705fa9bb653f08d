"""Compare the records of the atlas with a catalogue of measurements, column by column, and write the page that settles each difference.

Usage: ``python benchmarks/activation_disagreements.py CATALOGUE_FOLDER [--write]``

The folder holds ``activations.csv``.  A difference without a settlement in `SETTLED` is an error, and so is a settlement
without a difference: both the records and the catalogue may change.
"""

import argparse
import csv
import re
import sys
from fractions import Fraction
from pathlib import Path

from tamecheck.structures.atlas.activations import activations, golden, unwritten

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "activation-disagreements.md"
STATIC = "both: the row speaks of a generic real exponent; at the default "
OSCILLATES = "theirs, and no contradiction: our certificates have no step for this. "
SETTLED = {
    ("SBAF (Saha-Bora)", "homes"): STATIC + "1/2 the function is semialgebraic",
    ("AppReLU", "homes"): STATIC + "3/2 it is semialgebraic",
    ("Power linear unit (PoLU)", "homes"): STATIC + "-1 it is rational",
    ("PDELU", "homes"): STATIC + "(exponent 10) it is a polynomial on each piece",
    ("GRA / Hill-type", "homes"): STATIC + "2 it is rational",
    ("SGT", "homes"): STATIC + "(99/100 and 101/100) it is semialgebraic",
    ("FracPReLU", "homes"): STATIC + "(exponent 1/2) it is semialgebraic, gamma(3/2) being a constant",
    ("Evolved tanh-log-ReLU", "homes"): "theirs: tanh(log x) = (x^2 - 1)/(x^2 + 1), and x (x^2 + 1) - (x^2 - 1) = x^3 - x^2 + x + 1 > 0 for x > 0 "
    "(x^3 + x >= 2 x^2 by the means), so the maximum is x. Our rules follow the formula; R_exp is right and not smallest, and not called sharp",
    ("SinLU", "homes"): OSCILLATES + "f'' = -sin(x) + O(x exp(-x)) at infinity has infinitely many "
    "isolated zeros (`tamecheck activation` proves it), so f is in no o-minimal structure",
    ("CosLU", "homes"): OSCILLATES + "f'' = -cos(x) + O(x exp(-x)) has infinitely many isolated zeros",
    ("GLN (sin + tanh mixture)", "homes"): OSCILLATES + "with s = 1/(1 + exp(-1/2)) > 1/2 the value (1 - s) tanh(x) + s sin(x) is "
    "positive where sin(x) = 1 and negative where sin(x) = -1: infinitely many isolated zeros of an analytic function",
    ("APAF", "homes"): OSCILLATES + "f = (1/(1 + exp(-x)) + sin(x))/2 changes sign in every period far to the left, where the first term is small",
    ("FINER", "homes"): OSCILLATES + "f vanishes exactly where 30 x (|x| + 1) is a multiple of pi: isolated and infinitely many",
    ("Triangular wave", "homes"): OSCILLATES + "f vanishes exactly on the even integers",
    ("EUAF", "homes"): OSCILLATES + "f vanishes on the positive even integers",
    ("Rootsig variant 2 (scaled softsign)", "constant"): "ours: f' = 1/(1 + |x|)^2 is 1 at 0; the grid missed 0",
    ("Soft-modulus-T", "constant"): "ours: f' = tanh(t) + t/cosh(t)^2 with t = 100 x is extreme where t tanh(t) = 1, its value there t = 1.19968; "
    "the maximum sits at x = 0.012, between the points of the grid",
    ("Hard swish", "constant"): "ours: f' = (2 x + 3)/6 on (-3, 3) tends to 3/2 at 3",
    ("HardSReLUE", "constant"): "ours: f' = a (x + 1/2) + 1 on (0, 1) tends to 7/4 at 1",
    ("AppReLU", "homogeneity"): "ours: max(x, 0)^(3/2) is positively homogeneous of degree 3/2",
    ("Modified leaky ReLU", "homogeneity"): "ours: f(-1/20) = -1/20 but f(-1/10) = 1/100, which is not 2 f(-1/20)",
    ("SBAF (Saha-Bora)", "sublinear"): "both: the question is void on a bounded interval, where a bounded function is sublinear",
    ("Logarithmic AF (LAF)", "sublinear"): "a difference of words: the row looks at infinity; |f(x)| <= C (1 + |x|) fails at 0, where f is unbounded",
    ("Soft exponential log branch", "sublinear"): "a difference of words: |f(x)| <= C (1 + |x|) fails at the end -3/2 of the domain",
    ("EUAF", "sublinear"): "theirs: |f| <= 1",
    ("Logarithmic AF (LAF)", "C_k"): "a difference of words: f has no value at 0, and is analytic on its natural domain, two half lines; "
    "no extension to 0 is continuous",
    ("Logarithmic AF (LAF)", "locally_lipschitz"): "as above: yes on the natural domain, no for any extension",
    ("Logarithmic AF (LAF)", "path_differentiable"): "as above: the notion asks for a function on the line",
    ("EUAF", "path_differentiable"): "theirs: Lipschitz and piecewise rational",
    ("EUAF", "C_k"): "theirs: the distance to the nearest even integer, and x/(1 + |x|), meet at 0 with value 0",
    ("EUAF", "locally_lipschitz"): "theirs: both pieces are 1-Lipschitz and meet at 0",
    ("GCU (growing cosine unit)", "globally_lipschitz"): "theirs: f' = cos(x) - x sin(x) is x at x = 2 pi k + 3 pi/2",
    ("Cosine-sigmoid CSS", "globally_lipschitz"): "theirs: |f'| <= 1 + 1/4",
    ("Expcos", "globally_lipschitz"): "theirs: |f'| <= 2 |x| exp(-x^2) + exp(-x^2) <= 1.86",
    ("SinLU", "globally_lipschitz"): "theirs: |f'| <= 2 s + (1 + |x|) s', and |x| s'(x) <= 0.23 for the logistic s: below 2.48",
    ("CosLU", "globally_lipschitz"): "theirs: as SinLU",
    ("GLN (sin + tanh mixture)", "globally_lipschitz"): "theirs: |f'| <= (1 - s) + s = 1",
    ("APAF", "globally_lipschitz"): "theirs: |f'| <= (1/4 + 1)/2",
    ("Morlet wavelet", "globally_lipschitz"): "theirs: |f'| <= |x| exp(-x^2/2) + 5 <= 5.61",
    ("FINER", "globally_lipschitz"): "theirs: f' = 30 (2 |x| + 1) cos(30 x (|x| + 1)), and the cosine is 1 or -1 at infinitely many points",
    ("EUAF", "globally_lipschitz"): "theirs: as for local continuity",
    ("GRA / Hill-type", "SAD"): "both: (x + 1)^2 is analytic on the line, a generic power of x + 1 is not defined there",
    ("SinLU", "SAD"): "theirs: not definable, see homes",
    ("CosLU", "SAD"): "theirs: not definable, see homes",
    ("GLN (sin + tanh mixture)", "SAD"): "theirs: not definable, see homes",
    ("APAF", "SAD"): "theirs: not definable, see homes",
    ("EUAF", "SAD"): "theirs: neither analytic nor definable",
}
HEAD = """# Where the reports on activations and a catalogue of measurements differ

`python benchmarks/activation_disagreements.py FOLDER` compares the records of the [atlas](activations.md) with the columns of a catalogue of
activations: structures, smoothness (C_k), local and global Lipschitz continuity, Lipschitz constant (more than 0.2 % apart), degree of homogeneity,
sublinear, non-affine, SAD, path-differentiability. Smoothness, constants and growth of the catalogue were measured on grids, its structures
were computed for generic parameters. Every difference is below with who is right and why; the script fails when one is not.
[Another page](catalogue-disagreements.md) compares the structural proofs alone, and operators of frameworks.
"""


def word(text: str) -> bool | None:
    """Return a yes or no at the start of a cell."""
    return {"yes": True, "no": False}.get(re.split(r"[ (]", text.strip())[0])


def differences(row: dict[str, str], record: dict) -> dict[str, tuple[str, str]]:
    """Return, by column, ours and theirs where they differ."""
    found = {}
    where = row["expected_smallest_structure"].strip()
    names = re.findall(r"R_\w+", where)
    if names and set(names) != set(record["homes"]):
        found["homes"] = (" or ".join(record["homes"]) or record["verdict"], where)
    if where == "none" and record["verdict"] != "not-definable":
        found["homes"] = (" or ".join(record["homes"]) or record["verdict"], where)
    smooth = record["smoothness"]
    ours = {"analytic": "C^omega", "discontinuous": "disc", "Cinf": "C^inf", "unknown": "unknown"}.get(smooth, smooth.replace("C", "C^"))
    theirs = row["C_k"].strip()
    if theirs and theirs.split(" ")[0] != ours:
        found["C_k"] = (ours, theirs)
    lipschitz = None if record["lipschitz"] is None else record["lipschitz"] != "inf"
    statements = {
        "locally_lipschitz": record["locally_lipschitz"], "globally_lipschitz": lipschitz, "sublinear": record["sublinear"], "SAD": record["sad"],
        "path_differentiable": record["path_differentiable"], "non_affine": None if record["affine"] is None else not record["affine"],
    }  # fmt: skip
    for column, value in statements.items():
        if row[column].strip() and row[column] != "unknown" and word(row[column]) is not value:
            found[column] = ({True: "yes", False: "no", None: "unknown"}[value], row[column])
    measured = re.fullmatch(r"[\d.]+(e-?\d+)?", row["lipschitz_constant_approx"].strip())
    if measured and lipschitz and abs(float(measured[0]) / float(record["lipschitz"]) - 1) > 2e-3:
        found["constant"] = (record["lipschitz"], measured[0])
    degree = row["homogeneity"].strip()
    if degree:
        mine = None if record["homogeneity"] is None else Fraction(record["homogeneity"])
        if (None if degree == "none" else Fraction(degree)) != mine:
            found["homogeneity"] = ("none" if mine is None else str(mine), degree)
    return found


def main(arguments: list[str] | None = None) -> int:
    """Compare; exit status 1 if a difference is not settled or a settlement has no difference."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("catalogue", type=Path)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args(arguments)
    with open(options.catalogue / "activations.csv", encoding="utf-8", newline="") as file:
        rows = {row["name"]: row for row in csv.DictReader(file)}
    records, found, compared = golden(), {}, 0
    for entry in activations():
        if entry.row in rows and entry.name in records:
            compared += 1
            for column, pair in differences(rows[entry.row], records[entry.name]).items():
                found[entry.name, column] = pair
    several = [a.name for a in activations() if a.row in rows and a.name not in records]
    without = sum(u.name in rows for u in unwritten())
    counted = (
        f"{compared} rows of one variable compared ({len(several)} rows of several variables and {without} without a formula are not); "
        f"{len(found)} differences in {len({n for n, _ in found})} rows.\n"
    )
    out = [HEAD, counted, "| row | column | ours | catalogue | settled |", "|---|---|---|---|---|"]
    for (name, column), (ours, theirs) in sorted(found.items(), key=lambda item: (item[0][1], item[0][0])):
        cells = (name, column, ours, theirs, SETTLED.get((name, column), "NOT SETTLED"))
        out.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
    names = {a.name for a in activations()}
    bad = [f"not settled: {k}: {found[k]}" for k in found if k not in SETTLED]
    bad += [f"settled, but no difference: {k}" for k in SETTLED if k not in found]
    bad += [f"no such entry: {n}" for n, _ in SETTLED if n not in names]
    print("\n".join([*bad, out[1]]))
    if options.write:
        PAGE.write_text("\n".join(out) + "\n", encoding="utf-8")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
