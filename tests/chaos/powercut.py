"""What a power cut leaves of a program's files, worked out from the log of the shim (shim.c).

A file's content is sure up to what was written before the begin of a sync that ended well; a name is sure (made,
renamed, removed) once its folder was synced likewise. Of what is not sure, any part may be there."""

import os
import re
import struct

RECORD = struct.Struct("<IHHqII")
MAGIC = 0x43484153


class File:
    def __init__(self, content=b""):
        self.sure = bytearray(content)
        self.pending = []  # (index, offset, data); data None: cut to the offset.

    def settle(self, index):
        while self.pending and self.pending[0][0] < index:
            apply(self.sure, self.pending.pop(0))

    def now(self):
        content = bytearray(self.sure)
        for change in self.pending:
            apply(content, change)
        return content

    def after_cut(self, rng):
        """One of the states in which a power cut may leave it."""
        content = bytearray(self.sure)
        manner = rng.choice(("none", "none", "prefix", "any", "all"))
        until = {"none": 0, "prefix": rng.randint(0, len(self.pending))}.get(manner, len(self.pending))
        for change in self.pending[:until]:
            if manner != "any" or rng.random() < 0.5:
                apply(content, change)
        if manner == "prefix" and until < len(self.pending) and self.pending[until][2]:
            index, at, data = self.pending[until]
            apply(content, (index, at, data[:rng.randrange(len(data))]))
        return content


def apply(content, change):
    _, at, data = change
    if data is None:
        del content[at:]
        content.extend(bytes(at - len(content)))
        return
    content.extend(bytes(max(0, at - len(content))))
    content[at:at + len(data)] = data


class Disk:
    """The files below `root` as the log has made them. `on_send(disk, data)` is told of each send in its order."""

    def __init__(self, root, on_send=None):
        self.root, self.on_send = root, on_send
        self.names = {}  # As the program sees them.
        self.sure_names = {}
        self.pending_names = []  # (index, kind, name, File)
        self.begun = {}  # Ticket of a sync: (index at its begin, File or folder).
        self.syncs = {}  # Good syncs by the end of the name.
        self.index = 0
        for folder, _, files in os.walk(root):
            for name in files:
                path = os.path.join(folder, name)
                if not name.endswith("-shm"):
                    with open(path, "rb") as file:
                        self.names[path] = File(file.read())
        self.sure_names = dict(self.names)

    def replay(self, log_path):
        with open(log_path, "rb") as file:
            log = file.read()
        at = 0
        while at + RECORD.size <= len(log):
            magic, op, name_bytes, number, data_bytes, pid = RECORD.unpack_from(log, at)
            if magic != MAGIC:
                raise ValueError("the shim's log is damaged")
            at += RECORD.size
            name = log[at:at + name_bytes].decode()
            data = log[at + name_bytes:at + name_bytes + data_bytes]
            at += name_bytes + data_bytes
            if at > len(log):
                break  # The kill cut the last one.
            self.index += 1
            self.step(chr(op), name.removesuffix(" (deleted)"), number, data, pid)
        return self

    def file(self, name):
        if name not in self.names:
            self.link(name, File())
        return self.names[name]

    def link(self, name, file):
        self.names[name] = file
        self.pending_names.append((self.index, "link", name, file))

    def unlink(self, name):
        if self.names.pop(name, None):
            self.pending_names.append((self.index, "unlink", name, None))

    def step(self, op, name, number, data, pid):
        if op == "C":
            self.link(name, File())
        elif op == "W":
            self.file(name).pending.append((self.index, number, data))
        elif op == "T":
            self.file(name).pending.append((self.index, number, None))
        elif op == "U":
            self.unlink(name)
        elif op == "R":
            file = self.file(name)
            self.unlink(name)
            self.link(data.decode(), file)
        elif op == "B":
            self.begun[pid, number] = (self.index, self.names.get(name))
        elif op == "E":
            begin, file = self.begun.pop((pid, number))
            if file:
                file.settle(begin)
            else:
                self.settle_names(begin, name)
            self.syncs[name] = self.syncs.get(name, 0) + 1
        elif op == "A" and self.on_send:
            self.on_send(self, data)

    def settle_names(self, begin, folder):
        rest = []
        for change in self.pending_names:
            if change[0] < begin and os.path.dirname(change[2]) == folder:
                name_change(self.sure_names, change)
            else:
                rest.append(change)
        self.pending_names = rest

    def cut(self, rng):
        """Puts one of the states on disk in which a power cut may leave it, and goes on from there."""
        names = dict(self.sure_names)
        # Most file systems keep the order of such changes; POSIX promises nothing.
        until = rng.randint(0, len(self.pending_names))
        in_order = rng.random() < 0.7
        for number, change in enumerate(self.pending_names):
            if number < until if in_order else rng.random() < 0.5:
                name_change(names, change)
        for folder, _, files in os.walk(self.root):
            for name in files:
                os.unlink(os.path.join(folder, name))
        for name, file in names.items():
            os.makedirs(os.path.dirname(name), 0o700, exist_ok=True)
            with open(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
                out.write(file.after_cut(rng))


def name_change(names, change):
    _, kind, name, file = change
    if kind == "link":
        names[name] = file
    else:
        names.pop(name, None)


def numbers(pattern, data):
    return [int(number) for number in re.findall(pattern, data)]
