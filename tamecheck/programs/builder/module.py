"""Modules: descriptions of layers that write nodes when they are called.

A module holds leaves and other modules as attributes, as in PyTorch, and ``forward`` says
what it computes.  It keeps no numbers and no state.  The names of its parameters are the
dotted attribute paths, so that they agree with the keys of a PyTorch ``state_dict``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING

from tamecheck.errors import InputError, ShapeError, TamecheckError
from tamecheck.programs.builder.leaves import Leaf, Parameter
from tamecheck.programs.builder.tensor import Arithmetic, Tensor, apply, common_trace, place

if TYPE_CHECKING:
    from tamecheck.programs.builder.network import Network
    from tamecheck.programs.builder.trace import Trace

Layer = Callable[[Tensor], Tensor]
MAXIMAL_NESTING = 400  # Python's own calls nest as deep as modules do


class Module:
    """Base of all layers: subclass it, set attributes in ``__init__``, write ``forward``.

    Attributes
    ----------
    name : str — a prefix for the parameters when the module is called on its own; usually empty
    training : bool — batch statistics and dropout masks, or their evaluation forms
    """

    name = ""
    training = True

    def forward(self, *inputs: Tensor) -> Tensor:
        """Write the module's nodes; the one method a new layer must have."""
        raise InputError(f"{type(self).__name__} has no forward method", code="TC127")

    def __call__(self, *inputs: object, **options: object) -> Tensor:
        """Write the module's nodes into the trace of the inputs and return the result's handle."""
        trace = common_trace(flat(inputs) + flat(tuple(options.values())))
        trace.register(self)
        try:
            result = self.forward(*[_prepared(trace, v) for v in inputs], **options)
        except TamecheckError as error:
            if not error.where:
                error.where = trace.root().path(self)
            raise
        for handle in flat([result]):
            if isinstance(handle, Tensor):
                handle.trace.register(self)
                handle.trace.program.names.setdefault(handle.node, handle.trace.path(self))
        return result

    def named(self, name: str) -> Module:
        """Give the module a name, the prefix of its parameters when it is called on its own; return it."""
        self.name = str(name)
        return self

    # ---------------------------------------------------------------- members

    def members(self) -> list[tuple[str, object]]:
        """Return the leaves and modules held directly, by attribute name; lists and dicts are opened."""
        found: list[tuple[str, object]] = []
        stack = [(name, value) for name, value in reversed(vars(self).items()) if not name.startswith("_")]
        while stack:
            name, value = stack.pop()
            if isinstance(value, (Leaf, Module)):
                found.append((name, value))
            elif isinstance(value, (list, tuple)):
                stack += [(f"{name}.{k}", v) for k, v in reversed(list(enumerate(value)))]
            elif isinstance(value, dict):
                stack += [(f"{name}.{k}", v) for k, v in reversed(value.items())]
        return found

    def named_modules(self) -> list[tuple[str, Module]]:
        """Return this module and all modules below it with their paths, parents first, each once."""
        found: dict[Module, str] = {}
        stack: list[tuple[str, Module, int]] = [("", self, 0)]
        while stack:
            path, module, depth = stack.pop()
            if module in found:
                continue
            if depth > MAXIMAL_NESTING:
                raise InputError(f"modules are nested more than {MAXIMAL_NESTING} deep", code="TC127", hint="put the layers side by side")
            found[module] = path
            below = [(f"{path}.{n}" if path else n, m, depth + 1) for n, m in module.members() if isinstance(m, Module)]
            stack += reversed(below)
        return [(path, module) for module, path in found.items()]

    def named_leaves(self) -> list[tuple[str, Leaf]]:
        """Return parameters and buffers with their paths, each once."""
        found: dict[Leaf, str] = {}
        for path, module in self.named_modules():
            for name, value in module.members():
                if isinstance(value, Leaf) and value not in found:
                    found[value] = f"{path}.{name}" if path else name
        return [(path, leaf) for leaf, path in found.items()]

    def named_parameters(self) -> list[tuple[str, Parameter]]:
        """Return the learnt leaves with their paths, in PyTorch's order."""
        return [(path, leaf) for path, leaf in self.named_leaves() if leaf.role == "parameter"]

    def parameters(self) -> list[Parameter]:
        """Return the learnt leaves."""
        return [leaf for _, leaf in self.named_parameters()]

    def count_parameters(self) -> int:
        """Return the number of real parameters."""
        return sum([prod(leaf.shape) for leaf in self.parameters()])

    def train(self, mode: bool = True) -> Module:
        """Choose the training or the evaluation form of every module below; return the module."""
        for _, module in self.named_modules():
            module.training = bool(mode)
        return self

    def eval(self) -> Module:
        """Choose the evaluation form of every module below; return the module."""
        return self.train(False)

    def fix(self, state: Mapping[str, object]) -> Module:
        """Replace parameters and buffers by the values of a ``state_dict``; return the module.

        The values are arrays or PyTorch tensors under the names of `named_leaves`; every entry is the
        exact dyadic number that is stored.  What the mapping does not name stays free.

        Raises
        ------
        InputError
            If a name is unknown (counters of batches aside) or a shape differs.
        """
        known = dict(self.named_leaves())
        wrong = [name for name in state if name not in known and not name.endswith("num_batches_tracked")]
        if wrong:
            raise InputError(f"the module has no parameter {wrong[0]!r}", code="TC127", hint=", ".join(list(known)[:8]))
        fixed = {known[name]: Fixed(array, known[name].shape, name) for name, array in state.items() if name in known}
        for _, module in self.named_modules():
            for name, value in list(vars(module).items()):
                if isinstance(value, Leaf) and value in fixed:
                    setattr(module, name, fixed[value])
        return self

    def network(self, *inputs: object) -> Network:
        """Return the network that the module is on these inputs."""
        from tamecheck.programs.builder.network import Network

        return Network(self(*inputs))

    # ------------------------------------------------------------------- text

    def extra_repr(self) -> str:
        """Return what stands between the parentheses of the module's own line."""
        return ""

    def __repr__(self) -> str:
        lines: list[str] = []
        for path, module in self.named_modules():
            depth = path.count(".") + 1 if path else 0
            label = f"({path.rsplit('.', 1)[-1]}): " if path else ""
            lines.append("  " * depth + f"{label}{type(module).__name__}({module.extra_repr()})")
        return "\n".join(lines)

    # ------------------------------------------------------------------ checks

    def expect(self, good: bool, expected: str, x: Arithmetic) -> None:
        """Raise a `ShapeError` that says what this module expects and what it got, unless ``good``."""
        if not good:
            raise ShapeError(f"{type(self).__name__}({self.extra_repr()}) expects {expected}, got shape {list(x.shape)}")


