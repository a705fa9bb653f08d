"""The activation report as plain text for a screen, at most 80 columns wide where words allow it."""

from __future__ import annotations

import textwrap

from tamecheck.reports import activation_pfaffian, activation_rules
from tamecheck.reports.activation_numbers import decimal
from tamecheck.reports.reading import clean

VERDICTS = {"not-definable": "no: in no o-minimal structure", "unknown": "unknown: no structure was found"}
MOST = 10
"""Lines of a section on the screen; the JSON has all."""


def to_text(content: dict, most: int = MOST) -> str:
    """Return the report as lines of text; long sections are cut, and say so."""
    lines = [f"{clean(content['formula'], 400)}   on {content['domain']}" + _bound(content)]
    for title, body in sections(content):
        shown = body if len(body) <= most + 1 else [*body[:most], f"... and {len(body) - most} more"]
        for i, line in enumerate(part for entry in shown for part in _wrapped(entry)):
            lines.append(f"  {title if not i else '':<14}{line}")
    return "\n".join(lines)


def _wrapped(entry: str, width: int = 64) -> list[str]:
    """Return an entry in lines; what follows the first is set in by two."""
    return textwrap.wrap(entry, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False) or [""]


def _bound(content: dict) -> str:
    values = content["parameters"]
    return "   with " + ", ".join([f"{k} = {v}" for k, v in values.items()]) if values else ""


def sections(c: dict) -> list[tuple[str, list[str]]]:
    """Return the report as titles with lines; sections without a line have nothing to say."""
    homes = " and ".join(c["homes"]) or "no structure"
    sharp = ", and in no smaller named one" if c["sharp"] else ""
    sad = {True: "yes", False: "no", None: "unknown"}[c["sad"]["verdict"]]
    return [
        ("definable", [f"in {homes}{sharp}" if c["verdict"] == "definable" else VERDICTS.get(c["verdict"], c["verdict"])]),
        ("smooth", [c["smoothness"] + _kinks(c)]),
        ("breaks", [_break(b) for b in c["discontinuities"]]),
        ("pieces", [f"{p['kind']} on {_interval(p['interval'])}" for p in c["pieces"]]),
        ("zeros", _zeros(c)),
        ("extrema", [_extremum(e) for e in c["extrema"]]),
        ("convexity", [f"{p['kind']} on {_interval(p['interval'])}" for p in c["convexity"]]),
        ("limits", [f"{'none' if v.get('exists') is False else _named(v, 'limit')} at {_at(v)}" for v in c["limits"]]),
        ("growth", [f"~ {v['term']} at {_at(v)} ({v['class']})" for v in c["growth"]]),
        ("range", [_range(c["range"]) + _image(c["image"])]),
        ("Lipschitz", [_supremum(c["lipschitz_constant"])]),
        ("critical", _critical(c)),
        ("Lojasiewicz", [_exponent(v) for v in c["lojasiewicz"]]),
        ("Pfaffian", activation_pfaffian.lines(c["pfaffian"])),
        ("homogeneous", _homogeneous(c)),
        ("polynomial", [_polynomial(c["polynomial"])]),
        ("sublinear", [{True: "yes", False: "no", None: "unknown"}[c["sublinear"]]]),
        ("SAD", [f"{sad}: {c['sad']['reason']}"]),
        ("autodiff", activation_rules.lines(c["ad_rule"])),
        ("periodic", [c["periodic"]["statement"]] if c.get("periodic") else []),
        ("oscillates", [f"{o['statement']} (proved by the analysis, not by the checker)" for o in c["oscillation"]]),
        ("open", [f"{o['question']} on {_interval(o['interval'])}: {o['reason']}" for o in c["open"]]),
    ]


def _named(entry: dict, key: str) -> str:
    exact = entry.get(f"{key}_exact")
    shown = decimal(entry[key])
    return f"{exact} = {shown}" if exact else shown


