"""Homogeneity reports: exact degrees, weights and invariances against hand calculation; bounds of near-homogeneity against samples."""

import json
import math
import random
from fractions import Fraction

import numpy as np
import pytest

import tamecheck as tc
from tamecheck import checker, nn
from tamecheck.errors import InputError
from tamecheck.ground.intervals import interval
from tamecheck.programs.evaluate import evaluate
from tamecheck.programs.program import Program
from tamecheck.proofs.near_homogeneity import gap

GATES = {
    "relu": 0.0, "softplus": math.log(2), "gelu": 0.2935253263474798, "silu": 0.43922883989064515, "mish": 0.4778968993116, "elu": 1.0,
    "tanh": 1.0,
}  # fmt: skip


def network(*layers: nn.Module, inputs: int = 2) -> nn.Network:
    """Return a network on a batch of five vectors."""
    return nn.Network(nn.Sequential(*layers)(nn.Input("x", (5, inputs))))


def units(m: int, gate: str, bias: bool = False) -> str:
    """Return m one-input units: sum of a_i gate(w_i x + b_i)."""
    return " + ".join([f"a{i}*{gate}(w{i}*x{f' + b{i}' if bias else ''})" for i in range(m)])


def names(m: int, letters: str = "aw") -> list[str]:
    """Return the parameters of `units`."""
    return [f"{c}{i}" for i in range(m) for c in letters]


# ------------------------------------------------------------- exact degrees


def test_linear_and_two_layers():
    """w.x has degree 1, two layers of ReLU degree 2 with partial degrees 1, also with a trained hidden bias."""
    assert tc.homogeneity(network(nn.Linear(2, 1, bias=False))).degree == 1
    plain = tc.homogeneity(network(nn.Linear(2, 4, bias=False), nn.ReLU(), nn.Linear(4, 1, bias=False)))
    assert (plain.verdict, plain.degree, set(plain.partial.values())) == ("homogeneous", 2, {1})
    assert plain.near.exact and plain.near.defect == ()
    assert tc.homogeneity(network(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 1, bias=False))).degree == 2


def test_first_layer_bias_keeps_degree_three():
    """Three layers of ReLU with a bias in the first layer only."""
    layers = nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 3, bias=False), nn.ReLU(), nn.Linear(3, 1, bias=False)
    assert tc.homogeneity(network(*layers)).degree == 3


def test_all_biases_are_quasi_homogeneous():
    """Weights 1, 1, 1, 2, 1, 3 and degree 3; near degree 3 with a defect of degree 2; two rescaling symmetries."""
    h = tc.homogeneity(network(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 1)), input_box=(-1, 1))
    assert h.verdict == "quasi-homogeneous" and h.degree is None
    assert list(h.weights.values()) == [1, 1, 2, 1, 3, 1] and h.weights_degree == 3
    assert len(h.invariances) == 2
    assert h.near.degree == 3 and len(h.near.defect) == 3 and not h.near.degenerate
    assert h.obstacle["reason"] == "add of parts of degree 1 and 2"


@pytest.mark.parametrize(
    ("formula", "group", "degree"),
    [
        ("a*relu(w*x)^2", "aw", 3), ("a*(w*x)^2", "aw", 3), ("a*b*c*d*x", "abcd", 4), ("u*v", "uv", 2),
        ("g*v/sqrt(v^2 + u^2)", "gvu", 1), ("a*(v - u)/sqrt((v-u)^2)", "avu", 1), ("a*(v - u)/sqrt((v-u)^2 + 1/100)", "avu", None),
        ("a*tanh(w*x)", "aw", None), ("sin(w*x)", "w", None), ("relu(w)/relu(v)", "wv", 0),
    ],
)  # fmt: skip
def test_degrees(formula, group, degree):
    """Exact degrees of small formulas."""
    assert tc.homogeneity(formula, group=list(group)).degree == degree


def test_weight_normalisation_has_a_scale_invariance():
    """g v/|v| is of degree 1 in g, of degree 0 in v."""
    h = tc.homogeneity("g*v/sqrt(v^2 + u^2)", group=["g", "v", "u"])
    assert h.partial == {"g": 1} and h.invariances == [{"v": 1, "u": 1}]


def test_layer_normalisation_with_epsilon_is_no_block_of_degree_one():
    """With epsilon the sum under the root has parts of degrees 0 and 2: the weights below are fixed, the reason is named."""
    h = tc.homogeneity(network(nn.Linear(2, 4), nn.LayerNorm(4), nn.Linear(4, 1)), input_box=(-1, 1))
    assert (h.verdict, h.degree) == ("unknown", None)
    assert h.obstacle["reason"] == "add of parts of degree 0 and 2"
    assert set(h.weights) == {"1.weight", "1.bias", "2.weight", "2.bias"}


