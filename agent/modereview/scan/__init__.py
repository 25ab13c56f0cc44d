"""The static review of many files: read, analyzed and looked at on all cores, nothing run.

Files are looked at in processes of their own (`pool.py`), so that one that crashes the parser or takes too
long ends alone. What is known of a file from an earlier run is kept (`cache.py`).
"""

from modereview.scan.files import scan

__all__ = ["scan"]
