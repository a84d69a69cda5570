"""What `orchestrator infra iam generate` writes, in each language. ORCHESTRATOR says where the binary is; `cargo xtask test` sets it."""

import functools
import json
import os
import re
import subprocess
import tempfile

import cfnlint.decode
import hcl2

PRINCIPALS = ["user", "ec2", "ecs-task", "lambda", "beanstalk"]
ACCOUNT = "123456789012"

# Configurations by name: the region, and the model that is named. None: the one that is chosen because credentials are present.
MODELS = {
    "default": ("us-east-1", None),
    "default in Europe": ("eu-central-1", None),
    "default where no profile is near": ("sa-east-1", None),
    "a foundation model": ("us-east-1", "amazon.nova-lite-v1:0"),
    "an older profile": ("eu-west-1", "eu.anthropic.claude-haiku-4-5-20251001-v1:0"),
    "a profile's ARN": ("us-east-1", f"arn:aws:bedrock:us-west-2:{ACCOUNT}:inference-profile/us.anthropic.claude-haiku-5-5"),
    "an application's profile": ("us-east-1", f"arn:aws:bedrock:us-east-1:{ACCOUNT}:application-inference-profile/abcdefghijkl"),
    "provisioned throughput": ("us-east-1", f"arn:aws:bedrock:us-east-1:{ACCOUNT}:provisioned-model/abcdefghijkl"),
}


@functools.cache
def written(principal, model, account=ACCOUNT, language="json"):
    """The output. An account of None leaves it unnamed."""
    region, name = MODELS[model]
    arguments = ["infra", "iam", "generate", "--quiet", "--principal", principal, "--language", language]
    arguments += ["--model", name] if name else []
    arguments += ["--account", account] if account else []
    with tempfile.TemporaryDirectory() as home:
        keys = {"AWS_ACCESS_KEY_ID": "AKIDTEST", "AWS_SECRET_ACCESS_KEY": "not-a-secret", "AWS_REGION": region, "HOME": home}
        ran = subprocess.run([os.environ["ORCHESTRATOR"], *arguments], env=keys, capture_output=True, text=True, check=False)
    if ran.returncode or ran.stderr:
        raise AssertionError(f"{' '.join(arguments)} ended with {ran.returncode}: {ran.stderr}")
    return ran.stdout


def statements(principal, model, account=ACCOUNT):
    """The statements of the JSON document."""
    return json.loads(written(principal, model, account))["Statement"]


def template_policies(text):
    """Each policy document of a CloudFormation template by the property that holds it, its functions replaced by what they stand for."""
    template, problems = cfnlint.decode.decode_str(text)
    if problems:
        raise AssertionError(problems)
    held = [resource["Properties"] for resource in template["Resources"].values()]
    return {name: plain(of[name])["Statement"] for of in held for name in ("PolicyDocument", "AssumeRolePolicyDocument") if name in of}


def plain(node):
    """A template's node without functions: an account that is the stack's own is `*` again, `${!x}` is `${x}`."""
    if isinstance(node, dict) and set(node) == {"Fn::Sub"}:
        return node["Fn::Sub"].replace("${AWS::AccountId}", "*").replace("${!", "${")
    if isinstance(node, dict):
        return {name: plain(inner) for name, inner in node.items()}
    return [plain(inner) for inner in node] if isinstance(node, list) else node


def terraform_policies(text):
    """Each `aws_iam_policy_document` by name, as the statements that Terraform would make of it."""
    documents = [block['"aws_iam_policy_document"'] for block in hcl2.loads(text)["data"] if '"aws_iam_policy_document"' in block]
    return {json.loads(name): [statement(of) for of in body["statement"]] for one in documents for name, body in one.items()}


def statement(block):
    names = {"sid": "Sid", "effect": "Effect", "actions": "Action", "not_actions": "NotAction", "resources": "Resource"}
    made = {name: text_of(block[of]) for of, name in names.items() if of in block}
    for of in block.get("principals", []):
        made.setdefault("Principal", {})[text_of(of["type"])] = text_of(of["identifiers"])
    for of in block.get("condition", []):
        made.setdefault("Condition", {}).setdefault(text_of(of["test"]), {})[text_of(of["variable"])] = text_of(of["values"])
    unknown = set(block) - set(names) - {"principals", "condition", "__is_block__"}
    if unknown:
        raise AssertionError(f"a statement has {unknown}, which is not compared")
    return made


def text_of(node):
    """A text as Terraform would have it: without its quotes, `&{x}` as `${x}`, the caller's own account as `*`."""
    if isinstance(node, list):
        return [text_of(inner) for inner in node]
    return re.sub(r"&\{", "${", json.loads(node).replace("${data.aws_caller_identity.current.account_id}", "*"))


def with_lists(node):
    """Statements with every single value of a condition as a list of one, which AWS takes for the same."""
    conditions = {
        operator: {key: values if isinstance(values, list) else [values] for key, values in keys.items()}
        for operator, keys in node.get("Condition", {}).items()
    }
    return {**node, "Condition": conditions} if conditions else dict(node)
