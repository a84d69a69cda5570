"""The stand-in as a process of its own. MODEL_STANDIN says where its binary is; `cargo xtask test` sets it."""

import os
import subprocess


class Standin:
    """Runs from `with` to the end of it. `arguments` are those of model-standin."""

    def __init__(self, *arguments):
        self.arguments = arguments

    def __enter__(self):
        self.process = subprocess.Popen([os.environ["MODEL_STANDIN"], *self.arguments], stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        if not self.url.startswith("http://127.0.0.1:"):
            raise RuntimeError(f"the stand-in printed {self.url!r} and not its address")
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
