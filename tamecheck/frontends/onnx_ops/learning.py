"""The ``ai.onnx.ml`` operators on numbers: linear models, support vectors, trees, scalings.

A tree is a nested definition by cases over comparisons of features with constants.  The
numbers these operators store as attributes are constants.
"""

from __future__ import annotations

from fractions import Fraction
from math import prod

from tamecheck.frontends.onnx_ops.indexing import gathered, wrapped
from tamecheck.frontends.onnx_ops.registry import Call, operator
from tamecheck.frontends.onnx_ops.shapes import joined
from tamecheck.frontends.onnx_ops.values import FLOAT, INT64, Tensor, Unsupported, decode, exact_array, malformed
from tamecheck.programs.definitions import scalar
from tamecheck.programs.definitions.basics import cut, power, reshape, square
from tamecheck.programs.definitions.normalisation import softmax

ML = "ai.onnx.ml"
MAXIMAL_TREE_NODES = 200_000
ENUMERATED = ("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT")


def finite(numbers: tuple | None, what: str) -> list[Fraction]:
    """Return numbers of an attribute, all finite."""
    if numbers is None or any(isinstance(v, float) for v in numbers):
        raise Unsupported(f"{what} are missing or not finite")
    return [Fraction(v) for v in numbers]


def post(c, n: int, how: str) -> int:
    """Return scores after the transform an operator names."""
    p = c.p
    if how in ("", "NONE"):
        return n
    if how == "LOGISTIC":
        return scalar.sigmoid(p, n)
    if how == "SOFTMAX":
        return softmax(p, n)
    if how == "SOFTMAX_ZERO":
        zero = p.constant(0)
        live = p.compare("ne", n, zero)
        e = p.where(live, p.map("exp", n), zero)
        return p.map("div", e, p.reduce("sum", e, [-1], True))
    if how == "PROBIT":
        return scalar.probit(p, n)
    raise malformed("attribute post_transform is not known")


@operator("LinearRegressor", "coefficients intercepts post_transform targets", ML)
def linear_regressor(c, call: Call):
    """``X W^T + b`` and a transform."""
    x, targets = call[0], call.integer("targets", 1)
    weights = finite(call.numbers("coefficients"), "the coefficients")
    if len(x.shape) != 2 or targets < 1 or len(weights) != targets * x.shape[1]:
        raise malformed(f"{len(weights)} coefficients for {targets} targets and shape {list(x.shape)}")
    p = c.p
    n = p.contract("nf,tf->nt", c.node(x), p.values(weights, (targets, x.shape[1])))
    if call.numbers("intercepts"):
        n = p.map("add", n, p.values(finite(call.numbers("intercepts"), "the intercepts"), (targets,)))
    return c.new(post(c, n, call.text("post_transform", "NONE")), FLOAT)


@operator("LinearClassifier", "classlabels_ints classlabels_strings coefficients intercepts multi_class post_transform", ML)
def linear_classifier(c, call: Call):
    """Scores ``X W^T + b`` of at least two classes, and the label of the largest."""
    x = call[0]
    labels = call.integers("classlabels_ints")
    weights = finite(call.numbers("coefficients"), "the coefficients")
    classes = len(labels) if labels else len(call.texts("classlabels_strings") or ())
    if len(x.shape) != 2 or classes < 2 or len(weights) != classes * x.shape[1]:
        raise Unsupported("one row of coefficients for two classes; give a row per class")
    p = c.p
    n = p.contract("nf,tf->nt", c.node(x), p.values(weights, (classes, x.shape[1])))
    if call.numbers("intercepts"):
        n = p.map("add", n, p.values(finite(call.numbers("intercepts"), "the intercepts"), (classes,)))
    label = None
    if call.wants(0):
        label = _label(c, n, labels)
    return label, c.new(post(c, n, call.text("post_transform", "NONE")), FLOAT)


def _label(c, scores: int, labels: tuple | None) -> Tensor:
    if labels is None:
        raise Unsupported("class labels that are texts are not real numbers")
    p = c.p
    winner = reshape(p, p.order("argmax", scores, -1), p.shape(scores)[:-1])
    return c.new(p.lookup(p.values(labels, (len(labels),)), winner, 0), INT64)


