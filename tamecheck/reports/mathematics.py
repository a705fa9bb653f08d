r"""LaTeX for numbers, structures, names, intervals and nodes; everything from outside is escaped.

No text of a model reaches LaTeX unescaped: the ten special characters are escaped, and what is
not printable ASCII is replaced, so that a name such as ``\input{x}`` is printed and not obeyed.
"""

import re
from fractions import Fraction

from tamecheck.ground.intervals import from_text
from tamecheck.reports.reading import RELATIONS, Reading, clean
from tamecheck.structures.primitives import BY_NAME

SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_\allowbreak{}",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
    '"': r"\textquotedbl{}", "`": r"\textasciigrave{}", "'": r"\textquotesingle{}", "-": "-{}",
}  # fmt: skip
SUM, PRODUCT, ATOM = 1, 2, 3


def escape(text: object, longest: int = 96) -> str:
    """Return a text as LaTeX that prints it, and does nothing else."""
    return "".join(SPECIAL.get(c, c) if c.isascii() else "?" for c in clean(text, longest))


def code(text: object, longest: int = 96) -> str:
    """Return a name from outside in typewriter letters, breakable after slashes and dots."""
    return r"\texttt{" + escape(text, longest).replace("/", r"/\allowbreak{}").replace(".", r".\allowbreak{}") + "}"


def structure(name: str) -> str:
    r"""Return ``\mathbb{R}_{\mathrm{an},\exp}`` for ``R_an_exp``."""
    parts = {"an": r"\mathrm{an}", "exp": r"\exp", "pow": r"\mathrm{pow}", "anstar": r"\mathrm{an}^{*}", "G": r"\mathcal{G}",
             "Gstar": r"\mathcal{G}^{*}", "Pfaff": r"\mathrm{Pfaff}", "alg": r"\mathrm{alg}", "lin": r"\mathrm{lin}"}  # fmt: skip
    index = ",".join(parts.get(part, escape(part)) for part in name.split("_")[1:])
    return rf"\mathbb{{R}}_{{{index}}}"


def structures(names: str, word: str = " and ") -> str:
    """Return ``$...$ and $...$`` for names joined by ``|`` or blanks."""
    listed = names.replace("|", " ").split()
    return word.join(f"${structure(name)}$" for name in listed)


def number(text: str, digits: int = 5) -> str:
    r"""Return a rational: as it is when short, else its first digits after ``\approx``-style dots."""
    if len(text) <= 9:
        q = Fraction(text)
        if q.denominator == 1:
            return text
        decimal = _decimal(q)
        return decimal if decimal is not None else f"{'-' if q < 0 else ''}\\tfrac{{{abs(q.numerator)}}}{{{q.denominator}}}"
    q = Fraction(text)
    exact = _decimal(q)
    return exact if exact is not None and len(exact) <= 9 else leading_digits(q, digits)


def _decimal(q: Fraction) -> str | None:
    """Return a short terminating decimal, or ``None``."""
    for places in range(1, 7):
        scaled = q * 10**places
        if scaled.denominator == 1:
            whole, rest = divmod(abs(scaled.numerator), 10**places)
            return f"{'-' if q < 0 else ''}{whole}.{rest:0{places}d}"
    return None


def leading_digits(q: Fraction, digits: int = 5) -> str:
    r"""Return the first digits of a rational, cut, not rounded: ``1.5707\ldots``."""
    if q == 0:
        return "0"
    size, exponent = abs(q), 0
    exponent = len(str(size.numerator)) - len(str(size.denominator))
    if size < Fraction(10) ** exponent:
        exponent -= 1
    kept = str(int(size / Fraction(10) ** exponent * 10 ** (digits - 1)))
    sign = "-" if q < 0 else ""
    if 0 <= exponent < digits - 1:
        return f"{sign}{kept[: exponent + 1]}.{kept[exponent + 1 :]}\\ldots"
    if -3 <= exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{kept}\\ldots"
    return rf"{sign}{kept[0]}.{kept[1:]}\ldots\cdot 10^{{{exponent}}}"


def interval(text: str) -> str:
    r"""Return an interval as mathematics, ``(0,\infty)``."""
    low, high, low_closed, high_closed = from_text(text)
    if (low, high) == (None, None):
        return r"\mathbb{R}"
    if low is not None and low == high:
        return rf"\{{{number(str(low))}\}}"
    left = r"-\infty" if low is None else number(str(low))
    right = r"\infty" if high is None else number(str(high))
    return f"{'[' if low_closed else '('}{left},\\,{right}{']' if high_closed else ')'}"


def smooth(text: str) -> str:
    """Return a class of smoothness in words."""
    known = {"analytic": "real analytic", "Cinf": r"of class $C^\infty$", "none": ""}
    return known[text] if text in known else rf"of class $C^{{{text[1:]}}}$"


