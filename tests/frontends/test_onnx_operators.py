"""The 1884 single-operator models of the onnx package: each is imported or refused with a reason, and the program is the model."""

import warnings
from functools import lru_cache

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from onnx_comparison import differences, flattened, imported, plain, real  # noqa: E402

from tamecheck.errors import InputError  # noqa: E402


@lru_cache(maxsize=1)
def cases():
    """Return the package's own test cases by name."""
    from onnx.backend.test.case.node import collect_testcases

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {case.name: case for case in collect_testcases(None)}


# Models that cannot be followed over the reals, by how many of the cases each operator stands first in.
REFUSED = {
    "Bernoulli": 3, "BitCast": 10, "BitShift": 0, "Cast": 2, "Dropout": 4, "Equal": 2, "ImageDecoder": 9, "LabelEncoder": 4,
    "NonMaxSuppression": 10, "RandomUniformLike": 3, "ReduceMax": 1, "ReduceMin": 1, "RegexFullMatch": 3, "RoiAlign": 1,
    "StringConcat": 5, "StringNormalizer": 6, "StringSplit": 6, "TfIdfVectorizer": 7, "Unique": 3, "output": 4,
}  # fmt: skip

# Cases whose expected numbers are not those of the function over the reals, and why.
EXPLAINED = {
    "no_saturate": "beyond the range the machine gives nan; the program saturates and says so",
    "_to_UINT4": "the machine's narrow integers wrap around", "_to_INT4": "the machine's narrow integers wrap around",
    "_to_UINT2": "the machine's narrow integers wrap around", "_to_INT2": "the machine's narrow integers wrap around",
    "softmax_large_number": "exp overflows in the evaluator, which subtracts no maximum",
}  # fmt: skip
TIES = ("dynamicquantizelinear", "quantizelinear", "qlinear")


def run(case):
    """Return how the case was imported and what differs."""
    inputs, outputs = case.data_sets[0]
    given = {slot.name: plain(v) for slot, v in zip(case.model.graph.input, inputs, strict=False)}
    how, read = imported(case.model, given)
    if not all(real(v) for v in given.values()):
        return how, []
    narrow = any(k in case.name for k in ("bf16", "bfloat16", "BFLOAT16", "float16", "FLOAT16", "fp16"))
    expected = flattened([o.name for o in case.model.graph.output], [plain(v) for v in outputs])
    ties = any(k in case.name for k in TIES)
    return how, differences(read, given, expected, 1e-2 if narrow else 1e-3, 1e-2 if narrow else 1e-4, ties)


def test_every_model_is_imported_or_refused_and_equals_its_expected_outputs():
    """No exception escapes, every refusal has a reason, and the imported program computes the expected outputs."""
    counts = {"free": 0, "integers fixed": 0, "all fixed": 0}
    refused: dict[str, int] = {}
    wrong = {}
    for name, case in cases().items():
        try:
            how, bad = run(case)
        except InputError as refusal:
            problems = refusal.problems
            assert problems, name
            assert all(len(q["reason"]) > 15 and q["code"] in ("TC130", "TC136") for q in problems), (name, problems)
            refused[problems[0]["op"]] = refused.get(problems[0]["op"], 0) + 1
            continue
        counts[how] += 1
        if bad and not any(k in name for k in EXPLAINED):
            wrong[name] = bad
    assert wrong == {}
    assert {op: n for op, n in REFUSED.items() if n} == refused
    assert counts == {"free": 1385, "integers fixed": 383, "all fixed": 32}


SKIP_RANDOM = (
    "bernoulli", "random", "dropout", "optional", "sequence", "string", "nonmaxsuppression",  # no function of floating inputs
)  # fmt: skip


def at_a_random_point(case, seed, grid):
    """Return what differs from the reference evaluator at random dyadic floating inputs, or ``None`` when it cannot tell."""
    from onnx.reference import ReferenceEvaluator

    inputs, _ = case.data_sets[0]
    slots = [slot.name for slot in case.model.graph.input]
    given = {name: plain(v) for name, v in zip(slots, inputs, strict=False)}
    if not all(isinstance(v, np.ndarray) for v in given.values()):
        return None
    try:
        _, read = imported(case.model, given)
    except InputError:
        return None
    rng = np.random.default_rng(seed)
    point = {}
    for name, v in given.items():
        if name in read.data and v.dtype in (np.float32, np.float64):
            low, high = (float(v.min()), float(v.max())) if v.size and np.isfinite(v).all() else (-2.0, 2.0)
            # within the range of the case's own inputs, so that domains are respected; on a coarse grid entries tie
            point[name] = np.clip(np.floor(rng.uniform(low, high, v.shape) * grid) / grid, low, high).astype(v.dtype)
        else:
            point[name] = v
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            outputs = ReferenceEvaluator(case.model).run(None, point)
    except Exception:
        return None
    names = [o.name for o in case.model.graph.output]
    if any(isinstance(o, list) or o is None for o in outputs):
        return None
    return differences(read, point, dict(zip(names, outputs, strict=True)), 2e-3, 2e-4, any(k in case.name for k in TIES))


# Where the reference evaluator itself is not the function of the standard, and what it does instead.
REFERENCE = {
    "lppool_2d_pads": "the reference takes the mean over the real entries of the window times its size",
}


def compare_at_random(names, seed, grid):
    """Return the differences of the named cases and the number compared."""
    wrong, compared = {}, 0
    for name in names:
        if any(k in name for k in (*EXPLAINED, *REFERENCE, *SKIP_RANDOM, "float16", "FLOAT16", "bf", "BF", "fp16")):
            continue
        bad = at_a_random_point(cases()[name], seed, grid)
        if bad is not None:
            compared += 1
            if bad:
                wrong[name] = bad
    return wrong, compared


def test_programs_equal_the_reference_evaluator_at_random_points_sample():
    """A fixed tenth of the models agrees with the reference evaluator at random dyadic points."""
    wrong, compared = compare_at_random(list(cases())[::10], 1, 64)
    assert wrong == {}
    assert compared > 90


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "grid"), [(2, 64), (3, 64), (4, 2), (5, 1)])
def test_programs_equal_the_reference_evaluator_at_random_points(seed, grid):
    """Every model that the reference evaluator runs agrees with it at random dyadic points, at kinks and ties too."""
    wrong, compared = compare_at_random(list(cases()), seed, grid)
    assert wrong == {}
    assert compared > 1000
