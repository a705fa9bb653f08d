"""Structured mutants of certificates: small random damage to documents that were good, or nearly good.

A mutant is made by one to three changes: an item dropped, doubled, swapped or moved; an index
redirected; a rule, structure, interval, number or truth value replaced, often by an evil one; a byte
flipped.  Everything is seeded: the same seed gives the same mutants.  `judge` tells what a mutant may
never do.
"""

import hashlib
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

EVIL = [
    None,
    True,
    False,
    -1,
    0,
    1,
    2,
    10**9,
    2**63,
    -(2**63),
    "",
    "0",
    "-0",
    "1/0",
    "2/4",
    "1e9",
    "nan",
    "inf",
    "any",
    "\u0663",
    "R_lin",
    "R_alg",
    "R_exp",
    "R_an",
    "R_an|R_exp",
    "R_exp|R_an",
    "R_lin R_alg",
    [],
    {},
    [[]],
    [0],
    ["1"],
    "(-inf,inf)",
    "[0,1]",
    "(1,0)",
    "[0,inf]",
    "(0,0)",
    "[0,0]",
    "analytic",
    "C0",
    "Cinf",
    "none",
    "C-1",
    "1" * 5000,
    "sin",
    "exp",
    "abs",
    "floor",
    "splat",
    "opaque",
    "values",
    "at 0",
    "pi",
]
RULES = [
    "input",
    "constant",
    "map",
    "contract",
    "reduce",
    "reindex",
    "compare",
    "logic",
    "where",
    "order",
    "lookup",
    "linalg",
    "repeat",
    "implicit",
    "assume",
    "share",
    "logsumexp",
    "logistic",
    "norm",
    "saturate",
    "piecewise",
    "pivot",
    "polynomial",
    "periodic",
    "slope",
    "escapes",
    "oscillate",
    "axiom",
    "staircase",
    "signs",
    "curvature",
    "peel",
    "level",
    "nothing",
    "refl",
]
PRIMITIVES = [
    "neg",
    "abs",
    "sign",
    "floor",
    "exp",
    "log",
    "sqrt",
    "sin",
    "cos",
    "atan",
    "erf",
    "add",
    "sub",
    "mul",
    "div",
    "pow",
    "max",
    "min",
    "gamma",
]


@dataclass(frozen=True)
class Seedling:
    """A document to damage, and its claim; ``false`` says that no certificate of this claim can exist."""

    name: str
    document: bytes
    claim: bytes
    false: bool


def containers(value: object) -> list:
    """Return every non-empty list and object inside a JSON value."""
    found, waiting = [], [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, (list, dict)) and item:
            found.append(item)
            waiting += list(item.values()) if isinstance(item, dict) else item
    return found


def derivations(document: dict) -> list[list]:
    """Return the lists of steps of a document."""
    lists = [document.get("steps")] + [i.get("steps") for i in document.get("instances", []) if isinstance(i, dict)]
    return [s for s in lists if isinstance(s, list) and s]


def hit_step(rng: random.Random, document: dict) -> None:
    """Change one part of one step."""
    lists = derivations(document)
    if not lists:
        return
    steps = rng.choice(lists)
    step = rng.choice(steps)
    if not isinstance(step, list) or len(step) != 5:
        return
    kind = rng.random()
    if kind < 0.25:
        step[4] = (
            rng.randrange(len(document["facts"]) or 1)
            if isinstance(step[4], int)
            else rng.choice([["not", "any"], ["escapes"], 0, step[4]])
        )
    elif kind < 0.45 and isinstance(step[2], list) and step[2]:
        step[2][rng.randrange(len(step[2]))] = rng.choice([rng.randrange(len(steps)), -1, len(steps)])
    elif kind < 0.6:
        step[0] = rng.choice(RULES)
    elif kind < 0.7:
        step[1] = rng.randrange(len(document["program"]["nodes"]) or 1)
    elif kind < 0.8:
        step[3] = rng.choice([[], ["0"], ["1", "2"], step[3] + step[3] if isinstance(step[3], list) else []])
    elif kind < 0.9:
        steps.insert(rng.randrange(len(steps)), json.loads(json.dumps(rng.choice(steps))))
    else:
        steps.pop(rng.randrange(len(steps)))


