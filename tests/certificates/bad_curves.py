"""Enemies of the curves, the negative rules, the refutations and the jumps."""

from certificates.drafts import LINE, Draft, record
from certificates.enemies import add, enemy

ANY = ["not", "any"]
IDENTITY = ["polynomial", ["1", "1"]]
RIGHT = "(0,inf)"


def refuted(d: Draft, n: int, step: list, excluded: str = "any") -> dict:
    """Claim the exclusion that a curve's step concludes."""
    d.refutations.append(step)
    return d.document(n, None, excluded)


class Along:
    """A curve along which x moves, with the ordinary facts of all nodes and the polynomial of x."""

    def __init__(self, d: Draft, x: int, domain: str = LINE, facts: tuple | None = None, **how: object) -> None:
        self.d, self.c = d, d.curve(x, domain, **how)
        self.f = self.c.facts(*(range(len(d.nodes)) if facts is None else facts))
        self.t = self.step("polynomial", x, [], ["polynomial", ["1", how.get("exponent", "1")]])

    def step(self, rule: str, n: int, premises: list, conclusion: list, parameters: list = ()) -> int:
        """Append a negative step."""
        return self.c.add(rule, n, premises, parameters, conclusion)

    def periodic(self, n: int, premises: list, period: str = "2", unit: str = "pi") -> int:
        """Append a period."""
        return self.step("periodic", n, premises, ["periodic", unit, period])

    def refuted(self, n: int, step: int, excluded: str = "any") -> dict:
        """Claim what a step concludes."""
        return refuted(self.d, n, [self.c.number, step], excluded)

    def single(self, rule: str, n: int, premises: list, conclusion: list, parameters: list = ()) -> dict:
        """Append one step and claim its exclusion, if it is one."""
        s = self.step(rule, n, premises, conclusion, parameters)
        return self.refuted(n, s, conclusion[1]) if conclusion[:1] == ["not"] and conclusion[1:] else self.d.document(n)


def of(*primitives: str, box: str = LINE) -> tuple[Draft, list]:
    """A chain of unary primitives over x."""
    d = Draft()
    nodes = [d.input(box=box)]
    for p in primitives:
        nodes.append(d.map(p, nodes[-1]))
    return d, nodes


# ------------------------------------------------------------------ the curve itself


def curve(**how: object) -> dict:
    """A curve along x (a parameter w and data in [0,1] are fixed), with one thing overwritten."""
    d = Draft("inputs")
    x, w, y = d.input(), d.input("w", LINE, "parameter"), d.input("y", "[0,1]")
    d.map("exp", x)
    c = d.curve(how.pop("variable", x), how.pop("domain", LINE), how.pop("fixed", {w: 0, y: "1/2"}), how.pop("exponent", "1"))
    for rule, n in how.pop("steps", []):
        c.add(rule, n, [], [], record())
    c.instance.update(how)
    return d.document(x)


CURVES = [
    ("companions_that_decrease", "TC519", {"companions": [2, 1]}),
    ("a_fixed_input_outside_its_box", "TC521", {"fixed": {1: 0, 2: 2}}),
    ("an_exponent_of_zero", "TC522", {"exponent": "0", "domain": RIGHT}),
    ("an_exponent_of_a_million", "TC522", {"exponent": "1000000", "domain": RIGHT}),
    ("a_bent_curve_over_the_line", "TC523", {"exponent": "2"}),
    ("a_curve_along_a_parameter_of_a_claim_about_inputs", "TC524", {"variable": 1, "fixed": {0: 0}}),
    ("a_curve_along_a_node", "TC524", {"variable": 3}),
    ("a_curve_along_an_input_that_is_fixed", "TC524", {"fixed": {0: 0}}),
    ("a_companion_that_is_a_parameter", "TC524", {"companions": [1], "fixed": {2: 0}}),
    ("a_curve_that_leaves_the_box", "TC525", {"variable": 2, "fixed": {}}),
    ("an_escape_that_is_a_number", "TC526", {"escape": 0}),
    ("an_escape_along_a_curve_that_is_not_there", "TC440", {"escape": [0, 0]}),
    ("an_input_that_the_curve_does_not_fix", "TC529", {"fixed": {}, "steps": [("input", 2)]}),
    ("an_unknown_key_in_a_curve", "TC483", {"speed": 1}),
]
for _name, _code, _how in CURVES:
    add(_name, _code, "a curve that is malformed or leaves the domain", lambda h=_how: curve(**dict(h)))


def of_first(*primitives: str) -> tuple[Draft, int]:
    """A chain of primitives and its input."""
    d, nodes = of(*primitives)
    return d, nodes[0]


def overwritten(key: str, value: object) -> dict:
    """A curve with one key overwritten."""
    document = curve()
    document["instances"][0][key] = value
    return document