class Derived(Module, Arithmetic):
    """A weight computed from other parameters; it stands where a `Parameter` stands."""

    shape: tuple[int, ...] = ()

    def derived(self, trace: Trace) -> Tensor:
        """Return the weight as a tensor of a trace."""
        raise InputError(f"{type(self).__name__} does not say what it derives", code="TC127")


class Fixed(Derived):
    """A weight whose numbers are known: an array, read as the exact dyadic numbers it stores."""

    def __init__(self, array: object, shape: tuple[int, ...], name: str) -> None:
        if hasattr(array, "detach"):  # a PyTorch tensor; double precision holds all its types exactly
            array = array.detach().cpu().double().numpy()
        if tuple(array.shape) != shape:
            raise ShapeError(f"{name} has shape {list(shape)}, its value has {list(array.shape)}")
        self.shape = shape
        self._array = array

    def derived(self, trace: Trace) -> Tensor:
        """Return the constant."""
        return Tensor(trace, trace.constant(self._array))


def flat(values: Sequence[object]) -> list[object]:
    """Return the values with tuples and lists of tensors opened, two levels deep."""
    result: list[object] = []
    for v in values:
        result += flat(v) if isinstance(v, (tuple, list)) and v and isinstance(v[0], (Arithmetic, tuple)) else [v]
    return result


def _prepared(trace: Trace, value: object) -> object:
    """Turn leaves into handles, inside tuples too."""
    if isinstance(value, Leaf):
        return Tensor(trace, place(trace, value))
    if isinstance(value, tuple):
        return tuple([_prepared(trace, v) for v in value])
    return value


class ModuleList(Module):
    """Modules side by side, to be called by hand: PyTorch's container, or just use a list."""

    def __init__(self, modules: Sequence[Module] = ()) -> None:
        self._modules = list(modules)

    def append(self, module: Module) -> ModuleList:
        """Add a module at the end."""
        self._modules.append(module)
        return self

    def members(self) -> list[tuple[str, object]]:
        """Return the modules by their numbers."""
        return [(str(k), m) for k, m in enumerate(self._modules)]

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)

    def __getitem__(self, k: int) -> Module:
        return self._modules[k]


