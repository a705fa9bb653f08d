"""Problems for cylindrical decomposition and quantifier elimination, with known answers.

Cell counts belong to the projection operators (McCallum's, with coefficients down to the first constant, and Lazard's); those of
QEPCAD-B 1.74 are beside them.  Answers are in the language of formulas.  The problems come from work of
Arnon, Brown, Collins, Davenport, Heintz, Hong, Johnson, Kahan, Lazard, McCallum, Parrilo and others.
"""

from typing import NamedTuple


class Cad(NamedTuple):
    """A decomposition problem: cells by QEPCAD, by McCallum's and by Lazard's projection (0: not known)."""

    name: str
    variables: str
    polynomials: tuple[str, ...]
    qepcad: int = 0
    mccallum: int = 0
    lazard: int = 0


class Elimination(NamedTuple):
    """A quantifier elimination problem and an answer."""

    name: str
    formula: str
    answer: str


class Critical(NamedTuple):
    """A function and the real critical values: a formula in ``t``."""

    name: str
    variables: str
    function: str
    values: str


CAD = (
    Cad("circle", "x y", ("x^2+y^2-1",), 13, 13, 13),
    Cad("node_cubic", "x y", ("y^2-x^3-x^2",), 17, 17, 17),
    Cad(
        "lemniscate_and_circle",
        "x y",
        (
            "(x^2+y^2)^2-2*(x^2-y^2)",
            "x^2+y^2-1",
        ),
        85,
        85,
        85,
    ),
    Cad("arnon84_1", "x y", ("y^4-2*y^3+y^2-3*x^2*y+2*x^4",), 55, 55, 55),
    Cad(
        "arnon84_2",
        "x y",
        (
            "144*y^2+96*x^2*y+9*x^4+105*x^2+70*x-98",
            "x*y^2+6*x*y+x^3+9*x",
        ),
        41,
        41,
        61,
    ),
    Cad(
        "rand_biv_d9",
        "x y",
        (
            "-6+6*y-7*y^2+8*y^3-8*y^4+8*y^5-4*y^6-1*y^7-9*y^8-1*y^9-3*x+2*x*y^2+1*x*y^3+7*x*y^4-2*x*y^5-7*x*y^6+8*x*y^7-9*x*y^8+9*x^2+7*x^2*y^2+4*x^2*y^3+4*x^2*y^4-2*x^2*y^5-8*x^2*y^6+5*x^2*y^7-1*x^3+6*x^3*y-5*x^3*y^2-3*x^3*y^3-3*x^3*y^4+5*x^3*y^5+2*x^3*y^6+9*x^4+8*x^4*y+1*x^4*y^2-8*x^4*y^3-1*x^4*y^4-2*x^4*y^5-4*x^5-9*x^5*y-7*x^5*y^2+1*x^5*y^4-5*x^6*y+4*x^6*y^2-7*x^6*y^3-3*x^7+3*x^7*y^2-4*x^8-9*x^8*y+5*x^9",
        ),
        47,
        47,
        81,
    ),
    Cad("cubic_discriminant", "a b x", ("x^3+a*x+b",), 35, 35, 55),
    Cad("parametric_quadratic", "a b c x", ("a*x^2+b*x+c",), 115, 115, 115),
    Cad("swallowtail", "p q r x", ("x^4+p*x^2+q*x+r",), 213, 213, 497),
    Cad("whitney_umbrella_zyx", "z y x", ("x^2-y^2*z",), 27, 27, 27),
    Cad("whitney_umbrella_xyz", "x y z", ("x^2-y^2*z",), 21, 23, 23),
    Cad("sphere", "x y z", ("x^2+y^2+z^2-1",), 25, 25, 25),
    Cad("torus", "x y z", ("(x^2+y^2+z^2+3)^2-16*(x^2+y^2)",), 157, 157, 157),
    Cad("torus_rotated", "z x y", ("(x^2+y^2+z^2+3)^2-16*(x^2+y^2)",), 69, 69, 69),
    Cad(
        "sphere_and_catastrophe",
        "x y z",
        (
            "x^2+y^2+z^2-1",
            "z^3+x*z+y",
        ),
        971,
        971,
        1271,
    ),
    Cad(
        "consistency_two_balls",
        "x y z",
        (
            "x^2+y^2+z^2-1",
            "x^2+(y+z-2)^2-1",
        ),
        365,
        365,
        507,
    ),
    Cad("cayley_symmetroid", "x y z", ("1-x^2-y^2-z^2+2*x*y*z",), 77, 77, 155),
    Cad("tanglecube", "x y z", ("x^4-5*x^2+y^4-5*y^2+z^4-5*z^2+12",), 573, 573, 573),
    Cad(
        "cyclic3",
        "a b c",
        (
            "a+b+c",
            "a*b+b*c+c*a",
            "a*b*c-1",
        ),
        381,
        381,
        381,
    ),
    Cad("null4_quadric", "x y z w", ("x*w^2+y*w+z",), 115, 115, 115),
    Cad(
        "null4_brown",
        "x y z w",
        (
            "x*y*w^2+(x+z)*w+x*z",
            "w-z+x",
        ),
        1905,
        2141,
        1689,
    ),
    Cad(
        "rand_tri_d3",
        "x y z",
        ("-2-3*z+1*z^2+1*z^3+1*y-3*y*z-3*y*z^2+1*y^2+3*y^2*z-2*y^3+1*x+1*x*z-3*x*z^2-3*x*y-2*x*y*z-2*x*y^2+1*x^2+3*x^2*z-3*x^2*y+2*x^3",),
        199,
        199,
        903,
    ),
    Cad(
        "relu121_pieces",
        "u v",
        (
            "u",
            "v",
            "u+v-1",
            "u+v+2",
            "(u-1)^2+(v+2)^2-1",
            "(u+2)^2+(v-1)^2-1",
            "(u+v-1)^2+3",
            "u^2+v^2-9",
        ),
        385,
        385,
        385,
    ),
    Cad(
        "relu111_bias",
        "w b v",
        (
            "b",
            "w+b",
            "v*b-1",
            "v*(w+b)-2",
            "(v*b-1)^2+(v*(w+b)-2)^2-1",
        ),
        157,
        177,
        157,
    ),
    Cad(
        "x_axis_ellipse_polys",
        "a b c x y",
        (
            "b^2*(x-c)^2+a^2*y^2-a^2*b^2",
            "x^2+y^2-1",
            "a",
            "b",
        ),
        114541,
        114581,
        0,
    ),
    Cad(
        "solotareff_polys",
        "b a x y",
        (
            "3*x^2-2*x-a",
            "x^3-x^2-a*x-2*b+a-2",
            "3*y^2-2*y-a",
            "y^3-y^2-a*y-a+2",
            "4*a-1",
            "4*a-7",
            "4*b+3",
            "4*b-3",
            "x+1",
            "x",
            "y",
            "y-1",
        ),
        154527,
        154527,
        0,
    ),
    Cad(
        "relu_2_1_loss_3w",
        "u v w",
        (
            "u",
            "v",
            "u+w",
            "v+w",
            "(u+v-1)^2+(u+v+2*w-2)^2-1",
        ),
        1217,
        1217,
        0,
    ),
    Cad("sphere4", "x y z w", ("x^2+y^2+z^2+w^2-1",), 41, 41, 0),
    Cad(
        "sphere4_and_quadric",
        "x y z w",
        (
            "x^2+y^2+z^2+w^2-1",
            "x*y-z*w",
        ),
        1271,
        1289,
        0,
    ),
    Cad(
        "hong90_reduced_polys",
        "a b r s",
        (
            "r+s+a",
            "r*s-(r+s)^2-a",
            "r*s*(r+s)+b",
        ),
        43323,
        43359,
        0,
    ),
)

