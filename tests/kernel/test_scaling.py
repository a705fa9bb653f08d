"""Degrees under scalings: the calculus against evaluation, the solver against the calculus, all three checkers against each other."""

import importlib.util
import json
import random
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from test_rules_against_samples import BINARY, MULTIPLIER

import tamecheck as tc
from tamecheck import checker
from tamecheck.frontends.sources import read
from tamecheck.ground.intervals import interval
from tamecheck.kernel.scaling import ANY, degrees
from tamecheck.programs.evaluate import evaluate
from tamecheck.programs.program import Program
from tamecheck.proofs.homogeneity import scalings

_SPEC = importlib.util.spec_from_file_location("second", Path(__file__).resolve().parents[1] / "quality" / "second_checker.py")
second_checker = sys.modules["second"] = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(second_checker)
SMALL = ["neg", "abs", "sign", "sqrt", "exp", "floor", "atan"]


def random_program(rng: random.Random) -> tuple[Program, int]:
    """Return a random program in which homogeneous nodes are frequent."""
    p = Program()
    shape = rng.choice([(), (3,), (2, 2)])
    boxes = [interval(None, None), interval(0, None), interval(-1, 1), interval(None, 0)]
    pool = [p.input(f"x{k}", shape, box=rng.choice(boxes[: rng.choice([1, 4])])) for k in range(3)] + [p.constant(q, shape) for q in (0, 1, -2)]
    for _ in range(rng.randint(2, 9)):
        a, b, c = (rng.choice(pool[-6:] + pool[:3]) for _ in range(3))
        kind = rng.random()
        if kind < 0.2:
            n = p.map(rng.choice(SMALL), a)
        elif kind < 0.65:
            n = p.map(rng.choice(BINARY[:6]), a, b)
        elif kind < 0.72:
            n = p.map("pow", a, p.constant(rng.choice([0, 1, 2, 3, -1, Fraction(1, 2)])))
        elif kind < 0.8:
            n = p.where(p.compare(rng.choice(["lt", "le", "eq"]), a, b), b, c)
        elif kind < 0.84:
            n = p.where(p.logic("and", a, b), a, c)
        elif len(shape) == 1 and kind < 0.94:
            n = rng.choice([
                lambda a=a, b=b: p.contract("a,a->", a, b), lambda a=a: p.reduce("prod", a, [0]), lambda a=a: p.reduce("sum", a, [0]),
                lambda a=a: p.order("sort", a, 0), lambda a=a: p.cumulate("sum", a, 0), lambda a=a: p.reduce("max", a, [0]),
            ])() if p.shape(a) == p.shape(b) == (3,) else a
        elif len(shape) == 2 and kind < 0.98 and p.shape(a) == (2, 2):
            n = p.linalg(rng.choice(["det", "inverse", "svdvals"]), a)
        else:
            n = a
        pool.append(n)
    return p, pool[-1]


def values(rng: random.Random, p: Program) -> dict[str, np.ndarray]:
    """Return random values of the inputs, zeros among them."""
    found = {}
    for n in p.inputs():
        low, high = {"(-inf,inf)": (-4, 4), "[0,inf)": (0, 4), "[-1,1]": (-1, 1), "(-inf,0]": (-4, 0)}[p.nodes[n][1][2]]
        entries = [rng.choice([rng.uniform(low, high), rng.randint(low, high)]) for _ in range(int(np.prod(p.shape(n), dtype=int)))]
        found[p.nodes[n][1][0]] = np.array(entries, float).reshape(p.shape(n))
    return found


def claimed_weights(rng: random.Random, p: Program, target: int) -> dict[int, Fraction]:
    """Return all ones on some inputs, or a member of the solver's space."""
    space = scalings(p, target)
    if space is None or not space.basis or rng.random() < 0.3:
        return {n: Fraction(1) for n in p.inputs() if rng.random() < 0.7}
    return space.point([Fraction(rng.randint(-2, 3), rng.randint(1, 2)) for _ in space.basis])[0]


