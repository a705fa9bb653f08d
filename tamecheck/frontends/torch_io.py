"""Torch programs as programs: a ``.pt2`` file, an ``ExportedProgram``, or a module with example inputs.

All three take one road: the archive that ``torch.export.save`` writes, read by our own reader
(no torch import, no pickle).  Parameters are the exported parameters; buffers and lifted
constants are constants by value.  Numbers are ideal reals, a stored float is the dyadic number
it is.  An operator, argument or value that is not understood is a refusal, never a guess.
"""

from __future__ import annotations

import hashlib
import io
import os
import sys
from dataclasses import dataclass, field
from fractions import Fraction
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from tamecheck.errors import InputError, ShapeError, UnsupportedModel
from tamecheck.frontends.torch_graph import aten
from tamecheck.frontends.torch_graph.archive import BOOL, HINT, INTEGERS, MAXIMAL_BYTES, Archive, extents, read_archive
from tamecheck.ground.intervals import LINE, interval
from tamecheck.programs.program import Program

if TYPE_CHECKING:
    import numpy as np

MAXIMAL_VALUES = 16
MAXIMAL_NODES = 1_000_000


@dataclass
class Imported:
    """A program with its outputs; ``values`` are the stored parameters, for evaluation only."""

    program: Program
    outputs: dict[str, int]
    parameters: list[str]
    data: list[str]
    literal: list[dict] = field(default_factory=list)
    choices: list[str] = field(default_factory=list)
    values: dict[str, np.ndarray] = field(default_factory=dict)


def load(source: object, inputs: tuple | None = None) -> Imported:
    """Read a torch program.

    Parameters
    ----------
    source : path or bytes of a ``.pt2`` archive, an ``ExportedProgram``, or an ``nn.Module``
    inputs : example inputs of a module, a tuple of tensors; their values do not matter, their shapes do

    Raises
    ------
    InputError
        If the archive cannot be read (TC131 to TC139) or a module comes without inputs (TC126).
    UnsupportedModel
        If operators have no translation; ``problems`` lists all of them (TC130).
    """
    content, where = _content(source, inputs)
    try:
        return _Importer(read_archive(content, where)).run()
    except InputError:
        raise
    except Exception as error:  # whatever a stranger's file provokes is a problem of that file
        raise InputError(f"the program's structure cannot be read ({type(error).__name__})", code="TC139", where=where) from error


def _content(source: object, inputs: tuple | None) -> tuple[bytes, str]:
    if isinstance(source, (bytes, bytearray)):
        return bytes(source), ""
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        if not path.is_file() or path.stat().st_size > MAXIMAL_BYTES:
            raise InputError("no regular file, or too large a one", code="TC131", where=str(path))
        return path.read_bytes(), str(path)
    torch = sys.modules.get("torch")  # whoever holds a torch object has imported torch
    if torch is None:
        raise InputError(f"{type(source).__name__} is no torch program", code="TC131", hint="a path, bytes, a module or an ExportedProgram")
    if isinstance(source, torch.nn.Module):
        if not isinstance(inputs, tuple):
            raise InputError("a module needs example inputs", code="TC126", hint="inputs=(x,), a tuple of tensors")
        try:
            source = torch.export.export(source, inputs)
        except Exception as error:
            raise InputError(f"torch.export cannot export the module: {str(error)[:200]}", code="TC139") from error
    if not isinstance(source, torch.export.ExportedProgram):
        raise InputError(f"{type(source).__name__} is neither a module nor an exported program", code="TC126")
    stream = io.BytesIO()
    torch.export.save(source, stream)
    return stream.getvalue(), ""


