"""Semilinear graphs that do not look it; the docstring is the reason."""

from corpus.bricks import LINE, Graph, loop, softmax, square
from tamecheck.programs.program import Program


def sine_minus_itself_through_reshapes(p: Program) -> int:
    """R_lin: the same entries by two paths"""
    s = p.map("sin", p.input("x", (4,)))
    again = p.reindex(("reshape", (4,)), p.reindex(("reshape", (2, 2)), s))
    return p.map("sub", s, again)


def sines_that_are_dropped(p: Program) -> int:
    """R_lin: a slice keeps only the plain entries"""
    x = p.input("x", (2,))
    return p.reindex(("slice", ((2, 1, 2),)), p.reindex(("concat", 0), p.map("sin", x), x))


def sines_times_a_zero_vector(p: Program) -> int:
    """R_lin: a contraction with zeros"""
    return p.contract("a,a->", p.map("sin", p.input("x", (3,))), p.constant(0, (3,)))


def no_sines_in_a_slice(p: Program) -> int:
    """R_lin: a tensor without entries is definable"""
    return p.reindex(("slice", ((0, 1, 0),)), p.map("sin", p.input("x", (3,))))


def sine_of_nothing(p: Program) -> int:
    """R_lin: a tensor without entries is definable"""
    return p.map("sin", p.input("x", (0,)))


def top_none_of_the_sines(p: Program) -> int:
    """R_lin: the zero largest entries"""
    return p.order("topk", p.map("sin", p.input("x", (3,))), 0, 0)


def jump_of_nothing(p: Program) -> int:
    """R_lin: a sign without entries does not jump"""
    return p.map("sign", p.input("x", (0,)))


def square_of_nothing(p: Program) -> int:
    """R_lin: a square without entries is not curved"""
    return square(p, p.input("x", (0,)))


def running_sum_minus_sum(p: Program) -> int:
    """R_lin: the last running sum is the sum"""
    s = p.map("sin", p.input("x", (3,)))
    last = p.reindex(("slice", ((2, 1, 1),)), p.cumulate("sum", s, 0))
    return p.map("sub", last, p.reduce("sum", s, [0], keep=True))


def determinant_of_equal_rows(p: Program) -> int:
    """R_lin: it vanishes"""
    s = p.map("sin", p.input("x", (1, 2)))
    return p.linalg("det", p.reindex(("concat", 0), s, s))


def norm_of_a_direction(p: Program) -> int:
    """R_lin: (sin t, cos t) has length 1"""
    t = p.input("t", ())
    return p.map("sqrt", p.map("add", square(p, p.map("sin", t)), square(p, p.map("cos", t))))


def softmax_that_sums_to_one(p: Program) -> int:
    """R_lin: shares add up to 1"""
    return p.reduce("sum", softmax(p, p.input("x", (3,))), [0])


def sorted_largest_minus_maximum(p: Program) -> int:
    """R_lin: the last of the sorted entries is the maximum"""
    s = p.map("sin", p.input("x", (3,)))
    return p.map("sub", p.reindex(("slice", ((2, 1, 1),)), p.order("sort", s, 0)), p.reduce("max", s, [0], keep=True))


def looked_up_at_a_fixed_plain_row(p: Program) -> int:
    """R_lin: only the plain row is read"""
    x = p.input("x", (1,))
    return p.lookup(p.reindex(("concat", 0), p.map("sin", x), x), p.constant(1), 0)


def zero_rounds_added(p: Program) -> int:
    """R_lin: a loop that subtracts what it has added"""
    def step(q: Program, h: int) -> int:
        s = q.map("sin", h)
        return q.map("sub", q.map("add", h, s), s)
    return loop(step, 3, LINE)(p)


CANCELLING: list[Graph] = [
    sine_minus_itself_through_reshapes, sines_that_are_dropped, sines_times_a_zero_vector, no_sines_in_a_slice, sine_of_nothing,
    top_none_of_the_sines,
    jump_of_nothing, square_of_nothing, running_sum_minus_sum, determinant_of_equal_rows, norm_of_a_direction,
    softmax_that_sums_to_one,
    sorted_largest_minus_maximum, looked_up_at_a_fixed_plain_row, zero_rounds_added,
]  # fmt: skip
