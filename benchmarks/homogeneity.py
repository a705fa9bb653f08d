"""Which scalings of layers and small networks are found, and which are true: ``python benchmarks/homogeneity.py [--write]``.

The truth comes from numbers: a scaling of the tensors T_i by s^(w_i) multiplies f by s^d exactly when sum_i w_i <df/dT_i, T_i> = d f at every
point, so the true scalings are the null space of a matrix of samples.  Its dimension is compared with that of the space the calculus finds; what is
true and not found is listed.  ``--write`` puts the table into docs/reference/homogeneity.md, ``--speed`` measures seconds per node.
"""

import argparse
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np

import tamecheck as tc
from tamecheck import nn
from tamecheck.programs.evaluate import evaluate
from tamecheck.proofs.homogeneity import scalings

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "homogeneity.md"
BEGIN, END = "<!-- table of scalings: benchmarks/homogeneity.py --write -->", "<!-- end of the table -->"


def flat(*layers: nn.Module) -> nn.Tensor:
    """Apply layers to a batch of three vectors of length 4."""
    return nn.Sequential(*layers)(nn.Input("x", (3, 4)))


def image(*layers: nn.Module) -> nn.Tensor:
    """Apply layers to two images of 4 channels."""
    return nn.Sequential(*layers)(nn.Input("x", (2, 4, 6, 6)))


def sequence(*layers: nn.Module) -> nn.Tensor:
    """Apply layers to two sequences of three vectors of length 4."""
    return nn.Sequential(*layers)(nn.Input("x", (2, 3, 4)))


def linear(bias: bool = True, a: int = 4, b: int = 4) -> nn.Module:
    """Return a linear layer."""
    return nn.Linear(a, b, bias=bias)


def residual(*layers: nn.Module) -> nn.Tensor:
    """x + layers(x) after a first linear layer, with a linear head."""
    h = nn.Linear(4, 4, bias=False)(nn.Input("x", (3, 4)))
    return nn.Linear(4, 2, bias=False)(h + nn.Sequential(*layers)(h))


def attention(softmax: bool) -> nn.Tensor:
    """One head with trained queries, keys and values."""
    x = nn.Input("x", (3, 4))
    q, k, v = (nn.Linear(4, 4, bias=False)(x) for _ in range(3))
    scores = nn.einsum("ik,jk->ij", q, k)
    return nn.einsum("ij,jk->ik", nn.softmax(scores, -1) if softmax else scores, v)


def tied() -> nn.Tensor:
    """The first layer's weight is used again, transposed."""
    w = nn.Parameter("w", (4, 4))
    x = nn.Input("x", (3, 4))
    return nn.einsum("bk,kj->bj", nn.relu(nn.einsum("bj,kj->bk", x, w)), w)


def cosine_head() -> nn.Tensor:
    """Normalised features against normalised class vectors, times a trained scale."""
    x, w, s = nn.Input("x", (3, 4)), nn.Parameter("w", (5, 4)), nn.Parameter("s", ())
    h = nn.relu(nn.Linear(4, 4, bias=False)(x))
    unit = w / nn.sqrt((w * w).sum(-1, keepdim=True))
    return s * nn.einsum("bk,ck->bc", h / nn.sqrt((h * h).sum(-1, keepdim=True)), unit)


def weight_normalised() -> nn.Tensor:
    """g v/|v| for every row."""
    x, g, v = nn.Input("x", (3, 4)), nn.Parameter("g", (4,)), nn.Parameter("v", (4, 4))
    return nn.einsum("bj,kj->bk", x, v / nn.sqrt((v * v).sum(-1, keepdim=True))) * g


