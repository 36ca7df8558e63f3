"""What is asked and what is answered: a request as Anthropic's SDK or Claude Code sends it, and an answer as the API
gives it, head fields included."""

import dataclasses
import json
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[3]
SESSION = "0f2d1c3b-4a59-4687-8f7e-6d5c4b3a2910"
MODEL = "claude-sonnet-4-5-20250929"
SESSION_FIELD = "x-claude-code-session-id"
HOLD = -1  # A delay that lasts until the client leaves.

REQUEST_FIELDS = {
    "accept": "application/json", "content-type": "application/json", "anthropic-version": "2023-06-01",
    "user-agent": "Anthropic/JS 0.65.0", "x-stainless-lang": "js", "x-stainless-package-version": "0.65.0",
    "x-stainless-os": "Linux", "x-stainless-arch": "x64", "x-stainless-runtime": "node",
    "x-stainless-runtime-version": "v22.19.0", "x-stainless-retry-count": "0", "x-stainless-timeout": "600",
    "accept-language": "*", "sec-fetch-mode": "cors", "accept-encoding": "gzip, deflate"}
CLAUDE_CODE_FIELDS = REQUEST_FIELDS | {
    "user-agent": "claude-cli/2.0.14 (external, cli)", "x-app": "cli", SESSION_FIELD: SESSION,
    "anthropic-beta": "claude-code-20250219,interleaved-thinking-2025-05-14,fine-grained-tool-streaming-2025-05-14"}

ANSWER_FIELDS = """date: Mon, 01 Jun 2026 12:00:00 GMT
content-type: {type}
{framing}
connection: keep-alive
cache-control: no-cache
anthropic-ratelimit-requests-limit: 4000
anthropic-ratelimit-requests-remaining: 3999
anthropic-ratelimit-requests-reset: 2026-06-01T12:00:00Z
anthropic-ratelimit-input-tokens-limit: 2000000
anthropic-ratelimit-input-tokens-remaining: 1999000
anthropic-ratelimit-input-tokens-reset: 2026-06-01T12:00:00Z
anthropic-ratelimit-output-tokens-limit: 400000
anthropic-ratelimit-output-tokens-remaining: 399000
anthropic-ratelimit-output-tokens-reset: 2026-06-01T12:00:00Z
request-id: req_011CSHoEeqs5C35K2UUqR7Fy
strict-transport-security: max-age=31536000; includeSubDomains; preload
anthropic-organization-id: 6a2f3b1c-1111-4222-8333-94a5b6c7d8e9
via: 1.1 google
cf-cache-status: DYNAMIC
x-robots-tag: none
server: cloudflare
cf-ray: 9761e2c3d4f5a6b7-FRA"""

USAGE = {"input_tokens": 1200, "cache_creation_input_tokens": 300, "cache_read_input_tokens": 15000,
         "cache_creation": {"ephemeral_5m_input_tokens": 300, "ephemeral_1h_input_tokens": 0},
         "output_tokens": 1, "service_tier": "standard"}


@dataclasses.dataclass(frozen=True)
class Shape:
    name: str
    title: str
    answer: str
    body: bytes
    fields: dict
    connections: int = 32
    keeps_conversations: bool = False
    turns: tuple = ()  # Bodies of a session that grows; `body` is one of them.


def head(content_type, framing):
    fields = ANSWER_FIELDS.format(type=content_type, framing=framing).replace("\n", "\r\n")
    return f"HTTP/1.1 200 OK\r\n{fields}\r\n\r\n".encode()


def message(text):
    return {"id": "msg_01XFDUDYJgAACzvnptvVoYEL", "type": "message", "role": "assistant", "model": MODEL,
            "content": [{"type": "text", "text": text}], "stop_reason": "end_turn", "stop_sequence": None,
            "usage": USAGE | {"output_tokens": 180}}


def json_answer(size):
    text = "The proxy relays what it reads and records what it saw. " * 40
    text = text[:size - len(json.dumps(message("")))]
    body = json.dumps(message(text)).encode()
    return [(0, head("application/json", f"content-length: {len(body)}") + body)]


def chunk(event):
    text = f"event: {event['type']}\ndata: {json.dumps(event, separators=(',', ':'))}\n\n".encode()
    return b"%x\r\n%s\r\n" % (len(text), text)


