"""The claim about automatic differentiation, against exact directional derivatives with random admissible rules."""

import random
from fractions import Fraction

import pytest
from test_rules_against_samples import MULTIPLIER

import tamecheck as tc
from tamecheck.kernel.chain_rule import obstacle
from tamecheck.programs.program import Program
from tamecheck.proofs.definability import prove

TINY = Fraction(1, 10**9)


def random_program(rng: random.Random) -> tuple[Program, int]:
    """Return a random scalar program with many coinciding values, so that ties on whole intervals are frequent."""
    p = Program()
    pool = [p.input("x"), p.input("y"), p.constant(0), p.constant(1)]
    for _ in range(rng.randint(3, 10)):
        a, b, c = (rng.choice(pool[-5:] + pool[:2]) for _ in range(3))
        kind = rng.random()
        if kind < 0.3:
            n = p.map(rng.choice(["neg", "abs"]), a)
        elif kind < 0.8:
            n = p.map(rng.choice(["add", "sub", "max", "min", "mul", "max"]), a, b)
        elif kind < 0.9:
            n = p.where(p.compare(rng.choice(["lt", "le", "eq"]), a, b), a, b)
        else:
            n = p.where(p.compare(rng.choice(["lt", "le"]), a, p.constant(0)), b, c)
        pool.append(n)
    return p, pool[-1]


def run(p: Program, target: int, point: dict[str, Fraction], direction: dict[str, Fraction], rng: random.Random) -> tuple[Fraction, Fraction]:
    """Return value and forward derivative, with random admissible numbers at kinks and ties."""
    value: list[Fraction] = []
    slope: list[Fraction] = []
    for kind, parameters, arguments, _ in p.nodes:
        v, d = [value[a] for a in arguments], [slope[a] for a in arguments]
        zero = Fraction(0)
        if kind == "input":
            new = point[parameters[0]], direction[parameters[0]]
        elif kind == "constant":
            new = Fraction(parameters[1]), zero
        elif kind == "compare":
            new = Fraction({"lt": v[0] < v[1], "le": v[0] <= v[1], "eq": v[0] == v[1]}[parameters[0]]), zero
        elif kind == "where":
            new = (v[1], d[1]) if v[0] else (v[2], d[2])
        else:
            new = entrywise(parameters[0], v, d, rng)
        value.append(new[0])
        slope.append(new[1])
    return value[target], slope[target]


def rounds(p: Program, target: int, point: dict, direction: dict, count: int, rng: random.Random) -> tuple[Fraction, Fraction]:
    """Return value and forward derivative of ``count`` rounds of x -> p(x, y), with fresh admissible numbers in each."""
    v, d = point["x"], direction["x"]
    for _ in range(count):
        v, d = run(p, target, {"x": v, "y": point["y"]}, {"x": d, "y": direction["y"]}, rng)
    return v, d


def entrywise(name: str, v: list[Fraction], d: list[Fraction], rng: random.Random) -> tuple[Fraction, Fraction]:
    """Apply a primitive to value and derivative."""
    if name == "neg":
        return -v[0], -d[0]
    if name == "abs":
        return abs(v[0]), d[0] * (1 if v[0] > 0 else -1 if v[0] < 0 else rng.randint(-5, 5))
    if name in ("add", "sub"):
        s = 1 if name == "add" else -1
        return v[0] + s * v[1], d[0] + s * d[1]
    if name == "mul":
        return v[0] * v[1], d[0] * v[1] + v[0] * d[1]
    first = v[0] > v[1] if name == "max" else v[0] < v[1]
    weight = rng.randint(-4, 5) if v[0] == v[1] else int(first)
    return (max if name == "max" else min)(v), weight * d[0] + (1 - weight) * d[1]


@pytest.mark.parametrize("seed", range(16))
def test_directional_derivatives_are_right_for_every_admissible_rule(seed):
    """At random points of random lines, ties on whole intervals included, the derivative is that of the function."""
    rng, certified = random.Random(seed), 0
    for _ in range(40 * MULTIPLIER):
        p, target = random_program(rng)
        proof = prove(p, target)
        if obstacle(proof.program, proof.node, proof.derivation.record) is not None:
            continue
        certified += 1
        for _ in range(3):
            direction = {n: Fraction(rng.randint(-2, 2)) for n in "xy"}
            start, t = {n: Fraction(rng.randint(-2, 2)) for n in "xy"}, Fraction(rng.randint(-10**6, 10**6), 999_983)
            at = {n: start[n] + t * direction[n] for n in "xy"}
            f, slope = run(p, target, at, direction, rng)
            for h in (TINY, -TINY):
                g = run(p, target, {n: at[n] + h * direction[n] for n in "xy"}, direction, rng)[0]
                assert abs((g - f) / h - slope) < Fraction(1, 1000), (p.nodes, start, direction)
    assert certified > 10