CASES: dict[str, Callable[[], nn.Tensor]] = {
    "Linear": lambda: flat(linear()),
    "Linear without bias": lambda: flat(linear(False)),
    "2 layers ReLU": lambda: flat(linear(), nn.ReLU(), linear()),
    "4 layers ReLU, all biases": lambda: flat(linear(), nn.ReLU(), linear(), nn.ReLU(), linear(), nn.ReLU(), linear()),
    "4 layers LeakyReLU, no biases": lambda: flat(*[m for _ in range(3) for m in (linear(False), nn.LeakyReLU())], linear(False)),
    "PReLU": lambda: flat(linear(), nn.PReLU(), linear()),
    "Maxout": lambda: flat(linear(), nn.Maxout(2), linear(True, 2, 2)),
    "CReLU": lambda: flat(linear(), nn.CReLU(), linear(True, 8, 2)),
    "ReLU squared": lambda: flat(linear(), nn.ReLUSquared(), linear()),
    "GroupSort": lambda: flat(linear(), nn.GroupSort(2), linear()),
    "Bilinear GLU": lambda: flat(nn.BilinearGLU(4, 3)),
    "ReGLU": lambda: flat(nn.ReGLU(4, 3)),
    "Residual block": lambda: residual(linear(False), nn.ReLU(), linear(False)),
    "Residual block, linear inside": lambda: residual(linear(False)),
    "Skip connection by concatenation": lambda: _concatenated(),
    "Tied weights": tied,
    "Conv, ReLU, max pooling": lambda: image(nn.Conv2d(4, 3, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(12, 2)),
    "Conv, ReLU, average pooling": lambda: image(nn.Conv2d(4, 3, 3), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(12, 2)),
    "Conv, global pooling": lambda: image(nn.Conv2d(4, 3, 3), nn.ReLU(), nn.GlobalAvgPool(), nn.Linear(3, 2)),
    "LPPool (p = 2)": lambda: image(nn.Conv2d(4, 3, 3, bias=False), nn.LPPool2d(2, 2)),
    "Depthwise convolution": lambda: image(nn.Conv2d(4, 4, 3, groups=4), nn.ReLU(), nn.Conv2d(4, 2, 1)),
    "ConvTranspose": lambda: image(nn.ConvTranspose2d(4, 3, 2), nn.ReLU(), nn.Conv2d(3, 2, 1)),
    "Upsample, bilinear": lambda: image(nn.Conv2d(4, 2, 1), nn.Upsample(scale_factor=2, mode="bilinear"), nn.Conv2d(2, 1, 1)),
    "PixelShuffle": lambda: image(nn.Conv2d(4, 4, 1), nn.PixelShuffle(2), nn.Conv2d(1, 1, 1)),
    "BatchNorm, eps > 0": lambda: flat(linear(False), nn.BatchNorm1d(4), nn.ReLU(), linear()),
    "LayerNorm, eps = 0": lambda: flat(linear(False), nn.LayerNorm(4, eps=0), nn.ReLU(), linear()),
    "LayerNorm, eps > 0": lambda: flat(linear(False), nn.LayerNorm(4), nn.ReLU(), linear()),
    "RMSNorm, eps = 0": lambda: flat(linear(False), nn.RMSNorm(4, eps=0), linear()),
    "GroupNorm, eps = 0": lambda: image(nn.Conv2d(4, 4, 1, bias=False), nn.GroupNorm(2, 4, eps=0), nn.ReLU(), nn.Conv2d(4, 1, 1)),
    "InstanceNorm, eps = 0": lambda: image(nn.Conv2d(4, 4, 1, bias=False), nn.InstanceNorm2d(4, eps=0, affine=True), nn.Conv2d(4, 1, 1)),
    "Weight normalisation": weight_normalised,
    "Normalised classifier head": cosine_head,
    "Attention without softmax": lambda: attention(False),
    "Attention with softmax": lambda: attention(True),
    "Linear attention": lambda: sequence(nn.LinearAttention(4, 2)),
    "MultiheadAttention": lambda: nn.MultiheadAttention(4, 2)(*[nn.Input("x", (2, 3, 4))] * 3)[0],
    "Softmax head": lambda: flat(linear(), nn.Softmax(-1)),
    "Sparsemax head": lambda: flat(linear(False), nn.Sparsemax(-1)),
    "SwiGLU": lambda: flat(nn.SwiGLU(4, 3)),
    "GELU, 2 layers": lambda: flat(linear(), nn.GELU(), linear()),
    "Softplus, 3 layers": lambda: flat(linear(), nn.Softplus(), linear(), nn.Softplus(), linear()),
    "Tanh, 2 layers": lambda: flat(linear(), nn.Tanh(), linear()),
    "Hardtanh, 2 layers": lambda: flat(linear(), nn.Hardtanh(), linear()),
    "ELU residual": lambda: residual(linear(), nn.ELU(), linear()),
    "Sine layers": lambda: flat(linear(), nn.Sin(), linear()),
    "RNN, ReLU": lambda: nn.RNN(4, 3, nonlinearity="relu")(nn.Input("x", (2, 3, 4)))[0],
    "LSTM": lambda: nn.LSTM(4, 3)(nn.Input("x", (2, 3, 4)))[0],
    "Highway": lambda: flat(nn.Highway(4)),
    "SqueezeExcite": lambda: image(nn.Conv2d(4, 4, 1), nn.SqueezeExcite(4, 2)),
    "Cosine similarity": lambda: nn.cosine_similarity(linear(False)(nn.Input("x", (3, 4))), linear(False)(nn.Input("y", (3, 4))), eps=0),
    "Pairwise distance, eps = 0": lambda: nn.pairwise_distance(linear(False)(nn.Input("x", (3, 4))), linear(False)(nn.Input("y", (3, 4))), eps=0),
    "Singular values": lambda: nn.singular_values(nn.Parameter("w", (3, 3))),
    "Spectral normalisation": lambda: flat(nn.spectral_norm(linear(False)), nn.ReLU(), linear(False)),
    "Bilinear form": lambda: nn.Bilinear(4, 4, 2, bias=False)(nn.Input("x", (3, 4)), nn.Input("y", (3, 4))),
    "Embedding": lambda: nn.Linear(4, 2)(nn.relu(nn.Embedding(7, 4)(nn.constant([0, 3, 5])))),
}


def _concatenated() -> nn.Tensor:
    h = nn.Linear(4, 4)(nn.Input("x", (3, 4)))
    return nn.Linear(8, 2)(nn.cat([h, nn.relu(nn.Linear(4, 4)(nn.relu(h)))], -1))


# ---------------------------------------------------------------------- the truth


def sampled(program, target: int, points: int = 12, seed: int = 0) -> int:
    """Return the dimension of the space of true scalings of all inputs, by samples."""
    rng = np.random.default_rng(seed)
    inputs = program.inputs()
    names = {n: program.nodes[n][1][0] for n in inputs}
    step, rows = 1e-4, []
    for _ in range(points):
        at = {names[n]: rng.normal(size=program.shape(n)) for n in inputs}
        value = np.ravel(evaluate(program, [target], at)[0])
        columns = []
        for n in inputs:
            up, down = (np.ravel(evaluate(program, [target], {**at, names[n]: at[names[n]] * np.exp(s)})[0]) for s in (step, -step))
            columns.append((up - down) / (2 * step))
        block = np.stack([*columns, -value], 1)
        rows.append(block[np.isfinite(block).all(1)])
    matrix = np.concatenate(rows)
    matrix = matrix / np.maximum(np.abs(matrix).max(1, keepdims=True), 1e-30)
    singular = np.linalg.svd(matrix, compute_uv=False)
    return matrix.shape[1] - int((singular > 1e-5 * max(singular[0], 1e-30)).sum())


# ---------------------------------------------------------------------- the table


def examined(name: str) -> dict:
    """Return what is found and what is true for one case."""
    network = nn.Network(CASES[name]())
    program, target = network.program, next(iter(network.outputs.values()))
    started = time.process_time()
    space = scalings(program, target)
    exact = time.process_time() - started
    started = time.process_time()
    true = sampled(program, target)
    numeric = time.process_time() - started
    row = {"name": name, "nodes": len(program.nodes), "found": space.dimension, "true": true, "exact": exact, "numeric": numeric}
    try:
        row["report"] = tc.homogeneity(network, input_box=(-1, 1))
    except tc.errors.InputError as reason:
        row["report"], row["reason"] = None, reason.message
    return row


def cells(row: dict) -> list[str]:
    """Return one row of the table."""
    h = row["report"]
    if h is None:
        return [row["name"], f"{row['found']} of {row['true']}", "", "", "", "", "no parameters"]
    weights = sorted(set(map(str, h.weights.values())), key=lambda t: Fraction(t)) if h.weights and h.weights_degree is not None else []
    quasi = f"{h.weights_degree} (weights {', '.join(weights)}{'' if set(h.weights) == set(h.group) else ', some 0'})" if weights else "none"
    near = "none" if h.near is None else f"{h.near.degree}, exact" if h.near.exact else f"{h.near.degree}, p' of degree {len(h.near.defect) - 1}"
    if h.near is not None and not h.near.certified:
        near += ", not certified"
    why = h.reason.split(": ", 1)[-1] if h.near is None else "f_H = 0" if h.near.degenerate else ""
    degree = "none" if h.degree is None else str(h.degree)
    return [row["name"], f"{row['found']} of {row['true']}", degree, quasi, str(len(h.invariances)), near, why]


def table(rows: list[dict]) -> str:
    """Return the table in Markdown."""
    head = ["network", "scalings found, of those there are", "degree in the parameters", "quasi-homogeneous", "invariances", "near-homogeneous"]
    head.append("remark")
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join([c.replace("|", "\\|") for c in cells(r)]) + " |" for r in rows])


