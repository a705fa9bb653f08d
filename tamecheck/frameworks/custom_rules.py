"""A rule of one's own, forward and backward as formulas: is it conservative?

No new machinery is needed.  The program

    stop_gradient(F(x)) + sum_i (x_i - stop_gradient(x_i)) * stop_gradient(B_i(x))

has the value F(x), and differentiation returns B(x): it is decided like any other program.
"""

from __future__ import annotations

from collections.abc import Sequence

from tamecheck.autodiff.code import read
from tamecheck.conservative_report import ConservativeReport, conservative
from tamecheck.errors import InputError
from tamecheck.ground.grammar import parse

__all__ = ["decide_rule"]


def decide_rule(forward: str, backward: str | Sequence[str], variables: Sequence[str] | None = None) -> ConservativeReport:
    """Return whether a backward formula is a selection of a conservative field of a forward formula.

    It is for ``torch.autograd.Function`` and ``jax.custom_vjp``: write both methods as formulas; what comes in to backward is called ``g``.

    Parameters
    ----------
    forward : str — formula in the variables
    backward : str or list of str — what is passed on, one formula per variable, linear in ``g``
    variables : names in the order of `backward`; ``None``: order of appearance in `forward`

    Raises
    ------
    InputError
        TC101, TC102 formulas; TC176 not one backward formula per variable, or one that is not linear in ``g``.

    Soundness
    ---------
    Exact: see `tamecheck.conservative`.  The formulas are what is decided, not the code that they describe.

    Examples
    --------
    >>> decide_rule("round(x)", "g").verdict                                         # straight through: the derivative of x
    'conservative-for-other'
    >>> decide_rule("min(max(x, 0), 1)", "where(x >= 0 and x <= 1, g, 0)").verdict   # clipped relu
    'clarke'
    """
    names = list(variables) if variables is not None else list(parse(forward).names())
    rules = [backward] if isinstance(backward, str) else list(backward)
    if len(rules) != len(names):
        raise InputError(
            f"{len(rules)} backward formulas for {len(names)} variables", code="TC176", where=forward, hint=f"one for each of {', '.join(names)}"
        )
    if "g" in names:
        raise InputError("g is what comes in to backward", code="TC176", where=forward, hint="another name for the variable")
    for rule in rules:
        _linear(rule, names)
    parts = [f"stop_gradient({forward})"]
    parts += [f"({x} - stop_gradient({x}))*stop_gradient({rule})" for x, rule in zip(names, rules, strict=True)]
    return conservative(" + ".join(parts), variables=names, constants={"g": 1})


def _linear(rule: str, names: list[str]) -> None:
    """Require that a formula is linear in g, by its form: backward passes are multiplications by Jacobians."""
    code = read(parse(rule), [*names, "g"], {})
    state: dict[int, str] = {}
    for n in code.needed():
        kind, payload, arguments = code.nodes[n]
        of = [state[a] for a in arguments]
        if kind == "variable":
            state[n] = "linear" if payload == len(names) else "free"
        elif kind == "number" and payload == 0:
            state[n] = "zero"
        elif not [s for s in of if s in ("linear", "other")]:
            state[n] = "free"
        elif kind == "where":
            state[n] = "linear" if of[0] in ("free", "zero") and set(of[1:]) <= {"linear", "zero"} else "other"
        elif kind == "primitive" and payload in ("add", "sub", "neg"):
            state[n] = "linear" if set(of) <= {"linear", "zero"} else "other"
        elif kind == "primitive" and payload == "mul":
            state[n] = "linear" if of.count("linear") == 1 and "other" not in of else "other"
        elif kind == "primitive" and payload == "div":
            state[n] = "linear" if of[0] == "linear" and of[1] == "free" else "other"
        else:
            state[n] = "other"
    if state[code.root] not in ("linear", "zero"):
        raise InputError("the backward formula is not linear in g", code="TC176", where=rule, hint="g times a formula, sums and where(...) of such")
