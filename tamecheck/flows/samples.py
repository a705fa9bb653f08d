"""The mean of a function of one sample over given samples, and gradients of it on batches that are drawn.

A program for one sample, such as ``(w*x - y)^2``, with data that have one row per sample, stands for ``F = (1/S) sum_i f(theta; x_i, y_i)``.  What is
certified for f in variables and data together holds for F: finite sums keep definability, smoothness and conservative fields.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from tamecheck.errors import InputError
from tamecheck.flows.derivatives import TORCH, Rule
from tamecheck.flows.graph import Graph
from tamecheck.flows.lowering import lower
from tamecheck.flows.margins import Margins
from tamecheck.flows.system import System
from tamecheck.programs.program import Program

MOST_SAMPLES = 4_096


def sample_count(program: Program, data: Mapping[str, object] | None) -> int | None:
    """Return the number of samples if every array of data has one axis more than its input, ``None`` if the data are those of the program itself.

    Raises
    ------
    InputError
        TC116 arrays of different lengths, or more than 4096 samples.
    """
    shapes = {program.nodes[n][1][0]: program.shape(n) for n in program.inputs()}
    try:
        found = {name: np.shape(value) for name, value in (data or {}).items() if name in shapes}
    except ValueError:  # rows of different lengths: said where the data are read
        return None
    if not found or any([len(shape) != len(shapes[name]) + 1 or shape[1:] != shapes[name] for name, shape in found.items()]):
        return None
    counts = {shape[0] for shape in found.values()}
    if len(counts) > 1:
        raise InputError(f"data with {', '.join(map(str, sorted(counts)))} samples", code="TC116", hint="one row per sample in each array")
    count = counts.pop()
    if not 1 <= count <= MOST_SAMPLES:
        raise InputError(f"{count} samples, from 1 to {MOST_SAMPLES} are possible", code="TC116", hint="a program for the whole batch")
    return count


def _each(program: Program, node: int, data: Mapping[str, object], count: int, order: Sequence[str] = ()) -> tuple[Graph, int]:
    """Return a graph with the values of all samples in one vector; the variables of `order` come first, in that order."""
    if program.shape(node) not in ((), (1,)):
        raise InputError(f"the value for one sample has shape {list(program.shape(node))}, not one number", code="TC116")
    graph = Graph()
    places = {program.nodes[n][1][0]: n for n in program.inputs()}
    for n in [*[places[name] for name in order], *places.values()]:
        if program.nodes[n][1][0] not in data:
            graph.input(program.nodes[n][1][0], program.shape(n))
    if not graph.inputs:
        raise InputError("the function has no variables", code="TC182", hint="give values to the data only")
    arrays = {name: np.asarray(value, dtype=np.float64) for name, value in data.items()}
    total = graph.zeros((count,))
    for i in range(count):
        (value,) = lower(program, [node], {name: a[i] for name, a in arrays.items()}, graph)[1]
        total = graph.binary("add", total, graph.put(graph.reshape(value, (1,)), np.array([i]), (count,)))
    return graph, total


def mean_over_samples(program: Program, node: int, data: Mapping[str, object], count: int, rule: Rule = TORCH) -> System:
    """Return the mean of a node over samples as a system."""
    graph, values = _each(program, node, data, count)
    mean = graph.binary("mul", graph.sum(values, (0,)), graph.constant(np.array(1 / count)))
    return System(graph, mean, rule)


def drawn_gradients(
    program: Program, node: int, data: Mapping[str, object], count: int, batch: int, seed: int, order: Sequence[str] = (), rule: Rule = TORCH,
) -> Callable[[np.ndarray], np.ndarray]:  # fmt: skip
    """Return a function of theta: what differentiation returns for the mean over `batch` samples, drawn anew at every call without repetition.

    Raises
    ------
    InputError
        TC184 a batch larger than the number of samples.
    """
    if batch > count:
        raise InputError(f"a batch of {batch} out of {count} samples", code="TC184", hint=f"batch up to {count}")
    graph, values = _each(program, node, data, count, order)
    each, random = Margins(graph, values, rule), np.random.default_rng(seed)

    def gradient(theta: np.ndarray) -> np.ndarray:
        weights = np.zeros(count)
        weights[random.choice(count, batch, replace=False)] = 1 / batch
        return each.combined(theta, weights)

    return gradient
