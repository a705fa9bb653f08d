"""Write the bad certificates: one file each, and the table of codes.  Run: ``python tests/certificates/make_bad.py``."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from certificates import (  # noqa: E402, F401
    bad_conservative,
    bad_curves,
    bad_documents,
    bad_forgeries,
    bad_instances,
    bad_near,
    bad_programs,
    bad_refutations,
    bad_scalings,
)
from certificates.enemies import REGISTER, files  # noqa: E402

FOLDER = Path(__file__).resolve().parent / "bad"


def table() -> dict:
    """Return name -> code, reason, lowered limits, and whether a claim is handed in separately."""
    rows = {}
    for name, found in sorted(REGISTER.items()):
        rows[name] = {"code": found.code, "why": " ".join(found.why.split())}
        if found.limits:
            rows[name]["limits"] = found.limits
    return rows


def contents() -> dict[str, bytes]:
    """Return every file of the folder by name."""
    found = {"index.json": json.dumps(table(), indent=1, sort_keys=True).encode("ascii") + b"\n"}
    for name, one in REGISTER.items():
        certificate, claim = files(one)
        found[f"{name}.json"] = certificate
        if claim is not None:
            found[f"{name}.claim.json"] = claim
    return found


def main() -> None:
    """Write what is new, remove what is gone."""
    FOLDER.mkdir(exist_ok=True)
    wanted = contents()
    for path in FOLDER.iterdir():
        if path.name not in wanted:
            path.unlink()
    for name, data in wanted.items():
        (FOLDER / name).write_bytes(data)
    print(f"{len(REGISTER)} bad certificates, {sum(map(len, wanted.values())) // 1024} KiB")


if __name__ == "__main__":
    main()
