"""Enemies of near-homogeneity: bounds that are too small, wrong degrees, wrong leading parts, gates that are none, malformed rows."""

import json
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from pathlib import Path

from certificates.enemies import add, enemy

SOFT = "a*softplus(w*x)"


BASES = Path(__file__).with_name("near_bases.json")


@cache
def _bases() -> dict:
    """Return the prover's certificates, as they were when this file was written: the last digits of its bounds may change."""
    return json.loads(BASES.read_text(encoding="ascii"))


def document(formula: str = SOFT, group: str = "a w", about: str = "both") -> dict:
    """Return the prover's certificate with a claim of near-homogeneity."""
    return json.loads(json.dumps(_bases()[f"{formula} in {group} about {about}"]))


def row(value: dict) -> dict:
    """Return the claim of near-homogeneity."""
    return value["claim"]["near"][0]


def less(texts: list, k: int = -1) -> None:
    """Make one coefficient a little smaller."""
    texts[k] = str(Fraction(texts[k]) * Fraction(999, 1000))


def changed(name: str, code: str, why: str, change: Callable[[dict], object], *source: str, **limits: int) -> None:
    """Register a certificate of the prover after a change."""

    def make() -> dict:
        value = document(*source)
        change(value)
        return value

    add(f"near_{name}", code, why, make, **limits)


def smaller(name: str, formula: str, group: str, why: str) -> None:
    """Register a defect, with the gap that belongs to it, which is smaller than what the rules give."""

    def change(value: dict) -> None:
        r = row(value)
        less(r["defect"])
        r["gap"] = [str(Fraction(c) / (r["degree"] - i)) for i, c in enumerate(r["defect"])]

    changed(f"defect_{name}", "TC783", why, change, formula, group)


def put(key: str, content: object) -> Callable[[dict], None]:
    """Return a change of one entry of the row."""
    return lambda value: row(value).__setitem__(key, content)


def gate(k: int, content: object) -> Callable[[dict], None]:
    """Return a change of one entry of the first gate; a function is applied to what was there."""

    def change(value: dict) -> None:
        g = value["gates"][0][0]
        g[k] = content(g[k]) if callable(content) else content

    return change


def times(q: Fraction) -> Callable[[str], str]:
    """Return the change of a number by a factor."""
    return lambda text: str(Fraction(text) * q)


TINY = times(1 - Fraction(1, 10**6))

# ------------------------------------------------------------------ form

changed("no_list", "TC770", "The claims are an object.", lambda v: v["claim"].__setitem__("near", {}))
changed("nine", "TC770", "Nine good claims.", lambda v: (v["claim"].__setitem__("near", [row(v)] * 9), v.__setitem__("gates", v["gates"] * 9)))
changed("without_gates", "TC770", "The lists of gates are missing.", lambda v: v.pop("gates"))
changed("gates_of_two", "TC770", "Two lists of gates for one claim.", lambda v: v["gates"].append([]))
changed("gates_without_claim", "TC770", "Gates, and no claim that uses them.", lambda v: v["claim"].pop("near"))
changed("gates_no_list", "TC779", "The gates of the claim are an object.", lambda v: v.__setitem__("gates", [{}]))
changed("gate_of_seven", "TC771", "A gate without its last entry.", lambda v: v["gates"][0][0].pop())
changed("gate_cuts_no_list", "TC771", "The cuts are a text.", gate(5, "0"))
changed("gate_twice", "TC780", "The same gate is given twice.", lambda v: v["gates"][0].append(v["gates"][0][0]))
changed("polynomial_no_list", "TC774", "The defect is an object.", put("defect", {}))
changed("polynomial_too_long", "TC774", "A bound of the value with 66 coefficients.", put("value", ["1"] * 66))
changed("coefficient_negative", "TC775", "A negative coefficient.", lambda v: row(v)["value"].__setitem__(0, "-1"))
changed("unknown_key", "TC483", "The row has one key more.", put("more", 1))
changed("group_empty", "TC776", "Nothing is scaled.", put("group", []))
changed("group_twice", "TC776", "An input is named twice.", lambda v: row(v)["group"].insert(0, row(v)["group"][0]))
changed("group_no_input", "TC777", "A node of the group is no input.", lambda v: row(v)["group"].append(v["claim"]["node"]))
changed("group_in_a_box", "TC778", "The data lie in a box that is scaled.", lambda v: row(v).__setitem__("group", [0, 1, 2]))


