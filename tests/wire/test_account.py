"""The generated policy at work: boto3 signs, the stand-in verifies the signature and obeys the policy as AWS does."""

import contextlib
import copy
import json
import os
import subprocess
import tempfile
import unittest

import boto3
import botocore.config
import botocore.exceptions

from standin import Standin

NUMBER = "123456789012"
USER = f"arn:aws:iam::{NUMBER}:user/ann"
KEY, SECRET = "AKIDTEST", "not-a-secret"
HAIKU = "us.anthropic.claude-haiku-5-5"
REGIONS = ["us-east-1", "us-east-2", "us-west-2"]
# Where AWS says that the profiles send requests to. The generator has a table of its own.
PROFILES = {
    HAIKU: {"model": "anthropic.claude-haiku-5-5", "regions": REGIONS},
    "us.anthropic.claude-sonnet-5-5": {"model": "anthropic.claude-sonnet-5-5", "regions": REGIONS},
}
WHOLE, STREAMED = "bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"
BOTH = {"converse": WHOLE, "converse_stream": STREAMED}


def model_arn(region, model="anthropic.claude-haiku-5-5"):
    return f"arn:aws:bedrock:{region}::foundation-model/{model}"


def profile_arn(region="us-east-1", profile=HAIKU):
    return f"arn:aws:bedrock:{region}:{NUMBER}:inference-profile/{profile}"


def generate(principal="ec2", model=HAIKU, region="us-east-1"):
    """The policy that the product writes."""
    arguments = ["--quiet", "--principal", principal, "--model", model, "--region", region, "--account", NUMBER]
    with tempfile.TemporaryDirectory() as home:
        command = [os.environ["ORCHESTRATOR"], "infra", "iam", "generate", *arguments]
        return json.loads(subprocess.run(command, env={"HOME": home}, capture_output=True, check=True).stdout)


def allow(actions, resources, **more):
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": resources, **more}]}


