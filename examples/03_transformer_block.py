"""Certify a transformer block with exact GELU and a cross-entropy loss; check it; write the proof.

Run:  python examples/03_transformer_block.py [PROOF.tex]
"""

import sys
from pathlib import Path

import tamecheck as tc
from tamecheck import nn

LENGTH, WIDTH, CLASSES = 8, 16, 10


class LanguageModel(nn.Module):
    """Embedding, sinusoidal positions, causal encoder layers, and a head tied to the embedding."""

    def __init__(self, layers: int) -> None:
        self.embedding = nn.Embedding(CLASSES, WIDTH)
        self.positions = nn.SinusoidalPositions()
        self.layers = [
            nn.TransformerEncoderLayer(WIDTH, 4, 32, activation="gelu", batch_first=True, norm_first=True) for _ in range(layers)
        ]
        self.head = nn.Linear(WIDTH, CLASSES, bias=False)
        self.head.weight = self.embedding.weight

    def forward(self, tokens: list[list[int]]) -> nn.Tensor:
        """Return the scores of the next token at every place."""
        x = self.positions(self.embedding(tokens))
        for layer in self.layers:
            x = layer(x, is_causal=True)
        return self.head(x)


model = LanguageModel(layers=2)
tokens = [[3, 1, 4, 1, 5, 9, 2, 6]]
scores = model(tokens).transpose(1, 2)  # classes on axis 1
loss = nn.Loss(nn.cross_entropy(scores, [[1, 4, 1, 5, 9, 2, 6, 5]], label_smoothing="0.1"))
print(loss)

certificate = tc.certify(loss, about="parameters")
print(certificate)
print("smoothness:", certificate.smoothness, "  seconds:", {k: round(v, 2) for k, v in certificate.seconds.items()})
print("independent checker:", certificate.check()["verdict"])

if len(sys.argv) > 1:
    Path(sys.argv[1]).write_text(certificate.to_latex(), encoding="utf-8")
    print("proof written to", sys.argv[1])
