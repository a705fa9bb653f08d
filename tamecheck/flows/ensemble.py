"""Many flows of one function: over any executor, resumable, with nothing lost when the run is killed.

Members are numbered by their initial states; a member's result depends on nothing but its initial state and the options, so an
ensemble is deterministic whatever the executor and the order of completion.  With a store every finished member is a line
of a file, on disk before the next is handed out; a second run with the same function, options and file goes on where the first ended.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, as_completed
from pathlib import Path

import numpy as np

from tamecheck.errors import InputError
from tamecheck.flows.graph import Graph
from tamecheck.flows.system import System, checked

CHUNK = 8
_KNOWN: dict[str, System] = {}


def ensemble(
    system: System, initials: Sequence[Sequence[float]], *, horizon: float, kind: str = "gradient", executor: Executor | None = None,
    store: str | Path | None = None, progress: bool = False, chunk: int = CHUNK, **options: object,
) -> list[dict]:  # fmt: skip
    """Return one result per initial state, in order: ``{"member", "last", "loss", "norm", "complete", "message", "error_bar"}``.

    Parameters
    ----------
    kind : "gradient" or "subgradient"
    executor : any `concurrent.futures.Executor`; the flows run here, one after the other, if none is given
    store : a file that keeps finished members
    options : of the flow, such as ``rtol``, ``atol``, ``second`` (False by default: no second solver)

    Raises
    ------
    InputError
        TC147 the store belongs to another ensemble or cannot be written; TC125, TC181 initial states of a wrong size or not finite;
        TC183, TC184, TC186, TC188 kinks, horizons, kinds and options that no member could be run with.
    """
    _refused(system, kind, horizon, executor, chunk, options)
    starts = [checked(np.asarray(x, dtype=np.float64).reshape(-1)) for x in initials]
    wrong = next((k for k, x in enumerate(starts) if x.size != system.size), None)
    if wrong is not None:
        raise InputError(f"initial state {wrong} has {starts[wrong].size} entries, there are {system.size} variables", code="TC125")
    payload = (system.graph, system.target, system.rule, list(system.vector.shapes))
    task = {"kind": kind, "horizon": float(horizon), "options": {"second": False, **options}}
    identity = _identity(system, task, starts)
    path = None if store is None else Path(store)
    done = {} if path is None else _read(path, identity)
    waiting = [k for k in range(len(starts)) if k not in done]
    parts = [waiting[i : i + chunk] for i in range(0, len(waiting), max(chunk, 1))]
    for rows in _shown(_run(executor, payload, task, parts, starts, identity), len(waiting), progress):
        for row in rows:
            done[row["member"]] = row
        if path is not None:
            _append(path, rows)
    return [done[k] for k in range(len(starts))]


OPTIONS = {"gradient": ("rtol", "atol", "second", "smooth", "solver"), "subgradient": ("rtol", "atol", "second")}


def _refused(system: System, kind: str, horizon: object, executor: object, chunk: object, options: dict) -> None:
    """Refuse what would make every member fail."""
    _flow(kind)
    if not isinstance(horizon, (int, float)) or not 0 < horizon < np.inf:
        raise InputError("the horizon must be a positive number", code="TC184")
    unknown = [name for name in options if name not in OPTIONS[kind]]
    if unknown:
        raise InputError(f"there is no option {unknown[0]!r}", code="TC188", hint="one of " + ", ".join(OPTIONS[kind]))
    if executor is not None and not hasattr(executor, "submit"):
        raise InputError("the executor has no method submit", code="TC188", hint="a concurrent.futures.Executor")
    if not isinstance(chunk, int) or chunk < 1:
        raise InputError("chunk is a positive whole number", code="TC188")
    if kind == "gradient" and not system.smooth and not options.get("smooth"):
        text = f"the function has kinks ({', '.join(system.kinks)}): smooth solvers fail there without notice"
        raise InputError(text, code="TC183", hint='kind = "subgradient"')


def _run(
    executor: Executor | None, payload: tuple, task: dict, parts: list[list[int]], starts: list[np.ndarray], identity: str
) -> Iterator[list[dict]]:
    if executor is None:
        for part in parts:
            yield _members(identity, payload, task, part, [starts[k] for k in part])
        return
    futures = [executor.submit(_members, identity, payload, task, part, [starts[k] for k in part]) for part in parts]
    for future in as_completed(futures):
        yield future.result()


def _members(identity: str, payload: tuple, task: dict, numbers: list[int], starts: list[np.ndarray]) -> list[dict]:
    """Run some members; a worker compiles the function once."""
    if identity not in _KNOWN:
        _KNOWN.clear()
        _KNOWN[identity] = _rebuilt(*payload)
    system = _KNOWN[identity]
    return [_member(system, task, k, start) for k, start in zip(numbers, starts, strict=True)]


def _rebuilt(graph: Graph, target: int, rule, names: list[str]) -> System:
    graph.inputs = {name: graph.inputs[name] for name in names}
    return System(graph, target, rule)


def _member(system: System, task: dict, number: int, start: np.ndarray) -> dict:
    flow = _flow(task["kind"])
    try:
        found = flow(system, start, task["horizon"], times=[0.0, task["horizon"]], **task["options"])
    except InputError as failure:
        return {"member": number, "last": None, "loss": None, "norm": None, "complete": False, "message": str(failure), "error_bar": None}
    last = found.last
    return {
        "member": number, "last": last.tolist(), "loss": system.value(last), "norm": float(np.linalg.norm(last)), "complete": found.complete,
        "message": found.message, "error_bar": found.error_bar,
    }  # fmt: skip


def _flow(kind: str) -> Callable:
    if kind == "gradient":
        from tamecheck.flows.gradient_flow import gradient_flow

        return gradient_flow
    if kind == "subgradient":
        from tamecheck.flows.filippov import subgradient_flow

        return subgradient_flow
    raise InputError(f"there is no flow {kind!r} for ensembles", code="TC186", hint="gradient or subgradient")


# ----------------------------------------------------------------------- store


def _identity(system: System, task: dict, starts: list[np.ndarray]) -> str:
    """Return a digest of the function, the options and the initial states."""
    g, h = system.graph, hashlib.sha256()
    place: dict[int, int] = {}
    for n in g.ancestors([system.target]):
        operation, parameters, arguments, shape = g.nodes[n]
        place[n] = len(place)
        h.update(json.dumps([operation, [place[a] for a in arguments], shape]).encode())
        arrays = g.constants if operation == "constant" else g.positions if operation in ("take", "put") else None
        h.update(json.dumps(parameters).encode() if arrays is None else arrays[parameters[0]].tobytes())
    h.update(json.dumps([list(system.rule), list(system.vector.shapes), task], sort_keys=True, default=str).encode())
    for start in starts:
        h.update(start.tobytes() + b";")
    return h.hexdigest()


def _read(path: Path, identity: str) -> dict[int, dict]:
    """Return the members of a store; a last line that was not finished is dropped."""
    try:
        if not path.exists():
            path.write_text(json.dumps({"ensemble": identity}) + "\n", encoding="ascii")
            return {}
        lines = path.read_text(encoding="ascii", errors="replace").split("\n")
    except OSError as bad:
        raise InputError(f"the store cannot be used: {bad.strerror}", code="TC147", where=str(path)) from bad
    try:
        first = json.loads(lines[0])
    except ValueError:
        first = None
    if not isinstance(first, dict) or first.get("ensemble") != identity:
        hint = "another file, or the same function and options"
        raise InputError("the store belongs to another ensemble", code="TC147", where=str(path), hint=hint)
    found, whole = {}, [lines[0]]
    for line in lines[1:]:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if not isinstance(row, dict) or not isinstance(row.get("member"), int):
            continue
        found[row["member"]] = row
        whole.append(line)
    if "\n".join(whole) + "\n" != "\n".join(lines):
        temporary = path.with_suffix(path.suffix + ".writing")
        temporary.write_text("\n".join(whole) + "\n", encoding="ascii")
        temporary.replace(path)
    return found


def _append(path: Path, rows: list[dict]) -> None:
    with path.open("a", encoding="ascii") as f:
        f.write("".join([json.dumps(row) + "\n" for row in rows]))
        f.flush()
        os.fsync(f.fileno())


def _shown(parts: Iterator[list[dict]], total: int, progress: bool) -> Iterator[list[dict]]:
    import sys

    if not progress or not sys.stderr.isatty():
        yield from parts
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("flows", total=total)
        for rows in parts:
            yield rows
            bar.advance(task, len(rows))
