"""What looks like a key does not leave the machine; code that does not, stays as it is."""

from __future__ import annotations

import pytest
from modereview.llm.masks import masked

# Put together here, so that no scanner takes this file for a leak.
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
KEYS = {
    "openai": "sk-" + "proj-" + LETTERS,
    "anthropic": "sk-" + "ant-api03-" + LETTERS,
    "aws": "AKIA" + "ABCDEFGHIJKLMNOP",
    "github": "gh" + "p_" + LETTERS,
    "github fine": "github" + "_pat_" + LETTERS,
    "gitlab": "glp" + "at-" + LETTERS[:20],
    "hugging face": "h" + "f_" + LETTERS,
    "slack": "xox" + "b-" + "123456789012-" + LETTERS,
    "google": "AI" + "za" + LETTERS[:35],
    "stripe": "sk" + "_live_" + LETTERS,
    "groq": "gs" + "k_" + LETTERS,
    "nvidia": "nv" + "api-" + LETTERS,
    "databricks": "da" + "pi" + "0123456789abcdef" * 2,
    "sendgrid": "S" + "G." + LETTERS + "." + LETTERS,
    "weights and biases": "0123456789" * 4,
    "npm": "np" + "m_" + LETTERS,
    "pypi": "py" + "pi-" + LETTERS,
    "web token": "ey" + "JhbGciOiJI." + "ey" + "JzdWIiOiIx." + LETTERS,
    "private key": "-----BEGIN RSA PRIVATE " + "KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----",
}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_common_keys_are_masked(key):
    assert masked(f'x = connect("{key}", 3)') == 'x = connect("***", 3)'


@pytest.mark.parametrize(
    ("code", "left"),
    [
        ('WANDB_API_KEY = "0123456789abcdef"', 'WANDB_API_KEY = "***"'),
        ("login(password='correct horse')", "login(password='***')"),
        ('os.environ["SECRET"] = "0123456789"', 'os.environ["SECRET"] = "***"'),
        ('{"access_token": "0123456789"}', '{"access_token": "***"}'),
        ("Endpoint=x;AccountKey=" + LETTERS * 2 + "==;Suffix=y", "Endpoint=x;AccountKey=***;Suffix=y"),
        ("postgres://me:hunter2@db/x", "postgres://***@db/x"),
        ('root = "/home/ada/data"', 'root = "~/data"'),
        ('File "/Users/ada/train.py"', 'File "~/train.py"'),
        (r"C:\Users\ada\train.py", r"~\train.py"),
        ("/root/project/x.py", "~/project/x.py"),
        ("no file /run/modereview/job-79dcc570/project/data/x.csv", "no file data/x.csv"),
        ("'/tmp/modereview-k3_a/scratch/job-79dcc570/project'", "''"),
        ("(/opt/venv/lib/python3.11/site-packages/torch/__init__.py)", "(site-packages/torch/__init__.py)"),
    ],
)
def test_named_secrets_and_homes_are_masked(code, left):
    assert masked(code) == left


@pytest.mark.parametrize(
    "code",
    [
        'tokenizer = load("bert-base-uncased")',
        "token_type_ids=inputs['token_type_ids']",
        'key = "attention_mask"',
        'password = ""',
        'task = "sk-learn"',
        "x = self.secret_layer(x)",
        "/roots/and/homes/x",
        "runs/job-12345678/project_x",
        'sys.path.insert(0, "site-packages/x")',
    ],
)
def test_code_without_secrets_stays_as_it_is(code):
    assert masked(code) == code


def test_secret_that_is_known_is_masked_whatever_it_looks_like():
    assert masked("my word is: banana split", ["banana split", ""]) == "my word is: ***"


@pytest.mark.parametrize(
    "part", ["x", "/a", "/)", "a.", '"', "secret", "api_key = ", "eyJ-", "sk-", "-----BEGIN "]
)
def test_what_an_endpoint_pours_out_is_read_in_one_go(part):
    text = part * 200_000  # an expression that begins anew at each letter takes hours
    assert masked(f"{text} sk-{'a' * 20}") != f"{text} sk-{'a' * 20}"


@pytest.mark.parametrize("key", ["x", "EMPTY", "bridge"])
def test_word_that_stands_for_a_key_is_masked_as_a_literal_only(key):
    """What local servers are given for a key may be a name in the code."""
    code = f"class {key.title()}: {key} = f({key}, 'own-{key}')"
    assert masked(code, [key]) == code
    assert masked(f"connect(\"{key}\", '{key}')", [key]) == "connect(\"***\", '***')"
