"""The two programs of the project, wired to each other as in earnest."""

import json
import pathlib
import secrets
import time
import urllib.request

from .processes import Processes, free_port


class Stack(Processes):
    def __init__(self, build, folder):
        super().__init__(folder)
        self.build = pathlib.Path(build)
        self.admin = secrets.token_hex(16)
        self.api = f"http://127.0.0.1:{free_port()}"
        for name, text in (("admin.key", self.admin), ("account.key", "no-account")):
            self.write(name, text, 0o600)

    def write(self, name, text, mode=0o644):
        path = self.folder / name
        path.touch(mode=mode)
        path.write_text(text)
        return path

    def start_simulator(self):
        command = [self.build / "tests/support/upstream_sim", "--ledger-max", "1"]
        self.upstream = self.start("sim", command, r"listening on (http://\S+)")[1]

    def start_analyticsd(self, storing=True):
        config = {"server": {"listen": self.api.removeprefix("http://")},
                  "admin": {"key_file": f"{self.folder}/admin.key"},
                  "database": {"path": f"{self.folder}/ccproxy.db"}, "bus": self.bus(),
                  "logging": {"enabled": storing}}
        path = self.write("analyticsd.yaml", json.dumps(config))
        self.start("analyticsd", [self.build / "analytics/analyticsd", "--config", path], r"serves its API")

    def start_proxy(self, workers=1, retain="1h"):
        config = {"listen": "127.0.0.1:0", "name": "bench", "state_dir": f"{self.folder}/state", "workers": workers,
                  "admin": {"listen": ""}, "limits": {"max_connections_per_address": 0},
                  "accounts": [{"id": "sim", "base_url": self.upstream, "api_key_file": f"{self.folder}/account.key"}],
                  "journal": {"max_bytes": "8GiB", "retain": retain}, "bus": self.bus()}
        (self.folder / "state").mkdir(mode=0o700, exist_ok=True)
        path = self.write("ccproxy.yaml", json.dumps(config))
        found = self.start("ccproxy", [self.build / "proxy/ccproxy", "--config", path], r"listening on (\S+)")
        self.proxy = f"http://{found[1]}"

    def bus(self):
        return {"events": f"ipc://{self.folder}/e.sock", "control": f"ipc://{self.folder}/c.sock"}

    def ask(self, path, body=None, method=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.api + path, data, {"x-admin-key": self.admin}, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def make_key(self, name, with_conversations=False):
        made = self.ask("/api/token/generate", {"name": name})
        if with_conversations:
            self.ask(f"/api/token/{made['id']}/settings", {"enable_conversation_logging": True}, "PUT")
        return made["token"]

    def lag(self):
        return self.ask("/api/system/status")["proxies"][0]["lag"]

    def wait_until_known(self):
        while not (proxies := self.ask("/api/system/status")["proxies"]) or not proxies[0]["connected"]:
            time.sleep(0.05)

    def wait_until_drained(self):
        while self.lag() > 0:
            time.sleep(0.1)
