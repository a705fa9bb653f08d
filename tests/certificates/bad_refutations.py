"""Enemies of refutations of rules: right rules called wrong, curves that leave their piece, loops that do not close, numbers that are not there."""

from collections.abc import Callable

from certificates.enemies import add, as_bytes
from tamecheck import checker

LINE = "(-inf,inf)"
X = ["input", ["x", "data", LINE], [], []]
Y = ["input", ["y", "data", LINE], [], []]
CONSTANT, ONE = [["1"], ["1"]], ["1"]
FORWARD, BACK, STILL = [["0", "1"], ONE], [["1", "-1"], ONE], [[], ONE]  # t, 1 - t, 0
ACROSS = [["-1", "2"], ONE]  # from -1 to 1


def node(kind: str, parameters: list, *arguments: int) -> list:
    """A scalar node."""
    return [kind, parameters, list(arguments), []]


def call(primitive: str, *arguments: int) -> list:
    """A scalar primitive."""
    return node("map", [primitive], *arguments)


def number(q: object) -> list:
    """A number as a node."""
    return node("constant", ["splat", str(q)])


def formula(arity: int, *nodes: list, box: str = LINE) -> dict:
    """A formula of a rule."""
    return {"bodies": [], "nodes": [["input", [f"x{k}", "data", box], [], []] for k in range(arity)] + list(nodes)}


def value(arity: int, q: object) -> dict:
    """A formula that is a number."""
    return formula(arity, number(q))


EQUAL = formula(2, node("compare", ["eq"], 0, 1))
ZERO = formula(1, number(0), node("compare", ["eq"], 0, 1))
TIES = ["max", EQUAL, "value", [value(2, 1), value(2, 1)]]
FAIR = ["max", EQUAL, "value", [value(2, "1/2"), value(2, "1/2")]]
MAX = [X, Y, call("max", 0, 1)]
ROOT = [X, call("sqrt", 0)]
STEP = [X, call("floor", 0)]
SLOPE_TWO = ["neg", None, "value", [value(1, 2)]]
NEGATED = [X, call("neg", 0)]
HUGGING = ([[FORWARD, FORWARD], [CONSTANT, BACK], [BACK, STILL]], ["[2,2]", "[0,0]", "[-1,-1]"])


def document(because: str, nodes: list, rules: list, curves: list, numbers: list, bodies: list = (), about: str = "both") -> dict:
    """A refutation about the last node."""
    program = {"bodies": list(bodies), "nodes": nodes}
    nothing = [1, "", "", LINE, 0, 0, "none", 0, None]
    claim = {
        "about": about,
        "conservative": {"because": because, "rules": rules, "verdict": "not"},
        "discontinuous": 0,
        "holds": nothing,
        "node": len(nodes) - 1,
        "not": "",
        "program": checker.canonical_digest(program),
    }
    return {
        "assumptions": [],
        "claim": claim,
        "facts": [nothing],
        "format": "tamecheck certificate 1",
        "instances": [],
        "jumps": [],
        "names": {},
        "program": program,
        "refutations": [],
        "steps": [],
        "witness": {"curves": curves, "numbers": numbers},
    }


def loop(rules: list = (TIES,), curves: list = HUGGING[0], numbers: list = HUGGING[1], nodes: list = MAX, **more: object) -> dict:
    """The loop along the tie of max and back beside it, or a changed one."""
    return document("loop", nodes, list(rules), curves, numbers, **more)


def curve(rules: list = (SLOPE_TWO,), along: list = (FORWARD,), numbers: list = ("[-1,-1]", "[2,2]"), nodes: list = NEGATED, **more: object) -> dict:
    """-x with the derivative 2, or another curve."""
    return document("curve", nodes, list(rules), [list(along)], list(numbers), **more)


