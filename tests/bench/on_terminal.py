#!/usr/bin/env python3
"""on_terminal.py alone|own|attached WIRETAPE HOME OPTION...: a recorder, perhaps with a terminal UI on a pty,
until SIGTERM.

attached.sh starts it. `alone` is `record --headless`; `own` is `record` with its UI; `attached` is
`record --headless` with `open` beside it, which is no descendant of this process: who counts the processor
time of this one and its children counts the recorder's alone. A terminal has 120 columns and 40 rows, and
two seconds after its start Enter is pressed: what it shows then are the calls of the newest session as they
come. Nothing is started before all that an earlier one started is gone: a recorder that still writes
what it was told of gigabytes would take the processor from the next.
"""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time

# Traffic comes a second after the port is open: a session is there by then.
ENTER_AFTER = 2.0

# The measure waits half a minute for the port.
EARLIER_GONE_AFTER = 25.0


def on_terminal(words):
    """Starts a program on a pty; its process and our end of the pty."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    process = subprocess.Popen(
        words,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=os.environ | {"TERM": "xterm-256color"},
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(theirs)
    return process, ours


def watch(process, ours, goes_on):
    """Reads what is painted until the program ends or nothing goes on. Of one that ended by itself the
    last words and the status are handed on."""
    enter = time.monotonic() + ENTER_AFTER
    last = b""
    while process.poll() is None and goes_on():
        if enter and time.monotonic() > enter:
            os.write(ours, b"\r")
            enter = None
        if select.select([ours], [], [], 0.2)[0]:
            try:
                last = os.read(ours, 65536)
            except OSError:  # The end of a pty is an error on Linux.
                break
    if not goes_on():
        process.terminate()
        process.wait()
        return 0
    process.wait()
    sys.stderr.buffer.write(last)
    return process.returncode or 1


def earlier(wiretape):
    """The processes of this program that still run."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as words:
                if words.read().split(b"\0")[0] == os.fsencode(wiretape):
                    yield int(pid)
        except OSError:  # It has just ended.
            pass


def is_there(pid):
    try:
        os.kill(pid, 0)
        return True
    except ProcessLookupError:
        return False


def look_on(wiretape, home, recorder):
    """`open` on a terminal, as nobody's child, until the recorder is gone."""
    if os.fork():
        os.wait()
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    words = [wiretape, "open", "--home", home]
    watch(*on_terminal(words), lambda: is_there(recorder))
    os._exit(0)


def wait(process, ending):
    """Until it ends, or is to."""
    while process.poll() is None and not ending:
        time.sleep(0.1)
    process.terminate()
    return process.wait()


def main():
    kind, wiretape, home, *options = sys.argv[1:]
    record = [wiretape, "record", "--home", home, *options]
    ending = []
    signal.signal(signal.SIGTERM, lambda *_: ending.append(True))
    patience = time.monotonic() + EARLIER_GONE_AFTER
    while any(earlier(wiretape)) and time.monotonic() < patience:
        time.sleep(0.1)
    if kind == "own":
        process, ours = on_terminal(record)
        return sys.exit(watch(process, ours, lambda: not ending))
    process = subprocess.Popen([*record, "--headless"])
    if kind == "alone":
        return sys.exit(wait(process, ending))
    # It owns the home once it listens there.
    while process.poll() is None and not os.path.exists(os.path.join(home, "socket")):
        time.sleep(0.05)
    look_on(wiretape, home, process.pid)
    sys.exit(wait(process, ending))


if __name__ == "__main__":
    main()
