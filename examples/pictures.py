"""The look of the pictures of examples 10 to 17: one palette, plain axes, files that come out the same every time."""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402

INK, RED, GREEN, BLUE, GOLD = "#2f3e4e", "#c0392b", "#2e8b57", "#2f6db5", "#d39b2a"
PALE = ["#e3eef8", "#fdeedd", "#e8f3e1", "#f6e6f0", "#fff8d8", "#e3f4f4"]
DIMENSION = {0: RED, 1: BLUE, 2: PALE[0], 3: PALE[2]}

pyplot.rcParams.update({
    "svg.hashsalt": "tamecheck", "svg.fonttype": "path", "font.family": "DejaVu Sans", "font.size": 10, "axes.edgecolor": "#8a97a3",
    "axes.labelcolor": INK, "xtick.color": "#5a6773", "ytick.color": "#5a6773", "axes.titlesize": 10.5, "axes.titlecolor": INK,
    "axes.linewidth": 0.8, "mathtext.fontset": "dejavuserif",
})  # fmt: skip


def plane(x=(-2, 2), y=(-2, 2), size=4.6, ax=None, title=""):
    """Return axes for a picture in the plane: equal scales, no frame, thin axes through the origin."""
    if ax is None:
        _, ax = pyplot.subplots(figsize=(size, size * (y[1] - y[0]) / (x[1] - x[0])))
    ax.set_xlim(*x)
    ax.set_ylim(*y)
    ax.set_aspect("equal")
    ax.set_xticks([])
    ax.set_yticks([])
    for side in ax.spines.values():
        side.set_visible(False)
    ax.set_title(title)
    return ax


def space(size=5.0, elevation=22, azimuth=-58):
    """Return axes for a picture in space, without panes and ticks."""
    figure = pyplot.figure(figsize=(size, size))
    ax = figure.add_subplot(projection="3d", computed_zorder=False)
    ax.view_init(elevation, azimuth)
    ax.set_axis_off()
    return ax


def save(ax, name):
    """Write NAME.svg and NAME.png into the folder given on the command line (``out``)."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "out")
    folder.mkdir(parents=True, exist_ok=True)
    figure = ax.get_figure()
    figure.savefig(folder / f"{name}.svg", bbox_inches="tight", metadata={"Date": None, "Creator": None})
    figure.savefig(folder / f"{name}.png", bbox_inches="tight", dpi=110, metadata={"Software": None})
    pyplot.close(figure)
    print(f"wrote {folder / name}.svg and .png")
