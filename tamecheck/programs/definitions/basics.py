"""Small definitions that the others are made of: scaling, means, padding, products of tensors.

Every function takes a `Program` and node positions, adds nodes, and returns a position.
Numbers are exact rationals.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import prod

from tamecheck.errors import InputError, ShapeError
from tamecheck.programs.program import Program

MAXIMAL_LISTED = 2**18
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def listed(count: int) -> range:
    """Return ``range(count)`` for constants that are written out one by one, within a limit."""
    if count > MAXIMAL_LISTED:
        raise InputError(f"{count} constants or places would have to be written out", code="TC136", hint="a smaller model of the same kind")
    return range(count)


def scaled(p: Program, x: int, factor: Fraction | int) -> int:
    """Return ``factor * x`` for an exact constant; nothing is added for the factor 1."""
    return x if factor == 1 else p.map("mul", x, p.constant(factor))


def shifted(p: Program, x: int, amount: Fraction | int) -> int:
    """Return ``x + amount`` for an exact constant; nothing is added for 0."""
    return x if amount == 0 else p.map("add", x, p.constant(amount))


def square(p: Program, x: int) -> int:
    """Return ``x * x``."""
    return p.map("mul", x, x)


def power(p: Program, x: int, exponent: Fraction | int) -> int:
    """Return ``x ** exponent`` for an exact constant exponent: a product, root or quotient where there is one."""
    if exponent == 1:
        return x
    if exponent == 2:
        return p.map("mul", x, x)
    if exponent == Fraction(1, 2):
        return p.map("sqrt", x)
    if exponent == -1:
        return p.map("div", p.constant(1), x)
    return p.map("pow", x, p.constant(exponent))


def reshape(p: Program, x: int, shape: Iterable[int]) -> int:
    """Return the same entries in row-major order under another shape."""
    return p.reindex(("reshape", tuple(shape)), x)


def transpose(p: Program, x: int, permutation: Iterable[int]) -> int:
    """Return the tensor with its axes permuted."""
    return p.reindex(("transpose", tuple(permutation)), x)


def sections(p: Program, x: int, **ranges: tuple[int, int, int]) -> int:
    """Return a slice: ``sections(p, x, a1=(start, step, length))`` restricts axis 1 and keeps the others."""
    triples = [(0, 1, e) for e in p.shape(x)]
    for name, triple in ranges.items():
        triples[int(name[1:])] = triple
    return cut(p, x, triples)


def cut(p: Program, x: int, triples: Sequence[tuple[int, int, int]]) -> int:
    """Return the slice by one ``(start, step, length)`` per axis; the full slice adds nothing."""
    if all(t == (0, 1, e) for t, e in zip(triples, p.shape(x), strict=True)):
        return x
    return p.reindex(("slice", tuple(triples)), x)


def pad(p: Program, x: int, amounts: Sequence[tuple[int, int]], fill: int | None = None) -> int:
    """Return ``x`` with ``(before, after)`` entries added per axis; negative amounts crop.

    ``fill`` is a scalar node, the constant 0 when not given.
    """
    shape = p.shape(x)
    if any(b < 0 or a < 0 for b, a in amounts):
        triples = [(max(-b, 0), 1, e + min(b, 0) + min(a, 0)) for (b, a), e in zip(amounts, shape, strict=True)]
        if any(t[2] < 0 for t in triples):
            raise ShapeError(f"cropping by {list(amounts)} leaves nothing of shape {list(shape)}")
        x = cut(p, x, triples)
    grown = tuple([(max(b, 0), max(a, 0)) for b, a in amounts])
    if not any(b or a for b, a in grown):
        return x
    return p.reindex(("pad", grown), x, p.constant(0) if fill is None else fill)


def stack(p: Program, items: Sequence[int], axis: int = 0) -> int:
    """Return tensors of one shape stacked along a new axis."""
    shape = p.shape(items[0])
    a = axis % (len(shape) + 1)
    lifted = [reshape(p, n, shape[:a] + (1,) + shape[a:]) for n in items]
    return p.reindex(("concat", a), *lifted)


def along(p: Program, vector: int, axis: int, rank: int) -> int:
    """Return a vector of shape ``(n,)`` reshaped to broadcast along ``axis`` of a tensor of that rank."""
    return reshape(p, vector, p.shape(vector) + (1,) * (rank - 1 - axis % rank))


def extent(p: Program, x: int, axes: Iterable[int]) -> int:
    """Return the number of entries over the axes."""
    shape = p.shape(x)
    return prod([shape[a] for a in axes])


def mean(p: Program, x: int, axes: Iterable[int] | None = None, keep: bool = False) -> int:
    """Return the mean over axes (over all of them when not given): a sum times an exact reciprocal."""
    chosen = sorted({p._axis(x, a) for a in axes}) if axes is not None else list(range(len(p.shape(x))))
    count = extent(p, x, chosen)
    if count == 0:
        raise ShapeError(f"the mean over empty axes of shape {list(p.shape(x))} has no value")
    return scaled(p, p.reduce("sum", x, chosen, keep), Fraction(1, count))


def variance(p: Program, x: int, axes: Iterable[int] | None = None, keep: bool = False, correction: int = 0) -> int:
    """Return the mean squared distance from the mean; ``correction`` 1 divides by ``n - 1``."""
    chosen = sorted({p._axis(x, a) for a in axes}) if axes is not None else list(range(len(p.shape(x))))
    count = extent(p, x, chosen)
    if count - correction <= 0:
        raise ShapeError(f"variance of {count} entries with correction {correction}")
    deviation = p.map("sub", x, mean(p, x, chosen, True))
    return scaled(p, p.reduce("sum", square(p, deviation), chosen, keep), Fraction(1, count - correction))


def matmul(p: Program, a: int, b: int) -> int:
    """Return the matrix product with NumPy's rules: vectors are rows or columns, leading axes broadcast.

    One contraction: an axis of extent 1 that is broadcast gets a letter of its own, which
    is summed over its single entry.
    """
    left, right = p.shape(a), p.shape(b)
    if not left or not right:
        raise ShapeError(f"matrix product of shapes {list(left)} and {list(right)}")
    inner, row, column = "z", "y" if len(left) > 1 else "", "x" if len(right) > 1 else ""
    lead_a, lead_b = left[:-2] if row else (), right[:-2] if column else ()
    letters_a, letters_b, letters_out = "", "", ""
    count = max(len(lead_a), len(lead_b))
    for k in range(count):
        i, j = k - (count - len(lead_a)), k - (count - len(lead_b))
        ours, theirs = LETTERS[k], LETTERS[26 + k]
        if i < 0:
            letters_b, letters_out = letters_b + ours, letters_out + ours
        elif j < 0:
            letters_a, letters_out = letters_a + ours, letters_out + ours
        elif lead_a[i] == lead_b[j]:
            letters_a, letters_b, letters_out = letters_a + ours, letters_b + ours, letters_out + ours
        elif 1 in (lead_a[i], lead_b[j]):
            letters_a += theirs if lead_a[i] == 1 else ours
            letters_b += theirs if lead_b[j] == 1 else ours
            letters_out += ours
        else:
            raise ShapeError(f"matrix product of shapes {list(left)} and {list(right)}")
    return p.contract(f"{letters_a}{row}{inner},{letters_b}{inner}{column}->{letters_out}{row}{column}", a, b)


def gemm(
    p: Program, a: int, b: int, c: int | None = None, *, alpha: Fraction | int = 1, beta: Fraction | int = 1,
    transpose_a: bool = False, transpose_b: bool = False,
) -> int:  # fmt: skip
    """Return ``alpha * a @ b + beta * c`` for matrices ``a``, ``b`` (each transposed on demand) and a broadcast ``c``."""
    product = scaled(p, p.contract(f"{'ji' if transpose_a else 'ij'},{'kj' if transpose_b else 'jk'}->ik", a, b), alpha)
    return product if c is None else p.map("add", product, scaled(p, c, beta))