add("fixed_inputs_that_are_an_object", "TC520", "the fixed inputs are no list", lambda: overwritten("fixed", {}))
add("an_input_fixed_twice", "TC517", "one input with two values", lambda: overwritten("fixed", [[1, "0"], [1, "1"]]))
add("a_negative_rule_that_does_not_exist", "TC540", "an invented rule", lambda: Along(*of_first("sin")).single("surely", 1, [0], ANY))


@enemy("TC518")
def an_input_along_a_curve_with_premises():
    """The rule input takes nothing."""
    a = Along(*of_first("exp"))
    a.c.add("input", 0, [0], [], record())
    return a.d.document(0)


def escaped(domain: str = LINE, about: int = 0, fixed: dict | None = None, steps: object = None) -> dict:
    """x^3 escapes along x; a second curve starts from an escape, with something wrong."""
    d = Draft()
    x, z = d.input(), d.input("z")
    cube = d.map("mul", d.map("mul", x, x), x)
    n = d.map("sin", cube)
    a = Along(d, x, fixed={z: 0})
    square = a.step("polynomial", 2, [a.t, a.t], ["polynomial", ["1", "2"]])
    p = a.step("polynomial", cube, [square, a.t], ["polynomial", ["1", "3"]])
    e = a.step("escapes", cube, [a.f[cube], p], ["escapes"])
    c = d.curve([cube, 2][about], domain, {z: 0} if fixed is None else fixed, escape=[0, e])
    c.add("input", c.instance["variable"], [], [], record())
    t = c.add("polynomial", cube, [], [], IDENTITY)
    q = c.add("periodic", n, [t], [], ["periodic", "pi", "2"])
    if steps:
        return steps(d, c, cube, n, t, q)
    s = c.add("oscillate", n, [q], ["0", "1"], ANY)
    return refuted(d, n, [1, s])


add("an_escape_about_another_node", "TC527", "the escape is about x^3, the variable is x^2", lambda: escaped(about=1))
add("an_escape_with_other_fixed_inputs", "TC527", "the second curve fixes z elsewhere", lambda: escaped(fixed={1: 1}))
@enemy("TC528")
def an_escape_over_a_half_line():
    """-x escapes downwards; sin(max(-x, 0)) on (0,inf) is 0, and would oscillate on the other half."""
    d, (x, v) = of("neg", box=RIGHT)
    zero = d.constant(0)
    m = d.map("max", v, zero)
    n = d.map("sin", m)
    a = Along(d, x, RIGHT, (x, v))
    p = a.step("polynomial", v, [a.t], ["polynomial", ["-1", "1"]])
    first = a.step("escapes", v, [a.f[v], p], ["escapes"])
    b = Along(d, v, RIGHT, (), escape=[0, first])
    f = b.c.add("input", v, [], [], record(range=RIGHT, total=1))
    z = b.c.add("constant", zero, [], [], record(range="[0,0]", total=1))
    p = b.step("polynomial", m, [b.t, z, f], ["polynomial", ["1", "1"]])
    return b.single("oscillate", n, [b.periodic(n, [p])], ANY, ["1", "2"])


@enemy("TC602")
def an_axiom_beyond_an_escape():
    """sin(x^3) in R_exp by a curve that starts from the escape of x^3: only oscillations count there."""
    def finish(d, c, cube, n, t, q):
        s = c.add("axiom", n, [t], [], ["not", "R_lin R_alg R_pow R_exp"])
        return refuted(d, n, [1, s], "R_lin R_alg R_pow R_exp")

    return escaped(steps=finish)


@enemy("TC597")
def an_escape_beyond_an_escape():
    """-x escapes downwards, exp(-x) would escape upwards, and sin(exp(-x)) on (0,inf), definable in R_an_exp, would oscillate."""
    d, (x, v, w, s) = of("neg", "exp", "sin", box=RIGHT)
    a = Along(d, x, RIGHT)
    p = a.step("polynomial", v, [a.t], ["polynomial", ["-1", "1"]])
    first = a.step("escapes", v, [a.f[v], p], ["escapes"])
    b = Along(d, v, LINE, (), escape=[0, first])
    b.c.latest = {v: b.c.add("input", v)}
    b.c.facts(w)
    second = b.step("escapes", w, [b.c.latest[w], b.t], ["escapes"])
    c = d.curve(w, LINE, escape=[1, second])
    t = c.add("polynomial", w, [], [], IDENTITY)
    q = c.add("periodic", s, [t], [], ["periodic", "pi", "2"])
    o = c.add("oscillate", s, [q], ["0", "1"], ANY)
    return refuted(d, s, [2, o])


# ------------------------------------------------------------------ premises of negative steps


@enemy("TC541")
def a_period_of_a_tensor_with_two_values():
    """A vector whose entries differ along the curve is not uniform."""
    d = Draft()
    x = d.input()
    c = d.node("constant", ["values", ["0", "1"]], [], [2])
    n = d.node("map", ["sin"], [d.node("map", ["mul"], [x, c], [2])], [2])
    return Along(d, x, facts=()).single("oscillate", n, [0], ANY, ["0", "1"])