@operator(
    "SVMRegressor", "coefficients kernel_params kernel_type n_supports one_class post_transform rho support_vectors", ML
)
def svm_regressor(c, call: Call):
    """``sum_i a_i k(x, s_i) + rho`` for a linear, polynomial, radial or sigmoid kernel."""
    x = call[0]
    p = c.p
    weights = finite(call.numbers("coefficients"), "the coefficients")
    rho = finite(call.numbers("rho"), "the offsets")
    count = call.integer("n_supports", 0)
    if len(x.shape) != 2 or not rho:
        raise malformed(f"shape {list(x.shape)} or no offset")
    if count > 0:
        vectors = finite(call.numbers("support_vectors"), "the support vectors")
        if len(vectors) != count * x.shape[1] or len(weights) != count:
            raise malformed(f"{len(vectors)} numbers for {count} support vectors")
        supports = p.values(vectors, (count, x.shape[1]))
        kernels = _kernel(c, call, c.node(x), supports)
        n = p.contract("ns,s->n", kernels, p.values(weights, (count,)))
    else:
        if len(weights) != x.shape[1]:
            raise malformed(f"{len(weights)} coefficients for shape {list(x.shape)}")
        n = p.contract("nf,f->n", c.node(x), p.values(weights, (len(weights),)))
    n = reshape(p, p.map("add", n, p.constant(rho[0])), (x.shape[0], 1))
    if call.integer("one_class", 0):
        n = p.where(p.compare("gt", n, p.constant(0)), p.constant(1), p.constant(-1))
    return c.new(post(c, n, call.text("post_transform", "NONE")), FLOAT)


def _kernel(c, call: Call, n: int, supports: int) -> int:
    p = c.p
    kind = call.text("kernel_type", "LINEAR")
    gamma, offset, degree = (*finite(call.numbers("kernel_params") or (0, 0, 0), "the kernel's numbers"), *[Fraction(0)] * 3)[:3]
    if kind == "RBF":
        rows, width = p.shape(n)
        gap = p.map("sub", reshape(p, n, (rows, 1, width)), supports)
        return p.map("exp", p.map("mul", p.constant(-gamma), p.reduce("sum", square(p, gap), [-1])))
    dot = p.contract("nf,sf->ns", n, supports)
    if kind == "LINEAR":
        return dot
    inner = p.map("add", p.map("mul", dot, p.constant(gamma)), p.constant(offset))
    if kind == "POLY":
        return power(p, inner, Fraction(int(degree)))
    if kind == "SIGMOID":
        return scalar.tanh(p, inner)
    raise malformed("attribute kernel_type is not known")


@operator("Scaler", "offset scale", ML)
def scaler(c, call: Call):
    """``(x - offset) * scale`` per feature."""
    p, n = c.p, c.node(call[0])
    offset = finite(call.numbers("offset", ()), "the offsets")
    scale = finite(call.numbers("scale", ()), "the scales")
    for numbers, primitive in ((offset, "sub"), (scale, "mul")):
        if numbers:
            n = p.map(primitive, n, p.values(numbers, (len(numbers),)))
    if p.shape(n) != call[0].shape:
        raise malformed(f"{len(offset)} offsets and {len(scale)} scales for shape {list(call[0].shape)}")
    return c.new(n, FLOAT)


@operator("Normalizer", "norm", ML)
def normalizer(c, call: Call):
    """Each row divided by its maximum, sum or Euclidean length; a row whose divisor is 0 stays."""
    p, n = c.p, c.node(call[0])
    kind = call.text("norm", "MAX")
    if kind == "MAX":
        size = p.reduce("max", p.map("abs", n), [-1], True)
    elif kind == "L1":
        size = p.reduce("sum", p.map("abs", n), [-1], True)
    elif kind == "L2":
        size = p.map("sqrt", p.reduce("sum", square(p, n), [-1], True))
    else:
        raise malformed("attribute norm is not known")
    return c.new(p.where(p.compare("eq", size, p.constant(0)), n, p.map("div", n, size)), FLOAT)


@operator("Binarizer", "threshold", ML)
def binarizer(c, call: Call):
    """1 above the threshold, 0 elsewhere."""
    return c.new(c.p.compare("gt", c.node(call[0]), c.p.constant(call.number("threshold", 0))), call[0].dtype)


