"""Plan → every file of a generated program, in memory. Nothing here reads or writes the program's folder."""
