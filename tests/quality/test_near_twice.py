"""Triple entry: kernel, checker and second checker compute the same degrees, polynomials and leading parts for every node of random programs.

A claim is accepted when it is at least what a checker computes; a rule that computes too little would go unnoticed there.  Here it does not.
"""

import hashlib
import json
import os
import random
import sys
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import pytest
import second_checker as second

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "proofs"))

import precise_programs  # noqa: E402

from tamecheck import checker as first  # noqa: E402
from tamecheck.kernel.gate_bounds import Bounds  # noqa: E402
from tamecheck.kernel.near import State, States  # noqa: E402
from tamecheck.kernel.recession import leading  # noqa: E402
from tamecheck.kernel.scaling import degrees  # noqa: E402
from tamecheck.proofs.definability import prove  # noqa: E402
from tamecheck.proofs.gates import roots  # noqa: E402

ROUNDS = 120 * int(os.environ.get("TAMECHECK_TEST_MULTIPLIER", "1"))


def gates_of(rng: random.Random, program) -> dict[int, Bounds]:
    """Return invented bounds for some scalar functions: here only the arithmetic is compared."""
    base = roots(program)
    numbers = [Fraction(rng.randint(0, 9), rng.randint(1, 9)) for _ in range(3)]
    slopes = [rng.choice([None, Fraction(0), Fraction(1), Fraction(-1, 7)]) for _ in range(2)]
    return {n: Bounds(n, b, *numbers, (), *slopes) for n, b in enumerate(base) if b not in (n, -1) and rng.random() < 0.5}


def compare(seed: int) -> int:
    """Compare all nodes of one program; return how many of them have a state."""
    rng = random.Random(seed)
    program, target, _ = precise_programs.random_program(rng)
    proof = prove(program, target, "both")
    program, target = proof.program, proof.node
    group = [n for n in program.inputs() if program.nodes[n][1][1] == "parameter"]
    ranges = [proof.derivation.record(n)[3] for n in range(len(program.nodes))]
    weights = dict.fromkeys(group, Fraction(1))
    kernel = States(program, group, degrees(program, weights), ranges)
    gates = {n: g for n, g in gates_of(rng, program).items() if kernel.depends[g.root]}
    value = json.loads(json.dumps(program.to_json()))
    one, two = first.Program(value), second.read_program(value)
    given = [Fraction(n in group) for n in one.inputs]
    states = first.States(one, group, first.Scaling().degrees(one, given), ranges)
    met = {n: SimpleNamespace(range=r) for n, r in enumerate(ranges)}
    table = second.Bounding(two, set(group), second.Weighing().weigh(two, tuple(given)), met, {n: tuple(g) for n, g in gates.items()})
    table.run(target)
    found = 0
    for n in range(target + 1):
        a = kernel.visit(n, gates.get(n))
        b = states.visit(n, None if n not in gates else first.GateClaim(*gates[n]))
        c = table.near[n]
        where = f"seed {seed}, node {n} {program.nodes[n]}"
        if not isinstance(a, State):
            assert not isinstance(b, first.State) and not c, where
            continue
        found += 1
        assert tuple(a) == tuple(b) == tuple(c), where
        assert kernel.support[n] == tuple(states.support[n]) == tuple(table.uses[n]), where
    if isinstance(kernel.found[target], State):
        limits(program, target, kernel, gates, value, one, states, table)
    return found


def limits(program, target: int, kernel: States, gates: dict, value: dict, one, states, table) -> None:
    """The leading part is the same program, or none, three times."""
    names = [program.nodes[n][1][0] for n in kernel.moving]
    a = leading(program, target, kernel, gates)
    b = first.leading_part(one, value["bodies"], target, states, {n: first.GateClaim(*g) for n, g in gates.items()}, names)
    c = table.leading(target, value["bodies"], set(names))
    if a is None:
        assert b is None and c is None
        return
    digests = {first.canonical_digest(b[0]), "sha256:" + hashlib.sha256(second.canonical(c[0])).hexdigest(), a[0].digest()}
    assert len(digests) == 1 and a[1] == b[1] == c[1]


@pytest.mark.parametrize("part", range(6))
def test_three_tables_of_states_are_equal(part):
    """Degree, five polynomials, what they rest on, and the leading part, digit by digit."""
    found = sum([compare(1000 * part + k) for k in range(ROUNDS // 6)])
    assert found > 3 * ROUNDS // 6
