r"""LaTeX for the expressions, constants and enclosures of the activation report; nothing from outside reaches LaTeX unescaped."""

from __future__ import annotations

from fractions import Fraction

from tamecheck.geometry.univariate.expressions import Expr, terms
from tamecheck.reports.activation_numbers import closed_form, number
from tamecheck.reports.mathematics import leading_digits

SUM, PRODUCT, POWER, ATOM = 1, 2, 3, 4
LONGEST = 1200
LINE = 72
NAMES = {
    "log": r"\log", "sin": r"\sin", "cos": r"\cos", "atan": r"\arctan", "asin": r"\arcsin", "erf": r"\operatorname{erf}",
    "erfinv": r"\operatorname{erf}^{-1}", "gamma": r"\Gamma", "lgamma": r"\log\Gamma", "lambertw": "W", "polygamma": r"\psi",
}  # fmt: skip


def rational(q: Fraction, limit: int = 24) -> str:
    r"""Return a rational number, a long one as a decimal with ``\approx``-dots."""
    if q.denominator == 1 and len(str(q)) <= limit:
        return str(q)
    if len(str(q)) > limit:
        return f"{q.numerator / q.denominator:.8g}" + r"\ldots" if abs(q) < 10**300 else r"\ldots"
    sign = "-" if q < 0 else ""
    return rf"{sign}\tfrac{{{abs(q.numerator)}}}{{{q.denominator}}}"


def symbol(variable: str) -> str:
    r"""Return a variable: ``x``, ``x_{1}``, ``\mathit{beta}``."""
    letters = variable.rstrip("0123456789") if variable.isascii() and variable.isalnum() else ""
    if not letters:
        return "x"
    index = f"_{{{variable[len(letters) :]}}}" if len(letters) < len(variable) else ""
    return (letters if len(letters) == 1 else rf"\mathit{{{letters}}}") + index


def tex(e: Expr, variable: str = "x", longest: int = LONGEST) -> str | None:
    """Return an expression as mathematics, ``None`` when that takes more than ``longest`` characters."""
    written: dict[int, tuple[str, int] | None] = {}
    for p in e.ancestors():
        parts = [written[a.id] for a in p.args]
        result = None if None in parts else _write(p, parts, variable)  # type: ignore[arg-type]
        written[p.id] = result if result is not None and len(result[0]) <= longest else None
    found = written[e.id]
    return None if found is None else found[0]


def _write(e: Expr, parts: list[tuple[str, int]], variable: str) -> tuple[str, int]:
    if e.kind == "x":
        return symbol(variable), ATOM
    if e.kind == "number":
        return rational(e.data), ATOM if e.data >= 0 else SUM  # type: ignore[arg-type,operator]
    if e.kind == "pi":
        return r"\pi", ATOM
    if e.kind == "root":
        return enclosure(number(e)), ATOM
    if e.kind == "parameter":
        return symbol(e.data.name), ATOM  # type: ignore[union-attr]
    if e.kind == "seal":
        return parts[0]
    if e.kind == "sum":
        return _sum(e, parts)
    if e.kind == "prod":
        return _product([(t, q) for t, q in zip(parts, e.data, strict=True)])  # type: ignore[arg-type]
    inner = parts[0][0]
    if e.kind == "exp":
        return rf"e^{{{inner}}}", ATOM
    name = NAMES.get(e.kind)
    if e.kind == "polygamma":
        name = r"\psi" if not e.data else rf"\psi^{{({e.data})}}"
    if name is None and e.kind.startswith("bessel"):
        name = f"{e.kind[-1].upper()}_{{{e.data}}}"
    return rf"{name or chr(92) + 'mathrm{' + ''.join(c for c in e.kind if c.isalpha()) + '}'}\left({inner}\right)", ATOM


def _sum(e: Expr, parts: list[tuple[str, int]]) -> tuple[str, int]:
    start, coefficients = e.data  # type: ignore[misc]
    pieces = [_signed(c, t) for c, t in reversed(list(zip(coefficients, parts, strict=True)))]
    if start:
        pieces.append(("-" if start < 0 else "+", rational(abs(start))))
    pieces.sort(key=lambda p: p[0] == "-")
    text = "".join(f" {s} {body}" for s, body in pieces)
    single = len(pieces) == 1
    text = text[3:] if text.startswith(" + ") else "-" + text[3:]
    return text, PRODUCT if single and pieces[0][0] == "+" else SUM


def _signed(c: Fraction, part: tuple[str, int]) -> tuple[str, str]:
    body = _wrap(part, PRODUCT)
    size = abs(c)
    if size == 1:
        return ("-" if c < 0 else "+"), body
    if body.startswith(r"\frac{1}{") and size.denominator == 1:
        return ("-" if c < 0 else "+"), rf"\frac{{{size}}}{{{body[9:]}"
    dot = r" \cdot " if body[:1].isdigit() else r"\,"
    return ("-" if c < 0 else "+"), f"{rational(size)}{dot}{body}"


