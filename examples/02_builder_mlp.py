"""Build a small network as in PyTorch, and certify its loss as a function of the parameters.

Run:  python examples/02_builder_mlp.py
"""

import tamecheck as tc
from tamecheck import nn

x = nn.Input("x", (32, 4), box=(-1, 1))
y = nn.Input("y", (32, 1))


def report(title: str, loss: nn.Tensor) -> None:
    """Certify a loss and print one line."""
    certificate = tc.certify(nn.Loss(loss), about="parameters")
    homes = ", ".join(map(str, certificate.homes)) or "none"
    print(f"{title:<46}{certificate.verdict:<12}{homes:<20}{certificate.smoothness}")


# The activation decides.
for activation in ("relu", "softsign", "tanh", "gelu", "arctan"):
    model = nn.Sequential(nn.Linear(4, 8), activation, nn.Linear(8, 1))
    report(f"mean squared error, {activation}", nn.mse_loss(model(x), y))

# A module of one's own: attributes are parameters, forward is the formula.


class Scaled(nn.Module):
    """Two branches with a learnt mixture."""

    def __init__(self) -> None:
        self.left, self.right = nn.Linear(4, 1), nn.MLP(4, 8, 1, activation="silu")
        self.mixture = nn.Parameter(())

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        """Mix a linear and a nonlinear branch."""
        share = nn.sigmoid(self.mixture)
        return share * self.left(x) + (1 - share) * self.right(x)


model = Scaled()
loss = nn.huber_loss(model(x), y, delta="0.5") + nn.L2("1e-4")(model)
report("Huber loss of a module, with weight decay", loss)
print()
print(nn.Loss(loss))
print("parameters:", ", ".join(nn.Loss(loss).parameters))
