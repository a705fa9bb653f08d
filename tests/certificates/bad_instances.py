"""Enemies of the refinements, of bodies, and of functions by cases."""

from certificates.drafts import LINE, Draft, record
from certificates.enemies import add, enemy

LINEAR = record(homes="R_lin", local="R_lin", total=1, bounded=1, smooth="analytic", loclip=1)

# ------------------------------------------------------------------ refinements


def refined(d: Draft, rule: str, node: int, bases: list, parameters: list = (), **claim: object) -> dict:
    """Prove every node in order, apply a refinement to a node with premises about it and its bases, and claim something."""
    d.main.facts(*range(len(d.nodes)))
    latest = d.main.latest
    d.main.add(rule, node, [latest[n] for n in (node, *bases)], parameters, record(**claim))
    return d.document(node, record(**claim))


def softmax(power: str = "exp", axis: int = 0, **claim: object) -> tuple:
    """A draft of a/sum(a) with a = power(x), and the nodes n, a, x."""
    d = Draft()
    x = d.input(shape=[3])
    a = d.map(power, x)
    s = d.node("reduce", ["sum", [0], 1], [a], [1])
    n = d.node("map", ["div"], [a, s], [3])
    return d, n, a, x


@enemy("TC640")
def share_of_a_product():
    """a * sum(a) is no share."""
    d, n, a, x = softmax()
    d.nodes[n] = ["map", ["mul"], [a, 2], [3]]
    return refined(d, "share", n, [a], range="[0,1]")


@enemy("TC641")
def share_of_another_sum():
    """exp(x) / sum(x) is no share."""
    d, n, a, x = softmax()
    d.nodes[2] = ["reduce", ["sum", [0], 1], [x], [1]]
    return refined(d, "share", n, [a], range="[0,1]")


@enemy("TC641")
def share_without_the_axis():
    """a / sum(a) with the axis dropped pairs entries with other sums."""
    d = Draft()
    x = d.input(shape=[2, 2])
    a = d.map("exp", x)
    s = d.node("reduce", ["sum", [0], 0], [a], [2])
    n = d.node("map", ["div"], [a, s], [2, 2])
    return refined(d, "share", n, [a], range="[0,1]")


@enemy("TC642")
def share_of_squares_with_the_bound_of_softmax():
    """x / sum(x) on [1/100,1] has slopes above 20; only shares of exponentials are 1/2-Lipschitz."""
    d, n, a, x = softmax("abs")
    d.nodes[x][1][2] = "[1/100,1]"
    return refined(d, "share", n, [a, x], lip="1/2")


@enemy("TC643")
def share_of_signed_numbers():
    """x / sum(x) leaves [0,1]."""
    d = Draft()
    x = d.input(shape=[3])
    s = d.node("reduce", ["sum", [0], 1], [x], [1])
    n = d.node("map", ["div"], [x, s], [3])
    return refined(d, "share", n, [x], range="[0,1]")


@enemy("TC643")
def share_that_may_be_zero_by_zero():
    """|x| / sum(|x|) has no value at 0, and is not total."""
    d, n, a, x = softmax("abs")
    return refined(d, "share", n, [a], range="[0,1]", total=1)


def log_of(leaf: str, **claim: object) -> dict:
    """log(exp(w) + leaf) with the rule for sums of exponentials."""
    d = Draft()
    w = d.input()
    e = d.map("exp", w)
    other = {"x": lambda: d.input("y"), "minus": lambda: d.constant(-1), "exp": lambda: d.map("exp", w)}[leaf]()
    n = d.map("log", d.map("add", e, other))
    return refined(d, "logsumexp", n, [w, other] if leaf != "exp" else [w, w], **claim)


@enemy("TC644")
def logsumexp_with_a_term_that_varies():
    """log(exp(w) + x) is not 1-Lipschitz."""
    return log_of("x", loclip=1)


@enemy("TC644")
def logsumexp_with_a_negative_term():
    """log(exp(w) - 1) is not 1-Lipschitz."""
    return log_of("minus", loclip=1)


@enemy("TC438")
def logsumexp_with_half_the_constant():
    """log(exp(w) + exp(w)) is 1-Lipschitz, not 1/2."""
    return log_of("exp", lip="1/2")


@enemy("TC645")
def logsumexp_under_a_root():
    """sqrt(exp(w)) is not Lipschitz."""
    d = Draft()
    w = d.input()
    n = d.map("sqrt", d.map("exp", w))
    return refined(d, "logsumexp", n, [w], lip="1")