@enemy("TC777")
def near_group_that_is_fixed():
    """The claim is about inputs, the group are parameters: nothing says that the node is Lipschitz in them."""
    import tamecheck as tc
    from tamecheck.programs.program import Program

    def program() -> tuple:
        p = Program()
        w, x = p.input("w", (), "parameter"), p.input("x", ())
        return p, {"f": p.map("add", p.map("mul", w, x), x)}

    good = json.loads(tc.certify(program(), "both", sharpness=False).to_bytes())
    value = json.loads(tc.certify(program(), "inputs", sharpness=False).to_bytes())
    n = next(k for k, node in enumerate(good["program"]["nodes"]) if node[1][:1] == ["w"])
    value["claim"]["near"] = [{"defect": [], "degree": 1, "gap": [], "gradient": None, "group": [n], "limit": None, "value": None, "zero": 0}]
    value["gates"] = [[]]
    return value


@enemy("TC787")
def near_of_a_root():
    """sqrt(|w|)^2 is homogeneous of degree 1, but its factors are not Lipschitz, and so the checker does not know that it is."""
    import tamecheck as tc

    value = json.loads(tc.certify("sqrt(abs(w))^2", "both", sharpness=False).to_bytes())
    value["claim"]["near"] = [{"defect": [], "degree": 1, "gap": [], "gradient": None, "group": [0], "limit": None, "value": None, "zero": 0}]
    value["gates"] = [[]]
    return value


@enemy("TC780")
def near_gate_that_stands_still():
    """A gate whose root does not depend on the group."""
    value = document("softplus(x)*a + softplus(a)*x", "a")
    other = next(k for k, node in enumerate(value["program"]["nodes"]) if node[1][:1] == ["x"])
    ends = [k for k, node in enumerate(value["program"]["nodes"]) if node[1] == ["log"]]
    value["gates"][0].append([next(k for k in ends if k != value["gates"][0][0][0]), other, *value["gates"][0][0][2:]])
    return value


# ----------------------------------------------------------------- gates


def ends_elsewhere(value: dict) -> None:
    """Let the gate start at an input that the node does not use alone."""
    value["gates"][0][0][1] = row(value)["group"][0]


changed("gate_of_another_root", "TC772", "The node is no function of this one input alone.", ends_elsewhere)
changed("gate_is_its_root", "TC772", "The gate ends where it starts.", lambda v: gate(0, v["gates"][0][0][1])(v))
changed("gate_of_a_contraction", "TC772", "The claimed node is a product of two, no entrywise function of one.",
        lambda v: gate(0, v["claim"]["node"])(v))
changed("gate_too_many_members", "TC772", "More nodes than the limit, which is lowered to two.", lambda v: None, MAXIMAL_MEMBERS=2)

for activation in ("softplus", "gelu", "elu", "tanh", "atan", "hardtanh", "softsign"):
    formula = f"a*{activation}(w*x)"
    changed(f"gate_defect_{activation}", "TC773", f"sup |h s' - s| of {activation} is larger.", gate(2, times(Fraction(99, 100))), formula)
    changed(f"gate_lipschitz_{activation}", "TC773", f"{activation} is steeper.", gate(3, times(Fraction(99, 100))), formula)
changed("gate_value_at_zero", "TC773", "softplus(0) = log 2 is larger.", gate(4, TINY))
changed("gate_without_tail", "TC773", "ELU: the supremum 1 is reached at minus infinity only.", gate(2, TINY), "a*elu(w*x)")
changed("gate_wrong_slope_right", "TC773", "softplus grows like h, not 2h.", gate(7, "2"))
changed("gate_wrong_slope_left", "TC773", "softplus tends to 0, not to -h.", gate(6, "1"))
changed("gate_slope_nearly", "TC773", "A slope is 1, not within 10^-30 of it.", gate(7, str(1 + Fraction(1, 10**30))))
changed("gate_irrational_slope", "TC773", "The slope is pi/2, which is no rational.", gate(7, "11/7"), "a*(w*x)*atan(w*x)")
changed("gate_cuts_unsorted", "TC773", "The cuts are not in order.", lambda v: v["gates"][0][0][5].reverse())
changed("gate_cuts_twice", "TC773", "A cut is given twice.", lambda v: v["gates"][0][0][5].insert(0, v["gates"][0][0][5][0]))
changed("gate_without_cut_at_zero", "TC773", "No cut at 0: pieces on both sides of it.", lambda v: v["gates"][0][0][5].remove("0"))
changed("gate_first_cut_near_zero", "TC773", "The half-lines start before 1.", gate(5, ["-1/2", "0", "16"]))
changed("gate_last_cut_near_zero", "TC773", "The half-lines start before 1.", gate(5, ["-16", "0", "1/2"]))
changed("gate_two_cuts", "TC773", "Two cuts only.", gate(5, ["-16", "0"]))
changed("gate_half_line_too_early", "TC773", "Beyond 1 the remainder is not small yet.", gate(5, ["-1", "0", "1"]), "a*tanh(w*x)")
changed("gate_value_above_defect", "TC773", "z is larger than c.", gate(4, times(Fraction(2))))
changed("gate_negative_value", "TC773", "z is negative.", gate(4, "-1"))
changed("gate_long_number", "TC773", "A bound of more than 256 bits.", gate(2, str(10**100)))
changed("gate_too_many_cuts", "TC773", "More cuts than the limit, which is lowered to four.", lambda v: None, MAXIMAL_CUTS=4)
changed("gate_too_many_pieces", "TC773", "More pieces than the limit, which is lowered to three.", lambda v: None, MAXIMAL_PIECES=3)
changed("gate_called_homogeneous", "TC773", "softplus, said to be homogeneous: no cuts and no defect.",
        lambda v: [gate(k, q)(v) for k, q in ((2, "0"), (4, "0"), (5, []))])

