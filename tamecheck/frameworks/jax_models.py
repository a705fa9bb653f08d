"""``tc.jax``: functions of JAX.

`kinkcheck` walks the jaxpr of a function operation by operation at given arguments, and tells which kinks and ties they touch.
"""

from __future__ import annotations

try:
    import jax
except ModuleNotFoundError as failure:
    raise ModuleNotFoundError("tc.jax needs JAX: pip install 'tamecheck[jax]'", name="jax") from failure

from collections.abc import Callable

from tamecheck.autodiff import rulebooks
from tamecheck.errors import InputError
from tamecheck.frameworks.custom_rules import decide_rule
from tamecheck.frameworks.findings import KinkReport, judge
from tamecheck.frameworks.jax_directions import qualify
from tamecheck.frameworks.jax_walk import Walk

__all__ = ["decide_rule", "kinkcheck"]


def kinkcheck(f: Callable, *args: object) -> KinkReport:
    """Return which kinks and ties a function touches at given arguments, and what differentiation returns there.

    Parameters
    ----------
    f : callable — traced by ``jax.make_jaxpr``
    args : trees of arrays — derivatives are taken in all real entries

    Returns
    -------
    KinkReport — about a neighbourhood of these arguments

    Raises
    ------
    InputError
        TC177 no function, TC178 no arguments or no real number among them or in the result, TC179 the function fails.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> r = kinkcheck(lambda x: jnp.abs(x).sum(), jnp.zeros(3))
    >>> r.verdict, r.findings[0].operator, r.findings[0].returned
    ('clarke', 'abs', '1')
    """
    if not callable(f):
        raise InputError(f"{type(f).__name__} is no function", code="TC177", hint="a function of arrays")
    leaves = jax.tree_util.tree_leaves(args)
    if not leaves:
        raise InputError("no inputs", code="TC178", hint="kinkcheck(f, x)")
    try:
        closed = jax.make_jaxpr(f)(*args)
    except (TypeError, ValueError, AttributeError, RuntimeError) as failure:
        raise InputError(f"the function fails: {str(failure).strip().splitlines()[0][:200]}", code="TC179") from failure
    values = [jax.numpy.asarray(v) for v in leaves]
    real = [jax.numpy.issubdtype(v.dtype, jax.numpy.floating) for v in values]
    if not any(real):
        raise InputError("nothing to differentiate: no argument holds real numbers", code="TC178", hint="jnp.asarray(x, float)")
    walk = Walk()
    results = walk.run(closed.jaxpr, closed.consts, values, [1 << k if r else 0 for k, r in enumerate(real)], "")
    if not [1 for v, active in results if active]:
        raise InputError("no real number in the result depends on the arguments", code="TC178")
    finite = _finite(f, args)
    legitimate = all([f.conservative is True for f in walk.findings if not f.harmless])
    qualified, why = qualify(walk, closed, values, real) if walk.findings and legitimate and finite else (None, "")
    verdict, reasons = judge(walk.findings, finite, qualified, why)
    book = rulebooks.load("jax")
    content = {
        "model": f"{getattr(f, '__name__', 'function')}, {sum([v.size for v in values]):,} numbers, {walk.operations} operations",
        "framework": f"jax {jax.__version__}",
        "verdict": verdict,
        "reasons": reasons,
        "rules": f"rule book of {book.name}, and measured with jax {jax.__version__}",
        "operations": walk.operations,
        "parameters": sum([v.size for v in values]),
        "dead": [],
        "zeros": [f"argument {k}" for k, (v, r) in enumerate(zip(values, real, strict=True)) if r and v.size and not bool(v.any())],
        "integers": [],
        "finite": finite,
        "assumptions": [
            "the branches taken in floating point are those of exact arithmetic",
            "smooth operations are differentiated correctly, forward rules of a library as at these arguments",
            "a neighbourhood of these arguments, not all arguments",
        ],
    }
    return KinkReport(content, walk.findings)


def _finite(f: Callable, args: tuple) -> bool:
    """Return whether the reverse derivative of the sum of all real results is finite."""
    jnp = jax.numpy

    def total(real, rest):
        leaves = [r if r is not None else o for r, o in zip(real, rest, strict=True)]
        out = f(*jax.tree_util.tree_unflatten(tree, leaves))
        return sum([o.sum() for o in map(jnp.asarray, jax.tree_util.tree_leaves(out)) if jnp.issubdtype(o.dtype, jnp.floating)])

    leaves, tree = jax.tree_util.tree_flatten(args)
    leaves = [jnp.asarray(v) for v in leaves]
    real = [v if jnp.issubdtype(v.dtype, jnp.floating) else None for v in leaves]
    gradient = jax.grad(total)(real, [None if r is not None else v for r, v in zip(real, leaves, strict=True)])
    return all([bool(jnp.isfinite(g).all()) for g in jax.tree_util.tree_leaves(gradient)])
