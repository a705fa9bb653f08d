"""The folder of bad certificates is what its generator writes."""

from certificates import make_bad
from certificates.enemies import REGISTER


def test_the_folder_is_up_to_date():
    """Every bad certificate is the one that ``make_bad.py`` writes, byte by byte, and nothing else is there."""
    wanted = make_bad.contents()
    assert sorted(p.name for p in make_bad.FOLDER.iterdir()) == sorted(wanted)
    assert [name for name, data in wanted.items() if (make_bad.FOLDER / name).read_bytes() != data] == []


def test_every_enemy_says_what_is_wrong_with_it():
    """A bad certificate without a reason teaches nobody."""
    assert all(len(e.why) > 10 for e in REGISTER.values())
