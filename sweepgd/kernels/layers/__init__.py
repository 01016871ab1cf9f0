"""Networks as lists of layers: convolutions, pooling, normalization, dropout, dense layers and residual sums."""
