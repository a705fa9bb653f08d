"""Lifting over executors: the same cells, with processes, threads, and workers that die."""

from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import pytest
from flint import arb, ctx
from invariants import check

import tamecheck as tc
from tamecheck.geometry.cad import distribution

PROBLEMS = [
    (["x^2+y^2+z^2-1", "z^3+x*z+y"], "x y z", 971), (["x^2+y^2-1"], "x y", 13), (["x*y*w^2+(x+z)*w+x*z", "w-z+x"], "x y z w", 1905),
    (["(x^2+y^2+z^2+3)^2-16*(x^2+y^2)"], "x y z", 157), (["x^2-2"], "x", 5),
]  # fmt: skip


class Here(Executor):
    """Runs at once; every second piece of work dies."""

    def __init__(self, dying: bool) -> None:
        self.dying, self.count = dying, 0

    def submit(self, fn, /, *args, **kwargs):
        """Run or fail."""
        future: Future = Future()
        self.count += 1
        if self.dying and self.count % 2:
            future.set_exception(RuntimeError("a worker died"))
        else:
            future.set_result(fn(*args, **kwargs))
        return future


@pytest.mark.parametrize(("polynomials", "variables", "count"), PROBLEMS)
@pytest.mark.parametrize("dying", [False, True])
def test_the_same_cells_whatever_the_workers_do(polynomials, variables, count, dying):
    """Signs, samples and counts are those of an ordinary lifting, also if every second worker dies."""
    d = tc.cells(polynomials, variables.split(), executor=Here(dying))
    plain = tc.cells(polynomials, variables.split())
    assert len(d) == len(plain) == count
    assert [c.signs for c in d] == [c.signs for c in plain]
    assert [str(c) for c in d.cells[:200]] == [str(c) for c in plain.cells[:200]]
    check(d, points=10)


def test_workers_do_the_work(monkeypatch):
    """With a living executor the caller builds next to nothing itself."""
    d = tc.cells(PROBLEMS[0][0], ["x", "y", "z"], executor=Here(False))
    assert d.lifting.stacks < 10 < tc.cells(PROBLEMS[0][0], ["x", "y", "z"]).lifting.stacks


def test_processes_and_threads():
    """Real pools."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        assert len(tc.cells(PROBLEMS[0][0], ["x", "y", "z"], executor=pool)) == 971
    with ThreadPoolExecutor(1) as pool:
        assert len(tc.cells(PROBLEMS[3][0], ["x", "y", "z"], executor=pool)) == 157


def test_balls_travel_exactly():
    """Four integers and back, whatever the working precision."""
    before = ctx.prec
    try:
        ctx.prec = 300
        ball = arb(2).sqrt()
        ctx.prec = 53
        back = distribution.unpack(distribution.pack(ball))
    finally:
        ctx.prec = before
    assert back.contains(ball) and distribution.pack(back)[0] == distribution.pack(ball)[0]