# --------------------------------------------------------- near-homogeneity


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("m", [1, 4, 9])
def test_two_layers_have_the_known_bound(gate, m):
    """p' = p_a = c sqrt(m) r with c = sup |h s' - s|."""
    p = Program()
    w, a, x = p.input("w", (m,), "parameter"), p.input("a", (m,), "parameter"), p.input("x", (), "data", interval(-1, 1))
    f = p.contract("i,i->", a, applied(p, gate, p.map("mul", w, x)))
    h = tc.homogeneity((p, {"f": f}))
    expected = GATES[gate] * math.sqrt(m)
    assert h.near.degree == 2 and h.near.degenerate == (gate == "tanh")
    if gate == "relu":
        assert h.near.exact and h.verdict == "homogeneous"
        return
    assert [float(c) for c in h.near.defect] == pytest.approx([0, expected], rel=1e-9)
    assert h.near.gap == h.near.defect
    assert h.verdict == ("degenerate" if gate == "tanh" else "near-homogeneous")


def applied(p: Program, gate: str, n: int) -> int:
    """Apply an activation of the builder's definitions to a node."""
    from tamecheck.programs.definitions import scalar

    return getattr(scalar, gate)(p, n)


def test_the_polynomial_identity():
    """M p_a - r p_a' = p' for random coefficients."""
    rng = random.Random(5)
    for _ in range(50):
        degree = rng.randint(1, 8)
        defect = tuple(Fraction(rng.randint(0, 9), rng.randint(1, 9)) for _ in range(degree))
        assert tuple([degree * c - i * c for i, c in enumerate(gap(defect, degree))]) == defect


def test_cubic_plus_linear():
    """f = w^3 + w: M = 3, p' = 2r, p_a = r."""
    near = tc.homogeneity("w^3 + w", group="w").near
    assert (near.degree, near.defect, near.gap, near.degenerate) == (3, (0, 2), (0, 1), False)


def test_residual_blocks():
    """Two residual blocks of two layers and a linear readout: degree 1 + 2 + 2, defect of degree at most 4."""
    x = nn.Input("x", (5, 2))
    h = nn.Linear(2, 3, bias=False)(x)
    for _ in range(2):
        h = h + nn.Sequential(nn.Linear(3, 3, bias=False), nn.ReLU(), nn.Linear(3, 3, bias=False))(h)
    near = tc.homogeneity(nn.Network(nn.Linear(3, 1, bias=False)(h)), input_box=(-1, 1)).near
    assert near.degree == 1 + 1 + 2 + 2 and len(near.defect) <= near.degree


def test_residual_blocks_on_the_data_themselves():
    """H14: two residual blocks on x and a linear readout: M = 1 + 2 + 2 with a defect of degree at most 4."""
    h = nn.Input("x", (5, 3))
    for _ in range(2):
        h = h + nn.Sequential(nn.Linear(3, 3, bias=False), nn.ReLU(), nn.Linear(3, 3, bias=False))(h)
    near = tc.homogeneity(nn.Network(nn.Linear(3, 1, bias=False)(h)), input_box=(-1, 1)).near
    assert near.degree == 5 and len(near.defect) <= 5 and near.certified


def test_the_bound_of_softplus_is_reached():
    """H8: max |D| and max |f - f_H| over ln 2 |a|_1 come close to 1 and never above."""
    rng = np.random.default_rng(0)
    worst = [0.0, 0.0]
    for _ in range(4000):
        a, h = rng.normal(size=4), rng.normal(size=4) * 10 ** rng.uniform(-4, 1)
        soft = np.logaddexp(0, h)
        scale = math.log(2) * np.abs(a).sum()
        same = np.sign(a).sum() in (4, -4)
        defect = a @ (h / (1 + np.exp(-h)) - soft)
        worst = [max(worst[0], abs(defect) / scale), max(worst[1], abs(a @ (soft - np.maximum(h, 0))) / scale)] if same else worst
    assert 0.99 < worst[0] <= 1 and 0.97 < worst[1] <= 1


def test_squared_relu_is_once_differentiable():
    """H10: degree 3, C^1 with locally Lipschitz gradient, not C^2 (nothing more is claimed)."""
    net = network(nn.Linear(2, 3, bias=False), nn.ReLUSquared(), nn.Linear(3, 1, bias=False))
    assert tc.homogeneity(net).degree == 3
    assert tc.certify(net, about="parameters").smoothness == "C1"