@pytest.mark.parametrize("seed", range(60))
def test_degrees_survive_evaluation(seed):
    """f(scaled x) = t^d f(x) wherever both are computed, for what the calculus calls homogeneous."""
    rng, seen = random.Random(seed), 0
    for _ in range(25 * MULTIPLIER):
        p, target = random_program(rng)
        weights = claimed_weights(rng, p, target)
        degree = degrees(p, weights)[target]
        if degree is None:
            continue
        seen += 1
        for _ in range(4):
            x, t = values(rng, p), rng.choice([0.5, 2.0, 4.0])
            y = {p.nodes[n][1][0]: x[p.nodes[n][1][0]] * t ** float(weights.get(n, 0)) for n in p.inputs()}
            with np.errstate(all="ignore"):
                (a,), (b,) = evaluate(p, [target], x), evaluate(p, [target], y)
            if degree == ANY:
                assert np.all((a == 0) | ~np.isfinite(a))
                continue
            wanted = a * t ** float(degree)
            size = np.max(np.abs(wanted[np.isfinite(wanted)]), initial=1.0)
            good = np.isfinite(wanted) & np.isfinite(b) & (np.abs(wanted) < 1e12)
            assert np.allclose(wanted[good], b[good], rtol=1e-6, atol=1e-9 * size), (seed, p.nodes, weights, degree)
            assert np.array_equal(np.isnan(a), np.isnan(b)), (seed, p.nodes, weights, degree)
    assert seen > 5


@pytest.mark.parametrize("seed", range(40))
def test_the_solver_finds_what_the_calculus_accepts(seed):
    """Every scaling of the space passes, and every passing vector of small weights lies in the space."""
    rng = random.Random(1000 + seed)
    for _ in range(20 * MULTIPLIER):
        p, target = random_program(rng)
        space = scalings(p, target)
        for _ in range(3):
            weights, degree = space.point([Fraction(rng.randint(-3, 3)) for _ in space.basis])
            assert degrees(p, weights)[target] in (degree, ANY)
        free = [set(w) for w, _ in space.basis]
        for _ in range(10):
            weights = {n: Fraction(rng.randint(-1, 2)) for n in p.inputs()}
            if degrees(p, weights)[target] is None or not all(weights.values()):
                continue
            needed = set(p.ancestors([target]))
            live = [n for n in p.inputs() if n in needed and not any(free) or any(n in s for s in free)]
            assert spanned(space, {n: weights[n] for n in live}), (p.nodes, weights)


def spanned(space, weights: dict[int, Fraction]) -> bool:
    """Tell whether the weights are a combination of the basis; every basis member has an input of its own with weight 1."""
    coordinates = []
    for k, (w, _) in enumerate(space.basis):
        own = [n for n in w if w[n] == 1 and not any(n in v for j, (v, _) in enumerate(space.basis) if j != k)]
        if not own:
            return True
        coordinates.append(weights.get(own[0], Fraction(0)))
    made = space.point(coordinates)[0]
    return all(made.get(n, 0) == w for n, w in weights.items())


GOOD = [  # formula, weights asked for by name, degree
    ("a*relu(w*x + b)", {"a": 1, "w": 1, "b": 1}, 2),
    ("a*relu(V*relu(w*x + b1) + b2) + c", {"a": 1, "V": 1, "w": 1, "b1": 1, "b2": 2, "c": 3}, 3),
    ("x/sqrt(x^2 + y^2)", {"x": 1, "y": 1}, 0),
    ("exp(x/y)*x", {"x": 1, "y": 1}, 1),
    ("where(x > y, x, 2*y) - abs(y)", {"x": 1, "y": 1}, 1),
    ("log(x/y)*atan(y/x)", {"x": 1, "y": 1}, 0),
    ("max(x, 0)^(3/2)", {"x": 1}, Fraction(3, 2)),
    ("x/y", {"x": -1, "y": 2}, -3),
    ("sign(x)*y", {"x": 1, "y": 1}, 1),
    ("leaky_relu(x)", {"x": 1}, 1),
    ("0*x", {"x": 7}, 7),
]


