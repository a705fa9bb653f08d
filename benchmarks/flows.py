"""Gradient flow of a 2-8-1 tanh network (33 parameters) against scipy by hand, diffrax, torchdiffeq and heyoka, at equal error.

Run: ``python benchmarks/flows.py [runs]``; the peers that are not installed are named and left out.  For every solver the loosest
tolerance whose error at the end (against LSODA at 1e-13) is below 1e-8 is used; times are medians of warm runs in one process, and
compilation is printed beside them.  The last lines: an ensemble of 1000 members on two processes, and a validated enclosure.
"""

import statistics
import sys
import time
from concurrent.futures import ProcessPoolExecutor

import numpy as np

GOAL = 1e-8
TOLERANCES = (1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11, 1e-12)


def fixture() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return inputs, targets and the initial vector."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (32, 2))
    y = np.sin(np.pi * x[:, 0]) * x[:, 1]
    start = [rng.normal(0, 1, (8, 2)), rng.normal(0, 0.5, 8), rng.normal(0, 1 / np.sqrt(8), 8), np.zeros(1)]
    return x, y, np.concatenate([a.reshape(-1) for a in start])


def hand(x: np.ndarray, y: np.ndarray):
    """Return the right-hand side as an expert writes it."""

    def right(t: float, th: np.ndarray) -> np.ndarray:
        h = np.tanh(x @ th[:16].reshape(8, 2).T + th[16:24])
        c = (h @ th[24:32] + th[32] - y) * (2 / 32)
        d = np.outer(c, th[24:32]) * (1 - h * h)
        return -np.concatenate([(d.T @ x).ravel(), d.sum(0), h.T @ c, [c.sum()]])

    return right


def ours(x: np.ndarray, y: np.ndarray):
    """Return the system of the certified program."""
    from tamecheck import nn
    from tamecheck.flows.system import System

    net = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
    loss = nn.Network(nn.MSELoss()(net(nn.Input("x", (32, 2))), nn.Input("y", (32, 1))))
    return System.of(loss, None, {"x": x, "y": y[:, None]})


def solvers(x: np.ndarray, y: np.ndarray, start: np.ndarray) -> dict:
    """Return name -> function (horizon, tolerance) -> last state."""
    from scipy.integrate import solve_ivp

    from tamecheck.flows.gradient_flow import gradient_flow

    system, right = ours(x, y), hand(x, y)
    found = {"tamecheck (LSODA)": lambda T, tol: gradient_flow(system, start, T, times=[0.0, T], rtol=tol, atol=tol / 100, second=False).last}
    for method in ("LSODA", "BDF", "DOP853"):
        found[f"scipy {method} by hand"] = lambda T, tol, method=method: (
            None if method == "DOP853" and T > 1e4 else solve_ivp(right, (0, T), start, method=method, rtol=tol, atol=tol / 100).y[:, -1]
        )
    for name, make in (("diffrax Dopri8", _diffrax), ("torchdiffeq dopri8", _torchdiffeq), ("heyoka", _heyoka)):
        try:
            found[name] = make(x, y, start)
        except ImportError as missing:
            print(f"{name}: not installed ({missing.name})")
    return found


def _diffrax(x, y, start):
    import diffrax
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    xs, ys, first = jnp.array(x), jnp.array(y), jnp.array(start)

    def loss(th):
        return jnp.mean((jnp.tanh(xs @ th[:16].reshape(8, 2).T + th[16:24]) @ th[24:32] + th[32] - ys) ** 2)

    slope = jax.grad(loss)
    known: dict = {}

    def run(T, tol):
        if T > 1e4:
            return None
        if (T, tol) not in known:
            control = diffrax.PIDController(rtol=tol, atol=tol / 100)
            term = diffrax.ODETerm(lambda t, th, args: -slope(th))
            options = {"stepsize_controller": control, "max_steps": 10**7}
            known[T, tol] = jax.jit(lambda th: diffrax.diffeqsolve(term, diffrax.Dopri8(), 0.0, T, 0.01, th, **options).ys[-1])
        return np.asarray(known[T, tol](first).block_until_ready())

    return run


