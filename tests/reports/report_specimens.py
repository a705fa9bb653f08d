"""Certificates to render: one drawer for all tests of reports."""

from functools import cache

import tamecheck as tc
from tamecheck import nn
from tamecheck.programs.program import Program

FORMULAS = {
    "swish": "x/(1 + exp(-x))",
    "sum with sine": "sin(x) + x",
    "gelu": "x*(1 + erf(x/sqrt(2)))/2",
    "arctan": "atan(x)",
    "elu": "where(x > 0, x, exp(x) - 1)",
    "two homes": "sin(tanh(x))*lgamma(1 + x**2)",
    "partial": "log(x)/(y - 2)",
    "unknown": "sin(3*exp(x) + x)",
    "jump": "where(x > 0, 1, 0)",
    "staircase": "floor(x) + x",
    "constant": "x - x + 1",
}
HOSTILE = "\x1b[31m</script><script>alert(1)</script>\\input{/etc/passwd}$x_%#&~^{}|\n\u202e\u0000'\"`"


@cache
def formula(name: str) -> dict:
    """Return the certificate of a named formula."""
    return tc.certify(FORMULAS[name]).document


@cache
def transformer() -> dict:
    """Return the certificate of a loss over two transformer layers."""
    x = nn.Input("x", (2, 6, 8))
    layer = nn.TransformerEncoderLayer(8, 2, 16, activation="gelu", batch_first=True)
    model = nn.Sequential(nn.TransformerEncoder(layer, 2), nn.Flatten(), nn.Linear(48, 3))
    return tc.certify(nn.cross_entropy(model(x), [0, 2])).document


@cache
def hostile() -> dict:
    """Return a certificate whose every name is an attack."""
    p = Program()
    x = p.input(HOSTILE, (), "parameter")
    y = p.map("exp", p.map("add", x, p.input(HOSTILE + "2", (2,))))
    p.names[y] = HOSTILE
    return tc.certify((p, p.map("mul", y, x))).document
