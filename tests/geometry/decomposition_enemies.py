"""Right evidence of decompositions, and corruptions of it: each must be refused with its own code.

A corruption changes a copy of a right document (or returns a text).  `tests/geometry/test_evidence.py` tries them all, and takes the guards
of the checker out one by one: each has an enemy here that gets through without it.
"""

import json
from collections.abc import Callable, Iterator
from functools import cache

import tamecheck as tc
from tamecheck import cell_checker
from tamecheck.geometry.cad.cells import Decomposition
from tamecheck.geometry.cad.evidence import evidence, of_decomposition
from tamecheck.geometry.cad.lifting import Lifting
from tamecheck.ground.polynomials import Ring, read

DECOMPOSITIONS = {
    "cubic": (["y^2-x^3-x^2"], ["x", "y"], "auto"),
    "conics": (["x^2+y^2-3", "y^2-x"], ["x", "y"], "auto"),
    "triple": (["(y-x)^3-(x^2-2)"], ["x", "y"], "auto"),
    "double": (["(y^2-x)^2-(x^2-2)"], ["x", "y"], "auto"),
    "umbrella": (["x^2-y^2*z"], ["x", "y", "z"], "auto"),
    "quadratic": (["a*x^2+b*x+c"], ["a", "b", "c", "x"], "auto"),
    "nullified": (["a*x^2+b*x+a^2", "y-x"], ["a", "b", "x", "y"], "auto"),
    "plane": (["a*x+b*c", "y-x"], ["a", "b", "c", "x", "y"], "auto"),
    "irrational": (["(a^2-2)*x^2+(a^2-2)*a+b*x", "y-x"], ["a", "b", "x", "y"], "auto"),
    "lazard": (["x^2-y^2*z+y"], ["y", "x", "z"], "lazard"),
    "nullified by Lazard": (["x*z^2+y*z+x^2", "z-y"], ["x", "y", "z"], "lazard"),
    "free": (["x^2-2", "y^2-2", "y-x"], ["x", "y"], "auto"),
    "apart": (["y-x^3", "x^2-2", "y-2*x-1"], ["x", "y"], "auto"),
    "falling": (["(x^2-2)*y^2+y+x", "y-x"], ["x", "y"], "auto"),
    "dropped": (["x*y^3+y^2-z", "z^2-2"], ["x", "z", "y"], "auto"),
    "dropped, common": (["x*y^2+y-z", "x*y^2+2*y-z-1", "z^2-2"], ["x", "z", "y"], "auto"),
    "tower": (["x^2-2", "y^2-x", "z^2-y"], ["x", "y", "z"], "auto"),
}
SENTENCES = {
    "square": "forall x: exists y: y > x^2",
    "roots": "forall a: forall b: (exists x: x^2+a*x+b == 0) iff a^2 >= 4*b",
    "false": "exists x: exists y: x^2+y^2 < 2*x*y",
}


@cache
def _text(name: str) -> str:
    if name in DECOMPOSITIONS:
        polynomials, variables, projection = DECOMPOSITIONS[name]
        return tc.cells(polynomials, variables, projection=projection).evidence().to_json()
    if name in SENTENCES:
        return evidence(SENTENCES[name]).to_json()
    return _unsound(name)


def _unsound(name: str) -> str:
    """Return what an unsound engine would write."""
    polynomials, variables, method = {
        "leading coefficients only": (["a*x^2+b*x+c"], ["a", "b", "c", "x"], "open"),
        "leading coefficients, elsewhere": (["a*x^2+(b-1)*x+c"], ["a", "b", "c", "x"], "open"),
        "orders ignored": (["a*x^2+b*x+a*c", "y-x"], ["a", "b", "c", "x", "y"], "brown"),
        "orders ignored, not zero": (["a*x+b*c", "y-x"], ["a", "b", "c", "x", "y"], "brown"),
        "orders ignored, irrational": (["(a^2-2)*x+b*c", "y-x"], ["a", "b", "c", "x", "y"], "brown"),
    }[name]
    ring = Ring(variables)
    d = Decomposition(ring, [read(ring, p)[0] for p in polynomials], polynomials)
    d.prepare(method)
    before = Lifting._constant_order
    Lifting._constant_order = lambda *_: None
    try:
        d.resume()
    finally:
        Lifting._constant_order = before
    return of_decomposition(d).to_json()