@operator("Imputer", "imputed_value_floats imputed_value_int64s replaced_value_float replaced_value_int64", ML)
def imputer(c, call: Call):
    """One value replaced by another; the value nan is met by no real number."""
    x, p = call[0], c.p
    whole = call.integers("imputed_value_int64s")
    new = [Fraction(v) for v in whole] if whole else finite(call.numbers("imputed_value_floats"), "the imputed values")
    if whole:
        old = Fraction(call.integer("replaced_value_int64", 0))
    else:
        a = call.attributes.get("replaced_value_float")
        if a is not None and a.f != a.f:
            c.note("the missing value nan is no real number; over the reals nothing is replaced")
            return x
        old = call.number("replaced_value_float", 0)
    n = c.node(x)
    return c.new(p.where(p.compare("eq", n, p.constant(old)), p.values(new, (len(new),)), n), x.dtype)


@operator("OneHotEncoder", "cats_int64s cats_strings zeros", ML)
def one_hot_encoder(c, call: Call):
    """A new last axis that is 1 at the place of the entry's category."""
    x, p = call[0], c.p
    names = call.integers("cats_int64s")
    if not names:
        raise Unsupported("categories that are texts are not real numbers")
    n = reshape(p, c.node(x), (*x.shape, 1))
    return c.new(p.compare("eq", n, p.values(names, (len(names),))), FLOAT)


@operator("ArrayFeatureExtractor", "", ML)
def array_feature_extractor(c, call: Call):
    """Entries of the last axis at given places."""
    x, index = call[0], call[1]
    axis = len(x.shape) - 1
    if index.is_static:
        result = gathered(c, x, axis, c.ints(index, "the indices"), (index.size,))
    else:
        flat = reshape(c.p, wrapped(c, index, x.shape[axis]), (index.size,))
        result = c.new(c.p.lookup(c.node(x), flat, axis), x.dtype)
    if len(x.shape) == 1:
        return c.new(reshape(c.p, c.node(result), (1, index.size)), x.dtype)
    return result


@operator("FeatureVectorizer", "inputdimensions", ML)
def feature_vectorizer(c, call: Call):
    """Features side by side."""
    parts = []
    for k in range(len(call.inputs)):
        t = call[k]
        width = prod(t.shape[1:])
        parts.append(c.new(reshape(c.p, c.node(t), (t.shape[0], width)), FLOAT))
    return joined(c, parts, 1)


@operator(
    "LabelEncoder",
    "default_float default_int64 default_string default_tensor keys_floats keys_int64s keys_strings keys_tensor values_floats "
    "values_int64s values_strings values_tensor classes_strings",
    ML,
)
def label_encoder(c, call: Call):
    """A table from numbers to numbers, by comparison with each key."""
    x, p = call[0], c.p
    keys = call.integers("keys_int64s") or call.numbers("keys_floats") or _tensor(call, "keys_tensor")
    values = call.integers("values_int64s") or call.numbers("values_floats") or _tensor(call, "values_tensor")
    if not keys or not values or len(keys) != len(values):
        raise Unsupported("labels that are texts are not real numbers")
    keys, values = finite(tuple(keys), "the keys"), finite(tuple(values), "the values")
    kind = FLOAT if call.numbers("values_floats") else INT64
    default: Fraction | int = Fraction(0) if kind == FLOAT else -1
    if call.attributes.get("default_tensor") is not None:
        default = finite(tuple(_tensor(call, "default_tensor")), "the default")[0]
        kind = call.attributes["default_tensor"].t.data_type
    elif kind == FLOAT:
        default = call.number("default_float", 0)
    else:
        default = call.integer("default_int64", -1)
    if call.attributes.get("values_tensor") is not None:
        kind = call.attributes["values_tensor"].t.data_type
    n = c.node(x)
    result = p.constant(default)
    for key, value in reversed(list(zip(keys, values, strict=True))):
        result = p.where(p.compare("eq", n, p.constant(key)), p.constant(value), result)
    return c.new(result, kind)


def _tensor(call: Call, name: str) -> list:
    a = call.attributes.get(name)
    return [] if a is None else exact_array(decode(a.t)).ravel().tolist()


# ---------------------------------------------------------------------------- trees


def _leaf_vector(p, votes: list[tuple[int, Fraction]], targets: int) -> int:
    entries = [Fraction(0)] * targets
    for target, weight in votes:
        if not 0 <= target < targets:
            raise malformed(f"a leaf votes for target {target} of {targets}")
        entries[target] += weight
    return p.values(entries, (1, targets))


