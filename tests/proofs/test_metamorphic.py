"""Laws between certificates: what must not change when a program is written differently, and how it may change.

Random programs, seeded; ``TAMECHECK_TEST_MULTIPLIER`` multiplies their number.  Two certificates of one function may differ in
strength, but never contradict each other: no structure is a home in one and excluded in the other.
"""

import os
import random
import subprocess
import sys
from collections.abc import Sequence
from fractions import Fraction

import pytest

import tamecheck as tc
from tamecheck.ground.intervals import Interval, interval, meet
from tamecheck.kernel.curves import ANY
from tamecheck.programs.program import Program
from tamecheck.structures.lattice import ALL, UP

MULTIPLIER = int(os.environ.get("TAMECHECK_TEST_MULTIPLIER", "1"))
SEEDS = range(60 * MULTIPLIER)
UNARY = ["neg", "abs", "sign", "floor", "round", "exp", "log", "sqrt", "sin", "cos", "atan", "erf"]
BINARY = ["add", "add", "sub", "mul", "mul", "div", "max", "min"]
COMMUTATIVE = frozenset(["add", "mul", "max", "min"])
BOXES = (interval(None, None), interval(0, None, False), interval(-1, 1), interval(0, 1), interval(1, None))

Graph = list[tuple]  # of (operation, arguments): the function behind a program, to be written in several ways


def graph(rng: random.Random, inputs: int = 2, size: int = 7) -> Graph:
    """Return a random scalar function of a few inputs; entries are ``("input", k)``, ``("constant", q)`` or operations."""
    found: Graph = [("input", k) for k in range(inputs)]
    found += [("constant", q) for q in (Fraction(0), Fraction(1), Fraction(2), Fraction(-1, 2))]
    for _ in range(rng.randint(2, size)):
        recent = [rng.randrange(inputs), len(found) - 1, rng.randrange(len(found))]
        a, b, c = (rng.choice(recent) for _ in range(3))
        kind = rng.random()
        if kind < 0.4:
            found.append((rng.choice(UNARY), a))
        elif kind < 0.9:
            found.append((rng.choice(BINARY), a, b))
        else:
            found.append(("where", rng.choice(["lt", "le"]), a, b, c, rng.choice(recent)))
    return found


def boxes(rng: random.Random, inputs: int = 2) -> list[Interval]:
    """Return a box for every input."""
    return [rng.choice(BOXES) for _ in range(inputs)]


def write(
    g: Graph, box: list[Interval], names: Sequence[str] = "xyz", swap: random.Random | None = None, scale: Fraction | None = None,
) -> tuple[Program, int]:
    """Write a function as a program; optionally with commutative arguments swapped, or every input multiplied by a number."""
    p = Program()
    place: list[int] = []
    for operation, *arguments in g:
        if operation == "input":
            k = arguments[0]
            n = p.input(names[k], (), role="parameter" if k else "data", box=box[k])
            place.append(n if scale is None else p.map("mul", p.constant(scale), n))
        elif operation == "constant":
            place.append(p.constant(arguments[0]))
        elif operation == "where":
            relation, *rest = arguments
            a, b, c, d = (place[i] for i in rest)
            place.append(p.where(p.compare(relation, a, b), c, d))
        else:
            nodes = [place[i] for i in arguments]
            if swap is not None and operation in COMMUTATIVE and swap.random() < 0.5:
                nodes.reverse()
            place.append(p.map(operation, *nodes))
    return p, place[-1]


def asked(source: tuple[Program, int], about: str = "both"):
    """Return the certificate."""
    return tc.certify(source, about=about)


def agree(a, b) -> None:
    """Two certificates of one function do not contradict each other."""
    assert not a.record[1] & b.proof.excluded and not b.record[1] & a.proof.excluded
    assert not (a.record[1] and b.proof.excluded & ANY) and not (b.record[1] and a.proof.excluded & ANY)
    assert meet(a.record[3], b.record[3]) is not None or not (a.record[4] and b.record[4])
    assert not (a.proof.jumps and b.record[4] and b.record[6] >= 0) and not (b.proof.jumps and a.record[4] and a.record[6] >= 0)


