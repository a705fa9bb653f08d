"""Everything about one activation, and a family of them: for which slopes is a leaky rectifier smooth, convex, monotone?

Run:  python examples/06_activation_report.py
"""

import tamecheck as tc

report = tc.activation("x*tanh(log(1+exp(x)))")
print(report)

print("\nwhere common activations attain their Lipschitz constant")
for formula in ("silu(x)", "gelu(x)", "x*tanh(log(1+exp(x)))", "selu(x)", "softplus(x)"):
    r = tc.activation(formula)
    constant = r.lipschitz_constant
    how = "attained" if constant["attained"] else "approached"
    print(f"  {formula:<24}{r.lipschitz:<20} {how} at {constant['where']}")

for formula in ("leaky_relu(x, a)", "elu(x, a)", "x*sigmoid(a*x)", "hardtanh(x, lo, hi)"):
    print(f"\n{tc.activation(formula)}")
