"""Definable graphs; the docstring begins with the minimal structures known to define them."""

from corpus.bricks import LINE, UNIT, Graph, choice, loop, network, primitive, sigmoid, softmax, square
from tamecheck.ground.intervals import interval
from tamecheck.programs.program import Program


def relu_network(p: Program) -> int:
    """R_alg: products of trainable weights"""
    return network(p, lambda q, x: q.map("max", x, q.constant(0)))


def sigmoid_network(p: Program) -> int:
    """R_exp: logistic units"""
    return network(p, sigmoid)


def erf_network(p: Program) -> int:
    """R_Pfaff: error function units"""
    return network(p, primitive("erf"))


def arctan_network(p: Program) -> int:
    """R_an|R_Pfaff: arctangent units"""
    return network(p, primitive("atan"))


def sine_network_on_boxes(p: Program) -> int:
    """R_an|R_Pfaff: bounded weights and bounded data"""
    x, w = p.input("x", (3,), box=UNIT), p.input("w", (4, 3), role="parameter", box=interval(-2, 2))
    v = p.input("v", (4,), role="parameter")
    return p.contract("a,a->", v, p.map("sin", p.contract("ab,b->a", w, x)))


def attention(p: Program) -> int:
    """R_exp: softmax attention"""
    q, k, v = (p.input(n, (3, 2)) for n in "qkv")
    return p.contract("ab,bc->ac", softmax(p, p.contract("ab,cb->ac", q, k)), v)


def cross_entropy(p: Program) -> int:
    """R_exp: log-sum-exp minus the target's score"""
    s = p.input("s", (4,))
    target = p.reindex(("slice", ((2, 1, 1),)), s)
    return p.map("sub", p.map("log", p.reduce("sum", p.map("exp", s), [0])), p.reindex(("reshape", ()), target))


def pooled_maximum(p: Program) -> int:
    """R_lin: max pooling"""
    return p.reduce("max", p.reindex(("windows", (0,), (2,), (2,), (1,)), p.input("x", (6,))), [1])


def convolution(p: Program) -> int:
    """R_alg: windows times a trainable kernel"""
    return p.contract("ab,b->a", p.reindex(("windows", (0,), (3,), (1,), (1,)), p.input("x", (6,))), p.input("k", (3,), role="parameter"))


def median_of_three(p: Program) -> int:
    """R_lin: sorting"""
    return p.reindex(("slice", ((1, 1, 1),)), p.order("sort", p.input("x", (3,)), 0))


def rank_of_the_largest(p: Program) -> int:
    """R_lin: the index of the maximum"""
    return p.order("argmax", p.input("x", (4,)), 0)


def row_of_the_largest(p: Program) -> int:
    """R_lin: a table at a computed rank"""
    return p.lookup(p.input("table", (4, 2)), p.order("argmax", p.input("x", (4,)), 0), 0)


def table_at_a_rounded_number(p: Program) -> int:
    """R_lin: a table at round(clip(x, 0, 3))"""
    x = p.map("min", p.map("max", p.input("x", (2,)), p.constant(0)), p.constant(3))
    return p.lookup(p.values([1, 5, -2, 7], (4,)), p.map("round", x), 0)


def determinant(p: Program) -> int:
    """R_alg: a polynomial"""
    return p.linalg("det", p.input("a", (3, 3)))


def solution(p: Program) -> int:
    """R_alg: Cramer's rule"""
    return p.linalg("solve", p.input("a", (2, 2)), p.input("b", (2, 1)))


def eigenvalues(p: Program) -> int:
    """R_alg: roots of the characteristic polynomial"""
    return p.linalg("eigvalsh", p.input("a", (3, 3)))


def singular_values(p: Program) -> int:
    """R_alg: square roots of eigenvalues"""
    return p.reduce("sum", p.linalg("svdvals", p.input("a", (2, 3))), [0])


def log_determinant(p: Program) -> int:
    """R_exp: log |det|"""
    return p.linalg("logabsdet", p.input("a", (2, 2)))


def pseudo_inverse(p: Program) -> int:
    """R_alg: defined by the four equations of Penrose"""
    return p.linalg("pinv", p.input("a", (2, 3)))


def cholesky_factor(p: Program) -> int:
    """R_alg: triangular factor"""
    return p.linalg("cholesky", p.input("a", (2, 2)))


