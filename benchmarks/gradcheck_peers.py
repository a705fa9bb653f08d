"""How do gradient checkers judge derivative rules?  Wrong rules that they pass, right rules that they reject, against the exact decision.

    python benchmarks/gradcheck_peers.py            needs torch and jax; a peer that is not installed is left out

Every case is a forward formula and the backward formulas of an operation (`g` is what comes in).  Right: the rule is a selection of a conservative
field of the function.  The peers are run twice, as a user would: at ten random points (normal, fixed seed), and at points that are placed on the
kinks.  A rule is passed by a peer if it is passed at all points.
"""

import argparse
import json
import random
import time
from fractions import Fraction

from tamecheck.autodiff.code import read
from tamecheck.frameworks.custom_rules import decide_rule
from tamecheck.ground.grammar import parse

RANDOM_POINTS = 10
XY, XYZ = "x y", "x y z"


def tie(a, b, at="x == y", over="x > y"):
    """Return the backward formulas of a maximum with weights a, b at the tie."""
    return [f"where({at}, {a}, where({over}, 1, 0))*g", f"where({at}, {b}, where({over}, 0, 1))*g"]


def lower(a, b):
    """Return the backward formulas of a minimum."""
    return tie(a, b, over="x < y")


def at(place, there, else_):
    """Return one backward formula with another value at a place."""
    return f"where({place}, {there}, {else_})*g"


