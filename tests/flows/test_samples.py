"""A program of one sample with rows of data: the mean over the samples, and stochastic gradients."""

import numpy as np
import pytest

import tamecheck as tc
from tamecheck.errors import InputError

DATA = {"x": [1, 2, 3], "y": [2, 4, 6.5]}
LINE = "(w*x + b - y)^2"


def test_the_mean_over_samples_is_followed():
    """The flow ends at the least squares solution, and its loss is the mean."""
    run = tc.flow(LINE, variables=["w", "b"], data=DATA, initial=[0, 0], horizon=300)
    best, residuals = np.linalg.lstsq([[1, 1], [2, 1], [3, 1]], DATA["y"], rcond=None)[:2]
    assert np.allclose(run.states[-1], best, atol=1e-8)
    assert abs(run.diagnostics["loss"][-1] - residuals[0] / 3) < 1e-10
    assert abs(run.diagnostics["loss"][0] - (4 + 16 + 6.5**2) / 3) < 1e-12


def test_a_batch_of_all_samples_is_gradient_descent():
    """The same iterates, whatever the order of the variables."""
    for order in (["w", "b"], ["b", "w"]):
        options = dict(variables=order, data=DATA, initial=[1, -1], steps=50, step=0.02)
        full, gd = tc.flow(LINE, kind="sgd", batch=3, **options), tc.flow(LINE, kind="gd", **options)
        assert np.allclose(full.states, gd.states, rtol=1e-12)


def test_stochastic_gradients_are_drawn_by_the_seed():
    """Equal seeds give equal runs, other seeds others; falling steps come to the minimum of the mean."""
    options = dict(kind="sgd", data=DATA, initial=[0, 0], steps=4000, step=0.05, decay=0.05, power=1)
    one, same, other = (tc.flow(LINE, seed=s, **options) for s in (0, 0, 1))
    assert np.array_equal(one.states, same.states) and not np.array_equal(one.states, other.states)
    assert one.diagnostics["loss"][-1] < one.diagnostics["loss"][0] / 50 and one.verdicts == []
    assert one.solver.endswith("1 of 3 samples, seed 0")


def test_one_step_moves_by_what_differentiation_returns_for_one_sample():
    """At a kink of one sample relu passes on 0; the step is one of the three."""
    run = tc.flow("relu(w - x)", kind="sgd", data={"x": [0, 1, 2]}, initial=[1], steps=1, step=1, seed=3)
    assert run.states[-1][0] in (0.0, 1.0)
    seen = {tc.flow("relu(w - x)", kind="sgd", data={"x": [0, 1, 2]}, initial=[1], steps=1, step=1, seed=s).states[-1][0] for s in range(12)}
    assert seen == {0.0, 1.0}


@pytest.mark.parametrize(
    ("code", "options"),
    [
        ("TC116", {"data": {"x": [1, 2], "y": [1, 2, 3]}}),
        ("TC116", {"data": {"x": [], "y": []}}),
        ("TC184", {"data": DATA, "kind": "sgd", "batch": 4}),
        ("TC186", {"data": {"x": 1, "y": 2}, "kind": "sgd"}),
        ("TC186", {"kind": "sgd"}),
        ("TC125", {"data": {"x": [[1, 2]], "y": 1}}),
        ("TC125", {"data": {"x": [[1, 2], [1]], "y": 1}}),
    ],
)
def test_bad_samples_have_their_code(code, options):
    """Lengths, batches and missing samples."""
    with pytest.raises(InputError, match=code):
        tc.flow(LINE, initial=[0] * (4 if "data" not in options else 2), steps=3, **options)
