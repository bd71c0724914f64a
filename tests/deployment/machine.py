"""A server in a folder: the site as docs/deploying.md puts it there, and what it needs, as processes on loopback."""

import asyncio
import os
import pwd
import re
import secrets
import shlex
import signal
import socket
import subprocess
import time
from email import message_from_bytes, policy

from aiosmtpd.controller import Controller

HOST = "www.example.com"


class Machine:
    def __init__(self, root):
        self.root = root
        self.app, self.run, self.state, self.logs = (root / name for name in ("srv/latchkey", "run", "state", "logs"))
        for folder in (self.run, self.state, self.logs, root / "redis"):
            folder.mkdir()
        self.ports = {name: free_port() for name in ("http", "https", "postgresql", "redis", "smtp")}
        self.processes = {}
        self.mail = MailServer(self.ports["smtp"])
        self.site_url = f"https://{HOST}:{self.ports['https']}"
        self.certificate = root / "latchkey.pem"

    # Setting up

    def prepare(self):
        for path in (self.app / "deploy").iterdir():
            path.write_text(self._localize(path.read_text(encoding="utf-8")), encoding="utf-8")
        self._write_env()
        self._make_certificate()
        self._make_nginx_conf()
        self._init_postgresql()

    def start_services(self):
        for start in (self.start_postgresql, self.start_redis, self.mail.start, self.start_nginx):
            start()

    def stop_everything(self):
        for name in list(self.processes):
            self.stop(name)
        self.mail.stop()
        self.stop_postgresql()

    def _localize(self, text):
        for place, here in {
            "/srv/latchkey": self.app,
            "/run/latchkey": self.run,
            "/var/lib/latchkey": self.state,
            "/var/log/nginx": self.logs,
            "/etc/ssl/certs/latchkey.pem": self.certificate,
            "/etc/ssl/private/latchkey.key": self.root / "latchkey.key",
        }.items():
            text = text.replace(place, str(here))
        return text

    def _write_env(self):
        """The page's own example, with what is different here."""
        page = (self.app / "docs/deploying.md").read_text(encoding="utf-8")
        lines = dict(re.findall(r"^    ([A-Z_]+)=(.*)$", page, re.MULTILINE))
        lines |= {
            "SECRET_KEY": secrets.token_urlsafe(50),
            "SUPPRESSION_KEY": secrets.token_urlsafe(50),
            "SITE_URL": self.site_url,
            "DATABASE_URL": f"postgres://latchkey@127.0.0.1:{self.ports['postgresql']}/latchkey",
            "CACHE_URL": f"redis://127.0.0.1:{self.ports['redis']}/0",
            "EMAIL_URL": f"smtp://127.0.0.1:{self.ports['smtp']}",
            # The most that anybody can ask for.
            "LOG_LEVEL": "DEBUG",
        }
        text = "".join(f"{name}={value}\n" for name, value in lines.items())
        (self.app / ".local").mkdir()
        (self.app / ".local/.env").write_text(text, encoding="utf-8")

    def _make_certificate(self):
        call(
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={HOST}"),
            *("-addext", f"subjectAltName=DNS:{HOST}"),
            *("-keyout", self.root / "latchkey.key", "-out", self.certificate),
        )

    def _make_nginx_conf(self):
        conf = self.app / "deploy/nginx.conf"
        text = conf.read_text(encoding="utf-8")
        text = replace_once(text, "listen 80 ", f"listen 127.0.0.1:{self.ports['http']} ")
        text = replace_once(text, "listen 443 ", f"listen 127.0.0.1:{self.ports['https']} ")
        conf.write_text(text, encoding="utf-8")
        # What Debian's own nginx.conf has around conf.d/.
        (self.root / "nginx.conf").write_text(
            f"pid {self.run}/nginx.pid; daemon off; error_log {self.logs}/nginx-main.log;\n"
            "events {}\nhttp { "
            f"client_body_temp_path {self.run}/body; proxy_temp_path {self.run}/proxy;\n"
            f"fastcgi_temp_path {self.run}/f; uwsgi_temp_path {self.run}/u; scgi_temp_path {self.run}/s;\n"
            f"access_log off; include {conf}; }}\n",
            encoding="utf-8",
        )

    def _init_postgresql(self):
        data = self.root / "postgresql"
        data.mkdir()
        own(data, "postgres")
        call("initdb", "-A", "trust", "-U", "postgres", "-E", "UTF8", "-D", data, user="postgres")

    # Services

    def start_postgresql(self):
        options = f"-c listen_addresses=127.0.0.1 -c unix_socket_directories= -p {self.ports['postgresql']}"
        data = self.root / "postgresql"
        call("pg_ctl", "-D", data, "-w", "-l", data / "log", "-o", options, "start", user="postgres")

    def stop_postgresql(self):
        data = self.root / "postgresql"
        call("pg_ctl", "-D", data, "-m", "fast", "-w", "stop", user="postgres", check=False)

    def start_redis(self):
        port = str(self.ports["redis"])
        command = ["redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", self.root / "redis"]
        self._start("redis", command)
        wait_for_port(self.ports["redis"])

    def start_nginx(self):
        self._start("nginx", ["nginx", "-c", self.root / "nginx.conf", "-e", self.logs / "nginx-main.log"])
        wait_for_port(self.ports["https"])

    def start_unit(self, unit):
        """Starts what a service runs; a oneshot service is run to its end."""
        commands = self._commands_of(unit)
        if "Type=oneshot" not in self._unit(unit):
            [command] = commands
            self._start(unit, command)
            return
        for command in commands:
            with (self.logs / f"{unit}.log").open("ab") as log:
                subprocess.run(command, cwd=self.app, env=environment(), stdout=log, stderr=log, check=True)

    def _unit(self, unit):
        return (self.app / f"deploy/{unit}.service").read_text(encoding="utf-8")

    def _commands_of(self, unit):
        return [shlex.split(line) for line in re.findall(r"^ExecStart=(.*)$", self._unit(unit), re.MULTILINE)]

    def _start(self, name, command):
        log = (self.logs / f"{name}.log").open("ab")
        # A group of its own, as systemd has one for each service.
        self.processes[name] = subprocess.Popen(
            [str(part) for part in command],
            cwd=self.app,
            env=environment(),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        log.close()

    def stop(self, name):
        process = self.processes.pop(name)
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise

    def kill(self, name):
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def is_running(self, name):
        return self.processes[name].poll() is None

    # Commands

    def manage(self, *args):
        """What `manage.py` prints."""
        command = [self.app / ".venv/bin/python", "manage.py", *args]
        return call(*command, cwd=self.app, log=self.logs / "commands.log")

    def shell(self, code):
        """What the code prints, with the site's models at hand."""
        apps = ("tokens", "newsletter", "mailing", "accounts")
        imports = "\n".join(f"from apps.{name}.models import *" for name in apps)
        return self.manage("shell", "-v", "0", "-c", f"{imports}\n{code}").strip()

    def run_line(self, line):
        """A line of the page, as it stands there."""
        words = shlex.split(self._localize(line), comments=True)
        user = "postgres" if words[:3] == ["sudo", "-u", "postgres"] else "latchkey"
        server = {"PGHOST": "127.0.0.1", "PGPORT": str(self.ports["postgresql"]), "PGUSER": user}
        if words[0] == "sudo":
            words = words[3:]
        call(*words, cwd=self.app, log=self.logs / "commands.log", **server)

    def page(self, heading):
        """The lines of code of one section of docs/deploying.md."""
        page = (self.app / "docs/deploying.md").read_text(encoding="utf-8")
        section = page.split(f"\n## {heading}\n")[1].split("\n## ")[0]
        return re.findall(r"^    (\S.*)$", section, re.MULTILINE)

    def everything_written(self):
        """Name and text of every log of every program."""
        files = [*self.logs.iterdir(), self.root / "postgresql/log"]
        return {path.name: path.read_text(encoding="utf-8", errors="replace") for path in files}


class MailServer:
    """Keeps what it gets, after ``delay`` seconds."""

    def __init__(self, port):
        self.port, self.delay, self.emails = port, 0, []
        self._controller = None

    def start(self):
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, ready_timeout=20)
        self._controller.start()

    def stop(self):
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        await asyncio.sleep(self.delay)
        email = message_from_bytes(envelope.original_content, policy=policy.default)
        self.emails.append((envelope.rcpt_tos[0], email))
        return "250 OK"

    def to(self, address):
        return [email for recipient, email in self.emails if recipient == address]