DIAGONAL = [(1, 1), (-2, -2), (0, 0)]
ORIGIN, ORIGIN2 = [(0,)], [(0, 1), (1, 0), (0, -2)]
WRONG = [
    ("C01 max, ties (1, 1)", "max(x, y)", tie(1, 1), XY, DIAGONAL),
    ("C02 max, ties (0, 0)", "max(x, y)", tie(0, 0), XY, DIAGONAL),
    ("max, ties (1, 1/2)", "max(x, y)", tie(1, "1/2"), XY, DIAGONAL),
    ("max, ties (1/3, 1/3)", "max(x, y)", tie("1/3", "1/3"), XY, DIAGONAL),
    ("min, ties (1, 1)", "min(x, y)", lower(1, 1), XY, DIAGONAL),
    ("min, ties (0, 0)", "min(x, y)", lower(0, 0), XY, DIAGONAL),
    ("min, ties (-1, 1)", "min(x, y)", lower(-1, 1), XY, DIAGONAL),
    ("C27 zero, rule (0, 1) on x = 0", "0*x + 0*y", ["0*g", at("x == 0", 1, 0)], XY, ORIGIN2),
    (
        "C18 |x| + |y|, rule 0 if a coordinate is 0",
        "abs(x) + abs(y)",
        [at("x == 0 or y == 0", 0, "sign(x)"), at("x == 0 or y == 0", 0, "sign(y)")],
        XY,
        ORIGIN2,
    ),
    (
        "largest of three, (1, 1, 0) at x = y",
        "max(x, max(y, z))",
        [at("x >= y and x >= z", 1, 0), at("y >= x and y >= z", 1, 0), at("z > x and z > y", 1, 0)],
        XYZ,
        [(1, 1, 0), (2, 2, -1)],
    ),
    ("relu(x)*y, rule 1 for y on x = 0", "relu(x)*y", [at("x > 0", "y", 0), "where(x > 0, x, where(x == 0, 1, 0))*g"], XY, ORIGIN2),
    ("|x - y|, ties (1, 0)", "abs(x - y)", [at("x == y", 1, "sign(x - y)"), "-sign(x - y)*g"], XY, DIAGONAL),
    ("|x - y|, ties (1, 1)", "abs(x - y)", [at("x == y", 1, "sign(x - y)"), at("x == y", 1, "-sign(x - y)")], XY, DIAGONAL),
    ("relu(x - y), ties (1, 0)", "relu(x - y)", [at("x >= y", 1, 0), at("x > y", -1, 0)], XY, DIAGONAL),
    ("relu(x + y), ties (1, 0)", "relu(x + y)", [at("x + y >= 0", 1, 0), at("x + y > 0", 1, 0)], XY, [(1, -1), (2, -2)]),
    ("max(x, 2 y), ties (1, 1)", "max(x, 2*y)", [at("x >= 2*y", 1, 0), "where(x > 2*y, 0, where(x == 2*y, 1, 2))*g"], XY, [(2, 1), (-4, -2)]),
    ("max(y, x^2), ties (0, 0)", "max(y, x^2)", [at("y < x^2", "2*x", 0), at("y > x^2", 1, 0)], XY, [(1, 1), (2, 4)]),
    ("max(y, x^2), ties (1, 1)", "max(y, x^2)", ["where(y < x^2, 2*x, where(y == x^2, 1, 0))*g", at("y >= x^2", 1, 0)], XY, [(1, 1), (2, 4)]),
    ("x*y, rule 1 for y on x = 0", "x*y", ["y*g", at("x == 0", 1, "x")], XY, ORIGIN2),
    (
        "x*y, rule 0 on x*y = 0 (a cumulative product)",
        "x*y",
        [at("x*y == 0", 0, "y"), at("x*y == 0", 0, "x") + " + 0*g + where(x == 0, 1, 0)*g"],
        XY,
        ORIGIN2,
    ),
    ("x^2*y, rule 0 on the diagonal", "x^2*y", [at("x == y", 0, "2*x*y"), "x^2*g"], XY, DIAGONAL),
    ("x + y, rule (2, 1) on the diagonal", "x + y", [at("x == y", 2, 1), "g"], XY, DIAGONAL),
    ("x - y, rule 0 for y on x = 0", "x - y", ["g", at("x == 0", 0, -1)], XY, ORIGIN2),
    ("(x^2 + y^2)/2, rule 0 for y on x = 0", "(x^2 + y^2)/2", ["x*g", at("x == 0", 0, "y")], XY, ORIGIN2),
    (
        "max, rule 0 in a band around the tie",
        "max(x, y)",
        ["where(abs(x - y) < 1/1000, 0, where(x > y, 1, 0))*g", "where(abs(x - y) < 1/1000, 0, where(x > y, 0, 1))*g"],
        XY,
        DIAGONAL,
    ),
    ("C03 round, straight through", "round(x)", ["g"], "x", [(Fraction(1, 2),)]),
    ("C04 round, derivative 0", "round(x)", ["0*g"], "x", [(Fraction(1, 2),)]),
    ("floor, derivative 0", "floor(x)", ["0*g"], "x", [(1,)]),
    ("sign, derivative 0", "sign(x)", ["0*g"], "x", ORIGIN),
    ("sign, clipped straight through", "sign(x)", [at("abs(x) <= 1", 1, 0)], "x", ORIGIN),
    ("hard shrinkage", "where(abs(x) > 1/2, x, 0)", [at("abs(x) > 1/2", 1, 0)], "x", [(Fraction(1, 2),)]),
    ("threshold", "where(x > 1, x, 0)", [at("x > 1", 1, 0)], "x", [(1,)]),
    ("fractional part, derivative 1", "x - floor(x)", ["g"], "x", [(1,)]),
    ("C06 x^2, one factor detached", "x^2", ["x*g"], "x", ORIGIN),
    ("C07 x*y, y detached", "x*y", ["y*g", "0*g"], XY, [(0, 0)]),
    ("C10 x^2 y, clipped gradient", "x^2*y", ["min(max(2*x*y, -1), 1)*g", "min(max(x^2, -1), 1)*g"], XY, [(0, 0), (Fraction(1, 2), Fraction(1, 2))]),
    ("C24 gradient reversed", "x", ["-g"], "x", ORIGIN),
    ("C25 relu, identity backward", "relu(x)", ["g"], "x", ORIGIN),
    ("relu(x - 10), rule 0", "relu(x - 10)", ["0*g"], "x", [(10,)]),
    ("x, rule 0 for |x| < 1/1000", "x", [at("abs(x) < 1/1000", 0, 1)], "x", ORIGIN),
]
RIGHT = [
    *[(f"relu, relu'(0) = {a}", "relu(x)", [f"where(x > 0, 1, where(x == 0, {a}, 0))*g"], "x", ORIGIN) for a in ("0", "1", "1/2", "-3")],
    *[(f"abs, abs'(0) = {a}", "abs(x)", [at("x == 0", a, "sign(x)")], "x", ORIGIN) for a in ("0", "1", "-1")],
    *[(f"max, ties ({a}, {b})", "max(x, y)", tie(a, b), XY, DIAGONAL) for a, b in (("1/2", "1/2"), (1, 0), (2, -1))],
    *[(f"min, ties ({a}, {b})", "min(x, y)", lower(a, b), XY, DIAGONAL) for a, b in (("1/2", "1/2"), (0, 1))],
    ("leaky relu, the right slope", "max(x, x/100)", [at("x >= 0", 1, "1/100")], "x", ORIGIN),
    ("relu6, 0 at both kinks", "min(max(x, 0), 6)", [at("x > 0 and x < 6", 1, 0)], "x", [(0,), (6,)]),
    ("hardtanh, 1 at both kinks", "min(max(x, -1), 1)", [at("x >= -1 and x <= 1", 1, 0)], "x", [(-1,), (1,)]),
    ("hardswish, 0 and 1", "x*min(max(x + 3, 0), 6)/6", ["where(x <= -3, 0, where(x >= 3, 1, (2*x + 3)/6))*g"], "x", [(-3,), (3,)]),
    (
        "soft shrinkage",
        "where(x > 1/2, x - 1/2, where(x < -1/2, x + 1/2, 0))",
        [at("abs(x) > 1/2", 1, 0)],
        "x",
        [(Fraction(1, 2),), (Fraction(-1, 2),)],
    ),
    ("|x| + |y|, 0 at 0", "abs(x) + abs(y)", ["sign(x)*g", "sign(y)*g"], XY, ORIGIN2),
    ("|x - y|, ties (0, 0)", "abs(x - y)", ["sign(x - y)*g", "-sign(x - y)*g"], XY, DIAGONAL),
    ("relu(x)*y, free on x = 0", "relu(x)*y", [at("x >= 0", "y", 0), at("x > 0", "x", 0)], XY, ORIGIN2),
    (
        "largest of three, the first wins",
        "max(x, max(y, z))",
        [at("x >= y and x >= z", 1, 0), at("y > x and y >= z", 1, 0), at("z > x and z > y", 1, 0)],
        XYZ,
        [(1, 1, 0), (1, 1, 1)],
    ),
    ("max(y, x^2), y wins", "max(y, x^2)", [at("y < x^2", "2*x", 0), at("y >= x^2", 1, 0)], XY, [(1, 1), (2, 4)]),
    ("max(x, 2 y), x wins", "max(x, 2*y)", [at("x >= 2*y", 1, 0), at("x < 2*y", 2, 0)], XY, [(2, 1)]),
    ("relu(x - y), ties (0, 0)", "relu(x - y)", [at("x > y", 1, 0), at("x > y", -1, 0)], XY, DIAGONAL),
    ("where(x == 0, 0, x)", "x", [at("x == 0", 0, 1)], "x", ORIGIN),
    ("x |x|", "x*abs(x)", ["2*abs(x)*g"], "x", ORIGIN),
    ("x*y", "x*y", ["y*g", "x*g"], XY, [(0, 0)]),
    ("x^2 y", "x^2*y", ["2*x*y*g", "x^2*g"], XY, [(0, 1)]),
]


