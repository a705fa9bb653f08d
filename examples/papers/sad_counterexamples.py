"""Where the hypotheses of SAD networks are needed (Kranz, Gallon, Dereich, Jentzen, arXiv 2505.09572), as certified facts and as flows.

analyticity   softsign is sublinear, definable and C^1, not analytic: a network of depth two is x^2 exactly on [-2, 2]
sublinearity  gated units: x swish(x) + (-x) swish(-x) = x^2
degree 2      unbounded SAD units fit affine targets exactly, swish(x) - swish(-x) = x; with bounded ones even degree 1 forces divergence
size          x^2 on [-1, 1] with one neuron: the infimum is 0 for GELU and swish, about 0.057 for softplus and tanh

Where zero loss is attained nothing forces the flow to infinity: it comes to rest. Where it is not, the norm grows for as long as one looks.
"""

from fractions import Fraction

import numpy as np
from common import figure, save

import tamecheck as tc
from tamecheck.flows import verdicts
from tamecheck.flows.gradient_flow import gradient_flow
from tamecheck.flows.system import System

NODES, WEIGHTS = np.polynomial.legendre.leggauss(16)


def softsign(x: Fraction) -> Fraction:
    """Return x/(1 + |x|)."""
    return x / (1 + abs(x))


def square_by_softsign(x: Fraction) -> Fraction:
    """Return the network of depth two."""
    return 12 * softsign(3 - 2 * softsign(x + 2) - 2 * softsign(2 - x)) - 3


def loss(network: str, target: str, half: int = 1) -> str:
    """Return the mean square error over the Gauss nodes of [-half, half], as a formula in the parameters."""
    terms = []
    for node, weight in zip(NODES, WEIGHTS, strict=True):
        at = f"({Fraction(half * float(node)).limit_denominator(10**6)})"
        terms.append(f"({Fraction(float(weight) / 2).limit_denominator(10**6)})*({network.replace('X', at)} - {target.replace('X', at)})^2")
    return " + ".join(terms)


CASES = {
    "softsign, two layers, x^2": (
        loss("(a*softsign(r - s*softsign(X + p) - t*softsign(q - X)) - c)", "X^2", 2), ["a", "r", "s", "t", "p", "q", "c"],
        [12.1, 3.05, 2.05, 1.95, 2.05, 1.95, 3.05], 1e5,
    ),
    "swish gates, x^2": (loss("(a*X*silu(u*X) + b*X*silu(v*X))", "X^2"), ["a", "u", "b", "v"], [0.7, 0.8, -0.6, -1.1], 1e6),
    "two swish units, x": (loss("(a*silu(u*X) + b*silu(v*X) + c)", "X"), ["a", "u", "b", "v", "c"], [0.7, 0.8, -0.6, -1.1, 0.1], 1e6),
    "two tanh units, x": (loss("(a*tanh(u*X) + b*tanh(v*X) + c)", "X"), ["a", "u", "b", "v", "c"], [0.7, 0.8, -0.6, -1.1, 0.1], 1e8),
    "one GELU unit, x^2": (loss("(a*gelu(u*X + b) + c)", "X^2"), ["u", "b", "a", "c"], [0.8, -0.75, 7.0, 1.1], 1e8),
}
ONE_UNIT = {"gelu": 0.0, "silu": 0.0, "mish": 0.0, "softplus": 0.0563, "tanh": 0.0566, "sigmoid": 0.0566}

MINIMA = {"gelu": -0.7518, "silu": -1.2785, "mish": -1.1924}


def one_unit(gate: str, starts: int = 4) -> float:
    """Return the least loss that flows from a few starts reach for x^2 with one unit: an upper bound of the infimum."""
    system = System.of(loss(f"(a*{gate}(u*X + b) + c)", "X^2"), ["u", "b", "a", "c"])
    rng = np.random.default_rng(0)
    begun = [rng.normal(size=4) * np.array([2.0, 1.0, 3.0, 1.0]) for _ in range(starts)]
    if gate in MINIMA:  # in the valley: near the minimum of the gate its square term is all that is left
        begun.append(np.array([0.8, MINIMA[gate], 7.0, 1.1]))
    return min(system.value(gradient_flow(system, x, 1e6, times=[0.0, 1e6], rtol=1e-7, atol=1e-9, second=False).last) for x in begun)


def followed(formula: str, variables: list[str], start: list[float], horizon: float) -> tuple[dict, object]:
    """Return what is certified and what the flow did, and the run."""
    certificate = tc.certify(formula, "both", sharpness=False)
    system = System.of(formula, variables)
    # softsign is certified C^1, so its compositions are, by the chain rule; the certificate of the whole says C0 only
    run = gradient_flow(system, start, horizon, rtol=1e-8, atol=1e-10, smooth=True, second=False)
    rest = verdicts.dichotomy(system, run)
    norms = np.linalg.norm(run.states, axis=1)
    run.measured["norm"] = norms
    return {
        "smoothness": certificate.smoothness, "homes": [s.name for s in certificate.homes], "loss": system.value(run.last),
        "norm": [float(norms[0]), float(norms[len(norms) // 2]), float(norms[-1])], "seen": rest.text,
        "rests_at_zero_loss": bool(system.value(run.last) < 1e-12 and norms[-1] < 1.05 * norms[len(norms) // 2]),
        "grows": bool(norms[-1] > 1.05 * norms[len(norms) // 2]),
    }, run  # fmt: skip


def main() -> None:
    """Certify, flow, compare."""
    points = [Fraction(k, 5) - 2 for k in range(21)]  # both sides are rational of degree at most 4 there, so that nine points prove equality
    equal = all(square_by_softsign(x) == x * x and 3 - 2 * softsign(x + 2) - 2 * softsign(2 - x) >= 0 for x in points)
    sad = {name: tc.activation(f"{name}(x)").sad["reason"] for name in ("softsign", "silu", "tanh", "gelu")}
    gated = tc.activation("x*silu(x)")
    result: dict = {"softsign_network_is_the_square": equal, "sad": sad, "gate_is_sublinear": gated.sad["sublinear"]}
    runs = {}
    for name, (formula, variables, start, horizon) in CASES.items():
        result[name], runs[name] = followed(formula, variables, start, horizon)
    result["one_unit"] = {gate: one_unit(gate) for gate in ONE_UNIT}
    settled = [name for name in CASES if result[name]["rests_at_zero_loss"]]
    growing = [name for name in CASES if result[name]["grows"]]
    save("sad_counterexamples", result, (
        f"Flows rest where zero loss is attained ({'; '.join(settled)}), and go on growing where it is not ({'; '.join(growing)}); "
        f"with one unit, softplus stays at {result['one_unit']['softplus']:.4f} and tanh at {result['one_unit']['tanh']:.4f} "
        f"(0.0563 and 0.0566 expected), GELU reaches {result['one_unit']['gelu']:.1e}."
    ), 3)  # fmt: skip

    def draw(axes) -> None:
        for (name, run), color in zip(runs.items(), ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#000000"), strict=True):
            axes.loglog(run.times[1:], run.measured["norm"][1:] / run.measured["norm"][0], color=color, label=name)
        axes.set_xlabel("time")
        axes.set_ylabel("norm of the parameters / initial norm")
        axes.legend(frameon=False, fontsize=8)

    figure("sad_counterexamples", draw)


if __name__ == "__main__":
    main()
