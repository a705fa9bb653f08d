"""Torch programs: every operator against torch's own forward, one road for live and saved, hostile archives."""

import io
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tamecheck.errors import InputError, UnsupportedModel
from tamecheck.frontends import torch_io
from tamecheck.programs.evaluate import evaluate

SAVED = Path(__file__).parent / "data" / "small.pt2"


def changed(edit) -> bytes:
    """Return the saved archive with its entries edited by a function of name and content."""
    stream = io.BytesIO()
    with zipfile.ZipFile(SAVED) as old, zipfile.ZipFile(stream, "w") as new:
        for i in old.infolist():
            done = edit(i.filename, old.read(i))
            if done is not None:
                new.writestr(*done)
    return stream.getvalue()


def swapped(old: bytes, new: bytes) -> bytes:
    return changed(lambda n, c: (n, c.replace(old, new)))


def test_reader_needs_no_torch():
    """A small archive is read and evaluated without torch."""
    found = torch_io.load(SAVED)
    assert found.parameters == ["l.weight", "l.bias"] and found.data == ["x"]
    x = np.arange(12.0).reshape(4, 3) / 7
    z = x @ found.values["l.weight"].T + found.values["l.bias"] + 1
    e = np.exp(z)
    first = evaluate(found.program, list(found.outputs.values()), {"x": x, **found.values})[0]
    assert np.allclose(first, e / e.sum(-1, keepdims=True) * [1, 2], atol=1e-9)


def hostile():
    whole = SAVED.read_bytes()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("a/models/model.json", b"0" * 10_000_000)
    nested = changed(lambda n, c: (n, b"[" * 200_000) if n.endswith("model.json") else (n, c))
    yield "truncated", whole[: len(whole) // 2], "TC132"
    yield "bomb", packed.getvalue(), "TC136"
    yield "path", changed(lambda n, c: (n.replace("data/weights/weight_0", "../../weight_0"), c)), "TC132"
    yield "json", changed(lambda n, c: (n, b"{") if n.endswith("model.json") else (n, c)), "TC132"
    yield "nested", nested, "TC136"
    yield "pickle", swapped(b'"use_pickle": false', b'"use_pickle": true'), "TC137"
    yield "schema", swapped(b'"major": 8', b'"major": 9'), "TC133"
    yield "short", changed(lambda n, c: (n, c[:8]) if n.endswith("weight_0") else (n, c)), "TC135"
    yield "missing", changed(lambda n, c: None if n.endswith("weight_0") else (n, c)), "TC134"
    yield "nan", changed(lambda n, c: (n, b"\0\0\xc0\x7f" * 2) if n.endswith("weight_2") else (n, c)), "TC135"
    yield "operator", swapped(b"aten.softmax.int", b"aten.fftsomething.int"), "TC130"
    yield "argument", swapped(b'"name": "dim", "arg": {"as_int"', b'"name": "mid", "arg": {"as_int"'), "TC130"
    yield "order", swapped(b'"arg": {"as_tensor": {"name": "linear"}}', b'"arg": {"as_tensor": {"name": "mul"}}'), "TC134"
    yield "extent", swapped(b'"sizes": [{"as_int": 4}, {"as_int": 3}]', b'"sizes": [{"as_expr": "s0"}, {"as_int": 3}]'), "TC138"
    yield "result", swapped(b'"sizes": [{"as_int": 4}]', b'"sizes": [{"as_int": 1}]'), "TC130"


@pytest.mark.parametrize(("content", "code"), [pytest.param(c, k, id=n) for n, c, k in hostile()] if SAVED.exists() else [])
def test_hostile_archives(content, code):
    """A hostile archive is refused within a second, with its code."""
    started = time.perf_counter()
    with pytest.raises(InputError) as refusal:
        torch_io.load(content)
    assert refusal.value.code == code
    assert time.perf_counter() - started < 1


def functions():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    F, nn = torch.nn.functional, torch.nn
    x, image = torch.randn(3, 4), torch.randn(2, 4, 6, 6)
    unary = {n: getattr(F, n) for n in "relu leaky_relu elu gelu silu softplus hardtanh hardswish hardsigmoid relu6 mish logsigmoid".split()}
    unary |= {n: getattr(torch, n) for n in "neg abs exp sin cos tanh sigmoid square".split()}
    unary |= {
        "positive": lambda x: torch.log(x * x + 1) + torch.sqrt(x.abs() + 1) + torch.rsqrt(x * x + 2),
        "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"), "rsub": lambda x: 2 - x, "alpha": lambda x: torch.add(x, x, alpha=3),
        "clamp": lambda x: x.clamp(-0.5, 0.7), "clamp_low": lambda x: x.clamp(min=0.1), "pow": lambda x: x**3 / 2,
        "softmax": lambda x: x.softmax(0), "log_softmax": lambda x: x.log_softmax(-1), "lse": lambda x: x.logsumexp(1),
        "mean": lambda x: x.mean(1, keepdim=True), "amax": lambda x: x.amax(0) - x.amin(0), "var": lambda x: x.var(1),
        "extreme": lambda x: x.max() + x.min() + x.sum(), "shapes": lambda x: x.view(2, 6).t().reshape(3, 4).permute(1, 0).flatten(),
        "slice": lambda x: torch.cat([x[1:, ::2], x[:2, 1:3]], 1), "stack": lambda x: torch.stack([x, x + 1], -1).select(0, 1),
        "expand": lambda x: x.unsqueeze(1).expand(3, 2, 4).squeeze(), "matmul": lambda x: x @ x.t(), "transpose": lambda x: x.transpose(0, 1),
        "where": lambda x: torch.where(torch.logical_and(x > 0, x <= 1), x, -x),
        "fill": lambda x: x.masked_fill(x < 0, 2.0), "inplace": lambda x: (x + 1).relu_(),
    }  # fmt: skip
    for name, f in unary.items():
        yield name, f, (x,)
    cnn = nn.Sequential(nn.Conv2d(4, 6, 3, padding=1, stride=2), nn.BatchNorm2d(6), nn.ReLU(inplace=True), nn.GroupNorm(2, 6),
                        nn.MaxPool2d(2, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.5), nn.Linear(6, 3))  # fmt: skip
    yield "mlp", nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.LayerNorm(5), nn.Linear(5, 2)), (x,)
    yield "cnn", cnn, (image,)
    yield "grouped", nn.Conv2d(4, 8, 3, groups=2, dilation=2), (image,)
    yield "conv1d", nn.Conv1d(4, 2, 3), (image[:, :, 0],)
    yield "avg", nn.AvgPool2d(2), (image,)
    yield "embedding", nn.Embedding(7, 3), (torch.tensor([[1, 6], [0, 2]]),)
    yield "attention", F.scaled_dot_product_attention, (torch.randn(2, 3, 4),) * 3
    yield "causal", lambda q: F.scaled_dot_product_attention(q, q, q, is_causal=True), (torch.randn(2, 3, 4),)
    yield "mse", F.mse_loss, (x, torch.randn(3, 4))
    yield "bce", F.binary_cross_entropy_with_logits, (x, torch.rand(3, 4))
    yield "cross_entropy", F.cross_entropy, (x, torch.tensor([0, 3, 1]))
    yield "soft_labels", F.cross_entropy, (x, torch.rand(3, 4))
    yield "nll", lambda x, t: F.nll_loss(x.log_softmax(1), t, reduction="sum"), (x, torch.tensor([0, 3, 1]))
    yield "encoder", nn.TransformerEncoderLayer(4, 2, 8, batch_first=True, norm_first=True), (torch.randn(2, 3, 4),)