class Account(unittest.TestCase):
    """One account with one user, who has one policy."""

    @contextlib.contextmanager
    def having(self, policy):
        """The stand-in whose user has this policy."""
        account = {"user": USER, "access_key_id": KEY, "secret_access_key": SECRET, "policy": policy, "profiles": PROFILES}
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(account, file)
            file.flush()
            with Standin(file.name) as standin:
                self.url = standin.url
                yield

    def client(self, region="us-east-1", key=KEY, secret=SECRET):
        config = botocore.config.Config(retries={"total_max_attempts": 1}, read_timeout=5, connect_timeout=5, proxies={})
        names = {"aws_access_key_id": key, "aws_secret_access_key": secret, "region_name": region}
        client = boto3.client("bedrock-runtime", endpoint_url=self.url, config=config, **names)
        self.addCleanup(client.close)
        return client

    def ask(self, model=HAIKU, operation="converse", client=None, **where):
        """What is said, or None and the error's code and message."""
        call = getattr(client or self.client(**where), operation)
        try:
            reply = call(modelId=model, messages=[{"role": "user", "content": [{"text": "Is it up?"}]}])
        except botocore.exceptions.ClientError as error:
            return None, error.response["Error"]["Code"], error.response["Error"]["Message"]
        if operation == "converse":
            return reply["output"]["message"]["content"][0]["text"]
        with contextlib.closing(reply["stream"]) as events:
            return "".join(event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event)

    def assert_answers(self, *arguments, **more):
        self.assertEqual(self.ask(*arguments, **more), "All is well, says the stand-in.")

    def assert_denied(self, action, resource, *arguments, **more):
        said = f"User: {USER} is not authorized to perform: {action} on resource: {resource} "
        found = self.ask(*arguments, **more)
        self.assertEqual(found, (None, "AccessDeniedException", f"{said}because no identity-based policy allows the {action} action"))

    def test_the_generated_policy_lets_the_model_be_asked_whole_and_streamed(self):
        for principal in ["user", "ec2", "ecs-task", "lambda", "beanstalk"]:
            with self.subTest(principal), self.having(generate(principal)):
                for operation in BOTH:
                    self.assert_answers(operation=operation)
                    self.assert_answers(profile_arn(), operation)

    def test_the_models_of_every_region_behind_the_profile_may_be_asked_themselves(self):
        with self.having(generate()):
            for region in REGIONS:
                for operation in BOTH:
                    # IAM lets it through; that the model is offered through profiles only is said after that.
                    _, code, message = self.ask("anthropic.claude-haiku-5-5", operation, region=region)
                    self.assertEqual(code, "ValidationException")
                    self.assertIn("with on-demand throughput isn", message)
        # A model that is offered both ways answers.
        with self.having(generate(model="us.standin.text")):
            for region in REGIONS:
                self.assert_answers("standin.text", region=region)

    def test_no_arn_of_the_generated_policy_could_be_left_out(self):
        whole = generate()
        resources = whole["Statement"][0]["Resource"]
        self.assertEqual(len(resources), 1 + len(REGIONS))
        for resource in resources:
            policy = copy.deepcopy(whole)
            policy["Statement"][0]["Resource"].remove(resource)
            with self.subTest(resource), self.having(policy):
                for operation, action in BOTH.items():
                    self.assert_denied(action, resource, operation=operation)

    def test_another_model_and_another_profile_are_denied(self):
        with self.having(generate()):
            for operation, action in BOTH.items():
                other = "anthropic.claude-sonnet-5-5"
                self.assert_denied(action, model_arn("us-east-1", other), other, operation)
                self.assert_denied(action, profile_arn(profile=f"us.{other}"), f"us.{other}", operation)
                self.assert_denied(action, model_arn("us-east-1", "standin.text"), "standin.text", operation)

    def test_a_region_outside_the_profile_is_denied(self):
        with self.having(generate()):
            for operation, action in BOTH.items():
                self.assert_denied(action, model_arn("eu-west-1"), "anthropic.claude-haiku-5-5", operation, region="eu-west-1")
                self.assert_denied(action, profile_arn("eu-west-1"), HAIKU, operation, region="eu-west-1")
                # A region inside it that is not the configured one has no permission to ask through the profile either.
                self.assert_denied(action, profile_arn("us-west-2"), HAIKU, operation, region="us-west-2")

    def test_without_the_streaming_action_streams_are_denied_and_whole_replies_come(self):
        policy = generate()
        policy["Statement"][0]["Action"].remove(STREAMED)
        with self.having(policy):
            self.assert_answers()
            self.assert_denied(STREAMED, profile_arn(), operation="converse_stream")

    def test_a_wrong_secret_an_unknown_key_and_a_changed_request_are_refused(self):
        with self.having(generate()):
            self.assertEqual(self.ask(secret="another")[1], "InvalidSignatureException")
            self.assertEqual(self.ask(key="AKIDOTHER")[1], "UnrecognizedClientException")
            changed = self.client()
            tamper = lambda request, **_: setattr(request, "body", request.body.replace(b"Is it up?", b"Is it UP?"))
            changed.meta.events.register("before-send.bedrock-runtime.Converse", tamper)
            self.assertEqual(self.ask(client=changed)[1], "InvalidSignatureException")
            self.assert_answers()

    def test_a_model_may_be_allowed_through_a_profile_alone(self):
        tied = allow(WHOLE, [profile_arn()])
        condition = {"StringLike": {"bedrock:InferenceProfileArn": profile_arn()}}
        tied["Statement"] += allow(WHOLE, [model_arn(region) for region in REGIONS], Condition=condition)["Statement"]
        with self.having(tied):
            self.assert_answers()
            self.assert_denied(WHOLE, model_arn("us-east-1"), "anthropic.claude-haiku-5-5")

    def test_a_deny_outweighs_an_allow_and_what_cannot_be_judged_is_no_answer(self):
        policy = generate()
        policy["Statement"].append({"Effect": "Deny", "Action": "bedrock:*", "Resource": model_arn("us-west-2")})
        with self.having(policy):
            _, code, message = self.ask()
            said = f"User: {USER} is not authorized to perform: {WHOLE} on resource: {model_arn('us-west-2')} with an explicit deny in an identity-based policy"
            self.assertEqual((code, message), ("AccessDeniedException", said))
        with self.having(allow("*", "*", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})):
            self.assertEqual(self.ask()[1], "InternalServerException")


if __name__ == "__main__":
    unittest.main()
