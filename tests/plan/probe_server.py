"""A process that has torch and answers probe requests, each in a forked child, in the folder it is told.

Started once for all tests of this folder: importing torch is the slow part, and a process that has run
forwards itself must not fork.
"""

import json
import os
import sys

import torch


def serve() -> None:
    torch.set_num_threads(1)
    torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)  # the first optimizer imports half of torch
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        job = json.loads(line)
        if not (pid := os.fork()):
            os.chdir(job["folder"])
            names: dict[str, object] = {}
            exec(compile(job["code"], "probe", "exec"), names)
            answers.write(json.dumps(names["main"](job["request"])) + "\n")  # type: ignore[operator]
            answers.flush()
            os._exit(0)
        os.waitpid(pid, 0)


if __name__ == "__main__":
    serve()
