"""Programs under measurement: started in a temporary folder, ended by their own id, and what they cost, from /proc."""

import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Processes:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.running = {}

    def start(self, name, command, ready):
        """Waits until the program's output matches `ready`, and returns the match."""
        log = open(self.folder / f"{name}.log", "ab+")
        seen = log.seek(0, os.SEEK_END)
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.running[name] = process
        while process.poll() is None:
            found = re.search(ready, self.log(name, seen))
            if found:
                return found
            time.sleep(0.02)
        sys.exit(f"{name} ended:\n{self.log(name, seen)}")

    def log(self, name, seen=0):
        with open(self.folder / f"{name}.log", encoding="utf-8", errors="replace") as text:
            text.seek(seen)
            return text.read()

    def stop(self, name):
        process = self.running.pop(name)
        process.send_signal(signal.SIGTERM)
        process.wait(60)

    def stop_all(self):
        # Those that have children, as nginx does, end them on SIGTERM.
        for process in self.running.values():
            process.send_signal(signal.SIGTERM)
        for process in self.running.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def family(self, name):
        """The process and its children, such as nginx's worker."""
        pid = self.running[name].pid
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *children]

    def cpu_seconds(self, name):
        """User and system time of all threads."""
        ticks = 0
        for pid in self.family(name):
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def rss_kib(self, name):
        """Of nginx the worker's, which is the larger one."""
        status = [pathlib.Path(f"/proc/{pid}/status").read_text() for pid in self.family(name)]
        return max(int(re.search(r"VmRSS:\s+(\d+)", text)[1]) for text in status)