# ------------------------------------------------------------------ rules

changed("no_bounds", "TC781", "exp has no bounds: its gate is left out, and nothing else says how far it is from homogeneous.",
        lambda v: v.__setitem__("gates", [[]]))
changed("degree_too_low", "TC782", "Two layers of tanh have degree 2, not 1.", put("degree", 1), "a*tanh(w*x)")
changed("degree_too_high", "TC782", "w^3 + w has degree 3, not 4.", put("degree", 4), "w^3 + w", "w")
changed("defect_of_full_degree", "TC783", "The defect has the degree of the function itself.", lambda v: row(v)["defect"].extend(["0", "1"]))
changed("defect_nothing", "TC783", "Softplus, said to be exactly homogeneous.", lambda v: (put("defect", [])(v), put("gap", [])(v)))
smaller("gate", SOFT, "a w", "The defect of two layers is ln 2 r.")
smaller("sum", "w^3 + w", "w", "w is of degree 1 in a sum of degree 3: 2|w|.")
smaller("product", "(w + 1)*(v + 1)", "w v", "(w + 1)(v + 1): |w + v + 2|.")
smaller("power", "(w + 1)^3", "w", "A power of what is no monomial.")
smaller("maximum", "max(w*v, w)", "w v", "max(w v, w): the smaller degree counts.")
smaller("quotient", "(w^2 + w)/(2 + x)", "w", "Division by what is at least 1.")
smaller("two_gates", "b*softplus(a*softplus(w*x))", "a b w", "The Lipschitz constant of the outer gate counts.")
smaller("hidden_bias", "a*relu(v*relu(w*x) + b)", "a v w b", "A bias in the second layer has degree 1, not 2.")
changed("gap_doubled", "TC784", "M p_a - r p_a' is twice p'.", lambda v: row(v)["gap"].__setitem__(1, str(2 * Fraction(row(v)["gap"][1]))))
changed("gap_halved", "TC784", "p_a is p'/2.", lambda v: row(v)["gap"].__setitem__(1, str(Fraction(row(v)["gap"][1]) / 2)))
changed("gap_missing", "TC784", "The gap is left out.", put("gap", []))
changed("value_too_small", "TC785", "A smaller bound of the value.", lambda v: less(row(v)["value"]))
changed("gradient_too_small", "TC786", "A smaller bound of the gradient.", lambda v: less(row(v)["gradient"]))
changed("gradient_of_the_last_layer_only", "TC786", "The gradient in the first layer is forgotten.", put("gradient", ["1"]))
changed("limit_another", "TC788", "The leading part has another digest.", lambda v: row(v)["limit"].__setitem__(0, "sha256:" + "0" * 64))
changed("limit_another_node", "TC788", "The leading part is another node of the right program.", lambda v: row(v)["limit"].__setitem__(1, 0))
changed("limit_of_the_whole", "TC788", "f itself is claimed to be its leading part.",
        lambda v: row(v).__setitem__("limit", [v["claim"]["program"], v["claim"]["node"]]))
changed("limit_not_zero", "TC789", "The leading part of softplus is ReLU, not 0.", put("zero", 1))
changed("limit_zero_unnamed", "TC788", "Zero is claimed without naming the program that is zero.",
        lambda v: (put("limit", None)(v), put("zero", 1)(v)), "a*tanh(w*x)")
