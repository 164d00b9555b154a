"""The sample assistant, unmodified, while its boxes are swapped: it goes on answering from the right documents."""

from __future__ import annotations

import json
import shutil
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT, Cli
from tests.local.applications import database
from tests.local.swapping import STACK, bindings, gone, swap
from tests.local.test_swap_embeddings import another_model

pytestmark = [pytest.mark.local, pytest.mark.timeout(1800)]
QUESTIONS = yaml.safe_load((ROOT / "tests" / "local" / "questions.yaml").read_text())
KEPT = ("knowledge", "embedder", "chat", "gateway", "documents", "indexing", "assistant")


class Visitor(threading.Thread):
    """Asks all the time. A wrong answer is a failure; none at all is an interruption, which is measured."""

    def __init__(self, cli: Cli) -> None:
        super().__init__(daemon=True)
        self.url = f"{bindings(cli)['assistant']['http']['url']}/ask"
        self.answers = 0
        self.wrong: list[str] = []
        self.silent = 0.0
        self.over = threading.Event()

    def run(self) -> None:
        last = time.monotonic()
        while not self.over.is_set():
            for item in QUESTIONS:
                try:
                    source = self.ask(item["question"])
                except OSError:
                    time.sleep(0.3)
                    continue
                if source != item["source"]:
                    self.wrong.append(f"{item['question']} -> {source}")
                now = time.monotonic()
                self.answers, self.silent, last = self.answers + 1, max(self.silent, now - last), now

    def ask(self, question: str) -> str:
        request = urllib.request.Request(self.url, json.dumps({"question": question}).encode())
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["citations"][0]["source"]

    def goes_on(self) -> None:
        before, deadline = self.answers, time.monotonic() + 120
        while self.answers < before + len(QUESTIONS):
            assert time.monotonic() < deadline
            time.sleep(0.2)


@pytest.fixture
def assistant(open_folder: Path) -> Cli:
    """The example without monitoring and the predictor, which take minutes and no part in this."""
    folder = open_folder / "assistant"
    shutil.copytree(ROOT / "blueprints" / "rag-assistant", folder)
    path = folder / "stack.yaml"
    content: Any = yaml.safe_load(path.read_text())
    content["components"] = {name: content["components"][name] for name in KEPT}
    for name in ("indexing", "assistant"):
        uses = content["components"][name]["uses"]
        content["components"][name]["uses"] = [other for other in uses if other in KEPT]
    content["environments"] = {"dev": content["environments"]["dev"]}
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return Cli(folder, folder / "data")


@pytest.mark.nightly
def test_the_assistant_goes_on_answering(assistant: Cli) -> None:
    assistant("up", *STACK, "--yes")
    visitor = Visitor(assistant)
    visitor.start()
    visitor.goes_on()
    with database(bindings(assistant)) as connection:
        chunks = connection.execute("select count(*), min(digest), max(digest) from chunks").fetchone()
    for component, arguments in {
        "knowledge": ("--set", 'settings.version="16"'),
        "documents": (),
        "embedder": ("--set", f"settings.weights={another_model(assistant.folder)}"),
    }.items():
        visitor.silent = 0.0
        assert swap(assistant, component, "--apply", "--to", "local", *arguments)["result"]["serving"] == 2
        visitor.goes_on()
        print(f"{component}: no answer for {visitor.silent:.1f} s")
    visitor.over.set()
    assert visitor.wrong == []
    with database(bindings(assistant)) as connection:
        found = connection.execute("select count(*), min(digest), max(digest) from chunks").fetchone()
    assert found == chunks
    gone(assistant)
