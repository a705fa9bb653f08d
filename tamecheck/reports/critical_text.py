"""The report of `tamecheck critical` as plain text."""

from textwrap import wrap

TITLES = {
    "smooth": "smooth critical values", "clarke": "Clarke critical values", "ad": "critical values of automatic differentiation",
    "asymptotic": "critical values at infinity",
}  # fmt: skip
LONGEST = 28
LISTED = 16
MAXIMAL_POINTS = 4


def short(entry: dict) -> str:
    """Return a value for a screen: exact if short, else a decimal between bars that says so."""
    text = entry["value"]
    if entry.get("exact") is False:
        return decimal(entry["enclosure"])
    if text is not None and len(text) <= LONGEST and not text.startswith("root("):
        return text
    return decimal(entry["enclosure"])


def decimal(enclosure: list) -> str:
    """Return the digits on which both ends agree."""
    low, high = enclosure
    for n in range(12, 0, -1):
        a, b = f"{low:.{n}g}", f"{high:.{n}g}"
        if a == b:
            return f"{a}.."
    return f"[{low:.6g}, {high:.6g}]"


def to_text(content: dict, width: int = 80) -> str:
    """Return the report."""
    lines = [f"f({', '.join(content['variables'])}) = {content['formula']}", ""]
    for kind, title in TITLES.items():
        entries = content[kind]
        if entries is None:
            continue
        lines.append(title + ("" if entries else ": none" if content["complete"] else ": none found"))
        for e in entries:
            lines += _entry(kind, e, content["variables"], width)
        if kind == "asymptotic":
            lines += _over_complex(content, width)
    if content["kind"] == "all":
        lines.append("")
        lines += _threshold(content)
    if content["strata"] and len(content["strata"]) > 1:
        lines += _strata(content, width)
    lines.append("")
    if content["complete"]:
        lines.append("complete: there are no others of these kinds")
    else:
        lines.append("not complete; open:")
        for text in content["open"]:
            lines += wrap(text, width - 4, initial_indent="  - ", subsequent_indent="    ")
    if content["asymptotic"]:
        lines += wrap(content["note"], width)
    return "\n".join(lines)


def _entry(kind: str, e: dict, names: list, width: int) -> list[str]:
    head = f"  {short(e):<14}"
    if e.get("polynomial"):
        head += f" zero of {e['polynomial']}  " if len(e["polynomial"]) < 40 else " algebraic  "
    if kind == "asymptotic":
        arc = e.get("arc")
        where = "along " + ", ".join([f"{name} = {arc[name]}" for name in names]) if arc else e.get("where", "")
        marks = ["trivial"] if e.get("trivial") else []
        if e.get("sense") == "stratum":
            marks.append("on the stratum only, not Clarke")
        text = head + " " + where + (f"  ({'; '.join(marks)})" if marks else "")
        if e.get("certificate") == "branch":
            text += "  as s -> 0+"
        return wrap(text, width, initial_indent="", subsequent_indent=" " * 17, drop_whitespace=True, break_long_words=False) or [text]
    if e.get("dimension", 0) > 0:
        count = e.get("components")
        connected = "" if count is None else ", connected" if count == 1 else f", {count} components"
        head += f" a set of dimension {e['dimension']}{connected}; for example"
    else:
        head += " at"
    points = ["(" + ", ".join([_point(x) for x in p]) + ")" for p in e.get("points", [])[:MAXIMAL_POINTS if not e.get("dimension") else 2]]
    more = e.get("pieces", len(points)) - len(points)
    text = f"{head} {', '.join(points)}" + (f" and {more} more" if more > 0 and not e.get("dimension") else "")
    exponents = sorted({t for t in e.get("lojasiewicz", []) if t is not None})
    if kind == "smooth" and exponents and exponents != ["1/2"]:
        text += f"; Lojasiewicz exponent {', '.join(exponents)}"
    return wrap(text, width, initial_indent="", subsequent_indent=" " * 17, break_long_words=False)


def _over_complex(content: dict, width: int) -> list[str]:
    """Return a line on complex values, where they are more than the real ones or not exactly known."""
    found = content.get("asymptotic_complex")
    if found is None:
        return []
    real = {e["value"] for e in content["asymptotic"]}
    more = [e for e in found["values"] if e["value"] not in real]
    if not more:
        return []
    texts = [short(e) if e["real"] else _complex(*e["enclosure"]) for e in more]
    head = "over the complex numbers also " if found["complete"] else "over the complex numbers also at most "
    return wrap(head + ", ".join(texts), width, initial_indent="  ", subsequent_indent="    ")


def _complex(real: list, imaginary: list) -> str:
    """Return a complex number from the enclosures of its parts."""
    first = "" if real == [0, 0] else decimal(real)
    second = decimal(imaginary)
    return f"{first}{'+' if first and not second.startswith('-') else ''}{second}i"


def _point(x: object) -> str:
    if isinstance(x, list):
        return decimal(x)
    if isinstance(x, str) and x.startswith("root("):
        return _rooted(x)
    return str(x)


def _rooted(x: str) -> str:
    """Return a decimal for a root given as text."""
    from tamecheck.ground.algebraic import real_roots
    from tamecheck.ground.polynomials import Ring, read
    from tamecheck.ground.towers import as_univariate

    polynomial, index, name = [part.strip() for part in x[len("root(") : -1].rsplit(",", 2)]
    p = as_univariate(read(Ring((name,)), polynomial)[0], 1)
    ball = real_roots(tuple([int(c) for c in p.coeffs()]))[int(index) - 1][0].ball(64)
    return ball.mid().str(6, radius=False) + ".."


def _threshold(content: dict) -> list[str]:
    infimum = content["infimum"]
    if infimum["value"] is None:
        return ["infimum: not known"]
    if infimum["value"] == "-inf":
        return ["infimum: -inf"]
    attained = {True: "attained", False: "not attained", None: "attained or not: not known"}[infimum["attained"]]
    lines = [f"infimum {short(infimum)}, {attained}"]
    epsilon = content["epsilon"]
    if epsilon is None:
        lines.append("epsilon: not known")
    elif epsilon["value"] == "inf":
        lines.append("epsilon = inf: no critical value lies above the infimum")
    else:
        lines.append(f"epsilon = {short(epsilon)}: no critical value lies between inf f and inf f + epsilon")
    return lines


def _strata(content: dict, width: int) -> list[str]:
    guards = ", ".join(content["guards"])
    lines = ["", *wrap(f"critical values of f on the {len(content['strata'])} faces; signs of {guards}", width)]
    listed = content["strata"] if len(content["strata"]) <= LISTED else [s for s in content["strata"] if s["values"]]
    for s in listed[: 2 * LISTED]:
        values = ", ".join([v if len(v) < 50 else "algebraic" for v in s["values"]]) or "none"
        lines.append(f"  {s['signs']:<8} dimension {s['dimension']}  {values}")
    if len(content["strata"]) > len(listed[: 2 * LISTED]):
        others = len(content["strata"]) - len(listed[: 2 * LISTED])
        lines.append(f"  and {others} other faces" + (" without any" if len(listed) <= 2 * LISTED else ""))
    return lines