def test_layer_normalisation_without_epsilon_is_invariant():
    """H16: degree 1, degree 0 in the weights below the normalisation; with eps > 0 degree 0 blocks are refused with the reason."""
    net = network(nn.Linear(2, 4, bias=False), nn.LayerNorm(4, eps=0, elementwise_affine=False), nn.Linear(4, 1, bias=False))
    h = tc.homogeneity(net)
    assert h.degree == 1 and h.partial == {"2.weight": 1, "0.weight": 0} and h.invariances == [{"0.weight": 1}]
    refused = tc.homogeneity(network(nn.Linear(2, 4), nn.LayerNorm(4), nn.Linear(4, 1)), input_box=(-1, 1))
    assert refused.near is None and "M = 0" in refused.reason


def test_quasi_homogeneity_multiplies_by_powers():
    """H6: exponents (1, 1, 1, 2, 1, 3) multiply the network by 8 and by 27 for the factors 2 and 3, exactly; H5: near-3 with p' >= r^2/2."""
    h = tc.homogeneity("a*relu(v*relu(w*x + p) + q) + c", group=list("avwpqc"), input_box=(-1, 1))
    assert [h.weights[n] for n in "wpvqac"] == [1, 1, 1, 2, 1, 3]
    point = {"a": 2, "v": 3, "w": 5, "p": -1, "q": 7, "c": -4, "x": Fraction(1, 2)}

    def f(t: int) -> Fraction:
        a, v, w, p, q, c = (Fraction(point[n]) * t ** int(h.weights[n]) for n in "avwpqc")
        return a * max(v * max(w * point["x"] + p, 0) + q, 0) + c

    assert (f(2) / f(1), f(3) / f(1)) == (8, 27)
    assert h.near.degree == 3 and h.near.defect[2] >= Fraction(1, 2)


@pytest.mark.parametrize("slope", [Fraction(0), Fraction(1, 2), Fraction(1)])
def test_euler_identity_at_a_kink(slope):
    """H21: a relu(v.x) with v.x = 0: any value of relu'(0) gives <h, theta> = 0 = 2 f, and no defect is claimed."""
    a, v, x = Fraction(3), (Fraction(2), Fraction(-1)), (Fraction(1), Fraction(2))
    inner = v[0] * x[0] + v[1] * x[1]
    gradient = (max(inner, 0), a * slope * x[0], a * slope * x[1])
    assert inner == 0 and gradient[0] * a + gradient[1] * v[0] + gradient[2] * v[1] == 0
    assert tc.homogeneity("a*relu(v*x + w*y)", group=["a", "v", "w"]).near.defect == ()


def test_the_modified_margin_of_a_cubic_is_constant():
    """H20: with p_a = r of the certificate, (f - p_a)/r^3 = 1 for f = w^3 + w at every w > 0, where f/r^3 = 1 + 1/w^2 falls."""
    near = tc.homogeneity("w^3 + w", group="w").near
    for w in (Fraction(1, 3), Fraction(2), Fraction(50)):
        assert (w**3 + w - sum([c * w**i for i, c in enumerate(near.gap)])) / w**3 == 1


def test_what_is_zero_is_degenerate():
    """Every degree fits what is identically zero, and the report says so instead of choosing one."""
    h = tc.homogeneity("(w - w)*v", group=["w", "v"])
    assert (h.verdict, h.degree, h.zero) == ("degenerate", None, True) and "identically zero" in h.reason


@pytest.mark.parametrize("layer", [nn.Softplus, nn.GELU, nn.ELU, nn.Tanh, nn.LeakyReLU, nn.Hardswish])
def test_the_checkers_verify_what_is_reported(layer):
    """Degree, polynomials and leading part are claims of a certificate that both checkers accept; a smaller polynomial is refused."""
    h = tc.homogeneity(network(nn.Linear(2, 3), layer(), nn.Linear(3, 1)), input_box=(-1, 1))
    assert h.claimed["near"] and h.claimed["homogenisation"]
    assert h.check().verdict == "valid"
    document = json.loads(h.certificate.to_bytes())
    row = document["claim"]["near"][0]
    row["defect"][-1] = str(Fraction(row["defect"][-1]) * Fraction(9, 10))
    row["gap"] = [str(Fraction(c) / (row["degree"] - i)) for i, c in enumerate(row["defect"])]
    assert checker.check(json.dumps(document, separators=(",", ":"), sort_keys=True).encode()).code == "TC783"


