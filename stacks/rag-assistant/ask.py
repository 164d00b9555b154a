"""Asks the running assistant a question: ask.py "How long …?" (its address is in ASSISTANT_URL)."""

import json
import os
import sys
import urllib.request


def main() -> None:
    """Print the answer and its sources."""
    question = " ".join(sys.argv[1:]) or sys.exit("usage: ask.py QUESTION")
    url = f"{os.environ['ASSISTANT_URL']}/ask"
    request = urllib.request.Request(url, json.dumps({"question": question}).encode())
    with urllib.request.urlopen(request, timeout=300) as reply:
        found = json.load(reply)
    print(f"Q: {question}\nA: {found['answer']}   ({found['model']})\n\nfrom")
    for citation in found["citations"]:
        first = " ".join(citation["excerpt"].split("\n", 1)[-1].split())
        print(
            f"  [{citation['number']}] {citation['source']}, {citation['heading']} ({citation['score']:.2f})"
        )
        print(f"      {first[:140]}")
    print(f"\ntrace {found['trace_id']}")


if __name__ == "__main__":
    main()
