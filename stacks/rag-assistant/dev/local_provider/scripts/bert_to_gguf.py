"""Converts a BERT sentence-embedding model (config.json, vocab.txt, model.safetensors) to GGUF, 8-bit weights.

Tensor and key names: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (architecture bert).
"""

import json
import sys
from pathlib import Path

import gguf
import numpy as np
from safetensors.numpy import load_file

LAYER = {
    "attention.self.query": "attn_q",
    "attention.self.key": "attn_k",
    "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down",
    "output.LayerNorm": "layer_output_norm",
}
CONTROL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def add_settings(writer: gguf.GGUFWriter, config: dict) -> None:
    """Sizes of the network; mean pooling, as sentence-transformers does for these models."""
    writer.add_name("sentence embeddings")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_layer_norm_eps(config["layer_norm_eps"])
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)


def add_vocabulary(writer: gguf.GGUFWriter, words: list[str], types: int) -> None:
    """WordPiece tokens the way llama.cpp wants them: word starts marked, continuations bare."""
    tokens = [
        word if word in CONTROL else word[2:] if word.startswith("##") else f"\u2581{word}" for word in words
    ]
    kinds = [gguf.TokenType.CONTROL if word in CONTROL else gguf.TokenType.NORMAL for word in words]
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("bert-bge")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_type_count(types)
    writer.add_unk_token_id(words.index("[UNK]"))
    writer.add_sep_token_id(words.index("[SEP]"))
    writer.add_pad_token_id(words.index("[PAD]"))
    writer.add_mask_token_id(words.index("[MASK]"))
    writer.add_bos_token_id(words.index("[CLS]"))
    writer.add_eos_token_id(words.index("[SEP]"))


def add_tensors(writer: gguf.GGUFWriter, tensors: dict, layers: int) -> None:
    """Matrices in Q8_0, everything small in 32-bit floats."""

    def add(name: str, values: np.ndarray, *, exact: bool = False) -> None:
        values = np.ascontiguousarray(values, dtype=np.float32)
        if exact or values.ndim < 2:
            writer.add_tensor(name, values)
        else:
            kind = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(name, gguf.quantize(values, kind), raw_dtype=kind)

    add("token_embd.weight", tensors["embeddings.word_embeddings.weight"])
    add("token_types.weight", tensors["embeddings.token_type_embeddings.weight"], exact=True)
    add("position_embd.weight", tensors["embeddings.position_embeddings.weight"], exact=True)
    for part in ("weight", "bias"):
        add(f"token_embd_norm.{part}", tensors[f"embeddings.LayerNorm.{part}"])
        for layer in range(layers):
            for source, target in LAYER.items():
                add(f"blk.{layer}.{target}.{part}", tensors[f"encoder.layer.{layer}.{source}.{part}"])


def convert(folder: Path, path: str) -> None:
    """The GGUF file of the model in `folder`."""
    config = json.loads((folder / "config.json").read_text())
    words = (folder / "vocab.txt").read_text(encoding="utf-8").split("\n")[: config["vocab_size"]]
    writer = gguf.GGUFWriter(path, "bert")
    add_settings(writer, config)
    add_vocabulary(writer, words, config["type_vocab_size"])
    add_tensors(writer, load_file(folder / "model.safetensors"), config["num_hidden_layers"])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    convert(Path(sys.argv[1]), sys.argv[2])