@pytest.mark.parametrize("seed", SEEDS)
def test_names_do_not_matter(seed):
    """Renaming the inputs changes neither record nor exclusions."""
    rng = random.Random(seed)
    g, box = graph(rng), boxes(rng)
    a, b = asked(write(g, box)), asked(write(g, box, names=["alpha", "x"]))
    assert (a.record, a.proof.excluded, a.sharp) == (b.record, b.proof.excluded, b.sharp)


@pytest.mark.parametrize("seed", SEEDS)
def test_dead_nodes_and_sharing_do_not_matter(seed):
    """Nodes that the output does not need, and definitions written twice, leave the certificate the same byte for byte."""
    rng = random.Random(seed)
    g, box = graph(rng), boxes(rng)
    p, n = write(g, box)
    plain = asked((p, n)).to_bytes()
    for _ in range(3):
        p.map(rng.choice(UNARY), rng.randrange(len(p)))
    again = p.map(*[p.nodes[n][1][0], *p.nodes[n][2]]) if p.nodes[n][0] == "map" else n
    assert again == n and asked((p, n)).to_bytes() == plain


@pytest.mark.parametrize("seed", SEEDS)
def test_commutative_arguments_may_be_swapped(seed):
    """Homes and range are symmetric in the arguments of +, *, max and min."""
    rng = random.Random(seed)
    g, box = graph(rng, size=9), boxes(rng)
    a, b = asked(write(g, box)), asked(write(g, box, swap=rng))
    agree(a, b)
    assert (a.record[1], a.record[3:5], a.record[6:8]) == (b.record[1], b.record[3:5], b.record[6:8])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("operation", ["add", "mul", "max", "min"])
def test_sums_and_products_may_be_bracketed_otherwise(operation, seed):
    """(f . g) . h and f . (g . h) do not contradict each other; sums have the same homes."""
    rng = random.Random(seed)
    box = boxes(rng)
    parts = [graph(rng, size=3) for _ in range(3)]
    results = []
    for left in (True, False):
        g: Graph = []
        ends = []
        for part in parts:
            start = len(g)
            for op, *rest in part:
                leaf = op in ("input", "constant")
                g.append((op, *[a if leaf or isinstance(a, str) else a + start for a in rest]))
            ends.append(len(g) - 1)
        f, h, k = ends
        size = len(g)
        g += [(operation, f, h), (operation, size, k)] if left else [(operation, h, k), (operation, f, size)]
        results.append(asked(write(g, box)))
    agree(*results)
    assert operation != "add" or results[0].record[1] == results[1].record[1]  # a factor 0, or a clamp beside its rounding, may help


@pytest.mark.parametrize("seed", SEEDS)
def test_scaled_variables(seed):
    """f(cx) on the box B/c is the function f on B."""
    rng = random.Random(seed)
    g, box = graph(rng), boxes(rng)
    factor = Fraction(rng.randint(1, 9), rng.randint(1, 9))
    smaller = [(None if b[0] is None else b[0] / factor, None if b[1] is None else b[1] / factor, b[2], b[3]) for b in box]
    a, b = asked(write(g, box)), asked(write(g, smaller, scale=factor))
    agree(a, b)
    assert (a.verdict == "definable", a.record[1:5]) == (b.verdict == "definable", b.record[1:5])