ELIMINATION = (
    Elimination("quadratic_nonneg", "forall x: (x^2+b*x+c >= 0)", "b^2-4*c <= 0"),
    Elimination(
        "quartic_nonneg",
        "forall x: (x^4+p*x^2+q*x+r >= 0)",
        "256*r^3 - 128*p^2*r^2 + 144*p*q^2*r + 16*p^4*r - 27*q^4 - 4*p^3*q^2 >= 0"
        " and ( 27*q^2 + 8*p^3 > 0 or ( 48*r^2 - 16*p^2*r + 9*p*q^2 + p^4 >= 0 and 6*r - p^2 >= 0 ) )",
    ),
    Elimination("davenport_heintz", "exists c: forall b: forall a: (((a==d and b==c) or (a==c and b==1)) implies a^2==b)", "d^2 == 1"),
    Elimination("hong90", "exists r: exists s: exists t: (r+s+t==0 and r*s+s*t+t*r-a==0 and r*s*t-b==0)", "27*b^2+4*a^3 <= 0"),
    Elimination(
        "x_axis_ellipse",
        "forall x: forall y: ((a > 0 and b > 0 and b^2*(x-c)^2+a^2*y^2-a^2*b^2 == 0) implies x^2+y^2-1 <= 0)",
        "a <= 0 or b <= 0 or ( b^2*c^2 + b^4 - a^2*b^2 - b^2 + a^2 <= 0 and c - a + 1 > 0 )"
        " or ( b^2 - a <= 0 and c - a + 1 >= 0 and c + a - 1 <= 0 )",
    ),
    Elimination("motzkin_negative", "exists x: exists y: (x^4*y^2+x^2*y^4-3*x^2*y^2+1 < 0)", "False"),
    Elimination("amgm_sat", "exists x: exists y: exists z: (x^2+y^2+z^2 <= 1 and 100*x*y*z > 19)", "True"),
    Elimination("amgm_unsat", "exists x: exists y: exists z: (x^2+y^2+z^2 <= 1 and 100*x*y*z > 20)", "False"),
    Elimination("whitney_image", "exists u: exists v: (x==u*v and y==v and z==u^2)", "x^2==y^2*z and z>=0"),
    Elimination("nn_quadact_sublevel", "exists a: exists w: ((a*w^2-1)^2+(4*a*w^2-2)^2 <= c)", "17*c-4 >= 0"),
    Elimination("nn_relu111_fit", "exists w: exists b: exists v: (b>=0 and w+b>=0 and (v*b-1)^2+(v*(w+b)+1)^2 <= c)", "c >= 1"),
    Elimination("nn_deeplinear3_below1", "exists x: exists y: exists z: (x > 0 and y > 0 and z < 0 and (x*y*z-1)^2 < 1)", "False"),
    Elimination("king_inf_not_attained", "exists x: exists y: (x^2+(x*y-1)^2 == c)", "c > 0"),
)