@enemy("TC541")
def a_sine_of_nothing():
    """A tensor without entries has no entry that fails."""
    d = Draft()
    x = d.input(shape=[0])
    return Along(d, x, facts=()).single("axiom", d.map("sin", x), [0], ["not", "R_lin"])


@enemy("TC542")
def an_oscillation_without_premises():
    """No premise, no period."""
    return Along(*of_first("exp")).single("oscillate", 1, [], ANY, ["0", "1"])


@enemy("TC543")
def a_period_of_another_node():
    """exp(x) with the period of sin(x)."""
    d, x = of_first("sin")
    n = d.map("exp", x)
    a = Along(d, x)
    return a.single("oscillate", n, [a.periodic(1, [a.t])], ANY, ["0", "1"])


@enemy("TC544")
def a_record_that_is_a_polynomial():
    """The rule wants a fact record about the node."""
    a = Along(*of_first("exp"))
    return a.single("curvature", 0, [a.t], ["not", "R_lin"], ["0", "1", "2"])


@enemy("TC545")
def a_polynomial_that_is_a_record():
    """The rule wants a polynomial."""
    a = Along(*of_first("exp"))
    return a.single("axiom", 1, [a.f[0]], ["not", "R_lin R_alg"])


@enemy("TC546")
def a_polynomial_with_another_coefficient():
    """x is not 2 t."""
    a = Along(*of_first("exp"))
    return a.single("polynomial", 0, [], ["polynomial", ["2", "1"]])


@enemy("TC546")
def an_oscillation_that_excludes_a_list():
    """The conclusion of an oscillation is: any."""
    a = Along(*of_first("sin"))
    return a.single("oscillate", 1, [a.periodic(1, [a.t])], ["not", "R_lin"], ["0", "1"])


# ------------------------------------------------------------------ polynomials


@enemy("TC547")
def a_polynomial_with_parameters():
    """The rule takes none."""
    return Along(*of_first("exp")).single("polynomial", 0, [], IDENTITY, ["1"])


@enemy("TC532")
def a_polynomial_with_a_premise_too_few():
    """-x needs the polynomial of x."""
    return Along(*of_first("neg")).single("polynomial", 1, [], ["polynomial"])


@enemy("TC552")
def a_polynomial_of_a_comparison():
    """Comparisons are no polynomials."""
    d = Draft()
    x = d.input()
    n = d.node("compare", ["lt"], [x, d.map("neg", x)])
    a = Along(d, x)
    m = a.step("polynomial", 1, [a.t], ["polynomial", ["-1", "1"]])
    return a.single("polynomial", n, [a.t, m], ["polynomial"])


@enemy("TC536")
def a_polynomial_of_an_exponential():
    """exp is no polynomial."""
    a = Along(*of_first("exp"))
    return a.single("polynomial", 1, [a.t], IDENTITY)


@enemy("TC548")
def a_polynomial_of_an_absolute_value():
    """|x| is x on one side only."""
    a = Along(*of_first("abs"))
    return a.single("polynomial", 1, [a.t, a.f[0]], IDENTITY)


@enemy("TC549")
def a_polynomial_of_a_maximum():
    """max(x, -x) is not x."""
    d, x = of_first("neg")
    n = d.map("max", x, 1)
    a = Along(d, x)
    return a.single("polynomial", n, [a.t, a.f[1], a.f[0]], IDENTITY)


@enemy("TC550")
def a_polynomial_of_degree_16384():
    """Fourteen squarings."""
    d, x = of_first()
    for _ in range(14):
        x = d.map("mul", x, x)
    a = Along(d, 0, facts=())
    s, document = a.t, None
    for k in range(1, 15):
        s = a.step("polynomial", k, [s, s], ["polynomial", ["1", str(2**k)]])
        document = a.d.document(k)
    return document


@enemy("TC535")
def a_polynomial_with_a_coefficient_of_4932_digits():
    """Python would not even write it down."""
    d = Draft()
    x = d.input()
    c = d.constant(2)
    for _ in range(14):
        c = d.map("mul", c, c)
    a = Along(d, x, facts=())
    s = a.step("polynomial", 1, [], ["polynomial", ["2", "0"]])
    for k in range(1, 15):
        s = a.step("polynomial", k + 1, [s, s], ["polynomial", [str(2 ** 2**k) if k < 14 else "1", "0"]])
    return d.document(0)


@enemy("TC553")
def a_quotient_of_polynomials_that_cancels():
    """x/x has no value at 0; along the line it is not the polynomial 1."""
    d, x = of_first()
    n = d.map("div", x, x)
    a = Along(d, x)
    return a.single("polynomial", n, [a.t, a.t], ["polynomial", ["1", "0"]])


# ------------------------------------------------------------------ slopes and periods


