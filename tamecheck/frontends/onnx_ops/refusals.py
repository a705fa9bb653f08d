"""Operators that have no real function, each with its reason; and those the standard's own definition translates."""

from tamecheck.frontends.onnx_ops.registry import EXPANDED, REFUSED

RANDOM = "it draws random numbers, so it is no function of its inputs; feed the sample as an input instead"
TEXT = "it works on text or encoded images, not on real numbers"
MAPS = "it makes or reads a dictionary, which is no tensor of real numbers"
DATA_DEPENDENT = "the number of its outputs depends on the data, so it is no function between fixed spaces"
ML = "ai.onnx.ml"

REASONS = {
    RANDOM: ["Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"],
    TEXT: [
        "ImageDecoder", "RegexFullMatch", "StringConcat", "StringNormalizer", "StringSplit", "TfIdfVectorizer",
        (ML, "CategoryMapper"),
    ],
    MAPS: [(ML, "CastMap"), (ML, "DictVectorizer"), (ML, "ZipMap")],
    DATA_DEPENDENT: ["NonMaxSuppression"],
    "the borders of its windows are computed regions rounded to whole pixels; use RoiAlign": ["MaxRoiPool"],
    "its probabilities come from an iteration that stops on a computed error; export the decision values": [(ML, "SVMClassifier")],
    "it is withdrawn, and its scores for two classes follow unwritten rules; use TreeEnsemble": [(ML, "TreeEnsembleClassifier")],
    "it asks for the gradient of the graph around it; certify the function itself": [("ai.onnx.preview.training", "Gradient")],
}  # fmt: skip

for _reason, _operators in REASONS.items():
    for _one in _operators:
        REFUSED[_one if isinstance(_one, tuple) else ("", _one)] = _reason

# no handler of ours: the function body of the standard is read
EXPANDED["ai.onnx.preview", "FlexAttention"] = "scores and probabilities are changed by sub-graphs, which the body inlines"
