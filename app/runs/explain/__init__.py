"""Why a run traded what it traded, and what became of the rest, on the tape that it had."""
