"""Certify formulas: where is a function definable, and how do we know?

Run:  python examples/01_certify_a_formula.py
"""

import tamecheck as tc

FORMULAS = [
    "max(x, 0)",
    "x/(1 + abs(x))",
    "x*tanh(log(1 + exp(x)))",
    "x/2*(1 + erf(x/sqrt(2)))",
    "atan(x)",
    "sin(tanh(x))",
    "log(exp(x))",
    "x + sin(x)**2",
]

print(f"{'formula':<28}{'verdict':<16}{'smallest structures':<22}{'smoothness':<14}checked")
for formula in FORMULAS:
    certificate = tc.certify(formula)
    homes = ", ".join(map(str, certificate.homes)) or "none"
    answer = certificate.check()["verdict"]
    print(f"{formula:<28}{certificate.verdict:<16}{homes:<22}{certificate.smoothness:<14}{answer}")

print()
print("The derivation of one of them, node by node:")
print(tc.certify("sin(tanh(x))").explain())
