"""``tc.torch``: models of PyTorch.

`kinkcheck` runs one forward pass and tells which kinks and ties the numbers touch, what backward returns there, and what follows.
`decide_rule` decides a rule of one's own (``torch.autograd.Function``), written as formulas.
"""

from __future__ import annotations

try:
    import torch
except ModuleNotFoundError as failure:
    raise ModuleNotFoundError("tc.torch needs PyTorch: pip install 'tamecheck[torch]'", name="torch") from failure

from tamecheck.autodiff import rulebooks
from tamecheck.errors import InputError
from tamecheck.frameworks.custom_rules import decide_rule
from tamecheck.frameworks.findings import Finding, KinkReport, judge
from tamecheck.frameworks.torch_directions import Group, separate
from tamecheck.frameworks.torch_watch import Call, Record, watched

FIRST = 3
REWRITE = {
    "relu": "start biases away from 0, or move the inputs off a grid",
    "tie": "break ties by data that are not quantised, or use a mean or logsumexp",
    "pole": "add an epsilon inside, or use a norm that has a rule at 0",
    "jump": "a smooth or piecewise linear stand-in",
    "norm": "add an epsilon inside the norm",
    "stop_gradient": "tc.conservative with stop_gradient(...) decides small cases",
    "custom": "tc.torch.decide_rule decides the rule as a formula",
}


def kinkcheck(module: torch.nn.Module, inputs: object, loss: object = None) -> KinkReport:
    """Return which kinks and ties a model touches at its present parameters and these inputs, and what backward returns there.

    Parameters
    ----------
    module : torch.nn.Module — run once as it is (in its present mode, with its present parameters); buffers are restored afterwards
    inputs : Tensor or tuple of tensors
    loss : callable or None — output -> tensor; ``None``: all entries of the output

    Returns
    -------
    KinkReport — verdicts are about a neighbourhood of these parameters, for the operations as they ran

    Raises
    ------
    InputError
        TC177 no module, TC178 nothing to differentiate, no inputs, or an output that is no tensor, TC179 the forward pass failed.

    Notes
    -----
    Cost: one forward pass with a few comparisons per entry, one backward pass, and three to five partial backward passes for each
    layer that is touched.  Values are those of floating point: what exact arithmetic would touch is not known.

    Examples
    --------
    >>> net = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.ReLU())
    >>> _ = [torch.nn.init.zeros_(p) for p in net.parameters()]
    >>> report = kinkcheck(net, torch.ones(1, 2))
    >>> report.verdict, report.findings[0].module, report.findings[0].touched, report.findings[0].returned
    ('clarke', '1', 2, '0')
    """
    arguments = _checked(module, inputs, loss)
    saved = {name: b.detach().clone() for name, b in module.named_buffers()}
    try:
        output, value, watch = watched(module, arguments, loss)
        found = _report(module, arguments, output, value, watch)
    finally:
        with torch.no_grad():
            for name, b in module.named_buffers():
                if name in saved:
                    b.copy_(saved[name])
    return found


def _checked(module, inputs, loss) -> tuple:
    if not isinstance(module, torch.nn.Module):
        raise InputError(f"{type(module).__name__} is no module", code="TC177", hint="a torch.nn.Module; a function can be wrapped in one")
    arguments = (inputs,) if isinstance(inputs, torch.Tensor) else tuple(inputs) if isinstance(inputs, (tuple, list)) else None
    if not arguments:
        raise InputError("no inputs", code="TC178", where=type(module).__name__, hint="a tensor, or a tuple of what the module is called with")
    if loss is not None and not callable(loss):
        raise InputError(f"the loss is a {type(loss).__name__}", code="TC178", hint="a function of the output, such as lambda y: y.square().mean()")
    if not _variables(module, arguments):
        raise InputError(
            "nothing to differentiate: no parameter and no input requires a gradient",
            code="TC178",
            where=type(module).__name__,
            hint="inputs.requires_grad_()",
        )
    return arguments


def _variables(module, arguments) -> list[torch.Tensor]:
    return [p for p in module.parameters() if p.requires_grad] + [x for x in arguments if isinstance(x, torch.Tensor) and x.requires_grad]


def _outputs(value: object) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value] if value.is_floating_point() else []
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, (tuple, list)) else []
    return [t for v in parts for t in _outputs(v)]