def _torchdiffeq(x, y, start):
    import torch
    from torchdiffeq import odeint

    torch.set_num_threads(1)
    xs, ys, first = torch.tensor(x), torch.tensor(y), torch.tensor(start)

    def right(t, th):
        h = torch.tanh(xs @ th[:16].reshape(8, 2).T + th[16:24])
        c = (h @ th[24:32] + th[32] - ys) * (2 / 32)
        d = torch.outer(c, th[24:32]) * (1 - h * h)
        return -torch.cat([(d.T @ xs).reshape(-1), d.sum(0), h.T @ c, c.sum()[None]])

    def run(T, tol):
        if T > 1e4:
            return None
        with torch.no_grad():
            return odeint(right, first, torch.tensor([0.0, T], dtype=torch.float64), method="dopri8", rtol=tol, atol=tol / 100)[-1].numpy()

    return run


def _heyoka(x, y, start):
    import heyoka as hy

    names = hy.make_vars(*[f"t{k}" for k in range(33)])
    residuals = []
    for row, target in zip(x, y, strict=True):
        units = [hy.tanh(names[2 * j] * row[0] + names[2 * j + 1] * row[1] + names[16 + j]) * names[24 + j] for j in range(8)]
        residuals.append((hy.sum(units) + names[32] - target) ** 2)
    loss = hy.sum(residuals) / 32.0
    slopes = hy.diff_tensors([loss], diff_args=names, diff_order=1).gradient
    system = [(v, -s) for v, s in zip(names, slopes, strict=True)]
    known: dict = {}

    def run(T, tol):
        if T > 1e4:
            return None
        if tol not in known:
            known[tol] = hy.taylor_adaptive(system, start.tolist(), tol=tol, compact_mode=True)
        known[tol].time, known[tol].state[:] = 0.0, start
        known[tol].propagate_until(T)
        return known[tol].state.copy()

    return run


def compare(horizon: float, runs: int) -> None:
    """Print, for one horizon, time and error of every solver at the loosest sufficient tolerance."""
    x, y, start = fixture()
    from scipy.integrate import solve_ivp

    truth = solve_ivp(hand(x, y), (0, horizon), start, method="LSODA", rtol=1e-13, atol=1e-15).y[:, -1]
    rows = []
    for name, solve in solvers(x, y, start).items():
        for tol in TOLERANCES:
            first = time.perf_counter()
            last = solve(horizon, tol)
            cold = time.perf_counter() - first
            if last is None:
                rows.append((name, None, None, tol, None))
                break
            error = float(np.abs(last - truth).max())
            if error <= GOAL or tol == TOLERANCES[-1]:
                times = []
                for _ in range(runs):
                    begun = time.perf_counter()
                    solve(horizon, tol)
                    times.append(time.perf_counter() - begun)
                rows.append((name, statistics.median(times), error, tol, cold))
                break
    own = rows[0][1]
    print(f"horizon {horizon:g}")
    for name, seconds, error, tol, cold in rows:
        if seconds is None:
            print(f"  {name:24} not run: its steps are bounded by stability, the cost grows with the horizon")
        else:
            figures = f"{1e3 * seconds:9.1f} ms  error {error:.1e}  tolerance {tol:.0e}  ours/its {own / seconds:5.2f}"
            print(f"  {name:24} {figures}  first call {cold:6.2f} s")


def members(runs: int) -> None:
    """Print the speed-up of an ensemble on two processes."""
    from tamecheck.flows.ensemble import ensemble

    x, y, start = fixture()
    system = ours(x, y)
    initials = start + 0.1 * np.random.default_rng(1).normal(size=(1000, start.size))
    begun = time.perf_counter()
    serial = ensemble(system, initials, horizon=10.0, rtol=1e-8, atol=1e-10)
    one = time.perf_counter() - begun
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(abs, range(2)))
        begun = time.perf_counter()
        parallel = ensemble(system, initials, horizon=10.0, rtol=1e-8, atol=1e-10, executor=pool, chunk=25)
        two = time.perf_counter() - begun
    print(f"ensemble of 1000: {one:.1f} s in one process, {two:.1f} s in two, speed-up {one / two:.2f}; equal results: {serial == parallel}")


def validated() -> None:
    """Print time and radius of an enclosure."""
    from tamecheck.flows.system import System
    from tamecheck.flows.validated import enclose

    system = System.of("((a*tanh(v) - 4/5)^2 + (a*tanh(-v/2) + 3/10)^2)/2", ["a", "v"])
    begun = time.perf_counter()
    found = enclose(system, [0.5, 0.5], [5.0])
    print(f"validated, two parameters, t = 5: radius {found.radius:.1e} in {time.perf_counter() - begun:.2f} s, {found.steps} steps")


def main() -> None:
    """Print everything."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    compare(100.0, runs)
    compare(1e5, max(runs // 2, 1))
    members(runs)
    validated()


if __name__ == "__main__":
    main()