def slope(name: str, second: str = "pi", position: int = 0, repeated: bool = False, kind: str = "map") -> dict:
    """name(x, a) for a fixed number a, with the rule for slopes."""
    d = Draft()
    x = d.input()
    a = d.map("pi") if second == "pi" else d.constant(0) if second == "zero" else d.map("exp", x)
    arguments = [x, x] if repeated else [a, x] if position else [x, a]
    n = d.node(kind, [name], arguments)
    c = Along(d, x)
    return c.single("slope", n, [c.t, c.f[a]], ["slope"])


SLOPES = [
    ("a_slope_of_a_comparison", "TC595", lambda: slope("lt", kind="compare")),
    ("a_slope_of_x_minus_x", "TC593", lambda: slope("sub", repeated=True)),
    ("a_slope_of_a_maximum", "TC594", lambda: slope("max")),
    ("a_slope_of_a_reciprocal", "TC594", lambda: slope("div", position=1)),
    ("a_slope_of_zero_times_x", "TC596", lambda: slope("mul", "zero")),
    ("a_slope_of_x_plus_exp", "TC596", lambda: slope("add", "exp")),
]
for _name, _code, _build in SLOPES:
    add(_name, _code, "a node that is not a t + b with a nonzero", _build)


@enemy("TC554")
def a_sine_of_a_square():
    """sin(x^2 + x) has no period."""
    d, x = of_first()
    s = d.map("add", d.map("mul", x, x), x)
    n = d.map("sin", s)
    a = Along(d, x)
    p = a.step("polynomial", 1, [a.t, a.t], ["polynomial", ["1", "2"]])
    p = a.step("polynomial", s, [p, a.t], ["polynomial", ["1", "1"], ["1", "2"]])
    q = a.periodic(n, [p])
    return a.single("oscillate", n, [q], ANY, ["0", "1"])


def period(conclusion: list, premises: int = 1, primitive: str = "sin") -> dict:
    """A period of sin(x)."""
    d, x = of_first(primitive)
    a = Along(d, x)
    return a.single("periodic", 1, [a.t] * premises, conclusion)


PERIODS = [
    ("a_period_without_unit", "TC555", lambda: period(["periodic", "2"])),
    ("a_period_of_zero", "TC537", lambda: period(["periodic", "pi", "0"])),
    ("a_sine_with_period_pi", "TC557", lambda: period(["periodic", "pi", "1"])),
    ("a_sine_with_a_rational_period", "TC557", lambda: period(["periodic", "1", "2"])),
    ("a_sine_with_two_premises", "TC533", lambda: period(["periodic", "pi", "2"], 2)),
    ("an_exponential_of_a_polynomial_with_a_period", "TC538", lambda: period(["periodic", "pi", "2"], 1, "exp")),
]
for _name, _code, _build in PERIODS:
    add(_name, _code, "a period that is none", _build)


@enemy("TC558")
def a_period_of_a_constant_node():
    """A constant has no arguments from which a period could come."""
    d, x = of_first()
    n = d.constant(1)
    return Along(d, x).single("periodic", n, [], ["periodic", "pi", "2"])


@enemy("TC556")
def a_period_of_x_minus_floor_of_2x():
    """x - floor(2x) has no period."""
    d, x = of_first()
    n = d.map("sub", x, d.map("floor", d.map("add", x, x)))
    a = Along(d, x)
    return a.single("oscillate", n, [a.periodic(n, [a.t], "1", "1")], ANY, ["0", "1/4"])


@enemy("TC559")
def a_sum_of_a_sine_and_a_line():
    """x + sin(x) is not periodic."""
    d, x = of_first("sin")
    n = d.map("add", x, 1)
    a = Along(d, x)
    q = a.periodic(1, [a.t])
    return a.single("oscillate", n, [a.periodic(n, [a.f[x], q])], ANY, ["0", "1"])


@enemy("TC538")
def a_sum_of_two_periods_without_a_common_one():
    """sin(x) + (x - floor(x)): 2 pi and 1 have no common multiple."""
    d, x = of_first("sin")
    n = d.map("add", 1, d.map("sub", x, d.map("floor", x)))
    a = Along(d, x)
    q, r = a.periodic(1, [a.t]), a.periodic(3, [a.t], "1", "1")
    return a.single("oscillate", n, [a.periodic(n, [q, r])], ANY, ["0", "1"])


# ------------------------------------------------------------------ escapes