def _report(module, arguments, output, value, watch) -> KinkReport:
    tensors = _outputs(output if value is None else value)
    if not tensors:
        raise InputError(f"the output holds no tensor of real numbers, it is a {type(output if value is None else value).__name__}", code="TC178")
    variables = _variables(module, arguments)
    connected = [t for t in tensors if t.requires_grad]
    if not connected:
        raise InputError("the output does not depend on parameters or inputs that require a gradient", code="TC178", where=type(module).__name__)
    record: Record = watch.record
    findings = [_measured(c) for c in record.calls]
    findings += _others(record, watch) + _customs(connected)
    gradient = torch.autograd.grad([t.sum() for t in connected], variables, allow_unused=True, retain_graph=True)
    finite = all([bool(torch.isfinite(g).all()) for g in gradient if g is not None])
    findings += _hooks(module)
    biases = {
        k for k, (n, _) in enumerate([(n, p) for n, p in module.named_parameters() if p.requires_grad]) if n.rpartition(".")[2].startswith("bias")
    }
    qualified, why = _qualified(record, findings, variables, biases)
    verdict, reasons = judge(findings, finite, qualified, why)
    book = rulebooks.load("torch")
    count = sum([p.numel() for p in module.parameters()])
    content = {
        "model": f"{type(module).__name__}, {count:,} parameters, {record.operations} operations",
        "framework": f"torch {torch.__version__}",
        "verdict": verdict,
        "reasons": reasons,
        "rules": f"rule book of {book.name}, and measured with torch {torch.__version__}",
        "operations": record.operations,
        "parameters": count,
        "dead": record.dead,
        "zeros": [n for n, p in module.named_parameters() if p.numel() and not bool(p.any())],
        "integers": _integers(arguments),
        "finite": finite,
        "assumptions": [
            "the branches taken in floating point are those of exact arithmetic",
            "smooth operations are differentiated correctly",
            "random operations (dropout) keep their masks",
            "a neighbourhood of these parameters, not all parameters",
        ],
    }
    return KinkReport(content, findings)


def _integers(arguments) -> list[str]:
    found = []
    for k, x in enumerate(arguments):
        if isinstance(x, torch.Tensor) and x.is_floating_point() and x.numel():
            if bool((x == torch.round(x)).all()):
                found.append(f"input {k} holds integers")
            elif bool(((255 * x - torch.round(255 * x)).abs() < 1e-4).all()):
                found.append(f"input {k} holds multiples of 1/255")
    return found


def _measured(call: Call) -> Finding:
    t = call.touch
    positions = t.mask.nonzero()[:FIRST].tolist()
    f = Finding(call.module, call.name, t.kind, int(t.mask.sum()), t.of, t.trivial, positions, note=t.note)
    values, source = _returned(call)
    f.returned, f.source = ", ".join([_number(v) for v in values]) if values else "", source
    ok = bool(values) and all([v == v and abs(v) != float("inf") for v in values])
    if t.kind == "kink":
        f.conservative = True if ok else None
        f.clarke = _inside(call, values) if ok else None
        f.rewrite = REWRITE["relu"]
    elif t.kind == "tie":
        f.conservative = _tie(t, values) if values else (True if t.operator in WEIGHTED else None)
        f.clarke = f.conservative
        f.rewrite = REWRITE["tie"]
    elif t.kind == "norm":
        f.conservative = f.clarke = True if ok and all([v == 0 for v in values]) else None
        f.note = "the only derivative at a cone's tip that is returned is 0"
        f.rewrite = REWRITE["norm"]
    elif t.kind == "jump":
        f.conservative = f.clarke = False
        f.note, f.rewrite = t.note or "the value jumps here: there is no conservative field", REWRITE["jump"]
    elif t.kind == "pole":
        f.conservative = f.clarke = False
        f.note, f.rewrite = t.note or "not locally Lipschitz here", REWRITE["pole"]
    return f


WEIGHTED = frozenset(["max all", "sort", "topk", "kthvalue", "median", "mode", "amax", "cummax last", "norm inf"])
"""Operations whose weights at ties were probed for the rule book: they add up to 1, and none is negative."""


def _number(v: float) -> str:
    return f"{v:.6g}"


