"""Kinks and ties that models of frameworks touch, and rules of one's own."""

import json
import time

import pytest

from tamecheck.errors import InputError
from tamecheck.frameworks.custom_rules import decide_rule

# Rules as formulas ----------------------------------------------------------


@pytest.mark.parametrize(
    ("forward", "backward", "verdict"),
    [
        ("round(x)", "g", "not-conservative"),
        ("round(x)", "0*g", "not-conservative"),
        ("min(max(x, 0), 1)", "where(x >= 0 and x <= 1, g, 0)", "clarke"),
        ("relu(x)", "where(x > 0, g, where(x == 0, 7*g, 0))", "conservative"),
        ("relu(x)", "where(x > 0, g, where(x == 0, -g/2, 0))", "conservative"),
        ("x*y", ["y*g", "x*g"], "exact-c1"),
        ("x*y", ["y*g", "0*g"], "not-conservative"),
        ("max(x, y)", ["where(x >= y, g, 0)", "where(x < y, g, 0)"], "clarke"),
        ("max(x, y)", ["where(x >= y, g, 0)", "where(x <= y, g, 0)"], "not-conservative"),
        ("0*x + 0*y", ["0*g", "where(x == 0, g, 0)"], "not-conservative"),
    ],
)
def test_rules_as_formulas_are_decided(forward, backward, verdict):
    """Straight through, clipped, weighted and detached rules get their verdicts, wrong ones with a checked witness."""
    report = decide_rule(forward, backward)
    assert report.verdict == verdict
    assert report.verify() is (True if verdict in ("not-conservative", "conservative-for-other") else None)


@pytest.mark.parametrize("backward", ["g*g", "where(g > 0, g, 0)", "g + 1", "abs(g)", "x", "1/g"])
def test_backward_formulas_are_linear_in_what_comes_in(backward):
    """A formula that is not linear in g is refused."""
    with pytest.raises(InputError, match="TC176"):
        decide_rule("x", backward)


def test_one_backward_formula_per_variable():
    """A missing formula and a variable called g are refused."""
    with pytest.raises(InputError, match="TC176"):
        decide_rule("x*y", "y*g")
    with pytest.raises(InputError, match="TC176"):
        decide_rule("g", "g")


# PyTorch --------------------------------------------------------------------


@pytest.fixture
def torch():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    torch.manual_seed(0)
    return torch


def check(torch, f, parameter, loss=None):
    """Check a function of one parameter."""
    import tamecheck as tc

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.w = torch.nn.Parameter(torch.as_tensor(parameter, dtype=torch.float64))

        def forward(self, x):
            return f(self.w, x)

    return tc.torch.kinkcheck(Model(), torch.ones(1, dtype=torch.float64), loss)


def functional():
    import torch.nn.functional as functional

    return functional


KINKS = [
    # operation, point, returned, Clarke
    (lambda w, F: F.relu(w), [0, 1, -1], "0", True),
    (lambda w, F: w.abs(), [0, 1, -1], "0", True),
    (lambda w, F: F.leaky_relu(w, 0.25), [0, 1], "0.25", True),
    (lambda w, F: F.relu6(w), [6, 1], "0", True),
    (lambda w, F: F.hardtanh(w), [-1, 0], "0", True),
    (lambda w, F: F.hardsigmoid(w), [3, 0], "0", True),
    (lambda w, F: F.hardswish(w), [3, 0], "1", True),
    (lambda w, F: F.hardswish(w), [-3, 0], "0", True),
    (lambda w, F: F.softshrink(w), [0.5, 1], "0", True),
    (lambda w, F: F.selu(w), [0, 1], "1.7581", True),
    (lambda w, F: w.clamp(min=0), [0, 1], "1", True),
    (lambda w, F: w.clamp(-1, 1), [1, 0], "1", True),
    (lambda w, F: F.threshold(w, 2, 2), [2, 0], "0", True),
]