def running_product(p: Program) -> int:
    """R_alg: exclusive running product"""
    return p.cumulate("prod", p.input("x", (3,)), 0, exclusive=True)


def running_sum(p: Program) -> int:
    """R_lin: reverse running sum"""
    return p.cumulate("sum", p.input("x", (3,)), 0, reverse=True)


def layer_norm(p: Program) -> int:
    """R_alg: centred and divided by the root of variance plus a small number"""
    x = p.input("x", (4,))
    centred = p.map("sub", x, p.map("div", p.reduce("sum", x, [0], keep=True), p.constant(4)))
    variance = p.map("div", p.reduce("sum", square(p, centred), [0], keep=True), p.constant(4))
    return p.map("div", centred, p.map("sqrt", p.map("add", variance, p.constant(1))))


def recurrent_cell(p: Program) -> int:
    """R_exp: five rounds of a logistic recurrence with a trainable weight"""
    body = Program()
    h, w = body.input("h", ()), body.input("w", ())
    out = sigmoid(body, body.map("mul", w, h))
    return p.repeat(p.body(body), [out], 5, [p.input("x", ()), p.input("w", (), role="parameter")], 1, 0)


def newton_steps(p: Program) -> int:
    """R_alg: four Newton steps for a square root, h -> (h + x/h)/2"""
    body = Program()
    h, x = body.input("h", ()), body.input("x", ())
    out = body.map("div", body.map("add", h, body.map("div", x, h)), body.constant(2))
    given = p.input("x", (), box=interval(0, None, False))
    return p.repeat(p.body(body), [out], 4, [given, given], 1, 0)


def sine_loop_on_a_box(p: Program) -> int:
    """R_an|R_Pfaff: sin maps [-1, 1] into itself"""
    return loop(lambda q, h: q.map("sin", h), 6, interval(-1, 1))(p)


def no_rounds_of_sine(p: Program) -> int:
    """R_lin: a loop that runs zero times"""
    return loop(lambda q, h: q.map("sin", h), 0, LINE)(p)


def proximal_value(p: Program) -> int:
    """R_alg: min over y of (x - y)^2 + |y|"""
    return choice("min", lambda q, y, x: q.map("add", square(q, q.map("sub", x, y)), q.map("abs", y)))(p)


def entropic_value(p: Program) -> int:
    """R_exp: max over y in (0, 1) of x y - y log y"""
    def objective(q: Program, y: int, x: int) -> int:
        return q.map("sub", q.map("mul", x, y), q.map("mul", y, q.map("log", y)))
    return choice("max", objective, interval(0, 1, False, False))(p)


def fixed_point(p: Program) -> int:
    """R_exp: y with y = exp(-y)/2 + x"""
    def equation(q: Program, y: int, x: int) -> int:
        return q.map("sub", q.map("sub", y, q.map("mul", q.constant(1), q.map("div", q.map("exp", q.map("neg", y)), q.constant(2)))), x)
    return choice("root", equation)(p)


def best_point(p: Program) -> int:
    """R_alg: argmin over y in [0, 1] of (x y - 1)^2"""
    return choice("argmin", lambda q, y, x: square(q, q.map("sub", q.map("mul", x, y), q.constant(1))), UNIT)(p)


def positional_table(p: Program) -> int:
    """R_lin: sines at integer positions are constants"""
    table = p.map("sin", p.map("mul", p.values(range(8), (8, 1)), p.values([1, 2, 3], (3,))))
    return p.map("add", p.input("x", (8, 3)), table)


def empty_sum_of_sines(p: Program) -> int:
    """R_lin: a sum over no entries is 0"""
    return p.reduce("sum", p.map("sin", p.input("x", (0,))), [0])


def product_over_nothing(p: Program) -> int:
    """R_lin: a product over no entries is 1"""
    return p.reduce("prod", p.map("floor", p.input("x", (2, 0))), [1])


def contraction_over_nothing(p: Program) -> int:
    """R_lin: a matrix product with inner extent 0 is 0"""
    return p.contract("ab,bc->ac", p.input("a", (2, 0)), p.map("sin", p.input("b", (0, 2))))


def broadcast_against_one(p: Program) -> int:
    """R_alg: (2,1) times (1,3)"""
    return p.map("mul", p.input("a", (2, 1)), p.input("b", (1, 3)))