def module_of(f):
    import torch

    if isinstance(f, torch.nn.Module):
        return f.eval()

    class Wrapped(torch.nn.Module):
        def forward(self, *inputs):
            return f(*inputs)

    return Wrapped()


def test_operators_agree_with_torch(tmp_path):
    """Imported programs have the values of torch's forward."""
    torch = pytest.importorskip("torch", reason="torch is not installed")
    torch.manual_seed(0)
    failures = []
    for name, f, inputs in functions():
        module = module_of(f)
        try:
            found = torch_io.load(module, inputs)
        except InputError as error:
            failures.append(f"{name}: {error} {getattr(error, 'problems', '')}")
            continue
        values = {**found.values, **dict(zip(found.data, [i.numpy() for i in inputs], strict=True))}
        (ours,) = evaluate(found.program, list(found.outputs.values()), values)
        theirs = module(*inputs).detach().numpy()
        if ours.shape != theirs.shape or not np.allclose(ours, theirs, atol=2e-5, rtol=1e-4):
            failures.append(f"{name}: {ours} {theirs}")
    assert not failures, "\n".join(failures)


def test_saved_is_live(tmp_path):
    """File, exported program and module give one program."""
    torch = pytest.importorskip("torch", reason="torch is not installed")
    module = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.GELU(), torch.nn.Linear(4, 1))
    exported = torch.export.export(module, (torch.zeros(2, 3),))
    torch.export.save(exported, tmp_path / "m.pt2")
    saved, live = torch_io.load(tmp_path / "m.pt2"), torch_io.load(exported)
    assert saved.program.digest() == live.program.digest() == torch_io.load(module, (torch.ones(2, 3),)).program.digest()


def test_refusals():
    """What has no exact meaning is refused with its reason."""
    torch = pytest.importorskip("torch", reason="torch is not installed")
    x = torch.randn(3, 4)

    def aliased(x):
        y = x + 1
        v = y.view(12)
        y.relu_()
        return v

    for f, word in [(torch.nn.Dropout(0.5), "random"), (torch.fft.fft, "no translation"), (aliased, "in place"),
                    (lambda x: x.to(torch.int64), "become integers"), (lambda x: x.masked_fill(x < 0, float("-inf")), "infinite")]:  # fmt: skip
        module = f.train() if isinstance(f, torch.nn.Module) else module_of(f)
        with pytest.raises(UnsupportedModel) as refusal:
            torch_io.load(module, (x,))
        assert word in refusal.value.problems[0]["reason"] and refusal.value.code == "TC130"
    with pytest.raises(InputError, match="example inputs"):
        torch_io.load(torch.nn.Linear(1, 1))