def hit_fact(rng: random.Random, document: dict) -> None:
    """Make one column of one fact say something else, or copy it from another fact."""
    facts = [f for f in document.get("facts", []) if isinstance(f, list) and len(f) == 9]
    if facts:
        fact, other, column = rng.choice(facts), rng.choice(facts), rng.randrange(9)
        fact[column] = other[column] if rng.random() < 0.7 else rng.choice(EVIL)


def hit_instance(rng: random.Random, document: dict) -> None:
    """Change what an instance is about."""
    instances = [i for i in document.get("instances", []) if isinstance(i, dict)]
    if instances:
        one, other = rng.choice(instances), rng.choice(instances)
        key = rng.choice(sorted(k for k in one if k != "steps"))
        one[key] = (
            json.loads(json.dumps(other.get(key))) if rng.random() < 0.5 else rng.choice([*EVIL, "(0,inf)", "(0,1)", "[1,2]", 0, 1, 2])
        )


def hit_program(rng: random.Random, document: dict) -> None:
    """Change one node; the digest is not repaired."""
    node = rng.choice(document["program"]["nodes"] or [[]])
    if isinstance(node, list) and len(node) == 4:
        k = rng.randrange(4)
        node[k] = rng.choice([[rng.choice(PRIMITIVES)], *EVIL]) if k else rng.choice(["map", "input", "constant", "where"])


def hit_anywhere(rng: random.Random, document: dict) -> None:
    """Drop, double, swap or replace something, anywhere."""
    box = rng.choice(containers(document))
    keys = list(box) if isinstance(box, dict) else list(range(len(box)))
    k, j, kind = rng.choice(keys), rng.choice(keys), rng.random()
    if kind < 0.2:
        del box[k]
    elif kind < 0.4:
        box[k], box[j] = box[j], box[k]
    elif kind < 0.6 and isinstance(box, list):
        box.insert(k, json.loads(json.dumps(box[j])))
    else:
        box[k] = rng.choice(EVIL)


HITS = [hit_step, hit_step, hit_step, hit_fact, hit_fact, hit_instance, hit_anywhere, hit_anywhere, hit_program]


def mutant(rng: random.Random, document: bytes) -> bytes:
    """Return a damaged copy of a document."""
    value = json.loads(document)
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        try:
            rng.choice(HITS)(rng, value)
        except (TypeError, KeyError, AttributeError, IndexError, ValueError):
            continue  # an earlier hit left nothing of that form
    data = bytearray(json.dumps(value, separators=(",", ":"), sort_keys=True).encode())
    if rng.random() < 0.1:
        data[rng.randrange(len(data))] = rng.choice(b'0123456789-"[]{},:aR_\x00\xff')
    elif rng.random() < 0.03:
        data = data[: rng.randrange(len(data))]
    return bytes(data)


def mutants(seedlings: list[Seedling], count: int, seed: int) -> Iterator[tuple[Seedling, bytes]]:
    """Return ``count`` mutants, half of them of near proofs of false claims."""
    rng = random.Random(seed)
    good, bad = [s for s in seedlings if not s.false], [s for s in seedlings if s.false]
    for k in range(count):
        seedling = rng.choice(bad if k % 2 and bad else good)
        yield seedling, mutant(rng, seedling.document)


def repaired(document: bytes) -> bytes:
    """Return the mutant with the digest of its own program in its claim, or as it is when that cannot be."""
    try:
        value = json.loads(document)
        value["claim"]["program"] = "sha256:" + hashlib.sha256(canonical(value["program"])).hexdigest()
        return canonical(value)
    except (ValueError, TypeError, KeyError):
        return document


# --------------------------------------------------------------------------- where they come from

