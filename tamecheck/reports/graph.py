"""The derivation as a ``networkx.DiGraph``: one vertex per node of the program, edges from arguments to users."""

from tamecheck.reports.reading import Reading


def to_networkx(document: dict):
    """Return the graph of the claimed node's derivation.

    Vertices are node positions with the attributes ``kind``, ``name``, ``expression``, ``shape``, ``rule``,
    ``references`` and the columns of the fact record (``homes`` as a tuple of names).  The
    graph's own attributes are ``verdict``, ``homes``, ``target`` and ``program``.

    Examples
    --------
    >>> graph = to_networkx(certificate.document)                        # doctest: +SKIP
    >>> [n for n, home in graph.nodes(data="homes") if "R_exp" in home]  # doctest: +SKIP
    """
    import networkx

    r = Reading(document)
    graph = networkx.DiGraph(
        verdict=r.verdict, homes=tuple(s.name for s in r.homes), target=r.target, program=r.claim["program"], about=r.claim["about"]
    )
    for n in r.cone:
        f = r.fact(n)
        graph.add_node(
            n, kind=r.nodes[n][0], name=r.names.get(n, ""), expression=r.expression(n), shape=tuple(r.nodes[n][3]),
            rule=r.rule_words(n), references=r.rule_references(n), homes=tuple(f.homes.split("|")) if f.homes else (),
            local=tuple(f.local.split("|")) if f.local else (), range=f.range, total=bool(f.total), smooth=f.smooth,
            varies=bool(f.varies), locally_lipschitz=bool(f.loclip), lipschitz=f.lip,
        )  # fmt: skip
        for place, a in enumerate(r.nodes[n][2]):
            graph.add_edge(a, n, argument=place)
    return graph
