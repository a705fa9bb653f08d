"""The report of `tamecheck conservative` for a screen."""

from textwrap import wrap

VERDICT = {
    "exact-c1": "exact: the program is C1 and what is returned is its gradient",
    "clarke": "Clarke: what is returned is a Clarke subgradient everywhere",
    "conservative": "conservative: what is returned is a selection of a conservative field",
    "conservative-unbounded": "conservative but unbounded: the chain rule holds, what is returned is unbounded",
    "conservative-for-other": "conservative for another function, not for the program",
    "not-conservative": "not conservative",
    "undefined": "undefined: somewhere no number is returned",
    "unknown": "unknown",
}
WORD = {True: "yes", False: "no", None: "not known"}


def to_text(c: dict, width: int = 80) -> str:
    """Return the content of a report as lines."""
    width = max(width, 40)
    lines = [
        *_wrapped("", c["formula"], width),
        "",
        *_wrapped("verdict   ", VERDICT[c["verdict"]] + ("" if c["verdict"] == "exact-c1" else _clarke(c)), width),
    ]
    lines += _wrapped("rules     ", f"{c['rules']}, {c['mode']} mode", width)
    f = c["function"]
    facts = [
        f"continuous {WORD[f['continuous']]}",
        f"locally Lipschitz {WORD[f['locally_lipschitz']]}",
        f"path-differentiable {WORD[f['path_differentiable']]}",
    ]
    lines += _wrapped("function  ", ", ".join(facts) + (f"; definable in {', '.join(f['homes'])}" if f["homes"] else ""), width)
    if c["undefined_at"]:
        lines += _wrapped("no number ", c["undefined_at"], width)
    if c["on_domain"] is not None:
        lines += _wrapped("domain    ", f"{c['on_domain']['verdict']} on the interior of the domain, {c['on_domain']['domain']}", width)
    if c["witness"] is not None:
        lines += _wrapped(
            "witness   ", f"{c['witness']['kind']}: {c['witness']['text']}" + (" [checked again]" if c["witness"]["verified"] else ""), width
        )
    if c["conservative_for"] is not None:
        lines += _wrapped("for       ", f"what is returned is a selection of a conservative field of {c['conservative_for']}", width)
    for key, label in (("spurious", "spurious  "), ("stuck", "stuck     "), ("restless", "restless  "), ("ascent", "ascent    ")):
        if c[key] not in (None, "False"):
            lines += _wrapped(label, f"{MEANING[key]}: {c[key]}", width)
    if c["spurious"] == "False":
        lines += _wrapped("spurious  ", "no critical point is an artifact of the rules", width)
    if c["outside_clarke"] not in (None, "False"):
        lines += _wrapped("no Clarke ", c["outside_clarke"], width)
    values = c["critical_values"]
    if values["ad"] is not None and (values["ad"] or values["clarke"]):
        shown = {k: ", ".join([_value(v) for v in values[k] or []]) or "none" for k in ("clarke", "ad")}
        lines += _wrapped("values    ", f"critical: Clarke {shown['clarke']}; with the rules {shown['ad']}", width)
    lines.append("")
    for entry in c["operators"]:
        rule = entry.get("gap") or (f"returns {entry['rule']}" if entry["rule"] else "")
        lines += _wrapped(f"  {entry['operator']:<14}", "; ".join([p for p in (rule, entry["lemma"]) if p]), width)
    for text in c["obligations"]:
        lines += _wrapped("open      ", text, width)
    return "\n".join(lines)


MEANING = {
    "spurious": "critical for the rules and not for the program",
    "stuck": "0 is returned where the program is not critical",
    "restless": "critical, and 0 is not what is returned",
    "ascent": "minus what is returned leads up",
}


def _clarke(c: dict) -> str:
    if c["verdict"] != "conservative":
        return ""
    return {True: "", False: ", not always a Clarke subgradient", None: "; whether always a Clarke subgradient is not known"}[c["clarke"]]


def _value(v: dict) -> str:
    return v["value"] if v["value"] == v["decimal"] or len(v["value"]) < 12 else v["decimal"]


def _wrapped(label: str, text: str, width: int) -> list[str]:
    rows = wrap(text, width - len(label), break_long_words=True) or [""]
    return [label + rows[0]] + [" " * len(label) + r for r in rows[1:]]