FORMULAS = [  # (formula, box): small programs that use every rule between them
    ("sin(x)", "(-inf,inf)"),
    ("exp(x)+sin(tanh(x))", "(-inf,inf)"),
    ("gelu(x)", "(-inf,inf)"),
    ("floor(x)", "(-inf,inf)"),
    ("max(x,0)", "(-inf,inf)"),
    ("x*sin(x)", "(-inf,inf)"),
    ("log(x)", "(-inf,inf)"),
    ("log(x)", "(0,inf)"),
    ("sin(exp(x))", "(-inf,inf)"),
    ("where(x>0,x,exp(x)-1)", "(-inf,inf)"),
    ("x/(1+abs(x))", "(-inf,inf)"),
    ("sqrt(x^2+1)", "(-inf,inf)"),
    ("min(max(round(x),0),6)", "(-inf,inf)"),
    ("log(1+exp(x))", "(-inf,inf)"),
    ("2^x", "(-inf,inf)"),
    ("x^1.5", "(-inf,inf)"),
    ("x^pi", "(0,inf)"),
    ("x-floor(x)", "(-inf,inf)"),
    ("sin(x)+cos(x)", "(-inf,inf)"),
    ("asin(x)", "[-1,1]"),
    ("log(2+sin(x))", "(-inf,inf)"),
    ("atan(x)*exp(-x^2)", "(-inf,inf)"),
    ("sin(x)", "[0,3]"),
    ("x*y", "(-inf,inf)"),
    ("lgamma(x)", "(0,inf)"),
    ("gamma(x)", "[1,2]"),
    ("zeta(x)", "[2,3]"),
    ("erf(x)", "(-inf,inf)"),
    ("sign(x)", "(-inf,inf)"),
    ("abs(x)", "(-inf,inf)"),
    ("x^2-2*x", "(-inf,inf)"),
    ("1/(1+exp(-x))", "(-inf,inf)"),
    ("sqrt(x)", "[0,inf)"),
    ("x^3", "(-inf,inf)"),
    ("1/x", "(0,inf)"),
    ("where(x<=1,0.5*x*x,x-0.5)", "(-inf,inf)"),
    ("exp(-1/x)", "(0,inf)"),
    ("x^2+sin(x)", "(-inf,inf)"),
    ("tan(x)", "(-inf,inf)"),
]
FALSE = [  # (formula, box, column or "not", a false value)
    ("sin(x)", "(-inf,inf)", 1, "R_an|R_Pfaff"),
    ("sin(x)", "(-inf,inf)", 1, "R_Pfaff_G"),
    ("sin(x)", "(-inf,inf)", 3, "[-1/2,1]"),
    ("exp(x)", "(-inf,inf)", 1, "R_an"),
    ("exp(x)", "(-inf,inf)", 1, "R_lin"),
    ("exp(x)", "(-inf,inf)", 8, "1"),
    ("exp(x)", "(-inf,inf)", "not", "any"),
    ("floor(x)", "(-inf,inf)", 1, "R_lin"),
    ("floor(x)", "(-inf,inf)", 6, "C0"),
    ("x*y", "(-inf,inf)", 1, "R_lin"),
    ("x*y", "(-inf,inf)", 8, "1"),
    ("log(x)", "(-inf,inf)", 4, 1),
    ("log(x)", "(0,inf)", 1, "R_an"),
    ("erf(x)", "(-inf,inf)", 1, "R_an_exp"),
    ("erf(x)", "(-inf,inf)", 8, "1"),
    ("lgamma(x)", "(0,inf)", 1, "R_Pfaff"),
    ("abs(x)", "(-inf,inf)", 6, "C1"),
    ("max(x,0)", "(-inf,inf)", 6, "analytic"),
    ("sqrt(x)", "[0,inf)", 7, 1),
    ("sign(x)", "(-inf,inf)", 6, "C0"),
    ("x-floor(x)", "(-inf,inf)", 1, "R_Pfaff_G"),
    ("sin(exp(x))", "(-inf,inf)", 1, "R_an_exp"),
    ("log(exp(x))", "(-inf,inf)", "not", "any"),
    ("exp(log(x))", "(0,inf)", "not", "R_lin R_alg R_pow R_an R_an_pow R_G"),
    ("sin(x)^2+cos(x)^2", "(-inf,inf)", "not", "any"),
    ("x-x+sin(x)-sin(x)", "(-inf,inf)", "not", "any"),
    ("sin(x)", "[0,3]", "not", "any"),
    ("sin(x)", "[0,3]", 1, "R_exp"),
    ("atan(x)", "(-inf,inf)", 1, "R_exp"),
    ("x^1.5", "(0,inf)", 1, "R_lin"),
    ("x^2+sin(x)", "(-inf,inf)", 1, "R_an"),
    ("where(x>0,x,exp(x)-1)", "(-inf,inf)", 6, "C2"),
    ("x", "(-inf,inf)", "discontinuous", 1),
    ("sin(exp(-x))", "(0,inf)", "not", "any"),
    ("min(max(round(x),0),6)", "(-inf,inf)", 6, "C0"),
    ("tan(x)", "(-inf,inf)", 4, 1),
    ("1/x", "(-inf,inf)", 4, 1),
]


