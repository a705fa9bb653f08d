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
    "power", "output", "solver", "labels", "loss", "goal", "hold", "batch", "seed",
}  # fmt: skip
MOST_STEPS = 100_000_000


@dataclass
class Flow:
    """A flow and what it was held against.

    Attributes
    ----------
    times : array (T,); states : array (T, P); names : the entries of a state
    diagnostics : dict of arrays (T,)
    error_bar : largest distance from a second solver, or None
    verdicts : list of {id, promise, verdict, text, proved, missing, observed, assumptions, values, tolerance}: "consistent", "inconsistent" or
        "undecided" with a theorem, what the certificate proved, and what was seen
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

    @property
    def verdict(self) -> str:
        """ "inconsistent" when some verdict is, else "consistent" when some verdict is, else "undecided"."""
        found = {v["verdict"] for v in self.verdicts}
        return "inconsistent" if "inconsistent" in found else "consistent" if "consistent" in found else "undecided"

    def __repr__(self) -> str:
        counts = [f"{sum(v['verdict'] == w for v in self.verdicts)} {w}" for w in ("consistent", "inconsistent", "undecided")]
        return f"<Flow: {len(self.names)} variables, {len(self.times)} states, {self.solver}; {', '.join(counts)}>"

    def to_json(self) -> dict:
        """Return the report with the keys of the interface; numbers that are not finite (log t at t = 0) are null."""
        return {
            "times": self.times.tolist(), "states": self.states.tolist(), "names": self.names,
            "diagnostics": {name: [_finite(v) for v in values.tolist()] for name, values in self.diagnostics.items()},
            "error_bar": self.error_bar, "solver": self.solver,
            "events": self.events, "verdicts": [{**v, "values": {k: _finite(x) for k, x in v["values"].items()}} for v in self.verdicts],
            "complete": self.complete, "message": self.message,
            "homes": [s.name for s in self.certificate.homes], "seconds": self.seconds,  # type: ignore[attr-defined]
        }  # fmt: skip


def _finite(x: float) -> float | None:
    from math import isfinite

    return x if isfinite(x) else None


def flow(
    source: object, *, variables: Sequence[str] | None = None, data: Mapping[str, object] | None = None, initial: object = None,
    kind: str = "gradient", horizon: float = 100.0, rtol: float = 1e-10, atol: float = 1e-12, times: Sequence[float] | None = None,
    diagnostics: Sequence[str] | None = None, step: float = 0.01, steps: int = 10_000, normalised: bool = False, decay: float = 0.0,
    power: float = 0.5, output: str | None = None, solver: str = "scipy", labels: Sequence[float] | None = None, loss: str = "exp",
    goal: float = 1e3, hold: float = 2000.0, batch: int = 1, seed: int = 0,
) -> Flow:  # fmt: skip
    """Return a flow of F from an initial state, or, with labels, of the sum of the losses of the samples.

    Parameters
    ----------
    source : what `certify` takes, or the path of a TOML file with these parameters as keys (``program`` is the source)
    variables : names of the variables, in order; by default all inputs without data
    data : arrays by name for the other inputs; with one row per sample for a program of one sample, the mean over the samples is taken
    initial : a list (one number per entry of the state), or arrays by name
    kind : "gradient" (theta' = -grad F), "subgradient" (theta' in minus the Clarke subdifferential, for kinks), or a discrete
        method: "gd", "sign", "coordinate", "spectral", "adam", and with samples "sgd"
    horizon : of the flow; ``steps`` and ``step`` of a discrete method, step/(1 + decay k)^power at step k
    solver : of the gradient flow: "scipy", or "heyoka", "diffrax" where these extras are installed; the second solver is SciPy's
    diagnostics : names; see `tamecheck.flows.diagnostics`
    labels : +1 and -1, one per sample; the source is then the output of a network, for one sample (data have one row per sample) or for the batch
    loss : "exp" or "logistic", the sum over the samples; ``goal`` is the value of log 1/L at which flows end
    hold, batch, seed : of the discrete methods with labels: steps are step/sqrt(1 + k/hold)

    Raises
    ------
    InputError
        TC183 kinks met by a smooth solver, TC181 numbers that are not finite, TC186 an unknown kind, TC187 a step that is too large.
    """
    if isinstance(source, (str, Path)) and str(source).endswith(".toml"):
        return flow(**_configuration(Path(source)))
    given = dict(variables=variables, data=data, initial=initial, kind=kind, times=times, diagnostics=diagnostics, labels=labels)
    numbers = dict(horizon=horizon, rtol=rtol, atol=atol, step=step, decay=decay, power=power, goal=goal, hold=hold)
    numbers.update(steps=steps, batch=batch, seed=seed)
    _checked(given, numbers)
    if labels is not None:
        from tamecheck.flows.labelled import run_labelled

        options = dict(loss=loss, goal=goal, steps=steps, step=step, hold=hold, batch=batch, seed=seed, rtol=max(rtol, 1e-9), atol=max(atol, 1e-11))
        return _labelled(source, variables, data, initial, kind, labels, output, loss, lambda m, theta, smooth: run_labelled(
            m, theta, kind, smooth=smooth, **options))  # fmt: skip
    from tamecheck.flows.diagnostics import DEFAULT, measure
    from tamecheck.flows.promises import of_loss

    started = time.perf_counter()
    certificate, system, facts = _prepared(source, variables, data, output)
    theta = _initial(system.vector, initial)
    proved = time.perf_counter()
    smooth = certificate.record[6] >= 1
    if kind == "gradient":
        from tamecheck.flows.gradient_flow import gradient_flow

        found = gradient_flow(system, theta, horizon, times=times, rtol=rtol, atol=atol, smooth=smooth, solver=solver)
    elif kind == "subgradient":
        from tamecheck.flows.filippov import subgradient_flow

        found = subgradient_flow(system, theta, horizon, times=times, rtol=max(rtol, 1e-12), atol=atol)
    elif kind in KINDS:
        from tamecheck.flows.steepest import descend

        found = descend(system, theta, kind, steps, step, normalised=normalised, decay=decay, power=power)
    elif kind == "sgd":
        found = _stochastic(certificate, system, theta, data, (steps, step, decay, power, batch, seed))
    else:
        raise InputError(f"there is no flow {kind!r}", code="TC186", hint="one of " + ", ".join([*KINDS, "sgd"]))
    measured = measure(system, found, tuple(diagnostics) if diagnostics is not None else DEFAULT)
    held = of_loss(facts, system, found, kind, {"decay": decay, "power": power, "normalised": normalised})
    seconds = {"prove": proved - started, "flow": time.perf_counter() - proved}
    return _made(found, system.vector.names(), measured, held, certificate, seconds)


def _stochastic(certificate, system, theta, data: Mapping | None, options: tuple):
    """Run stochastic (sub)gradients with what differentiation returns on batches that are drawn."""
    from tamecheck.flows.samples import drawn_gradients, sample_count
    from tamecheck.flows.steepest import descend

    steps, step, decay, power, batch, seed = options
    program, node = certificate.proof.program, certificate.proof.node
    count = sample_count(program, data)
    if count is None:
        raise InputError("stochastic gradients need samples", code="TC186", hint="data with one row per sample, or labels")
    order = list(system.vector.shapes)
    gradient = drawn_gradients(program, node, data, count, batch, seed, order=order)
    found = descend(system, theta, "gd", steps, step, decay=decay, power=power, gradient=gradient)
    found.solver = f"sgd, {steps} steps of {step:g}, {batch} of {count} samples, seed {seed}"
    return found


def _made(found, names: list[str], measured: dict, held: list[dict], certificate, seconds: dict) -> Flow:
    return Flow(
        found.times, found.states, names, measured, found.error_bar, found.solver, found.events, held, found.complete, found.message, certificate,
        seconds,
    )  # fmt: skip


def _labelled(source, variables, data, initial, kind: str, labels, output: str | None, loss: str, run) -> Flow:
    from tamecheck.flows.labelled import KINDS as OF_MARGINS
    from tamecheck.flows.labelled import measured
    from tamecheck.flows.margins import LOSSES
    from tamecheck.flows.promises import of_margins

    if loss not in LOSSES:
        raise InputError(f"there is no loss {loss!r}", code="TC116", hint="one of " + ", ".join(LOSSES))
    if kind not in OF_MARGINS:
        raise InputError(f"there is no flow {kind!r} of margins", code="TC186", hint="one of " + ", ".join(OF_MARGINS))
    started = time.perf_counter()
    certificate, m, facts = _prepared_margins(source, variables, data or {}, labels, output)
    theta = _initial(m.vector, initial)
    proved = time.perf_counter()
    found = run(m, theta, certificate.record[6] >= 1)
    degree = facts.degree if facts.degree else None if facts.near is None else facts.near.degree
    gap = () if facts.near is None or facts.degree else facts.near.gap
    rows = measured(m, found, None if degree is None else float(degree), gap, loss)
    held = of_margins(facts, m, found, kind, loss)
    seconds = {"prove": proved - started, "flow": time.perf_counter() - proved}
    return _made(found, m.vector.names(), rows, held, certificate, seconds)


# -------------------------------------------------------------------- the program


def _prepared(source: object, variables: Sequence[str] | None, data: Mapping[str, object] | None, output: str | None) -> tuple:
    """Return the certificate of the function of the variables, the numeric function lowered from the same program, and the facts."""
    from tamecheck.certification import certify
    from tamecheck.flows.promises import Facts
    from tamecheck.flows.samples import mean_over_samples, sample_count
    from tamecheck.flows.system import System

    certificate = certify(source, "both", output=output, sharpness=False)
    program, node = certificate.proof.program, certificate.proof.node
    count = sample_count(program, data)
    system = System.from_program(program, node, data) if count is None else mean_over_samples(program, node, data, count)
    system = system if variables is None else system.reordered(variables)
    system.certified_smooth = certificate.record[6] >= 1
    return certificate, system, Facts(certificate, invariances=_invariances(program, node, list(system.vector.shapes)))


def _invariances(program, node: int, names: list[str]) -> list[dict]:
    """Return certified scalings of the variables that leave a node as it is, as weights by name."""
    from fractions import Fraction

    from tamecheck.proofs.homogeneity import scalings
    from tamecheck.proofs.scaling_claims import confirmed

    named = {program.nodes[n][1][0]: n for n in program.inputs()}
    chosen = [named[name] for name in names if name in named]
    space = scalings(program, node, chosen) if chosen else None
    rows = [] if space is None else [row for row in space.invariances() if any(row.values())]
    of = {n: name for name, n in named.items()}
    return [{of[n]: w for n, w in row.items() if w} for row in rows if confirmed(program, node, (row, Fraction(0)))]


def _prepared_margins(source, variables, data: Mapping, labels, output: str | None) -> tuple:
    """Return the certificate of the network, its margins on the data, and the facts: homogeneity, exact or near, in the variables."""
    import numpy as np

    from tamecheck.certification import certify
    from tamecheck.flows.margins import Margins, refuse_contradictions, signs
    from tamecheck.flows.promises import Facts

    certificate = certify(source, "both", output=output, sharpness=False)
    program, node = certificate.proof.program, certificate.proof.node
    inputs = [program.nodes[n][1][0] for n in program.inputs()]
    unknown = [name for name in data if name not in inputs]
    if unknown:
        raise InputError(f"there is no input {unknown[0]!r}", code="TC182", hint="one of " + ", ".join(inputs))
    names = list(variables) if variables is not None else [name for name in inputs if name not in data]
    if not names:
        raise InputError("the network has no variables", code="TC182", hint="give values to the data only")
    subject = (program, {"f": node})
    count = len(signs(labels))
    batch = int(np.prod(program.shape(node), dtype=int)) == count and (count > 1 or program.shape(node) != ())
    shapes = _shapes(program, names)
    make = (lambda of: Margins.batch(of, data, labels, variables=shapes)) if batch else (lambda of: Margins.of(of, shapes, data, labels))
    facts = Facts(certificate, invariances=_invariances(program, node, names))
    m = make(subject)
    refuse_contradictions(data, signs(labels))
    _homogeneous(facts, source, output, names, data, make)
    return certificate, m, facts


def _shapes(program, names: list[str]) -> dict[str, tuple[int, ...]]:
    inputs = {program.nodes[n][1][0]: program.shape(n) for n in program.inputs()}
    unknown = [name for name in names if name not in inputs]
    if unknown:
        raise InputError(f"there is no variable {unknown[0]!r}", code="TC182", hint="one of " + ", ".join(inputs))
    return {name: inputs[name] for name in names}


def _homogeneous(facts, source: object, output: str | None, names: list[str], data: Mapping, make) -> None:
    """Fill in degree, near-homogeneity over a box that holds the data, and the margins of the homogenisation."""
    import numpy as np

    from tamecheck.homogeneity_report import homogeneity

    sizes = [float(np.abs(np.asarray(a, dtype=np.float64)).max(initial=0.0)) for a in data.values()]  # `make` has refused what is no number
    bound = int(np.ceil(max(sizes, default=1.0))) + 1
    report = homogeneity(source, group=names, output=output, input_box=(-bound, bound) if data else None)
    facts.degree, facts.near = report.degree, report.near
    if facts.degree is None and facts.near is not None and not facts.near.degenerate:
        limit = report.homogenisation()
        facts.limit = None if limit is None else make(limit)


def _initial(vector, initial: object):
    import numpy as np

    from tamecheck.flows.system import checked

    if initial is None:
        hint = "initial = [...], one number per entry: " + ", ".join(vector.names()[:12])
        raise InputError("no initial state is given", code="TC125", hint=hint)
    if isinstance(initial, Mapping):
        return vector.join(initial)
    try:
        theta = np.asarray(initial, dtype=np.float64).reshape(-1)
    except (TypeError, ValueError) as bad:
        raise InputError("the initial state is no list of numbers", code="TC125") from bad
    if theta.size != vector.size:
        hint = ", ".join(vector.names()[:12])
        raise InputError(f"the initial state has {theta.size} entries, there are {vector.size} variables", code="TC125", hint=hint)
    return checked(theta)


# ------------------------------------------------------------------------ options


def _checked(given: Mapping[str, object], numbers: Mapping[str, object]) -> None:
    """Refuse options of a wrong type or out of range before anything is proved."""
    from math import isfinite

    for name, value in numbers.items():
        whole = name in ("steps", "batch", "seed")
        if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
            if hasattr(value, "item") and not hasattr(value, "__len__"):
                continue
            raise InputError(f"{name} is {'a whole number' if whole else 'a number'}, not {value!r}"[:120], code="TC188")
        if not isfinite(value):
            raise InputError(f"{name} is not finite", code="TC184")
    for name in ("horizon", "rtol", "step", "hold", "steps", "batch"):
        if not numbers[name] > 0:
            raise InputError(f"{name} must be positive, not {numbers[name]}", code="TC184")
    if numbers["atol"] < 0 or numbers["decay"] < 0 or not 0 <= numbers["power"] <= 1 or numbers["seed"] < 0:
        raise InputError("atol, decay and seed are not negative, power lies in [0, 1]", code="TC184")
    if numbers["steps"] > MOST_STEPS:
        raise InputError(f"{numbers['steps']} steps are more than {MOST_STEPS}", code="TC184", hint="fewer steps")
    if given["data"] is not None and not isinstance(given["data"], Mapping):
        raise InputError("data are arrays by name", code="TC188", hint="data={'x': [...]}")
    for name in ("variables", "diagnostics"):
        value = given[name]
        if value is not None and (isinstance(value, str) or not all(isinstance(v, str) for v in value)):
            raise InputError(f"{name} are a list of names", code="TC188")
    if given["diagnostics"]:
        from tamecheck.flows.diagnostics import known

        known(given["diagnostics"])  # type: ignore[arg-type]


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
    if not isinstance(found.get("program"), str):
        raise InputError("the key 'program' is missing or no text", code="TC188", where=str(path), hint='program = "(x*y - 1)^2"')
    source = found.pop("program")
    return {"source": source, **found}
