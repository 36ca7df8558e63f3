"""The measurements; each prints a table in Markdown."""

from statistics import median

from . import shapes
from .open_streams import measure_memory
from .world import WAYS


def over_rounds(rounds, figure):
    """The median over the rounds of a figure that is taken within each."""
    return median(figure(one) for one in rounds)


def print_table(title, columns, rows):
    print(f"\n{title}\n\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for row in rows:
        print(f"| {' | '.join(row)} |", flush=True)


def compare_ways(world, wanted, rounds, seconds):
    """Directly, through nginx and through ccproxy, in alternation."""
    for shape in wanted:
        for way in WAYS:
            world.load(way, shape, 1)
    taken = {shape.name: [] for shape in wanted}
    for _ in range(rounds):
        for shape in wanted:
            taken[shape.name].append({way: world.load(way, shape, seconds) for way in WAYS})
    rows = []
    for shape in wanted:
        for way in WAYS:
            rows.append(describe_way(shape, way, taken[shape.name]))
    print_table(f"Median of {rounds} alternating rounds of {seconds} s.",
                ["", "", "requests/s", "p50 ms", "p99 ms", "added p50", "added p99", "CPU µs a request", "of nginx's"],
                rows)
    return taken


def compare_together(world, wanted, rounds, seconds):
    """nginx and ccproxy at the same time: the ratio of what a request costs them."""
    rows = []
    for shape in wanted:
        world.load_both(shape, 1)
        taken = [world.load_both(shape, seconds) for _ in range(rounds)]
        ratios = sorted(one["ccproxy"]["cpu_us"] / one["nginx"]["cpu_us"] for one in taken)
        rows.append([shape.title] + [f"{over_rounds(taken, lambda r: r[way]['cpu_us']):.1f}" for way in WAYS[1:]] +
                    [f"{median(ratios):.2f}", f"{ratios[0]:.2f} to {ratios[-1]:.2f}"])
    print_table(f"CPU µs a request, both under load at the same time; median of {rounds} loads of {seconds} s.",
                ["", "nginx", "ccproxy", "of nginx's", "all"], rows)


def compare_paced(world, rounds, seconds):
    """What each way adds to the latency at rates that the machine can bear."""
    rates = {"json": (1000, 15_000), "sse": (1000,), "body": (1000,), "conversation": (100, 1000)}
    loads = [(shape, rate) for shape in shapes.all_shapes() for rate in rates.get(shape.name, ())]
    taken = [{(shape.name, rate, way): world.paced_load(way, shape, rate, seconds)
              for shape, rate in loads for way in WAYS}
             for _ in range(rounds)]
    rows = []
    for shape, rate in loads:
        cells = [shape.title, f"{rate:,}"]
        for name in ("p50_us", "p99_us"):
            cells.append(f"{over_rounds(taken, lambda r: r[shape.name, rate, 'direct'][name]) / 1000:.2f}")
            for way in WAYS[1:]:
                added = over_rounds(taken, lambda r: r[shape.name, rate, way][name] - r[shape.name, rate, "direct"][name])
                cells.append(f"{added / 1000:.2f}")
        rows.append(cells)
    print_table("Latency in ms at a given rate.",
                ["", "requests/s", "p50 direct", "nginx adds", "ccproxy adds", "p99 direct", "nginx adds", "ccproxy adds"], rows)


def describe_way(shape, way, rounds):
    cells = [shape.title if way == "direct" else "", way,
             f"{over_rounds(rounds, lambda r: r[way]['rate']):,.0f}"]
    for name in ("p50_us", "p99_us"):
        cells.append(f"{over_rounds(rounds, lambda r: r[way][name]) / 1000:.2f}")
    if way == "direct":
        return cells + ["", "", "", ""]
    for name in ("p50_us", "p99_us"):
        cells.append(f"{over_rounds(rounds, lambda r: r[way][name] - r['direct'][name]) / 1000:.2f}")
    cells.append(f"{over_rounds(rounds, lambda r: r[way]['cpu_us']):.1f}")
    cells.append(f"{over_rounds(rounds, lambda r: r[way]['cpu_us'] / r['nginx']['cpu_us']):.2f}")
    return cells


def compare_conversations(taken):
    """What keeping conversations costs beside not keeping them."""
    pairs = zip(taken["session"], taken["conversation"])
    ratio = median(kept["ccproxy"]["cpu_us"] / plain["ccproxy"]["cpu_us"] for plain, kept in pairs)
    print(f"\nKeeping conversations takes {ratio:.2f} times the CPU.")


def measure_streams(world, count):
    shape = shapes.all_shapes()[1]
    rows = []
    for way in ("nginx", "ccproxy"):
        got = measure_memory(world, way, world.urls[way], shape, world.keys[False], count)
        rows.append([way, f"{got['idle_kib'] / 1024:.1f}", f"{got['open_kib'] / 1024:.1f}", f"{got['stream_kib']:.1f}"])
    print_table("Memory.", ["", "RSS MiB, idle", f"with {count:,} open streams", "KiB a further stream"], rows)


def compare_connections(world, rounds, seconds, counts):
    """Does a request cost more where there are more connections? Where they take turns at a rate that the machine can
    bear, and where each of them always has a request under way."""
    shape = shapes.all_shapes()[0]
    rate = 10_000
    counts = [count for count in counts if 2 * count + 200 < world.files]
    paced, full = [], []
    for _ in range(rounds):
        paced.append({(way, count): world.paced_cost(way, shape, rate, count, seconds)
                      for count in counts for way in WAYS[1:]})
        # Thousands of connections take their time to be made.
        full.append({(way, count): world.load(way, shape, seconds + count // 1000, count)["cpu_us"]
                     for count in counts for way in WAYS[1:]})
    rows = [[what if way == WAYS[1] else "", way] +
            [f"{over_rounds(taken, lambda r: r[way, count]):.1f}" for count in counts]
            for what, taken in ((f"{rate:,} requests/s", paced), ("one under way on each", full)) for way in WAYS[1:]]
    print_table("CPU µs a request, 1 KB JSON, by open connections.", ["", ""] + [f"{count:,}" for count in counts], rows)


def compare_analyticsd(world, rounds, seconds):
    shape = shapes.all_shapes()[0]
    taken = []
    for _ in range(rounds):
        world.let_settle()
        one = {"running": world.load("ccproxy", shape, seconds)}
        world.let_settle()
        one["running, events late"] = world.late_load(shape, seconds)
        world.stop("analyticsd")
        world.let_settle()
        one["stopped"] = world.load("ccproxy", shape, seconds)
        world.start_analyticsd()
        world.wait_until_known()
        world.wait_until_drained()
        taken.append(one)
    print_states("analyticsd running and stopped, 1 KB JSON.", "analyticsd", taken,
                 ("running", "running, events late", "stopped"))


def compare_workers(world, rounds, seconds):
    shape = shapes.all_shapes()[0]
    taken = []
    for _ in range(rounds):
        one = {}
        for workers in (1, 2):
            world.stop("ccproxy")
            world.start_recording(workers)
            one[str(workers)] = world.load("ccproxy", shape, seconds)
        taken.append(one)
    print_states("Workers, 1 KB JSON, beside their load and upstream.", "workers", taken, ("1", "2"))


def print_states(title, what, taken, states):
    rows = [[state, f"{over_rounds(taken, lambda r: r[state]['rate']):,.0f}",
             f"{over_rounds(taken, lambda r: r[state]['p50_us']) / 1000:.2f}",
             f"{over_rounds(taken, lambda r: r[state]['p99_us']) / 1000:.2f}",
             f"{over_rounds(taken, lambda r: r[state]['cpu_us']):.1f}"] for state in states]
    print_table(title, [what, "requests/s", "p50 ms", "p99 ms", "CPU µs a request"], rows)
