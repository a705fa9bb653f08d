"""Time and memory per node, from 10^3 to 10^6 nodes: a chain, a tree, a deep transformer.

Run: ``python benchmarks/scaling.py [largest power of ten, default 6]``.  Each size runs in a
fresh process; printed are microseconds per node to build, to prove and to write, the time of
the checker, and the peak memory of the process.
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def chain(size: int):
    """A chain of affine maps and logistic functions."""
    from tamecheck.programs.definitions import scalar
    from tamecheck.programs.program import Program

    p = Program()
    n, one = p.input("x", (16,)), p.constant(1)
    while len(p) < size:
        n = scalar.sigmoid(p, p.map("add", n, one))
    return p, n


def tree(size: int):
    """A balanced tree of sums and maxima over many inputs."""
    from tamecheck.programs.program import Program

    p = Program()
    level = [p.input(f"x{k}", ()) for k in range(size // 2)]
    turn = 0
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        merged = [p.map("add" if turn % 2 else "max", a, b) for a, b in pairs]
        level, turn = merged + ([level[-1]] if len(level) % 2 else []), turn + 1
    return p, level[0]


def transformer(size: int):
    """As many transformer encoder layers (exact GELU) as reach the size."""
    from tamecheck.programs import builder as nn

    h = nn.Input("x", (4, 8, 16))
    layers = max(1, size // 80)
    h = nn.Sequential(*[nn.TransformerEncoderLayer(16, 4, 32, activation="gelu") for _ in range(layers)])(h)
    network = nn.Network(h)
    return network.program, network.outputs["output"]


def measure(shape: str, size: int) -> str:
    """Return one row of the table."""
    from tamecheck.certification import certify, run_checker

    times = [time.perf_counter()]
    program, node = {"chain": chain, "tree": tree, "transformer": transformer}[shape](size)
    times.append(time.perf_counter())
    certificate = certify((program, {"output": node}), sharpness=False)
    times.append(time.perf_counter())
    data = certificate.to_bytes()
    times.append(time.perf_counter())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "c.json"
        path.write_bytes(data)
        started = time.perf_counter()
        answer = run_checker(path)
        checked = time.perf_counter() - started
    nodes = len(certificate.proof.program.nodes)
    build, prove, write = (1e6 * (b - a) / nodes for a, b in zip(times, times[1:], strict=False))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    check_memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return (f"{shape:12} {nodes:9,} nodes  build {build:6.2f}  prove {prove:6.2f}  write {write:5.2f}  check {1e6 * checked / nodes:6.2f} us/node"
            f"  {nodes / checked:9,.0f} steps/s  {memory:7,.0f} MiB, checker {check_memory:7,.0f} MiB  {answer['verdict']}")


def main() -> None:
    """Print the table."""
    if len(sys.argv) == 3:
        print(measure(sys.argv[1], int(sys.argv[2])), flush=True)
        return
    top = int(sys.argv[1]) if len(sys.argv) > 1 else 6
    for shape in ("chain", "tree", "transformer"):
        for power in range(3, top + 1):
            subprocess.run([sys.executable, __file__, shape, str(10**power)], check=False)


if __name__ == "__main__":
    main()
