"""Run a small flow of a certified program and say what the theorems promise about it.

>>> run = flow("(x*y - 1)^2", variables=["x", "y"], initial=[2.0, 1.0], horizon=50.0)
>>> run.verdicts[0]["id"], round(float(run.states[-1][0] * run.states[-1][1]), 9)
('decrease', 1.0)
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tamecheck.errors import InputError

if TYPE_CHECKING:
    import numpy as np

KINDS = ("gradient", "subgradient", "gd", "sign", "coordinate", "spectral", "adam")
KEYS = {
    "program", "variables", "data", "initial", "kind", "horizon", "rtol", "atol", "times", "diagnostics", "step", "steps", "normalised", "decay",
    "output",
}  # fmt: skip


@dataclass
class Flow:
    """A flow and what it was held against.

    Attributes
    ----------
    times : array (T,); states : array (T, P); names : the entries of a state
    diagnostics : dict of arrays (T,)
    error_bar : largest distance from a second solver, or None
    verdicts : list of {id, verdict, text, proved}: "consistent", "inconsistent" or "undecided" with a theorem, and what the certificate proved
    """

    times: np.ndarray
    states: np.ndarray
    names: list[str]
    diagnostics: dict[str, np.ndarray]
    error_bar: float | None
    solver: str
    events: list[dict]
    verdicts: list[dict]
    complete: bool
    message: str
    certificate: object = field(repr=False)
    seconds: dict[str, float] = field(repr=False, default_factory=dict)

    def to_json(self) -> dict:
        """Return the report with the keys of the interface."""
        return {
            "times": self.times.tolist(), "states": self.states.tolist(), "names": self.names,
            "diagnostics": {name: values.tolist() for name, values in self.diagnostics.items()}, "error_bar": self.error_bar, "solver": self.solver,
            "events": self.events, "verdicts": self.verdicts, "complete": self.complete, "message": self.message,
            "homes": [s.name for s in self.certificate.homes], "seconds": self.seconds,  # type: ignore[attr-defined]
        }  # fmt: skip


def flow(
    source: object, *, variables: Sequence[str] | None = None, data: Mapping[str, object] | None = None, initial: object = None,
    kind: str = "gradient", horizon: float = 100.0, rtol: float = 1e-10, atol: float = 1e-12, times: Sequence[float] | None = None,
    diagnostics: Sequence[str] | None = None, step: float = 0.01, steps: int = 10_000, normalised: bool = False, decay: float = 0.0,
    output: str | None = None,
) -> Flow:  # fmt: skip
    """Return a flow of F from an initial state.

    Parameters
    ----------
    source : what `certify` takes, or the path of a TOML file with these parameters as keys (``program`` is the source)
    variables : names of the variables, in order; by default all inputs without data
    data : arrays by name for the other inputs
    initial : a list (one number per entry of the state), or arrays by name
    kind : "gradient" (theta' = -grad F), "subgradient" (theta' in minus the Clarke subdifferential, for kinks), or a discrete
        method: "gd", "sign", "coordinate", "spectral", "adam"
    horizon : of the flow; ``steps`` and ``step`` of a discrete method
    diagnostics : names; see `tamecheck.flows.diagnostics`

    Raises
    ------
    InputError
        TC183 kinks met by a smooth solver, TC181 numbers that are not finite, TC186 an unknown kind, TC187 a step that is too large.
    """
    if isinstance(source, (str, Path)) and str(source).endswith(".toml"):
        return flow(**_configuration(Path(source)))
    from tamecheck.flows.diagnostics import DEFAULT, measure

    started = time.perf_counter()
    certificate, system = _prepared(source, variables, data, output)
    theta = _initial(system, initial)
    proved = time.perf_counter()
    if kind == "gradient":
        from tamecheck.flows.gradient_flow import gradient_flow

        found = gradient_flow(system, theta, horizon, times=times, rtol=rtol, atol=atol, smooth=certificate.record[6] >= 1)
    elif kind == "subgradient":
        from tamecheck.flows.filippov import subgradient_flow

        found = subgradient_flow(system, theta, horizon, times=times, rtol=max(rtol, 1e-12), atol=atol)
    elif kind in KINDS:
        from tamecheck.flows.steepest import descend

        found = descend(system, theta, kind, steps, step, normalised=normalised, decay=decay)
    else:
        raise InputError(f"there is no flow {kind!r}", code="TC186", hint="one of " + ", ".join(KINDS))
    measured = measure(system, found, tuple(diagnostics) if diagnostics is not None else DEFAULT)
    seconds = {"prove": proved - started, "flow": time.perf_counter() - proved}
    return Flow(
        found.times, found.states, system.vector.names(), measured, found.error_bar, found.solver, found.events,
        _verdicts(certificate, system, found, kind), found.complete, found.message, certificate, seconds,
    )  # fmt: skip


def _prepared(source: object, variables: Sequence[str] | None, data: Mapping[str, object] | None, output: str | None) -> tuple:
    """Return the certificate of the function of the variables, and the numeric function lowered from the same program."""
    from tamecheck.certification import certify
    from tamecheck.flows.system import System

    certificate = certify(source, "both", output=output, sharpness=False)
    system = System.from_program(certificate.proof.program, certificate.proof.node, data)
    return certificate, system if variables is None else system.reordered(variables)


def _initial(system, initial: object):
    import numpy as np

    if initial is None:
        hint = "initial = [...], one number per entry: " + ", ".join(system.vector.names()[:12])
        raise InputError("no initial state is given", code="TC125", hint=hint)
    if isinstance(initial, Mapping):
        return system.vector.join(initial)
    try:
        theta = np.asarray(initial, dtype=np.float64).reshape(-1)
    except (TypeError, ValueError) as bad:
        raise InputError("the initial state is no list of numbers", code="TC125") from bad
    if theta.size != system.size:
        hint = ", ".join(system.vector.names()[:12])
        raise InputError(f"the initial state has {theta.size} entries, there are {system.size} variables", code="TC125", hint=hint)
    return theta


def _configuration(path: Path) -> dict:
    import tomllib

    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as missing:
        raise InputError(f"cannot read: {missing.strerror}", code="TC128", where=str(path)) from missing
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as bad:
        raise InputError(f"not TOML: {bad}", code="TC188", where=str(path)) from bad
    unknown = [key for key in found if key not in KEYS]
    if unknown:
        raise InputError(f"there is no key {unknown[0]!r}", code="TC188", where=str(path), hint="one of " + ", ".join(sorted(KEYS)))
    if "program" not in found:
        raise InputError("the key 'program' is missing", code="TC188", where=str(path), hint='program = "(x*y - 1)^2"')
    source = found.pop("program")
    return {"source": source, **found}


def _verdicts(certificate, system, found, kind: str) -> list[dict]:
    """Hold what happened against what is promised."""
    import numpy as np

    losses = np.array([system.value(theta) for theta in found.states])
    result = []
    slack = 1e-9 * (1 + np.abs(losses).max(initial=0.0))
    if kind in ("gradient", "subgradient"):
        falls = bool(np.all(np.diff(losses) <= slack))
        result.append({
            "id": "decrease", "verdict": "consistent" if falls else "inconsistent", "text": f"F does not increase along its {kind} flow",
            "proved": [f"F is {certificate.smoothness}"],
        })  # fmt: skip
    if kind == "gradient":
        result.append(_dichotomy(certificate, found, system))
    return result


def _dichotomy(certificate, found, system) -> dict:
    """A flow of a definable C^1 function converges to a critical point, or leaves every bounded set."""
    import numpy as np

    proved = []
    if certificate.homes:
        proved.append("definable in " + ", ".join(s.name for s in certificate.homes))
    if certificate.record[6] >= 1:
        proved.append("continuously differentiable")
    norms = np.linalg.norm(found.states, axis=1)
    slope = float(np.linalg.norm(system.gradient(found.last)))
    late = found.states[len(found.states) // 2 :]
    moved = float(np.linalg.norm(late[-1] - late[0]))
    settled = moved <= 1e-6 * (1 + norms[-1]) and slope <= 1e-6
    growing = norms[-1] > 1.05 * norms[len(norms) // 2]
    if len(proved) < 2 or not (settled or growing):
        verdict, text = "undecided", "neither has it settled, nor does its norm grow clearly, on this horizon"
    else:
        verdict, text = "consistent", "it has settled at a point with a small gradient" if settled else "its norm keeps growing"
    promise = "converges to a critical point or leaves every bounded set"
    return {"id": "sad-dichotomy-2025", "verdict": verdict, "text": f"{promise}: {text}", "proved": proved}
