"""Faces of ReLU networks: exact faces per second against the public algorithms in floating point, on the same nets.

    python benchmarks/polyhedral.py [--large] [--relucent]

Peers: *edge subdivision* (A. Berzins, ICML 2023), written here in NumPy from the paper: float64, a box, vertices and edges, sign vectors,
and the faces of all dimensions read off the sign vectors by perturbation; and, where it is installed, the package `relucent`
(regions by local search with linear programs).  Printed: counts of both, seconds, ratios; then degenerate nets, where a float
algorithm that assumes general position counts wrongly.
"""

import argparse
import itertools
import random
import sys
import time
from fractions import Fraction

import numpy as np

import tamecheck as tc
from tamecheck import nn

NETS = [(2, 8, 8, 1), (2, 16, 16, 1), (2, 16, 16, 16, 1), (2, 32, 32, 1), (3, 8, 8, 1), (3, 12, 12, 1), (4, 8, 6, 1)]
LARGE = [(2, 64, 64, 1), (3, 20, 20, 1), (4, 10, 10, 1)]


def network(widths, draw):
    """Return layers of exact (weight, bias) and the builder network with its values."""
    layers, modules, values = [], [], {}
    for k, (a, b) in enumerate(itertools.pairwise(widths)):
        name = str(len(modules))
        weight, bias = [[draw() for _ in range(a)] for _ in range(b)], [draw() for _ in range(b)]
        layers.append((weight, bias))
        values[f"{name}.weight"], values[f"{name}.bias"] = weight, bias
        modules.append(nn.Linear(a, b))
        if k < len(widths) - 2:
            modules.append(nn.ReLU())
    return layers, nn.Network(nn.Sequential(*modules)(nn.Input("x", (1, widths[0])))), values


def edge_subdivision(layers, low=-1.0, high=1.0):
    """Return vertices, edges (pairs of vertices) and sign vectors of the vertices, for the hidden units of a net in a box."""
    arrays = [(np.array(w, dtype=np.float64), np.array(b, dtype=np.float64)) for w, b in layers[:-1]]
    n = arrays[0][0].shape[1]
    bits = np.array(list(itertools.product([0, 1], repeat=n)), dtype=np.int8)
    vertices = low + (high - low) * bits.astype(np.float64)
    signs = np.hstack([bits, 1 - bits]).astype(np.int8)  # the box: 2n constraints, positive inside
    edges = np.array([(i, j) for i in range(len(bits)) for j in range(i) if np.abs(bits[i] - bits[j]).sum() == 1])
    for layer in range(len(arrays)):
        for unit in range(len(arrays[layer][1])):
            h = vertices
            for w, b in arrays[:layer]:
                h = np.maximum(h @ w.T + b, 0)
            values = h @ arrays[layer][0][unit] + arrays[layer][1][unit]
            side = np.where(values >= 0, 1, -1).astype(np.int8)  # general position is assumed: a zero counts as positive
            pairs = values[edges]
            split = side[edges[:, 0]] != side[edges[:, 1]]
            ends, t = edges[split], pairs[split]
            new = vertices[ends[:, 0]] - (t[:, 0] / (t[:, 1] - t[:, 0]))[:, None] * (vertices[ends[:, 1]] - vertices[ends[:, 0]])
            own = np.sign(signs[ends].sum(1)).astype(np.int8)  # the sign vector of an edge
            first = len(vertices)
            joined = _neighbours(own, n) + first
            vertices = np.vstack([vertices, new])
            signs = np.vstack([np.hstack([signs, side[:, None]]), np.hstack([own, np.zeros((len(new), 1), np.int8)])])
            fresh = first + np.arange(len(new))
            halves = [np.stack([ends[:, k], fresh], 1) for k in (0, 1)]
            edges = np.vstack([edges[~split], *halves, joined])
    return vertices, edges, signs


def _neighbours(own, n):
    """Return pairs of split edges that lie on a common face of dimension two: sign vectors that agree after one zero is moved."""
    if len(own) == 0 or n < 2:
        return np.empty((0, 2), dtype=np.int64)
    rows, columns = np.nonzero(own == 0)
    faces = np.repeat(own[rows], 2, axis=0)
    faces[np.arange(0, len(faces), 2), columns] = 1
    faces[np.arange(1, len(faces), 2), columns] = -1
    owner = np.repeat(rows, 2)
    order = np.lexsort(faces.T)
    same = np.all(faces[order[1:]] == faces[order[:-1]], axis=1)
    return np.stack([owner[order[:-1][same]], owner[order[1:][same]]], 1)


def all_faces(signs, n):
    """Return the number of faces of every dimension: all sign vectors that come from a vertex by moving its zeros."""
    box = 2 * n
    counts = [len(signs)]
    level = signs
    for _ in range(n):
        rows, columns = np.nonzero(level == 0)
        up = np.repeat(level[rows], 2, axis=0)
        up[np.arange(0, len(up), 2), columns] = 1
        up[np.arange(1, len(up), 2), columns] = -1
        inside = ~np.any(up[:, :box] < 0, axis=1)
        level = np.unique(up[inside], axis=0)
        counts.append(len(level))
    return counts


def best(function, repeat):
    """Return the least time of a few runs, and the result."""
    times, result = [], None
    for _ in range(repeat):
        begin = time.perf_counter()
        result = function()
        times.append(time.perf_counter() - begin)
    return min(times), result


