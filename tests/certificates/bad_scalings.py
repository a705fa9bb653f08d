"""Enemies of the scalings: wrong degrees, for every kind of node that could be taken for homogeneous, and malformed rows."""

from certificates.drafts import Draft
from certificates.enemies import add, enemy


def scaled(d: Draft, rows: object, node: int | None = None) -> dict:
    """Return the draft's document with these scalings claimed about a node (the last)."""
    document = d.document(node)
    document["claim"]["scalings"] = rows
    return document


def identity(rows: object) -> dict:
    """Return a document about x itself with these scalings."""
    d = Draft()
    d.input()
    return scaled(d, rows)


add("scalings_no_list", "TC634", "The scalings are an object.", lambda: identity({}))
add("scalings_too_many", "TC634", "Sixty-five good rows.", lambda: identity([[[[0, "1"]], "1"]] * 65))
add("scaling_no_pair", "TC630", "A row without a degree.", lambda: identity([[[[0, "1"]]]]))
add("scaling_weights_no_list", "TC630", "The weights of a row are an object.", lambda: identity([[{}, "0"]]))
add("scaling_weight_no_pair", "TC635", "A weight without a value.", lambda: identity([[[[0]], "0"]]))
add("scaling_weight_zero", "TC632", "A weight of 0 is written down.", lambda: identity([[[[0, "0"]], "0"]]))
add("scaling_degree_wrong", "TC633", "x is homogeneous of degree 1, not 2.", lambda: identity([[[[0, "1"]], "2"]]))
add("scaling_input_twice", "TC440", "One input is named twice, with two weights.", lambda: identity([[[[0, "1"], [0, "2"]], "2"]]))


@enemy("TC631")
def scaling_of_a_constant():
    """A weight belongs to a constant: 1 would be scaled."""
    d = Draft()
    d.input()
    d.constant(1)
    return scaled(d, [[[[1, "1"]], "1"]])


def about(name: str, why: str, build, degree: str, weights: dict | None = None) -> None:
    """Register a program of inputs x, y (and what ``build`` adds) with a wrong degree for its last node."""

    def make() -> dict:
        d = Draft()
        x, y = d.input("x"), d.input("y")
        build(d, x, y)
        return scaled(d, [[[[n, w] for n, w in sorted((weights or {0: "1", 1: "1"}).items())], degree]])

    add(f"scaling_{name}", "TC633", why, make)


def matrix(what: str, arguments: int = 1):
    """Return a builder of a linear-algebra node on 2x2 matrices filled with x (and with y)."""

    def build(d: Draft, x: int, y: int) -> None:
        several = [d.node("reindex", ["expand"], [n], [2, 2]) for n in (x, y)][:arguments]
        shape = {"det": [], "logabsdet": [], "eigvalsh": [2], "svdvals": [2]}.get(what, [2, 2])
        d.node("linalg", [what], several, shape)

    return build


def loop(d: Draft, x: int, y: int) -> None:
    """A carry h -> h * y."""
    d.bodies.append({"bodies": [], "nodes": [["input", ["h", "data", "(-inf,inf)"], [], []], ["input", ["v", "data", "(-inf,inf)"], [], []],
                                             ["map", ["mul"], [0, 1], []]]})
    d.node("repeat", [0, 3, 1, 0, [2]], [x, y])


def boxed_body(d: Draft, x: int, y: int) -> None:
    """A body whose input has a box that no scaling keeps."""
    d.bodies.append({"bodies": [], "nodes": [["input", ["h", "data", "[0,1]"], [], []], ["map", ["neg"], [0], []]]})
    d.node("repeat", [0, 2, 1, 0, [1]], [x])


def vector(d: Draft, x: int) -> int:
    """Three copies of an entry."""
    return d.node("reindex", ["expand"], [x], [3])