@pytest.mark.parametrize(("f", "point", "returned", "clarke"), KINKS)
def test_one_kink_is_found_once(torch, f, point, returned, clarke):
    """The entry on the kink is found, with what backward returns there, and separated."""
    report = check(torch, lambda w, x: f(w, functional()), point)
    assert [(g.kind, g.touched, g.of, g.positions, g.returned, g.conservative, g.clarke) for g in report.findings] == [
        ("kink", 1, len(point), [[0]], returned, True, clarke)
    ]
    assert report.verdict == "clarke"


@pytest.mark.parametrize(("f", "point", "returned", "clarke"), KINKS)
def test_nothing_is_found_beside_the_kink(torch, f, point, returned, clarke):
    """A little beside the kink nothing is touched."""
    report = check(torch, lambda w, x: f(w, functional()), [v + 0.015625 for v in point])
    assert (report.findings, report.verdict) == ([], "gradient")


def test_smooth_activations_have_no_kinks(torch):
    """At 0 smooth activations touch nothing."""
    F = functional()
    report = check(
        torch,
        lambda w, x: F.elu(w) + F.celu(w) + F.gelu(w) + F.silu(w) + F.softplus(w) + F.mish(w) + torch.tanh(w) + F.smooth_l1_loss(w, w * 2),
        [0, 1],
    )
    assert (report.findings, report.verdict) == ([], "gradient")


@pytest.mark.parametrize(
    ("f", "point", "touched", "returned"),
    [
        (lambda torch, w: w.max(), [1, 1, 0], 1, ""),
        (lambda torch, w: w.amax(0), [1, 1, 0], 1, "0.333333, 0.333333, 0.333333"),
        (lambda torch, w: w.max(0).values, [1, 1, 0], 1, "1, 0, 0"),
        (lambda torch, w: torch.maximum(w, w * w), [1, 2, 3], 1, "0.5, 0.5"),
        (lambda torch, w: torch.minimum(w, w * w), [1, 0, 3], 2, "0.5, 0.5"),
        (lambda torch, w: w.sort().values, [1, 1, 0], 1, ""),
        (lambda torch, w: w.topk(1).values, [1, 1, 0], 1, ""),
        (lambda torch, w: w.median(0).values, [1, 1, 0], 1, ""),
        (lambda torch, w: torch.nn.functional.max_pool1d(w[None, None], 3), [1, 1, 0], 1, "1, 0, 0"),
        (lambda torch, w: torch.nn.functional.max_pool2d(w.reshape(1, 1, 2, 2), 2), [1, 0, 1, 1], 1, "1, 0, 0"),
    ],
)
def test_ties(torch, f, point, touched, returned):
    """Equal entries are found where something is chosen among them, and not when they are moved apart."""
    report = check(torch, lambda w, x: f(torch, w), point)
    assert [(g.kind, g.touched, g.conservative) for g in report.findings] == [("tie", touched, True)]
    assert report.findings[0].returned == returned
    apart = check(torch, lambda w, x: f(torch, w), [v * (2 + k) + 0.1 * k + 0.3 for k, v in enumerate(point)])
    assert apart.findings == []