def tree_value(c, x: int, root: object, branches: dict, leaves: dict) -> int:
    """Return the value of one tree: branches ``(feature, relation, members or threshold, yes, no)`` by name, from the leaves up."""
    p = c.p
    rows, width = p.shape(x)
    done: dict[object, int] = {}
    stack = [root]
    open_names: set[object] = set()
    while stack:
        name = stack[-1]
        if name in done:
            stack.pop()
            continue
        if name in leaves:
            done[name] = leaves[name]
            stack.pop()
            continue
        if name not in branches:
            raise malformed("a branch of a tree leads nowhere")
        feature, relation, against, yes, no = branches[name]
        waiting = [child for child in (no, yes) if child not in done]
        if waiting:
            if name in open_names:
                raise malformed("the branches of a tree form a cycle")
            open_names.add(name)
            stack.extend(waiting)
            continue
        if not 0 <= feature < width:
            raise malformed(f"feature {feature} of {width}")
        own = cut(p, x, [(0, 1, rows), (feature, 1, 1)])
        if relation == "member":
            test = p.constant(0, (rows, 1))
            for member in against:
                test = p.logic("or", test, p.compare("eq", own, p.constant(member)))
        else:
            test = p.compare(relation, own, p.constant(against))
        done[name] = p.where(test, done[yes], done[no])
        stack.pop()
    return done[root]


def aggregated(c, x: Tensor, values: list[int], targets: int, how: str) -> int:
    """Return the trees' values combined."""
    p = c.p
    primitive = {"SUM": "add", "AVERAGE": "add", "MIN": "min", "MAX": "max"}.get(how)
    if primitive is None:
        raise malformed("attribute aggregate_function is not known")
    total = values[0]
    for n in values[1:]:
        total = p.map(primitive, total, n)
    if how == "AVERAGE":
        total = p.map("mul", total, p.constant(Fraction(1, len(values))))
    shape = (x.shape[0], targets)
    return total if p.shape(total) == shape else p.reindex(("expand", shape), total)


RELATIONS = {
    "BRANCH_LEQ": "le", "BRANCH_LT": "lt", "BRANCH_GTE": "ge", "BRANCH_GT": "gt", "BRANCH_EQ": "eq", "BRANCH_NEQ": "ne",
}  # fmt: skip
CODES = ("le", "lt", "ge", "gt", "eq", "ne", "member")


@operator(
    "TreeEnsemble",
    "aggregate_function leaf_targetids leaf_weights membership_values n_targets nodes_falseleafs nodes_falsenodeids nodes_featureids "
    "nodes_hitrates nodes_missing_value_tracks_true nodes_modes nodes_splits nodes_trueleafs nodes_truenodeids post_transform tree_roots",
    ML,
)
def tree_ensemble(c, call: Call):
    """Trees of comparisons, summed, averaged or compared."""
    x, p = call[0], c.p
    modes, splits = _tensor(call, "nodes_modes"), _tensor(call, "nodes_splits")
    features, roots = call.integers("nodes_featureids", ()), call.integers("tree_roots", ())
    yes, no = call.integers("nodes_truenodeids", ()), call.integers("nodes_falsenodeids", ())
    yes_leaf, no_leaf = call.integers("nodes_trueleafs", ()), call.integers("nodes_falseleafs", ())
    weights, aims = _tensor(call, "leaf_weights"), call.integers("leaf_targetids", ())
    count, targets = len(features), call.integer("n_targets", 1)
    lists = (modes, splits, yes, no, yes_leaf, no_leaf)
    if len(x.shape) != 2 or any(len(one) != count for one in lists) or len(weights) != len(aims) or not roots or count > MAXIMAL_TREE_NODES:
        raise malformed("the lists that describe the trees do not fit together")
    members = iter(_tensor(call, "membership_values"))
    branches: dict = {}
    for k in range(count):
        against: object = splits[k]
        if not 0 <= modes[k] < len(CODES):
            raise malformed("a comparison of a tree is not known")
        relation = CODES[modes[k]]
        if relation == "member":
            against = []
            for value in members:
                if isinstance(value, float):
                    break
                against.append(value)
        elif isinstance(against, float):
            raise Unsupported("a threshold of a tree is not finite")
        children = [("leaf", name) if leaf else name for name, leaf in ((yes[k], yes_leaf[k]), (no[k], no_leaf[k]))]
        branches[k] = (features[k], relation, against, *children)
    # a minimum or maximum is taken per target over the trees that vote for it
    how = ENUMERATED_AGGREGATES[call.integer("aggregate_function", 1)] if 0 <= call.integer("aggregate_function", 1) < 4 else ""
    if how in ("MIN", "MAX") and targets > 1:
        raise Unsupported("the extremum of trees that vote for different targets")
    leaves = {("leaf", k): _leaf_vector(p, [(a, Fraction(w))], targets) for k, (a, w) in enumerate(zip(aims, weights, strict=True))}
    n = c.node(x)
    values = [tree_value(c, n, root, branches, leaves) for root in roots]
    total = aggregated(c, x, values, targets, how)
    code = call.integer("post_transform", 0)
    if not 0 <= code < len(ENUMERATED):
        raise malformed("attribute post_transform is not known")
    return c.new(post(c, total, ENUMERATED[code]), x.dtype)