about("sum_of_degrees", "x + y*y is a sum of degrees 1 and 2.", lambda d, x, y: d.map("add", x, d.map("mul", y, y)), "1")
about("difference", "x - y is no x - x: it has degree 1.", lambda d, x, y: d.map("sub", x, y), "2")
about("sum_with_one", "x + 1 is not homogeneous: a bias that is no parameter.", lambda d, x, y: d.map("add", x, d.constant(1)), "1")
about("maximum_with_one", "max(x, 1) is not homogeneous.", lambda d, x, y: d.map("max", x, d.constant(1)), "1")
about("product", "x*y has degree 2.", lambda d, x, y: d.map("mul", x, y), "1")
about("product_of_one", "x*y has degree 1 when only x moves.", lambda d, x, y: d.map("mul", x, y), "2", {0: "1"})
about("quotient", "x/y has degree 0.", lambda d, x, y: d.map("div", x, y), "1")
about("division_by_zero", "x/0 has no value, hence no degree.", lambda d, x, y: d.map("div", x, d.constant(0)), "1")
about("root", "sqrt(x) has degree 1/2.", lambda d, x, y: d.map("sqrt", x), "1")
about("square", "x^2 has degree 2.", lambda d, x, y: d.map("pow", x, d.constant(2)), "1")
about("moving_exponent", "x^y is not homogeneous in both.", lambda d, x, y: d.map("pow", x, y), "1")
about("exponent_as_degree", "x^y: the exponent is an input, not the constant 1.", lambda d, x, y: d.map("pow", x, y), "1", {0: "1"})
about("exponential", "exp(x) is not homogeneous.", lambda d, x, y: d.map("exp", x), "1")
about("tanh_like", "atan(x) is not homogeneous, though its slope at 0 is 1.", lambda d, x, y: d.map("atan", x), "1")
about("floor", "floor(x) is not homogeneous.", lambda d, x, y: d.map("floor", x), "1")
about("sign", "sign(x) has degree 0.", lambda d, x, y: d.map("sign", x), "1")
about("negation", "-x has degree 1.", lambda d, x, y: d.map("neg", x), "-1")
about("zero_to_zero", "0^0 = 1 is not zero: its degree is not arbitrary.",
      lambda d, x, y: d.map("pow", d.map("mul", x, d.constant(0)), d.constant(0)), "5")
about("contract", "A product of two tensors of degree 1 has degree 2.",
      lambda d, x, y: d.node("contract", ["a,a->"], [vector(d, x), vector(d, y)]), "1")
about("product_of_entries", "The product of three entries has degree 3.",
      lambda d, x, y: d.node("reduce", ["prod", [0], 0], [vector(d, x)]), "1")
about("empty_product", "The product of no entries of a zero tensor is 1.",
      lambda d, x, y: d.node("reduce", ["prod", [0], 0], [d.constant(0, [0])]), "3")
about("running_product", "The entries of a running product have different degrees.",
      lambda d, x, y: d.node("cumulate", ["prod", 0, 0, 0], [vector(d, x)], [3]), "1")
about("reduced_sum", "A sum of entries has their degree.", lambda d, x, y: d.node("reduce", ["sum", [0], 0], [vector(d, x)]), "3")
about("concatenation", "Entries of degrees 1 and 0 in one tensor.",
      lambda d, x, y: d.node("reindex", ["concat", 0], [vector(d, x), d.constant(1, [3])], [6]), "1")
about("padding", "Padded with ones.", lambda d, x, y: d.node("reindex", ["pad", [[0, 1]]], [vector(d, x), d.constant(1)], [4]), "1")
about("threshold", "x < 1 changes when x grows.", lambda d, x, y: d.node("compare", ["lt"], [x, d.constant(1)]), "0")
about("choice_by_threshold", "where(x < 1, x, -x): the condition moves.",
      lambda d, x, y: d.node("where", [], [d.node("compare", ["lt"], [x, d.constant(1)]), x, d.map("neg", x)]), "1")
