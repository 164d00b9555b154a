"""Golden behaviour: what the boxes answered to an application's own questions, and whether they still do.

Clauses say how a box talks; a corpus says what it must go on answering: nearest rows, tool calls, predictions.
"""