def call(*command, user=None, check=True, cwd="/", log=None, **variables):
    command = [str(part) for part in command]
    if user and os.getuid() == 0:
        command = ["runuser", "-u", user, "--", *command]
    result = subprocess.run(
        command,
        cwd=cwd,
        env=environment(**variables),
        # pg_ctl's child keeps a pipe open.
        stdout=subprocess.DEVNULL if "pg_ctl" in command else subprocess.PIPE,
        stderr=subprocess.STDOUT if "pg_ctl" in command else subprocess.PIPE,
        text=True,
        check=False,
    )
    if log:
        with log.open("a", encoding="utf-8") as file:
            file.write((result.stdout or "") + (result.stderr or ""))
    if check and result.returncode:
        raise AssertionError(f"{shlex.join(command)} ended with {result.returncode}:\n{result.stdout}{result.stderr}")
    return result.stdout


def environment(**variables):
    """As under systemd: nothing of whoever started the tests."""
    return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **variables}


def own(path, user):
    if os.getuid() == 0:
        os.chown(path, pwd.getpwnam(user).pw_uid, -1)


def replace_once(text, old, new):
    assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in the file"
    return text.replace(old, new)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def wait_for_port(port):
    wait_until(lambda: is_open(port), f"port {port} is open")


def is_open(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def wait_until(happens, what, seconds=30):
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end, f"did not happen in {seconds} seconds: {what}"
        time.sleep(0.05)
