"""Validated steps that are as long as the *solution* allows, not its stiffest direction.

Explicit Taylor steps are bounded by the curvature of F.  Here the path z over a step is the polynomial that solves the flow's equation
at Radau points (an implicit method), found by Newton's iteration in doubles and refined in ball arithmetic to dyadic coefficients.
What makes it a theorem is the same as for short steps: with a bound d of the defect |z' + grad F(z)| and a lower bound m of the least eigenvalue of
the Hessian on a tube around the path,

    d/ds |theta - z| <= -m |theta - z| + d,

piece by piece along the step.  The bound m has to be sharp (a slow valley has eigenvalues like 1/t beside large ones), so the Hessian
along a piece is a polynomial in time with a remainder, H(s), and is turned by Q(s) = Q (1 + s A), the eigenvectors at the middle and their
rate of rotation; with these, off-diagonal entries are of second order, and scaled discs (a diagonal similarity) bound the least eigenvalue
to fourth order.
"""

from __future__ import annotations

import numpy as np
from flint import arb, arb_mat, arb_series

from tamecheck.flows.balls import Length
from tamecheck.flows.enclosing import Field, ball, coefficient, down, shifted, up, value

STAGES = 14
ORDER = 18
HESSIAN_ORDER = 6
MOST_PIECES = 512
LOSS = 0.1
"""Natural logarithm of the growth of the radius that a step may lose to a bound of the eigenvalue that is not sharp."""