def escape(build, premises: str = "nt", domain: str = LINE) -> dict:
    """A node built over x, said to tend to infinity, and a sine of it, said to oscillate.

    Premises are letters: n the node, t the polynomial of x, c and m fact and polynomial of the node before, e the escape of x.
    """
    d = Draft()
    x = d.input(box=domain)
    n = build(d, x)
    s = d.map("sin", n)
    a = Along(d, x, domain, tuple(range(s)))
    known = {"n": a.f[n], "t": a.t, "x": a.f[x]}
    for letter in premises:
        if letter == "e":
            known["e"] = a.step("escapes", x, [a.f[x], a.t], ["escapes"])
        elif letter == "c":
            known["c"] = a.f[n - 1]
        elif letter == "m":
            known["m"] = a.step("polynomial", n - 1, [a.t], ["polynomial", ["-1", "1"]])
        elif letter == "z":
            known["z"] = a.step("polynomial", n, [], ["polynomial", ["1", "0"]])
    e = a.step("escapes", n, [known[p] for p in premises], ["escapes"])
    b = Along(d, n, LINE, (), escape=[0, e])
    q = b.periodic(s, [b.t])
    return b.single("oscillate", s, [q], ANY, ["0", "1"])


ESCAPES = [
    ("an_escape_of_a_logarithm_that_is_not_total", "TC560", lambda: escape(lambda d, x: d.map("log", x), "ne")),
    ("an_escape_of_a_staircase", "TC560", lambda: escape(lambda d, x: d.map("floor", x), "ne")),
    ("an_escape_along_a_half_line_to_the_left", "TC560", lambda: escape(lambda d, x: d.map("exp", x), "nt", "(-inf,0)")),
    ("an_escape_of_a_constant", "TC561", lambda: escape(lambda d, x: d.constant(1), "nz")),
    ("an_escape_of_exp_of_minus_x", "TC539", lambda: escape(lambda d, x: d.map("exp", d.map("neg", x)), "nm", RIGHT)),
    ("an_escape_of_a_comparison", "TC562", lambda: escape(lambda d, x: d.node("logic", ["not"], [d.constant(0)]), "nt")),
    ("an_escape_of_an_arctangent", "TC563", lambda: escape(lambda d, x: d.map("neg", d.map("atan", x)), "nc")),
    ("an_escape_of_the_sine_of_what_escapes", "TC511", lambda: escape(lambda d, x: d.map("sin", x), "ne")),
    ("an_escape_of_x_minus_x_as_a_sum", "TC511", lambda: escape(lambda d, x: d.map("add", x, x), "nex")),
    ("an_escape_of_x_plus_minus_x", "TC564", lambda: escape(lambda d, x: d.map("add", x, d.map("neg", x)), "nec")),
    ("an_escape_of_zero_times_x", "TC564", lambda: escape(lambda d, x: d.map("mul", x, d.constant(0)), "nec")),
    ("an_escape_of_a_reciprocal", "TC511", lambda: escape(lambda d, x: d.map("div", d.constant(1), x), "nec", RIGHT)),
    ("an_escape_of_a_minimum", "TC511", lambda: escape(lambda d, x: d.map("min", x, d.constant(1)), "nec", RIGHT)),
]
for _name, _code, _build in ESCAPES:
    add(_name, _code, "a node that does not tend to infinity, or is not shown to", _build)

# ------------------------------------------------------------------ oscillation, signs, staircases, curvature


def oscillation(points: list, domain: str = LINE, premise: str = "q", n: int = 1) -> dict:
    """sin(x) with sample points."""
    d, nodes = of("sin", box=domain)
    a = Along(d, 0, domain)
    q = a.periodic(1, [a.t])
    return a.single("oscillate", 1, [{"q": q, "t": a.f[1]}[premise]], ANY, points)


OSCILLATIONS = [
    ("an_oscillation_with_one_point", "TC565", {"points": ["0"]}),
    ("an_oscillation_on_a_bounded_interval", "TC566", {"points": ["0", "1"], "domain": "[0,9]"}),
    ("an_oscillation_without_a_period", "TC567", {"points": ["0", "1"], "premise": "t"}),
    ("an_oscillation_between_equal_values", "TC568", {"points": ["1", "1"]}),
    ("an_oscillation_outside_the_curve", "TC530", {"points": ["-1", "1"], "domain": RIGHT}),
]
for _name, _code, _how in OSCILLATIONS:
    add(_name, _code, "sin(x) with something missing", lambda h=_how: oscillation(**h))


@enemy("TC568")
def sine_squared_plus_cosine_squared():
    """The constant 1, written with sines."""
    d, x = of_first("sin", )
    c = d.map("cos", x)
    n = d.map("add", d.map("mul", 1, 1), d.map("mul", c, c))
    a = Along(d, x)
    s, k = a.periodic(1, [a.t]), a.periodic(c, [a.t])
    u, v = a.periodic(3, [s, s]), a.periodic(4, [k, k])
    return a.single("oscillate", n, [a.periodic(n, [u, v])], ANY, ["0", "1"])


def undefined(outer: str, inner: str = "sin", points: tuple = ("0", "1")) -> dict:
    """outer(inner(x) - 2), sampled where it has no value."""
    d, x = of_first(inner)
    n = d.map(outer, d.map("sub", 1, d.constant(2)))
    a = Along(d, x)
    q = a.periodic(1, [a.t])
    r = a.periodic(3, [q, a.f[2]])
    return a.single("oscillate", n, [a.periodic(n, [r])], ANY, list(points))


