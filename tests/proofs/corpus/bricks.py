"""The bricks of the graphs of the corpus: a graph is a function that adds nodes to an empty program and returns the output."""

from collections.abc import Callable

from tamecheck.ground.intervals import Interval, interval
from tamecheck.programs.program import Program

Graph = Callable[[Program], int]

LINE: Interval = interval(None, None)
UNIT: Interval = interval(0, 1)


def layer(p: Program, x: int, name: str, out: int) -> int:
    """Return w x + b with trainable w and b."""
    n = p.shape(x)[0]
    w, b = p.input(f"w{name}", (out, n), role="parameter"), p.input(f"b{name}", (out,), role="parameter")
    return p.map("add", p.contract("ab,b->a", w, x), b)


def sigmoid(p: Program, x: int) -> int:
    """Return 1/(1 + exp(-x))."""
    return p.map("div", p.constant(1), p.map("add", p.constant(1), p.map("exp", p.map("neg", x))))


def softmax(p: Program, x: int, axis: int = -1) -> int:
    """Return exp(x)/sum exp(x)."""
    e = p.map("exp", x)
    return p.map("div", e, p.reduce("sum", e, [axis], keep=True))


def network(p: Program, activation: Callable[[Program, int], int], data: Interval = LINE) -> int:
    """Return a two-layer network with one output."""
    x = p.input("x", (3,), box=data)
    hidden = activation(p, layer(p, x, "1", 4))
    return p.reindex(("reshape", ()), layer(p, hidden, "2", 1))


def primitive(name: str) -> Callable[[Program, int], int]:
    """Return the layer function that applies a primitive."""
    return lambda p, x: p.map(name, x)


def loop(step: Callable[[Program, int], int], count: int, box: Interval, shape: tuple[int, ...] = ()) -> Graph:
    """Return a program that repeats one step on a carry."""

    def build(p: Program) -> int:
        body = Program()
        out = step(body, body.input("h", shape))
        return p.repeat(p.body(body), [out], count, [p.input("x", shape, box=box)], 1, 0)

    return build


def choice(mode: str, objective: Callable[[Program, int, int], int], box: Interval = LINE, data: Interval = LINE) -> Graph:
    """Return min, max, argmin or root over y in a box of an objective in (y, x)."""

    def build(p: Program) -> int:
        body = Program()
        out = objective(body, body.input("y", (), box=box), body.input("x", ()))
        return p.implicit(mode, p.body(body), out, [p.input("x", (), box=data)], 1)

    return build


def square(p: Program, a: int) -> int:
    """Return a*a."""
    return p.map("mul", a, a)
