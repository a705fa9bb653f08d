"""One line per activation of the atlas: what its report says, shortened to words, counts and six digits; and the census.

`record` shortens a report, `census` counts records, `lines` prints the census.  Nothing is computed here about a
function: the reports are `tamecheck.activation`'s, and the shipped file of records is compared with fresh ones by a test.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from textwrap import wrap

QUESTIONS = {"zeros": "zeros", "monotonicity and extrema": "extrema", "convexity and inflections": "inflections"}
INFINITE = "infinitely many"
OPEN = "open"
_SHOWN = 6


def record(content: Mapping) -> dict:
    """Return the record of a report: a JSON value without times, positions to six digits.

    A count is an integer only if the search for it was closed; otherwise it is ``"infinitely many"`` (proved) or
    ``"open"``.  ``lipschitz`` is a global constant to six digits, ``"inf"`` when there is none, ``None`` when unknown; it is the least
    one if ``lipschitz_best``.
    """
    sad = content["sad"]
    found = {
        "verdict": content["verdict"], "homes": content["homes"], "sharp": content["sharp"],
        "locally_definable": content["locally_definable"], "total": content["total"], "smoothness": content["smoothness"],
        "locally_lipschitz": content["locally_lipschitz"], "lipschitz": number(content["lipschitz"]),
        "lipschitz_best": content["lipschitz_constant"]["exact"], "path_differentiable": content["path_differentiable"], "sad": sad["verdict"],
        "why": sad["reason"], "sublinear": content["sublinear"], "affine": sad["affine"], "homogeneity": content["homogeneity"],
        "convex": content["convex"], "range": [number(content["range"]["low"]), number(content["range"]["high"])],
        "limits": [f"{number(e['limit']) if e['limit'] is not None else 'none'} at {number(e['at'])}" for e in content["limits"]],
        "growth": [f"{e['term']} at {number(e['at'])} ({e['class']})" for e in content["growth"]],
        "kinks": len(content["kinks"]), "jumps": len(content["discontinuities"]),
    }  # fmt: skip
    state = states(content["open"])
    found |= {name: state.get(name, len(content[name])) for name in QUESTIONS.values()}
    found["zeros_at"] = [number(z["point"]) for z in content["zeros"][:_SHOWN] if "point" in z]
    found["extrema_at"] = [number(z["point"]) for z in content["extrema"][:_SHOWN] if "point" in z]
    found["open"] = sorted({f"{QUESTIONS.get(o['question'], o['question'])}: {o['reason']}" for o in content["open"] if not o.get("infinitely_many")})
    found["complete"] = content["complete"]
    return found


def states(unsettled: Iterable[Mapping]) -> dict[str, str]:
    """Return, for each count that is no number, why: infinite by proof, or open.

    One interval with infinitely many settles the count, whatever happens on another.
    """
    found: dict[str, str] = {}
    for o in unsettled:
        name = QUESTIONS.get(o["question"])
        if name is not None and found.get(name) != INFINITE:
            found[name] = INFINITE if o.get("infinitely_many") else OPEN
    return found


def number(value: object) -> object:
    """Return a number of a report as text of six digits; an enclosure by its middle; words as they are."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, list | tuple):
        low, high = (float(end) for end in value)
        return f"{(low + high) / 2:.6g}"
    if isinstance(value, str):
        above, _, below = value.partition("/")
        try:
            value = int(above) / int(below) if below else float(above)
        except (ValueError, OverflowError):
            return value
    return "inf" if value == float("inf") else f"{value:.6g}"


def settled(entry: Mapping) -> bool:
    """Tell whether the zeros and the extrema are all known: as a complete list, or as infinitely many by proof."""
    return all(entry[name] != OPEN for name in ("zeros", "extrema"))


def listed(entry: Mapping) -> bool:
    """Tell whether the zeros and the extrema are a complete finite list."""
    return all(isinstance(entry[name], int) for name in ("zeros", "extrema"))


def lipschitz(entry: Mapping) -> str:
    """Return the global Lipschitz constant of an entry in one cell of a table."""
    found = entry["lipschitz"]
    if found in (None, "inf"):
        return "unknown" if found is None else "no"
    return found if entry["lipschitz_best"] else f"at most {found}"


def homes(entry: Mapping) -> str:
    """Return where an entry is definable, in one cell of a table."""
    if entry["homes"]:
        return " or ".join(entry["homes"])
    if entry["verdict"] == "not-definable":
        return "none"
    return "unknown"


def census(entries: Mapping[str, Mapping]) -> dict[str, dict[str, int]]:
    """Return how many records say what; every column of counts adds up to the number of records."""
    rows = list(entries.values())
    word = {True: "yes", False: "no", None: "unknown"}
    columns: dict[str, Callable[[Mapping], str]] = {
        "smallest structure": homes,
        "smoothness": lambda e: str(e["smoothness"]),
        "SAD": lambda e: word[e["sad"]],
        "definable": lambda e: "yes" if e["homes"] else "only locally" if e["locally_definable"] else "neither proved",
        "locally Lipschitz": lambda e: word[e["locally_lipschitz"]],
        "globally Lipschitz": lambda e: "unknown" if e["lipschitz"] is None else "no" if e["lipschitz"] == "inf" else "yes",
        "sublinear": lambda e: word[e["sublinear"]],
        "zeros and extrema": lambda e: "all listed" if listed(e) else "infinitely many, proved" if settled(e) else "open",
    }
    return {title: dict(sorted(Counter(map(cell, rows)).items(), key=lambda item: (-item[1], item[0]))) for title, cell in columns.items()}


def lines(entries: Mapping[str, Mapping], width: int = 110) -> list[str]:
    """Return the census as lines of plain text, the denominator first."""
    out = [f"{len(entries)} functions of one variable, each at the defaults printed with it and on its domain"]
    for title, counts in census(entries).items():
        text = ", ".join(f"{name.replace(' ', '~')}~{n}" for name, n in counts.items())
        out += [line.replace("~", " ") for line in wrap(text, width, initial_indent=f"  {title:20}", subsequent_indent=" " * 22)]
    return out
