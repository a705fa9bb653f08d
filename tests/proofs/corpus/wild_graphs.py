"""Graphs that no o-minimal structure defines; the docstring is the reason."""

from corpus.bricks import LINE, UNIT, Graph, choice, loop, network, primitive, softmax, square
from tamecheck.programs.program import Program


def sine_network(p: Program) -> int:
    """sine units with unbounded weights"""
    return network(p, primitive("sin"))


def sine_network_of_bounded_data(p: Program) -> int:
    """data in a box do not help when the weights are unbounded"""
    return network(p, primitive("sin"), UNIT)


def cosine_features(p: Program) -> int:
    """trainable Fourier features"""
    return network(p, primitive("cos"))


def snake_network(p: Program) -> int:
    """x + sin(x)^2 units"""
    return network(p, lambda q, x: q.map("add", x, square(q, q.map("sin", x))))


def rounded_network(p: Program) -> int:
    """an unsaturated cast to integers inside a network"""
    return network(p, primitive("round"))


def floor_network(p: Program) -> int:
    """unbounded integer parts"""
    return network(p, primitive("floor"))


def besselj_network(p: Program) -> int:
    """oscillating Bessel units"""
    return network(p, primitive("besselj0"))


def rotary_with_learnt_frequency(p: Program) -> int:
    """rotation by an angle that is a trainable frequency times a real position"""
    x, y = p.input("x", ()), p.input("y", ())
    angle = p.map("mul", p.input("frequency", (), role="parameter"), p.input("position", ()))
    return p.map("sub", p.map("mul", x, p.map("cos", angle)), p.map("mul", y, p.map("sin", angle)))


def time_embedding(p: Program) -> int:
    """sines of a real time at several frequencies, then a linear map"""
    t = p.input("t", ())
    frequencies = p.values([1, 2, 4, 8], (4,))
    return p.contract("a,a->", p.map("sin", p.map("mul", t, frequencies)), p.input("w", (4,), role="parameter"))


def sum_of_sines(p: Program) -> int:
    """a sum over entries"""
    return p.reduce("sum", p.map("sin", p.input("x", (5,))), [0])


def largest_sine(p: Program) -> int:
    """the maximum over entries of an oscillation"""
    return p.reduce("max", p.map("sin", p.input("x", (5,))), [0])


def sorted_sines(p: Program) -> int:
    """sorting does not calm an oscillation"""
    return p.order("sort", p.map("sin", p.input("x", (3,))), 0)


def top_sine(p: Program) -> int:
    """the two largest of three oscillations"""
    return p.order("topk", p.map("cos", p.input("x", (3,))), 0, 2, True)


def product_of_sines(p: Program) -> int:
    """a product over entries"""
    return p.reduce("prod", p.map("sin", p.input("x", (2, 3))), [1])


def running_sum_of_sines(p: Program) -> int:
    """a running sum"""
    return p.cumulate("sum", p.map("sin", p.input("x", (4,))), 0)


def running_maximum_of_floors(p: Program) -> int:
    """a running maximum of integer parts"""
    return p.cumulate("max", p.map("floor", p.input("x", (4,))), 0)


def squared_distance_to_sine(p: Program) -> int:
    """a loss of a network whose target oscillates in a trainable parameter"""
    d = p.map("sub", p.map("sin", p.input("w", (3,), role="parameter")), p.input("y", (3,)))
    return p.contract("a,a->", d, d)


def softmax_of_sines(p: Program) -> int:
    """sin, then a function that is injective along a curve with two different entries"""
    x = p.input("x", (1,))
    both = p.reindex(("concat", 0), p.map("sin", x), p.constant(0, (1,)))
    return softmax(p, both)


def sine_attention(p: Program) -> int:
    """scores that oscillate in the query"""
    q, k, v = (p.input(n, (2, 2)) for n in "qkv")
    return p.contract("ab,bc->ac", p.map("sin", p.contract("ab,cb->ac", q, k)), v)


def fractional_part_of_a_dot_product(p: Program) -> int:
    """u - floor(u) for u = w.x"""
    u = p.contract("a,a->", p.input("w", (3,), role="parameter"), p.input("x", (3,)))
    return p.map("sub", u, p.map("floor", u))


