"""Attacks that try to get something out, or to leave something behind.

Each is the body of a function that runs in the sandbox. What it returns in `got` it should not have; what
it leaves behind, the host looks for. `it` holds the host's secrets' places, and addresses to call. None goes
for a process that the host has not started for it: a machine is shared.
"""

SOCKET = """
import socket
with socket.create_connection(("127.0.0.1", it["port"]), 2) as line:
    line.sendall(b"socket")
    return {"got": "a connection"}
"""
DNS_PACKET = """
import socket
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"dns", ("127.0.0.1", it["udp_port"]))
"""
DNS_NAME = """
import socket
return {"got": str(socket.getaddrinfo("pytorch.org", 443))}
"""
ABSTRACT_SOCKET = """
import socket
with socket.socket(socket.AF_UNIX) as line:
    line.connect("\\0" + it["abstract"])
    return {"got": "a connection"}
"""
HOME = "return {'got': open(it['home'] + '/.secret').read()}"
HOME_BY_ROOT_LINK = """
import os
for pid in filter(str.isdigit, os.listdir("/proc")):
    for link in ("root", "cwd"):
        try:
            return {"got": open(f"/proc/{pid}/{link}{it['home']}/.secret").read()}
        except OSError:
            pass
"""
ENVIRONMENT = """
import os
return {"got": [name for name, value in os.environ.items() if "sesame" in value]}
"""
ENVIRONMENT_OF_OTHERS = """
import os
for pid in filter(str.isdigit, os.listdir("/proc")):
    try:
        if b"sesame" in open(f"/proc/{pid}/environ", "rb").read():
            return {"got": f"the environment of {pid}"}
    except OSError:
        pass
"""
PARENTS_OF_THE_SANDBOX = """
import os
seen = [open(f"/proc/{pid}/cmdline").read() for pid in os.listdir("/proc") if pid.isdigit()]
return {"got": [line for line in seen if "-m\\0attacks" in line]}
"""
SIGNAL_THE_HOST = """
import os
os.kill(it["bystander"], 9)
"""
WRITE_OUTSIDE = "open(it['outside'] + '/written', 'w')"
WRITE_SYSTEM = """
for path in ("/etc/written", "/usr/written", "/var/tmp/written", "/written", "/sys/kernel/written"):
    try:
        open(path, "w")
        return {"got": path}
    except OSError:
        pass
"""
WRITE_KERNEL_SETTINGS = "open('/proc/sys/kernel/hostname', 'w').write('written')"
CHANGE_THE_PROJECT = "open(it['project'] + '/train.py', 'a').write('# changed')"
CHANGE_THROUGH_THE_MIRROR = "open('train.py', 'a').write('# changed')"
SYMLINK_FOR_THE_CLEANER = """
import os, pathlib, shutil
job = pathlib.Path.cwd().parent
shutil.rmtree(job, ignore_errors=True)
os.symlink(it["outside"], job)
os.symlink(it["project"], job.with_name("job-0"))
"""
SYMLINK_OUT = """
import os
os.symlink(it["home"], "way")
return {"got": open("way/.secret").read()}
"""
PTRACE = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
attach, detach = 16, 17
for pid in (os.getppid(), it["bystander"]):
    if libc.ptrace(attach, pid, 0, 0) == 0:
        os.waitpid(pid, 0x40000000)
        libc.ptrace(detach, pid, 0, 0)
        return {"got": f"process {pid}"}
"""
MEMORY_OF_THE_SERVER = """
import os
with open(f"/proc/{os.getppid()}/mem", "rb") as memory:
    return {"got": "the memory of the server"}
"""
BECOME_ROOT = """
import os
os.setuid(0)
return {"got": "root"}
"""
NEW_NAMESPACE = """
import ctypes, os, subprocess
libc = ctypes.CDLL(None)
libc.unshare(0x10000000 | 0x00020000)
libc.mount(None, b"/", None, 32 | 4096, None)
open(it["outside"] + "/written", "w")
"""
TERMINAL = """
import fcntl, termios
for number in (0, 1, 2):
    fcntl.ioctl(number, termios.TIOCSTI, b"x")
return {"got": "the terminal"}
"""
DAEMON = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execvp("sleep", ["sleep", it["nap"]])
    os._exit(0)
os.wait()
time.sleep(0.2)
"""
LEFTOVER = """
import subprocess
subprocess.Popen(["sleep", it["nap"]], start_new_session=True)
"""
FORK_BOMB = """
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
"""
MEMORY_BOMB = """
kept = []
while True:
    kept.append(bytearray(2**26))
"""
DISK_BOMB = """
for n in range(10_000):
    with open(f"/tmp/{n}", "wb") as file:
        file.write(bytes(2**26))
"""
ENDLESS = "while True: pass"
DEAF = """
import signal, time
for number in (1, 2, 3, 15):
    signal.signal(number, signal.SIG_IGN)
time.sleep(600)
"""
FLOOD = """
import os
while True:
    os.write(1, b"x" * 65536)
"""

BREAKOUTS = {name: body for name, body in list(vars().items()) if name.isupper() and isinstance(body, str)}
# Those that touch nothing but what the host has set up for them: they may be tried without walls.
CONTAINED = (
    *("SOCKET", "DNS_PACKET", "ABSTRACT_SOCKET", "HOME", "SYMLINK_OUT"),
    *("SIGNAL_THE_HOST", "WRITE_OUTSIDE", "CHANGE_THE_PROJECT"),
)