def _interval(ends: list, closed: tuple | list = (False, False)) -> str:
    return f"{'[' if closed[0] else '('}{decimal(ends[0])}, {decimal(ends[1])}{']' if closed[1] else ')'}"


def _at(entry: dict) -> str:
    side = entry.get("side")
    return decimal(entry["at"]) + ({"right": "+", "left": "-"}[side] if side else "")


def _kinks(c: dict) -> str:
    parts = [f"{_named(k, 'point')} ({k['smoothness']}: f' {' | '.join([decimal(v) for v in k['derivatives']])})" for k in c["kinks"]]
    return "; kinks at " + ", ".join(parts) if parts else ""


def _break(b: dict) -> str:
    return f"{b['kind']} at {_named(b, 'point')}: {' | '.join([decimal(v) for v in b['limits']])}, value {decimal(b['value'])}"


def _zeros(c: dict) -> list[str]:
    points = [f"{_named(z, 'point')}" + (f" (order {z['order']})" if z["order"] not in (1, None) else "") for z in c["zeros"]]
    return [*([", ".join(points)] if points else []), *[f"all of {_interval(z['interval'], z['closed'])}" for z in c["zero_intervals"]]]


def _polynomial(p: dict) -> str:
    word = {True: "yes", False: "no", None: "unknown"}[p["verdict"]]
    return f"{word}, of degree {p['degree']}" if p["verdict"] and p["degree"] >= 0 else f"{word}: {p['reason']}"


def _extremum(e: dict) -> str:
    place = _named(e, "point") if "point" in e else _interval(e["interval"], e["closed"])
    scope = {True: "global ", False: "local ", None: ""}[e["global"]]
    return f"{scope}{e['kind']} {_named(e, 'value')} at {place}"


def _range(r: dict) -> str:
    left = "[" if r["low_attained"] else "("
    right = "]" if r["high_attained"] else ")"
    bound = "" if r["low_exact_bound"] and r["high_exact_bound"] else "   (bounds only)"
    return f"{left}{_named(r, 'low')}, {_named(r, 'high')}{right}{bound}"


def _image(parts: list | None) -> str:
    if parts is None or len(parts) < 2:
        return ""
    shown = [
        "{" + _named(p, "low") + "}" if p["low"] == p["high"] and p["low_attained"] else
        ("[" if p["low_attained"] else "(") + f"{_named(p, 'low')}, {_named(p, 'high')}" + ("]" if p["high_attained"] else ")")
        for p in parts
    ]  # fmt: skip
    return "; the values are " + " and ".join(shown)


def _supremum(s: dict) -> str:
    if s["value"] is None:
        return "not established"
    how = {True: "attained", False: "approached", None: ""}[s["attained"]]
    places = ", ".join([decimal(p["point"]) if isinstance(p, dict) else decimal(p) for p in s["where"]])
    bound = "" if s["exact"] else "at most "
    return f"{bound}{_named(s, 'value')}" + (f", {how} at {places}" if how and places else "")


def _critical(c: dict) -> list[str]:
    lines = []
    for kind in ("smooth", "clarke", "asymptotic"):
        values = c["critical_values"][kind]
        lines.append(f"{kind}: " + (", ".join([_named(v, "value") for v in values]) or "none"))
    return lines if c["critical_values"]["complete"] else [*lines, "the list is not complete"]


def _exponent(v: dict) -> str:
    place = _named(v, "point") if "point" in v else _interval(v["interval"])
    return f"{v['exponent'] if v['exponent'] is not None else 'none'} at {place} ({v['reason']})"


def _homogeneous(c: dict) -> list[str]:
    degree = c["homogeneity"]
    near = c["near_homogeneity"]
    lines = [f"degree {degree}"] if degree is not None else []
    return [*lines, f"sup|x f' - f| = {_supremum(near['defect'])}", f"sup|f - f_H| = {_supremum(near['gap'])}"]
