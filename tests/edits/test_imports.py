from __future__ import annotations

import pytest
from modereview import edits

IMPORTED = {
    "in its place of the order": ("import os\nimport torch\n", "import os\nimport random\nimport torch\n"),
    "before what comes after it": (
        "import numpy as np\nimport torch\nx = 1\n",
        "import random\nimport numpy as np\nimport torch\nx = 1\n",
    ),
    "last, where all come before it": ("import os\nx = 1\n", "import os\nimport random\nx = 1\n"),
    "behind docstring and future": (
        '"""Doc."""\nfrom __future__ import annotations\nx = 1\n',
        '"""Doc."""\nfrom __future__ import annotations\nimport random\nx = 1\n',
    ),
    "behind a docstring alone": ('"""Doc."""\n\nx = 1\n', '"""Doc."""\nimport random\n\nx = 1\n'),
    "before all else": ("# coding: utf-8\nx = 1\n", "# coding: utf-8\nimport random\nx = 1\n"),
    "beside `from` imports": (
        "from os import path\nfrom torch import nn\n",
        "from os import path\nimport random\nfrom torch import nn\n",
    ),
    "CRLF": ("import os\r\nx = 1\r\n", "import os\r\nimport random\r\nx = 1\r\n"),
}


@pytest.mark.parametrize("case", IMPORTED)
def test_add_import(case, sources):
    before, after = IMPORTED[case]
    source = sources.make(before)
    assert sources.after(source, edits.add_import(source, "random")) == after
