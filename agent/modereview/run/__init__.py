"""pytest code -> Outcomes, in a sandbox: nothing of the user's runs in the tool's own process."""

from modereview.run.host import NoSandbox
from modereview.run.python import choose_python
from modereview.run.tasks import Failed, Job
from modereview.run.worker import Worker

__all__ = ["Failed", "Job", "NoSandbox", "Worker", "choose_python"]
