"""Three networks, three answers: ONNX's ResNet-50, a transformer block, and a sine network that fails.

Run:  make demo        (or: python examples/demo.py [FOLDER])

For each network the derivation is printed, claim and certificate are handed to the independent
checker in a fresh interpreter, and the proof is written as LaTeX (and compiled when pdflatex is
there), HTML and JSON into FOLDER (``out``).
"""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import tamecheck as tc
from tamecheck import nn
from tamecheck.ground.intervals import interval


def resnet() -> tuple:
    """Return the light ResNet-50 of the onnx package with a cross-entropy loss attached."""
    import onnx

    from tamecheck.frontends import onnx_io

    path = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light" / "light_resnet50.onnx"
    model = onnx_io.load(path)
    p, probabilities = model.program, model.outputs["gpu_0/softmax_1"]
    target = p.input("target", p.shape(probabilities), box=interval(0, 1))
    loss = p.map("neg", p.reduce("sum", p.map("mul", target, p.map("log", probabilities)), (0, 1)))
    p.names[loss] = "cross entropy"
    return p, {"loss": loss}


def transformer() -> nn.Loss:
    """Return the loss of a transformer block with exact GELU and causal attention."""
    x = nn.Input("tokens", (2, 8, 32))
    block = nn.TransformerEncoderLayer(32, 4, 64, activation="gelu", batch_first=True)
    logits = nn.Linear(32, 11)(block(x, is_causal=True))
    return nn.Loss(nn.cross_entropy(logits.transpose(1, 2), [[3, 1, 4, 1, 5, 9, 2, 6], [2, 7, 1, 8, 2, 8, 1, 8]]))


def sines() -> nn.Loss:
    """Return the loss of a network with sine activations."""
    x, y = nn.Input("x", (16, 2)), nn.Input("y", (16, 1))
    model = nn.Sequential(nn.Linear(2, 8), nn.Sin(), nn.Linear(8, 8), nn.Sin(), nn.Linear(8, 1))
    return nn.Loss(nn.mse_loss(model(x), y))


NETWORKS = {
    "resnet50": ("ONNX's light ResNet-50 with a cross-entropy loss", resnet),
    "transformer": ("a transformer block with exact GELU and a cross-entropy loss", transformer),
    "sines": ("a network of sines with a mean-square loss", sines),
}


def show(name: str, title: str, build, folder: Path) -> bool:
    """Certify one network, print its tree, check it and write the proof; tell whether the checker accepts."""
    print(f"\n{'=' * 100}\n{title}, as a function of its parameters\n{'=' * 100}")
    started = time.perf_counter()
    certificate = tc.certify(build(), about="parameters")
    seconds = time.perf_counter() - started
    print(explained(certificate, lines=24))
    certificate.save(folder / f"{name}.json")
    (folder / f"{name}.tex").write_text(certificate.to_latex(), encoding="utf-8")
    (folder / f"{name}.html").write_text(certificate.to_html(), encoding="utf-8")
    answer = certificate.check()
    size = (folder / f"{name}.json").stat().st_size
    print(f"certified in {seconds:.2f} s; certificate of {size:,} bytes; independent checker: {answer.verdict} {answer.get('reason', '')}")
    print(f"written: {folder}/{name}.json, .html, .tex{compiled(folder, name)}")
    return answer.verdict == "valid"


def explained(certificate: tc.Certificate, lines: int) -> str:
    """Return the derivation with a short tree and without the list of references."""
    from tamecheck.reports.terminal import explain

    return explain(certificate.document, limit=lines, width=140).partition("\nreferences")[0]


def compiled(folder: Path, name: str) -> str:
    """Compile the proof when pdflatex is installed; return what to add to the list of files."""
    if shutil.which("pdflatex") is None:
        return ""
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", f"{name}.tex"]
    for _ in range(2):
        run = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    for suffix in (".aux", ".log"):
        (folder / f"{name}{suffix}").unlink(missing_ok=True)
    return ", .pdf" if run.returncode == 0 else " (pdflatex failed)"


def main() -> int:
    """Show the three networks; the exit status is 0 when the checker accepts all three certificates."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "out")
    folder.mkdir(parents=True, exist_ok=True)
    accepted = [show(name, title, build, folder) for name, (title, build) in NETWORKS.items()]
    print(f"\n{sum(accepted)} of {len(accepted)} certificates accepted by the independent checker")
    return 0 if all(accepted) else 1


if __name__ == "__main__":
    sys.exit(main())