class LongSteps:
    """Steps of one flow."""

    def __init__(self, field: Field, bits: int) -> None:
        self.field, self.bits = field, bits
        self.nodes = [float(c) for c in radau(STAGES)]
        self.nodes[-1] = 1.0
        with Length(1, bits):
            powers = arb_mat([[arb(c) ** k for k in range(STAGES)] for c in self.nodes])
            self.inverse = powers.inv()
        integrals = np.array([[c ** (k + 1) / (k + 1) for k in range(STAGES)] for c in self.nodes])
        self.weights = integrals @ np.linalg.inv(np.array([[c**k for k in range(STAGES)] for c in self.nodes]))

    def advance(self, centre: list[arb], radius: float, h: float, tolerance: float) -> tuple[list[arb], float, float] | None:
        """Return the next centre and radius, and a bound of the defect times the step; None when this step is too long."""
        path = self.path(centre, h)
        if path is None:
            return None
        defect = self.defect(path, h, tolerance / h)
        if defect is None:
            return None
        end = self.radius(path, h, radius, defect)
        if end is None:
            return None
        with Length(1, self.bits):
            last = [sum(c, arb(0)) for c in path]
            slack = sum([x.rad() ** 2 for x in last], arb(0)).upper().sqrt()
            return [x.mid() for x in last], up(ball(end) + slack), defect * h

    # -------------------------------------------------------------------- path

    def path(self, centre: list[arb], h: float) -> list[list[arb]] | None:
        """Return dyadic coefficients, for every component, of a polynomial in x = s/h near the flow from the centre."""
        stages = self.stages(np.array([float(c.mid()) for c in centre]), h)
        if stages is None:
            return None
        with Length(1, self.bits):
            z = [[arb(float(x)) for x in row] for row in stages]
            jacobian = self.factor([[float(x) for x in row] for row in stages], h)
            if jacobian is None:
                return None
            slopes = self.slopes(z)
            for _ in range(8):
                wanted = self.integrated(centre, slopes, h)
                residual = np.array([[float((a - b).mid()) for a, b in zip(r, w, strict=True)] for r, w in zip(z, wanted, strict=True)])
                if not np.all(np.isfinite(residual)):
                    return None
                change = np.linalg.solve(jacobian, residual.reshape(-1)).reshape(residual.shape)
                z = [[(a - arb(float(c))).mid() for a, c in zip(r, row, strict=True)] for r, row in zip(z, change, strict=True)]
                slopes = self.slopes(z)
                if np.abs(change).max() <= 1e-26 * (1 + np.abs(stages).max()):
                    break
            return self.polynomial(centre, slopes, h)

    def stages(self, start: np.ndarray, h: float) -> np.ndarray | None:
        """Return the flow at the nodes in doubles."""
        from scipy.integrate import solve_ivp

        s = self.field.system
        with np.errstate(all="ignore"):
            found = solve_ivp(lambda t, y: -s.gradient(y), (0.0, h), start, method="LSODA", t_eval=[h * c for c in self.nodes], rtol=1e-9, atol=1e-12,
                              jac=lambda t, y: -s.hessian(y))  # fmt: skip
        return found.y.T if found.status == 0 and found.y.shape[1] == len(self.nodes) and np.all(np.isfinite(found.y)) else None

    def factor(self, stages: list[list[float]], h: float) -> np.ndarray | None:
        """Return the matrix of Newton's iteration, 1 + h A (x) Hessian."""
        n, p = len(stages), len(stages[0])
        hessians = [self.field.system.hessian(np.array(row)) for row in stages]
        matrix = np.eye(n * p)
        for i in range(n):
            for j in range(n):
                matrix[i * p : (i + 1) * p, j * p : (j + 1) * p] += h * self.weights[i, j] * hessians[j]
        return matrix if np.all(np.isfinite(matrix)) and np.linalg.cond(matrix) < 1e13 else None

    def slopes(self, z: list[list[arb]]) -> list[list[arb]]:
        """Return -grad F at the stages, as dyadic numbers next to it."""
        return [[x.mid() for x in self.field(row, False)] for row in z]

    def coefficients(self, slopes: list[list[arb]]) -> list[list[arb]]:
        """Return coefficients in x, one list per component, of the interpolant of the slopes."""
        found = self.inverse * arb_mat(slopes)
        return [[found[k, j] for k in range(STAGES)] for j in range(len(slopes[0]))]

    def integrated(self, centre: list[arb], slopes: list[list[arb]], h: float) -> list[list[arb]]:
        """Return centre + h times the integral of the interpolant up to every node."""
        rows = self.coefficients(slopes)
        found = []
        for c in self.nodes:
            x = arb(c)
            found.append([start + ball(h) * x * value([q / (k + 1) for k, q in enumerate(row)], x) for start, row in zip(centre, rows, strict=True)])
        return found

    def polynomial(self, centre: list[arb], slopes: list[list[arb]], h: float) -> list[list[arb]] | None:
        rows = self.coefficients(slopes)
        path = [[start.mid(), *[(ball(h) * q / (k + 1)).mid() for k, q in enumerate(row)]] for start, row in zip(centre, rows, strict=True)]
        return path if all(x.is_finite() for row in path for x in row) else None

    # ------------------------------------------------------------------ defect

    def defect(self, path: list[list[arb]], h: float, enough: float) -> float | None:
        """Return a bound of |dz/ds + grad F(z)| on the step; the pieces are halved until the bound is below ``enough``."""
        count = 2
        while count <= 16:
            worst = 0.0
            for k in range(count):
                found = self.piece_defect(path, h, (k + 0.5) / count, 0.5 / count)
                worst = np.inf if found is None else max(worst, found)
                if worst > enough:
                    break
            if worst <= enough:
                return worst
            count *= 4
        return None

    def piece_defect(self, path: list[list[arb]], h: float, middle: float, half: float) -> float | None:
        """Return the bound over |x - middle| <= half, from coefficients at the middle and one of high order over the piece."""
        with Length(ORDER, self.bits):
            exact = [shifted(c, arb(middle)) for c in path]
            over = [shifted(c, arb(middle, half)) for c in path]
            start = self.field([arb_series(c) for c in exact], True)
            high = self.field([arb_series(c) for c in over], True)
        total, r = arb(0), arb(half)
        with Length(1, self.bits):
            for c, f, g in zip(exact, start, high, strict=True):
                size = arb(0)
                for k in range(ORDER - 1):
                    own = (k + 1) * c[k + 1] / ball(h) if k + 1 < len(c) else arb(0)
                    size += abs(own - coefficient(f, k)) * r**k
                size += abs(coefficient(g, ORDER - 1)) * r ** (ORDER - 1)
                total += size.abs_upper() ** 2
            found = total.upper().sqrt()
        return up(found) if found.is_finite() else None

    # ------------------------------------------------------------------ radius

    def radius(self, path: list[list[arb]], h: float, radius: float, defect: float) -> float | None:
        """Return the radius at the end; None when the eigenvalue bounds cost too much or the tube is left."""
        tube = 8 * (radius + defect * h) + 1e-300
        waiting = [(0.5, 0.5)]
        done: list[tuple[float, float, float]] = []
        while waiting:
            middle, half = waiting.pop()
            found = self.least_eigenvalue(path, middle, half, tube)
            if found is not None and found[0] >= found[1] - max(0.25 * abs(found[1]), LOSS / h):
                done.append((middle, half, found[0]))
                continue
            if len(done) + len(waiting) > MOST_PIECES:
                return None
            waiting += [(middle - half / 2, half / 2), (middle + half / 2, half / 2)]
        with Length(1, self.bits):
            now = ball(radius)
            for _, half, m in sorted(done):
                length, rate = 2 * ball(half) * ball(h), -ball(m)
                growth = (rate * length).exp()
                during = growth.max(arb(1)) * (now + ball(defect) * length)
                if not during < ball(tube):
                    return None
                fed = ball(defect) * length * growth.max(arb(1))  # the integral of exp(rate (length - s)) is at most this
                now = growth * now + fed
            return up(now)

    def least_eigenvalue(self, path: list[list[arb]], middle: float, half: float, tube: float) -> tuple[float, float] | None:
        """Return a lower bound of the least eigenvalue of the Hessian on the tube over a piece, and its value at the middle in doubles."""
        terms = self.hessian_terms(path, middle, half, tube)
        if terms is None:
            return None
        n = len(path)
        first, second = [np.array([[float(x.mid()) for x in row] for row in terms[k]]) for k in (0, 1)]
        values, vectors = np.linalg.eigh((first + first.T) / 2)
        slope = vectors.T @ ((second + second.T) / 2) @ vectors
        turn = np.zeros((n, n))
        for i in range(n):
            for j in range(n):
                gap = values[j] - values[i]
                if i != j and abs(slope[i, j]) * half < 0.25 * abs(gap):
                    turn[i, j] = slope[i, j] / gap
        turn = (turn - turn.T) / 2
        with Length(1, self.bits):
            found = bounded(terms, vectors, turn, half)
        return None if found is None else (found, float(values[0]))

    def hessian_terms(self, path: list[list[arb]], middle: float, half: float, tube: float) -> list[list[list[arb]]] | None:
        """Return matrices H_k with H(x) in the sum of H_k (x - middle)^k, the last over the piece; the centre is widened by the tube."""
        n, found = len(path), []
        with Length(HESSIAN_ORDER, self.bits):
            exact, over = [shifted(c, arb(middle)) for c in path], [shifted(c, arb(middle, half)) for c in path]
            for rows in (exact, over):
                for row in rows:
                    row[0] = row[0] + arb(0, tube)
                z = [arb_series(row) for row in rows]
                columns = [self.field.product(z, k, True) for k in range(n)]
                found.append(columns)
        terms = []
        for k in range(HESSIAN_ORDER):
            columns = found[1] if k == HESSIAN_ORDER - 1 else found[0]
            terms.append([[coefficient(columns[j][i], k) for j in range(n)] for i in range(n)])
        return terms if all(x.is_finite() for t in terms for row in t for x in row) else None


