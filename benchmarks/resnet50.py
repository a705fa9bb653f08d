"""Certifying the light ResNet-50, import included, against ONNX's own checker and shape inference on the same file.

Run: ``python benchmarks/resnet50.py [runs]``.  Printed: medians over the runs and the ratio,
run by run.  Peer: ``onnx.checker.check_model`` and ``onnx.shape_inference.infer_shapes`` (C++), including
``onnx.load``, because our time includes it too.
"""

import statistics
import sys
import time
from pathlib import Path


def model_path() -> Path:
    """Return the ResNet-50 that ships with the onnx package."""
    import onnx

    return Path(onnx.__file__).parent / "backend" / "test" / "data" / "light" / "light_resnet50.onnx"


def peer(path: Path) -> float:
    """Return the seconds of load, check and shape inference."""
    import onnx

    started = time.perf_counter()
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    onnx.shape_inference.infer_shapes(model)
    return time.perf_counter() - started


def ours(path: Path, sharpness: bool) -> tuple[float, object]:
    """Return the seconds to import and prove, and the certificate."""
    import tamecheck as tc

    started = time.perf_counter()
    certificate = tc.certify(path, about="parameters", sharpness=sharpness)
    return time.perf_counter() - started, certificate


def main() -> None:
    """Print the medians and ratios."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    path = model_path()
    peer(path)
    ours(path, True)
    rows = [(peer(path), ours(path, False)[0], ours(path, True)[0]) for _ in range(runs)]
    certificate = ours(path, True)[1]
    theirs, plain, sharp = (statistics.median(column) for column in zip(*rows, strict=True))
    print(f"{len(certificate.proof.program.nodes)} nodes, {certificate.verdict}, homes {[s.name for s in certificate.homes]}")
    print(f"onnx load + checker (full) + shape inference   {1e3 * theirs:7.1f} ms")
    print(f"tamecheck import + proof                       {1e3 * plain:7.1f} ms, ratio {statistics.median(p / t for t, p, _ in rows):5.2f}")
    print(f"tamecheck import + proof + search for sharpness{1e3 * sharp:7.1f} ms, ratio {statistics.median(s / t for t, _, s in rows):5.2f}")
    started = time.perf_counter()
    data = certificate.to_bytes()
    written = time.perf_counter() - started
    started = time.perf_counter()
    answer = certificate.check()
    print(f"certificate {len(data):,} bytes in {1e3 * written:.1f} ms; checker {answer['verdict']} in {time.perf_counter() - started:.2f} s")


if __name__ == "__main__":
    main()
