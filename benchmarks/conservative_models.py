"""Which models and layers are certified to be differentiated legitimately, and which operator stands in the way of the others?

    python benchmarks/conservative_models.py           (needs onnx)

Sources: the nine architectures of the onnx package's "light" collection, its exported PyTorch models and operators, and the layers and losses of
`tests/programs/test_builder_verdicts.py` with the activations of the builder.  For each: the compositional certificate for all admissible rules;
if there is none, with Euclidean norms as operators; if there is none either, the node that has no lemma.
"""

import os
import sys
import time
from collections import Counter
from glob import glob
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "programs")]

ACTIVATIONS = (
    "Arctan CELU ELU Erf Exp GELU GLU Gaussian Hardmish Hardshrink Hardsigmoid Hardswish Hardtanh LeakyReLU LiSHT LogCosh LogSigmoid LogSoftmax Mish "
    "ReLU ReLU6 ReLUSquared SELU Serf SiLU Sigmoid Sin Snake Softmax Softmin Softplus Softshrink Softsign Sparsemax Squareplus Swish Tanh "
    "Tanhshrink CReLU"
).split()


def exported(kind: str) -> list[tuple[str, object]]:
    """Return the models of a collection of the onnx package."""
    import onnx

    data = Path(onnx.__file__).parent / "backend" / "test" / "data" / kind
    paths = sorted(glob(str(data / "*.onnx"))) or sorted(glob(str(data / "*" / "model.onnx")))
    return [(os.path.basename(p) if kind == "light" else Path(p).parent.name, p) for p in paths]


def built() -> list[tuple[str, object]]:
    """Return the layers, losses and activations of the builder."""
    from test_builder_verdicts import IMAGE, TABLE, X, Y

    from tamecheck.programs import builder as nn

    made = [(name, nn.Network(make())) for rows in TABLE.values() for name, make in rows.items()]
    made += [(name, nn.Network(getattr(nn, name)()(X))) for name in ACTIVATIONS]
    return made + [
        ("PairwiseDistance", nn.Network(nn.PairwiseDistance()(X, Y))), ("normalize", nn.Network(nn.normalize(X))),
        ("cdist", nn.Network(nn.cdist(X, Y))), ("std", nn.Network(X.std())), ("instance norm", nn.Network(nn.InstanceNorm2d(4)(IMAGE))),
        ("logsumexp", nn.Network(nn.logsumexp(X))),
    ]  # fmt: skip


def main() -> int:
    from tamecheck.certification import certify
    from tamecheck.errors import TamecheckError

    started, nodes = time.process_time(), 0
    print(f"{'':34}{'certified':>10}{'as norms':>10}{'open':>6}{'refused':>9}")
    stops: list[str] = []
    sources = [("onnx light", exported("light")), ("onnx pytorch-converted", exported("pytorch-converted")),
               ("onnx pytorch-operator", exported("pytorch-operator")), ("layers and losses of tc.nn", built())]  # fmt: skip
    for title, models in sources:
        for about in ("parameters", "inputs"):
            counts: Counter = Counter()
            for name, source in models:
                try:
                    c = certify(source, about, sharpness=False)
                except TamecheckError:
                    counts["refused"] += 1
                    continue
                nodes += len(c.proof.program.nodes)
                stop, norms = c.conservative_obstacle, c.norms_as_operators
                kind = "certified" if stop is None else "as norms" if norms is not None else "open"
                counts[kind] += 1
                if kind == "open":
                    stops.append(f"  {title}, {name}, {about}: {stop[1]}")
            shown = "".join([f"{counts[k]:>{w}}" for k, w in (("certified", 10), ("as norms", 10), ("open", 6), ("refused", 9))])
            print(f"{title + ', ' + about:34}{shown}")
    print("open because")
    print("\n".join(stops))
    print(f"{nodes} nodes, {time.process_time() - started:.1f} s of processor time")
    return 0


if __name__ == "__main__":
    sys.exit(main())