def diagonal_of_a_matrix(p: Program) -> int:
    """R_lin: a static selection"""
    return p.reindex(("diagonal",), p.input("a", (3, 3)))


def trace_of_a_square(p: Program) -> int:
    """R_alg: a contraction of a matrix with itself, letters crossed"""
    a = p.input("a", (3, 3))
    return p.contract("ab,ba->", a, a)


def quantised_weight(p: Program) -> int:
    """R_lin: clamp, round, rescale with fixed scale"""
    w = p.map("mul", p.constant(8), p.input("w", (3,), role="parameter"))
    return p.map("div", p.map("round", p.map("min", p.map("max", w, p.constant(-8)), p.constant(7))), p.constant(8))


def saturated_cast(p: Program) -> int:
    """R_lin: round, shift, clamp"""
    r = p.map("add", p.map("round", p.input("x", (3,))), p.constant(128))
    return p.map("max", p.map("min", r, p.constant(255)), p.constant(0))


def guarded_quotient(p: Program) -> int:
    """R_alg: where(x = 0, 0, y/x)"""
    x, y, zero = p.input("x", ()), p.input("y", ()), p.constant(0)
    return p.where(p.compare("eq", x, zero), zero, p.map("div", y, x))


def masked_softmax(p: Program) -> int:
    """R_exp: a fixed mask before normalisation"""
    e = p.map("mul", p.values([1, 0, 1], (3,)), p.map("exp", p.input("x", (3,))))
    return p.map("div", e, p.reduce("sum", e, [0], keep=True))


def sinkhorn_rounds(p: Program) -> int:
    """R_exp: rows and columns normalised in turn, three times"""
    body = Program()
    m = body.input("m", (2, 2), box=interval(0, None, False))
    for axis in (0, 1):
        m = body.map("div", m, body.reduce("sum", m, [axis], keep=True))
    return p.repeat(p.body(body), [m], 3, [p.map("exp", p.input("x", (2, 2)))], 1, 0)


def opaque_weights(p: Program) -> int:
    """R_lin: weights known by a digest and an interval"""
    w = p.opaque("0" * 64, (2, 3), interval(-5, 5))
    return p.contract("ab,b->a", w, p.input("x", (3,)))


def frequencies_known_by_digest(p: Program) -> int:
    """R_an|R_Pfaff: fixed frequencies in an interval, data in a box"""
    w = p.opaque("1" * 64, (4, 2), interval(-9, 9))
    return p.map("cos", p.contract("ab,b->a", w, p.input("x", (2,), box=UNIT)))


def chosen_sine(p: Program) -> int:
    """R_lin: the branch with the sine is never taken"""
    x = p.input("x", ())
    return p.where(p.compare("lt", square(p, x), p.constant(0)), p.map("sin", x), x)


def xor_of_signs(p: Program) -> int:
    """R_lin: logic of comparisons"""
    zero = p.constant(0)
    x, y = (p.compare("lt", p.input(n, ()), zero) for n in "xy")
    return p.logic("and", p.logic("xor", x, y), p.logic("not", p.logic("or", x, y)))


DEFINABLE: dict[str, list[Graph]] = {
    "R_lin": [
        pooled_maximum, median_of_three, rank_of_the_largest, row_of_the_largest, table_at_a_rounded_number, running_sum,
        no_rounds_of_sine,
        positional_table, empty_sum_of_sines, product_over_nothing, contraction_over_nothing, diagonal_of_a_matrix, quantised_weight,
        saturated_cast, opaque_weights, chosen_sine, xor_of_signs,
    ],
    "R_alg": [
        relu_network, convolution, determinant, solution, eigenvalues, singular_values, pseudo_inverse, cholesky_factor,
        running_product,
        layer_norm, newton_steps, proximal_value, best_point, broadcast_against_one, trace_of_a_square, guarded_quotient,
    ],
    "R_exp": [sigmoid_network, attention, cross_entropy, log_determinant, recurrent_cell, entropic_value, fixed_point,
    masked_softmax, sinkhorn_rounds],
    "R_an|R_Pfaff": [arctan_network, sine_network_on_boxes, sine_loop_on_a_box, frequencies_known_by_digest],
    "R_Pfaff": [erf_network],
}  # fmt: skip
