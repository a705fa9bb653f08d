"""Rules: what differentiation returns for an operator, from a rule book or from a file.

A file of rules is TOML::

    base = "torch"              # optional: a rule book for the operators that are not in the file

    [[rule]]
    operator = "max"            # arguments are called x0, x1, ...; parameters have their names
    where = "x0 == x1"          # left out: everywhere
    value = ["1", "1"]          # one partial derivative per argument

Instead of ``value`` a rule may have ``backward``: what is passed on to each argument, a formula in ``x0, x1, ...`` and in ``g``, what comes in.
The first rule of an operator whose condition holds counts; where none does, the derivative is that of the operator.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from tamecheck.autodiff import rulebooks
from tamecheck.autodiff.code import ALIASES, Call, Code, read
from tamecheck.errors import InputError
from tamecheck.ground.grammar import parse
from tamecheck.programs.definitions.scalar import DEFINITIONS

MAXIMAL_RULES = 1_000
MAXIMAL_BYTES = 1_000_000
SPECIAL = {"where": 3, "stop_gradient": 1, "add": 2, "sub": 2, "mul": 2, "div": 2, "neg": 1}
"""Operators that a rule may name although they are no functions of the language."""


@dataclass(frozen=True)
class Rule:
    """What is returned where a condition holds.

    Attributes
    ----------
    where : Code or ``None`` — the condition, ``None`` for everywhere
    value : tuple of Code, or of ``"undefined"`` — the partial derivatives
    side : ``"left"``, ``"right"`` or ``"mean"`` — a one-sided derivative of an operator with one argument, instead of a value
    backward : tuple of Code — in x0, x1, ..., g
    text : str — for reports
    """

    where: Code | None
    value: tuple[object, ...] = ()
    side: str | None = None
    backward: tuple[Code, ...] = ()
    text: str = ""


class Rules:
    """The rules of all operators.

    Attributes
    ----------
    name : str
    book : RuleBook or ``None``
    """

    def __init__(self, name: str, given: Mapping[str, list[dict]] | None = None, book: rulebooks.RuleBook | None = None) -> None:
        self.name, self.book = name, book
        self._given = dict(given or {})
        self._cache: dict[object, tuple[Rule, ...] | None] = {}

    def __repr__(self) -> str:
        return f"Rules({self.name!r})"

    @property
    def masks_relu(self) -> bool:
        """Whether relu drops an infinite gradient where it is 0 (a mask), rather than multiply it by 0."""
        if self.book is None:
            return True
        key = self.book.mode
        return any([t["operator"] == "relu of sqrt" and t[key] == ["0"] for t in self.book.tensors])

    @property
    def absorbs(self) -> bool:
        """Whether sqrt passes on 0 when 0 arrives at it where its derivative is infinite."""
        return self.book is not None and any([t["operator"] == "where sqrt" and t[self.book.mode] == ["0"] for t in self.book.tensors])

    def of(self, operator: str, arity: int, parameters: tuple[tuple[str, Fraction], ...] = ()) -> tuple[Rule, ...] | None:
        """Return the rules of an operator, ``None`` if it is not listed."""
        key = (operator, arity, parameters)
        if key not in self._cache:
            self._cache[key] = self._find(operator, arity, parameters)
        return self._cache[key]

    def given(self, operator: str) -> bool:
        """Return whether the file (not the book) has a rule for the operator."""
        return operator in self._given

    def _find(self, operator: str, arity: int, parameters) -> tuple[Rule, ...] | None:
        names, constants = [f"x{k}" for k in range(arity)], dict(parameters)
        if operator in self._given:
            return tuple([_compile(raw, operator, names, constants) for raw in self._given[operator]])
        if self.book is None:
            return None
        rows = self.book.kinks(operator)
        found: dict[str, Rule] = {}
        for row in rows:
            same = not row.parameters or all([constants.get(k) == v for k, v in row.parameters.items()])
            if operator == "pow":
                # from exponent 1 on, what was probed is the derivative itself
                same = row.parameters == constants and constants["exponent"] < 1
            values = row.values[self.book.mode]
            where = _condition(row.where, names, constants)
            side = self.book.side(operator, row.where) if row.parameters else None
            if row.parameters and not same and operator != "pow":
                if row.where not in found:
                    only = side or ("left" if row.side == "both" else None)
                    if only is not None:
                        found[row.where] = Rule(where, side=only, text=f"{only} derivative where {row.where}")
                continue
            if not same:
                continue
            if side in ("left", "right", "mean") or (row.side in ("left", "right", "both") and arity == 1 and _inexact(values)):
                chosen = side or ("left" if row.side == "both" else row.side)
                found[row.where] = Rule(where, side=chosen, text=f"{chosen} derivative where {row.where}")
            elif values is not None and not row.parameters:
                made = _fitted([r for r in rows if r.where == row.where and not r.parameters], self.book.mode, names)
                if made is not None:
                    shown = [v if isinstance(v, str) or v.nodes[v.root][0] == "number" else names[v.nodes[v.root][1]] for v in made]
                    texts = [str(q.number(q.root)) if isinstance(q, Code) else q for q in shown]
                    found[row.where] = Rule(where, made, text=f"{', '.join(texts)} where {row.where}")
            elif values is not None:
                made = tuple([_number(v) for v in values])
                found[row.where] = Rule(where, made, text=f"{', '.join([str(v) for v in values])} where {row.where}")
        return tuple(found.values()) if found or rows else None


def _fitted(rows: list, mode: str, names: list[str]) -> tuple[object, ...] | None:
    """Return one value per argument that fits all probes of a kink: one number, or the value of an argument; ``None`` if none does."""
    out = []
    for k in range(len(names)):
        seen = [None if r.values[mode] is None else r.values[mode][k] for r in rows]
        if None in seen:
            return None
        if len(set(seen)) == 1:
            out.append(_number(seen[0]))
            continue
        fits = [j for j in range(len(names)) if all([v == r.point[j] for v, r in zip(seen, rows, strict=True)])]
        if not fits:
            return None
        code = Code(names)
        code.root = code.add("variable", fits[0])
        out.append(code)
    return tuple(out)


def _inexact(values) -> bool:
    """Return whether a float has no simple rational (such as the slopes of selu)."""
    return values is not None and any([isinstance(v, Fraction) and v.denominator > 10_000 for v in values])


def _number(v) -> object:
    if isinstance(v, str):
        return "undefined"
    code = Code([])
    code.root = code.add("number", v)
    return code


def _condition(text: str, names: list[str], constants: Mapping[str, Fraction]) -> Code:
    return read(parse(text), names, constants)


def _compile(raw: dict, operator: str, names: list[str], constants: Mapping[str, Fraction]) -> Rule:
    where = None if raw["where"] is None else _condition(raw["where"], names, constants)
    text = f"where {raw['where']}" if raw["where"] else "everywhere"
    for key in ("value", "backward"):
        if raw.get(key) is None:
            continue
        if len(raw[key]) != len(names):
            raise InputError(f"a rule for {operator} has {len(raw[key])} entries in {key!r}, it takes {len(names)} arguments", code="TC192")
        allowed = names if key == "value" else [*names, "g"]
        if key == "value":
            made = tuple(["undefined" if v in ("nan", "inf", "-inf") else read(parse(v), allowed, constants) for v in raw[key]])
            return Rule(where, made, text=f"{', '.join(raw[key])} {text}")
        return Rule(where, backward=tuple([read(parse(v), allowed, constants) for v in raw[key]]), text=f"passes on {', '.join(raw[key])} {text}")
    raise InputError("a rule without 'value' and 'backward'", code="TC192", where=operator)


def load(source: object, mode: str = "reverse") -> Rules:
    """Return rules from a name of a framework, a path of a file, text of a file, a mapping, or rules.

    Raises
    ------
    InputError
        TC190 no such book, TC192 a file that is no file of rules.
    """
    if isinstance(source, Rules):
        return source
    if isinstance(source, rulebooks.RuleBook):
        return Rules(source.name, None, source)
    if source is None or (isinstance(source, str) and source in rulebooks.NAMES):
        book = rulebooks.load(source or "torch", mode)
        return Rules(book.name, None, book)
    if isinstance(source, Mapping):
        return from_data(source, "given rules", mode)
    if isinstance(source, str) and "\n" in source:
        return from_text(source, "given rules", mode)
    place = Path(str(source))
    if not place.is_file():
        raise InputError(
            f"no rule book and no file {str(source)[:60]!r}", code="TC190", hint=", ".join(rulebooks.NAMES) + ", or a TOML file of rules"
        )
    if place.stat().st_size > MAXIMAL_BYTES:
        raise InputError("a file of rules of more than a megabyte", code="TC192", where=str(place))
    try:
        return from_text(place.read_text(encoding="utf-8"), place.name, mode)
    except UnicodeDecodeError as failure:
        raise InputError("the file of rules is not UTF-8 text", code="TC192", where=str(place)) from failure


def from_text(text: str, name: str, mode: str = "reverse") -> Rules:
    """Return rules from TOML text."""
    import tomllib

    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as failure:
        raise InputError(f"not TOML: {re.sub(chr(10), ' ', str(failure))}", code="TC192", where=name) from failure
    return from_data(data, name, mode)


def from_data(data: Mapping, name: str, mode: str = "reverse") -> Rules:
    """Return rules from the content of a file; every key and every formula is checked now."""
    for key in data:
        if key not in ("rule", "base", "name"):
            raise InputError(f"unknown key {str(key)[:30]!r} in a file of rules", code="TC192", where=name, hint="[[rule]] tables, base, name")
    rows = data.get("rule", [])
    if not isinstance(rows, list) or len(rows) > MAXIMAL_RULES or not all([isinstance(r, Mapping) for r in rows]):
        raise InputError("'rule' is not a list of tables", code="TC192", where=name, hint="[[rule]]")
    book = None
    if "base" in data:
        book = rulebooks.load(data["base"], mode)
    given: dict[str, list[dict]] = {}
    for k, row in enumerate(rows, 1):
        given.setdefault(*_checked(row, f"{name}, rule {k}"))
        operator = ALIASES.get(row["operator"], row["operator"])
        given[operator].append(_row(row, f"{name}, rule {k}"))
    for operator, rules in given.items():
        definition = DEFINITIONS.get(operator)
        arity = SPECIAL.get(operator) or (2 if operator in ("max", "min") else definition.arity)
        if operator == "log":
            arity = 1
        constants = dict.fromkeys(definition.parameters, Fraction(1)) if definition is not None else {}
        if operator == "pow":
            arity, constants = 1, {"exponent": Fraction(1)}
        for raw in rules:
            _compile(raw, operator, [f"x{k}" for k in range(arity)], constants)
    title = data.get("name", name)
    return Rules(str(title)[:80], given, book)


def _checked(row: Mapping, place: str) -> tuple[str, list]:
    operator = row.get("operator")
    if not isinstance(operator, str):
        raise InputError("a rule names no operator", code="TC192", where=place, hint='operator = "max"')
    operator = ALIASES.get(operator, operator)
    if operator not in DEFINITIONS and operator not in SPECIAL:
        raise InputError(f"no operator {operator[:40]!r}", code="TC192", where=place, hint="a function of the language: max, relu, abs, round, ...")
    return operator, []


def _row(row: Mapping, place: str) -> dict:
    for key in row:
        if key not in ("operator", "where", "value", "backward", "note"):
            raise InputError(f"unknown key {str(key)[:30]!r} in a rule", code="TC192", where=place, hint="operator, where, value or backward, note")
    if ("value" in row) == ("backward" in row):
        raise InputError("a rule has exactly one of 'value' and 'backward'", code="TC192", where=place)
    key = "value" if "value" in row else "backward"
    values = row[key] if isinstance(row[key], list) else [row[key]]
    texts = []
    for v in values:
        if isinstance(v, bool) or not isinstance(v, str | int):
            raise InputError(f"{key!r} holds {type(v).__name__}, not text", code="TC192", where=place, hint='numbers are exact: "1/2"')
        texts.append(str(v))
    where = row.get("where")
    if where is not None and not isinstance(where, str):
        raise InputError("'where' is no text", code="TC192", where=place)
    if where is not None and where.strip() in ("True", "true"):
        where = None
    if where is not None:
        parse(where)
    for t in texts:
        if t not in ("nan", "inf", "-inf"):
            parse(t)
    return {"where": where, key: texts}


def of_call(rules: Rules, call: Call, arity: int) -> tuple[Rule, ...] | None:
    """Return the rules of a named operator with its parameters."""
    return rules.of(call.name, arity, call.parameters)
