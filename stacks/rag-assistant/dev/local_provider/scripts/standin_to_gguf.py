"""Writes a tiny GGUF model that stands in for a chat model where none can be had: same input, same bytes.

It is a real model file (architecture llama, one layer, byte tokens and one token per word of a sentence),
run by the real server. Its output layer is a chain from each word to the next, so it answers any question
with the same sentence, and calls a tool after it where it must; under a grammar it produces what that allows.
"""

import sys

import gguf
import numpy as np

CALL = "\n<tool_call>\n"
SENTENCE = "This is a stand-in model: it has read your question but understands nothing of it."
WIDTH, FEED_FORWARD, HEADS, CONTEXT = 64, 128, 4, 32768
TEMPLATE = """\
{%- if tools %}<|im_start|>system
# Tools
<tools>
{%- for tool in tools %}
{{ tool | tojson }}
{%- endfor %}
</tools>
For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call><|im_end|>
{% endif %}
{%- for message in messages %}<|im_start|>{{ message.role }}
{{ message.content or '' }}
{%- for call in message.tool_calls or [] %}
<tool_call>
{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}
</tool_call>
{%- endfor %}<|im_end|>
{% endfor %}
{%- if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""


def vocabulary(words: list[str]) -> tuple[list[str], list[int]]:
    """Tokens and their types: three control tokens, 256 bytes, the words, the mark of a tool call."""
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    types = [gguf.TokenType.UNKNOWN, gguf.TokenType.CONTROL, gguf.TokenType.CONTROL]
    types += [gguf.TokenType.BYTE] * 256
    for index, word in enumerate(words):
        token = f"\u2581{word}" if index else word
        while token in tokens:
            token += "\u2581"
        tokens.append(token)
        types.append(gguf.TokenType.NORMAL)
    tokens.append(CALL)
    types.append(gguf.TokenType.NORMAL)
    return tokens, types


def chain(words: list[str], size: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings and output weights under which each word is followed by the next, the last by the end."""
    first = size - len(words) - 1
    embeddings = (random.standard_normal((size, WIDTH)) * 0.05).astype(np.float32)
    output = np.zeros((size, WIDTH), np.float32)
    embeddings[:, 0] = 1.0  # any token of the prompt: the sentence begins
    for index in range(len(words)):
        embeddings[first + index] = 0
        embeddings[first + index, index + 1] = 1.0
        output[first + index, index] = 4.0
    output[2, len(words)] = 4.0  # after the last word: the end
    output[size - 1, len(words)] = 2.5  # or, where the end is not allowed yet: a tool call
    embeddings[size - 1] = 0
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
    writer.add_token_scores([0.0] * (len(tokens) - len(words) - 1) + [-1.0] * (len(words) + 1))
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