def certificate(formula: str, box: str) -> dict:
    """Return the document that the prover writes for a formula."""
    import tamecheck as tc
    from tamecheck.frontends.formula_io import load

    found = load(formula, boxes=dict.fromkeys(load(formula).variables, box))
    return json.loads(tc.certify((found.program, found.outputs["f"])).to_bytes())


def canonical(value: object) -> bytes:
    """Return the canonical JSON text."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=True).encode("ascii")


def near_miss(document: dict, column: object, value: object) -> dict:
    """Return the document with a false claim, and with the facts about the claimed node saying so."""
    claim = document["claim"]
    if isinstance(column, str):
        claim[column] = value
        for i in document["instances"]:  # refutations that say what is claimed
            for step in i["steps"]:
                if column == "not" and step[0] in ("peel", "level", "axiom", "oscillate", "staircase"):
                    step[4] = ["not", value]
        return document
    claim["holds"][column] = value
    for step in document["steps"]:
        if step[1] == claim["node"]:
            fact = list(document["facts"][step[4]])
            fact[column] = value
            document["facts"].append(fact)
            step[4] = len(document["facts"]) - 1
    return document


def near(formula: str) -> dict:
    """Return a certificate with a claim of near-homogeneity in the variables a and w; x lies in [-1,1]."""
    import tamecheck as tc
    from tamecheck.frontends.formula_io import load

    found = load(formula, boxes={"x": "[-1,1]"})
    c = tc.certify((found.program, found.outputs["f"]), sharpness=False)
    inputs = {c.proof.program.nodes[n][1][0]: n for n in c.proof.program.inputs()}
    c.near([inputs["a"], inputs["w"]])
    return json.loads(c.to_bytes())


def too_near(document: dict) -> dict:
    """Return the document with a false claim, and with the gate saying what it would need."""
    row, gate = document["claim"]["near"][0], document["gates"][0][0]
    row["defect"] = [str(Fraction(c) * Fraction(9, 10)) for c in row["defect"]]
    row["gap"] = [str(Fraction(c) / (row["degree"] - i)) for i, c in enumerate(row["defect"])]
    gate[2] = str(Fraction(gate[2]) * Fraction(9, 10))
    return document


NEAR = ["a*elu(w*x)", "a*tanh(w*x)", "a*hardswish(w*x) + a"]


def seedlings() -> list[Seedling]:
    """Return good certificates and near proofs of false claims."""
    good = [(f"{f} on {b}", certificate(f, b), False) for f, b in FORMULAS]
    bad = [(f"{f} on {b}: {column}={value}", near_miss(certificate(f, b), column, value), True) for f, b, column, value in FALSE]
    good += [(f"near: {f}", near(f), False) for f in NEAR]
    bad += [(f"too near: {f}", too_near(near(f)), True) for f in NEAR[:2]]
    return [Seedling(name, canonical(d), canonical(d["claim"]), false) for name, d, false in good + bad]
