"""SAD networks (Kranz, Gallon, Dereich, Jentzen, arXiv 2505.09572): one GELU neuron cannot fit x^2, so its gradient flow runs off to infinity.

The function is certified, the flow is run to t = 10^8 with an error bar, the exponents are compared with the law |theta|^3 ~ 3 C t of the
escape valley, C = 0.0608157, and the whole flow up to t = 10^8 is enclosed rigorously: that it is outside the ball of radius 266 then is a theorem.
"""

import math
from fractions import Fraction

import numpy as np
from common import figure, save

import tamecheck as tc
from tamecheck.flows.diagnostics import measure
from tamecheck.flows.gradient_flow import gradient_flow
from tamecheck.flows.system import System
from tamecheck.flows.validated import enclose

POINTS = [Fraction(k, 5) - 1 for k in range(11)]
LOSS = "(" + " + ".join([f"(v*gelu(w*({x}) + b) + c - ({x**2}))^2" for x in POINTS]) + ")/11"
START = [0.8, -0.75, 7.0, 1.1]
VALLEY = 0.0608157


def rounded_down(x: float) -> str:
    """Return a number with three decimals that is not larger: what is proved stays proved in print."""
    return f"{math.floor(x * 1000) / 1000:.3f}"


def rounded_up(x: float) -> str:
    """Return a number with five digits that is not smaller."""
    scale = 10.0 ** (4 - math.floor(math.log10(x)))
    return f"{math.ceil(x * scale) / scale:.4e}"


def main() -> None:
    """Certify, flow, compare, enclose."""
    certificate = tc.certify(LOSS, sharpness=False)
    system = System.of(LOSS, ["w", "b", "v", "c"])
    times = [0.0, *np.geomspace(1, 1e8, 49)]
    run = gradient_flow(system, START, 1e8, times=times)
    measured = measure(system, run, ("loss", "norm", "cerami", "growth", "decay"))
    law = np.cbrt(3 * VALLEY * run.times[-1])
    proof = enclose(system, START, [20.0, 1e4, 1e8], stiff=True)
    result = {
        "homes": [s.name for s in certificate.homes], "smoothness": certificate.smoothness, "error_bar": run.error_bar,
        "norm_at_1e4_to_1e8": [measured["norm"][k] for k in (24 + 1, 30 + 1, 36 + 1, 42 + 1, 49)], "loss_at_1e8": measured["loss"][-1],
        "growth": measured["growth"][-1], "decay": measured["decay"][-1], "law_over_norm": law / measured["norm"][-1],
        "cerami_at_1e8": measured["cerami"][-1], "proved_norm_above_at_20_1e4_1e8": [proof.norm(k)[0] for k in (1, 2, 3)],
        "proved_loss_below_at_20_1e4_1e8": [proof.value(k)[1] for k in (1, 2, 3)], "validated_steps": proof.steps,
    }  # fmt: skip
    save("sad_one_neuron", {k: v for k, v in result.items() if k != "error_bar"}, (
        f"The norm grows without bound, {measured['norm'][-1]:.1f} at t = 1e8, with exponents "
        f"{measured['growth'][-1]:.3f} and {measured['decay'][-1]:.3f} (valley law: 1/3 and -1/3); "
        f"|theta||grad L| tends to 0, as it must at an asymptotic critical value. "
        f"Proved: at t = 1e8 the norm is above {rounded_down(proof.norm()[0])} and the loss below {rounded_up(proof.value()[1])}."
    ), 4)  # fmt: skip

    def draw(axes) -> None:
        axes.loglog(run.times[1:], measured["norm"][1:], color="#0072b2", label="norm of the parameters")
        axes.loglog(run.times[1:], measured["loss"][1:], color="#d55e00", label="loss")
        late = run.times > 1e3
        axes.loglog(run.times[late], np.cbrt(3 * VALLEY * run.times[late]), "k--", lw=1, label="(3 C t)^(1/3)")
        axes.set_xlabel("time")
        axes.legend(frameon=False)

    figure("sad_one_neuron", draw)


if __name__ == "__main__":
    main()
