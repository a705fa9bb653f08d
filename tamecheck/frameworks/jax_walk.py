"""Walk a jaxpr at given values: every operation with a kink, tie, jump or pole is looked at before it runs."""

from __future__ import annotations

from dataclasses import dataclass

import jax
from jax import numpy as jnp
from jax.extend import core

from tamecheck.autodiff import rulebooks
from tamecheck.frameworks.findings import Finding
from tamecheck.frameworks.jax_shifts import cancels, unused

FIRST = 3
INNER = (
    "jit",
    "pjit",
    "closed_call",
    "core_call",
    "remat",
    "remat2",
    "checkpoint",
    "custom_lin",
    "custom_jvp_call",
    "custom_vjp_call",
    "custom_vjp_call_jaxpr",
)
KINKS = {"abs": (0.0, -1.0, 1.0)}
JUMPS = {
    "sign": lambda x: x == 0,
    "floor": lambda x: x == jnp.floor(x),
    "ceil": lambda x: x == jnp.floor(x),
    "round": lambda x: x - jnp.floor(x) == 0.5,
    "rem": None,
}
POLES = {
    "sqrt": (0,),
    "rsqrt": (0,),
    "log": (0,),
    "log1p": (-1,),
    "cbrt": (0,),
    "acosh": (1,),
    "asin": (1, -1),
    "acos": (1, -1),
    "atanh": (1, -1),
    "erf_inv": (1, -1),
}
CHOICES = ("eq", "ne", "lt", "le", "gt", "ge")
REDUCTIONS = ("reduce_max", "reduce_min")
TIES = (
    "sort",
    "top_k",
    "cummax",
    "cummin",
    "reduce_window_max",
    "reduce_window_min",
    "argmax",
    "argmin",
    "select_and_scatter_add",
    "select_and_gather_add",
)
SMOOTH = frozenset(
    """add add_any sub mul neg exp exp2 expm1 sin cos tan tanh sinh cosh asinh atan logistic erf erfc square dot_general
    conv_general_dilated reduce_sum reduce_prod cumsum cumprod cumlogsumexp logsumexp broadcast_in_dim reshape transpose
    squeeze expand_dims concatenate slice dynamic_slice dynamic_update_slice gather scatter scatter-add scatter_add pad
    rev copy copy_p convert_element_type real imag reduce_window_sum reduce_precision iota optimization_barrier lgamma
    digamma mul_add zeros_like split rng_bit_generator is_finite reduce_and reduce_or and or not xor""".split()  # noqa: SIM905
)
ENTRYWISE = frozenset(
    """max min abs sign select_n lt le gt ge eq ne mul add sub div neg exp expm1 log log1p tanh logistic sqrt rsqrt integer_pow
    pow square erf erfc sin cos clamp convert_element_type stop_gradient is_finite and or not floor ceil round add_any
    copy""".split()  # noqa: SIM905
)


def _passes_on(jaxpr) -> bool:
    """Return whether a body only compares: away from its kinks it hands on an operand, or a constant."""
    for eqn in jaxpr.eqns:
        inner = eqn.params.get("jaxpr") or eqn.params.get("call_jaxpr")
        if eqn.primitive.name in INNER and inner is not None:
            if not _passes_on(inner.jaxpr if hasattr(inner, "jaxpr") else inner):
                return False
        elif eqn.primitive.name not in ("max", "min", "clamp", "copy", "broadcast_in_dim"):
            return False
    return True


def alone(eqn):
    """Return one equation as a function of its arguments that are no literals (an argument that is used twice is given twice)."""
    variables, fresh = [], []
    for atom in eqn.invars:
        if not isinstance(atom, core.Literal):
            variables.append(core.Var(atom.aval))
            fresh.append(variables[-1])
        else:
            fresh.append(atom)
    outs = [core.Var(v.aval) for v in eqn.outvars]
    one = core.Jaxpr((), variables, outs, [eqn.replace(invars=fresh, outvars=outs)])
    return core.jaxpr_as_fun(core.ClosedJaxpr(one, ()))