def handle(r: Reading, n: int) -> str:
    """Return how a node is quoted in a formula: a variable, a number, or ``f_{12}``."""
    kind, parameters = r.nodes[n][0], r.nodes[n][1]
    if kind == "input":
        return variable(r, n)
    if kind == "constant" and parameters[0] == "splat":
        return number(parameters[1])
    if kind == "map" and parameters[0] == "pi":
        return r"\pi"
    return f"c_{{{n}}}" if kind == "constant" else f"f_{{{n}}}"


def variable(r: Reading, n: int) -> str:
    r"""Return an input as a symbol: ``x``, ``x_{1}``, ``abc``; a long name becomes ``\theta_{n}`` or ``x_{n}`` with the node's number."""
    name, role, _ = r.nodes[n][1]
    if len(name) <= 6 and name.isascii() and name.isalnum() and name[0].isalpha() and name not in ("f", "F", "t", "pi"):
        letters = name.rstrip("0123456789")
        index = f"_{{{name[len(letters):]}}}" if len(letters) < len(name) else ""
        return (letters if len(letters) == 1 else rf"\mathit{{{letters}}}") + index
    return rf"\theta_{{{n}}}" if role == "parameter" else f"x_{{{n}}}"


def definition(r: Reading, n: int) -> str:
    """Return ``f_n = ...`` for a node: a formula, or words where lines must be able to break."""
    kind, parameters, arguments = r.nodes[n][0], r.nodes[n][1], r.nodes[n][2]
    if kind in ("map", "compare", "logic", "where", "reduce"):
        return rf"$f_{{{n}}} = {expression(r, n)}$"
    words = {
        "contract": f"the contraction {code(parameters[0] if parameters else '', 60)} of",
        "reindex": f"entries selected ({escape(parameters[0] if parameters else '', 24)}) from", "lookup": "rows selected by index from",
        "cumulate": "running reduction of", "repeat": "the result of a repeated body on", "implicit": "the chosen point or value for",
    }.get(kind, f"{escape(kind)} ({escape(parameters[0] if parameters else '', 24)}) of")
    listed = ", ".join(f"${handle(r, a)}$" for a in arguments[:6]) + (r", \ldots" if len(arguments) > 6 else "")
    return rf"$f_{{{n}}}$: {words} {listed}"


def expression(r: Reading, n: int) -> str:
    """Return a node in the handles of its arguments, as mathematics."""
    nodes = r.nodes
    return _written(r, n, [(handle(r, a), ATOM if not _negative(r, a) else SUM) for a in nodes[n][2]])[0]


def _negative(r: Reading, n: int) -> bool:
    return r.nodes[n][0] == "constant" and r.nodes[n][1][0] == "splat" and str(r.nodes[n][1][1]).startswith("-")


def _wrap(part: tuple[str, int], least: int) -> str:
    return part[0] if part[1] >= least else rf"\left({part[0]}\right)"


def _written(r: Reading, n: int, args: list[tuple[str, int]]) -> tuple[str, int]:
    """Return a node and how tightly it binds, from its arguments' texts."""
    kind, parameters = r.nodes[n][0], r.nodes[n][1]
    if kind in ("input", "constant"):
        return handle(r, n), SUM if _negative(r, n) else ATOM
    if kind == "map":
        return _map(parameters[0], args)
    texts = [a[0] for a in args]
    listed = ",\\,".join(texts[:5]) + (r",\,\ldots" if len(texts) > 5 else "")
    if kind == "compare":
        return rf"[\,{texts[0]} {_relation(parameters[0])} {texts[1]}\,]", ATOM
    if kind == "logic":
        sign = {"and": r"\wedge", "or": r"\vee", "xor": r"\oplus"}.get(parameters[0])
        return (rf"\left({texts[0]} {sign} {texts[1]}\right)" if sign else rf"\neg\, {texts[0]}"), ATOM
    if kind == "where":
        return rf"\begin{{cases}} {texts[1]} & \text{{if }} {texts[0]} \\ {texts[2]} & \text{{otherwise}} \end{{cases}}", SUM
    if kind == "reduce":
        sign = {"sum": r"\textstyle\sum", "prod": r"\textstyle\prod", "max": r"\max", "min": r"\min"}[parameters[0]]
        axes = ",".join(str(a) for a in parameters[1])
        return rf"{sign}_{{\text{{axes }}{axes}}} {_wrap(args[0], PRODUCT)}", PRODUCT
    name = f"{kind} {parameters[0]}" if parameters and kind not in ("repeat", "lookup") else kind
    return rf"\text{{{escape(name, 40)}}}\,({listed})", ATOM


def _relation(name: str) -> str:
    return {"lt": "<", "le": r"\le", "eq": "=", "ne": r"\ne"}.get(name) or escape(RELATIONS.get(name, name))