def evaluate(code, np, arguments):
    """Return the value of a formula with arrays of a module `np` (torch or jax.numpy)."""
    table = {
        "add": lambda a, b: a + b,
        "sub": lambda a, b: a - b,
        "mul": lambda a, b: a * b,
        "div": lambda a, b: a / b,
        "neg": lambda a: -a,
        "le": lambda a, b: a <= b,
        "lt": lambda a, b: a < b,
        "eq": lambda a, b: a == b,
        "ne": lambda a, b: a != b,
        "and": lambda a, b: a & b,
        "or": lambda a, b: a | b,
        "not": lambda a: ~a,
        "abs": np.abs,
        "sign": np.sign,
        "max": np.maximum,
        "min": np.minimum,
        "floor": np.floor,
        "ceil": np.ceil,
        "round": np.round,
    }
    like = arguments[0]
    values = {}
    for n in code.needed():
        kind, payload, parts = code.nodes[n]
        of = [values[p] for p in parts]
        if kind == "number":
            values[n] = like * 0 + float(payload)
        elif kind == "variable":
            values[n] = arguments[payload]
        elif kind == "power":
            values[n] = of[0] ** float(payload)
        elif kind == "where":
            values[n] = np.where(*of)
        elif kind == "call":
            values[n] = evaluate(payload.body, np, of)
        else:
            values[n] = table[payload](*of)
    return values[code.root]