def looped(body: Program, target: int, count: int) -> tc.Certificate:
    """Return the certificate of ``count`` rounds of a body in x and y."""
    p = Program()
    n = p.repeat(p.body(body), [target], count, [p.input("x"), p.input("y")], 1, 0)
    return tc.certify((p, {"h": n}), sharpness=False)


@pytest.mark.parametrize("seed", range(8))
def test_rounds_have_the_derivative_of_their_composition(seed):
    """Random bodies in three rounds, with other admissible numbers in every round."""
    rng, certified = random.Random(100 + seed), 0
    for _ in range(25 * MULTIPLIER):
        body, target = random_program(rng)
        certificate = looped(body, target, 3)
        if certificate.conservative_obstacle is not None:
            continue
        certified += 1
        for _ in range(3):
            direction = {n: Fraction(rng.randint(-2, 2)) for n in "xy"}
            start, t = {n: Fraction(rng.randint(-2, 2)) for n in "xy"}, Fraction(rng.randint(-10**6, 10**6), 999_983)
            at = {n: start[n] + t * direction[n] for n in "xy"}
            f, slope = rounds(body, target, at, direction, 3, rng)
            if abs(f) > 10**3 or abs(slope) > 10**3:
                continue
            for h in (TINY**4, -(TINY**4)):
                g = rounds(body, target, {n: at[n] + h * direction[n] for n in "xy"}, direction, 3, rng)[0]
                assert abs((g - f) / h - slope) < Fraction(1, 1000), (body.nodes, start, direction)
    assert certified > 5


@pytest.mark.parametrize("layer", ["RNN", "LSTM", "GRU"])
def test_recurrent_layers_in_rounds(layer):
    """A hundred steps of a recurrent layer are one loop, and differentiated legitimately."""
    from tamecheck import nn

    made = getattr(nn, layer)(4, 3)(nn.Input("x", (100, 2, 4)))
    certificate = tc.certify(made[0] if isinstance(made, tuple) else made, about="parameters", sharpness=False)
    assert any([node[0] == "repeat" for node in certificate.proof.program.nodes])
    assert certificate.conservative_obstacle is None
    assert certificate.document["claim"]["conservative"] == 1
    assert certificate.check().verdict == "valid"


@pytest.mark.parametrize(
    ("primitives", "reason"),
    [
        (["atan"], None), (["abs"], None), (["neg", "abs", "neg"], None), (["round"], "round jumps"), (["abs", "sqrt"], "sqrt is not differentiable"),
        (["abs", "sqrt", "round"], "round jumps"), (["log"], "not proved to be defined everywhere"),
    ],
)  # fmt: skip
def test_one_node_of_a_body_decides(primitives, reason):
    """The obstacle names the node of the body."""
    body = Program()
    n = body.input("h")
    body.input("z")
    for name in primitives:
        n = body.map(name, n)
    stop = looped(body, n, 5).conservative_obstacle
    assert (stop is None) == (reason is None)
    assert reason is None or reason in stop[1] or "defined everywhere" in stop[1]


def test_a_wrong_rule_is_seen():
    """With weights 1 and 1 at a tie, max(x, x) has slope 2 and a loop of the test above would fail."""

    class Wrong(random.Random):
        def randint(self, low: int, high: int) -> int:
            return 3

    v, d = [Fraction(1), Fraction(1)], [Fraction(1), Fraction(2)]
    slopes = {entrywise("max", v, d, rng)[1] for rng in (Wrong(), random.Random(1), random.Random(2))}
    assert len(slopes) > 1, "where the arguments' slopes differ, the numbers at a tie matter"


@pytest.mark.parametrize(
    ("formula", "certified"),
    [
        ("relu(x) - relu(-x)", True), ("max(x, y) + min(x, y)", True), ("where(x == 0, 0, x)", True), ("elu(x)", True), ("selu(x)", True),
        ("hardswish(x)", True), ("gelu(x)", True), ("log(1 + x^2)", True), ("x/(1 + abs(x))", True), ("abs(x)^(3/2)", True), ("x*abs(x)", True),
        ("log(1 + exp(-abs(x))) + relu(x)", True), ("sqrt(x^2 + 1)", True), ("sin(x)", True),
        ("0*x + y", True), ("0*sqrt(abs(x))", None), ("0*round(x) + y", None),
        ("round(x)", None), ("x + floor(x)", None), ("sqrt(abs(x))", None), ("sqrt(x^2)", None), ("where(x > 0, 1, 0)", None),
        ("1/x", None), ("log(x)", None), ("abs(x)^(1/2)", None), ("where(x > 0, sqrt(x), 0)", None),
    ],
)  # fmt: skip
def test_formulas(formula, certified):
    """What is certified is accepted by the checker; what is not names the node."""
    certificate = tc.certify(formula, sharpness=False)
    report = certificate.to_json_report()["conservative"]
    assert report["certified"] is certified
    assert (report["obstacle"] is None) == (certified is True)
    assert certificate.check().verdict == "valid"
    assert certificate.document["claim"].get("conservative") == (1 if certified else None)