def _probe(call: Call) -> list[float]:
    """Run the operation on the touched entries and differentiate."""
    t = call.touch
    operation = getattr(torch.ops.aten, call.name)
    if t.kind == "norm":
        return _tip(call)
    if t.plus is not None or not t.separable:
        return _row(t)
    mask = t.mask
    x = t.x.detach()[mask][:8] if t.x.shape == mask.shape else None
    if x is None:
        return []
    x = x.clone().requires_grad_()
    extra = []
    for a in call.extra:
        if isinstance(a, torch.Tensor):
            wide = (
                a.detach().reshape(1, -1, *[1] * (t.x.dim() - 2)) if call.name == "_prelu_kernel" and a.dim() == 1 and t.x.dim() > 1 else a.detach()
            )
            a = torch.broadcast_to(wide, t.x.shape)[mask][:8]
        extra.append(a)
    if t.minuend is not None and len(extra) and isinstance(extra[0], torch.Tensor):
        extra[0] = extra[0].clone().requires_grad_()
    with torch.enable_grad():
        y = operation(x, *extra)
        if t.kind == "tie" and call.name != "smooth_l1_loss":
            return [g.reshape(-1)[0].item() for g in torch.autograd.grad(y.sum(), (x, extra[0]))]
        g = torch.autograd.grad(y.sum(), x)[0]
    return sorted(set(g.reshape(-1).tolist()))


def _tip(call: Call) -> list[float]:
    x = torch.zeros(3, dtype=call.touch.x.dtype, requires_grad=True)
    if call.touch.operator == "std":
        y = torch.std(x + 1)
    elif call.name == "_cdist_forward":
        y = torch.cdist(x[None], torch.zeros(1, 3, dtype=x.dtype))
    else:
        y = torch.linalg.vector_norm(x, *call.extra[:1])
    return sorted(set(torch.autograd.grad(y.sum(), x)[0].tolist()))


def _row(t) -> list[float]:
    """Return the weights on three tied entries."""
    if t.probe is None:
        return []
    x = torch.ones(3, dtype=t.x.dtype, requires_grad=True)
    with torch.enable_grad():
        return torch.autograd.grad(t.probe(x).sum(), x)[0].tolist()


def _returned(call: Call) -> tuple[list[float], str]:
    try:
        values = _probe(call)
    except (RuntimeError, IndexError, TypeError, ValueError):
        values = []
    listed = _listed(call)
    if not values:
        return [], ""
    if listed is None:
        return values, "measured"
    same = call.touch.plus is not None or any([abs(v - listed) < 1e-6 for v in values])
    return values, "rule book and measured" if same else f"measured; the rule book says {_number(listed)}"


def _listed(call: Call) -> float | None:
    t = call.touch
    rows = [r for r in rulebooks.load("torch").kinks(t.operator) if t.where == r.where]
    numbers = {v for r in rows for v in (r.values["reverse"] or ())[:1] if not isinstance(v, str)}
    parametrised = any([r.parameters for r in rows]) and len(numbers) > 1
    return float(numbers.pop()) if numbers and not parametrised and len(numbers) == 1 else None


def _inside(call: Call, values: list[float]) -> bool | None:
    t = call.touch
    if t.left is None:
        return None
    slopes = []
    for s in (t.left, t.right):
        s = s.detach()[t.mask] if isinstance(s, torch.Tensor) else torch.tensor([float(s)])
        slopes += [float(s.min()), float(s.max())]
    if any([isinstance(s, torch.Tensor) for s in (t.left, t.right)]) and t.mask.sum() > 1 and slopes[0] != slopes[1]:
        return None
    low, high = min(slopes), max(slopes)
    slack = 1e-6 * max(abs(low), abs(high))
    return all([low - slack <= v <= high + slack for v in values])


def _tie(t, values: list[float]) -> bool | None:
    if t.left == -1.0:
        return all([abs(v) <= 1 for v in values])
    return abs(sum(values) - 1) < 1e-6 and all([v >= 0 for v in values])


