"""Watch one forward pass of PyTorch: every ATen operation that derivatives pass through, with the module it belongs to."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from tamecheck.errors import InputError
from tamecheck.frameworks.torch_kinks import COMPARISONS, ENTRIES, Touch, flat_entries, touches

LEAVING = ("detach", "detach_", "data", "item", "tolist", "numpy", "__float__", "__int__", "__bool__")
"""Methods by which a value leaves the derivative."""


@dataclass
class Call:
    """One operation that was touched."""

    order: int
    module: str
    name: str
    function: object
    touch: Touch
    extra: tuple = ()
    in_place: bool = False


@dataclass
class Record:
    """What a forward pass showed."""

    calls: list[Call] = field(default_factory=list)
    unlisted: dict = field(default_factory=dict)
    detached: dict = field(default_factory=dict)
    choices: dict = field(default_factory=dict)
    dead: list = field(default_factory=list)
    operations: int = 0


VIEWS = frozenset(
    ["view", "_unsafe_view", "reshape", "unsqueeze", "squeeze", "t", "transpose", "permute", "slice", "select", "expand", "flatten", "alias"]
)
"""Operations that hand on entries as they are."""


class Watch(TorchDispatchMode):
    """Record what the operations touch; values are not changed."""

    def __init__(self) -> None:
        super().__init__()
        self.record, self.path = Record(), [""]
        self._flat: dict[int, tuple] = {}
        self._edges: dict[int, tuple] = {}

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        """Run one operation and look at its arguments."""
        kwargs = kwargs or {}
        name = func._schema.name.partition("::")[2]
        in_place = name.endswith("_") and not name.startswith("_") and not name.endswith("__")
        base = name.rstrip("_") if in_place else name
        tensors = _tensors(args) + _tensors(tuple(kwargs.values()))
        active = any([t.requires_grad and t.is_floating_point() for t in tensors])
        before = touches(base, _copied(args) if in_place else args, kwargs, None) if active and in_place and base in ENTRIES else None
        flat = flat_entries(base, args, kwargs, args[0]) if active and in_place else None
        out = func(*args, **kwargs)
        if not active:
            return out
        self.record.operations += 1
        if not torch.is_grad_enabled():
            if base not in ("detach", "alias", "view") and not _grows(base):
                self._count(self.record.detached, base)
            return out
        if base in COMPARISONS:
            self._compare(base, args, out)
        elif base in ("where", "masked_fill"):
            self._choose(base, args, out)
        elif isinstance(out, torch.Tensor) and base in ("_to_copy", "to") and not out.is_floating_point():
            self._count(self.record.detached, "conversion to integers")
        else:
            found = before if in_place and base in ENTRIES else touches(base, args, kwargs, out)
            self._keep(base, func, args, found, in_place)
        if not in_place and isinstance(out, torch.Tensor):
            flat = self._carried(base, func, args, kwargs) if base in VIEWS else flat_entries(base, args, kwargs, out)
        if flat is not None and isinstance(out, torch.Tensor) and flat.shape == out.shape:
            self._flat[id(out)] = (out, flat)
            if base not in VIEWS:
                self._units(base, flat)
        return out

    def _carried(self, name, func, args, kwargs):
        """Return the locally constant entries of a view."""
        known = self._flat.get(id(args[0]))
        return None if known is None else func(known[1], *args[1:], **kwargs)

    def _here(self) -> str:
        return self.path[-1]

    def _count(self, table: dict, name: str, amount: int = 1) -> None:
        table[self._here(), name] = table.get((self._here(), name), 0) + amount

    def _keep(self, name, func, args, found, in_place) -> None:
        if found is None:
            self._count(self.record.unlisted, name)
            return
        for t in found:
            if t.mask is not None and not bool(t.mask.any()):
                continue
            t.trivial = self._trivial(t)
            extra = tuple([a for a in args[1:]])
            self.record.calls.append(Call(self.record.operations, self._here(), name, func, t, extra, in_place))

    def _trivial(self, t: Touch) -> int:
        """Return how many touched entries are locally constant, and leave only the others to be separated."""
        known = self._flat.get(id(t.x))
        if known is None:
            return 0
        flat = known[1]
        if t.plus is not None:
            both = flat.reshape(-1)[t.plus] & flat.reshape(-1)[t.minus]
            alive = t.plus[~both]
            t.plus, t.minus = alive, t.minus[~both]
            return int(t.mask.sum()) if not len(alive) else 0
        if t.mask.shape == flat.shape and t.minuend is None and t.separable:
            t.live = t.mask & ~flat
            return int((t.mask & flat).sum())
        return 0

    def _units(self, name: str, flat: torch.Tensor) -> None:
        if name == "mul" or flat.dim() < 2:
            return
        unit = 1 if flat.dim() != 3 else 2
        dead = flat.all(dim=[d for d in range(flat.dim()) if d != unit])
        count = int(dead.sum())
        if count:
            first = dead.nonzero().reshape(-1)[:8].tolist()
            self.record.dead.append({"module": self._here(), "operator": name, "dead": count, "of": dead.numel(), "first": first})

    def _compare(self, name, args, out) -> None:
        if name.startswith("arg"):
            ties = (
                args[0] == (args[0].amax() if name == "argmax" else args[0].amin())
                if len(args) < 2 or args[1] is None
                else _tied(args[0], args[1], name)
            )
            if int(ties.sum()) > (1 if len(args) < 2 or args[1] is None else 0):
                self._edges[id(out)] = (out, ties, name, self._here())
            return
        equal = args[0] == args[1]
        if bool(equal.any()):
            self._edges[id(out)] = (out, equal, name, self._here())

    def _choose(self, name, args, out) -> None:
        condition = args[0] if name == "where" else args[1]
        edge = self._edges.pop(id(condition), None)
        if edge is None or edge[1] is None or out.numel() == 0:
            return
        first, second = (args[1], args[2]) if name == "where" else (args[0], args[2])
        agree = (
            torch.as_tensor(first == second).broadcast_to(out.shape)
            if isinstance(first, torch.Tensor) or isinstance(second, torch.Tensor)
            else first == second
        )
        equal = edge[1].broadcast_to(out.shape)
        touched, jumps = int(equal.sum()), int((equal & ~agree).sum())
        self.record.choices[self._here(), name, len(self.record.choices)] = (touched, jumps, out.numel(), equal.nonzero()[:3].tolist())

    def left_over(self) -> list[tuple]:
        """Return comparisons that were equal and fed no choice that was seen."""
        return [(module, name, 0 if equal is None else int(equal.sum()), out.numel()) for out, equal, name, module in self._edges.values()]


def _tied(x: torch.Tensor, dim: int, name: str) -> torch.Tensor:
    best = x.amax(dim, keepdim=True) if name == "argmax" else x.amin(dim, keepdim=True)
    return (x == best).sum(dim) > 1


def _grows(name: str) -> bool:
    return name in ("zeros_like", "ones_like", "empty_like", "randn_like", "rand_like", "full_like", "copy")


def _copied(args: tuple) -> tuple:
    return tuple([a.detach().clone() if isinstance(a, torch.Tensor) else a for a in args])


def _tensors(args: tuple) -> list[torch.Tensor]:
    found = []
    for a in args:
        if isinstance(a, torch.Tensor):
            found.append(a)
        elif isinstance(a, (list, tuple)):
            found += [t for t in a if isinstance(t, torch.Tensor)]
    return found


class Leaks(TorchFunctionMode):
    """Notice ``detach``, ``data``, ``item`` and the like, called by the program itself on tensors with derivatives."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self.watch = watch

    def __torch_function__(self, func, types, args=(), kwargs=None):
        """Look at one call of the program."""
        name = getattr(func, "__name__", "")
        if name == "__get__":
            name = getattr(getattr(func, "__self__", None), "__name__", "")
        leaving = name in LEAVING and args and isinstance(args[0], torch.Tensor)
        if leaving and args[0].requires_grad and torch.is_grad_enabled():
            self.watch._count(self.watch.record.detached, name)
        return func(*args, **(kwargs or {}))