@pytest.mark.parametrize(("formula", "weights", "degree"), GOOD)
def test_all_checkers_accept_what_is_true_and_refuse_its_neighbours(formula, weights, degree):
    """A true scaling in a claim is accepted by both checkers; one more than the degree, and one more on a weight, are not."""
    certificate = tc.certify(formula)
    place = {row[1][0]: n for n, row in enumerate(certificate.document["program"]["nodes"]) if row[0] == "input"}
    document = json.loads(certificate.to_bytes())

    def verdicts(changed: dict, d: object) -> set[str]:
        document["claim"]["scalings"] = [[sorted([place[name], str(w)] for name, w in changed.items() if w), str(d)]]
        data = json.dumps(document).encode()
        return {checker.check(data).verdict, second_checker.check(data).verdict}

    assert verdicts(weights, degree) == {"valid"}
    if formula == "0*x":
        return
    assert verdicts(weights, degree + 1) == {"invalid"}
    for name in weights:
        assert verdicts({**weights, name: weights[name] + 1}, degree) == {"invalid"} or name in ("x", "w") or degree == 0


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("relu(x)", {"parameters": None, "inputs": 1, "weights": {"x": 1}, "degree": 1}),
        ("sqrt(x)", {"parameters": None, "inputs": 0.5, "weights": {"x": 1}, "degree": 0.5}),
        ("tanh(x)", None),
        ("x*y + x^3", {"parameters": None, "inputs": None, "weights": {"x": 1, "y": 2}, "degree": 3}),
        ("x*y + 1", None),
        ("x/y + 1", {"parameters": None, "inputs": 0, "weights": {"x": 1, "y": 1}, "degree": 0}),
    ],
)
def test_the_report_names_degrees_and_weights(formula, expected):
    """The JSON of certify."""
    found = tc.certify(formula).to_json_report()["homogeneity"]
    if expected is None:
        assert found is None
        return
    assert {k: found[k] for k in expected} == expected
    assert "weights" in found["claimed"] and found["near"] == []


def test_a_recurrent_network_is_homogeneous_in_its_input():
    """h <- relu(W h + U x) from h = 0, three rounds: degree 1 in x, none in W and U together."""
    p, body = Program(), Program()
    h, w, u, x = (body.input(n, s) for n, s in (("h", (2,)), ("w", (2, 2)), ("u", (2, 2)), ("x", (2,))))
    step = body.map("max", body.map("add", body.contract("ab,b->a", w, h), body.contract("ab,b->a", u, x)), body.constant(0))
    n = p.repeat(p.body(body), [step], 3, [p.constant(0, (2,)), p.input("W", (2, 2)), p.input("U", (2, 2)), p.input("x", (2,))], 1, 0)
    place = {p.nodes[i][1][0]: i for i in p.inputs()}
    assert degrees(p, {place["x"]: Fraction(1)})[n] == 1
    assert degrees(p, {place["U"]: Fraction(1)})[n] == 1
    assert degrees(p, {place["W"]: Fraction(1)})[n] is None
    space = scalings(p, n)
    assert space.dimension == 2 and all(degrees(p, w)[n] == d for w, d in space.basis)
    certificate = tc.certify((p, {"h": n}))
    assert certificate.to_json_report()["homogeneity"]["weights"] == {"U": 1, "x": 1}
    assert certificate.check().verdict == "valid"


def test_read_keeps_the_names():
    """Weights are reported in the user's own names."""
    found = read("alpha*relu(beta)")
    assert [found.program.nodes[n][1][0] for n in found.program.inputs()] == ["alpha", "beta"]
