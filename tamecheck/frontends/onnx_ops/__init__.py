"""ONNX operators as definitions: one file per family, one registry."""