def watched(module: torch.nn.Module, inputs: tuple, loss) -> tuple[object, object, Watch]:
    """Run a module (and a loss) once, and return output, loss and what was seen; in-place activations run out of place meanwhile."""
    watch = Watch()
    handles, changed = [], []
    for path, part in module.named_modules():
        handles.append(part.register_forward_pre_hook(_entering(watch, path)))
        handles.append(part.register_forward_hook(_leaving(watch), always_call=True))
        if getattr(part, "inplace", False) is True:
            part.inplace = False
            changed.append(part)
    try:
        with torch.enable_grad(), watch, Leaks(watch):
            output = _run(module, inputs)
            watch.path = ["loss"]
            value = loss(output) if loss is not None else None
    finally:
        for h in handles:
            h.remove()
        for part in changed:
            part.inplace = True
    return output, value, watch


def _run(module, inputs):
    try:
        return module(*inputs)
    except (RuntimeError, TypeError, ValueError, IndexError) as failure:
        first = str(failure).strip().splitlines()[0] if str(failure).strip() else type(failure).__name__
        raise InputError(f"the forward pass fails: {first[:200]}", code="TC179", where=type(module).__name__) from failure


def _entering(watch: Watch, path: str):
    def hook(module, args) -> None:
        watch.path.append(path)

    return hook


def _leaving(watch: Watch):
    def hook(module, args, output) -> None:
        watch.path.pop()

    return hook