about("choice_of_degrees", "where(x, x, x*x): two degrees.", lambda d, x, y: d.node("where", [], [x, x, d.map("mul", x, x)]), "1")
about("condition_counts", "where(x, y, y) has the degree of y.", lambda d, x, y: d.node("where", [], [x, y, y]), "2")
about("truth", "A truth value has degree 0.", lambda d, x, y: d.node("logic", ["and"], [x, y]), "2")
about("comparison", "x < y has degree 0.", lambda d, x, y: d.node("compare", ["lt"], [x, y]), "1")
about("index", "The position of the largest entry does not scale.",
      lambda d, x, y: d.node("order", ["argmax", 0, 1, 1], [vector(d, x)], [1]), "1")
about("sorted", "Sorted entries have degree 1.", lambda d, x, y: d.node("order", ["sort", 0, 3, 0], [vector(d, x)], [3]), "0")
about("moving_index", "An index that scales selects other rows.", lambda d, x, y: d.node("lookup", [0], [vector(d, y), x]), "1")
about("determinant", "The determinant of a 2x2 matrix has degree 2.", matrix("det"), "1")
about("inverse", "The inverse has degree -1.", matrix("inverse"), "1")
about("pseudoinverse", "The pseudoinverse has degree -1.", matrix("pinv"), "1")
about("cholesky", "The Cholesky factor has degree 1/2.", matrix("cholesky"), "1")
about("eigenvalues", "Eigenvalues have degree 1.", matrix("eigvalsh"), "2")
about("singular_values", "Singular values have degree 1.", matrix("svdvals"), "0")
about("log_determinant", "log|det| is not homogeneous.", matrix("logabsdet"), "0")
about("matrix_exponential", "exp of a matrix is not homogeneous.", matrix("expm"), "1")
about("solution", "solve(A, B) has degree 0 when both scale.", matrix("solve", 2), "1")
about("loop", "Three rounds of h -> h*y: the degree of h grows.", loop, "1")
about("loop_of_one", "h -> h*y when only h moves: degree 1, not 2.", loop, "2", {0: "1"})
about("loop_in_a_box", "The body's input lies in [0,1].", boxed_body, "1")
about("minus_weights", "x*y with weights 2 and -1 has degree 1.", lambda d, x, y: d.map("mul", x, y), "3", {0: "2", 1: "-1"})


@enemy("TC633")
def scaling_leaves_the_box():
    """An input in [-1,1] is scaled."""
    d = Draft()
    d.input("x", "[-1,1]")
    return scaled(d, [[[[0, "1"]], "1"]])


@enemy("TC633")
def scaling_leaves_the_half_line():
    """An input in [1,inf) is scaled."""
    d = Draft()
    d.input("x", "[1,inf)")
    return scaled(d, [[[[0, "1"]], "1"]])


@enemy("TC633")
def scaling_of_a_boxed_constant():
    """An opaque constant has degree 0."""
    d = Draft()
    x = d.input()
    d.map("mul", x, d.node("constant", ["opaque", "sha256:0", "[1,1]"]))
    return scaled(d, [[[[0, "1"]], "2"]])


@enemy("TC633", MAXIMAL_DEGREE_BITS=3)
def scaling_degree_too_long():
    """x^8 with the longest degree lowered to three bits."""
    d = Draft()
    x = d.input()
    d.map("pow", x, d.constant(8))
    return scaled(d, [[[[0, "1"]], "8"]])


@enemy("TC633", MAXIMAL_ROUNDS=1)
def scaling_too_many_rounds():
    """A carry that starts at zero needs a second round; the limit is lowered to one."""
    d = Draft()
    x = d.input()
    d.bodies.append({"bodies": [], "nodes": [["input", ["h", "data", "(-inf,inf)"], [], []], ["input", ["v", "data", "(-inf,inf)"], [], []],
                                             ["map", ["add"], [0, 1], []]]})
    d.node("repeat", [0, 3, 1, 0, [2]], [d.constant(0), x])
    return scaled(d, [[[[0, "1"]], "1"]])


@enemy("TC633", MAXIMAL_VISITS=2)
def scaling_too_many_visits():
    """A body of three nodes, with the limit lowered to two."""
    d = Draft()
    x, y = d.input("x"), d.input("y")
    loop(d, x, y)
    return scaled(d, [[[[0, "1"]], "1"]])