def test_windows_of_pools_are_counted_exactly(torch):
    """Against a direct count over all windows, with stride, padding and dilation."""
    F = functional()
    images = torch.randint(0, 4, (2, 3, 9, 8)).double()
    for size, stride, padding, dilation in ((2, 2, 0, 1), (3, 2, 1, 1), (2, 1, 0, 2), ((3, 2), (1, 2), (1, 0), 1)):
        report = check(torch, lambda w, x: F.max_pool2d(w, size, stride, padding, dilation), images)  # noqa: B023
        pads = (padding, padding) if isinstance(padding, int) else padding
        wide = F.pad(images, (pads[1], pads[1], pads[0], pads[0]), value=float("-inf"))
        windows = F.unfold(torch.where(torch.isinf(wide), -99.0, wide), size, dilation, 0, stride).reshape(2, 3, -1, report.findings[0].of // 6)
        assert report.findings[0].touched == int(((windows == windows.amax(2, keepdim=True)).sum(2) > 1).sum())


def test_ties_of_dead_units_are_trivial(torch):
    """relu followed by pooling: windows of zeros are locally constant; a touched zero among them is not."""
    F = functional()
    dead = check(torch, lambda w, x: F.max_pool1d(F.relu(w)[None, None], 2), [-1, -2, 3, 4])
    assert (dead.verdict, dead.findings[0].touched, dead.findings[0].trivial) == ("gradient", 1, 1)
    alive = check(torch, lambda w, x: F.max_pool1d(F.relu(w)[None, None], 2), [0, -2, 3, 4])
    assert alive.verdict != "gradient"


@pytest.mark.parametrize(
    ("f", "point", "kind", "verdict"),
    [
        (lambda torch, w: torch.sqrt(w), [0, 1], "pole", "undefined"),
        (lambda torch, w: torch.log(w), [0, 1], "pole", "undefined"),
        (lambda torch, w: torch.round(w), [0.5, 1], "jump", "unknown"),
        (lambda torch, w: torch.floor(w), [1, 0.5], "jump", "unknown"),
        (lambda torch, w: torch.sign(w), [0, 0.5], "jump", "unknown"),
        (lambda torch, w: torch.nn.functional.hardshrink(w), [0.5, 1], "jump", "unknown"),
        (lambda torch, w: w.norm(), [0, 0], "norm", "conservative"),
        (lambda torch, w: w.std(), [1, 1, 1], "norm", "conservative"),
        (lambda torch, w: w * w.detach(), [1, 1], "detached", "unknown"),
        (lambda torch, w: w * w.data, [1, 1], "detached", "unknown"),
        (lambda torch, w: w * float(w[0].item()), [1, 1], "detached", "unknown"),
        (lambda torch, w: torch.where(w > 0, w, -w), [0, 1], "choice", "unknown"),
        (lambda torch, w: torch.where(w > 0, w, w + 1), [0, 1], "choice", "unknown"),
        (lambda torch, w: w * (w > 0), [0, 1], "choice", "unknown"),
        (lambda torch, w: torch.special.i0(w), [0, 1], "unlisted", "unknown"),
    ],
)
def test_what_is_not_conservative_or_not_known(torch, f, point, kind, verdict):
    """Poles, jumps, detached values, choices and unlisted operations are named and never called conservative."""
    report = check(torch, lambda w, x: f(torch, w), point)
    assert kind in [g.kind for g in report.findings]
    assert report.verdict == verdict


def test_values_without_gradient_are_noticed(torch):
    """A value that is computed under no_grad is reported as detached."""

    def f(w, x):
        with torch.no_grad():
            y = w * 2
        return w * y

    assert [g.kind for g in check(torch, f, [1.0, 2.0]).findings] == ["detached"]


def test_rules_of_ones_own_and_hooks_are_noticed(torch):
    """Functions with their own backward and hooks make the verdict unknown."""
    import tamecheck as tc

    class Straight(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.round()

        @staticmethod
        def backward(ctx, g):
            return g

    report = check(torch, lambda w, x: Straight.apply(w), [0.25, 1.0])
    assert report.verdict == "unknown"
    assert ("Straight", "custom") in [(g.operator, g.kind) for g in report.findings]
    model = torch.nn.Linear(2, 2)
    model.register_full_backward_hook(lambda m, i, o: None)
    assert "custom" in [g.kind for g in tc.torch.kinkcheck(model, torch.randn(1, 2)).findings]


def test_coupled_kinks_are_conservative_and_not_called_clarke(torch):
    """relu(x) - relu(-x) = x: 0 is returned, the gradient is 1 (A06); hardsigmoid in a batch of two (A17)."""
    F = functional()
    assert check(torch, lambda w, x: F.relu(w) - F.relu(-w), [0.0]).verdict == "conservative"
    assert check(torch, lambda w, x: F.hardsigmoid(3 + w) + F.hardsigmoid(-3 + w), [0.0]).verdict == "conservative"
    assert check(torch, lambda w, x: w.max(0).values + w.min(0).values, [1.0, 1.0]).verdict == "conservative"
    assert check(torch, lambda w, x: F.relu(w) + F.relu(2 * w), [0.0]).verdict == "clarke"
    assert check(torch, lambda w, x: F.relu(w) + F.relu(-w), [0.0]).verdict == "conservative"


def test_mixtures_of_both_sides_need_one_layer(torch):
    """A mean of both slopes is a Clarke subgradient for one layer; for two it is left open."""
    F = functional()
    assert check(torch, lambda w, x: w.abs(), [0.0, 0.0]).verdict == "clarke"
    assert check(torch, lambda w, x: F.relu(w.abs()), [0.0, 0.0]).verdict == "conservative"


def test_zero_initialisation_of_a_deep_network(torch):
    """Biases of every layer separate all units at once."""
    import tamecheck as tc

    layers = [m for _ in range(4) for m in (torch.nn.Linear(5, 5), torch.nn.ReLU(inplace=True))]
    net = torch.nn.Sequential(*layers)
    for p in net.parameters():
        torch.nn.init.zeros_(p)
    report = tc.torch.kinkcheck(net, torch.randn(3, 5), lambda y: y.square().mean())
    assert report.verdict == "clarke"
    assert [f.module for f in report.findings] == ["1", "3", "5", "7"]
    assert [f.touched for f in report.findings] == [15] * 4
    assert len(report.zeros) == 8
    assert all([m.inplace for m in net if isinstance(m, torch.nn.ReLU)])
    no_bias = torch.nn.Sequential(torch.nn.Linear(5, 5, bias=False), torch.nn.ReLU())
    torch.nn.init.zeros_(no_bias[0].weight)
    x = torch.randn(1, 5)
    assert tc.torch.kinkcheck(no_bias, x).verdict == "clarke"
    assert tc.torch.kinkcheck(no_bias, torch.cat([x, -x])).verdict == "conservative"


def test_dead_units_integers_and_buffers(torch):
    """Dead units and integer inputs are listed; buffers and gradients are as before."""
    import tamecheck as tc

    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.ReLU())
    with torch.no_grad():
        net[1].bias[:] = torch.tensor([-100.0, 0.1, -100.0, 0.2])
    before = {k: v.clone() for k, v in net.state_dict().items()}
    report = tc.torch.kinkcheck(net, torch.randint(0, 9, (6, 3)).float())
    assert report.dead == [{"module": "2", "operator": "relu", "dead": 2, "of": 4, "first": [0, 2]}]
    assert report.integers == ["input 0 holds integers"]
    assert all([bool((v == before[k]).all()) for k, v in net.state_dict().items()])
    assert [p.grad for p in net.parameters()] == [None] * 4


def test_the_report_is_shown_in_all_forms(torch):
    """JSON, HTML and text within 80 columns."""
    report = check(torch, lambda w, x: functional().relu(w), [0, 1])
    assert json.loads(json.dumps(report.to_json()))["findings"][0]["operator"] == "relu"
    assert "<table>" in report._repr_html_()
    assert "clarke" in repr(report)
    assert max([len(line) for line in report.to_text(80).splitlines()]) <= 80
    with pytest.raises(TypeError):
        bool(report)
    with pytest.raises(AttributeError, match="no 'nothing'"):
        report.nothing  # noqa: B018


def test_bad_input_is_refused_at_once(torch):
    """Every malformed call has its code."""
    import tamecheck as tc

    nn, x = torch.nn, torch.ones(1, 2)

    class Text(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(x)

        def forward(self, x):
            return "text"

    started = time.perf_counter()
    for code, arguments in (
        ("TC177", (lambda x: x, x)),
        ("TC178", (nn.ReLU(), x)),
        ("TC178", (nn.Linear(2, 2), ())),
        ("TC178", (nn.Linear(2, 2), None)),
        ("TC178", (nn.Linear(2, 2), x, 3)),
        ("TC178", (Text(), x)),
        ("TC179", (nn.Linear(3, 2), x)),
    ):
        with pytest.raises(InputError, match=code):
            tc.torch.kinkcheck(*arguments)
    assert time.perf_counter() - started < 5


def test_inputs_may_be_what_is_differentiated(torch):
    """A module without parameters works when its input requires a gradient."""
    import tamecheck as tc

    assert tc.torch.kinkcheck(torch.nn.ReLU(), torch.zeros(2, requires_grad=True)).verdict == "clarke"


@pytest.mark.slow
def test_ten_million_parameters_in_the_time_of_a_few_passes(torch):
    """A check without touched kinks costs less than six passes."""
    import tamecheck as tc

    layers = [torch.nn.Conv2d(3, 512, 3, 2, 1), torch.nn.ReLU()]
    for _ in range(4):
        layers += [torch.nn.Conv2d(512, 512, 3, 1, 1), torch.nn.BatchNorm2d(512), torch.nn.ReLU()]
    net = torch.nn.Sequential(*layers, torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(512, 10))
    x = torch.randn(2, 3, 16, 16)
    tc.torch.kinkcheck(torch.nn.Linear(1, 1), torch.ones(1, 1))

    def timed(f):
        started = time.perf_counter()
        f()
        return time.perf_counter() - started

    once = min([timed(lambda: net(x).sum().backward()) for _ in range(3)])
    assert min([timed(lambda: tc.torch.kinkcheck(net, x)) for _ in range(3)]) < 6 * once


# JAX ------------------------------------------------------------------------


@pytest.fixture
def jnp():
    return pytest.importorskip("jax.numpy", reason="JAX is not installed")


def test_kinks_of_a_jax_function(jnp):
    """What JAX returns at kinks and ties is measured, also inside of scan; beside them nothing is found."""
    import jax

    import tamecheck as tc

    x = jnp.zeros(3)
    for f, operator, returned, verdict in (
        (lambda x: jnp.abs(x).sum(), "abs", "1", "clarke"),
        (lambda x: jax.nn.relu(x).sum(), "max", "0", "clarke"),
        (lambda x: jnp.maximum(x, 0).sum(), "max", "0.5", "clarke"),
        (lambda x: jnp.maximum(x, 2 * x).sum(), "max", "1/2, 1/2", "clarke"),
        (lambda x: jax.lax.scan(lambda c, _: (jax.nn.relu(c), None), x, None, length=2)[0].sum(), "max", "0", "conservative"),
    ):
        report = tc.jax.kinkcheck(f, x)
        assert (report.findings[0].operator, report.findings[0].returned, report.verdict) == (operator, returned, verdict)
        assert tc.jax.kinkcheck(f, x + 1.25).verdict == "gradient"


def test_directions_that_separate_the_kinks_of_a_jax_function(jnp):
    """A limit of gradients is recognised by a direction; where none exists, nothing is claimed."""
    import jax

    import tamecheck as tc

    relu, x, zero = jax.nn.relu, jnp.array([[1.0, 0.0], [0.0, 1.0]]), jnp.array(0.0)

    def layers(p):
        hidden = relu(x @ p[0] + p[1])
        return relu(hidden @ p[2] + p[3]).sum()

    start = (jnp.zeros((2, 3)), jnp.zeros(3), jnp.ones((3, 2)), jnp.zeros(2))
    for f, at, verdict, because in (
        (layers, start, "clarke", "each layer"),
        (lambda w: relu(w[0]) + relu(w[1] - w[0]), jnp.zeros(2), "clarke", ""),
        (lambda w: relu(w) - relu(-w), zero, "conservative", "finds no direction"),  # 0 is returned, and f(w) = w
        (lambda w: jnp.abs(w) + jnp.abs(-w), zero, "conservative", "finds no direction"),
        (lambda w: jnp.maximum(w, 0) + jnp.maximum(-w, 0), zero, "conservative", "mean"),
        (lambda w: relu(w + jnp.sin(w)) + relu(3 * w), zero, "clarke", ""),
        (lambda w: jax.nn.relu6(w) + jax.nn.relu6(6 - w), zero, "clarke", ""),
        (lambda w: jnp.clip(w, 0, 1).sum(), jnp.array([0.0, 1.0, 0.5]), "conservative", ""),
    ):
        report = tc.jax.kinkcheck(f, at)
        assert report.verdict == verdict, (report.verdict, report.reasons)
        assert because in report.reasons[0], report.reasons


def test_detached_shifts_that_cancel_are_no_leak(jnp):
    """The maximum in a softmax is detached, and the value does not depend on it; shifts that stay are named."""
    import jax

    import tamecheck as tc

    x, stop = jnp.array([[1.0, -2.0, 0.5], [3.0, 3.0, 1.0]]), jax.lax.stop_gradient
    top = lambda x: stop(x.max(-1, keepdims=True))  # noqa: E731
    for f in (
        lambda x: jax.nn.log_softmax(x)[0, 0],
        lambda x: jax.nn.softmax(x)[1, 0],
        lambda x: jax.nn.logsumexp(x, axis=-1).sum(),
        lambda x: jax.scipy.special.logsumexp(x),
        lambda x: (lambda t: (jnp.exp(x - t) / jnp.exp(-x - t)).sum())(top(x)),
        lambda x: (lambda t: jnp.log(jnp.sum(jnp.exp(x - t) * jnp.exp(t), -1)).sum())(top(x)),
    ):
        report = tc.jax.kinkcheck(f, x)
        assert report.verdict == "gradient", report
    for f in (
        lambda x: (x - top(x)).sum(),
        lambda x: jnp.exp(x - top(x)).sum(),
        lambda x: (x - top(x) - top(x)).sum(),
        lambda x: jax.nn.logsumexp(x - top(x)),
        lambda x: jnp.log(jnp.sum(jnp.exp(x - stop(x)), -1)).sum(),  # the shift varies along the sum
        lambda x: (jnp.exp(x - top(x)) + x).sum(),
        lambda x: ((x - top(x)) * (x - top(x))).sum(),
        lambda x: jnp.log(x - top(x) + 9).sum(),
    ):
        report = tc.jax.kinkcheck(f, x)
        assert (report.verdict, [g.kind for g in report.findings]) == ("unknown", ["detached"]), report


def test_what_jax_leaves_open(jnp):
    """Poles, jumps, detached values and rules of one's own are named and never called conservative."""
    import jax

    import tamecheck as tc

    x = jnp.zeros(3)

    @jax.custom_vjp
    def straight(x):
        return jnp.round(x)

    straight.defvjp(lambda x: (jnp.round(x), None), lambda r, g: (g,))

    @jax.custom_jvp
    def twice(x):
        return x

    twice.defjvp(lambda p, t: (p[0], 2 * t[0]))
    for f, kind, verdict in (
        (lambda x: jnp.linalg.norm(x), "pole", "undefined"),
        (lambda x: jnp.round(x + 0.5).sum(), "jump", "unknown"),
        (lambda x: (x * jax.lax.stop_gradient(x)).sum(), "detached", "unknown"),
        (lambda x: straight(x).sum(), "custom", "unknown"),
        (lambda x: twice(x).sum(), "custom", "unknown"),
        (lambda x: jnp.where(x > 0, x, x + 1).sum(), "choice", "unknown"),
    ):
        report = tc.jax.kinkcheck(f, x)
        assert (kind in [g.kind for g in report.findings], report.verdict) == (True, verdict)
    assert tc.jax.kinkcheck(lambda w: jnp.abs(w), jnp.array(0.0)).verdict == "clarke"


def test_bad_input_of_jax(jnp):
    """Every malformed call has its code."""
    import tamecheck as tc

    for code, arguments in (
        ("TC177", (3, jnp.zeros(2))),
        ("TC178", (lambda: 1,)),
        ("TC178", (lambda x: x, jnp.zeros(2, int))),
        ("TC178", (lambda x: 1, jnp.zeros(2))),
        ("TC179", (lambda x: x @ jnp.ones(5), jnp.zeros(2))),
    ):
        with pytest.raises(InputError, match=code):
            tc.jax.kinkcheck(*arguments)


# Against other ways to know --------------------------------------------------


def piecewise_linear(torch, draw, w):
    """Return a random piecewise linear function of w with kinks at 0."""
    F = functional()

    def term():
        return (w * torch.tensor([draw.randint(-1, 1) for _ in range(3)], dtype=w.dtype)).sum()

    out = term()
    for _ in range(draw.randint(1, 3)):
        u, v = term(), term()
        kind = draw.choice(["relu", "relu", "abs", "max", "min", "axis", "least", "pool", "deep", "clamp"])
        s = draw.choice([-1, 1])
        both = torch.stack([u, v])
        out = (
            out
            + s
            * {
                "relu": lambda: F.relu(u),  # noqa: B023
                "abs": lambda: u.abs(),  # noqa: B023
                "max": lambda: torch.maximum(u, v),  # noqa: B023
                "min": lambda: torch.minimum(u, v),  # noqa: B023
                "axis": lambda: both.max(0).values,  # noqa: B023
                "least": lambda: both.min(0).values,  # noqa: B023
                "pool": lambda: F.max_pool1d(both[None, None], 2).sum(),  # noqa: B023
                "deep": lambda: F.relu(F.relu(u) - F.relu(v)),  # noqa: B023
                "clamp": lambda: u.clamp(min=0),  # noqa: B023
            }[kind]()
        )
    return out


def test_what_is_called_clarke_is_in_the_hull_of_gradients_nearby(torch):
    """At 0 the subdifferential is the hull of the gradients at random points around it, all cells being cones."""
    import random

    import numpy as np
    from scipy.optimize import linprog

    verdicts = []
    for seed in range(120):
        report = check(torch, lambda w, x: piecewise_linear(torch, random.Random(seed), w), [0.0, 0.0, 0.0])  # noqa: B023
        verdicts.append(report.verdict)
        if report.verdict not in ("clarke", "gradient"):
            continue

        def gradient(at, seed=seed):
            w = torch.tensor(at, dtype=torch.float64, requires_grad=True)
            return torch.autograd.grad(piecewise_linear(torch, random.Random(seed), w), w)[0].tolist()

        noise = random.Random(1)
        vertices = np.array([gradient([noise.gauss(0, 1) for _ in range(3)]) for _ in range(60)])
        n = len(vertices)
        hull = linprog([0] * n, A_eq=np.vstack([vertices.T, np.ones(n)]), b_eq=[*gradient([0.0, 0.0, 0.0]), 1], method="highs")
        assert hull.status == 0, (seed, report.to_text())
    assert verdicts.count("clarke") > 20
    assert verdicts.count("conservative") > 20


def test_all_rules_of_the_comparison_are_decided():
    """The forty wrong rules have a witness that passes its second check, the right ones are accepted."""
    import importlib.util
    from pathlib import Path

    place = Path(__file__).resolve().parents[2] / "benchmarks" / "gradcheck_peers.py"
    spec = importlib.util.spec_from_file_location("gradcheck_peers", place)
    peers = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(peers)
    assert (len(peers.WRONG), len(peers.RIGHT)) == (40, 28)
    for name, forward, backward, variables, _ in peers.WRONG:
        report = decide_rule(forward, backward, variables.split())
        assert report.verdict in ("not-conservative", "conservative-for-other") and report.verify() is True, name
    for name, forward, backward, variables, _ in peers.RIGHT:
        assert decide_rule(forward, backward, variables.split()).positive, name