class Sequential(Module):
    """One layer after the other.

    Layers are modules, functions of a tensor, or names of activations: ``Sequential(Linear(4, 8),
    "gelu", Linear(8, 1))``.  A mapping gives them names instead of numbers.
    """

    def __init__(self, *layers: Layer | str | Mapping[str, Layer]) -> None:
        if len(layers) == 1 and isinstance(layers[0], Mapping):
            items = list(layers[0].items())
        else:
            items = [(str(k), v) for k, v in enumerate(layers)]
        self._layers = [(name, as_layer(v)) for name, v in items]

    def members(self) -> list[tuple[str, object]]:
        """Return the layers that are modules, by number or name."""
        return [(name, v) for name, v in self._layers if isinstance(v, Module)]

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layers in order."""
        for _, layer in self._layers:
            x = layer(x)
        return x

    def __iter__(self) -> Iterator[Layer]:
        return iter([v for _, v in self._layers])

    def __len__(self) -> int:
        return len(self._layers)

    def __getitem__(self, k: int) -> Layer:
        return self._layers[k][1]


def as_layer(value: Layer | str) -> Layer:
    """Return a layer from a module, a function, or the name of an activation."""
    if isinstance(value, str):
        from tamecheck.programs.builder.activations import activation

        return activation(value)
    if not callable(value):
        raise InputError(f"{value!r} is not a layer", code="TC127", hint="give a module, a function or the name of an activation")
    return value


class Identity(Module):
    """The identity."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the input."""
        return x


class Residual(Module):
    """``x + layer(x)``, with an optional ``shortcut`` layer in place of the first ``x``."""

    def __init__(self, layer: Layer | str, shortcut: Layer | None = None) -> None:
        self.layer = as_layer(layer)
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        """Return the sum of the shortcut and the layer."""
        return (x if self.shortcut is None else self.shortcut(x)) + self.layer(x)


class Parallel(Module):
    """Several layers on the same input, joined by ``concat`` (along ``dim``), ``sum``, ``mean``, ``prod`` or ``max``."""

    def __init__(self, *layers: Layer | str, join: str = "concat", dim: int = -1) -> None:
        from tamecheck.programs.builder.hyperparameters import one_of

        self.branches = [as_layer(v) for v in layers]
        self.join = one_of(join, ("concat", "sum", "mean", "prod", "max"), "join")
        self.dim = dim
        if not layers:
            raise InputError("Parallel of no layers", code="TC127")

    def extra_repr(self) -> str:
        """Return the way of joining."""
        return f"join={self.join!r}"

    def forward(self, x: Tensor) -> Tensor:
        """Return the joined results."""
        results = [branch(x) for branch in self.branches]
        if self.join == "concat":
            return cat(results, self.dim)
        total = results[0]
        for r in results[1:]:
            total = maximum(total, r) if self.join == "max" else total * r if self.join == "prod" else total + r
        return total / len(results) if self.join == "mean" else total


class Lambda(Module):
    """A function of tensors as a module."""

    def __init__(self, function: Callable[..., Tensor]) -> None:
        self._function = function

    def forward(self, *inputs: Tensor) -> Tensor:
        """Apply the function."""
        return self._function(*inputs)


# ------------------------------------------------------------ functions of several tensors


def cat(tensors: Sequence[Arithmetic], dim: int = 0) -> Tensor:
    """Return tensors joined along an existing axis."""
    return apply(lambda p, *nodes: p.reindex(("concat", dim), *nodes), *tensors)


def stack(tensors: Sequence[Arithmetic], dim: int = 0) -> Tensor:
    """Return tensors of one shape joined along a new axis."""
    from tamecheck.programs.definitions import basics

    return apply(lambda p, *nodes: basics.stack(p, nodes, dim), *tensors)


def where(condition: object, a: object, b: object) -> Tensor:
    """Return the entries of ``a`` where the condition is not 0, of ``b`` elsewhere."""
    return apply(lambda p, c, m, n: p.where(c, m, n), condition, a, b)


def maximum(a: object, b: object) -> Tensor:
    """Return the larger entries."""
    return apply(lambda p, m, n: p.map("max", m, n), a, b)


def minimum(a: object, b: object) -> Tensor:
    """Return the smaller entries."""
    return apply(lambda p, m, n: p.map("min", m, n), a, b)


def einsum(specification: str, *tensors: object) -> Tensor:
    """Return a contraction with an explicit output, as ``"bij,bjk->bik"``."""
    return apply(lambda p, *nodes: p.contract(specification.replace(" ", ""), *nodes), *tensors)