add("an_oscillation_of_a_logarithm_that_is_nowhere_defined", "TC531", "log(sin(x) - 2) has no value", lambda: undefined("log"))
add("an_oscillation_of_zeta_below_one", "TC531", "no value of zeta is agreed on at arguments below 1", lambda: undefined("zeta"))


@enemy("TC531")
def a_rounding_of_a_half():
    """round(1/2 + max(pi - pi, 0)) is 0, whatever the ball says."""
    d, x = of_first("sin")
    zero, pi = d.constant(0), d.map("pi")
    half = d.map("add", d.map("max", d.map("sub", pi, pi), zero), d.constant("1/2"))
    u = d.node("where", [], [d.node("compare", ["lt"], [zero, 1]), half, zero])
    n = d.map("round", u)
    a = Along(d, x)
    s = a.periodic(1, [a.t])
    c = a.periodic(u - 1, [a.f[zero], s])
    q = a.periodic(n, [a.periodic(u, [c, a.f[half], a.f[zero]])])
    return a.single("oscillate", n, [q], ANY, ["1", "-1"])


@enemy("TC531")
def a_floor_of_a_number_of_10_to_the_18_digits():
    """floor(2^(2^60)) would not fit into any memory."""
    d, x = of_first("sin")
    c = d.constant(2)
    for _ in range(60):
        c = d.map("mul", c, c)
    n = d.map("mul", 1, d.map("floor", c))
    a = Along(d, x, facts=())
    known = a.c.add("constant", 2)
    for m in range(3, n):
        known = a.c.add("map", m, [known] * len(d.nodes[m][2]), [], record(varies=0))
    return a.single("oscillate", n, [a.periodic(n, [a.periodic(1, [a.t]), known])], ANY, ["1", "-1"])


def signs(shape: str) -> dict:
    """Variants of sin(x) exp(x)."""
    d, x = of_first("sin")
    other = x if shape == "vanishes" else d.map("exp", x)
    name = {"sum": "add", "below": "div"}.get(shape, "mul")
    factor = d.map("add", 1, d.constant(2)) if shape == "positive" else 1
    arguments = [other, factor] if shape == "below" else [factor, factor] if shape == "square" else [factor, other]
    n = d.map(name, *arguments)
    a = Along(d, x)
    q = a.periodic(1, [a.t])
    if shape == "positive":
        q = a.periodic(factor, [q, a.f[factor - 1]])
    return a.single("signs", n, [q, a.f[other]], ANY, ["1", "-1"])


for _shape, _code in [("sum", "TC569"), ("below", "TC512"), ("square", "TC512"), ("vanishes", "TC570"), ("positive", "TC571")]:
    add(f"signs_{_shape}", _code, "a variant of sin(x) exp(x) that proves nothing this way", lambda s=_shape: signs(s))


@enemy("TC572")
def a_staircase_of_an_exponential():
    """exp takes no integer steps."""
    a = Along(*of_first("exp"))
    return a.single("staircase", 1, [a.t], ANY)


@enemy("TC513")
def a_staircase_on_a_bounded_interval():
    """floor on (0,9) has nine steps."""
    d, nodes = of("floor")
    a = Along(d, 0, "(0,9)")
    return a.single("staircase", 1, [a.t], ANY)


@enemy("TC573")
def poles_of_gamma_on_the_right():
    """gamma has no poles on (0,inf)."""
    d, nodes = of("gamma")
    a = Along(d, 0, RIGHT)
    return a.single("staircase", 1, [a.t], ANY)


def curvature(primitive: str, points: list, domain: str = LINE, exponent: str = "1", build=None) -> dict:
    """A second difference against R_lin."""
    d = Draft()
    x = d.input()
    n = build(d, x) if build else d.map(primitive, x)
    a = Along(d, x, domain, exponent=exponent)
    return a.single("curvature", n, [a.f[n]], ["not", "R_lin"], points)


CURVATURES = [
    ("a_curvature_along_a_parabola", "TC574", lambda: curvature("neg", ["1", "2", "3"], RIGHT, "2")),
    ("a_curvature_of_an_absolute_value", "TC575", lambda: curvature("abs", ["-1", "0", "1"])),
    ("a_curvature_of_points_at_other_distances", "TC576", lambda: curvature("neg", ["0", "1", "3"])),
    ("a_curvature_of_a_line", "TC577", lambda: curvature("neg", ["0", "1", "2"])),
]
for _name, _code, _build in CURVATURES:
    add(_name, _code, "a semilinear function, or none along this curve", _build)

# ------------------------------------------------------------------ axioms

