"""Layers and models that save, reload and export by themselves, each checked in every way by one test helper."""

from components.trainer.layers.attention_pooling import AttentionPooling
from components.trainer.layers.dense import Dense
from components.trainer.layers.multi_head_attention import MultiHeadAttention
from components.trainer.layers.positional_encoding import PositionalEncoding
from components.trainer.layers.residual_block import ResidualBlock
from components.trainer.layers.resnet import ResNet
from components.trainer.layers.transformer_block import TransformerBlock

__all__ = [
    "AttentionPooling",
    "Dense",
    "MultiHeadAttention",
    "PositionalEncoding",
    "ResNet",
    "ResidualBlock",
    "TransformerBlock",
]