def growth(nodes: list = ROOT, along: list = (FORWARD,), order: list = ("-1/2", "0"), **more: object) -> dict:
    """The square root at 0, or another growth."""
    return document("growth", nodes, [], [list(along)], list(order), **more)


def jump(nodes: list = STEP, along: list = (BACK,), numbers: list = ("[1,1]", "[0,0]"), **more: object) -> dict:
    """floor at 1, from below, or another jump."""
    return document("jump", nodes, [], [list(along)], list(numbers), **more)


GOOD: dict[str, Callable[[], dict]] = {"loop": loop, "curve": curve, "growth": growth, "jump": jump}


def bad(name: str, code: str, why: str, build: Callable[[], object], **limits: int) -> None:
    """Register an enemy."""
    add(f"refutation_{name}", code, why, build, **limits)


def changed(build: Callable[[], dict], *path: object, to: object) -> Callable[[], bytes]:
    """A good refutation in which one place is another."""

    def made() -> bytes:
        found = build()
        place = found
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = to
        return as_bytes(found)

    return made


def without(build: Callable[[], dict], key: str) -> Callable[[], dict]:
    """A good refutation without a key."""
    return lambda: {k: v for k, v in build().items() if k != key}


def unclaimed() -> dict:
    """A witness beside a claim that states nothing."""
    found = loop()
    del found["claim"]["conservative"]
    return found


