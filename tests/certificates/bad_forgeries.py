"""Forgeries made by reading the checker: false statements, each hidden where one rule meets another."""

from certificates.bad_curves import ANY, RIGHT, Along, of_first
from certificates.drafts import Draft, record
from certificates.enemies import enemy


@enemy("TC436")
def a_power_of_ten_million_and_a_half():
    """x^(10000000.5) on [0,inf) is ten million times differentiable at 0, and not analytic: a large order is no mark of analyticity."""
    d = Draft()
    x = d.input(box="[0,inf)")
    n = d.map("pow", x, d.constant("20000001/2"))
    f = d.main.facts(x, 1)
    d.main.add("map", n, [f[x], f[1]], [], record(smooth="analytic"))
    return d.document(n, record(smooth="analytic"))


@enemy("TC531")
def a_power_with_an_exponent_of_10_to_the_18_digits():
    """3^(2^(2^60)) as a sample value: no finite enclosure, and no attempt to write the exponent down."""
    d, x = of_first("sin")
    c = d.constant(2)
    for _ in range(60):
        c = d.map("mul", c, c)
    three = d.constant(3)
    n = d.map("mul", 1, d.map("pow", three, c))
    a = Along(d, x, facts=())
    known = a.c.add("constant", 2)
    for m in range(3, n - 2):
        known = a.c.add("map", m, [known] * 2, [], record(varies=0))
    base = a.c.add("constant", three)
    known = a.c.add("map", n - 1, [base, known], [], record(varies=0))
    return a.single("oscillate", n, [a.periodic(n, [a.periodic(1, [a.t]), known])], ANY, ["1", "-1"])


@enemy("TC434")
def a_sum_of_two_steps_about_one_argument():
    """x + 1/x is not total, although x + x is."""
    d = Draft()
    x = d.input()
    r = d.map("div", d.constant(1), x)
    n = d.map("add", x, r)
    f = d.main.facts(x, 1, r)
    d.main.add("map", n, [f[x], f[r]], [], record(total=1))
    return d.document(n, record(total=1))


@enemy("TC538")
def a_product_of_sines_with_another_unit():
    """sin(pi x) has period 2, sin(x) has period 2 pi: the units tell them apart."""
    d, x = of_first("sin")
    s = d.map("sin", d.map("mul", x, d.map("pi")))
    n = d.map("mul", 1, s)
    a = Along(d, x)
    slope = a.step("slope", 3, [a.t, a.f[2]], ["slope"])
    q = a.periodic(s, [slope], "1", "at 3")
    return a.single("oscillate", n, [a.periodic(n, [a.periodic(1, [a.t]), q])], ANY, ["1", "2"])


@enemy("TC585")
def the_logarithm_of_a_reciprocal():
    """log(1/t) on (1,inf) is unbounded below; only arguments that grow count against R_an_pow."""
    d, x = of_first()
    d.nodes[0][1][2] = "(1,inf)"
    r = d.map("div", d.constant(1), x)
    n = d.map("log", r)
    a = Along(d, x, "(1,inf)")
    one = a.step("polynomial", 1, [], ["polynomial", ["1", "0"]])
    p = a.step("polynomial", r, [one, a.t], ["polynomial", ["1", "-1"]])
    return a.single("axiom", n, [p], ["not", "R_lin R_alg R_pow R_an R_an_pow R_G"])


@enemy("TC433")
def a_clamp_that_forgets_the_open_end():
    """floor of [0,1] is 0 or 1; floor of [0,1) would be 0."""
    d = Draft()
    x = d.input(box="[0,1]")
    n = d.map("floor", x)
    f = d.main.facts(x)
    d.main.add("map", n, [f[x]], [], record(range="[0,0]"))
    return d.document(n, record(range="[0,0]"))


@enemy("TC433")
def a_number_smaller_than_any_enclosure():
    """exp(-10^4) is positive and below 2^-14000; it is not 0, and [0,0] does not hold it."""
    d = Draft()
    n = d.map("exp", d.constant(-(10**4)))
    f = d.main.facts(0)
    d.main.add("map", n, [f[0]], [], record(range="[0,0]"))
    return d.document(n, record(range="[0,0]"))


@enemy("TC567")
def an_oscillation_of_a_sine_on_a_half_line_beyond_its_period_step():
    """The period of sin(x) is not a period of sin(sqrt(x))."""
    d, x = of_first("sqrt", "sin")
    a = Along(d, x, RIGHT)
    return a.single("oscillate", 2, [a.f[2]], ANY, ["1", "4"])
