"""The report about a family of activations as plain text."""

from __future__ import annotations

from tamecheck.reports.activation_numbers import decimal

WIDE = 16


def to_text(content: dict) -> str:
    """Return the report as lines of text, at most about 80 columns wide."""
    family = content["family"]
    named = ", ".join([f"{n} in {p['range']} ({p['role']})" for n, p in family["parameters"].items()])
    fixed = "".join([f", {k} = {v}" for k, v in content["parameters"].items()])
    lines = [f"{content['formula']}   on {content['domain']}, {named}{fixed}", *_definable(content)]
    for case in family["cases"]:
        lines += _wrapped(case["condition"], "; ".join(case_words(case)))
    for change in family["changes_at"]:
        lines += _wrapped(f"at {decimal(change['at'], 8)}", "change: " + ", ".join([w.replace("_", " ") for w in change["what"]]))
    for entry in family["open"]:
        lines += _wrapped("open", f"{', '.join([q.replace('_', ' ') for q in entry['questions']])} for {entry['condition']}" + _evidence(entry))
    return "\n".join(lines)


def _definable(content: dict) -> list[str]:
    joint = content["family"]["joint"]
    homes = " and ".join(content["homes"])
    every = f"in {homes}, for every value of the parameters" if content["verdict"] == "definable" else content["verdict"]
    together = " and ".join(joint["homes"]) if joint["verdict"] == "definable" else joint["verdict"]
    smooth = "" if joint["smoothness"] == "unknown" else f"; {joint['smoothness']}" + ("" if joint["total"] is not True else " and total")
    return [*_wrapped("definable", every), *_wrapped("learnt", f"as a function of all its names: {together}{smooth}")]


def case_words(case: dict) -> list[str]:
    """Return the facts of a case in words; what is open is not said."""
    if case["defined"] is False:
        return ["undefined" + (f" ({case['reason']})" if case.get("reason") else "")]
    words = []
    if case["verdict"] == "definable":
        words.append("in " + " and ".join(case["homes"]))
    elif case["verdict"] == "not-definable":
        words.append("in no o-minimal structure")
    if case["total"] is False:
        words.append("not defined everywhere")
    words += [case["smoothness"]] if case["smoothness"] else []
    words += [f"at least {case['at_least']}"] if case.get("at_least") else []
    words += [{"no": "not monotone"}.get(case["monotone"], case["monotone"])] if case["monotone"] else []
    if case["convex"] and case["total"]:
        words.append({"neither": "neither convex nor concave"}.get(case["convex"], case["convex"]))
    for key, yes, no in (
        ("globally_lipschitz", "globally Lipschitz", "not globally Lipschitz"), ("bounded", "bounded", "unbounded"),
        ("sublinear", "sublinear", "not sublinear"), ("sad", "SAD", "not SAD"),
    ):  # fmt: skip
        if case[key] is not None:
            words.append(yes if case[key] else no)
    if case["homogeneity"] not in (None, "none"):
        words.append("homogeneous of " + ("every degree" if case["homogeneity"] == "every" else f"degree {case['homogeneity']}"))
    return words


def _evidence(entry: dict) -> str:
    sample = entry["sample"]
    if sample is None:
        return ""
    shown = [f"{q.replace('_', ' ')} {sample[q]}" for q in entry["questions"] if sample.get(q) is not None]
    return f" (at {sample['at']} only: {', '.join(shown)})" if shown else ""


def _wrapped(head: str, body: str, width: int = 80) -> list[str]:
    import textwrap

    lines = textwrap.wrap(body, width - WIDE - 2) or [""]
    if len(head) > WIDE - 1:
        return [f"  {head}", *[f"  {'':<{WIDE}}{line}" for line in lines]]
    return [f"  {head if not i else '':<{WIDE}}{line}" for i, line in enumerate(lines)]
