"""`python -m modereview` is the same command as `modereview`."""

from modereview.cli import main

raise SystemExit(main())
