"""Numbers never contradict a proof: ranges, totality, Lipschitz constants and smoothness against samples.

Samples prove nothing; a sample outside of what was proved would refute it.
"""

import numpy as np
import pytest

from tamecheck.certification import certify
from tamecheck.frontends.formula_io import load
from tamecheck.ground.intervals import from_text
from tamecheck.programs.evaluate import evaluate
from tamecheck.structures.atlas.activations import activations

GRID = np.unique(np.concatenate([np.linspace(-8, 8, 129), [1e-7, -1e-7, 0.999, 1.001]]))
ONE_VARIABLE = [a for a in activations() if set(load(a.formula, constants=a.parameters).variables) == {"x"}]


@pytest.mark.parametrize("entry", ONE_VARIABLE, ids=[a.name for a in ONE_VARIABLE])
def test_samples_lie_inside_what_is_proved(entry):
    """Values lie in the proved range, total functions have values, slopes obey the proved constant."""
    f = load(entry.formula, constants=entry.parameters, boxes={"x": entry.domain})
    record = certify((f.program, f.outputs), about="inputs", sharpness=False).record
    low, high = [-np.inf if e is None and k == 0 else np.inf if e is None else float(e) for k, e in enumerate(from_text(entry.domain)[:2])]
    x = GRID[(low < GRID) & (high > GRID)]
    y = np.array([float(evaluate(f.program, [f.outputs["f"]], {"x": point})[0]) for point in x])
    defined = np.isfinite(y)
    slack = 1e-9 * (1 + np.abs(y))
    assert defined.all() or not record[4]
    assert record[3][0] is None or (y + slack >= float(record[3][0]))[defined].all()
    assert record[3][1] is None or (y - slack <= float(record[3][1]))[defined].all()
    if record[8] is not None:
        slopes = np.abs(np.diff(y) / np.diff(x))
        rounding = (slack[1:] + slack[:-1]) / np.diff(x)
        assert (slopes <= float(record[8]) * (1 + 1e-9) + rounding).all()


AT_MOST = [  # formula, the true class at its worst point
    ("min(x, 6)", 0), ("max(x, 6)", 0), ("relu6(x)", 0), ("clip(x, -1, 1)", 0), ("min(exp(x), 2)", 0), ("max(exp(x), 2)", 0),
    ("min(sin(x), 1/2)", 0),
    ("min(x, 0)", 0), ("min(x**2, 1)", 0), ("min(2 - x, 1)", 0), ("min(x, 1)**2", 0), ("min(x, 0)**2", 1), ("min(x, 0)**3", 2),
    ("max(x, 0)**3", 2),
    ("abs(x)**3", 2), ("abs(x - 1)", 0), ("x*abs(x)", 1), ("elu(x)", 1), ("elu(x, 2)", 0), ("celu(x, 2)", 1), ("softsign(x)", 1),
    ("hardswish(x)", 0),
    ("smoothstep(x)", 1), ("sparse_plus(x)", 1), ("isrlu(x)", 2), ("where(x > 1, 2*x - 1, x**2)", 1), ("1 - min(x, 1/2) + x", 0),
    ("sqrt(x**2)", 0),
    ("max(0, min(1, x/2 + 1/2))", 0), ("log(1 + relu(x))", 0), ("where(x > 0, sin(x), x)", 2), ("where(x > 0, exp(x), 1 + x + x**2/2)", 2),
]  # fmt: skip


@pytest.mark.parametrize(("text", "order"), AT_MOST, ids=[row[0] for row in AT_MOST])
def test_smoothness_is_never_overstated(text, order):
    """A function that is C^k and not C^(k+1) is never proved to be smoother."""
    assert certify(text, sharpness=False).record[6] <= order


CONTINUOUS_WHERE_DEFINED = ["sign(1/x)", "1/x", "x/abs(x)", "where(x > 0, 2 + 0*log(x), 1 + 0*log(-x))", "floor(1/x)*0", "sign(tan(x))*0"]


@pytest.mark.parametrize("text", CONTINUOUS_WHERE_DEFINED)
def test_no_jump_where_there_is_no_value(text):
    """A function that is continuous on its natural domain is not called discontinuous because of a point without a value."""
    certificate = certify(text, sharpness=False)
    assert certificate.smoothness != "discontinuous"
    assert certificate.locally_lipschitz is not False
