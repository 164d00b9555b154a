"""llama.cpp's own HTTP server out of the xllamacpp wheel, which has no command of its own.

The API key comes in $LLAMA_API_KEY, so that it is on no command line. Serves until SIGTERM or SIGINT.
"""

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

import xllamacpp


def parameters(arguments: argparse.Namespace) -> "xllamacpp.CommonParams":
    """llama.cpp's settings for one model on loopback."""
    found = xllamacpp.CommonParams()
    found.model.path = arguments.model
    found.model_alias = {arguments.alias}
    found.hostnames = ["127.0.0.1"]
    found.port = arguments.port
    found.n_ctx = arguments.context * arguments.slots
    found.n_parallel = arguments.slots
    found.cpuparams.n_threads = arguments.threads
    found.cpuparams_batch.n_threads = arguments.threads
    found.n_gpu_layers = 0
    found.endpoint_metrics = True
    found.ui = False
    found.cors_origins = ""  # no page of another site may read an answer
    found.use_jinja = True
    found.api_keys = [os.environ["LLAMA_API_KEY"]]
    if arguments.embedding:
        found.embedding = True
        found.n_batch = found.n_ubatch = arguments.context
        found.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    return found


def main() -> None:
    """Check the file, start the server, wait for a signal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--alias", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--context", type=int, default=2048)
    parser.add_argument("--slots", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--embedding", action="store_true")
    arguments = parser.parse_args()
    if Path(arguments.model).read_bytes()[:4] != b"GGUF":
        sys.exit(f"{arguments.model} is not a GGUF model file")
    try:
        server = xllamacpp.Server(parameters(arguments))
    except RuntimeError as error:
        sys.exit(f"llama.cpp can't load {arguments.model}: {error}")
    print(f"listening on {server.listening_address}", flush=True)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    stop.wait()


if __name__ == "__main__":
    main()
