"""Enemies of the program: nodes that are malformed, one for each guard of the shape rules."""

from certificates.drafts import Draft
from certificates.enemies import add, enemy

X, M, S, E = 0, 1, 2, 3  # a vector of 3, a matrix of 2 x 3, a number, an empty vector

NODES = [  # name, code, kind, parameters, arguments, shape
    ("an_input_without_role", "TC700", "input", ["y", "(-inf,inf)"], [], []),
    ("an_input_with_an_argument", "TC700", "input", ["y", "data", "(-inf,inf)"], [X], [3]),
    ("an_input_of_unknown_role", "TC701", "input", ["y", "noise", "(-inf,inf)"], [], []),
    ("an_input_with_the_name_of_another", "TC449", "input", ["x", "data", "[0,1]"], [], [3]),
    ("a_constant_of_an_argument", "TC702", "constant", ["splat", "1"], [X], [3]),
    ("a_splat_of_two_values", "TC703", "constant", ["splat", "1", "2"], [], [2]),
    ("values_that_do_not_fill_the_shape", "TC704", "constant", ["values", ["1", "2"]], [], [3]),
    ("a_constant_of_unknown_sort", "TC705", "constant", ["random", "0", "[0,1]"], [], []),
    ("a_map_of_two_primitives", "TC706", "map", ["sin", "cos"], [X], [3]),
    ("an_unknown_primitive", "TC707", "map", ["sinh"], [X], [3]),
    ("a_sine_of_two_arguments", "TC707", "map", ["sin"], [X, X], [3]),
    ("a_map_that_does_not_broadcast", "TC451", "map", ["add"], [X, E], [3]),
    ("a_contraction_of_nothing", "TC708", "contract", ["->"], [], []),
    ("a_contraction_without_arrow", "TC709", "contract", ["a"], [X], [3]),
    ("a_contraction_with_a_digit", "TC710", "contract", ["1->1"], [X], [3]),
    ("a_letter_of_two_extents", "TC711", "contract", ["a,ab->b"], [X, M], [3]),
    ("a_letter_twice_in_the_output", "TC712", "contract", ["a->aa"], [X], [3, 3]),
    ("a_reduction_by_a_list", "TC713", "reduce", [["sum"], [0], 0], [X], []),
    ("a_mean", "TC713", "reduce", ["mean", [0], 0], [X], []),
    ("a_reduction_over_an_axis_twice", "TC714", "reduce", ["sum", [0, 0], 0], [X], []),
    ("a_reduction_over_a_missing_axis", "TC714", "reduce", ["sum", [1], 1], [X], [3]),
    ("a_maximum_over_nothing", "TC715", "reduce", ["max", [0], 0], [E], []),
    ("a_running_mean", "TC716", "cumulate", ["mean", 0, 0, 0], [X], [3]),
    ("an_exclusive_running_maximum", "TC717", "cumulate", ["max", 0, 1, 0], [X], [3]),
    ("a_running_sum_along_a_missing_axis", "TC440", "cumulate", ["sum", 1, 0, 0], [X], [3]),
    ("a_reindexing_without_arguments", "TC718", "reindex", ["concat", 0], [], []),
    ("a_reshape_of_two", "TC719", "reindex", ["reshape"], [X, X], [3]),
    ("a_reshape_that_loses_entries", "TC720", "reindex", ["reshape"], [M], [5]),
    ("an_expansion_that_shrinks", "TC721", "reindex", ["expand"], [M], [1, 3]),
    ("a_transposition_that_repeats", "TC722", "reindex", ["transpose", [0, 0]], [M], [2, 2]),
    ("a_gather_without_shape", "TC723", "reindex", ["gather", 0, [0]], [X], [1]),
    ("a_gather_of_too_few", "TC724", "reindex", ["gather", 0, [0], [2]], [X], [2]),
    ("a_gather_out_of_range", "TC439", "reindex", ["gather", 0, [3], [1]], [X], [1]),
    ("a_gather_from_nothing", "TC724", "reindex", ["gather", 0, [0], [1]], [E], [1]),
    ("a_pad_with_a_vector", "TC725", "reindex", ["pad", [[1, 1]]], [X, X], [5]),
    ("a_concatenation_without_axis", "TC726", "reindex", ["concat"], [X, X], [6]),
    ("a_concatenation_of_other_ranks", "TC727", "reindex", ["concat", 0], [X, M], [5]),
    ("a_diagonal_of_a_vector", "TC728", "reindex", ["diagonal"], [X], [3]),
    ("a_shuffle", "TC729", "reindex", ["shuffle"], [X], [3]),
    ("a_pad_of_three_numbers", "TC730", "reindex", ["pad", [[1, 1, 1]]], [X, S], [5]),
    ("a_pad_of_minus_one", "TC439", "reindex", ["pad", [[-1, 0]]], [X, S], [2]),
    ("axes_that_are_a_number", "TC441", "reduce", ["sum", 0, 0], [X], []),
    ("a_slice_of_one_axis_of_two", "TC731", "reindex", ["slice", [[0, 1, 2]]], [M], [2, 3]),
    ("a_slice_without_length", "TC732", "reindex", ["slice", [[0, 1]]], [X], [3]),
    ("a_slice_without_step", "TC733", "reindex", ["slice", [[0, 0, 3]]], [X], [3]),
    ("a_slice_over_the_end", "TC734", "reindex", ["slice", [[1, 1, 3]]], [X], [3]),
    ("a_slice_before_the_start", "TC734", "reindex", ["slice", [[0, -1, 2]]], [X], [2]),
    ("windows_without_strides", "TC735", "reindex", ["windows", [0], [2]], [X], [2, 2]),
    ("windows_over_a_missing_axis", "TC736", "reindex", ["windows", [1], [2], [1], [1]], [X], [2, 2]),
    ("a_window_larger_than_its_axis", "TC737", "reindex", ["windows", [0], [4], [1], [1]], [X], [0, 4]),
    ("a_comparison_by_greater", "TC738", "compare", ["gt"], [X, X], [3]),
    ("a_connective_of_no_name", "TC739", "logic", [], [X], [3]),
    ("a_conjunction_of_one", "TC740", "logic", ["and"], [X], [3]),
    ("a_choice_of_two", "TC741", "where", [], [X, X], [3]),
    ("a_median", "TC742", "order", ["median", 0, 1, 0], [X], [1]),
    ("a_sort_of_two_of_three", "TC743", "order", ["sort", 0, 2, 0], [X], [2]),
    ("the_four_largest_of_three", "TC440", "order", ["topk", 0, 4, 1], [X], [4]),
    ("a_lookup_without_index", "TC744", "lookup", [0], [X], [3]),
    ("a_permanent", "TC745", "linalg", ["permanent"], [M], []),
    ("a_solution_without_right_hand_side", "TC746", "linalg", ["solve"], [M], [2, 3]),
    ("a_determinant_of_a_rectangle", "TC747", "linalg", ["det"], [M], []),
    ("a_node_that_is_a_text", "TC444", None, None, None, None),
    ("a_node_of_no_kind", "TC452", None, [], [], []),
    ("an_argument_that_is_the_node_itself", "TC445", "map", ["neg"], [4], [3]),
    ("an_argument_of_minus_one", "TC445", "map", ["neg"], [-1], [3]),
    ("a_shape_beyond_the_limit", "TC446", "constant", ["splat", "1"], [], [2**40, 2**40]),
    ("a_rank_beyond_the_limit", "TC446", "constant", ["splat", "1"], [], [1] * 33),
    ("an_extent_that_is_true", "TC439", "constant", ["splat", "1"], [], [True]),
    ("an_unknown_kind", "TC447", "python", ["lambda x: x"], [X], [3]),
    ("a_shape_that_is_not_the_arguments", "TC448", "map", ["neg"], [X], [4]),
    ("a_loop_without_a_body", "TC440", "repeat", [0, 5, 1, 0, [0]], [X], [3]),
    ("an_implicit_without_a_body", "TC440", "implicit", ["min", 0, 1, 0], [], []),
]