@enemy("TC646")
def logsumexp_without_an_exponential():
    """log(x): an empty list of exponents has no largest."""
    d = Draft()
    n = d.map("log", d.input())
    return refined(d, "logsumexp", n, [0], loclip=1)


@enemy("TC472")
def a_sum_of_128_terms():
    """Seven doublings of one exponential: beyond the 64 terms that the rule opens."""
    d = Draft()
    s = d.map("exp", d.input())
    for _ in range(7):
        s = d.map("add", s, s)
    return refined(d, "logsumexp", d.map("log", s), [0] * 128, loclip=1)


def logistic(shape: str, **claim: object) -> dict:
    """Variants of 1/(k + exp(w))."""
    d = Draft()
    w = d.input()
    one, e = d.constant(1), d.map("exp", w)
    k = {"varies": lambda: d.input("k", "[1,2]"), "zero": lambda: d.constant(0)}.get(shape, lambda: one)()
    hundred = d.constant(100)
    s = d.map("mul" if shape == "mul" else "add", d.map("abs", w) if shape == "abs" else e, k)
    n = d.map("mul" if shape == "product" else "div", one, s)
    return refined(d, "logistic", n, [one, hundred if shape == "stranger" else k, w], lip="1/400" if shape == "stranger" else "1/4", **claim)


for _shape, _code in [("product", "TC647"), ("mul", "TC648"), ("stranger", "TC649"), ("abs", "TC650"), ("varies", "TC651"), ("zero", "TC651")]:
    add(f"logistic_{_shape}", _code, "a variant of 1/(1 + exp w) that is not 1/4-Lipschitz", lambda s=_shape: logistic(s))


def norm(shape: str, constant: str = "1") -> dict:
    """Variants of sqrt(x^2)."""
    d = Draft()
    x = d.input(shape=[4])
    squares = d.map("mul", x, x)
    s = d.node("reduce", ["sum", [0], 0], [d.map("exp", x) if shape == "exp" else squares], [])
    n = d.node("map", ["abs" if shape == "abs" else "sqrt"], [s], [])
    return refined(d, "norm", n, [x], [constant], lip=constant.strip("-"))


for _shape, _code, _constant in [("abs", "TC652", "2"), ("exp", "TC653", "2"), ("small", "TC654", "1"), ("minus", "TC654", "-2")]:
    add(f"norm_{_shape}", _code, "a variant of the norm of four entries with too small a constant or another shape",
        lambda s=_shape, c=_constant: norm(s, c))


def saturated(shape: str) -> dict:
    """Variants of min(max(floor(x), 0), 1), which takes two values."""
    d = Draft()
    x = d.input()
    s = d.map("exp" if shape == "exp" else "floor", x)
    zero, one = d.constant(0), d.constant(1)
    chain, others = [s], []

    def clamp(name: str, a: int, b: int, other: int) -> None:
        chain.insert(0, d.map(name, a, b))
        others.insert(0, other)

    if shape == "reversed":
        clamp("sub", zero, s, zero)
    elif shape == "varies":
        clamp("min", s, x, x)
    else:
        clamp("mul" if shape == "product" else "max", s, zero, zero)
    if shape != "open":
        clamp("max", chain[0], zero, zero)
        clamp("min", chain[0], one, one)
    parameters = {"short": chain[:1], "shifted": chain[1:]}.get(shape, chain)
    return refined(d, "saturate", chain[0], [x, *others], parameters, homes="R_lin")


for _shape, _code in [("short", "TC655"), ("shifted", "TC655"), ("product", "TC656"), ("reversed", "TC657"), ("exp", "TC659"),
                      ("open", "TC660"), ("varies", "TC661")]:
    add(f"saturated_{_shape}", _code, "a variant of a clamped rounding", lambda s=_shape: saturated(s))

# ------------------------------------------------------------------ bodies

SINE = {"bodies": [], "nodes": [["input", ["h", "data", LINE], [], []], ["input", ["w", "data", "[-9,9]"], [], []], ["map", ["sin"], [0], []],
                                ["map", ["mul"], [0, 1], []]]}


def loop(box: str = LINE, given: list | None = None, second: str = "[-9,9]", output: int = 2, parameters: list | None = None,
         role: str = "data", **claim: object) -> dict:
    """Five rounds of h -> sin(h) (or h w, output 3), with the instance's inputs given."""
    d = Draft("inputs")
    d.bodies += [SINE, {"bodies": [], "nodes": [*SINE["nodes"][:2], ["map", ["neg"], [0], []]]}]
    x, w = d.input(box=box), d.input("w", second, role)
    n = d.node("repeat", [0, 5, 1, 0, [output]], [x, w])
    b = d.body(0, given or ["[-1,1]", "[-9,9]"])
    c = d.body(1, [LINE, "[-9,9]"])
    c.add("input", 0)
    c.add("input", 1)
    c.add("map", 2, [0])
    b.add("input", 0)
    b.add("input", 1)
    b.add("map", output, [0] if output == 2 else [0, 1])
    d.main.facts(x, w)
    d.main.add("repeat", n, [0, 1], parameters or [0, [2]], record(**claim))
    return d.document(n, record(**claim))


