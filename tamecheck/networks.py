"""Small networks as exact functions: `lower` and `polyhedral_complex`, from whatever a user calls a network.

>>> f = lower("relu(x) - relu(x - 1)")
>>> print(f)
piecewise linear function of x, 3 pieces
  x>=0, x-1>=0: f = 1
  x>=0, x-1<0: f = x
  x<0: f = 0
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING

from tamecheck.errors import InputError
from tamecheck.frontends.sources import Source, read
from tamecheck.ground.intervals import Interval
from tamecheck.programs.builder.hyperparameters import array_entries

if TYPE_CHECKING:
    from tamecheck.budget import Budget
    from tamecheck.geometry.polyhedral.complexes import PolyhedralComplex
    from tamecheck.programs.lowering.pieces import PiecewiseFunction

ABOUT = ("inputs", "parameters", "both")


def lower(
    source: object, about: str | None = None, values: Mapping[str, object] | None = None, *, output: str | None = None,
    ties: str = "merge", box: Interval | None = None, limit: int | None = None, budget: Budget | None = None, **options: object,
) -> PiecewiseFunction:  # fmt: skip
    """Return a program as a function by pieces: polynomials, rational functions or roots under sign conditions.

    Parameters
    ----------
    source : a builder network or tensor, an ONNX model, a formula, ``file.py:object``, or (program, outputs)
    about : ``"inputs"`` (the data vary, parameters have values), ``"parameters"`` (the reverse) or ``"both"``; by default
        everything varies that has no value
    values : exact numbers for parameters or data, by name: numbers, nested lists, arrays. Floats in lists are the decimals that
        were typed, entries of arrays the dyadic numbers stored. An ONNX model brings the values of its parameters.
    output : name of the output, if there are several
    ties : ``"merge"``, or ``"split"`` for one piece per sign vector of the kinks, lower-dimensional ones included
    box : interval for the entries of every data input that has none of its own
    limit : largest number of pieces
    budget : Budget

    Raises
    ------
    InputError
        TC165 a value is missing, TC166 a value has the wrong number of entries, TC102 an unknown name.
    Refusal
        TC230 a node is not piecewise algebraic; the message names the smallest one.
    BudgetExceeded
        TC311 too many pieces and other TC3xx; ``partial`` is the function so far, whose ``resume`` goes on.

    Examples
    --------
    >>> print(lower("relu(w*x)", "both", {"x": 2}))
    piecewise linear function of w, 2 pieces
      w>=0: f = 2*w
      w<0: f = 0
    """
    from tamecheck.geometry.cad.guards import nonempty
    from tamecheck.programs.lowering.pieces import MAXIMAL_PIECES
    from tamecheck.programs.lowering.pieces import lower as lower_program

    found, stored, names = opened(source, box, options)
    outputs = chosen(found, output)
    fixed = fixed_entries(found, about, values or {}, stored)
    return lower_program(
        found.program, outputs, fixed, ties=ties, oracle=nonempty, limit=MAXIMAL_PIECES if limit is None else limit, budget=budget,
        rename=names,
    )  # fmt: skip


def polyhedral_complex(
    source: object, about: str | None = "inputs", values: Mapping[str, object] | None = None, *, output: str | None = None,
    box: Interval | tuple | None = None, limit: int | None = None, budget: Budget | None = None, **options: object,
) -> PolyhedralComplex:  # fmt: skip
    """Return the polyhedral complex of a piecewise linear network: all faces, exactly.

    Parameters
    ----------
    source, values, output, options : as for `lower`
    about : ``"inputs"``, or ``"parameters"`` for a network that is piecewise linear in those (then the data have values)
    box : ``(low, high)`` or an interval: restrict every input that varies to it (closed)
    limit : largest number of faces
    budget : Budget — one step per cut edge

    Raises
    ------
    Refusal
        TC231 a node is not piecewise linear, TC232 it jumps.
    InputError
        TC165 to TC167: values are missing or have a wrong shape, too many inputs.
    BudgetExceeded
        TC313 and other TC3xx; ``partial`` is the complex of the kinks so far.

    Examples
    --------
    >>> c = polyhedral_complex("relu(u) + relu(v) + relu(u + v - 1)")
    >>> c.count_by_dimension()
    [3, 9, 7]
    >>> c.range(), c.lipschitz(2)
    ((Fraction(0, 1), None), Lipschitz(root 2 of x^2-8 near 2.82843 in l2, attained on face 12))
    """
    from tamecheck.geometry.polyhedral.complexes import MAXIMAL_FACES, build
    from tamecheck.ground.intervals import LINE
    from tamecheck.ground.intervals import meet as intersection
    from tamecheck.programs.builder.leaves import read_box
    from tamecheck.programs.lowering.scalars import scalarise

    found, stored, names = opened(source, None, options)
    tape = scalarise(found.program, chosen(found, output), fixed_entries(found, about, values or {}, stored), names)
    around = LINE if box is None else read_box(box)
    boxes = [intersection(b, around) for b in tape.boxes]
    if None in boxes:
        raise InputError("the box does not meet the intervals of the inputs", code="TC121")
    return build(tape, boxes, budget, MAXIMAL_FACES if limit is None else limit)


def opened(source: object, box: Interval | None, options: dict) -> tuple[Source, dict[str, object], dict[int, str]]:
    """Return the program of a source, the parameter values that it brings, and the user's names of its nodes."""
    model = source
    if str(source).lower().endswith(".onnx") or type(source).__module__.partition(".")[0] == "onnx":
        try:
            from tamecheck.frontends import onnx_io
        except ImportError as missing:
            raise InputError("reading ONNX needs the onnx package", code="TC129", hint="pip install 'tamecheck[onnx]'") from missing
        model = onnx_io.load(source, input_box=box, **options)
    elif options:
        raise InputError(f"unknown option {min(options)!r}", code="TC126")
    stored = model.parameter_values() if hasattr(model, "parameter_values") else {}
    names = {n: name for name, n in model.names.items()} if stored and isinstance(getattr(model, "names", None), dict) else {}
    return read(model, box), stored, names


