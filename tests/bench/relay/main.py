"""Called by tests/bench/run, which says what there is."""

import argparse
import pathlib
import platform
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from relay import compare, shapes  # noqa: E402
from relay.world import World  # noqa: E402

PARTS = ("together", "shapes", "paced", "streams", "analyticsd", "workers", "connections")


def machine():
    cpu = next((line.split(":")[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                if line.startswith("model name")), platform.machine())
    cores = subprocess.run(["nproc"], capture_output=True, text=True, check=True).stdout.strip()
    return f"{cpu}, {cores} cores, Linux {platform.release()}"


def run(world, arguments):
    world.start_all()
    print(f"{machine()}; nginx, ccproxy, the upstream, the load and analyticsd share it.")
    wanted = [shape for shape in shapes.all_shapes() if not arguments.shape or shape.name in arguments.shape]
    rounds, seconds = arguments.rounds, arguments.seconds
    if "streams" in arguments.part:  # First: memory that was used once is not given back.
        compare.measure_streams(world, arguments.streams)
    if "together" in arguments.part:
        compare.compare_together(world, wanted, rounds, seconds)
    if "shapes" in arguments.part:
        taken = compare.compare_ways(world, wanted, rounds, seconds)
        if {"session", "conversation"} <= taken.keys():
            compare.compare_conversations(taken)
    if "paced" in arguments.part:
        compare.compare_paced(world, rounds, seconds)
    if "analyticsd" in arguments.part:
        compare.compare_analyticsd(world, rounds, seconds)
    if "workers" in arguments.part:
        compare.compare_workers(world, rounds, seconds)
    if "connections" in arguments.part:  # Last: thousands of connections leave the kernel work behind.
        compare.compare_connections(world, rounds, seconds, (10, 100, 1000, 5000))


def main():
    parser = argparse.ArgumentParser(prog="tests/bench/run")
    parser.add_argument("--build", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4, help="of each load (4)")
    parser.add_argument("--part", action="append", choices=PARTS, help="this part alone; may be given again")
    parser.add_argument("--shape", action="append", choices=[shape.name for shape in shapes.all_shapes()],
                        help="of the parts `together` and `shapes` this one alone; may be given again")
    parser.add_argument("--streams", type=int, default=1000, help="open streams for the memory (1000)")
    arguments = parser.parse_args()
    arguments.part = arguments.part or (["together", "shapes"] if arguments.shape else PARTS)
    with tempfile.TemporaryDirectory(prefix="ccb-") as folder:
        world = World(arguments.build, folder)
        try:
            run(world, arguments)
        finally:
            world.stop_all()


if __name__ == "__main__":
    main()