def compare(widths, seed, relucent):
    """Print one line for a random net."""
    rng = random.Random(seed)
    layers, net, values = network(widths, lambda: Fraction(rng.randint(-2048, 2048), 1024))
    repeat = 3 if sum(widths) < 60 else 1
    ours, c = best(lambda: tc.polyhedral_complex(net, values=values, box=(-1, 1)), repeat)
    skeleton, (_, edges, signs) = best(lambda: edge_subdivision(layers), repeat)
    reading, counts = best(lambda: all_faces(signs, widths[0]), repeat)
    exact = c.count_by_dimension()
    floats = skeleton + reading
    assert c.euler_characteristic() == 1
    agree = "equal" if counts == exact and len(edges) == exact[1] else f"DIFFERENT {counts}"
    print(
        f"{'-'.join(map(str, widths)):<14} {sum(exact):>7} faces {exact}  exact {ours:7.3f} s = {sum(exact) / ours:8.0f}/s   "
        f"float skeleton {skeleton:6.3f} s, with faces {floats:6.3f} s = {sum(counts) / floats:8.0f}/s   "
        f"exact/float {ours / floats:5.1f}x   counts {agree}"
    )
    if relucent:
        _relucent(widths, layers, net, values)
    return ours / floats


def _relucent(widths, layers, net, values):
    import relucent as peer
    import torch

    modules = []
    for k, (w, b) in enumerate(layers):
        linear = torch.nn.Linear(len(w[0]), len(w)).double()
        with torch.no_grad():
            linear.weight.copy_(torch.tensor([[float(x) for x in row] for row in w], dtype=torch.float64))
            linear.bias.copy_(torch.tensor([float(x) for x in b], dtype=torch.float64))
        modules += [linear] + ([torch.nn.ReLU()] if k < len(layers) - 1 else [])
    begin = time.perf_counter()
    complex_ = peer.Complex(torch.nn.Sequential(*modules))
    complex_.bfs(verbose=0) if "verbose" in peer.Complex.bfs.__code__.co_varnames else complex_.bfs()
    theirs = time.perf_counter() - begin
    ours, c = best(lambda: tc.polyhedral_complex(net, values=values), 1)
    regions = len(c.regions)
    print(
        f"    whole space: relucent {len(complex_)} regions in {theirs:.2f} s = {len(complex_) / theirs:.0f}/s; "
        f"exact {regions} regions and all {len(c)} faces in {ours:.3f} s = {regions / ours:.0f} regions/s; relucent/exact {theirs / ours:.0f}x"
    )


DEGENERATE = {
    "three lines through one point": [([[1, 0], [0, 1], [1, 1]], [0, 0, 0])],
    "two equal units": [([[1, 1], [1, 1], [1, -1]], [0, 0, 0])],
    "two units that differ by a factor": [([[1, 2], [-3, -6]], [Fraction(1, 3), -1])],
    "a dead unit and a zero unit": [([[1, 0], [0, 0], [0, 0]], [0, -1, 0])],
    "a fold along its own kink": [([[1, 0], [-1, 0], [0, 1]], [0, 0, 0]), ([[1, 1, 0], [1, -1, 1]], [0, 0])],
    "grid of tenths": [([[1, 0]] * 5 + [[0, 1]] * 5 + [[1, 1]] * 3, [Fraction(k, 10) for k in range(5)] * 2 + [Fraction(k, 10) for k in range(3)])],
}


def degenerate():
    """Print the counts of both algorithms on nets that are not in general position."""
    for title, hidden in DEGENERATE.items():
        layers = [*hidden, ([[1] * len(hidden[-1][1])], [0])]
        modules, values = [], {}
        for k, (w, b) in enumerate(layers):
            values[f"{len(modules)}.weight"], values[f"{len(modules)}.bias"] = w, b
            modules += [nn.Linear(len(w[0]), len(w))] + ([nn.ReLU()] if k < len(layers) - 1 else [])
        net = nn.Network(nn.Sequential(*modules)(nn.Input("x", (1, 2))))
        c = tc.polyhedral_complex(net, values=values, box=(-1, 1))
        try:
            counts = all_faces(edge_subdivision([([[float(x) for x in r] for r in w], [float(x) for x in b]) for w, b in layers])[2], 2)
        except (IndexError, ValueError) as error:
            counts = f"fails: {type(error).__name__}"
        euler = sum((-1) ** d * k for d, k in enumerate(counts)) if isinstance(counts, list) else "-"
        print(f"  {title:<34} exact {c.count_by_dimension()} (Euler {c.euler_characteristic()})   float {counts} (Euler {euler}, has to be 1)")


def main():
    """Run everything."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--relucent", action="store_true", help="also against the package relucent (slow)")
    options = parser.parse_args()
    if options.relucent:
        try:
            import relucent  # noqa: F401
        except ImportError:
            sys.exit("relucent is not installed")
    nets = NETS + (LARGE if options.large else [])
    ratios = [compare(widths, 1, options.relucent and sum(widths) < 40) for widths in nets]
    print(f"geometric mean exact/float {np.exp(np.mean(np.log(ratios))):.1f}x")
    print("degenerate nets, in the box [-1, 1]^2: faces by dimension")
    degenerate()


if __name__ == "__main__":
    main()