BODIES = [
    ("a_loop_step_with_two_outputs_for_one", "TC485", {"parameters": [0, [2, 2]]}),
    ("a_loop_step_with_another_body", "TC486", {"parameters": [1, [2]], "homes": "R_lin"}),
    ("a_loop_step_without_instance", "TC440", {"parameters": [2, [2]]}),
    ("a_loop_step_whose_result_is_about_another_node", "TC475", {"parameters": [0, [1]]}),
    ("a_loop_whose_start_leaves_the_invariant", "TC488", {"homes": "R_an"}),
    ("a_loop_whose_product_leaves_the_invariant", "TC488", {"box": "[-1,1]", "output": 3, "homes": "R_alg"}),
    ("a_body_instance_with_one_record_for_two", "TC480", {"given": ["[-1,1]"]}),
    ("a_body_instance_that_leaves_its_box", "TC482", {"box": "[-1,1]", "given": ["[-1,1]", LINE], "second": LINE, "total": 1}),
    ("a_body_instance_that_knows_the_slope_of_its_input", "TC481",
     {"given": [[1, "R_lin", "R_lin", "[-1,1]", 1, 1, "analytic", 1, "1"], "[-9,9]"]}),
]
for _name, _code, _how in BODIES:
    add(_name, _code, "a loop step that does not fit its instance", lambda h=_how: loop(**h))

FIXED = [0, "R_lin", "R_lin", "[-9,9]", 1, 1, "analytic", 1, "0"]


@enemy("TC487")
def a_loop_over_a_weight_that_varies_taken_as_fixed():
    """h -> h w with a weight that varies is semialgebraic; taken as fixed it would be linear."""
    inner = [[1, "R_lin", "R_lin", LINE, 1, 1, "analytic", 1, None], FIXED]
    return loop(given=inner, output=3, homes="R_lin")


@enemy("TC487")
def a_loop_over_a_carry_taken_as_fixed():
    """A carry changes from round to round."""
    carry = [0, "R_lin", "R_lin", "[-1,1]", 1, 1, "analytic", 1, "0"]
    return loop("[-1,1]", given=[carry, "[-9,9]"], homes="R_lin")


def choice(mode: str = "min", objective: int = 2, given: list | None = None, box: str = LINE, parameters: list | None = None,
           **claim: object) -> dict:
    """min over y in [0,1] of y + x, or of y x."""
    d = Draft()
    nodes = [["input", ["y", "data", "[0,1]"], [], []], ["input", ["x", "data", LINE], [], []],
             ["map", ["add"], [0, 1], []], ["map", ["sin"], [1], []]]
    d.bodies += [{"bodies": [], "nodes": nodes}, {"bodies": [], "nodes": [*nodes[:3], ["map", ["neg"], [1], []]]}]
    x = d.input(box=box)
    n = d.node("implicit", [mode, 0, 1, objective], [x])
    b = d.body(0, given or ["[0,1]", LINE])
    c = d.body(1, ["[0,1]", LINE])
    c.add("input", 0)
    c.add("input", 1)
    c.add("map", 3, [1])
    b.add("input", 0)
    b.add("input", 1)
    b.add("map", objective, [0, 1] if objective == 2 else [1])
    d.main.facts(x)
    d.main.add("implicit", n, [0], parameters or [0, 2], record(**claim))
    return d.document(n, record(**claim))


CHOICES = [
    ("a_choice_step_without_result", "TC495", {"parameters": [0]}),
    ("a_choice_step_with_another_body", "TC496", {"objective": 3, "parameters": [1, 2], "homes": "R_lin"}),
    ("a_choice_over_half_of_the_box", "TC498", {"given": ["[0,1/2]", LINE], "homes": "R_lin"}),
    ("a_choice_whose_argument_leaves_the_interval", "TC499", {"objective": 3, "given": ["[0,1]", "[0,1]"], "homes": "R_an"}),
    ("a_choice_over_an_argument_taken_as_fixed", "TC497", {"given": ["[0,1]", FIXED], "box": "[-9,9]", "homes": "R_lin"}),
]
for _name, _code, _how in CHOICES:
    add(_name, _code, "a definable choice whose instance does not fit", lambda h=_how: choice(**h))

