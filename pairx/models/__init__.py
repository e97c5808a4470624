"""Models: a module with its preprocessing and its layers, never a bare module.

`load_model` builds one from the registry (embedded or from the Hugging Face hub), from any timm architecture, or from a
local checkpoint. A loaded model is never changed: it may serve any number of threads.
"""

from pairx.models.differentiation import Differentiable, batch_norm
from pairx.models.embedding import EmbeddingModel, EncodedPair, Layer, cosine_similarity
from pairx.models.loading import load_model
from pairx.models.networks import (
    EmbeddingNet,
    GeM,
    capture_outputs,
    finite,
    gem,
    neighbour_modules,
    override_outputs,
    private_copy,
    record_outputs,
)
from pairx.models.preprocessing import Preprocessing
from pairx.models.registry import BUNDLED, EMBEDDED, MODELS, ModelCard, list_models
from pairx.models.wrapping import wrap

__all__ = [
    "BUNDLED",
    "EMBEDDED",
    "MODELS",
    "Differentiable",
    "EmbeddingModel",
    "EmbeddingNet",
    "EncodedPair",
    "GeM",
    "Layer",
    "ModelCard",
    "Preprocessing",
    "batch_norm",
    "capture_outputs",
    "cosine_similarity",
    "finite",
    "gem",
    "list_models",
    "load_model",
    "neighbour_modules",
    "override_outputs",
    "private_copy",
    "record_outputs",
    "wrap",
]