ENUMERATED_AGGREGATES = ("AVERAGE", "SUM", "MIN", "MAX")


@operator(
    "TreeEnsembleRegressor",
    "aggregate_function base_values base_values_as_tensor n_targets nodes_falsenodeids nodes_featureids nodes_hitrates "
    "nodes_hitrates_as_tensor nodes_missing_value_tracks_true nodes_modes nodes_nodeids nodes_treeids nodes_truenodeids nodes_values "
    "nodes_values_as_tensor post_transform target_ids target_nodeids target_treeids target_weights target_weights_as_tensor",
    ML,
)
def tree_ensemble_regressor(c, call: Call):
    """Trees of comparisons in the older encoding."""
    x, p = call[0], c.p
    trees, names = call.integers("nodes_treeids", ()), call.integers("nodes_nodeids", ())
    modes, features = call.texts("nodes_modes") or (), call.integers("nodes_featureids", ())
    splits = call.numbers("nodes_values") or tuple(_tensor(call, "nodes_values_as_tensor"))
    yes, no = call.integers("nodes_truenodeids", ()), call.integers("nodes_falsenodeids", ())
    weights = finite(call.numbers("target_weights") or tuple(_tensor(call, "target_weights_as_tensor")), "the weights")
    aims = call.integers("target_ids", ())
    where = list(zip(call.integers("target_treeids", ()), call.integers("target_nodeids", ()), strict=True))
    count, targets = len(names), call.integer("n_targets", 1)
    if len(x.shape) != 2 or not count or any(len(one) != count for one in (trees, modes, features, splits, yes, no)):
        raise malformed("the lists that describe the trees do not fit together")
    if not len(where) == len(aims) == len(weights) or count > MAXIMAL_TREE_NODES:
        raise malformed("the votes at the leaves do not fit together")
    branches: dict = {}
    leaves: dict = {}
    votes: dict = {}
    for at, aim, weight in zip(where, aims, weights, strict=True):
        votes.setdefault(at, []).append((aim, weight))
    roots: dict[int, tuple] = {}
    for k in range(count):
        key = (trees[k], names[k])
        roots.setdefault(trees[k], key)
        if modes[k] == "LEAF":
            leaves[key] = _leaf_vector(p, votes.get(key, []), targets)
            continue
        if modes[k] not in RELATIONS or isinstance(splits[k], float):
            raise malformed("a comparison of a tree is not known, or its threshold is not finite")
        branches[key] = (features[k], RELATIONS[modes[k]], splits[k], (trees[k], yes[k]), (trees[k], no[k]))
    how = call.text("aggregate_function", "SUM")
    if how in ("MIN", "MAX") and targets > 1:
        raise Unsupported("the extremum of trees that vote for different targets")
    n = c.node(x)
    total = aggregated(c, x, [tree_value(c, n, root, branches, leaves) for root in roots.values()], targets, how)
    base = call.numbers("base_values") or tuple(_tensor(call, "base_values_as_tensor"))
    if base:
        total = p.map("add", total, p.values(finite(base, "the base values"), (len(base),)))
    return c.new(post(c, total, call.text("post_transform", "NONE")), FLOAT)


