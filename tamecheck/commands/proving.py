"""From the options of a command to the certificate of its source."""

import argparse
import json
import os
from pathlib import Path

from tamecheck.commands.common import box, dimensions

EXIT = {"definable": 0, "not-definable": 1, "unknown": 2, "definable-under-assumptions": 2}
PARTIAL = "TAMECHECK_PARTIAL"


def note_partial(report: dict) -> None:
    """Leave what is established so far where a supervising parent finds it."""
    place = os.environ.get(PARTIAL)
    if place:
        homes = " and ".join(report["homes"]) or "no home yet"
        text = f"{report['verdict']} ({homes}), sharpness not yet examined"
        temporary = Path(place).with_suffix(".writing")
        temporary.write_text(json.dumps({"text": text, **report}, default=str))
        temporary.replace(place)


def proved(options: argparse.Namespace):
    """Return the certificate of the source, telling a supervising parent about the first half of the work."""
    from tamecheck.certification import certify
    from tamecheck.reports.console import working

    chosen = {
        "about": options.about, "structure": getattr(options, "structure", None), "output": options.output,
        "input_box": box(options.input_box), "parameters": options.parameters, "constants": options.constants, **dimensions(options),
    }
    if getattr(options, "near", False):
        chosen["near"] = True
    with working("certifying"):
        if PARTIAL in os.environ:
            note_partial(certify(options.source, sharpness=False, **chosen).to_json_report())
        return certify(options.source, **chosen)
