"""Memory: idle, and with many streams open and silent."""

import resource
import select
import socket


def request_bytes(shape, key):
    fields = shape.fields | {"host": "bench", "x-api-key": key, "content-length": str(len(shape.body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"POST /v1/messages?answer=held HTTP/1.1\r\n{lines}\r\n".encode() + shape.body


def raise_descriptor_limit():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


class OpenStreams:
    """Holds streams that have begun; each has seen the first event."""

    def __init__(self, url, shape, key, count):
        host, port = url.removeprefix("http://").split(":")
        request = request_bytes(shape, key)
        self.sockets = []
        for _ in range(count):
            stream = socket.create_connection((host, int(port)))
            stream.sendall(request)
            self.sockets.append(stream)
        for stream in self.sockets:
            seen = b""
            while b"content_block_delta" not in seen:
                if not select.select([stream], [], [], 30)[0]:
                    raise TimeoutError("a stream did not begin")
                piece = stream.recv(65536)
                if not piece:
                    raise ConnectionError(f"a stream ended: {seen[:500]}")
                seen += piece

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for stream in self.sockets:
            stream.close()


def measure_memory(stack, name, url, shape, key, count):
    """KiB: before any request of this, and for each of `count` open streams beyond the first."""
    idle = stack.rss_kib(name)
    with OpenStreams(url, shape, key, 1):
        one = stack.rss_kib(name)
        with OpenStreams(url, shape, key, count - 1):
            many = stack.rss_kib(name)
    return {"idle_kib": idle, "open_kib": many, "stream_kib": (many - one) / (count - 1)}