def test_the_leading_part_is_exactly_homogeneous():
    """f_H is a program, and its degree is M."""
    from tamecheck.kernel.scaling import degrees

    h = tc.homogeneity(network(nn.Linear(2, 3), nn.GELU(), nn.Linear(3, 3), nn.Softplus(), nn.Linear(3, 1)), input_box=(-1, 1))
    program, outputs = h.homogenisation()
    group = {n: Fraction(1) for n in program.inputs() if program.nodes[n][1][0] in h.group}
    assert degrees(program, group)[outputs["f_H"]] == 3 == h.near.degree


def test_certify_claims_near_homogeneity_when_asked():
    """`certify(near=True)`, and the report says what is claimed."""
    net = network(nn.Linear(2, 3), nn.GELU(), nn.Linear(3, 1))
    report = tc.certify(net, about="parameters", input_box=(-1, 1), near=True).to_json_report()["homogeneity"]
    assert report["near"][0]["degree"] == 2 and {"near", "homogenisation"} <= set(report["claimed"])
    assert tc.certify(net, about="parameters", input_box=(-1, 1)).to_json_report()["homogeneity"]["near"] == []


def test_sine_is_refused_with_the_reason():
    """h cos h - sin h is unbounded."""
    h = tc.homogeneity("a*sin(w*x)", group=["a", "w"], input_box=(-1, 1))
    assert h.verdict == "unknown" and "h s'(h) - s(h)" in h.reason


@pytest.mark.parametrize("seed", range(12))
def test_bounds_hold_on_samples(seed):
    """|<grad f, theta> - M f| <= p'(r), |f| <= q(r), |grad f| <= g(r), |f - f_H| <= p_a(r) at random points of random networks."""
    rng = random.Random(seed)
    layers: list = [nn.Linear(2, 3, bias=rng.random() < 0.5)]
    for _ in range(rng.randint(1, 2)):
        layers += [rng.choice([nn.ReLU, nn.Softplus, nn.GELU, nn.SiLU, nn.ELU, nn.Tanh, nn.LeakyReLU])(), nn.Linear(3, 3, bias=rng.random() < 0.5)]
    net = network(*layers)
    h = tc.homogeneity(net, input_box=(-1, 1))
    near, program = h.near, h.certificate.proof.program
    chosen = near.group
    target = next(iter(net.outputs.values()))
    limit = h.homogenisation()
    generator = np.random.default_rng(seed)
    for _ in range(40):
        scale = 10 ** rng.uniform(-1, 1)
        theta = {program.nodes[n][1][0]: scale * generator.normal(size=program.shape(n)) for n in chosen}
        data = {"x": generator.uniform(-1, 1, (5, 2))}
        r = math.sqrt(sum([float((v**2).sum()) for v in theta.values()]))

        def at(t: float, theta=theta, data=data, which=(program, target)) -> np.ndarray:
            return evaluate(which[0], [which[1]], {**data, **{n: t * v for n, v in theta.items()}})[0]

        f, step = at(1.0), 1e-6
        radial = (at(1 + step) - at(1 - step)) / (2 * step)
        slack = 1e-5 * (1 + np.abs(f).max() + np.abs(radial).max())
        assert np.abs(radial - near.degree * f).max() <= value(near.defect, r) + slack
        assert np.abs(f).max() <= value(near.value, r) * (1 + 1e-9)
        assert np.abs(radial).max() <= r * value(near.gradient, r) + slack
        assert np.abs(f - at(1.0, which=(limit[0], limit[1]["f_H"]))).max() <= value(near.gap, r) + slack


def value(p: tuple, r: float) -> float:
    """Evaluate a polynomial."""
    return sum([float(c) * r**i for i, c in enumerate(p)])


# ------------------------------------------------------------------- manners


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: tc.homogeneity("relu(x)"), "no parameters"),
        (lambda: tc.homogeneity("relu(x)", group=["y"]), "'y' is no variable"),
        (lambda: tc.homogeneity("relu(x)", "everything"), "'everything'"),
        (lambda: tc.homogeneity("2 + 3", "both"), "no inputs"),
    ],
)
def test_bad_input(call, message):
    """What is wrong and what to try."""
    with pytest.raises(InputError, match=message):
        call()


def test_the_report_prints_and_goes_to_json():
    """One line for people, numbers for machines; it is no truth value."""
    h = tc.homogeneity("a*softplus(w*x) + c", group=["a", "w", "c"], input_box=(-1, 1))
    assert "near-homogeneous" in repr(h) and "near degree 2" in repr(h)
    assert h.to_json()["near"]["defect"][1] == pytest.approx(math.log(2) + 1)
    with pytest.raises(TypeError):
        bool(h)
