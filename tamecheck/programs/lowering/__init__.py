"""Programs to scalars: the tape of a program, and the function by pieces that it is.

`tape` holds the straight-line form with shared sub-expressions, `scalars` writes it from the tensors of a
`Program`, `paths` runs it symbolically and splits where a sign matters, and `pieces` is what comes out.
"""
