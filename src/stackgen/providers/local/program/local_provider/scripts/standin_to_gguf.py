"""Writes a tiny GGUF model that stands in for a chat model where none can be had: same input, same bytes.

It is a real model file (architecture llama, one layer, byte tokens and one token per word of a sentence),
run by the real server. Its output layer is a chain from each word to the next, so it answers any question
with the same sentence; under a grammar (JSON schema, tool call) it produces whatever the grammar allows.
"""

import sys

import gguf
import numpy as np

SENTENCE = "This is a stand-in model: it has read your question but understands nothing of it."
WIDTH, FEED_FORWARD, HEADS, CONTEXT = 64, 128, 4, 32768
TEMPLATE = (
    "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}assistant:"
)


def vocabulary(words: list[str]) -> tuple[list[str], list[int]]:
    """Tokens and their types: three control tokens, 256 bytes, then the words."""
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    types = [gguf.TokenType.UNKNOWN, gguf.TokenType.CONTROL, gguf.TokenType.CONTROL]
    types += [gguf.TokenType.BYTE] * 256
    for index, word in enumerate(words):
        token = f"\u2581{word}" if index else word
        while token in tokens:
            token += "\u2581"
        tokens.append(token)
        types.append(gguf.TokenType.NORMAL)
    return tokens, types


def chain(words: list[str], size: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings and output weights under which each word is followed by the next, the last by the end."""
    first = size - len(words)
    embeddings = (random.standard_normal((size, WIDTH)) * 0.05).astype(np.float32)
    output = np.zeros((size, WIDTH), np.float32)
    embeddings[:, 0] = 1.0  # any token of the prompt: the sentence begins
    for index in range(len(words)):
        embeddings[first + index] = 0
        embeddings[first + index, index + 1] = 1.0
        output[first + index, index] = 4.0
    output[2, len(words)] = 4.0
    return embeddings, output


def write(path: str) -> None:
    """The model file; a few hundred kilobytes."""
    random = np.random.default_rng(0)
    words = SENTENCE.split()
    tokens, types = vocabulary(words)
    embeddings, output = chain(words, len(tokens), random)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("stackgen stand-in")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(len(tokens))
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * (len(tokens) - len(words)) + [-1.0] * len(words))
    writer.add_token_types(types)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(True)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(TEMPLATE)

    def small(*shape: int) -> np.ndarray:
        return (random.standard_normal(shape) * 0.01).astype(np.float32)

    writer.add_tensor("token_embd.weight", embeddings)
    writer.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
    writer.add_tensor("output.weight", output)
    writer.add_tensor("blk.0.attn_norm.weight", np.ones(WIDTH, np.float32))
    writer.add_tensor("blk.0.ffn_norm.weight", np.ones(WIDTH, np.float32))
    for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
        writer.add_tensor(f"blk.0.{part}.weight", small(WIDTH, WIDTH))
    writer.add_tensor("blk.0.ffn_gate.weight", small(FEED_FORWARD, WIDTH))
    writer.add_tensor("blk.0.ffn_up.weight", small(FEED_FORWARD, WIDTH))
    writer.add_tensor("blk.0.ffn_down.weight", small(WIDTH, FEED_FORWARD))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    write(sys.argv[1])
