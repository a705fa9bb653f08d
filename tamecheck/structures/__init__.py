"""What is known about structures and scalar functions, as data with references.

The named structures are attributes: ``tamecheck.structures.R_exp``; ``str`` of one is its name.
"""

from tamecheck.structures.table import (
    R_G,
    TABLE,
    R_alg,
    R_an,
    R_an_exp,
    R_an_pow,
    R_anstar_exp,
    R_exp,
    R_G_exp,
    R_Gstar_exp,
    R_lin,
    R_Pfaff,
    R_Pfaff_an,
    R_Pfaff_G,
    R_pow,
    Structure,
)

__all__ = [
    "TABLE", "R_G", "R_G_exp", "R_Gstar_exp", "R_Pfaff", "R_Pfaff_G", "R_Pfaff_an", "R_alg", "R_an", "R_an_exp", "R_an_pow",
    "R_anstar_exp", "R_exp", "R_lin", "R_pow", "Structure",
]
