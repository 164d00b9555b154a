"""Golden questions: records what components answer to an application's own questions, and compares later answers."""
