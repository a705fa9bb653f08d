"""The report on an implicit layer as text."""


def _why(c: dict) -> str:
    if c["method"] == "preconditioned":
        return "  an approximate inverse makes every B diagonally dominant, up to scaling"
    return f"  {c['determinants']} determinants ({c['method']}), least absolute value {c['least_determinant']}"


def to_text(c: dict) -> str:
    """Return the report as plain text; about 80 columns."""
    lines = [*c["system"], f"unknowns {', '.join(c['unknowns'])}; parameters {', '.join(c['parameters']) or 'none'}; rules of {c['rules']}"]
    lines.append("at " + ", ".join([f"{n} = {v}" for n, v in c["at"].items()]))
    if c["verdict"] == "holds":
        lines.append("The hypotheses of the implicit function theorem hold: every B is invertible.")
        lines.append(_why(c))
        j = c["solution_jacobian"]
        if c["kinks"]:
            lines.append("  kinks: " + (", ".join(c["kinks"]) if len(c["kinks"]) <= 8 else f"{len(c['kinks'])}, the first is {c['kinks'][0]}"))
        if j["vertices"] is not None:
            lines.append("Conservative Jacobian of the solution, at the vertices of its multipliers:")
            lines += [f"  {v['matrix']}".replace("'", "") for v in j["vertices"][:8]]
            if len(j["vertices"]) > 8:
                lines.append(f"  and {len(j['vertices']) - 8} more")
        if j["not_convex"] is not None:
            lines.append("The set is not convex: the midpoint of two elements")
            lines.append(f"  {j['not_convex']['midpoint']} is not in it".replace("'", ""))
        if c["returned"] is not None:
            rows = c["returned"]
            shown = rows if len(rows) * len(rows[0]) <= 36 else f"a matrix of {len(rows)} rows and {len(rows[0])} columns"
            lines.append(f"Differentiation returns {shown}".replace("'", ""))
    else:
        lines.append(("The hypotheses fail: " if c["verdict"] == "fails" else "Not decided: ") + c["reason"])
        s = c["singular"]
        if s is not None and "B" in s:
            lines.append(f"  B = {s['B']}, kernel {s['kernel']}".replace("'", ""))
        elif s is not None:
            lines.append(f"  between elements with determinants {s['negative']['determinant']} and {s['positive']['determinant']}")
    return "\n".join(lines)