SAID = ("claim", "conservative")
bad("without_a_witness", "TC676", "Nothing shows what is claimed.", without(loop, "witness"))
bad("of_nothing", "TC676", "A witness, and no claim about differentiation.", unclaimed)
bad("that_affirms", "TC676", "The verdict is not 'not'.", changed(loop, *SAID, "verdict", to="is"))
bad("for_no_reason", "TC680", "The reason is unknown.", changed(loop, *SAID, "because", to="feeling"))
bad("for_a_list_of_reasons", "TC680", "The reason is a list.", changed(loop, *SAID, "because", to=["loop"]))
bad(
    "with_more_to_say",
    "TC483",
    "The claim has one key too many.",
    changed(loop, "claim", "conservative", to={"because": "loop", "rules": [], "verdict": "not", "x": 1}),
)
bad("short_row", "TC681", "A rule without formulas.", lambda: loop([TIES[:3]]))
bad("unknown_operator", "TC682", "A rule for relu, which is no primitive.", lambda: loop([["relu", *TIES[1:]]]))
bad("operator_that_is_true", "TC682", "A rule for the operator true.", lambda: loop([[True, *TIES[1:]]]))
bad("operator_without_a_body", "TC440", "A rule for body 0 of a program without bodies.", lambda: loop([[0, *TIES[1:]]]))
bad("rule_that_suggests", "TC683", "A rule says neither value nor backward.", lambda: loop([["max", EQUAL, "maybe", TIES[3]]]))
bad("one_formula_for_two", "TC684", "One partial derivative for two arguments.", lambda: loop([["max", EQUAL, "value", TIES[3][:1]]]))
bad(
    "formula_of_one_input",
    "TC685",
    "A formula with one input for an operator of two.",
    lambda: loop([["max", EQUAL, "value", [value(1, 1), value(2, 1)]]]),
)
bad("formula_of_nothing", "TC685", "A formula without a value.", lambda: curve([["neg", None, "value", [{"bodies": [], "nodes": []}]]]))
bad(
    "formula_on_a_box",
    "TC685",
    "A formula whose input has a box: outside it has no meaning.",
    lambda: curve([["neg", None, "value", [formula(1, number(2), box="[5,6]")]]]),
)
bad("rules_by_name", "TC686", "The rules are an object.", changed(loop, *SAID, "rules", to={"max": TIES}))
bad("too_many_rules", "TC686", "More rules than are read.", loop, MAXIMAL_RULES=0)
bad(
    "of_a_tensor",
    "TC687",
    "A program with a tensor.",
    lambda: curve(nodes=[X, call("neg", 0), ["input", ["z", "data", LINE], [], [2]], call("neg", 1)], along=[FORWARD, CONSTANT]),
)
bad("jump_with_rules", "TC688", "A jump is about every rule; one is listed.", changed(jump, *SAID, "rules", to=[SLOPE_TWO]))
bad("without_curves", "TC689", "A loop of no curve.", lambda: loop(curves=[], numbers=[]))
bad("two_curves_for_one", "TC689", "Two curves where one is the claim.", changed(curve, "witness", "curves", to=[[FORWARD], [FORWARD]]))
bad("too_many_curves", "TC689", "More curves than are followed.", loop, MAXIMAL_LEGS=2)
bad("three_numbers", "TC690", "Three numbers where two are compared.", changed(curve, "witness", "numbers", to=["[-1,-1]", "[2,2]", "[0,0]"]))
bad("numbers_as_text", "TC690", "The numbers are a text of two characters.", changed(curve, "witness", "numbers", to="12"))
bad("curve_in_the_plane", "TC691", "Two components for one input.", lambda: curve(along=[FORWARD, FORWARD]))
bad("component_without_a_denominator", "TC692", "A component is one polynomial.", lambda: curve(along=[[["0", "1"]]]))
bad("component_of_high_degree", "TC692", "A polynomial of degree 33.", lambda: curve(along=[[["0"] * 33 + ["1"], ONE]]))
bad("polynomial_that_ends_with_zero", "TC693", "0 + 1 t + 0 t^2.", lambda: curve(along=[[["0", "1", "0"], ONE]]))
bad("component_over_zero", "TC693", "t/0 is a number nowhere.", lambda: curve(along=[[["0", "1"], []]]))
bad(
    "pole_on_the_way",
    "TC694",
    "1/(2t - 1) is not continuous: -x changes by -2, its derivative -1 has the integral 0 if the pole is passed over.",
    lambda: curve([], [[["1"], ["-1", "2"]]]),
)
bad("pole_at_the_end", "TC694", "1/(1 - t) leaves every box.", lambda: growth([X, call("neg", 0)], [[["1"], ["1", "-1"]]], ["-2", "0"]))
bad(
    "component_of_many_digits",
    "TC695",
    "The coefficient 2^2001 is longer than what is computed with.",
    lambda: curve(along=[[["0", str(2**2001)], ONE]], numbers=[f"[{-(2**2001)},{-(2**2001)}]", f"[{2**2002},{2**2002}]"]),
)
bad(
    "fixed_input_moves",
    "TC696",
    "About inputs, and a parameter moves: the change is not what d is about.",
    lambda: document(
        "curve", [["input", ["w", "parameter", LINE], [], []], X, call("add", 0, 1)], [], [[FORWARD, STILL]], ["[1,1]", "[0,0]"], about="inputs"
    ),
)
bad(
    "leaves_the_box",
    "TC697",
    "log is locally Lipschitz on (0,inf); the curve starts at 0.",
    lambda: growth([["input", ["x", "data", "(0,inf)"], [], []], call("log", 0)], order=["-1", "0"]),
)
bad("leaves_a_closed_box", "TC697", "sqrt on [1,2] is differentiable.", lambda: growth([["input", ["x", "data", "[1,2]"], [], []], call("sqrt", 0)]))
bad(
    "over_the_top_of_a_box",
    "TC697",
    "t + 1 leaves [0,1].",
    lambda: curve(along=[[["1", "1"], ONE]], nodes=[["input", ["x", "data", "[0,1]"], [], []], call("neg", 0)]),
)
bad(
    "across_a_kink",
    "TC698",
    "|x| from -1 to 1: no piece is active along the curve.",
    lambda: curve([["abs", ZERO, "value", [value(1, 0)]]], [ACROSS], ["[0,0]", "[2,2]"], [X, call("abs", 0)]),
)
bad(
    "across_a_choice",
    "TC698",
    "where(x < 0, -x, x) from -1 to 1.",
    lambda: curve([], [ACROSS], ["[0,0]", "[2,2]"], [X, number(0), node("compare", ["lt"], 0, 1), call("neg", 0), node("where", [], 2, 3, 0)]),
)
bad("across_a_step", "TC698", "floor from -1 to 1.", lambda: curve([["floor", None, "value", [value(1, 1)]]], [ACROSS], ["[0,0]", "[2,2]"], STEP))
bad("logarithm_of_the_negative", "TC698", "log(-t) has no value.", lambda: curve([], [[["0", "-1"], ONE]], ["[0,0]", "[1,1]"], [X, call("log", 0)]))
bad(
    "tangent_over_its_pole",
    "TC698",
    "tan from 1 to 2: it changes by -3.74, and its derivative is positive.",
    lambda: curve([], [[["1", "1"], ONE]], ["[-4,-3]", "[1,9]"], [X, call("tan", 0)]),
)
bad(
    "quotient_over_its_pole",
    "TC698",
    "1/sin(x) from 3 to 4, over pi.",
    lambda: curve([], [[["3", "1"], ONE]], ["[-9,-8]", "[1,9]"], [X, call("sin", 0), number(1), call("div", 2, 1)]),
)
bad(
    "arcsine_beyond_its_end",
    "TC698",
    "where(x > 1, asin(x), 0) is undefined beyond 1; at 1 it is 0, and asin(1) is not.",
    lambda: jump(
        [X, number(1), node("compare", ["lt"], 1, 0), number(0), call("asin", 0), node("where", [], 2, 4, 3)], [[["1", "1"], ONE]], ["[0,0]", "[1,2]"]
    ),
)
bad(
    "two_rounds_as_one",
    "TC698",
    "Two rounds of doubling: 4x, differentiated by a rule for one round.",
    lambda: curve([], [FORWARD], ["[4,4]", "[2,2]"], [X, node("repeat", [0, 2, 1, 0, [1]], 0)], bodies=[formula(1, call("add", 0, 0))]),
)
bad("square_root_of_the_negative", "TC698", "sqrt at 0 from the left.", lambda: growth(along=[[["0", "-1"], ONE]]))
bad(
    "kink_without_a_rule",
    "TC699",
    "|x| along x = 0: nothing says what is returned.",
    lambda: curve([], [STILL, FORWARD], ["[1,1]", "[0,0]"], [X, Y, call("abs", 0), call("add", 1, 2)]),
)
bad(
    "no_number_is_returned",
    "TC699",
    "A rule returns no number at the tie: undefined is not wrong.",
    lambda: loop([["max", EQUAL, "value", [None, value(2, 1)]]]),
)
bad(
    "condition_that_changes",
    "TC699",
    "The condition of a rule holds on half of the curve.",
    lambda: curve([["neg", formula(1, number("1/2"), node("compare", ["lt"], 1, 0)), "value", [value(1, 2)]]]),
)
bad(
    "rules_inside_a_body",
    "TC699",
    "A rule for abs is not a rule for what is inside of another operator.",
    lambda: curve(
        [["abs", None, "value", [value(1, 5)]]],
        [STILL],
        ["[0,0]", "[1,1]"],
        [X, node("repeat", [0, 1, 1, 0, [1]], 0)],
        bodies=[formula(1, call("abs", 0))],
    ),
)
bad(
    "infinite_derivative",
    "TC699",
    "sqrt(x*x) along x = 0: infinity times 0 is no number.",
    lambda: curve([], [STILL], ["[0,0]", "[1,1]"], [X, call("mul", 0, 0), call("sqrt", 1)]),
)
bad("fair_ties", "TC760", "Weights with sum 1 at the tie: the integral is 1, 2 is claimed.", lambda: loop([FAIR]))
bad("first_row_counts", "TC760", "The rule with weights (1, 1) comes after one that holds, too.", lambda: loop([FAIR, TIES]))
bad("integral_too_large", "TC760", "3 is claimed, the integral is 2.", lambda: curve(numbers=["[-1,-1]", "[3,3]"]))
bad("change_of_another_curve", "TC760", "The change is -1, 1 is claimed.", lambda: curve(numbers=["[1,1]", "[2,2]"]))
bad("open_interval_beside_the_integral", "TC760", "(2,3] does not hold 2.", lambda: curve(numbers=["[-1,-1]", "(2,3]"]))
bad("right_derivative", "TC761", "The derivative of -x is -1.", lambda: curve([], numbers=["[-1,-1]", "[-1,-1]"]))
bad(
    "free_kink",
    "TC761",
    "Whatever |x| returns at 0, along x = 0 nothing changes.",
    lambda: curve([["abs", ZERO, "value", [value(1, 7)]]], [STILL], ["[0,0]", "[0,0]"], [X, call("abs", 0)]),
)
bad("intervals_that_overlap", "TC761", "-1 and 2 are enclosed so roughly that they may be equal.", lambda: curve(numbers=["[-1,2]", "[2,2]"]))
bad(
    "does_not_close",
    "TC762",
    "The last leg is missing: what is left has an integral, as every gradient has.",
    lambda: loop(curves=HUGGING[0][:2], numbers=HUGGING[1][:2]),
)
bad("leaps", "TC762", "The second leg starts elsewhere.", lambda: loop([FAIR], [[FORWARD, FORWARD], [BACK, STILL]], ["[1,1]", "[-1,-1]"]))
bad("fair_loop", "TC763", "The integrals of a gradient add up to 0.", lambda: loop([FAIR], numbers=["[1,1]", "[0,0]", "[-1,-1]"]))
bad(
    "rough_circulation",
    "TC763",
    "The integrals are enclosed so roughly that they may add up to 0.",
    lambda: loop(numbers=["[1,2]", "[0,0]", "[-1,-1]"]),
)
bad("unbounded_and_is_not", "TC764", "floor is bounded at 1.", lambda: jump(numbers=["[1,1]", "unbounded"]))
bad("no_jump", "TC765", "floor at 1 from above.", lambda: jump(along=[[["1", "1"], ONE]], numbers=["[1,1]", "[1,1]"]))
bad("rough_jump", "TC765", "Value and limit are enclosed so roughly that they may be equal.", lambda: jump(numbers=["[0,1]", "[0,0]"]))
bad("wrong_order", "TC766", "The derivative of sqrt grows like t^(-1/2), not like 1/t.", lambda: growth(order=["-1", "0"]))
bad("growth_that_cancels", "TC766", "sqrt(x) - sqrt(x) is 0.", lambda: growth([*ROOT, call("sub", 1, 1)]))
bad(
    "cosine_of_a_root",
    "TC766",
    "cos(sqrt(x)) is differentiable: sqrt(x) grows, and sin(sqrt(x)) takes it away.",
    lambda: growth([*ROOT, call("cos", 1)]),
)
bad(
    "bounded_derivative",
    "TC767",
    "The derivative of sqrt(x)^3 is like t^(1/2).",
    lambda: growth([*ROOT, call("mul", 1, 1), call("mul", 1, 2)], order=["1/2", "0"]),
)
bad("too_many_visits", "TC768", "More nodes are visited than a refutation may.", loop, MAXIMAL_VISITS=4)


