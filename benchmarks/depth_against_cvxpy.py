"""Depth: certifying a deep composite against CVXPY's ``is_dcp`` on a comparable one, in one run.

Run: ``python benchmarks/depth_against_cvxpy.py``.  The composite is a chain of
``x -> max(x, c) + b`` (convex in x, semilinear); CVXPY answers "is it DCP", we answer "in
which o-minimal structures is it definable" and write the certificate.
"""

import time

DEPTHS = (10, 50, 100, 200, 1000, 10_000)


def ours(depth: int) -> float:
    """Return the seconds to build, prove and write the certificate."""
    import tamecheck as tc
    from tamecheck.programs.program import Program

    started = time.perf_counter()
    p = Program()
    n = p.input("x", (8,))
    for k in range(depth):
        n = p.map("add", p.map("max", n, p.constant(k % 7)), p.constant(1 + k % 3))
    certificate = tc.certify((p, {"f": n}))
    certificate.to_bytes()
    if certificate.verdict != "definable":
        raise SystemExit("unexpected verdict")
    return time.perf_counter() - started


def theirs(depth: int) -> float | str:
    """Return the seconds CVXPY needs to build the expression and answer ``is_dcp``, or the error."""
    import cvxpy as cp

    started = time.perf_counter()
    try:
        x = cp.Variable(8)
        expression = x
        for k in range(depth):
            expression = cp.maximum(expression, k % 7) + (1 + k % 3)
        cp.Problem(cp.Minimize(cp.sum(expression))).is_dcp()
    except RecursionError:
        return "RecursionError"
    return time.perf_counter() - started


def main() -> None:
    """Print a row per depth."""
    ours(10)
    theirs(10)
    print(f"{'layers':>8} {'tamecheck':>12} {'cvxpy':>16} {'ratio':>8}")
    for depth in DEPTHS:
        mine, other = ours(depth), theirs(depth)
        ratio = "" if isinstance(other, str) else f"{mine / other:8.3f}"
        shown = other if isinstance(other, str) else f"{1e3 * other:.1f} ms"
        print(f"{depth:>8} {1e3 * mine:9.1f} ms {shown:>16} {ratio}")


if __name__ == "__main__":
    main()