CRITICAL = (
    Critical("broughton", "x y", "x^2*y+x", "False"),
    Critical("inf_not_attained", "x y", "x^2+(x*y-1)^2", "t == 1"),
    Critical("king", "x y", "-y*(2*x^2*y^2-9*x*y+12)", "False"),
    Critical("parusinski3", "x y z", "x+x^2*y+x^4*y*z", "False"),
    Critical("paunescu_zaharia_11", "x y z", "x-3*x^3*y^2+2*x^4*y^3+y*z", "False"),
    Critical("paunescu_zaharia_21", "x y z", "x-3*x^5*y^2+2*x^7*y^3+y*z", "False"),
    Critical("motzkin", "x y", "x^4*y^2+x^2*y^4-3*x^2*y^2+1", "t == 0 or t == 1"),
    Critical("deep_linear_3", "u v w", "(u*v*w-1)^2", "t == 0 or t == 1"),
    Critical("quadact_data2", "a w", "(a*w^2-1)^2+(4*a*w^2-2)^2", "t == 4/17 or t == 5"),
    Critical("linear_2_data_bias", "v w b", "(v*b-1)^2+(v*(w+b)+1)^2", "t == 0 or t == 2"),
    Critical("rabier", "x y", "x*(x*y+1)^2", "t == 0"),
    Critical("nemethi_zaharia", "x y", "x*(1+x^2*y)^2+y*0", "t == 0"),
    Critical("kinf_from_noncompact_critical_set", "x y z", "x^2*y^2+(y*z-1)^2", "t == 0 or t == 1"),
    Critical("x3y2_plus_x", "x y", "x^3*y^2+x", "False"),
)