def with_node(*node: object) -> dict:
    """A program of four inputs and one malformed node; nothing is proved of it."""
    d = Draft()
    for name, shape in (("x", [3]), ("m", [2, 3]), ("s", []), ("e", [0])):
        d.input(name, shape=shape)
    d.nodes.append("input" if node == (None, None, None, None) else list(node))
    return d.document(0)


for _row in NODES:
    add(_row[0], _row[1], "the last node of the program is malformed", lambda n=_row[2:]: with_node(*n))


def square_system(right: list) -> dict:
    """A linear system with a right-hand side of a given shape."""
    d = Draft()
    a, b = d.input("a", shape=[2, 2]), d.input("b", shape=right)
    d.node("linalg", ["solve"], [a, b], right)
    return d.document(0)


@enemy("TC748")
def a_right_hand_side_of_three_rows():
    """A system of two equations with three right-hand sides below each other."""
    return square_system([3, 1])


def body() -> dict:
    """A body with a carry and a weight: h -> w h."""
    nodes = [["input", ["h", "data", "(-inf,inf)"], [], []], ["input", ["w", "data", "(-inf,inf)"], [], []], ["map", ["mul"], [0, 1], []]]
    return {"bodies": [], "nodes": nodes}


def looped(parameters: list, shapes: list, kind: str = "repeat", inner: dict | None = None) -> dict:
    """A loop or a choice over the body."""
    d = Draft()
    d.bodies.append(inner or body())
    arguments = [d.input(f"x{k}", shape=s) for k, s in enumerate(shapes)]
    d.node(kind, parameters, arguments, [])
    return d.document(0)


