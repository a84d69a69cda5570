"""Runs a program, its output going to a file: watch.py FILE PROGRAM ARGUMENT... Prints its seconds, largest resident KiB and exit code."""

import os
import subprocess
import sys
import time

begun = time.monotonic()
with open(sys.argv[1], "w") as output:
    child = subprocess.Popen(sys.argv[2:], stdout=output, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
print(time.monotonic() - begun, used.ru_maxrss, os.waitstatus_to_exitcode(status))
