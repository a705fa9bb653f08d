"""Refutations in sentences: the curve, what the function is along it, and why that is not definable."""

from tamecheck.reports.intervals import short_range
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
    variable = " = ".join(r.handle(n) for n in [c["variable"], *c["companions"]][:4])
    if len(c["companions"]) > 3:
        variable += f" = ... ({len(c['companions']) - 3} more inputs alike)"
    moved = "t" if c["exponent"] == "1" else f"t**({clean(c['exponent'], 20)})"
    text = f"let {variable} = {moved} in every entry, t in {clean(c['domain'])}"
    fixed = [(n, q) for n, q in c["fixed"] if n != c["variable"]]
    if fixed:
        shown = ", ".join(f"{r.handle(n)} = {clean(q, 16)}" for n, q in fixed[:6])
        text += f", and fix {shown}" + (f" and {len(fixed) - 6} more" if len(fixed) > 6 else "")
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
    if conclusion[0] == "slope":
        return f"{it} is a*t + b with a not 0"
    if conclusion[0] == "periodic":
        unit, p = conclusion[1:]
        if unit.startswith("at "):
            return f"{it} is periodic, its argument being affine in t"
        period = p if unit == "1" else "pi" if p == "1" else f"{p}*pi"
        return f"{it} has the period {clean(period, 30)}"
    if conclusion[0] == "escapes":
        return f"{it} is continuous and tends to infinity, so it runs through an unbounded interval"
    where = neither(str(conclusion[1]))
    if rule == "oscillate":
        points = " and t = ".join(clean(q, 20) for q in parameters)
        return f"{it} differs at t = {points}, so it is not constant, and not definable {where}"
    if rule == "staircase":
        what = "takes infinitely many integer values" if r.nodes[n][1][0] in ("floor", "ceil", "round") else "meets infinitely many poles"
        return f"{it} {what}, so it is not definable {where}"
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


def runs(r: Reading, instance: int, step: int) -> list[list[int]]:
    """Return the relevant steps in order; consecutive ``peel`` steps with one conclusion are one run."""
    steps, found = r.instances[instance]["steps"], []
    for i in relevant(r, instance, step):
        if not isinstance(steps[i][4], (list, tuple)):
            continue
        last = steps[found[-1][-1]] if found else None
        if last is not None and steps[i][0] == "peel" == last[0] and tuple(steps[i][4]) == tuple(last[4]):
            found[-1].append(i)
        else:
            found.append([i])
    return found


def run_sentence(r: Reading, instance: int, run: list[int]) -> str:
    """Return a run of steps in words."""
    if len(run) == 1:
        return step_sentence(r, instance, run[0])
    steps = r.instances[instance]["steps"]
    nodes = [f"#{steps[i][1]} = {r.expression(steps[i][1])}" for i in run]
    if len(nodes) > 12:
        nodes = [*nodes[:6], "...", *nodes[-4:]]
    where = neither(str(steps[run[-1]][4][1]))
    return f"in turn {', '.join(nodes)} determine the one before definably, so none is definable {where}"


def sentences(r: Reading) -> list[list[str]]:
    """Return one list of sentences per refutation of the certificate."""
    found = []
    for instance, step in r.document["refutations"]:
        lines = []
        escape = r.instances[instance].get("escape")
        if escape:
            lines.append(curve_sentence(r, escape[0]))
            lines += [s for run in runs(r, *escape) if (s := run_sentence(r, escape[0], run))]
            lines.append(f"now let t be the value of #{r.instances[instance]['variable']} itself")
        else:
            lines.append(curve_sentence(r, instance))
        lines += [s for run in runs(r, instance, step) if (s := run_sentence(r, instance, run))]
        found.append(lines)
    return found


def jump_sentence(r: Reading) -> str | None:
    """Return the proof of a discontinuity in words, or ``None`` when none is claimed."""
    if not r.document["jumps"]:
        return None
    (i, s), (j, u) = r.document["jumps"]
    first, second = r.instances[i], r.instances[j]
    ranges = [short_range(r.facts[c["steps"][k][4]].range) for c, k in ((first, s), (second, u))]
    return (
        f"{curve_sentence(r, i)}: the values lie in {ranges[0]}; for t in {clean(second['domain'])} they lie in {ranges[1]}, at a positive "
        "distance: the function jumps"
    )


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