LITERATURE = (
    # plane curves of the nineteenth century
    Cad("two_circles", "x y", ("x^2+y^2-1", "(x-1)^2+y^2-1")),
    Cad("cusp_and_line", "x y", ("y^2-x^3", "2*y-x-1")),
    Cad("cardioid_and_line", "x y", ("(x^2+y^2-x)^2-x^2-y^2", "x+y-1")),
    Cad("deltoid", "x y", ("(x^2+y^2)^2+18*(x^2+y^2)-27-8*x^3+24*x*y^2",)),
    Cad("folium", "x y", ("x^3+y^3-3*x*y", "x+y+1")),
    Cad("astroid", "x y", ("(x^2+y^2-1)^3+27*x^2*y^2",)),
    Cad("three_leaf_rose", "x y", ("(x^2+y^2)^2-x^3+3*x*y^2", "x^2+y^2-1")),
    Cad("heart_curve", "x y", ("(x^2+y^2-1)^3-x^2*y^3", "y-x^2")),
    # surfaces
    Cad("steiner_roman", "x y z", ("x^2*y^2+y^2*z^2+z^2*x^2-x*y*z",)),
    Cad("ding_dong", "x y z", ("x^2+y^2-z^2+z^3", "x+y+z")),
    Cad(
        "clebsch_cubic",
        "x y z",
        ("81*(x^3+y^3+z^3)-189*(x^2*y+x^2*z+y^2*x+y^2*z+z^2*x+z^2*y)+54*x*y*z+126*(x*y+x*z+y*z)-9*(x^2+y^2+z^2)-9*(x+y+z)+1",),
    ),
    Cad("kummer_like_quartic", "x y z", ("x^4+y^4+z^4-x^2-y^2-z^2+1/2",)),
    Cad("d4_surface", "x y z", ("z^2-x^2*y+y^3",)),
    Cad("four_lines_cone", "z x y", ("x*y*(x-y)*(x-z*y)",)),
    Cad("three_spheres", "x y z", ("x^2+y^2+z^2-1", "(x-1)^2+y^2+z^2-1", "x^2+(y-1)^2+z^2-1")),
    Cad("hyperboloid_and_paraboloid", "x y z", ("x^2+y^2-z^2-1", "z-x^2-y^2")),
    # from papers on cylindrical decomposition
    Cad("mccallum_quartic", "x y z", ("(y-1)*z^4+x*z^3+x*(1-y)*z^2+(y-x-1)*z+y",)),
    Cad("collins_johnson", "a b r", ("3*a^2*r+3*b^2*r-2*a*r-a^2-b^2", "3*a^2*r+3*b^2*r-4*a*r+r-2*a^2-2*b^2+2*a", "2*a-1", "b", "r", "r-1")),
    Cad("general_cubic", "a b c d x", ("a*x^3+b*x^2+c*x+d",)),
    Cad("depressed_quintic", "p q r s x", ("x^5+p*x^2+r*x+s",)),
    Cad("triangle_altitude", "a b c h", ("a^2*h^2-(a+b+c)*(b+c-a)*(a+c-b)*(a+b-c)", "a+b-c", "b+c-a", "a+c-b")),
    Cad("lagrange_quadric", "x y z w", ("x^2+y^2+z^2-w^2", "x+y+z-1")),
    Cad("pencil_of_conics", "t x y", ("x^2+t*y^2-1", "x*y-t")),
    Cad("catastrophe_butterfly", "a b c x", ("x^6+a*x^3+b*x+c",)),
    Cad("null4_linear", "x y z w", ("x*w+y*z", "w-x")),
    Cad("umbrella_and_sphere", "x y z", ("x^2-y^2*z", "x^2+y^2+z^2-1")),
    Cad("maxpool_pieces", "x y z", ("x-y", "y-z", "x-z", "x^2+y^2-1", "y^2+z^2-1", "x^2+z^2-1")),
    Cad("quadratic_activation", "a w c", ("(a*w^2-1)^2+(4*a*w^2-2)^2-c",)),
    Cad("deep_linear_level", "u v w", ("(u*v*w-1)^2-1/4",)),
    Cad("two_quadrics_4d", "x y z w", ("x^2+y^2+z*w-1", "x*z+y*w-z^2+w")),
)