ALGEBRAIC = "R_lin R_alg"
UP_TO_EXP = "R_lin R_alg R_pow R_exp"
EXPONENTIAL = "R_lin R_alg R_pow R_an R_an_pow R_G"


def axiom(primitive: str, excluded: str, domain: str = LINE, arguments: list | None = None, conclusion: list | None = None,
          parameters: list = ()) -> dict:
    """A primitive of x excluded from structures."""
    d = Draft()
    x = d.input()
    n = d.map(primitive, *(arguments(d, x) if arguments else [x]))
    a = Along(d, x, domain)
    p = a.t if d.nodes[n][2][-1] == x else a.step("polynomial", d.nodes[n][2][-1], [], ["polynomial", ["1", "0"]])
    premises = [p] if len(d.nodes[n][2]) == 1 else [a.t, a.f[d.nodes[n][2][0]]]
    return a.single("axiom", n, premises, conclusion or ["not", excluded], parameters)


AXIOMS = [
    ("an_axiom_at_a_point", "TC580", lambda: axiom("exp", ALGEBRAIC, "[1,1]")),
    ("an_axiom_with_parameters", "TC580", lambda: axiom("exp", ALGEBRAIC, parameters=["1"])),
    ("an_axiom_of_an_absolute_value", "TC514", lambda: axiom("abs", ALGEBRAIC)),
    ("an_axiom_of_one_to_the_x", "TC581", lambda: axiom("pow", EXPONENTIAL, arguments=lambda d, x: [d.constant(1), x])),
    ("an_axiom_of_a_constant", "TC583", lambda: axiom("exp", ALGEBRAIC, arguments=lambda d, x: [d.constant(1)])),
    ("an_axiom_of_the_logarithm_of_a_line", "TC515", lambda: axiom("log", EXPONENTIAL)),
    ("an_axiom_that_says_nothing", "TC584", lambda: axiom("exp", "", conclusion=["not"])),
    ("an_exponential_excluded_from_R_exp", "TC585", lambda: axiom("exp", UP_TO_EXP)),
    ("an_exponential_excluded_from_R_an_on_a_bounded_interval", "TC585", lambda: axiom("exp", "R_lin R_alg R_an", "[0,1]")),
    ("an_arctangent_excluded_from_R_an", "TC585", lambda: axiom("atan", "R_lin R_alg R_an")),
    ("an_error_function_excluded_from_R_alg_on_an_interval", "TC585", lambda: axiom("erf", ALGEBRAIC, "[0,1]")),
]
for _name, _code, _build in AXIOMS:
    add(_name, _code, "a primitive excluded without reason", _build)


@enemy("TC582")
def an_axiom_of_an_escape_that_is_no_polynomial():
    """exp(exp(x)): the inner exponential is not semialgebraic, so the outer axiom says nothing about R_an_pow this way."""
    d, (x, e, n) = of("exp", "exp")
    a = Along(d, x)
    s = a.step("escapes", e, [a.f[e], a.t], ["escapes"])
    return a.single("axiom", n, [s, a.f[e]], ["not", EXPONENTIAL])


@enemy("TC599")
def an_axiom_with_a_premise_that_nobody_reads():
    """sin(x): nothing is wrong but the second premise."""
    d, x = of_first("sin")
    a = Along(d, x)
    return a.single("axiom", 1, [a.t, a.f[x]], ["not", "R_lin R_alg R_pow R_exp"])


# ------------------------------------------------------------------ peel and level


def peeled(build, rule: str = "peel", excluded: str = UP_TO_EXP, premises: list = (), axiom_mask: str | None = UP_TO_EXP, domain: str = LINE,
           parameters: list = ()) -> dict:
    """sin(x) inside another operation; premises are node numbers (ordinary steps) after the negative step about sin(x)."""
    d, x = of_first("sin")
    n = build(d, x, 1)
    a = Along(d, x, domain)
    if axiom_mask:
        s = a.step("axiom", 1, [a.t], ["not", axiom_mask])
    else:
        s = a.step("oscillate", 1, [a.periodic(1, [a.t])], ANY, ["0", "1"])
    return a.single(rule, n, [s, *(a.f[m] for m in premises)], ["not", excluded], parameters)