def inside(build: Callable[[], dict], to: object = 1) -> Callable[[], dict]:
    """The same with its point inside of the curve."""

    def made() -> dict:
        found = build()
        found["witness"]["inside"] = to
        return found

    return made


NEAR_LOG_2 = [["6931/10000", "1/1000"], ONE]
EXPONENTIAL = [X, call("exp", 0), number(2)]
THRESHOLD = [*EXPONENTIAL, node("compare", ["lt"], 2, 1), number(1), number(0), node("where", [], 3, 4, 5)]
DISTANCE = [*EXPONENTIAL, call("sub", 1, 2), call("abs", 3)]
SQUARE = [X, call("mul", 0, 0), number(2), node("compare", ["lt"], 2, 1), number(1), number(0), node("where", [], 3, 4, 5)]
GOOD["jump inside"] = inside(lambda: jump(THRESHOLD, [NEAR_LOG_2], ["[0,0]", "[1,1]"]))
GOOD["growth inside"] = inside(lambda: growth([*DISTANCE, call("sqrt", 4)], [NEAR_LOG_2]))

bad("inside_and_true", "TC662", "The flag is true.", inside(lambda: jump(THRESHOLD, [NEAR_LOG_2], ["[0,0]", "[1,1]"]), True))
bad("loop_inside", "TC662", "A loop has no inside.", inside(loop))
bad(
    "jump_of_a_line",
    "TC663",
    "-x is enclosed on the whole curve: where nothing vanishes, no point is meant.",
    inside(lambda: jump(NEGATED, [FORWARD], ["[-2,0]", "[-1,1]"])),
)
bad("unbounded_inside_and_is_not", "TC664", "A step of height 1.", inside(lambda: jump(THRESHOLD, [NEAR_LOG_2], ["[0,0]", "unbounded"])))
bad("continuous_inside", "TC665", "|exp(x) - 2| is continuous at log 2.", inside(lambda: jump(DISTANCE, [NEAR_LOG_2], ["(-inf,inf)", "(-inf,inf)"])))
bad(
    "step_from_the_other_side",
    "TC665",
    "where(2 < exp(x), 1, 0) is 0 at log 2, and to the left of it.",
    inside(lambda: jump(THRESHOLD, [[["6941/10000", "-1/1000"], ONE]], ["[0,0]", "[0,1]"])),
)
bad("growth_where_nothing_vanishes", "TC666", "sqrt from 1 to 2.", inside(lambda: growth(along=[[["1", "1"], ONE]], order=[])))
bad("bounded_inside", "TC767", "|exp(x) - 2| has a bounded derivative.", inside(lambda: growth(DISTANCE, [NEAR_LOG_2], ["0", "0"])))
bad(
    "growth_that_is_outside",
    "TC766",
    "sqrt(|exp(x) - 2|) does not grow like 1/t.",
    inside(lambda: growth([*DISTANCE, call("sqrt", 4)], [NEAR_LOG_2], ["-1", "0"])),
)
bad(
    "cosine_of_a_root_inside",
    "TC766",
    "cos(sqrt(|exp(x) - 2|)) is differentiable from one side.",
    inside(lambda: growth([*DISTANCE, call("sqrt", 4), call("cos", 5)], [NEAR_LOG_2], [])),
)
bad("two_zeros_inside", "TC698", "x^2 - 2 vanishes twice between -2 and 2.", inside(lambda: jump(SQUARE, [[["-2", "4"], ONE]], ["[0,0]", "[1,1]"])))
bad(
    "double_zero_inside",
    "TC698",
    "0 < x^2 on both sides of 0: nothing changes its sign.",
    inside(
        lambda: jump(
            [X, call("mul", 0, 0), number(0), node("compare", ["lt"], 2, 1), number(1), number(0), node("where", [], 3, 4, 5)],
            [[["-1", "2"], ONE]],
            ["[0,0]", "[1,1]"],
        )
    ),
)
bad(
    "two_thresholds_inside",
    "TC698",
    "exp(x) = 2 and x = 1387/2000: which of both is meant does not show.",
    inside(
        lambda: jump([*THRESHOLD, number("1387/2000"), node("compare", ["lt"], 0, 7), node("where", [], 8, 6, 5)], [NEAR_LOG_2], ["[0,0]", "[1,1]"])
    ),
)
