"""Starting: programs that cannot be talked to, and files that Python cannot read."""

from chatkit.grading.explain.catalogue import Seen, misconception

STARTING = {1: "Starting and stopping", 2: "Starting and stopping"}


@misconception(
    "arguments-not-taken",
    "--host and --port are not taken as the contract has them",
    think="Which options does the contract name? Start the program by hand with these.",
    read={},
    proofs=(),
)
def arguments_not_taken(seen: Seen) -> str | None:
    """argparse ended the program with a usage line: see its documentation, "Exiting methods"."""
    said = seen.evidence.errors
    if "usage:" not in said or seen.evidence.status != 2:
        return None
    last = said.rstrip().splitlines()[-1].partition("error: ")[2]
    parser = next(iter(seen.source.calls("ArgumentParser")), None)
    return seen.at(parser, f"did not take --host and --port: {last}. Change that first.")