def right(name: str) -> dict:
    """Return a fresh copy of a document."""
    return json.loads(_text(name))


# ------------------------------------------------------------------------------------------------------------------- parts of documents


def stacks(stack: dict) -> Iterator[dict]:
    """Yield all stacks of a document, from below."""
    yield stack
    for part in stack.get("over", ()):
        if part is not None:
            yield from stacks(part)


def find(document: dict, condition: Callable[[dict], bool]) -> dict:
    """Return the first stack with a property."""
    return next(s for s in stacks(document["root"]) if condition(s))


def discs(document: dict, several: bool = False) -> list:
    """Return the roots (with discs) of the first stack that has them."""
    return find(document, lambda s: "roots" in s and any(len(r[2]) > several for r in s["roots"]))["roots"]


def algebraic(document: dict) -> dict:
    """Return a section that is given by a polynomial and an interval."""
    stack = find(document, lambda s: any(type(x["at"]) is dict and "root" in x["at"] for x in s["sections"]))
    return next(x for x in stack["sections"] if type(x["at"]) is dict and "root" in x["at"])


def numbers(document: dict, level: int) -> int:
    """Return the number of factors below a level."""
    return sum(len(part) for part in document["factors"][: level - 1])


def without(document: dict, level: int, place: int) -> None:
    """Take a factor out of the projection, and out of everything that mentions it (its sections stay only if others vanish there)."""
    gone = numbers(document, level) + place
    del document["factors"][level - 1][place]

    def new(n: int) -> int:
        return n - 1 if n > gone else n

    for product in document["products"]:
        product[1] = [[new(n), e] for n, e in product[1] if n != gone]
    for s in list(stacks(document["root"])):
        keep = []
        for i, section in enumerate(s["sections"]):
            section["zero"] = [[new(n), e] for n, e in section["zero"] if n != gone]
            if section["zero"]:
                keep.append(i)
        for key, stride in (("over", 2), ("signs", 2)):
            if key in s:
                s[key] = [x for j, x in enumerate(s[key]) if j % stride == 0 and (j == 0 or j // 2 - 1 in keep) or j % 2 and j // 2 in keep]
        s["samples"] = [x for j, x in enumerate(s["samples"]) if j == 0 or j - 1 in keep]
        s["sections"] = [s["sections"][i] for i in keep]
        if "null" in s:
            s["null"] = [new(n) for n in s["null"] if n != gone]
        if "roots" in s:
            s["roots"] = [[new(r[0]), *r[1:]] for r in s["roots"] if r[0] != gone]


def drop_section(stack: dict, i: int) -> None:
    """Take a section and the sector above it out of a stack, with everything over them."""
    del stack["sections"][i], stack["samples"][i + 1]
    for key in ("over", "signs"):
        if key in stack:
            del stack[key][2 * i + 1 : 2 * i + 3]


def put(container: object, key: object, value: object) -> None:
    """Assign."""
    container[key] = value


def with_key(document: dict, key: str, value: object) -> dict:
    """Return the document with another value for a key."""
    return {**document, key: value}


# -------------------------------------------------------------------------------------------------------------------------- the enemies


def _top(document: dict) -> dict:
    return find(document, lambda s: "signs" in s and s["sections"])


def _doubled_disc(d: dict) -> None:
    """Two simple roots of x^2 = y^2 + ... in one disc, said to be a double root."""
    stack = find(d, lambda s: "roots" in s and [r for r in s["roots"] if len(r[2]) == 2 and r[1] == 2 and r[2][0][1] == "0"])
    for r in stack["roots"]:
        r[2] = [["0", "0", "8", 2]]
    stack["sections"] = [{"at": stack["sections"][0]["at"], "zero": [[n, 2] for n, _ in stack["sections"][0]["zero"]]}]
    stack["samples"], stack["signs"] = ["-10", "10"], [stack["signs"][0], stack["signs"][1], stack["signs"][-1]]


def _merged(d: dict) -> None:
    """Roots of two polynomials that differ, said to be one."""
    stack = find(d, lambda s: "roots" in s and [len(x["zero"]) for x in s["sections"]] == [1, 1] and len(s["roots"]) == 2)
    first, second = stack["sections"]
    zero = first["zero"] + second["zero"]
    stack["sections"] = [{"at": first["at"], "zero": zero}]
    del stack["samples"][1]
    stack["signs"] = [stack["signs"][0], "".join("0" for _ in stack["signs"][0]), stack["signs"][-1]]


def _spread(d: dict) -> None:
    """A cut is left out, with the sections that it makes and what is over them."""
    stack = find(d, lambda s: "cuts" in s)
    del stack["cuts"]
    if "roots" in stack:
        stack["roots"] = [r for r in stack["roots"] if r[0] >= 0]
    for i in range(len(stack["sections"]) - 1, -1, -1):
        zero = [[n, e] for n, e in stack["sections"][i]["zero"] if n >= 0]
        stack["sections"][i]["zero"] = zero
        if not zero:
            drop_section(stack, i)


class Text(str):
    """A corruption that is a text, not a document."""


def _repeated(d: dict) -> Text:
    return Text(json.dumps(d).replace('"cells"', '"variables": [], "cells"'))


def _more(d: dict, level: int, polynomial: list) -> None:
    """List one more factor, the last of its level; the numbers after it move."""
    place = numbers(d, level + 1)
    d["factors"][level - 1].append(polynomial)
    for product in d["products"]:
        product[1] = [[n + (n >= place), e] for n, e in product[1]]


def _moved(d: dict, key: str) -> None:
    stack = _top(d)
    stack[key][0], stack[key][-1] = stack[key][-1], stack[key][0]


ENEMIES: list[tuple[str, str, Callable, str]] = [
    # the text
    ("no JSON", "cubic", lambda d: Text("{"), "TC800"),
    ("another format", "cubic", lambda d: put(d, "format", "tamecheck certificate 1"), "TC800"),
    ("a list", "cubic", lambda d: Text("[]"), "TC801"),
    ("the keys, without anything", "cubic", lambda d: Text(json.dumps(list(d))), "TC801"),
    ("no factors", "cubic", lambda d: put(d, "factors", None), "TC801"),
    ("too few levels", "cubic", lambda d: d["factors"].pop(), "TC801"),
    ("a missing key", "cubic", lambda d: d.pop("products"), "TC801"),
    ("an unknown key", "cubic", lambda d: put(d, "comment", "fine"), "TC801"),
    ("a repeated key", "cubic", _repeated, "TC801"),
    ("an unknown projection", "cubic", lambda d: put(d, "projection", "open"), "TC801"),
    ("signs below the last level", "cubic", lambda d: put(d["root"], "signs", []), "TC801"),
    ("stacks over the last level", "cubic", lambda d: put(_top(d), "over", []), "TC801"),
    ("a polynomial twice at a section", "conics", lambda d: _top(d)["sections"][0].update(zero=_top(d)["sections"][0]["zero"] * 2), "TC801"),
    ("a floating exponent", "cubic", lambda d: put(d["polynomials"][0][0][1], 0, 3.0), "TC802"),
    ("a negative exponent", "cubic", lambda d: put(d["polynomials"][0][0][1], 0, -1), "TC802"),
    ("a truth value as exponent", "cubic", lambda d: put(d["polynomials"][0][1][1], 1, False), "TC802"),
    ("a padded number", "cubic", lambda d: put(d["root"]["samples"], 0, "-02"), "TC802"),
    ("a number with too many digits", "cubic", lambda d: put(d["root"]["samples"], 0, "-" + "1" * 4001), "TC802"),
    ("a multiplicity of zero", "cubic", lambda d: put(_top(d)["sections"][0]["zero"][0], 1, 0), "TC802"),
    ("a repeated monomial", "cubic", lambda d: d["polynomials"][0].append(d["polynomials"][0][0]), "TC803"),
    ("a broken coefficient", "cubic", lambda d: put(d["polynomials"][0][0], 0, "1/2"), "TC803"),
    ("too many terms", "cubic", lambda d: put(d["polynomials"], 0, [["1", [k, 0]] for k in range(cell_checker.MAXIMAL_TERMS + 1)]), "TC803"),
    ("no variables", "cubic", lambda d: put(d, "variables", []), "TC804"),
    ("a variable without a name", "cubic", lambda d: put(d, "variables", ["x", "y; z"]), "TC804"),
    ("a variable twice", "cubic", lambda d: put(d, "variables", ["x", "x"]), "TC804"),
    # the projection
    ("a factor on the wrong level", "cubic", lambda d: d["factors"][1].append(d["factors"][0].pop()), "TC810"),
    ("a constant factor", "cubic", lambda d: d["factors"][0].append([["2", [0, 0]]]), "TC810"),
    ("a zero factor", "cubic", lambda d: d["factors"][0].append([]), "TC810"),
    ("another polynomial", "cubic", lambda d: put(d["polynomials"][0][0], 0, "-2"), "TC811"),
    ("the sign of a constant", "cubic", lambda d: put(d["products"][0], 0, "1"), "TC811"),
    ("another exponent", "cubic", lambda d: put(d["products"][0][1][0], 1, 2), "TC811"),
    ("a factor with a factor below", "cubic", lambda d: _more(d, 2, [["1", [1, 1]]]), "TC812"),
    ("a square as a factor", "cubic", lambda d: _more(d, 2, [["1", [0, 2]], ["2", [0, 1]], ["1", [0, 0]]]), "TC813"),
    ("a factor twice", "cubic", lambda d: _more(d, 2, d["factors"][1][0]), "TC813"),
    ("a leading coefficient left out", "quadratic", lambda d: without(d, 1, 0), "TC814"),
    ("a discriminant left out", "cubic", lambda d: without(d, 1, 0), "TC815"),
    ("one factor of a discriminant left out", "cubic", lambda d: without(d, 1, 1), "TC815"),
    ("a resultant left out", "conics", lambda d: without(d, 1, 2), "TC816"),
    ("a trailing coefficient left out", "lazard", lambda d: without(d, 2, 0), "TC817"),
    ("a multiple of the main variable", "nullified by Lazard", lambda d: _more(d, 3, [["1", [0, 0, 2]], ["1", [0, 1, 1]]]), "TC817"),
    ("McCallum's projection called Lazard's", "triple", lambda d: put(d, "projection", "lazard"), "TC817"),
    ("leading coefficients only", "leading coefficients only", lambda d: None, "TC834"),
    ("leading coefficients, elsewhere", "leading coefficients, elsewhere", lambda d: None, "TC834"),
    ("a cut that vanishes", "cubic", lambda d: put(d["root"]["over"][3], "cuts", [[None, [["1", [1, 1]]]]]), "TC833"),
    # cells
    ("a cell missing", "cubic", lambda d: _top(d)["signs"].pop(), "TC820"),
    ("a sample missing", "cubic", lambda d: d["root"]["samples"].pop(), "TC820"),
    ("a stack missing", "cubic", lambda d: d["root"]["over"].pop(), "TC820"),
    ("a stack that is nothing", "cubic", lambda d: put(d["root"]["over"], 0, None), "TC853"),
    ("swapped samples", "cubic", lambda d: _moved(d, "samples"), "TC821"),
    ("swapped samples over an algebraic point", "conics", lambda d: _swap_numeric(d), "TC821"),
    ("a sample on a section", "cubic", lambda d: put(d["root"]["samples"], 0, "-1"), "TC821"),
    ("an interval without a root", "tower", lambda d: put(algebraic(d)["at"], "in", ["-100", "-90"]), "TC822"),
    ("an interval with two roots", "tower", lambda d: put(algebraic(d)["at"], "in", ["-100", "100"]), "TC822"),
    ("an interval from right to left", "tower", lambda d: algebraic(d)["at"]["in"].reverse(), "TC822"),
    ("a reducible polynomial", "tower", lambda d: put(algebraic(d)["at"], "root", ["0", "-2", "0", "1"]), "TC823"),
    ("a linear polynomial", "tower", lambda d: put(algebraic(d)["at"], "root", ["-2", "1"]), "TC823"),
    ("another number", "tower", lambda d: put(_last_algebraic(d), "at", {"root": ["-3", "0", "1"], "in": ["3/2", "19/10"]}), "TC824"),
    ("a root of another rational number", "cubic", lambda d: put(d["root"]["sections"][0], "at", "-9/8"), "TC824"),
    ("a false vanishing claim", "cubic", lambda d: put(d["root"]["sections"][0]["zero"], slice(None), [[0, 1]]), "TC824"),
    ("one more vanishing claim", "cubic", lambda d: d["root"]["sections"][0]["zero"].append([0, 1]), "TC824"),
    ("a factor of another level vanishes", "cubic", lambda d: d["root"]["sections"][0]["zero"].append([2, 1]), "TC824"),
    ("a multiplicity too small", "cubic", lambda d: put(_double(d)["sections"][0]["zero"][0], 1, 1), "TC825"),
    ("a multiplicity too large", "cubic", lambda d: put(d["root"]["sections"][0]["zero"][0], 1, 2), "TC824"),
    ("conjugates of different multiplicity", "tower", lambda d: put(_last_algebraic(d)["zero"][0], 1, 2), "TC825"),
    ("a multiplicity against the discs", "conics", lambda d: put(_numeric_section(d)["zero"][0], 1, 2), "TC825"),
    ("a root left out", "cubic", lambda d: drop_section(d["root"], 0), "TC826"),
    ("one of two conjugate roots left out", "tower", lambda d: drop_section(d["root"], 0), "TC826"),
    ("a root over an algebraic point left out", "conics", lambda d: drop_section(_numeric(d), 0), "TC826"),
    ("a section on which nothing vanishes", "cubic", lambda d: put(d["root"]["sections"][0], "zero", []), "TC827"),
    # discs
    ("a degree too small", "conics", lambda d: _lower_degree(d), "TC828"),
    ("complex roots left out", "conics", lambda d: put(next(r for r in find(d, lambda s: "roots" in s)["roots"]), slice(1, 3), [0, []]), "TC828"),
    ("a degree too large", "falling", lambda d: _raise_degree(d), "TC828"),
    ("a disc beside the root", "conics", lambda d: put(_numeric(d)["roots"][0][2][0], 0, "-9"), "TC829"),
    ("a disc too large", "conics", lambda d: put(_numeric(d)["roots"][0][2][0], 2, "1/1000000"), "TC829"),
    ("a disc that meets another", "conics", lambda d: put(_numeric(d)["roots"][0][2][0], 2, "100"), "TC830"),
    ("a disc on both sides of the line", "conics", lambda d: put(_complex(d), 1, "1/1000"), "TC830"),
    ("an empty disc", "conics", lambda d: put(_complex(d), 2, "0"), "TC830"),
    ("a disc too few", "conics", lambda d: _numeric(d)["roots"][0][2].pop(), "TC830"),
    ("a polynomial without discs", "conics", lambda d: _numeric(d)["roots"].pop(), "TC830"),
    ("no discs", "conics", lambda d: _numeric(d).pop("roots"), "TC830"),
    ("two roots called one double root", "conics", _doubled_disc, "TC831"),
    ("two roots called one where the degree is less", "dropped", lambda d: _fewer(d, _doubled_at), "TC831"),
    ("two different roots called one", "apart", _merged, "TC832"),
    ("two different roots called one where the degree is less", "dropped, common", lambda d: _fewer(d, _merged_at), "TC832"),
    ("a coordinate of another polynomial", "apart", lambda d: _other_coordinate(d), "TC838"),
    ("a rational number for an irrational root", "conics", lambda d: put(_numeric_section(d), "at", "-1"), "TC822"),
    ("another algebraic number for a root", "free", lambda d: put(_numeric_algebraic(d), "root", ["-3", "0", "1"]), "TC822"),
    # vanishing identically
    ("a factor said to vanish over a line", "umbrella", lambda d: put(find(d, lambda s: "signs" in s and not s["sections"]), "null", [2]), "TC833"),
    ("a factor that vanishes, not said", "umbrella", lambda d: find(d, lambda s: "null" in s).pop("null"), "TC833"),
    ("a factor that vanishes irrationally, not said", "irrational", lambda d: _not_null(d), "TC833"),
    ("a factor of another level said to vanish", "umbrella", lambda d: find(d, lambda s: "null" in s)["null"].append(0), "TC833"),
    ("Lazard: not said to vanish", "nullified by Lazard", lambda d: _unsaid(d), "TC833"),
    ("orders ignored", "orders ignored", lambda d: None, "TC835"),
    ("orders ignored, not zero", "orders ignored, not zero", lambda d: None, "TC835"),
    ("orders ignored, irrational", "orders ignored, irrational", lambda d: None, "TC835"),
    ("a cut for the order left out", "nullified", _spread, "TC835"),
    ("a cut over a cell of positive dimension", "cubic", lambda d: put(d["root"]["over"][0], "cuts", [[None, [["1", [0, 1]]]]]), "TC836"),
    ("a cut for a factor that does not vanish", "nullified", lambda d: put(find(d, lambda s: "cuts" in s)["cuts"][0], 0, 0), "TC836"),
    ("a cut in later variables", "cubic", lambda d: put(d["root"], "cuts", [[None, [["1", [0, 1]]]]]), "TC836"),
    ("Lazard: another derivative", "nullified by Lazard", lambda d: find(d, lambda s: "cuts" in s)["cuts"][0][1].append(["1", [0, 0, 0]]), "TC836"),
    ("Lazard: no derivative", "nullified by Lazard", _spread, "TC836"),
    # signs and truth
    ("a wrong sign", "cubic", lambda d: put(_top(d)["signs"], 0, "-"), "TC840"),
    ("a wrong sign on a section", "cubic", lambda d: put(_top(d)["signs"], 1, "+"), "TC840"),
    ("swapped signs", "conics", lambda d: _top(d)["signs"].insert(0, _top(d)["signs"].pop(1)), "TC840"),
    ("another number of cells", "cubic", lambda d: put(d, "cells", 18), "TC842"),
    ("another quantifier's variable", "square", lambda d: put(d["sentence"]["prefix"][0], 1, "z"), "TC850"),
    ("no such quantifier", "square", lambda d: put(d["sentence"]["prefix"][0], 0, "most"), "TC850"),
    ("no formula", "square", lambda d: put(d["sentence"], "nodes", []), "TC850"),
    ("no such relation", "square", lambda d: put(d["sentence"]["nodes"][0], 2, "=="), "TC850"),
    ("no such connective", "roots", lambda d: put(d["sentence"]["nodes"][-1], 0, "xor"), "TC850"),
    ("a broken node", "square", lambda d: d["sentence"]["nodes"].append([]), "TC850"),
    ("a formula that contains itself", "roots", lambda d: d["sentence"]["nodes"][-1][1].append(len(d["sentence"]["nodes"]) - 1), "TC802"),
    ("a truth value in words", "square", lambda d: put(d["sentence"], "value", "true"), "TC850"),
    ("the other truth value", "square", lambda d: put(d["sentence"], "value", False), "TC851"),
    ("the other truth value of a false sentence", "false", lambda d: put(d["sentence"], "value", True), "TC851"),
    ("other quantifiers", "square", lambda d: _quantifiers(d), "TC851"),
    ("too little to decide", "square", lambda d: put(d["root"]["over"], 0, None), "TC852"),
]  # fmt: skip


def _over_zero(d: dict) -> dict:
    """Return the stack over x = 0, z = the square root of 2."""
    place = next(i for i, x in enumerate(d["root"]["sections"]) if x["at"] == "0")
    stack = d["root"]["over"][2 * place + 1]
    place = [i for i, x in enumerate(stack["sections"]) if type(x["at"]) is dict and x["at"]["root"] == ["-2", "0", "1"]][-1]
    return stack["over"][2 * place + 1]


def _fewer(d: dict, change: Callable) -> None:
    """Change that stack, and the number of cells."""
    change(_over_zero(d))
    d["cells"] -= 2


def _doubled_at(stack: dict) -> None:
    for r in stack["roots"]:
        r[2] = [["0", "0", "8", 2]]
    stack["sections"] = [{"at": stack["sections"][0]["at"], "zero": [[n, 2] for n, _ in stack["sections"][0]["zero"]]}]
    stack["samples"], stack["signs"] = ["-10", "10"], [stack["signs"][0], stack["signs"][1], stack["signs"][-1]]


def _merged_at(stack: dict) -> None:
    """Make one section of two, with discs that meet."""
    for r in stack["roots"]:
        r[2] = [["4/3", "0", "1/2", 1]]
    first, second = stack["sections"]
    stack["sections"] = [{"at": first["at"], "zero": first["zero"] + second["zero"]}]
    stack["samples"] = ["0", "2"]
    stack["signs"] = [stack["signs"][0], "00" + stack["signs"][0][2:], stack["signs"][-1]]


def _double(d: dict) -> dict:
    return find(d, lambda s: any(e == 2 for x in s["sections"] for _, e in x["zero"]))


def _last_algebraic(d: dict) -> dict:
    stack = find(d, lambda s: len([x for x in s["sections"] if type(x["at"]) is dict and "root" in x["at"]]) > 1)
    return [x for x in stack["sections"] if type(x["at"]) is dict][-1]


def _numeric(d: dict) -> dict:
    return find(d, lambda s: "roots" in s and len(s["sections"]) > 1 and s["roots"][0][1] == 2 and len(s["roots"][0][2]) == 2)


def _numeric_section(d: dict) -> dict:
    return _numeric(d)["sections"][0]


def _numeric_algebraic(d: dict) -> dict:
    stack = find(d, lambda s: "roots" in s and any(type(x["at"]) is dict and "root" in x["at"] for x in s["sections"]))
    return next(x["at"] for x in stack["sections"] if type(x["at"]) is dict and "root" in x["at"])


def _complex(d: dict) -> list:
    stack = find(d, lambda s: any(disc[1] != "0" for r in s.get("roots", ()) for disc in r[2]))
    return next(disc for r in stack["roots"] for disc in r[2] if disc[1] != "0")


def _swap_numeric(d: dict) -> None:
    samples = _numeric(d)["samples"]
    samples[0], samples[-1] = samples[-1], samples[0]


def _lower_degree(d: dict) -> None:
    roots = _numeric(d)["roots"][0]
    roots[1], roots[2] = 1, roots[2][:1]


def _raise_degree(d: dict) -> None:
    """A leading coefficient vanishes over the point; its root is said to be far away."""
    falls = d["products"][0][1][0][0]
    stack = find(d, lambda s: [falls, 1] in [r[:2] for r in s.get("roots", ())])
    roots = next(r for r in stack["roots"] if r[0] == falls)
    roots[1] = 2
    roots[2].append(["100000", "0", "1", 1])
    stack["sections"].append({"at": {"of": roots[0]}, "zero": [[roots[0], 1]]})
    stack["samples"].append("200000")
    stack["signs"] += ["0" * len(stack["signs"][0]), stack["signs"][0]]


def _other_coordinate(d: dict) -> None:
    stack = find(d, lambda s: len({r[0] for r in s.get("roots", ())}) > 1 and any("of" in x["at"] for x in s["sections"] if type(x["at"]) is dict))
    section = next(x for x in stack["sections"] if type(x["at"]) is dict and "of" in x["at"] and len(x["zero"]) == 1)
    section["at"]["of"] = next(r[0] for r in stack["roots"] if r[0] != section["zero"][0][0])


def _not_null(d: dict) -> None:
    stack = find(d, lambda s: "null" in s and "roots" in s)
    n = stack["null"].pop()
    stack["roots"].append([n, 0, []])
    stack.pop("cuts", None)
    _spread_sections(stack)


def _spread_sections(stack: dict) -> None:
    stack["roots"] = [r for r in stack["roots"] if r[0] >= 0]
    for i in range(len(stack["sections"]) - 1, -1, -1):
        stack["sections"][i]["zero"] = [[n, e] for n, e in stack["sections"][i]["zero"] if n >= 0]
        if not stack["sections"][i]["zero"]:
            drop_section(stack, i)


def _unsaid(d: dict) -> None:
    stack = find(d, lambda s: "null" in s)
    del stack["null"], stack["cuts"]
    for i in range(len(stack["sections"]) - 1, -1, -1):
        stack["sections"][i]["zero"] = [[n, e] for n, e in stack["sections"][i]["zero"] if n >= 0]
        if not stack["sections"][i]["zero"]:
            drop_section(stack, i)


def _quantifiers(d: dict) -> None:
    """Turn a false statement about the same cells into the given one: for all y."""
    d["sentence"]["prefix"][1][0] = "forall"


def corrupted(name: str, corruption: Callable) -> str:
    """Return the text of a corrupted document."""
    document = right(name)
    result = corruption(document)
    return str(result) if isinstance(result, Text) else json.dumps(document)