# ------------------------------------------------------------------ functions by cases


def cases(d: Draft, x: int, n: int, breaks: list, bounds: list | None = None, spread: str = LINE, parameters: list | None = None,
          **claim: object) -> dict:
    """Split a function of x at the breakpoints; every piece and point proves every node of the cone."""
    ends = [spread.strip("[]()").split(",")[0], *breaks, spread.strip("[]()").split(",")[1]]
    pieces, points = [], []
    for k, (low, high) in enumerate(zip(ends, ends[1:])):
        left, right = spread[0] if k == 0 else "(", spread[-1] if k == len(breaks) else ")"
        pieces.append(piece(d, x, n, f"{left}{low},{high}{right}"))
    for q in breaks:
        points.append(piece(d, x, n, f"[{q},{q}]"))
    f = d.main.facts(*range(n + 1))
    d.main.add("piecewise", n, [f[n], f[x]], parameters or [x, breaks, pieces, points, bounds or [None] * len(pieces)], record(**claim))
    return d.document(n, record(**claim))


def piece(d: Draft, x: int, n: int, spread: str) -> int:
    """Open a cone and prove all of it."""
    c = d.cone(n, x, spread)
    c.latest = {x: c.add("pivot", x)}
    c.facts(*(m for m in range(x + 1, n + 1) if d.nodes[m][0] != "input"))
    return c.number


def absolute(**how: object) -> dict:
    """where(x < 0, -x, x) at the breakpoint 0."""
    d = Draft()
    x = d.input()
    zero = d.constant(0)
    n = d.node("where", [], [d.node("compare", ["lt"], [x, zero]), d.map("neg", x), x])
    return cases(d, x, n, **{"breaks": ["0"], **how})


CASES = [
    ("absolute_value_is_C1", "TC436", {"smooth": "C1"}),
    ("absolute_value_with_slope_one_half", "TC438", {"lip": "1/2"}),
    ("cases_of_four_parameters", "TC500", {"parameters": [0, ["0"], [0, 1], [2]]}),
    ("cases_in_the_wrong_order", "TC501", {"parameters": [0, ["0", "0"], [0, 0, 1], [2, 2], [None] * 3]}),
    ("cases_with_one_piece_too_few", "TC507", {"parameters": [0, ["0"], [0], [2], [None]]}),
    ("cases_with_the_left_piece_twice", "TC502", {"parameters": [0, ["0"], [0, 0], [2], [None, None]], "smooth": "C1"}),
    ("cases_with_an_instance_that_is_not_there", "TC440", {"parameters": [0, ["0"], [0, 1], [9], [None, None]]}),
    ("cases_with_a_bound_that_is_false", "TC506", {"bounds": ["[0,1]", "[0,1]"], "range": "[0,1]"}),
]
for _name, _code, _how in CASES:
    add(_name, _code, "|x| by cases, with something wrong", lambda h=_how: absolute(**h))


@enemy("TC508")
def cases_with_the_value_at_another_point():
    """where(x = 0, 1, x (x - 1)) is not continuous at 0; its value at 1, which is 0, would make it so."""
    d = Draft()
    x = d.input()
    one = d.constant(1)
    product = d.map("mul", x, d.map("sub", x, one))
    n = d.node("where", [], [d.node("compare", ["eq"], [x, d.constant(0)]), one, product])
    pieces = [piece(d, x, n, spread) for spread in ("(-inf,0)", "(0,inf)", "[1,1]")]
    f = d.main.facts(*range(n + 1))
    d.main.add("piecewise", n, [f[n], f[x]], [x, ["0"], pieces[:2], pieces[2:], [None, None]], record(smooth="C0"))
    return d.document(n, record(smooth="C0"))


@enemy("TC501")
def a_breakpoint_at_the_end_of_the_range():
    """x lies in [0,1]; a breakpoint at 0 leaves a piece without points."""
    d = Draft()
    x = d.input(box="[0,1]")
    n = d.map("exp", x)
    f = d.main.facts(x, n)
    c = d.cone(n, x, "(0,1]")
    c.latest = {x: c.add("pivot", x)}
    c.facts(n)
    d.main.add("piecewise", n, [f[n], f[x]], [x, ["0"], [0, 0], [0], [None, None]], record(smooth="C0"))
    return d.document(n, record(smooth="C0"))


