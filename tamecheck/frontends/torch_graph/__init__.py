"""Saved torch.export programs: the archive reader and the meaning of ATen operators."""
