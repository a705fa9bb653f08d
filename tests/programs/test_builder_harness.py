"""How the builder is compared with PyTorch: the same numbers through both, in double precision."""

import numpy as np
import pytest

from tamecheck.programs import builder as nn
from tamecheck.programs.evaluate import evaluate

RELATIVE, ABSOLUTE = 1e-9, 1e-11


def values_of(outputs, values):
    """Evaluate tensors (one, or a nested tuple of them) at the given arrays."""
    flat = flatten(outputs)
    network = nn.Network({str(k): v for k, v in enumerate(flat)})
    program, places = network.to_program()
    return evaluate(program, [places[str(k)] for k in range(len(flat))], values)


def flatten(value):
    """Open nested tuples; leave out None."""
    if isinstance(value, (tuple, list)):
        return [inner for v in value for inner in flatten(v)]
    return [] if value is None else [value]


def randomised(module, seed=0, positive=()):
    """Give every parameter and buffer of a PyTorch module a random double; variances are positive."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    module = module.double()
    with torch.no_grad():
        for name, tensor in [*module.named_parameters(), *module.named_buffers()]:
            if tensor.dtype != torch.float64:
                continue
            tensor.copy_(torch.randn(tensor.shape, generator=generator, dtype=torch.float64) * 0.5)
            if "var" in name or name in positive:
                tensor.abs_().add_(0.1)
    return module


def state_of(module):
    """Return the arrays of a PyTorch module by name."""
    return {name: tensor.detach().numpy() for name, tensor in module.state_dict().items()}


def same_module(ours, theirs, *shapes, seed=0, scale=1.0, call_ours=None, call_theirs=None, train=True):
    """Build our module on inputs of these shapes and compare all outputs with PyTorch's module."""
    import torch

    theirs = randomised(theirs, seed)
    theirs.train(train)
    generator = np.random.default_rng(seed)
    arrays = [generator.standard_normal(shape) * scale for shape in shapes]
    inputs = [nn.Input(f"x{k}", shape) for k, shape in enumerate(shapes)]
    state = state_of(theirs)  # before the call: training changes running statistics
    state = {name: array.copy() for name, array in state.items()}
    with torch.no_grad():
        expected = (call_theirs or (lambda m, *x: m(*x)))(theirs, *[torch.from_numpy(a) for a in arrays])
    got = (call_ours or (lambda m, *x: m(*x)))(ours, *inputs)
    assert_same(got, expected, {**state, **{f"x{k}": a for k, a in enumerate(arrays)}})


def same_function(ours, theirs, *arrays):
    """Call a function of ours on inputs and PyTorch's on tensors of the same values, and compare."""
    import torch

    inputs = [nn.Input(f"x{k}", a.shape) for k, a in enumerate(arrays)]
    expected = theirs(*[torch.from_numpy(np.asarray(a, dtype=np.float64)) for a in arrays])
    assert_same(ours(*inputs), expected, {f"x{k}": a for k, a in enumerate(arrays)})


def assert_same(got, expected, values):
    """Compare tensors of ours, evaluated, with PyTorch's results."""
    wanted = [e.detach().numpy() for e in flatten(expected)]
    found = values_of(got, values)
    assert len(found) == len(wanted)
    for a, b in zip(found, wanted, strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=RELATIVE, atol=ABSOLUTE)


def test_the_comparison_can_fail():
    """The harness is not blind: a wrong layer is noticed."""
    torch = pytest.importorskip("torch", reason="torch is not installed")
    with pytest.raises(AssertionError):
        same_module(nn.Sequential(nn.Linear(3, 2), "relu"), torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Tanh()), (5, 3))