def _map(p: str, args: list[tuple[str, int]]) -> tuple[str, int]:
    if p == "add":
        return f"{args[0][0]}+{_wrap(args[1], PRODUCT)}", SUM
    if p == "sub":
        return f"{args[0][0]}-{_wrap(args[1], PRODUCT)}", SUM
    if p == "mul":
        right = _wrap(args[1], PRODUCT)
        return rf"{_wrap(args[0], PRODUCT)}{_times(right)}{right}", PRODUCT
    if p == "div":
        return rf"\frac{{{args[0][0]}}}{{{args[1][0]}}}", PRODUCT
    if p == "pow":
        base = args[0][0] if args[0][1] == ATOM and len(args[0][0]) == 1 or args[0][0].startswith("f_{") else rf"\left({args[0][0]}\right)"
        return f"{base}^{{{args[1][0]}}}", ATOM
    if p == "neg":
        return f"-{_wrap(args[0], PRODUCT)}", SUM
    shape = BY_NAME[p].latex
    for k, (text, _) in enumerate(args, 1):
        shape = shape.replace(f"(#{k})", rf"\left({text}\right)").replace(f"#{k}", text)
    return shape, ATOM


def _times(right: str) -> str:
    """Return the sign between two factors: a dot before a number, else a thin space."""
    return r" \cdot " if right[:1].isdigit() else r"\,"


def formula(r: Reading, n: int, longest: int = 420) -> str | None:
    """Return a node written out in full, or ``None`` when that takes more than ``longest`` characters."""
    if any(r.nodes[m][0] not in ("input", "constant", "map", "compare", "logic", "where") for m in r.cone):
        return None
    written: dict[int, tuple[str, int] | None] = {}
    for m in r.cone:
        if m > n:
            break
        args = [written.get(a) for a in r.nodes[m][2]]
        result = None if None in args else _written(r, m, args)
        written[m] = result if result is not None and len(result[0]) <= longest else None
    found = written.get(n)
    return None if found is None else found[0]


def polynomial(terms: list) -> str:
    """Return a generalised polynomial in t as mathematics."""
    parts = []
    for coefficient, exponent in reversed(list(terms)):
        c, negative = number(str(coefficient).lstrip("-")), str(coefficient).startswith("-")
        power = "" if exponent == "0" else "t" if exponent == "1" else f"t^{{{escape(exponent)}}}"
        body = c if not power else power if c == "1" else rf"{c}\,{power}"
        parts.append(("-" if negative else "+", body))
    text = "".join(f" {sign} {body}" for sign, body in parts)
    return text[3:] if text.startswith(" + ") else text.strip() or "0"


# ---------------------------------------------------------------- our own sentences

ARITHMETIC = {"add": "addition", "sub": "subtraction", "mul": "multiplication", "div": "division", "pow": "power", "neg": "negation",
              "max": "maximum", "min": "minimum", "abs": "absolute value", "sqrt": "square root"}  # fmt: skip
_SIGNS = re.compile(
    r"R_[A-Za-z_]*[A-Za-z]|\bR\b|-?\bpi\b|<=|>=|-?\binf\b|-?\b[a-z]\^(?:-?\w+|\([^)]*\))|\bsqrt\(\w+\)|\|[^| ]*\|"
)


def plain(text: str) -> str:
    """Return one of our own sentences as LaTeX, with its few mathematical signs."""
    parts, end = [], 0
    for found in _SIGNS.finditer(text):
        parts += [escape(text[end : found.start()], 600), _sign(found.group())]
        end = found.end()
    return "".join([*parts, escape(text[end:], 600)])


def _sign(text: str) -> str:
    if text.startswith("R_"):
        return f"${structure(text)}$"
    if "^" in text:
        base, power = text.split("^")
        return f"${base}^{{{power.strip('()').replace('log', chr(92) + 'log').replace(' ', chr(92) + ',')}}}$"
    if text.startswith("sqrt"):
        return rf"$\sqrt{{{text[5:-1].replace('pi', chr(92) + 'pi')}}}$"
    if text.startswith("|"):
        return f"$|{escape(text[1:-1])}|$"
    word = {"R": r"\mathbb{R}", "pi": r"\pi", "-pi": r"-\pi", "<=": r"\le", ">=": r"\ge", "inf": r"\infty", "-inf": r"-\infty"}
    return f"${word[text]}$"


def rule_words(r: Reading, n: int) -> str:
    """Return the rules behind a node, arithmetic in words."""
    return worded(r.rule_words(n))


def worded(rules: str) -> str:
    """Return a list of rules as LaTeX, arithmetic in words."""
    return escape(" and ".join(ARITHMETIC.get(word, word) for word in rules.split(" + ")), 120)


def cite(keys: tuple[str, ...] | list[str]) -> str:
    """Return a citation, or nothing."""
    return rf"~\cite{{{','.join(keys)}}}" if keys else ""


def count(number: int, one: str, many: str = "") -> str:
    """Return ``1 node`` or ``3 nodes``, with thin spaces in large numbers."""
    return f"{number:,}".replace(",", r"\,") + " " + (one if number == 1 else many or one + "s")