def chosen(found: Source, output: str | None) -> dict[str, int]:
    """Return the outputs that are asked for."""
    if output is None:
        return dict(found.outputs)
    if output not in found.outputs:
        raise InputError(f"there is no output {output!r}", code="TC102", hint="one of " + ", ".join(found.outputs))
    return {output: found.outputs[output]}


def fixed_entries(
    found: Source, about: str | None, values: Mapping[str, object], stored: Mapping[str, object]
) -> dict[str, list[Fraction]]:
    """Return the exact entries of the inputs that do not vary."""
    if about is not None and about not in ABOUT:
        raise InputError(f"about {about!r}", code="TC164", hint="one of " + ", ".join(ABOUT))
    roles = {found.program.nodes[n][1][0]: (found.program.nodes[n][1][1], found.program.shape(n)) for n in found.program.inputs()}
    for name in values:
        if name not in roles:
            near = get_close_matches(name, roles, 1)
            hint = f"did you mean {near[0]!r}?" if near else "inputs are " + ", ".join(roles)
            raise InputError(f"a value is given for {name!r}, which is no input", code="TC102", hint=hint)
    fixed: dict[str, list[Fraction]] = {}
    missing = []
    for name, (role, shape) in roles.items():
        varies = about == "both" or about == ("parameters" if role == "parameter" else "inputs")
        if name in values:
            fixed[name] = entries(name, values[name], shape)
        elif name in stored and not varies:
            fixed[name] = entries(name, stored[name], shape)
        elif about is not None and not varies:
            missing.append(f"{name} {list(shape)}")
    if missing:
        listed = ", ".join(missing[:8]) + (", ..." if len(missing) > 8 else "")
        raise InputError(f"no value is given for {listed}", code="TC165", hint='values={"name": numbers}, or about="both"')
    return fixed


def entries(name: str, value: object, shape: tuple[int, ...]) -> list[Fraction]:
    """Return the entries of a value in row-major order; one number fills any shape."""
    flat, given = array_entries(value, f"value of {name!r}") if not isinstance(value, str) else array_entries([value], f"value of {name!r}")
    if len(flat) == 1:
        return flat * prod(shape)
    if len(flat) != prod(shape) or [e for e in given if e != 1] != [e for e in shape if e != 1]:
        raise InputError(f"{name!r} has shape {list(shape)}, its value has {list(given)}", code="TC166")
    return flat
