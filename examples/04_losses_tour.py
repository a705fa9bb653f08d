"""A tour of losses and regularisers: where each one lives as a function of predictions and labels.

Run:  python examples/04_losses_tour.py
"""

import tamecheck as tc
from tamecheck import nn

x, y = nn.Input("x", (5, 3)), nn.Input("y", (5, 3))
mask = nn.Input("mask", (5, 3), box=(0, 1))
labels = [0, 2, 1, 1, 0]
w = nn.Parameter("w", (4, 3))


def positive(name: str) -> nn.Tensor:
    """Return a learnt number that is visibly positive."""
    return nn.softplus(nn.Parameter(name, ()))


ROWS = {
    "mean absolute error": nn.l1_loss(x, y),
    "quantile (pinball)": nn.quantile_loss(x, y, "0.9"),
    "multi-class hinge": nn.multi_margin_loss(x, labels),
    "mean squared error": nn.mse_loss(x, y),
    "Huber": nn.huber_loss(x, y),
    "triplet": nn.triplet_margin_loss(x, y, nn.Input("z", (5, 3))),
    "Dice of probabilities": nn.dice_loss(mask, nn.Input("truth", (5, 3), box=(0, 1))),
    "logistic": nn.logistic_loss(x, y),
    "cross entropy, smoothed": nn.cross_entropy(x, labels, label_smoothing=0.1),
    "focal, exponent 3/2": nn.focal_loss(x, labels, "3/2"),
    "focal, learnt exponent": nn.focal_loss(x, labels, positive("gamma")),
    "KL divergence": nn.kl_div(nn.log_softmax(x), nn.softmax(y)),
    "Poisson": nn.poisson_nll_loss(x, y),
    "Gaussian, learnt variance": nn.gaussian_nll_loss(x, y, positive("variance")),
    "connectionist (CTC)": nn.ctc_loss(nn.log_softmax(nn.Input("s", (8, 1, 4))), [[1, 1, 2]]),
    "SimCLR": nn.nt_xent_loss(x, y),
    "Student t, 4 degrees of freedom": nn.student_t_nll_loss(x, y, positive("scale"), 4),
    "Student t, learnt degrees": nn.student_t_nll_loss(x, y, positive("scale"), positive("degrees")),
    "Dirichlet": nn.dirichlet_nll_loss(nn.exp(x), nn.softmax(y)),
    "regulariser L1": nn.L1()(w),
    "regulariser L2": nn.L2()(w),
    "regulariser Lp, p = 1/2": nn.Lp(p="1/2")(w),
    "regulariser nuclear norm": nn.Nuclear()(w),
    "regulariser total variation": nn.TotalVariation()(w),
}

print(f"{'loss':<34}{'verdict':<12}{'homes':<12}{'smoothness':<12}locally Lipschitz")
for title, loss in ROWS.items():
    certificate = tc.certify(loss)
    homes = ", ".join(map(str, certificate.homes)) or "none"
    lipschitz = {True: "yes", False: "no", None: "not proved"}[certificate.locally_lipschitz]
    print(f"{title:<34}{certificate.verdict:<12}{homes:<12}{certificate.smoothness:<12}{lipschitz}")
