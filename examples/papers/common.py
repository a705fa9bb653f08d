"""What the scripts share: a result as JSON beside the script, a figure, and one sentence on agreement."""

import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"


def rounded(value: object, digits: int = 6) -> object:
    """Return numbers with so many significant digits, so that results do not change with the machine."""
    if isinstance(value, dict):
        return {k: rounded(v, digits) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(v, digits) for v in value]
    return float(f"{float(value):.{digits}g}") if isinstance(value, float) or hasattr(value, "dtype") else value


def save(name: str, result: dict, sentence: str, digits: int = 6) -> None:
    """Write the result and print the sentence."""
    RESULTS.mkdir(exist_ok=True)
    content = {**rounded(result, digits), "agreement": sentence}
    (RESULTS / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print(sentence)


def figure(name: str, draw) -> None:
    """Draw with matplotlib, if it is installed; ``draw`` gets the axes."""
    try:
        import matplotlib
    except ImportError:
        print("no figure: matplotlib (the extra 'plot') is not installed", file=sys.stderr)
        return
    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = name
    import matplotlib.pyplot as plt

    made, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    draw(axes)
    axes.spines[["top", "right"]].set_visible(False)
    RESULTS.mkdir(exist_ok=True)
    made.savefig(RESULTS / f"{name}.svg", metadata={"Date": None})
    made.savefig(RESULTS / f"{name}.png", dpi=100, metadata={"Software": None})
    plt.close(made)
