"""The literature behind every fact in the tables, by key.

A fact in `tamecheck.structures` names its source by one of these keys; the LaTeX and HTML
renderings of a certificate print the entries of exactly the keys that a proof has used.
"""

REFERENCES: dict[str, str] = {
    "Bia97": "R. Bianconi, Nondefinability results for expansions of the field of real numbers by the exponential function "
    "and by the restricted sine function, J. Symbolic Logic 62 (1997), 1173-1178",
    "BLPS21": "J. Bolte, T. Le, E. Pauwels, A. Silveti-Falls, Nonsmooth implicit differentiation for machine learning and "
    "optimization, Advances in Neural Information Processing Systems 34 (2021)",
    "BP21": "J. Bolte, E. Pauwels, Conservative set valued fields, automatic differentiation, stochastic gradient methods and "
    "deep learning, Math. Programming 188 (2021), 19-51",
    "DvdD88": "J. Denef, L. van den Dries, p-adic and real subanalytic sets, Ann. of Math. 128 (1988), 79-138",
    "DLMF": "NIST Digital Library of Mathematical Functions, https://dlmf.nist.gov",
    "DMM94": "L. van den Dries, A. Macintyre, D. Marker, The elementary theory of restricted analytic fields with "
    "exponentiation, Ann. of Math. 140 (1994), 183-205",
    "DMM97": "L. van den Dries, A. Macintyre, D. Marker, Logarithmic-exponential power series, J. London Math. Soc. (2) 56 "
    "(1997), 417-434",
    "Gab68": "A. Gabrielov, Projections of semianalytic sets, Funct. Anal. Appl. 2 (1968), 282-291",
    "Hol87": "O. Hoelder, Ueber die Eigenschaft der Gammafunction keiner algebraischen Differentialgleichung zu genuegen, "
    "Math. Ann. 28 (1887), 1-13",
    "Kho91": "A. G. Khovanskii, Fewnomials, Translations of Mathematical Monographs 88, Amer. Math. Soc., 1991",
    "LMS03": "J.-M. Lion, C. Miller, P. Speissegger, Differential equations over polynomially bounded o-minimal structures, "
    "Proc. Amer. Math. Soc. 131 (2003), 175-183",
    "Mil94a": "C. Miller, Exponentiation is hard to avoid, Proc. Amer. Math. Soc. 122 (1994), 257-259",
    "Mil94b": "C. Miller, Expansions of the real field with power functions, Ann. Pure Appl. Logic 68 (1994), 79-94",
    "RSS23": "J.-P. Rolin, T. Servi, P. Speissegger, Multisummability for generalized power series, Canad. J. Math. (2023)",
    "RSS24": "J.-P. Rolin, T. Servi, P. Speissegger, Transasymptotic expansions of o-minimal germs, arXiv:2402.12073 (2024)",
    "RSW03": "J.-P. Rolin, P. Speissegger, A. J. Wilkie, Quasianalytic Denjoy-Carleman classes and o-minimality, "
    "J. Amer. Math. Soc. 16 (2003), 751-777",
    "Sei54": "A. Seidenberg, A new decision method for elementary algebra, Ann. of Math. 60 (1954), 365-374",
    "Spe99": "P. Speissegger, The Pfaffian closure of an o-minimal structure, J. reine angew. Math. 508 (1999), 189-211",
    "Tar51": "A. Tarski, A Decision Method for Elementary Algebra and Geometry, 2nd ed., Univ. of California Press, 1951",
    "vdD86": "L. van den Dries, A generalization of the Tarski-Seidenberg theorem, and some nondefinability results, "
    "Bull. Amer. Math. Soc. 15 (1986), 189-193",
    "vdD98": "L. van den Dries, Tame Topology and O-minimal Structures, London Math. Soc. Lecture Note Series 248, "
    "Cambridge Univ. Press, 1998",
    "vdDM94": "L. van den Dries, C. Miller, On the real exponential field with restricted analytic functions, Israel J. Math. "
    "85 (1994), 19-56",
    "vdDM96": "L. van den Dries, C. Miller, Geometric categories and o-minimal structures, Duke Math. J. 84 (1996), 497-540",
    "vdDS98": "L. van den Dries, P. Speissegger, The real field with convergent generalized power series, Trans. Amer. Math. "
    "Soc. 350 (1998), 4377-4421",
    "vdDS00": "L. van den Dries, P. Speissegger, The field of reals with multisummable series and the exponential function, "
    "Proc. London Math. Soc. (3) 81 (2000), 513-565",
    "Wil96": "A. J. Wilkie, Model completeness results for expansions of the ordered field of real numbers by restricted "
    "Pfaffian functions and the exponential function, J. Amer. Math. Soc. 9 (1996), 1051-1094",
    "Wil99": "A. J. Wilkie, A theorem of the complement and some new o-minimal structures, Selecta Math. 5 (1999), 397-421",
}
