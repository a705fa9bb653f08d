"""Networks and losses: finished programs with their names, ready to be certified.

Anything with a method ``to_program() -> (Program, {name: node})`` can be certified; tensors,
networks and losses have it.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from tamecheck.errors import InputError, ShapeError
from tamecheck.programs.builder.tensor import Arithmetic, common_trace, place
from tamecheck.programs.builder.trace import extract
from tamecheck.programs.program import Program


class Network:
    """A finished program with named outputs.

    Attributes
    ----------
    program : Program — what the outputs depend on, and nothing else
    outputs : dict[str, int] — the nodes of the outputs
    parameters, inputs : dict[str, int] — the nodes of the learnt tensors, and of the data
    loss : int or None — the node of the output called ``loss``

    Examples
    --------
    >>> from tamecheck.programs import builder as nn
    >>> net = nn.Network(nn.Linear(4, 2)(nn.Input("x", (8, 4))))
    >>> net
    Network(output: [8, 2]; 2 parameter tensors, 10 numbers; inputs x: [8, 4]; 6 nodes)
    """

    __slots__ = ("program", "outputs", "parameters", "inputs")

    def __init__(self, outputs: Arithmetic | Mapping[str, Arithmetic]) -> None:
        chosen = dict(outputs) if isinstance(outputs, Mapping) else {"output": outputs}
        if not chosen or not all(isinstance(v, Arithmetic) for v in chosen.values()):
            raise InputError("a network needs tensors as outputs", code="TC127", hint="Network(model(x)) or Network({'loss': loss})")
        trace = common_trace(chosen.values())
        nodes = [place(trace, v) for v in chosen.values()]
        self.program, places = extract(trace, nodes)
        self.outputs = dict(zip(chosen, places, strict=True))
        self.parameters: dict[str, int] = {}
        self.inputs: dict[str, int] = {}
        for n in self.program.inputs():
            name, role, _ = self.program.nodes[n][1]
            (self.parameters if role == "parameter" else self.inputs)[name] = n

    @property
    def loss(self) -> int | None:
        """The node of the output called ``loss``, if there is one."""
        return self.outputs.get("loss")

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of an output, a parameter or an input, by its name."""
        for table in (self.outputs, self.parameters, self.inputs):
            if name in table:
                return self.program.shape(table[name])
        raise InputError(f"the network has no tensor called {name!r}", code="TC127")

    def to_program(self) -> tuple[Program, dict[str, int]]:
        """Return the program and the nodes of its outputs."""
        return self.program, dict(self.outputs)

    def evaluate(self, values: Mapping[str, object]) -> dict[str, object]:
        """Return the outputs as float64 arrays at arrays for parameters and inputs; evidence, not proof."""
        from tamecheck.programs.evaluate import evaluate

        return dict(zip(self.outputs, evaluate(self.program, list(self.outputs.values()), values), strict=True))

    def count_parameters(self) -> int:
        """Return the number of real parameters."""
        return sum([prod(self.program.shape(n)) for n in self.parameters.values()])

    def __repr__(self) -> str:
        outputs = ", ".join(f"{name}: {list(self.program.shape(n))}" for name, n in self.outputs.items())
        inputs = ", ".join(f"{name}: {list(self.program.shape(n))}" for name, n in self.inputs.items())
        counted = f"{len(self.parameters)} parameter tensors, {self.count_parameters()} numbers"
        return f"{type(self).__name__}({outputs}; {counted}; inputs {inputs or 'none'}; {len(self.program)} nodes)"


class Loss(Network):
    """A network whose one output ``loss`` is a scalar: the function that training minimises."""

    __slots__ = ()

    def __init__(self, value: Arithmetic) -> None:
        if value.shape != ():
            raise ShapeError(f"a loss is a scalar, got shape {list(value.shape)}", hint="reduce it with .mean() or .sum()")
        super().__init__({"loss": value})
