"""Plays every shape through ccproxy, and fails unless all of it is recorded. For deploy/build: a proxy that is built to
note which of its code runs does so meanwhile."""

import argparse
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from relay import shapes  # noqa: E402
from relay.world import World  # noqa: E402


def play(world, seconds):
    world.start_recorded()
    answered = under_way = 0
    for shape in shapes.all_shapes():
        requests = world.load("ccproxy", shape, seconds)["requests"]
        print(f"{shape.title}: {requests:,} requests", flush=True)
        answered += requests
        under_way += shape.connections  # When the load ended: recorded as aborted.
    world.stop("ccproxy")  # It hands over its last events while it ends.
    recorded = world.ask("/api/system/status")["ingest"]["rows"]
    if not answered <= recorded <= answered + under_way:
        sys.exit(f"{answered:,} requests were answered, and {recorded:,} recorded")
    print("all of them are recorded")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--seconds", type=int, required=True, help="of each shape")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ccb-") as folder:
        world = World(arguments.build, folder)
        try:
            play(world, arguments.seconds)
        finally:
            world.stop_all()


if __name__ == "__main__":
    main()
