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
    said = certificate.document["claim"].get("conservative")
    assert said == (1 if certified else {"norms": report["norms"], "verdict": "conservative"} if report["norms"] else None)


@pytest.mark.parametrize(
    ("formula", "roots"),
    [
        ("sqrt(x^2)", 1), ("hypot(x, y)", 1), ("sqrt(x^2/3 + 2*y^2 + 0)", 1), ("sqrt(x^2) + sqrt(y*y)*y", 2), ("max(sqrt(x^2 + y^2), 1)", 1),
        ("sqrt(x^2 + 1)", 0), ("sqrt(abs(x))", None), ("sqrt(x^2 + abs(y))", None), ("sqrt(sqrt(x^2))", None), ("sqrt(max(x*x, y))", None),
        ("sqrt(x^2 - 2*x + 1)", None), ("sqrt(abs(x))*sqrt(abs(x))", None),
    ],
)  # fmt: skip
def test_norms(formula, roots):
    """Roots of sums of squares are legitimate as one operator each; the claim lists them; other roots are not."""
    certificate = tc.certify(formula, sharpness=False)
    norms = certificate.norms_as_operators
    assert (None if norms is None else len(norms)) == roots
    claimed = certificate.document["claim"].get("conservative")
    assert claimed == (None if roots is None else {"norms": list(norms), "verdict": "conservative"} if roots else 1)
    assert certificate.check().verdict == "valid"


@pytest.mark.parametrize("seed", range(4))
def test_any_number_at_the_zero_of_a_norm(seed):
    """Along random curves through zeros of a norm, on intervals too, the derivative is that of the function, whatever is returned at 0."""
    rng = random.Random(seed)
    for _ in range(50):
        a, b = (rng.choice([0, 1, -1, 2]) for _ in range(2))
        t = Fraction(rng.randint(-2, 2)) + rng.choice([0, Fraction(1, 7)])

        def path(s: Fraction, a: int = a, b: int = b) -> tuple[Fraction, Fraction]:
            # 0 for s <= 0, then along (a, b): a Pythagorean direction keeps the norm rational
            return (3 * a * max(s, Fraction(0)), 4 * b * max(s, Fraction(0)))

        x, y = path(t)
        if (x or y) and abs(a) != abs(b):
            continue
        square = x * x + y * y
        root = Fraction(int(square.numerator**0.5 + 0.5), int(square.denominator**0.5 + 0.5))
        assert root * root == square
        h = TINY
        speed = [(p - q) / h for p, q in zip(path(t + h), (x, y), strict=True)]
        if t == 0:
            continue  # the path has a kink there: a single time
        returned = (x / root, y / root) if root else (rng.randint(-9, 9), rng.randint(-9, 9))
        ahead = path(t + h)
        length = ahead[0] ** 2 + ahead[1] ** 2
        slope = (length - square) / h / (2 * root) if root else Fraction(0) if not length else None
        assert slope is not None and abs(sum([r * v for r, v in zip(returned, speed, strict=True)]) - slope) < Fraction(1, 1000)


def test_unit_vectors_of_an_eigenspace():
    """Q(t) diag(p, p, q) Q(t)' keeps a double eigenvalue p(t): u'A'u = p' for every unit vector u of its eigenspace, and not for others."""
    rng = random.Random(3)
    for _ in range(20):
        skew = [[Fraction(0)] * 3 for _ in range(3)]
        for i, j in ((0, 1), (0, 2), (1, 2)):
            skew[i][j] = Fraction(rng.randint(-5, 5))
            skew[j][i] = -skew[i][j]
        values, slopes = [Fraction(2), Fraction(2), Fraction(7)], [Fraction(3), Fraction(3), Fraction(rng.choice([-1, 5]))]
        # A' at a time with Q = 1, Q' = skew
        derivative = [[skew[i][j] * (values[j] - values[i]) + (slopes[i] if i == j else 0) for j in range(3)] for i in range(3)]
        for u in ((1, 0, 0), (0, 1, 0), (Fraction(3, 5), Fraction(4, 5), 0), (Fraction(-5, 13), Fraction(12, 13), 0)):
            assert sum([u[i] * derivative[i][j] * u[j] for i in range(3) for j in range(3)]) == slopes[0]
        assert derivative[2][2] != slopes[0]
