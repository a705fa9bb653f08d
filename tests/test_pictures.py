"""The examples of the classics run, say the numbers that are known, and write their pictures."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("matplotlib")
ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = {
    "10_circle": ("circle", ["13 cells", "Euler characteristic 0", "x + 1 >= 0 and x - 1 <= 0"]),
    "11_cusp": ("cusp", ["9 cells", "3 strata", "true  of the lower? true"]),
    "12_whitney_umbrella": ("whitney_umbrella", ["1 of dimension 0, 2 of dimension 1, 2 of dimension 2", "condition (a) fails"]),
    "13_swallowtail": ("swallowtail", ["1 of dimension 0, 4 of dimension 1, 4 of dimension 2"]),
    "14_neuron_plane": ("neuron_plane", ["n = 5: 21 strata = 10 sectors + 10 rays + 1 point", "tie tie tie"]),
    "15_broughton": ("broughton", ["smooth critical values: none", "over    0: Euler characteristic with compact supports -3"]),
    "16_one_two_one_net": ("one_two_one_net", ["with ties: 9 strata", "infimum 0, attained", "epsilon = 1"]),
    "17_relu_complex": ("relu_complex", ["132 of dimension 2", "Betti numbers [1]"]),
}


@pytest.mark.parametrize("script", EXAMPLES)
def test_examples_compute_and_draw(script, tmp_path):
    """Each script prints what is known of its classic and writes an SVG and a PNG; the SVG is among the pictures of the documentation."""
    picture, lines = EXAMPLES[script]
    run = subprocess.run(
        [sys.executable, ROOT / "examples" / f"{script}.py", tmp_path], capture_output=True, text=True, cwd=tmp_path, timeout=120, check=False
    )
    assert run.returncode == 0, run.stderr
    for line in lines:
        assert line in run.stdout
    assert (tmp_path / f"{picture}.svg").read_text().count("<path") > 5
    assert (tmp_path / f"{picture}.png").read_bytes().startswith(b"\x89PNG")
    assert (ROOT / "docs" / "pictures" / f"{picture}.svg").exists() and (ROOT / "docs" / "pictures" / f"{picture}.png").exists()


@pytest.mark.slow
def test_pictures_come_out_the_same_every_time(tmp_path):
    """No date and no random identifier in a file."""
    for folder in ("a", "b"):
        subprocess.run([sys.executable, ROOT / "examples" / "11_cusp.py", tmp_path / folder], check=True, capture_output=True)
    for name in ("cusp.svg", "cusp.png"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