@enemy("TC484")
def a_curve_for_a_piece():
    """An instance of another kind."""
    d = Draft()
    x = d.input()
    n = d.map("exp", x)
    f = d.main.facts(x, n)
    d.curve(x).facts(x, n)
    d.main.add("piecewise", n, [f[n], f[x]], [x, [], [0], [], [None]], record(smooth="C0"))
    return d.document(n, record(smooth="C0"))


def in_a_cone(steps: list, build=None, **limits: object) -> dict:
    """A cone from y = exp(x) + x to its pivot x, with given steps after the pivot's."""
    d = Draft()
    x = d.input()
    d.input("z")
    e = d.map("exp", x)
    y = d.map("add", e, x)
    d.node("reduce", ["sum", [0], 0], [d.node("reindex", ["reshape"], [y], [1])], [])
    c = d.cone(y, x, LINE)
    c.add("pivot", x)
    for s in steps:
        c.add(*s)
    return d.document(0)


IN_CONES = [
    ("a_cone_that_ends_below_its_node", "TC490", [("map", 2, [0])]),
    ("a_step_about_a_node_outside_the_cone", "TC493", [("assume", 1, [], [0], record())]),
    ("an_input_inside_a_cone", "TC494", [("input", 0, [], [], record())]),
    ("a_function_by_cases_inside_a_cone", "TC476", [("piecewise", 3, [0], [], record())]),
]
for _name, _code, _steps in IN_CONES:
    add(_name, _code, "a cone with a step that does not belong there", lambda s=_steps: in_a_cone(s))


def cone_of(node: int, pivot: int) -> dict:
    """A cone over x, z, x + z, sum(x + z)."""
    d = Draft()
    x, z = d.input(), d.input("z")
    s = d.map("add", x, z)
    v = d.node("reindex", ["reshape"], [s], [1])
    d.node("map", ["exp"], [v], [1])
    d.cone(node, pivot, LINE).add("pivot", pivot)
    return d.document(0)


add("a_cone_that_misses_its_pivot", "TC491", "x + z depends on z, too", lambda: cone_of(2, 0))
add("a_cone_through_a_reshape", "TC491", "a reindexing is not entrywise", lambda: cone_of(4, 2))
add("a_cone_over_itself", "TC489", "the node is the pivot", lambda: cone_of(2, 2))


@enemy("TC492", MAXIMAL_CONE=4)
def a_cone_of_too_many_nodes():
    """More nodes than the limit (lowered for this test)."""
    d = Draft()
    n = d.input()
    for _ in range(6):
        n = d.map("exp", n)
    d.cone(n, 0, LINE).add("pivot", 0)
    return d.document(0)


def bounded_case(build, bound: str, spread: str = "[0,1]") -> dict:
    """A function of x in one piece with a bound."""
    d = Draft()
    x = d.input(box=spread)
    n = build(d, x)
    return cases(d, x, n, [], [bound], spread, range=bound)


def power_tower(d: Draft, x: int, doublings: int) -> int:
    """x to the power 2^k."""
    for _ in range(doublings):
        x = d.map("mul", x, x)
    return x


BOUNDED = [
    ("a_bound_for_an_exponential", "TC504", lambda d, x: d.map("exp", x), "[0,2]"),
    ("a_bound_for_a_power_of_256", "TC503", lambda d, x: power_tower(d, x, 8), "[0,1/2]"),
    ("a_bound_for_a_power_of_70", "TC509", lambda d, x: d.map("mul", power_tower(d, x, 6), d.map("pow", x, d.constant(6))), "[0,1/2]"),
    ("a_bound_for_a_quotient_with_a_pole_at_the_end", "TC505", lambda d, x: d.map("div", x, x), "[1,1]"),
]
for _name, _code, _build, _bound in BOUNDED:
    add(_name, _code, "a bound that does not show in the signs of coefficients", lambda b=_build, i=_bound: bounded_case(b, i))


@enemy("TC504")
def a_bound_for_a_number_of_16000_digits():
    """Squares of a constant inside a cone: the numbers double their length, and are given up."""
    def build(d: Draft, x: int) -> int:
        c = d.constant(3)
        for _ in range(40):
            c = d.map("mul", c, c)
        return d.map("mul", c, x)

    d = Draft()
    x = d.input(box="[0,1]")
    n = build(d, x)
    c = d.cone(n, x, "[0,1]")
    c.add("pivot", x)
    c.add("nothing", n, [], [], record())
    d.main.add("input", x)
    d.main.add("nothing", n, [], [], record())
    d.main.add("piecewise", n, [1, 0], [x, [], [0], [], ["[0,1]"]], record(range="[0,1]"))
    return d.document(n, record(range="[0,1]"))
