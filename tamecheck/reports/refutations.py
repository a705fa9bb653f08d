"""Refutations in sentences: the curve, what the function is along it, and why that is not definable."""

from tamecheck.reports.reading import Reading, clean, neither


def polynomial_text(terms: list) -> str:
    """Return a generalised polynomial in t, ``3*t**2 - 1/2``, from ``[[coefficient, exponent], ...]``."""
    parts = []
    for coefficient, exponent in reversed(list(terms)):
        c = clean(coefficient, 40)
        sign, size = ("-", c[1:]) if c.startswith("-") else ("+", c)
        power = "" if exponent == "0" else "t" if exponent == "1" else f"t**{exponent if _plain(exponent) else f'({exponent})'}"
        body = size if not power else power if size == "1" else f"{size}*{power}"
        parts.append((sign, body))
    if not parts:
        return "0"
    head = ("-" if parts[0][0] == "-" else "") + parts[0][1]
    return head + "".join(f" {sign} {body}" for sign, body in parts[1:])


def _plain(exponent: str) -> bool:
    return str(exponent).isdigit()


def relevant(r: Reading, instance: int, step: int) -> list[int]:
    """Return, in order, the steps of one curve that a negative step rests on, itself included."""
    steps = r.instances[instance]["steps"]
    needed, stack = set(), [step]
    while stack:
        s = stack.pop()
        if s not in needed:
            needed.add(s)
            stack += steps[s][2]
    return sorted(needed)


def curve_sentence(r: Reading, instance: int) -> str:
    """Return the curve in words."""
    c = r.instances[instance]
    variable = r.handle(c["variable"])
    moved = "t" if c["exponent"] == "1" else f"t**({clean(c['exponent'], 20)})"
    text = f"let {variable} = {moved} in every entry, t in {clean(c['domain'])}"
    fixed = [(n, q) for n, q in c["fixed"] if n != c["variable"]]
    if fixed:
        shown = ", ".join(f"{r.handle(n)} = {clean(q, 16)}" for n, q in fixed[:6])
        text += f", and fix {shown}" + (f" and {len(fixed) - 6} more inputs" if len(fixed) > 6 else "")
    return text


def step_sentence(r: Reading, instance: int, step: int) -> str:
    """Return one negative or auxiliary step in words, or nothing for an ordinary step."""
    steps = r.instances[instance]["steps"]
    rule, n, premises, parameters, conclusion = steps[step]
    if not isinstance(conclusion, (list, tuple)):
        return ""
    it = f"#{n} = {r.expression(n)}" if r.nodes[n][0] not in ("input", "constant") else r.handle(n)
    if conclusion[0] == "polynomial":
        if r.nodes[n][0] in ("input", "constant") or n == r.instances[instance]["variable"]:
            return ""
        return f"{it} is {polynomial_text(conclusion[1:])}"
    if conclusion[0] == "periodic":
        unit, p = conclusion[1:]
        period = p if unit == "1" else "pi" if p == "1" else f"{p}*pi"
        return f"{it} has the period {clean(period, 30)}"
    if conclusion[0] == "escapes":
        return f"{it} is continuous and tends to infinity, so it runs through an unbounded interval"
    where = neither(str(conclusion[1]))
    if rule == "oscillate":
        points = " and t = ".join(clean(q, 20) for q in parameters)
        return f"{it} differs at t = {points}, so it is not constant, and not definable {where}"
    if rule == "staircase":
        return f"{it} takes infinitely many integer values, so it is not definable {where}"
    if rule == "signs":
        return f"{it} has, up to one constant sign, the sign of {r.handle(steps[premises[0]][1])}, so it is not definable {where}"
    if rule == "axiom":
        return f"{it} is not definable {where}, by the theorem on {r.nodes[n][1][0]}"
    if rule == "curvature":
        points = ", ".join(clean(q, 16) for q in parameters)
        return f"{it} is analytic and its second difference at {points} is not 0: it is not definable {where}"
    if rule in ("peel", "level"):
        f = steps[premises[0]][1]
        how = f"has the level sets of {r.handle(f)}" if rule == "level" else f"determines {r.handle(f)} definably"
        return f"{it} {how}, so it is not definable {where}"
    return f"{it} is not definable {where} ({clean(rule, 24)})"


def sentences(r: Reading) -> list[list[str]]:
    """Return one list of sentences per refutation of the certificate."""
    found = []
    for instance, step in r.document["refutations"]:
        lines = []
        escape = r.instances[instance].get("escape")
        if escape:
            lines.append(curve_sentence(r, escape[0]))
            lines += [s for i in relevant(r, *escape) if (s := step_sentence(r, escape[0], i))]
            lines.append(f"now let t be the value of #{r.instances[instance]['variable']} itself")
        else:
            lines.append(curve_sentence(r, instance))
        lines += [s for i in relevant(r, instance, step) if (s := step_sentence(r, instance, i))]
        found.append(lines)
    return found


def witness(r: Reading) -> dict | None:
    """Return the witness of the interface for a verdict "not definable", or ``None``."""
    for (instance, step), lines in zip(r.document["refutations"], sentences(r), strict=True):
        steps = r.instances[instance]["steps"]
        if tuple(steps[step][4]) != ("not", "any"):
            continue
        base = [i for i in relevant(r, instance, step) if steps[i][0] == "oscillate"]
        return {
            "rule": steps[step][0], "curve": curve_sentence(r, instance),
            "base": step_sentence(r, instance, base[0]) if base else "", "text": "; ".join(lines),
        }
    return None