def bounded(terms: list[list[list[arb]]], vectors: np.ndarray, turn: np.ndarray, half: float) -> float | None:
    """Return a lower bound, for all |s| <= half, of the least eigenvalue of H(s) = sum of terms_k s^k.

    With any matrix Q(s) = Q (1 + s A) one has x' H x = y' B y for x = Q y and B = Q' H Q, and |y|^2 (1 - e) <= |x|^2 <= |y|^2 (1 + e) when
    |Q' Q - 1| <= e; the eigenvalues of the symmetric B are those of D^{-1} B D, bounded by discs.
    """
    n = len(vectors)
    q = arb_mat([[arb(float(x)) for x in row] for row in vectors])
    qa = q * arb_mat([[arb(float(x)) for x in row] for row in turn])
    size = len(terms) + 2
    b = [arb_mat(n, n) for _ in range(size)]
    for k, rows in enumerate(terms):
        h = arb_mat(rows)
        b[k] = b[k] + q.transpose() * h * q
        b[k + 1] = b[k + 1] + q.transpose() * h * qa + qa.transpose() * h * q
        b[k + 2] = b[k + 2] + qa.transpose() * h * qa
    r = arb(half)
    middle = [[b[0][i, j] for j in range(n)] for i in range(n)]
    spread = [[sum([abs(b[k][i, j]) * r**k for k in range(1, size)], arb(0)) for j in range(n)] for i in range(n)]
    off = [[(abs(middle[i][j]) + spread[i][j]).abs_upper() for j in range(n)] for i in range(n)]
    low = [(middle[i][i] - spread[i][i]).lower() for i in range(n)]
    d = scales(np.array([float(x) for x in low]), np.array([[float(x) for x in row] for row in off]))
    least = None
    for i in range(n):
        disc = low[i] - sum([off[i][j] * arb(d[j]) / arb(d[i]) for j in range(n) if j != i], arb(0))
        least = disc if least is None else least.min(disc)
    parts = [q.transpose() * q, q.transpose() * qa + qa.transpose() * q, qa.transpose() * qa]
    error = arb(0)
    for i in range(n):
        total = arb(0)
        for j in range(n):
            total += abs(parts[0][i, j] - (1 if i == j else 0)) + abs(parts[1][i, j]) * r + abs(parts[2][i, j]) * r**2
        error = error.max(total)
    if least is None or not least.is_finite() or not error < arb(0.5):
        return None
    least = arb(down(least))
    return down(least / (1 + error) if least > 0 else least / (1 - error))


def scales(low: np.ndarray, off: np.ndarray) -> list[float]:
    """Return positive numbers d for the discs of D^{-1} B D: 1 for the least diagonal entry, small for the others when what couples them is small."""
    n, f = len(low), int(np.argmin(low))
    others = [i for i in range(n) if i != f]
    if not others:
        return [1.0]
    gap = min(low[i] - low[f] for i in others)
    coupling = max(off[f, i] for i in others)
    ratio = 1.0 if not (gap > 0 and np.isfinite(coupling)) else min(max(2 * coupling / gap, 1e-60), 1.0)
    return [1.0 if i == f else float(ratio) for i in range(n)]


def radau(count: int) -> np.ndarray:
    """Return the right Radau points in (0, 1]: zeros of P_(n-1) - P_n, moved."""
    p, q = np.polynomial.legendre.Legendre.basis(count - 1), np.polynomial.legendre.Legendre.basis(count)
    return (np.sort((p - q).roots().real) + 1) / 2
