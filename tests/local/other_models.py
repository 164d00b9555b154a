"""Makes embedding models to swap to. Runs in the environment of the provider's own converter.

python other_models.py turned FILE: in a copy of a BERT's GGUF file, every other number of its vectors changes its sign.
They are as near to each other as before, and not to the first model's.
python other_models.py short CONVERTER FOLDER LENGTH: FOLDER/model.gguf, a BERT of one layer with weights drawn by lot.
"""

import json
import string
import sys
from pathlib import Path

import gguf
import numpy as np
from safetensors.numpy import save_file

HEADS, INNER, LONGEST = 6, 256, 512
CHARACTERS = string.ascii_lowercase + string.digits + "."


def write(folder: Path, length: int) -> None:
    """config.json, vocab.txt and model.safetensors."""
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *CHARACTERS, *(f"##{c}" for c in CHARACTERS)]
    config = {
        "max_position_embeddings": LONGEST,
        "hidden_size": length,
        "intermediate_size": INNER,
        "num_hidden_layers": 1,
        "num_attention_heads": HEADS,
        "layer_norm_eps": 1e-12,
        "vocab_size": len(words),
        "type_vocab_size": 2,
    }
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "vocab.txt").write_text("\n".join(words))
    save_file(_tensors(length, len(words)), folder / "model.safetensors")


def _tensors(length: int, words: int) -> dict[str, np.ndarray]:
    lot = np.random.default_rng(1)

    def drawn(*shape: int) -> np.ndarray:
        return lot.normal(0, 0.3, shape).astype(np.float32)

    found = {
        f"embeddings.{name}_embeddings.weight": drawn(rows, length)
        for name, rows in {"word": words, "token_type": 2, "position": LONGEST}.items()
    }
    sizes = {
        "attention.self.query": (length, length),
        "attention.self.key": (length, length),
        "attention.self.value": (length, length),
        "attention.output.dense": (length, length),
        "intermediate.dense": (INNER, length),
        "output.dense": (length, INNER),
    }
    for name, size in sizes.items():
        found[f"encoder.layer.0.{name}.weight"] = drawn(*size)
        found[f"encoder.layer.0.{name}.bias"] = drawn(size[0])
    for norm in (
        "embeddings.LayerNorm",
        "encoder.layer.0.attention.output.LayerNorm",
        "encoder.layer.0.output.LayerNorm",
    ):
        found[f"{norm}.weight"] = np.ones(length, np.float32)
        found[f"{norm}.bias"] = np.zeros(length, np.float32)
    return found


def turn(path: str) -> None:
    """The last layer's norm makes the numbers of every token's vector, which are averaged."""
    tensors = {tensor.name: tensor for tensor in gguf.GGUFReader(path, "r+").tensors}
    last = max(int(name.split(".")[1]) for name in tensors if name.startswith("blk."))
    for part in ("weight", "bias"):
        tensors[f"blk.{last}.layer_output_norm.{part}"].data[::2] *= -1


if __name__ == "__main__":
    if sys.argv[1] == "turned":
        turn(sys.argv[2])
    else:
        sys.path.insert(0, str(Path(sys.argv[2]).parent))
        from bert_to_gguf import convert

        write(Path(sys.argv[3]), int(sys.argv[4]))
        convert(Path(sys.argv[3]), str(Path(sys.argv[3]) / "model.gguf"))
