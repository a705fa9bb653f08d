"""A thousand functions whose definability is known, and what the prover says of each."""