def _wrap(part: tuple[str, int], least: int) -> str:
    return part[0] if part[1] >= least else rf"\left({part[0]}\right)"


def _product(factors: list[tuple[tuple[str, int], Fraction]]) -> tuple[str, int]:
    top = [_power(t, q) for t, q in factors if q > 0]
    bottom = [_power(t, -q) for t, q in factors if q < 0]
    upper = _joined(top)
    if not bottom:
        return upper, PRODUCT if len(top) > 1 else ATOM
    below = [(t, -q) for t, q in factors if q < 0]
    lower = below[0][0][0] if len(below) == 1 and below[0][1] == 1 else _joined(bottom)
    return rf"\frac{{{upper or '1'}}}{{{lower}}}", PRODUCT


def _joined(parts: list[str]) -> str:
    text = ""
    for p in parts:
        text += (r" \cdot " if text and p[:1].isdigit() else r"\," if text else "") + p
    return text


def _power(part: tuple[str, int], q: Fraction) -> str:
    if q == 1:
        return _wrap(part, PRODUCT)
    if q == Fraction(1, 2):
        return rf"\sqrt{{{part[0]}}}"
    base = part[0] if part[1] == ATOM and "^" not in part[0] else rf"\left({part[0]}\right)"
    return f"{base}^{{{q}}}"


def enclosure(shown: object, digits: int = 10) -> str:
    r"""Return a reported number: exact text as it is, an enclosure as the first decimals, cut, on which its ends agree, and dots."""
    if shown is None:
        return r"\text{?}"
    if isinstance(shown, str):
        return {"inf": r"\infty", "-inf": r"-\infty"}.get(shown) or (rational(Fraction(shown)))
    low, high = [Fraction(end) for end in shown]  # type: ignore[union-attr]
    for n in range(digits, 1, -1):
        text = leading_digits(low, n)
        if text == leading_digits(high, n):
            return text if r"\ldots" in text else text + r"\ldots"
    return rf"[{float(low):.6g},\,{float(high):.6g}]"


def value(e: object, digits: int = 10) -> str:
    r"""Return a limit, point or value, with its closed form when it has a short one: ``\sqrt{2} = 1.41\ldots``."""
    shown = enclosure(number(e), digits)
    if isinstance(e, Expr) and e.rational is None and closed_form(e) is not None:
        exact = tex(e, longest=160)
        if exact is not None:
            return f"{exact} = {shown}"
    return shown


def interval(low: Expr | None, high: Expr | None, digits: int = 8) -> str:
    r"""Return an open interval."""
    left = r"-\infty" if low is None else _short(low, digits)
    right = r"\infty" if high is None else _short(high, digits)
    return rf"({left},\,\allowbreak {right})"


def _short(e: Expr, digits: int) -> str:
    if e.rational is None and closed_form(e) is not None:
        exact = tex(e, longest=40)
        if exact is not None:
            return exact
    return enclosure(number(e), digits)


def display(head: str, e: Expr, variable: str) -> str | None:
    """Return ``head = expression`` in the text when short, displayed when long, broken between terms when longer; ``None``: too long."""
    body = tex(e, variable, LONGEST)
    if body is None:
        return None
    if len(body) <= 60:
        return f"${head} = {body}$"
    if _width(body) <= LINE:
        return rf"\[ {head} = {body} \]"
    pieces = []
    for c, t in terms(e):
        inner = tex(t, variable, LONGEST)
        sign, text = _signed(c, (inner or "", ATOM if t.kind != "sum" else SUM)) if t.kind != "number" else ("-" if c < 0 else "+", rational(abs(c)))
        if _width(text) > LINE:
            return None
        pieces.append(f"{sign} {text}")
    lines, room = [""], LINE
    for p in pieces:
        if lines[-1] and _width(lines[-1] + p) > room:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + p
    lines[0] = lines[0].removeprefix("+ ")
    return rf"\[ \begin{{aligned}} {head} = {{}}& " + r" \\ & ".join(lines) + r" \end{aligned} \]"


def _width(text: str) -> int:
    """Return about how many letters wide a formula is printed."""
    import re

    flat = text
    for _ in range(8):  # a fraction is as wide as the wider of its two parts
        found = re.search(r"\\t?frac\{([^{}]*)\}\{([^{}]*)\}", flat)
        if not found:
            break
        flat = flat[: found.start()] + max(found.groups(), key=len) + flat[found.end() :]
    return len(re.sub(r"\\(?:left|right|frac|tfrac|sqrt|operatorname|,|cdot)|[{}^_ ]", "", re.sub(r"\\[a-z]{3,}", "abc", flat)))