def given(eqn, values) -> list:
    """Return the values of the operands that are no literals."""
    return [v for v, atom in zip(values, eqn.invars, strict=True) if not isinstance(atom, core.Literal)]


def _elementwise(jaxpr) -> bool:
    """Return whether every result depends on the entry at its own place only."""
    for eqn in jaxpr.eqns:
        inner = eqn.params.get("jaxpr") or eqn.params.get("call_jaxpr")
        if eqn.primitive.name in INNER and inner is not None:
            if not _elementwise(inner.jaxpr if hasattr(inner, "jaxpr") else inner):
                return False
        elif eqn.primitive.name not in ENTRYWISE:
            return False
    return True


def _reaching(active: list[int]) -> int:
    """Return which arguments reach a result of an operation: the union."""
    found = 0
    for mask in active:
        found |= mask
    return found


def _only(active: list[int]) -> int:
    """Return the place of the first operand that derivatives reach."""
    return next(k for k, mask in enumerate(active) if mask)


@dataclass
class Constraint:
    """A touched kink in one operation of the run.

    Attributes
    ----------
    operation : int — the number of the operation in the run
    finding : Finding
    operands : (int, int or None) — u is this operand, minus that one
    mask : array of bool — touched entries
    left, right : float — slopes of the operation for u < 0 and u > 0
    reached : int — bit k: argument k reaches u
    """

    operation: int
    finding: Finding
    operands: tuple
    mask: object
    left: float
    right: float
    reached: int