PEELS = [
    ("a_peel_with_parameters", "TC534", lambda: peeled(lambda d, x, s: d.map("neg", s), parameters=["1"])),
    ("a_peel_of_another_node", "TC587", lambda: peeled(lambda d, x, s: d.map("add", x, d.constant(1)), premises=[0])),
    ("a_peel_that_leaves_R_lin", "TC586", lambda: peeled(lambda d, x, s: d.map("neg", s), excluded="R_lin")),
    ("a_peel_of_a_cosine", "TC588", lambda: peeled(lambda d, x, s: d.map("cos", s), premises=[1])),
    ("a_peel_of_a_square", "TC588", lambda: peeled(lambda d, x, s: d.map("mul", s, s), premises=[1])),
    ("a_peel_of_a_sum_with_itself_negated", "TC585", lambda: peeled(lambda d, x, s: d.map("add", s, d.map("neg", s)), premises=[2])),
    ("a_peel_of_a_sum_with_a_partial_term", "TC589", lambda: peeled(lambda d, x, s: d.map("add", s, d.map("log", x)), premises=[2])),
    ("a_peel_of_a_product_with_zero", "TC590", lambda: peeled(lambda d, x, s: d.map("mul", s, d.constant(0)), premises=[2])),
    ("a_peel_of_a_maximum", "TC588", lambda: peeled(lambda d, x, s: d.map("max", s, x), premises=[0, 1])),
    ("a_peel_of_a_choice", "TC588", lambda: peeled(lambda d, x, s: d.node("where", [], [x, s, d.constant(0)]), premises=[0])),
    ("a_level_of_an_axiom", "TC591", lambda: peeled(lambda d, x, s: d.map("neg", s), "level", "any")),
    ("a_level_of_a_maximum", "TC516", lambda: peeled(lambda d, x, s: d.map("max", s, d.constant(2)), "level", "any", [2], None)),
    ("a_level_of_a_sum_that_cancels", "TC592",
     lambda: peeled(lambda d, x, s: d.map("sub", s, d.map("sin", d.map("neg", x))), "level", "any", [3], None)),
    ("a_level_of_a_product_with_zero", "TC592", lambda: peeled(lambda d, x, s: d.map("mul", s, d.constant(0)), "level", "any", [2], None)),
]
for _name, _code, _build in PEELS:
    add(_name, _code, "an operation that may undo what its argument cannot do", _build)


def nowhere(rule: str) -> dict:
    """1 / (1/(0 < sin x) - 1) has no value anywhere; its empty graph is definable in every structure."""
    d, x = of_first("sin")
    zero, one = d.constant(0), d.constant(1)
    step = d.node("compare", ["lt"], [zero, 1])
    first = d.map("div", one, step)
    f = d.map("sub", first, one)
    n = d.map("div", one, f)
    a = Along(d, x)
    q = a.periodic(step, [a.f[zero], a.periodic(1, [a.t])])
    s = a.step("oscillate", step, [q], ANY, ["1", "-1"])
    s = a.step(rule, first, [s, a.f[one], a.f[step]], ANY)
    s = a.step(rule, f, [s, a.f[one]], ANY)
    return a.single(rule, n, [s, a.f[one], a.f[f]], ANY)


add("a_peel_of_a_quotient_that_is_nowhere_defined", "TC598", "the denominator is 0 wherever it is defined", lambda: nowhere("peel"))
add("a_level_of_a_quotient_that_is_nowhere_defined", "TC598", "the denominator is 0 wherever it is defined", lambda: nowhere("level"))

# ------------------------------------------------------------------ refutations and jumps


@enemy("TC601")
def a_refutation_about_another_node():
    """sin(x) oscillates; the claim is about sin(x) - sin(x)."""
    d, x = of_first("sin")
    n = d.map("sub", 1, 1)
    a = Along(d, x)
    s = a.step("oscillate", 1, [a.periodic(1, [a.t])], ANY, ["0", "1"])
    return a.refuted(n, s)


def jump(second: str = "(0,inf)", point: str = "[0,0]", node: str = "sign", rows: list | None = None, fixed: tuple = (0, 0),
         shape: list = (), about: int = 3, claimed: int = 1) -> dict:
    """sign(x - z) at 0, seen at 0 and on the right of 0."""
    d = Draft()
    x, z = d.input(shape=shape), d.input("z")
    d.map(node, d.node("map", ["sub"], [x, z], shape))
    for domain, value in zip((point, second), fixed):
        d.curve(x, domain, {z: value}).facts(0, 1, 2, 3)
    d.jumps = rows or [[0, 3], [1, 3]]
    return d.document(about, None, "", claimed)


JUMPS = [
    ("a_jump_from_one_side", "TC604", {"rows": [[0, 3]]}),
    ("a_jump_between_two_lines", "TC605", {"fixed": (0, 1), "rows": [[0, 1], [1, 1]], "about": 1}),
    ("a_jump_into_an_empty_interval", "TC414", {"second": "(0,-1)", "rows": [[0, 0], [1, 0]], "about": 0}),
    ("a_jump_between_two_points_far_apart", "TC606", {"second": "(1,inf)"}),
    ("a_jump_into_a_neighbourhood_of_the_point", "TC606", {"second": "[0,inf)"}),
    ("a_jump_of_an_absolute_value", "TC607", {"node": "abs"}),
    ("a_jump_of_nothing", "TC606", {"shape": [0]}),
    ("a_jump_that_nobody_claims", "TC604", {"rows": [-1, -1], "claimed": 0}),
]
for _name, _code, _how in JUMPS:
    add(_name, _code, "a jump that is none", lambda h=_how: jump(**h))