OUTER = {  # an injective map, and the structures that define it and its inverse
    "affine": (UP["R_lin"], lambda p, n: p.map("sub", p.constant(5), p.map("mul", p.constant(Fraction(2, 3)), n))),
    "cube": (UP["R_alg"], lambda p, n: p.map("pow", n, p.constant(3))),
    "exp": (UP["R_exp"], lambda p, n: p.map("exp", n)),
    "atan": (UP["R_an"] | UP["R_Pfaff"], lambda p, n: p.map("atan", n)),
    "softsign": (UP["R_alg"], lambda p, n: p.map("div", n, p.map("add", p.constant(1), p.map("abs", n)))),
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("outer", OUTER)
def test_an_outer_injective_map(outer, seed):
    """g(f) has at least the homes that f and g share, and no home that defines g but provably not f."""
    rng = random.Random(seed)
    homes, build = OUTER[outer]
    p, n = write(graph(rng), boxes(rng))
    inner = asked((p, n))
    composed = asked((p, build(p, n)))
    assert inner.record[1] & homes & ~composed.record[1] == 0
    assert not composed.record[1] & inner.proof.excluded & homes
    assert not (composed.record[1] and inner.proof.excluded & ANY and homes & UP["R_alg"] == UP["R_alg"])


@pytest.mark.parametrize("seed", SEEDS)
def test_smaller_domains_have_more_homes(seed):
    """On a part of the domain every home stays, totality stays, and no home of the whole is excluded."""
    rng = random.Random(seed)
    g, box = graph(rng), boxes(rng)
    part = [meet(b, interval(Fraction(1, 4), Fraction(rng.randint(1, 5), 2))) or b for b in box]
    whole, small = asked(write(g, box)), asked(write(g, part))
    assert whole.record[1] & ~small.record[1] == 0
    assert not whole.record[1] & small.proof.excluded
    assert whole.record[4] <= small.record[4] and meet(whole.record[3], small.record[3]) is not None
    assert not (small.proof.excluded & ANY and whole.record[1])


@pytest.mark.parametrize("seed", SEEDS)
def test_fewer_varying_inputs_have_more_homes(seed):
    """A function of parameters and inputs together is at least as wild as a function of either."""
    rng = random.Random(seed)
    g, box = graph(rng), boxes(rng)
    both = asked(write(g, box), "both")
    for about in ("inputs", "parameters"):
        one = asked(write(g, box), about)
        assert both.record[1] & ~one.record[1] == 0
        assert not both.record[1] & one.proof.excluded
        assert one.record[0] <= both.record[0] and one.record[4] >= both.record[4]


REWRITES = {
    "add and subtract": lambda p, n, m: p.map("sub", p.map("add", n, m), m),
    "multiply and divide": lambda p, n, m: p.map("div", p.map("mul", n, p.map("exp", m)), p.map("exp", m)),
    "double negation": lambda p, n, m: p.map("neg", p.map("neg", n)),
    "maximum with itself": lambda p, n, m: p.map("max", n, n),
    "both branches": lambda p, n, m: p.where(p.compare("lt", m, p.constant(0)), n, n),
    "times one": lambda p, n, m: p.map("mul", n, p.constant(1)),
    "first power": lambda p, n, m: p.map("pow", n, p.constant(1)),
    "through a tensor": lambda p, n, m: p.reduce("max", p.reindex(("expand", (2, 3)), n), [0, 1]),
    "mean of copies": lambda p, n, m: p.map("div", p.reduce("sum", p.reindex(("expand", (4,)), n), [0]), p.constant(4)),
    "sorted copies": lambda p, n, m: p.reindex(("reshape", ()), p.order("topk", p.reindex(("expand", (3,)), n), 0, 1)),
    "logarithm of exponential": lambda p, n, m: p.map("log", p.map("exp", n)),
    "zero of another": lambda p, n, m: p.map("add", n, p.map("sub", m, m)),
    "largest plus smallest": lambda p, n, m: p.map("sub", p.map("add", p.map("max", n, m), p.map("min", n, m)), m),
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("rewrite", REWRITES)
def test_equal_functions_do_not_contradict_each_other(rewrite, seed):
    """A total function and the same function written in a roundabout way: no home of one is excluded for the other."""
    rng = random.Random(seed)
    p, n = write(graph(rng, size=5), boxes(rng))
    m = rng.randrange(n)
    plain, other = asked((p, n)), asked((p, m))
    if not other.record[4] or p.shape(m) != ():
        m = p.inputs()[0]
    agree(plain, asked((p, REWRITES[rewrite](p, n, m))))


IDENTITIES = [  # two texts of one function of @
    ("sin(@+2*pi)", "sin@"), ("cos@", "sin(@+pi/2)"), ("sin(2*@)", "2*sin@*cos@"), ("cos@^2", "1-sin@^2"), ("sin(-@)", "-sin@"),
    ("cos(3*@)", "4*cos@^3-3*cos@"), ("tan@", "sin@/cos@"), ("abs(sin@)", "sqrt(sin@^2)"), ("floor(@+1)", "floor@+1"),
    ("ceil@", "-floor(-@)"), ("round(-@)", "-round@"), ("mod(@,1)", "@-floor@"), ("mod(@+1,1)", "mod(@,1)"),
    ("round(@+2)", "round@+2"), ("floor(2*@)", "floor@+floor(@+1/2)"), ("exp@*exp(-@)*@", "@"), ("exp(2*@)", "exp@^2"),
    ("tanh@", "(exp(2*@)-1)/(exp(2*@)+1)"), ("sigmoid@", "(1+tanh(@/2))/2"), ("log(exp@)", "@"), ("softplus@", "@+softplus(-@)"),
    ("cosh@^2", "1+sinh@^2"), ("erf(-@)", "-erf@"), ("gelu@", "@*phi@"), ("atan@", "2*atan(@/(1+sqrt(1+@^2)))"),
    ("sin(atan@)", "@/sqrt(1+@^2)"), ("besselj0(-@)", "besselj0@"), ("besseli1(-@)", "-besseli1@"), ("abs@", "max(@,-@)"),
    ("relu@", "(@+abs@)/2"), ("@^2", "abs@^2"), ("sign@*@", "abs@"), ("where(@>0,@,0)", "relu@"),
    ("lgamma(2+@^2)", "lgamma(1+@^2)+log(1+@^2)"), ("asinh@", "-asinh(-@)"), ("cbrt@^3", "@"),
    ("floor@+floor(-@)", "-where(@==round@,0,1)"), ("2^@", "exp(@*log(2))"),
]
ARGUMENTS = [
    "x", "x+y", "2*x-1", "x*y", "x^2", "exp(x)", "1/x", "x-y^2", "tanh(x)", "relu(x)", "sin(x)", "x/3+y", "abs(x)", "log(1+x^2)",
]
CONTEXTS = [
    "@", "@+x", "@*y", "exp@", "max(@,y)", "x*@", "@^2", "@-y^2", "tanh@", "where(y>0,@,x)", "1/(1+@^2)", "@/(1+y^2)", "relu@",
    "atan@+x",
]


@pytest.mark.parametrize("seed", range(150 * MULTIPLIER))
def test_identities_do_not_contradict_each_other(seed):
    """Two forms of one function agree, and their difference, which is 0 where it is defined, is never refuted."""
    rng = random.Random(seed)
    u, context, box = rng.choice(ARGUMENTS), rng.choice(CONTEXTS), rng.choice([None, "[-1,1]", "(0,inf)", "[1,4]"])
    one, two = (context.replace("@", "(" + side.replace("@", f"({u})") + ")") for side in rng.choice(IDENTITIES))
    certificates = [tc.certify(text, input_box=box) for text in (one, two)]
    agree(*certificates)
    difference = tc.certify(f"({one})-({two})", input_box=box)
    assert difference.verdict != "not-definable" and not difference.proof.excluded, (one, two, box)


SCRIPT = """
import hashlib, tamecheck as tc
formulas = ["tanh(x)*y", "gelu(x)+sin(y)", "where(x>0,x^2,sin(x))", "log(exp(x)+exp(y))", "sin(x^2+exp(x))", "relu(x)/(1+abs(y))"]
for formula in [*formulas, "erf(x)*exp(y)-atan(x)"]:
    print(hashlib.sha256(tc.certify(formula).to_bytes()).hexdigest())
"""


def test_certificates_do_not_depend_on_hash_seeds():
    """The same bytes from interpreters with different hash seeds."""
    found = set()
    for seed in ("0", "1", "2", "3"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, env=environment)
        found.add(run.stdout)
    assert len(found) == 1 and len(found.pop().split()) == 7


def test_there_are_enough_programs_of_each_kind():
    """The generator reaches all three verdicts, several homes, and totality of both kinds."""
    certificates = []
    for seed in range(150):
        rng = random.Random(seed)
        certificates.append(asked(write(graph(rng), boxes(rng))))
    assert {c.verdict for c in certificates} == {"definable", "not-definable", "unknown"}
    assert len({c.record[1] for c in certificates}) >= 5 and {c.record[4] for c in certificates} == {0, 1}
    assert any(c.record[1] == ALL for c in certificates)