def main() -> None:
    """Print the table, what is missed, and the time against the peer: samples in numpy and a singular value decomposition."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    if options.speed:
        return speed()
    rows = []
    for name in CASES:
        if options.only in name:
            rows.append(examined(name))
            print(" | ".join(cells(rows[-1])), flush=True)
    text = table(rows)
    missed = [r["name"] for r in rows if r["found"] != r["true"]]
    print("found is not true:" if missed else "every true scaling is found", ", ".join(missed))
    exact, numeric = sum(r["exact"] for r in rows), sum(r["numeric"] for r in rows)
    print(f"{len(rows)} networks: exact {exact:.2f} s, numpy samples and SVD {numeric:.2f} s, ratio {numeric / exact:.1f}")
    if options.write:
        page = PAGE.read_text(encoding="utf-8")
        before, _, rest = page.partition(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


def speed() -> None:
    """Seconds per node to find, claim and check near-homogeneity, on sums of many units."""
    from tamecheck import checker
    from tamecheck.programs.definitions import scalar
    from tamecheck.programs.program import Program

    for units in (1_000, 10_000):
        p = Program()
        x = p.input("x", (4,))
        total = None
        for k in range(units):
            w, a = p.input(f"w{k}", (4,), "parameter"), p.input(f"a{k}", (), "parameter")
            h = p.map("mul", a, scalar.gelu(p, p.contract("i,i->", w, x)))
            total = h if total is None else p.map("add", total, h)
        c = tc.certify((p, {"f": total}), input_box=(-1, 1), sharpness=False)
        started = time.process_time()
        found = c.near()
        near = time.process_time() - started
        started = time.process_time()
        c.scaling_rows()
        exact = time.process_time() - started
        data, claim = c.to_bytes(), c.claim_bytes()
        started = time.process_time()
        answer = checker.check(data, claim)
        both = time.process_time() - started
        n = len(p.nodes)
        print(f"{n} nodes: degree {found.degree}, near {near / n * 1e6:.1f} us per node, scalings {exact / n * 1e6:.1f} us per node, "
              f"checker (all claims) {both / n * 1e6:.1f} us per node: {answer.verdict}", flush=True)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
