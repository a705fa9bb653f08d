"""Implicit layers: the hypotheses of the nonsmooth implicit function theorem, decided exactly, and the conservative Jacobian of the solution."""