def _others(record: Record, watch) -> list[Finding]:
    found = []
    for (module, name), count in record.unlisted.items():
        found.append(Finding(module, name, "unlisted", count, note="the operation is not in the table of kinks"))
    for (module, name), count in record.detached.items():
        found.append(
            Finding(
                module,
                name,
                "detached",
                count,
                note="values leave the derivative: what is returned may belong to another function",
                rewrite=REWRITE["stop_gradient"],
            )
        )
    for (module, name, _), (touched, jumps, of, positions) in record.choices.items():
        note = (
            f"the branches differ at {jumps} of them: the value jumps"
            if jumps
            else "the branches agree there; conservative if they do so along the boundary"
        )
        found.append(Finding(module, name, "choice", touched, of, 0, positions, conservative=False if jumps else None, note=note))
    for module, name, touched, of in watch.left_over():
        found.append(Finding(module, name, "choice", touched, of, note="a comparison of equal numbers, used in a way that is not followed"))
    return found


def _customs(tensors) -> list[Finding]:
    """Return the rules of the program's own that lie on the way back."""
    seen, stack, found = set(), [t.grad_fn for t in tensors if t.grad_fn is not None], {}
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        stack += [n for n, _ in node.next_functions if n is not None]
        if isinstance(node, torch.autograd.function.BackwardCFunction):
            name = type(node).__name__.removesuffix("Backward")
            found[name] = found.get(name, 0) + 1
    return [Finding("", name, "custom", count, note="a backward of its own", rewrite=REWRITE["custom"]) for name, count in found.items()]


def _hooks(module) -> list[Finding]:
    found = []
    for name, part in module.named_modules():
        if part._backward_hooks or part._backward_pre_hooks:
            found.append(Finding(name, "backward hook", "custom", 1, note="a hook may change the derivative", rewrite=REWRITE["custom"]))
    for name, p in module.named_parameters():
        if p._backward_hooks or p._post_accumulate_grad_hooks:
            found.append(Finding(name, "tensor hook", "custom", 1, note="a hook may change the derivative", rewrite=REWRITE["custom"]))
    return found


def _qualified(record: Record, findings, variables, biases) -> tuple[bool | None, str]:
    """Build the constraints of all touched entries that matter, and separate them."""
    groups, mixes = [], []
    for call, f in zip(record.calls, findings, strict=False):
        t = call.touch
        if f.harmless:
            continue
        if f.conservative is not True:
            return None, f"{f.operator} is open"
        if call.in_place:
            return None, f"{f.operator} in {f.module} overwrites its argument: where it leads is not followed"
        if not t.separable or (t.kind == "tie" and t.plus is None and t.minuend is None):
            return None, f"ties of {f.operator} in {f.module or 'the program'} are not separated one by one"
        group, share = _group(call, f)
        if group is None:
            return None, f"{f.operator} in {f.module or 'the program'} returns {f.returned}, between its one-sided slopes and not the same everywhere"
        groups.append(group)
        mixes.append(share)
    mixed = [s for s in mixes if s is not None]
    if mixed and len(groups) > 1:
        return None, "a mean of one-sided slopes is returned and another layer is touched too"
    verdict, why = separate(groups, variables, biases)
    if verdict and mixed:
        why += f"; backward returns the mean with weight {mixed[0]:.3g} of the gradients on both sides"
    return verdict, why


def _group(call: Call, f: Finding) -> tuple[Group | None, float | None]:
    """Return the constraints of one call and, if backward mixes both sides, the weight of the left one."""
    t = call.touch
    if t.plus is not None:
        return Group(t.x, t.plus, t.minus, None, torch.ones(len(t.plus), dtype=t.x.dtype)), None
    values = [float(v) for v in f.returned.split(", ")]
    at = (t.mask if t.live is None else t.live).reshape(-1).nonzero().reshape(-1)
    left, right = (s if isinstance(s, torch.Tensor) else float(s) for s in (t.left, t.right))
    if isinstance(left, torch.Tensor):
        picked = set(left.detach().reshape(-1)[at].tolist())
        if len(picked) != 1:
            return None, None
        left = picked.pop()
    if t.minuend is not None:
        values = values[:1]
    if len(values) != 1 or left == right:
        return None, None
    share = (right - values[0]) / (right - left)
    sign = -1.0 if abs(share - 1) < 1e-5 else 1.0
    mean = None if min(abs(share), abs(share - 1)) < 1e-5 else share
    if mean is not None and not 0 < mean < 1:
        return None, None
    return Group(t.x, at, None, t.minuend, torch.full((len(at),), sign, dtype=t.x.dtype)), mean


__all__ = ["decide_rule", "kinkcheck"]
