"""nginx as one would put it there: one worker, connections upstream kept, a buffered access log, answers passed on as
they come, request bodies kept in memory."""

import os
import shutil

CONFIG = """
daemon off;
{user}
worker_processes 1;
worker_rlimit_nofile {files};
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log warn;
events {{ worker_connections {connections}; }}
http {{
    log_format bench '$remote_addr [$time_iso8601] "$request" $status $bytes_sent $request_time '
                     '$upstream_addr $upstream_response_time $upstream_http_request_id';
    access_log {folder}/nginx-access.log bench buffer=64k flush=1s;
    client_body_temp_path {folder}/nginx-body;
    proxy_temp_path {folder}/nginx-proxy;
    fastcgi_temp_path {folder}/nginx-fastcgi;
    uwsgi_temp_path {folder}/nginx-uwsgi;
    scgi_temp_path {folder}/nginx-scgi;
    client_body_buffer_size 128k;
    client_max_body_size 32m;
    keepalive_requests 100000000;
    tcp_nodelay on;
    upstream api {{
        server {upstream};
        keepalive 1024;
        keepalive_requests 100000000;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            proxy_pass http://api;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
            proxy_read_timeout 600s;
        }}
    }}
}}
"""


def start_nginx(stack, port, upstream, files):
    program = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    # The folder is its owner's alone, so that root's workers may not be somebody else's.
    user = "user root;" if os.geteuid() == 0 else ""
    # Two descriptors a request.
    config = stack.write("nginx.conf", CONFIG.format(
        user=user, files=files, folder=stack.folder, connections=files, port=port,
        upstream=upstream.removeprefix("http://")))
    stack.start("nginx", [program, "-e", "stderr", "-c", config, "-g", "error_log stderr notice;"],
                r"start worker process \d+")
    return f"http://127.0.0.1:{port}"