class _Importer:
    """One reading of an archive; operators see it as their context ``c``."""

    def __init__(self, archive: Archive) -> None:
        self.p = Program()
        self.archive = archive
        self.graph = archive.model["graph_module"]["graph"]
        self.metas = self.graph["tensor_values"]
        self.known: dict[str, object] = {}
        self.kinds: dict[int, int] = {}
        self.static: dict[int, np.ndarray] = {}
        self.problems: list[dict] = []
        self.found = Imported(self.p, {}, [], [])
        self.target, self.expected, self.expected_dtype = "", (), 0

    # what operators ask for

    def tensor(self, value: object) -> int:
        """Return the node of an operand that is a tensor or a number."""
        return value if isinstance(value, Ref) else self.p.constant(Fraction(value))

    def dtype(self, n: int) -> int:
        """Return the element type of a node."""
        return self.kinds.get(n, 0)

    def lies_outside(self, n: int, extent: int) -> bool:
        """Whether a stored index lies outside ``0 .. extent-1``."""
        array = self.static.get(n)
        return array is not None and bool(((array < 0) | (array >= extent)).any())

    def note(self, text: str) -> None:
        """Record a difference between the machine's program and the function."""
        entry = {"where": self.target, "text": text}
        if entry not in self.found.literal:
            self.found.literal.append(entry)

    # reading

    def run(self) -> Imported:
        nodes, signature = self.graph["nodes"], self.archive.model["graph_module"]["signature"]
        if len(nodes) > MAXIMAL_NODES:
            raise InputError(f"{len(nodes)} operators, the limit is {MAXIMAL_NODES}", code="TC136")
        for spec in signature["input_specs"]:
            self._input(spec)
        uses, makers = _uses(nodes, signature["output_specs"]), {}
        for node in nodes:
            self._node(node, uses, makers)
        for spec in signature["output_specs"]:
            kind, about = next(iter(spec.items()))
            if kind not in ("user_output", "loss_output"):
                self._problem("output", kind, "the program changes its own state; call model.eval() before exporting")
                continue
            name = about["arg"]["as_tensor"]["name"] if "as_tensor" in about["arg"] else about["arg"].get("name")
            n = self.known.get(name)
            if isinstance(n, int):
                self.found.outputs[name] = n
            elif name not in self.known:
                raise InputError(f"the output {str(name)[:80]!r} is not defined", code="TC134", hint=HINT)
        if self.problems:
            first, more = self.problems[0], len(self.problems) - 1
            tail = f" (and {more} more problem{'s' if more > 1 else ''})" if more else ""
            raise UnsupportedModel(f"{first['op']} {first['node']!r}: {first['reason']}{tail}", problems=self.problems, code="TC130")
        if not self.found.outputs:
            raise InputError("the program has no output that is a tensor", code="TC134")
        return self.found

    def _problem(self, op: str, node: str, reason: str) -> None:
        self.problems.append({"node": str(node)[:80], "op": str(op)[:80], "reason": reason, "code": "TC130"})

    def _input(self, spec: dict) -> None:
        kind, about = next(iter(spec.items()))
        if kind == "user_input":
            if "as_tensor" not in about["arg"]:
                raise InputError("an input of the program is no tensor", code="TC135", hint="make it a constant of the module")
            name = about["arg"]["as_tensor"]["name"]
            box = interval(0, 1) if self.metas[name]["dtype"] == BOOL else LINE
            n = self.p.input(name, extents(self.metas[name]["sizes"]), "data", box)
            self.found.data.append(name)
        elif kind == "parameter":
            name, stored = about["arg"]["name"], about["parameter_name"]
            n = self.p.input(stored, extents(self.metas[name]["sizes"]), "parameter")
            self.found.parameters.append(stored)
            self.found.values[stored] = self.archive.array(stored).astype("f8")
        elif kind in ("buffer", "tensor_constant"):
            name, stored = about["arg"]["name"], about[f"{kind}_name"]
            n = self._constant(self.archive.array(stored), stored)
        else:
            raise InputError(f"an input of kind {kind[:40]!r} is not read", code="TC135")
        if self.p.shape(n) != extents(self.metas[name]["sizes"]) or name in self.known:
            raise InputError(f"the input {name[:80]!r} is defined twice or differs from its tensor", code="TC134", hint=HINT)
        self.known[name] = n
        self._typed(n, self.metas[name]["dtype"])

    def _typed(self, n: int, dtype: int) -> None:
        # equal nodes are one node: where two element types meet in one, neither is claimed
        self.kinds[n] = dtype if self.kinds.get(n, dtype) == dtype else 0

    def _constant(self, array: np.ndarray, name: str) -> int:
        numbers = array.astype("f8")
        if array.dtype.kind == "f" and not all(map(isfinite, (numbers.min(), numbers.max())) if array.size else ()):
            raise InputError(f"the constant {name[:80]!r} holds nan or an infinity, which are no real numbers", code="TC135")
        if array.size <= MAXIMAL_VALUES:
            entries = [Fraction(e) for e in array.ravel().tolist()]
            n = self.p.values(entries, array.shape)
        else:
            seal = hashlib.sha256(f"{array.dtype.str}{list(array.shape)}".encode() + array.tobytes()).hexdigest()
            n = self.p.opaque(seal, array.shape, interval(Fraction(array.min().item()), Fraction(array.max().item())), numbers)
        self.static[n] = array
        return n

    def _node(self, node: dict, uses: dict[str, int], makers: dict[str, str]) -> None:
        target, outputs = str(node["target"]), node["outputs"]
        name = str(node.get("name") or target)
        short = target.removeprefix("torch.ops.aten.")
        base, _, overload = short.partition(".")
        if short == "_assert_tensor_metadata.default" and not outputs:
            return  # a check of element types only: it has no value and changes none
        places = [t["name"] for o in outputs for t in (o["as_tensors"] if "as_tensors" in o else [o["as_tensor"]] if "as_tensor" in o else [])]
        for place in places:
            if place in self.known:
                raise InputError(f"the value {str(place)[:80]!r} is defined twice", code="TC134", hint=HINT)
            self.known[place] = None
            makers[place] = base
        try:
            arguments = {a["name"]: self._argument(a["arg"]) for a in node["inputs"]}
            if base.endswith("_") and not base.endswith("__"):
                self._unshared(node["inputs"][0]["arg"], uses, makers)
                base = base[:-1]
            function = aten.OPERATORS.get(f"{base}.{overload}") if target.startswith("torch.ops.aten.") else None
            if function is None or not places:
                raise aten.Unsupported(aten.REFUSED.get(base, "the operator has no translation"))
            meta = self.metas[places[0]]
            self.target, self.expected, self.expected_dtype = short, extents(meta["sizes"]), meta["dtype"]
            if meta["dtype"] in INTEGERS and any(isinstance(a, Ref) and self.dtype(a) not in INTEGERS | {BOOL} for a in arguments.values()):
                raise aten.Unsupported("real numbers become integers")
            result = function(self, **arguments)
            results = [int(n) for n in (result if isinstance(result, list) else [result])]
            shapes, declared = [self.p.shape(n) for n in results], [extents(self.metas[k]["sizes"]) for k in places]
            if shapes != declared:
                raise aten.Unsupported(f"its results have shapes {[list(k) for k in shapes]}, the file says {[list(k) for k in declared]}")
        except _Poisoned:
            return
        except aten.Unsupported as refusal:
            self._problem(short, name, refusal.reason)
        except ShapeError as error:
            self._problem(short, name, error.message)
        except TypeError:
            self._problem(short, name, "an argument of it has no translation")
        else:
            for place, n in zip(places, results, strict=True):
                self.known[place] = n
                self._typed(n, self.metas[place]["dtype"])

    def _unshared(self, argument: dict, uses: dict[str, int], makers: dict[str, str]) -> None:
        """Accept an in-place operator only where nothing else can see its operand."""
        name = argument.get("as_tensor", {}).get("name")
        if uses.get(name) != 1 or name not in makers or makers[name].rstrip("_") in aten.VIEWS:
            raise aten.Unsupported("it changes a tensor in place that others may see; use exported.run_decompositions({})")

    def _argument(self, value: dict) -> object:
        kind, content = next(iter(value.items()))
        if kind == "as_none":
            return None
        if kind == "as_tensor":
            return self._known(content["name"])
        if kind == "as_tensors":
            return [self._known(t["name"]) for t in content]
        if kind == "as_optional_tensor" and "as_none" not in content:
            return self._argument(content)
        if kind == "as_optional_tensor":
            return None
        if kind == "as_float":
            if not isinstance(content, (int, float)) or not isfinite(content):
                raise aten.Unsupported("an argument is infinite or nan, no real number")
            return Fraction(content)
        if kind in ("as_int", "as_bool", "as_ints", "as_string", "as_scalar_type", "as_memory_format", "as_bools", "as_device", "as_layout"):
            return content
        raise aten.Unsupported(f"an argument of kind {kind[:40]!r}")

    def _known(self, name: str) -> int:
        if name not in self.known:
            raise InputError(f"the value {str(name)[:80]!r} is used before it is defined", code="TC134", hint=HINT)
        if self.known[name] is None:
            raise _Poisoned
        return Ref(self.known[name])


class Ref(int):
    """The position of a node, told apart from an integer argument."""


class _Poisoned(Exception):
    """An operand was refused already; the problem is listed once."""


def _uses(nodes: list[dict], outputs: list[dict]) -> dict[str, int]:
    """Return how often each value is read, by operators and as an output."""
    count: dict[str, int] = {}
    for spec in outputs:
        for about in spec.values():
            name = about["arg"].get("as_tensor", {}).get("name")
            count[name] = count.get(name, 0) + 1
    for node in nodes:
        for a in node["inputs"]:
            for kind, content in a["arg"].items():
                for t in content if kind == "as_tensors" else [content] if kind == "as_tensor" else []:
                    count[t["name"]] = count.get(t["name"], 0) + 1
    return count
