"""Enemies of the reading, of the document around the steps, and of the steps' form."""

from certificates.drafts import LINE, NOTHING, Draft, record
from certificates.enemies import add, as_bytes, enemy


def simple() -> dict:
    """A good certificate: exp(x) + x is definable in R_exp."""
    d = Draft()
    x = d.input()
    n = d.map("add", d.map("exp", x), x)
    d.main.facts(0, 1, 2)
    return d.document(n, record(homes="R_exp", total=1))


def edited(path: list, value: object, build=simple) -> dict:
    """Return a good document with one place overwritten; the last part of the path may be a new key."""
    document = build()
    place = document
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    return document


def with_fact(column: int, value: object) -> dict:
    """A good document with one column of one fact overwritten."""
    return edited(["facts", 1, column], value)


# ------------------------------------------------------------------ bytes


@enemy("TC614")
def nothing_at_all():
    """An empty file."""
    return b""


@enemy("TC614")
def truncated():
    """The first half of a good certificate."""
    data = as_bytes(simple())
    return data[: len(data) // 2]


@enemy("TC610")
def a_key_twice():
    """Two claims in one document: readers differ in which one they take."""
    data = as_bytes(simple())
    return data[:-1] + b',"claim":{}}'


@enemy("TC611")
def a_float():
    """A number with a point."""
    return as_bytes(simple()).replace(b'"discontinuous":0', b'"discontinuous":0.0')


@enemy("TC611")
def not_a_number():
    """NaN is no JSON, but parsers take it."""
    return as_bytes(simple()).replace(b'"discontinuous":0', b'"discontinuous":NaN')


@enemy("TC612", MAXIMAL_BYTES=64)
def too_large():
    """More bytes than the limit (lowered for this test)."""
    return as_bytes(simple())


@enemy("TC613")
def not_ascii():
    """A byte above 127."""
    return as_bytes(simple()).replace(b'"names":{}', '"names":{"0":"é"}'.encode())


@enemy("TC615")
def deep_brackets():
    """Ten thousand brackets."""
    return b"[" * 10_000 + b"]" * 10_000


@enemy("TC614")
def unicode_digits():
    """Digits of another script, escaped or not, are no digits."""
    return as_bytes(simple()).replace(b'"discontinuous":0', b'"discontinuous":\\u0660')


# ------------------------------------------------------------------ numbers, intervals, structures, facts

FACT_COLUMNS = [
    ("a_number_in_words", "TC410", 8, "one"),
    ("a_number_with_unicode_digits", "TC410", 8, "\u0663"),
    ("a_number_that_is_a_list", "TC410", 8, []),
    ("a_number_of_5000_digits", "TC410", 8, "1" * 5000),
    ("a_number_in_scientific_notation", "TC410", 8, "1e1000000000"),
    ("a_fraction_not_in_lowest_terms", "TC411", 8, "2/2"),
    ("minus_zero", "TC411", 8, "-0"),
    ("an_interval_without_comma", "TC412", 3, "[0;1]"),
    ("an_interval_that_is_an_object", "TC412", 3, {}),
    ("an_infinite_end_that_is_closed", "TC413", 3, "(-inf,inf]"),
    ("an_empty_interval", "TC414", 3, "(0,0]"),
    ("an_unknown_home", "TC415", 1, "R_exp|R_sin"),
    ("a_home_that_is_a_list", "TC415", 1, ["R_exp"]),
    ("a_flag_that_is_true", "TC421", 4, True),
    ("a_flag_that_is_two", "TC421", 4, 2),
    ("a_smoothness_of_minus_one", "TC422", 6, "C-1"),
    ("a_negative_lipschitz_constant", "TC423", 8, "-1"),
]
for _name, _code, _column, _value in FACT_COLUMNS:
    add(_name, _code, "one column of a fact is malformed", lambda c=_column, v=_value: with_fact(c, v))


@enemy("TC420")
def a_fact_of_eight_columns():
    """A fact record without its last column."""
    return edited(["facts", 1], NOTHING[:8])


# ------------------------------------------------------------------ the document

DOCUMENT = [
    ("another_format", "TC401", ["format"], "tamecheck certificate 2"),
    ("an_assumption_that_is_a_number", "TC402", ["assumptions"], [1]),
    ("a_name_that_is_a_number", "TC403", ["names", "0"], 0),
    ("facts_that_are_an_object", "TC406", ["facts"], {}),
    ("a_claim_about_nothing", "TC407", ["claim", "about"], "everything"),
    ("a_claim_with_true_for_one", "TC440", ["claim", "discontinuous"], True),
    ("a_claim_about_no_node", "TC440", ["claim", "node"], 3),
    ("a_claim_that_excludes_a_list", "TC416", ["claim", "not"], ["any"]),
    ("a_claim_that_excludes_an_unknown_structure", "TC416", ["claim", "not"], "R_sin"),
    ("a_claim_not_closed_downwards", "TC417", ["claim", "not"], "R_exp"),
    ("an_unknown_key", "TC483", ["extra"], 1),
    ("an_unknown_key_in_the_claim", "TC483", ["claim", "unless"], "x = 0"),
    ("instances_that_are_an_object", "TC408", ["instances"], {}),
    ("an_instance_of_no_kind", "TC418", ["instances"], [{"kind": "lemma"}]),
    ("refutations_that_are_an_object", "TC600", ["refutations"], {}),
    ("a_refutation_of_one_part", "TC608", ["refutations"], [[0]]),
    ("steps_that_are_an_object", "TC460", ["steps"], {}),
    ("a_claim_without_steps", "TC431", ["steps"], []),
    ("an_exclusion_without_refutation", "TC603", ["claim", "not"], "any"),
]
for _name, _code, _path, _value in DOCUMENT:
    add(_name, _code, f"{'/'.join(map(str, _path))} is not what it must be", lambda p=_path, v=_value: edited(p, v))


@enemy("TC405")
def the_claim_of_another_program():
    """One constant of the program was changed after the proof."""
    return edited(["program", "nodes", 0, 1, 0], "y")


@enemy("TC404")
def the_claim_that_was_asked_for_is_another():
    """A good certificate of definability in R_exp, handed in for definability in R_alg."""
    claim = simple()["claim"]
    claim["holds"] = record(homes="R_alg", total=1)
    return simple(), claim


@enemy("TC619")
def asked_for_null():
    """A claim that is null is not the absence of a claim."""
    return simple(), b"null"


# ------------------------------------------------------------------ the claim does not follow, column by column

STRONGER = [
    ("claim_constant", "TC430", {"varies": 0}),
    ("claim_a_smaller_structure", "TC431", {"homes": "R_alg"}),
    ("claim_a_smaller_structure_on_compact_boxes", "TC432", {"local": "R_alg"}),
    ("claim_a_smaller_range", "TC433", {"range": "(0,inf)"}),
    ("claim_total", "TC434", {"total": 1}),
    ("claim_bounded", "TC435", {"bounded": 1}),
    ("claim_smooth", "TC436", {"smooth": "C0"}),
    ("claim_locally_lipschitz", "TC437", {"loclip": 1}),
    ("claim_lipschitz", "TC438", {"lip": "1"}),
]


def stronger(columns: dict) -> dict:
    """The logarithm of x: each column of the claim that is not the weakest is false."""
    d = Draft()
    x = d.input()
    n = d.map("log", d.map("sqrt", x))
    d.main.facts(0, 1, 2)
    if "smooth" in columns or "loclip" in columns:
        n = d.map("floor", n)
        d.main.facts(n)
    return d.document(n, record(**columns))


for _name, _code, _columns in STRONGER:
    add(_name, _code, "the claim says more than the steps prove", lambda c=_columns: stronger(c))


# ------------------------------------------------------------------ steps

STEPS = [
    ("a_step_of_four_parts", "TC461", ["map", 1, [0], []]),
    ("a_step_without_a_rule", "TC473", [None, 1, [0], [], 0]),
    ("a_step_about_no_node", "TC462", ["map", 3, [0], [], 0]),
    ("a_step_about_node_true", "TC462", ["map", True, [0], [], 0]),
    ("a_premise_of_minus_one", "TC463", ["map", 1, [-1], [], 0]),
    ("a_premise_that_is_the_step_itself", "TC463", ["map", 1, [1], [], 0]),
    ("a_premise_that_is_true", "TC463", ["map", 1, [False], [], 0]),
    ("a_conclusion_of_minus_one", "TC464", ["map", 1, [0], [], -1]),
    ("a_conclusion_that_is_no_fact", "TC464", ["map", 1, [0], [], 99]),
    ("a_rule_without_premises", "TC465", ["map", 1, [], [], 0]),
    ("a_rule_with_parameters", "TC465", ["map", 1, [0], [0], 0]),
    ("an_unknown_rule", "TC468", ["trust", 1, [0], [], 0]),
    ("a_rule_of_another_kind_of_node", "TC468", ["reduce", 1, [0], [], 0]),
    ("a_negative_step_outside_a_curve", "TC469", ["peel", 1, [0], [], ["not", "any"]]),
    ("an_assumption_with_a_premise", "TC409", ["assume", 1, [0], [0], 0]),
    ("an_assumption_that_is_not_there", "TC440", ["assume", 1, [], [0], 0]),
]
for _name, _code, _step in STEPS:
    add(_name, _code, "the second step is malformed", lambda s=_step: edited(["steps", 1], s))


@enemy("TC466")
def a_premise_about_another_argument():
    """exp(x) + x where both premises are about x: the sum would be linear."""
    document = edited(["steps", 2, 2], [0, 0])
    document["facts"].append(record(homes="R_lin"))
    document["steps"][2][4] = len(document["facts"]) - 1
    document["claim"]["holds"] = record(homes="R_lin")
    return document


@enemy("TC474")
def an_input_with_premises():
    """The rule input takes nothing."""
    d = Draft()
    x = d.input()
    d.main.add("input", x)
    d.main.add("input", x, [0], [], record())
    return d.document(x)


@enemy("TC475")
def a_refinement_with_a_premise_about_another_node():
    """sqrt(a^2) with a = x^2 is not Lipschitz; the step about x, which is, stands in the place of a."""
    d = Draft()
    x = d.input()
    a = d.map("mul", x, x)
    n = d.map("sqrt", d.map("mul", a, a))
    f = d.main.facts(x, a, 2, n)
    d.main.add("norm", n, [f[n], f[x]], ["1"], record(lip="1"))
    return d.document(n, record(lip="1"))


@enemy("TC467")
def a_refinement_with_too_few_premises():
    """The rule needs the base of the squares."""
    d = Draft()
    x = d.input()
    s = d.map("mul", x, x)
    n = d.map("sqrt", s)
    f = d.main.facts(x, s, n)
    d.main.add("norm", n, [f[n]], ["1"], record(lip="1"))
    return d.document(n, record(lip="1"))


@enemy("TC431")
def sine_on_the_line():
    """sin(x) on the line called definable in R_an, which holds on bounded ranges only."""
    d = Draft()
    x = d.input()
    n = d.map("sin", x)
    f = d.main.facts(x)
    d.main.add("map", n, [f[x]], [], record(homes="R_an"))
    return d.document(n, record(homes="R_an"))


@enemy("TC433")
def a_range_that_was_only_believed():
    """sin(x) with x claimed to lie in [-1,1] by its own step."""
    d = Draft()
    x = d.input(box=LINE)
    n = d.map("sin", x)
    d.main.add("input", x, [], [], record(homes="R_lin", range="[-1,1]", total=1))
    d.main.add("map", n, [0], [], record(homes="R_an"))
    return d.document(n, record(homes="R_an"))