def torch_passes(forward, backward, points) -> bool:
    """Return whether torch.autograd.gradcheck passes a rule at all points, with its defaults."""
    import torch

    class Rule(torch.autograd.Function):
        @staticmethod
        def forward(ctx, *x):
            ctx.save_for_backward(*x)
            return evaluate(forward, torch, x)

        @staticmethod
        def backward(ctx, g):
            return tuple([evaluate(b, torch, (*ctx.saved_tensors, g)) for b in backward])

    for p in points:
        x = [torch.tensor([float(c)], dtype=torch.float64, requires_grad=True) for c in p]
        if not torch.autograd.gradcheck(Rule.apply, x, raise_exception=False):
            return False
    return True


def jax_passes(forward, backward, points) -> bool:
    """Return whether jax.test_util.check_grads (reverse mode, first order, otherwise its defaults) passes a rule at all points."""
    import jax
    import jax.numpy as jnp
    from jax.test_util import check_grads

    jax.config.update("jax_enable_x64", True)

    @jax.custom_vjp
    def rule(*x):
        return evaluate(forward, jnp, x)

    rule.defvjp(lambda *x: (evaluate(forward, jnp, x), x), lambda x, g: tuple([evaluate(b, jnp, (*x, g)) for b in backward]))
    for p in points:
        try:
            check_grads(rule, [jnp.asarray([float(c)]) for c in p], order=1, modes=["rev"])
        except AssertionError:
            return False
    return True


def peers() -> dict:
    """Return the peers that are installed."""
    from importlib.util import find_spec

    return {name: f for module, name, f in (("torch", "gradcheck", torch_passes), ("jax", "check_grads", jax_passes)) if find_spec(module)}


def run() -> list[dict]:
    """Judge all cases."""
    draw, rows = random.Random(0), []
    for truth, cases in (("wrong", WRONG), ("right", RIGHT)):
        for name, forward, backward, variables, placed in cases:
            names = variables.split()
            started = time.perf_counter()
            report = decide_rule(forward, backward, names)
            row = {"case": name, "truth": truth, "tamecheck": report.verdict, "checked": report.verify(), "seconds": time.perf_counter() - started}
            codes = read(parse(forward), names, {}), [read(parse(b), [*names, "g"], {}) for b in backward]
            points = [[draw.gauss(0, 1) for _ in names] for _ in range(RANDOM_POINTS)]
            for peer, passes in peers().items():
                row[peer] = {"random": passes(*codes, points), "placed": passes(*codes, placed)}
            rows.append(row)
    return rows


def show(rows) -> None:
    """Print the cases and the table of the documentation."""
    found = list(peers())
    word = {"wrong": {True: "missed", False: "found"}, "right": {True: "passed", False: "rejected"}}
    for r in rows:
        parts = [f"{p} {word[r['truth']][r[p]['random']]}/{word[r['truth']][r[p]['placed']]}" for p in found]
        print(f"{r['truth']:<6} {r['case']:<48} {r['tamecheck']:<17} {r['seconds']:5.2f} s  {'  '.join(parts)}")
    wrong, right = ([r for r in rows if r["truth"] == t] for t in ("wrong", "right"))
    print(f"\n| checker | wrong rules missed (of {len(wrong)}) | right rules rejected (of {len(right)}) |\n|---|---|---|")
    for p in found:
        for how, title in (("random", f"{RANDOM_POINTS} random points"), ("placed", "points placed on kinks")):
            print(f"| {p}, {title} | {sum([r[p][how] for r in wrong])} | {sum([not r[p][how] for r in right])} |")
        print(f"| {p}, both | {sum([min(r[p].values()) for r in wrong])} | {sum([not min(r[p].values()) for r in right])} |")
    positive = ("exact-c1", "clarke", "conservative")
    missed = sum([r["tamecheck"] not in ("not-conservative", "conservative-for-other") for r in wrong])
    rejected = sum([r["tamecheck"] not in positive for r in right])
    print(f"| tc.torch.decide_rule | {missed} | {rejected} |")
    seen, bad = sum([r["checked"] is True for r in wrong]), sum([r["checked"] is False for r in wrong])
    print(
        f"\nwitnesses that pass their second check: {seen} of {len(wrong)}, fail: {bad}; slowest decision {max([r['seconds'] for r in rows]):.2f} s"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    result = run()
    print(json.dumps(result, indent=1)) if parser.parse_args().json else show(result)