LOOPS = [
    ("a_loop_of_four_parameters", "TC749", "repeat", [0, 5, 1, 0], [[], []]),
    ("a_loop_with_one_argument_of_two", "TC750", "repeat", [0, 5, 1, 0, [2]], [[]]),
    ("a_loop_with_two_outputs_for_one_carry", "TC750", "repeat", [0, 5, 1, 0, [2, 2]], [[], []]),
    ("a_loop_over_a_vector_for_a_number", "TC751", "repeat", [0, 5, 1, 0, [2]], [[], [2]]),
    ("a_loop_of_minus_one_rounds", "TC440", "repeat", [0, -1, 1, 0, [2]], [[], []]),
    ("an_implicit_supremum", "TC753", "implicit", ["sup", 0, 1, 2], [[]]),
    ("an_implicit_with_a_vector_for_a_number", "TC754", "implicit", ["min", 0, 1, 2], [[2]]),
]
for _name, _code, _kind, _parameters, _shapes in LOOPS:
    add(_name, _code, "a loop or a choice does not fit its body", lambda p=_parameters, s=_shapes, k=_kind: looped(p, s, k))


@enemy("TC752")
def a_carry_that_changes_its_shape():
    """The body turns a number into a vector."""
    inner = body()
    inner["nodes"].append(["constant", ["splat", "1"], [], [2]])
    return looped([0, 5, 1, 0, [3]], [[], []], inner=inner)


@enemy("TC755")
def an_objective_that_is_a_vector():
    """A minimum of a vector."""
    inner = body()
    inner["nodes"].append(["constant", ["splat", "1"], [], [2]])
    return looped(["min", 0, 1, 3], [[]], "implicit", inner)


@enemy("TC442")
def a_program_without_bodies():
    """A key is missing."""
    d = Draft()
    d.input()
    document = d.document(0)
    del document["program"]["bodies"]
    document["claim"]["program"] = digest(document)
    return document


def digest(document: dict) -> str:
    """Return the digest of an edited program."""
    from tamecheck import checker

    return checker.canonical_digest(document["program"])


@enemy("TC443")
def bodies_in_bodies():
    """Six levels of bodies."""
    inner = body()
    for _ in range(5):
        inner = {"bodies": [inner], "nodes": body()["nodes"]}
    return looped([0, 5, 1, 0, [2]], [[], []], inner=inner)


@enemy("TC443", MAXIMAL_COUNT=3)
def too_many_nodes():
    """More nodes than the limit (lowered for this test)."""
    return with_node("map", ["neg"], [X], [3])