class Walk:
    """One run through a jaxpr.

    Attributes
    ----------
    findings : list of Finding
    operations : int
    constraints : list of Constraint — kinks that can be written as signs of differences, in the order of the run
    """

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.operations = 0
        self.constraints: list[Constraint] = []
        self._muted = 0  # how many equations around this one lead nowhere that derivatives go
        self._edges: dict[int, tuple] = {}
        self._masks: dict[int, object] = {}

    def run(self, jaxpr, constants, values, active, path: str) -> list[tuple]:
        """Return, for every result, its value and the set of arguments whose derivatives reach it, as bits."""
        env: dict = {}
        for var, value in zip(jaxpr.constvars, constants, strict=True):
            env[var] = (value, 0)
        for var, value, mask in zip(jaxpr.invars, values, active, strict=True):
            env[var] = (value, mask)
        idle = unused(jaxpr)
        for place, eqn in enumerate(jaxpr.eqns):
            known = [(v.val, 0) if isinstance(v, core.Literal) else env[v] for v in eqn.invars]
            masks = [k[1] for k in known]
            quiet = place in idle or (eqn.primitive.name == "stop_gradient" and any(masks) and cancels(jaxpr, place))
            self._muted += quiet
            outs = self._step(eqn, [k[0] for k in known], masks, path)
            self._muted -= quiet
            for var, out in zip(eqn.outvars, outs, strict=True):
                env[var] = out
        return [(v.val, 0) if isinstance(v, core.Literal) else env[v] for v in jaxpr.outvars]

    def _step(self, eqn, values, active, path) -> list[tuple]:
        name = eqn.primitive.name
        if name in ("scan", "while", "cond"):
            return getattr(self, f"_{name}")(eqn, values, active, path)
        inner = eqn.params.get("jaxpr") or eqn.params.get("call_jaxpr") or eqn.params.get("fun_jaxpr")
        if name in INNER and inner is not None:
            return self._inner(eqn, name, inner, values, active, path)
        self.operations += 1
        reached = _reaching(active)
        if reached and not self._muted:
            self._look(eqn, name, values, active, path)
        outs = list(alone(eqn)(*given(eqn, values)))
        masks = [reached if name != "stop_gradient" and jnp.issubdtype(o.dtype, jnp.floating) else 0 for o in outs]
        if reached and name in CHOICES and eqn.invars[0] is not eqn.invars[1]:
            self._edges[id(outs[0])] = (outs[0], jnp.asarray(values[0] == values[1]))
        elif reached and not self._muted and name == "convert_element_type" and not masks[0]:
            self._note(path, name, "detached", "a conversion to integers or truth values")
        return list(zip(outs, masks, strict=True))

    def _inner(self, eqn, name, inner, values, active, path) -> list[tuple]:
        closed = inner if hasattr(inner, "consts") else core.ClosedJaxpr(inner, ())
        title = str(eqn.params.get("name", "")) or name
        place = f"{path}/{title}" if name.endswith("jit") and path else (title if name.endswith("jit") else path)
        if name.startswith("custom_vjp") and any(active) and not self._muted:
            self._note(path, name, "custom", "a reverse rule of its own")
            self.findings[-1].rewrite = "tc.jax.decide_rule decides the rule as a formula"
        before, first = len(self.findings), len(self.constraints)
        results = self.run(closed.jaxpr, closed.consts, values, active, place)
        if name == "custom_jvp_call" and any(active) and not self._muted:
            self._rule(eqn, values, active, self.findings[before:], place)
            if len(self.findings) - before != 1 or not _passes_on(closed.jaxpr):
                del self.constraints[first:]
            for c in self.constraints[first:]:
                slopes = [float(v) for v in c.finding.returned.split(", ") if v]
                c.finding.clarke = bool(slopes) and all([min(c.left, c.right) <= v <= max(c.left, c.right) for v in slopes]) or None
        return results

    def _rule(self, eqn, values, active, found, path) -> None:
        """A forward rule of its own: what it returns is measured, and compared with the slopes inside where it has one argument."""
        inner = eqn.params.get("call_jaxpr") or eqn.params.get("jaxpr")
        measured = self._slope(eqn, values, active) if _elementwise(inner.jaxpr) else None
        if measured is None or not self._agrees(eqn, inner, values, active, measured, found):
            self._note(path, "custom_jvp", "custom", "a forward rule of its own, which is not what its body gives or could not be compared")
        for f in found:
            f.note = "inside of an operation with a rule of its own" + (f"; {f.note}" if f.note else "")
            if measured is None:
                f.conservative = None
                continue
            at = [tuple(p) for p in f.positions]
            numbers = sorted({float(measured[p]) for p in at if len(p) == measured.ndim})
            ok = bool(numbers) and all([abs(n) < float("inf") for n in numbers])
            f.returned, f.source = ", ".join([f"{n:.6g}" for n in numbers]), "measured"
            if f.kind == "kink":
                f.conservative, f.clarke = (True, None) if ok else (None, None)

    def _agrees(self, eqn, inner, values, active, measured, found) -> bool:
        """Return whether the rule returns, at the entries that touch nothing, what differentiation of the body returns."""
        k = _only(active)
        body = lambda x: core.jaxpr_as_fun(inner)(*[x if i == k else v for i, v in enumerate(values)])[0]  # noqa: E731
        plain = jax.jvp(body, (values[k],), (jnp.ones_like(values[k]),))[1]
        same = jnp.isclose(plain, measured, rtol=1e-5, atol=1e-6)
        for f in found:
            mask = self._masks.get(id(f))
            same = same | mask if mask is not None and mask.shape == same.shape else same
        return bool(same.all())

    def _slope(self, eqn, values, active):
        """Return the derivative entry by entry of an operation with one active argument and one result of its shape, else ``None``."""
        if sum([bool(mask) for mask in active]) != 1 or len(eqn.outvars) != 1:
            return None
        k = _only(active)
        x = jnp.asarray(values[k])
        if eqn.outvars[0].aval.shape != x.shape:
            return None
        whole = alone(eqn)
        others = given(eqn, values)
        at = [i for i, atom in enumerate(eqn.invars) if not isinstance(atom, core.Literal)].index(k)
        entry = lambda x: whole(*[x if i == at else v for i, v in enumerate(others)])[0]  # noqa: E731
        return jax.grad(lambda x: entry(x).sum())(x)

    def _look(self, eqn, name, values, active, path) -> None:
        x = jnp.asarray(values[0])
        if name in KINKS:
            at, left, right = KINKS[name]
            self._kink(eqn, name, values, active, x == at, left, right, path, (0, None))
        elif name in ("max", "min"):
            self._two(eqn, name, values, active, path)
        elif name == "clamp":
            for k, left, right in ((0, 0.0, 1.0), (2, 1.0, 0.0)):
                self._kink(eqn, name, values, active, jnp.broadcast_to(values[1] == values[k], values[1].shape), left, right, path, (1, k))
        elif name in JUMPS:
            touched = JUMPS[name](x) if JUMPS[name] else x / values[1] == jnp.round(x / values[1])
            self._found(
                Finding(path, name, "jump", conservative=False, clarke=False, note="the value jumps here: there is no conservative field"), touched
            )
        elif name in POLES:
            touched = jnp.zeros(x.shape, bool)
            for p in POLES[name]:
                touched |= x == p
            self._pole(path, name, touched)
        elif name == "div":
            if active[1]:
                self._pole(path, name, jnp.asarray(values[1] == 0))
        elif name in ("pow", "integer_pow"):
            self._power(eqn, name, values, active, path)
        elif name in REDUCTIONS:
            axes = eqn.params["axes"]
            best = x.max(axes, keepdims=True) if name == "reduce_max" else x.min(axes, keepdims=True)
            weights = rulebooks.load("jax")
            source = f"1/k each (rule book of {weights.name})"
            self._found(Finding(path, name, "tie", returned=source, conservative=True, clarke=True), (x == best).sum(axes) > 1)
        elif name in TIES:
            duplicates = x.size - jnp.unique(x).size
            listed = name in ("sort", "top_k", "cummax", "cummin", "reduce_window_max", "reduce_window_min")
            self._found(
                Finding(path, name, "tie", conservative=True if listed else None, note="equal entries, also in other rows"),
                jnp.asarray([duplicates > 0]),
            )
        elif name == "select_n":
            self._choice(name, values, path)
        elif name == "stop_gradient":
            self._note(path, name, "detached", "values leave the derivative")
        elif name in CHOICES or name in SMOOTH:
            return
        else:
            self._note(path, name, "unlisted", "the operation is not in the table of kinks")

    def _kink(self, eqn, name, values, active, touched, left, right, path, operands) -> None:
        f = Finding(path, name, "kink", rewrite="move the arguments off the kink")
        if not self._found(f, touched):
            return
        slope = self._slope(eqn, values, active)
        if slope is None:
            return
        numbers = sorted({float(v) for v in slope[touched].reshape(-1)[:8]})
        f.returned, f.source = ", ".join([f"{n:.6g}" for n in numbers]), "measured"
        f.conservative = all([abs(n) < float("inf") for n in numbers])
        f.clarke = all([min(left, right) <= n <= max(left, right) for n in numbers])
        self.constraints.append(Constraint(self.operations, f, operands, touched, left, right, _reaching(active)))

    def _two(self, eqn, name, values, active, path) -> None:
        touched = jnp.broadcast_to(values[0] == values[1], eqn.outvars[0].aval.shape)
        left, right = (0.0, 1.0) if name == "max" else (1.0, 0.0)
        if all(active):
            weights = rulebooks.load("jax").value(name, (1, 1))
            shown = ", ".join([str(w) for w in weights])
            good = sum(weights) == 1
            f = Finding(path, name, "tie", returned=shown, source="rule book", conservative=good, clarke=good and min(weights) >= 0)
            if self._found(f, touched):
                self.constraints.append(Constraint(self.operations, f, (0, 1), touched, left, right, _reaching(active)))
            return
        k = _only(active)
        self._kink(eqn, name, values, active, touched, left, right, path, (k, 1 - k))

    def _power(self, eqn, name, values, active, path) -> None:
        x = jnp.asarray(values[0])
        y = eqn.params["y"] if name == "integer_pow" else values[1]
        if active[0]:
            bad = (y < 1) & (y != 0)
            self._pole(path, name, jnp.broadcast_to((x == 0) & bad, jnp.broadcast_shapes(x.shape, jnp.shape(y))))
        if len(active) > 1 and active[1]:
            self._pole(path, name, jnp.broadcast_to(x == 0, jnp.broadcast_shapes(x.shape, jnp.shape(y))))

    def _pole(self, path, name, touched) -> None:
        f = Finding(path, name, "pole", conservative=False, clarke=False, note="not locally Lipschitz here", rewrite="add an epsilon inside")
        self._found(f, touched)

    def _choice(self, name, values, path) -> None:
        edge = self._edges.get(id(values[0]))
        if edge is None or not bool(edge[1].any()):
            return
        equal = jnp.broadcast_to(edge[1], values[1].shape)
        jumps = int((equal & (values[1] != values[2])).sum()) if len(values) == 3 else 1
        note = (
            f"the branches differ at {jumps} of them: the value jumps"
            if jumps
            else "the branches agree there; conservative if they do so along the boundary"
        )
        self._found(Finding(path, name, "choice", conservative=False if jumps else None, note=note), equal)

    def _note(self, path, name, kind, note) -> None:
        for f in self.findings:
            if (f.module, f.operator, f.kind) == (path, name, kind):
                f.touched += 1
                return
        self.findings.append(Finding(path, name, kind, 1, note=note))

    def _found(self, finding: Finding, touched) -> bool:
        touched = jnp.asarray(touched)
        finding.touched, finding.of = int(touched.sum()), touched.size
        if finding.touched:
            self._masks[id(finding)] = touched
            finding.positions = jnp.argwhere(touched)[:FIRST].tolist()
            self.findings.append(finding)
        return finding.touched > 0

    def _scan(self, eqn, values, active, path) -> list[tuple]:
        p = eqn.params
        fixed, carried = p["num_consts"], p["num_carry"]
        closed, length = p["jaxpr"], p["length"]
        consts, carry, rows = values[:fixed], values[fixed : fixed + carried], values[fixed + carried :]
        flags = list(active)
        stacked: list[list] = []
        for k in range(length):
            row = [r[length - 1 - k if p["reverse"] else k] for r in rows]
            out = self.run(closed.jaxpr, closed.consts, [*consts, *carry, *row], flags, path or "scan")
            carry = [v for v, _ in out[:carried]]
            flags[fixed : fixed + carried] = [a | b for a, b in zip(flags[fixed : fixed + carried], [f for _, f in out[:carried]], strict=True)]
            stacked.append(out[carried:])
        if p["reverse"]:
            stacked.reverse()
        ys = (
            [(jnp.stack([row[j][0] for row in stacked]), _reaching([row[j][1] for row in stacked])) for j in range(len(eqn.outvars) - carried)]
            if stacked
            else []
        )
        if not stacked:
            ys = [(jnp.zeros(v.aval.shape, v.aval.dtype), 0) for v in eqn.outvars[carried:]]
        return [*zip(carry, flags[fixed : fixed + carried], strict=True), *ys]

    def _while(self, eqn, values, active, path) -> list[tuple]:
        p = eqn.params
        a, b = p["cond_nconsts"], p["body_nconsts"]
        test, body, state, flags = values[:a], values[a : a + b], values[a + b :], list(active[a + b :])
        while bool(self.run(p["cond_jaxpr"].jaxpr, p["cond_jaxpr"].consts, [*test, *state], [0] * (a + len(state)), path)[0][0]):
            out = self.run(p["body_jaxpr"].jaxpr, p["body_jaxpr"].consts, [*body, *state], [*active[a : a + b], *flags], path or "while")
            state, flags = [v for v, _ in out], [f | g for f, (_, g) in zip(flags, out, strict=True)]
        if any(active) and not self._muted:
            self._note(path, "while", "choice", "the number of rounds may depend on the arguments")
        return list(zip(state, flags, strict=True))

    def _cond(self, eqn, values, active, path) -> list[tuple]:
        branches = eqn.params["branches"]
        chosen = branches[min(max(int(values[0]), 0), len(branches) - 1)]
        edge = self._edges.get(id(values[0]))
        if edge is not None and bool(edge[1].any()) and not self._muted:
            self._note(path, "cond", "choice", "the condition compares equal numbers")
        return self.run(chosen.jaxpr, chosen.consts, values[1:], active[1:], path or "cond")