def stream_events(count):
    start = message("") | {"content": [], "stop_reason": None, "usage": USAGE}
    delta = {"type": "content_block_delta", "index": 0,
             "delta": {"type": "text_delta", "text": " a few words of text"}}
    return [{"type": "message_start", "message": start},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            {"type": "ping"}] + [delta] * (count - 6) + [
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None},
             "usage": {"output_tokens": 180}},
            {"type": "message_stop"}]


def stream_answer(count, over_ms=0):
    """Pieces: all at once, or each event after its share of the time."""
    events = [chunk(event) for event in stream_events(count)]
    events[0] = head("text/event-stream; charset=utf-8", "transfer-encoding: chunked") + events[0]
    events[-1] += b"0\r\n\r\n"
    if over_ms == 0:
        return [(0, b"".join(events))]
    return [(over_ms // count, event) for event in events]


def held_stream():
    """A stream that has begun and then is silent."""
    return [(0, b"".join(piece for _, piece in stream_answer(30, 30)[:8])), (HOLD, b"")]


def small_request():
    return {"model": MODEL, "max_tokens": 1024, "metadata": {"user_id": f"user_ab_account__session_{SESSION}"},
            "messages": [{"role": "user", "content": "Which file holds the life of a request?"}]}


def source_files():
    return [path for folder in ("proxy", "proto", "analytics/store", "common") for path in
            sorted((ROOT / folder).rglob("*.cpp"))]


def claude_code_session(first_size, last_size):
    """The requests of a session, one a turn: each has the whole history, with cache markers on the last two messages."""
    whole = claude_code_request(last_size)
    history = whole["messages"]
    bodies = []
    for count in range(1, len(history) + 1, 2):
        messages = history[:count - 2] + [marked(message) for message in history[:count][-2:]] if count > 1 else history[:1]
        body = json.dumps(whole | {"messages": messages}, ensure_ascii=False).encode()
        if len(body) >= first_size:
            bodies.append(body)
    return tuple(bodies)


def marked(message):
    *first, last = message["content"]
    return message | {"content": [*first, last | {"cache_control": {"type": "ephemeral"}}]}


def claude_code_request(size):
    """System prompt, tools, and turns that read files of this tree: text full of escapes, as it is in earnest."""
    tools = [{"name": f"Tool{n}", "description": "Reads a file from the local file system.\n\nUsage:\n- " + "x" * 1200,
              "input_schema": {"type": "object", "properties": {"file_path": {"type": "string"}},
                               "required": ["file_path"], "additionalProperties": False}} for n in range(16)]
    readme = (ROOT / "README.md").read_text()[:12_000]
    request = small_request() | {"stream": True, "max_tokens": 32_000, "tools": tools, "system": [
        {"type": "text", "text": readme, "cache_control": {"type": "ephemeral"}}]}
    turns = request["messages"]
    for number, path in enumerate(source_files()):
        left = size - len(json.dumps(request)) - 800
        if left < 200:
            break
        use = f"toolu_{number:020}"
        turns.append({"role": "assistant", "content": [
            {"type": "text", "text": f"I look at {path.name}."},
            {"type": "tool_use", "id": use, "name": "Read", "input": {"file_path": str(path.relative_to(ROOT))}}]})
        turns.append({"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": use, "content": path.read_text()[:min(6000, left * 9 // 10)]}]})
    return request


def answers():
    return {"json": json_answer(1024), "sse": stream_answer(30), "sse_paced": stream_answer(30, 60),
            "sse_small": stream_answer(12), "held": held_stream()}


def all_shapes():
    small = json.dumps(small_request()).encode()
    streamed = json.dumps(small_request() | {"stream": True}).encode()
    turns = claude_code_session(60_000, 140_000)
    large = min(turns, key=lambda body: abs(len(body) - 100_000))
    return [
        Shape("json", "1 KB JSON", "json", small, REQUEST_FIELDS),
        Shape("sse", "SSE, 30 events at once", "sse", streamed, REQUEST_FIELDS),
        Shape("sse_paced", "SSE, 30 events over 60 ms", "sse_paced", streamed, REQUEST_FIELDS),
        Shape("body", "100 KB request, small SSE", "sse_small", large, CLAUDE_CODE_FIELDS, 8),
        Shape("session", "60 to 140 KB, sessions that grow", "sse_small", large, CLAUDE_CODE_FIELDS, 8, turns=turns),
        Shape("conversation", "the same, conversations kept", "sse_small", large, CLAUDE_CODE_FIELDS, 8, True, turns),
    ]