def hashed_bucket(p: Program) -> int:
    """the bucket of a real number: (floor x) mod 8"""
    f = p.map("floor", p.input("x", ()))
    return p.map("sub", f, p.map("mul", p.constant(8), p.map("floor", p.map("div", f, p.constant(8)))))


def triangle_wave(p: Program) -> int:
    """reflection at the ends of an interval, as grid sampling does: |x - 2 round(x/2)|"""
    x = p.input("x", ())
    return p.map("abs", p.map("sub", x, p.map("mul", p.constant(2), p.map("round", p.map("div", x, p.constant(2))))))


def determinant_of_a_rotation_and_more(p: Program) -> int:
    """the determinant of [[sin t, 1], [0, 1]] is sin t"""
    s = p.reindex(("reshape", (1, 1)), p.map("sin", p.input("t", ())))
    one, zero = p.constant(1, (1, 1)), p.constant(0, (1, 1))
    return p.linalg("det", p.reindex(("concat", 0), p.reindex(("concat", 1), s, one), p.reindex(("concat", 1), zero, one)))


def exponential_of_a_matrix(p: Program) -> int:
    """exp [[0, -t], [t, 0]] holds cos t"""
    return p.linalg("expm", p.input("a", (2, 2)))


def eigenvalues_of_a_sine(p: Program) -> int:
    """the eigenvalue of a matrix of one entry is the entry"""
    return p.linalg("eigvalsh", p.map("sin", p.input("a", (1, 1))))


def looked_up_sine(p: Program) -> int:
    """rows of a table of sines at a computed rank"""
    x = p.input("x", (3,))
    return p.lookup(p.map("sin", x), p.order("argmax", x, 0), 0)


def masked_sine(p: Program) -> int:
    """where(mask, sin x, 0) with a condition that is sometimes true"""
    x, y = p.input("x", ()), p.input("y", ())
    return p.where(p.compare("lt", y, p.constant(0)), p.map("sin", x), p.constant(0))


def windows_of_sine(p: Program) -> int:
    """a convolution over an oscillation"""
    w = p.reindex(("windows", (0,), (2,), (1,), (1,)), p.map("sin", p.input("x", (5,))))
    return p.contract("ab,b->a", w, p.input("k", (2,), role="parameter"))


def padded_cosine(p: Program) -> int:
    """padding with zeros keeps the oscillating entries"""
    return p.reindex(("pad", ((1, 1),)), p.map("cos", p.input("x", (2,))), p.constant(0))


def doubling_map(p: Program) -> int:
    """h -> 2h - floor(2h), ten times, from a real number"""
    def step(q: Program, h: int) -> int:
        d = q.map("add", h, h)
        return q.map("sub", d, q.map("floor", d))
    return loop(step, 10, LINE)(p)


def sine_loop(p: Program) -> int:
    """h -> 3 sin h repeated from a real number"""
    return loop(lambda q, h: q.map("mul", q.constant(3), q.map("sin", h)), 3, LINE)(p)


def largest_over_a_line(p: Program) -> int:
    """max over y in [0, 1] of y sin x"""
    return choice("max", lambda q, y, x: q.map("mul", y, q.map("sin", x)), UNIT)(p)


def sine_gordon_energy(p: Program) -> int:
    """1 - cos of a difference of neighbouring unknowns"""
    u = p.input("u", (4,))
    left, right = (p.reindex(("slice", ((k, 1, 3),)), u) for k in (0, 1))
    return p.reduce("sum", p.map("sub", p.constant(1), p.map("cos", p.map("sub", right, left))), [0])


NOT_DEFINABLE: list[Graph] = [
    sine_network, sine_network_of_bounded_data, cosine_features, snake_network, rounded_network, floor_network, besselj_network,
    rotary_with_learnt_frequency, time_embedding, sum_of_sines, largest_sine, sorted_sines, top_sine, product_of_sines,
    running_sum_of_sines,
    running_maximum_of_floors, squared_distance_to_sine, softmax_of_sines, sine_attention, fractional_part_of_a_dot_product,
    hashed_bucket,
    triangle_wave, determinant_of_a_rotation_and_more, exponential_of_a_matrix, eigenvalues_of_a_sine, looked_up_sine,
    masked_sine, windows_of_sine,
    padded_cosine, doubling_map, sine_loop, largest_over_a_line, sine_gordon_energy,
]  # fmt: skip