LITERATURE_ELIMINATION = (
    Elimination(
        "collins_johnson",
        "exists r: 3*a^2*r+3*b^2*r-2*a*r-a^2-b^2 < 0 and 3*a^2*r+3*b^2*r-4*a*r+r-2*a^2-2*b^2+2*a > 0 and 2*a >= 1 and b > 0 and r > 0 and r < 1",
        "2*a-1 >= 0 and b > 0 and (a^2-a+b^2 <= 0 or 3*a^4-6*a^3+6*a^2*b^2+3*a^2-6*a*b^2+3*b^4-b^2 < 0)",
    ),
    Elimination(
        "edge_square_product", "exists x: exists y: exists z: x > 0 and y > 0 and z > 0 and x^2+y^2 == 1 and y^2+z^2 == 2 and x*z == 1", "True"
    ),
    Elimination(
        "solotareff3",
        "exists x: exists y: 3*x^2-2*x-a == 0 and x^3-x^2-a*x-2*b+a-2 == 0 and 3*y^2-2*y-a == 0 and y^3-y^2-a*y-a+2 == 0"
        " and 1 <= 4*a and 4*a <= 7 and -3 <= 4*b and 4*b <= 3 and -1 <= x and x <= 0 and 0 <= y and y <= 1",
        "a == 1 and 27*b == -11",
    ),
    Elimination("consistency_strict", "exists x: exists y: exists z: x^2+y^2+z^2 < 1 and x^2+(y+z-2)^2 < 1", "True"),
    Elimination("trs_termination", "exists r: forall x: forall y: x > r and y > r implies x^2*(1+2*y)^2 > y^2*(1+2*x^2)", "True"),
    Elimination("putnam2", "exists x: exists y: x^2+y^2-4*x+3 <= 0 and y^2-x*y-c == 0", "16*c^4-16*c^3-88*c^2-52*c-9 <= 0"),
    Elimination("cubic_on_ray", "forall x: x >= 0 implies x^3+a*x+b >= 0", "b >= 0 and (a >= 0 or 4*a^3+27*b^2 >= 0)"),
    Elimination("ellipse_in_disc", "forall x: forall y: a*x^2+b*y^2 == 1 implies x^2+y^2 <= 1", "(a <= 0 and b <= 0) or (a >= 1 and b >= 1)"),
    Elimination("quartic_root", "exists x: x^4+p*x^2+r == 0", "(r <= 0) or (p <= 0 and p^2-4*r >= 0)"),
    Elimination("quadratic_two_positive", "exists x, y: x > 0 and y > x and x^2+b*x+c == 0 and y^2+b*y+c == 0", "b^2-4*c > 0 and b < 0 and c > 0"),
    Elimination("general_quadratic_root", "exists x: a*x^2+b*x+c == 0", "(a != 0 and b^2-4*a*c >= 0) or (a == 0 and (b != 0 or c == 0))"),
    Elimination("robinson_nonnegative", "forall x, y: x^6+y^6+1-x^4*y^2-x^4-x^2*y^4-y^4-x^2-y^2+3*x^2*y^2 >= 0", "True"),
    Elimination("viviani", "exists y, z: x^2+y^2+z^2 == 4 and (x-1)^2+y^2 == 1", "0 <= x and x <= 2"),
    Elimination("nn_relu121_fit", "exists u, v: (max(u,0)+max(v,0)-1)^2+(max(-u,0)+max(-v,0)-2)^2 <= c", "c >= 0"),
    Elimination("schur_inequality", "forall x, y, z: x >= 0 and y >= 0 and z >= 0 implies x*(x-y)*(x-z)+y*(y-x)*(y-z)+z*(z-x)*(z-y) >= 0", "True"),
)
