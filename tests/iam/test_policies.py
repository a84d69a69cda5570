"""Every generated policy before the validators: policy_sentry's table of actions and resource types, parliament, cfn-lint, an HCL parser."""

import json
import re
import unittest

import parliament
from cfnlint.api import ManualArgs, lint
from policy_sentry.querying.actions import get_action_data

from generated import ACCOUNT, MODELS, PRINCIPALS, statements, template_policies, terraform_policies, with_lists, written

INVOKE = {"bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"}


def unreal_actions(statement):
    """The actions that policy_sentry's table does not have."""
    return [action for action in statement.get("Action", []) + statement.get("NotAction", []) if not rows(action)]


def rows(action):
    """The table's rows of an action, one for each of its resource types."""
    service, name = action.split(":")
    found = get_action_data(service, name)
    return [row for row in found[service] if row["action"] == action] if found else []


def unfit_resources(statement):
    """Pairs of an action and an ARN that is of none of the action's resource types."""
    pairs = [(action, arn) for action in statement.get("Action", []) for arn in statement["Resource"]]
    return [(action, arn) for action, arn in pairs if not any(fits(row["resource_arn_format"], arn) for row in rows(action))]


def fits(form, arn):
    """Whether an ARN has this form, such as arn:${Partition}:bedrock:${Region}::foundation-model/${ResourceId}."""
    head, last = form.split(":", 5)[:-1], form.split(":", 5)[-1]
    # A part in the middle may be empty (the region of a global model); the name at the end may not.
    any_of = lambda part, pattern: re.sub(r"\\\$\\\{\w+\\\}", pattern, re.escape(part))
    pattern = ":".join([any_of(part, "[^:]*") for part in head] + [any_of(last, ".+")])
    return form != "*" and re.fullmatch(pattern, arn) is not None


def complaints(statement):
    """What parliament finds in a statement, but for one thing it cannot know.

    AWS's table lists the kinds of things that may be invoked - model, profile, router, endpoint - as resource types of one action, each
    marked as required. parliament takes that to mean that a policy must name one of every kind, and reports RESOURCE_MISMATCH with
    the kinds that it misses. So that finding is passed over, on these two actions alone and only if every ARN is of one of the
    action's kinds by policy_sentry's table, which is the newer.
    """
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    found = parliament.analyze_policy_string(json.dumps(policy)).findings
    explained = lambda finding: (
        finding.issue == "RESOURCE_MISMATCH"
        and {missed["action"] for missed in finding.detail} <= INVOKE
        and not unfit_resources(statement)
    )
    return [f"{finding.issue}: {finding.detail}" for finding in found if not explained(finding)]


CASES = [(principal, model, account) for principal in PRINCIPALS for model in MODELS for account in (ACCOUNT, None)]


class Policies(unittest.TestCase):
    """Five principals, the models of MODELS, with the account named and not."""

    def test_every_action_is_real_and_every_resource_is_of_a_type_it_takes(self):
        for case in CASES:
            with self.subTest(case):
                for statement in statements(*case):
                    self.assertEqual(unreal_actions(statement), [])
                    if statement["Effect"] == "Allow":
                        self.assertEqual(unfit_resources(statement), [])
                    else:
                        # What takes everything away, but for what is listed, takes it from everything.
                        self.assertEqual(statement["Resource"], ["*"])

    def test_parliament_has_nothing_to_say(self):
        for case in CASES:
            with self.subTest(case):
                for statement in statements(*case):
                    self.assertEqual(complaints(statement), [])

    def test_the_default_names_what_is_invoked_and_nothing_else(self):
        for principal in PRINCIPALS:
            first = statements(principal, "default")[0]
            self.assertEqual(set(first["Action"]), INVOKE)
            kinds = sorted({arn.split(":")[5].split("/")[0] for arn in first["Resource"]})
            self.assertEqual(kinds, ["foundation-model", "inference-profile"])

    def test_cfn_lint_has_nothing_to_say_of_the_templates(self):
        for principal in PRINCIPALS:
            # The template differs by principal and by whether the account is known; models change the ARNs alone.
            for model, account in [("default", ACCOUNT), ("default in Europe", None)]:
                with self.subTest(principal=principal, model=model):
                    text = written(principal, model, account, "cloudformation")
                    self.assertEqual([str(match) for match in lint(text, config=ManualArgs(regions=[MODELS[model][0]]))], [])

    def test_the_three_languages_say_the_same(self):
        for case in CASES:
            with self.subTest(case):
                policy = [with_lists(statement) for statement in statements(*case)]
                template = template_policies(written(*case, "cloudformation"))
                code = terraform_policies(written(*case, "terraform"))
                self.assertEqual(template["PolicyDocument"], policy)
                self.assertEqual(code["orchestrator"], policy)
                self.assertEqual(code.get("orchestrator_trust"), template.get("AssumeRolePolicyDocument"))

    def test_who_may_take_a_role_is_said_with_real_actions(self):
        for case in CASES:
            with self.subTest(case):
                trust = template_policies(written(*case, "cloudformation")).get("AssumeRolePolicyDocument")
                self.assertEqual(trust is None, case[0] == "user")
                for statement in trust or []:
                    self.assertEqual((statement["Action"], unreal_actions(statement)), (["sts:AssumeRole"], []))


class Validators(unittest.TestCase):
    """That the checks above can fail."""

    PROFILE = f"arn:aws:bedrock:us-east-1:{ACCOUNT}:inference-profile/us.anthropic.claude-haiku-5-5"

    def statement(self, action, resource):
        return {"Effect": "Allow", "Action": [action], "Resource": [resource]}

    def test_an_invented_action_is_found(self):
        wrong = self.statement("bedrock:ConverseStream", "*")
        self.assertEqual(unreal_actions(wrong), ["bedrock:ConverseStream"])
        self.assertIn("UNKNOWN_ACTION", complaints(wrong)[0])
        self.assertEqual(unreal_actions(self.statement("bedrock:InvokeModel", "*")), [])

    def test_a_resource_of_another_type_is_found(self):
        for resource in [
            "arn:aws:s3:::bucket",
            f"arn:aws:bedrock:us-east-1:{ACCOUNT}:foundation-model/anthropic.claude-haiku-5-5",
            f"arn:aws:bedrock:us-east-1:{ACCOUNT}:knowledge-base/abc",
            "arn:aws:bedrock:us-east-1::foundation-model/",
        ]:
            with self.subTest(resource):
                wrong = self.statement("bedrock:InvokeModel", resource)
                self.assertEqual(unfit_resources(wrong), [("bedrock:InvokeModel", resource)])
                self.assertTrue(complaints(wrong))
        self.assertEqual(complaints(self.statement("bedrock:InvokeModel", self.PROFILE)), [])

    def test_parliaments_mismatch_counts_on_every_other_action(self):
        self.assertIn("RESOURCE_MISMATCH", complaints(self.statement("bedrock:GetInferenceProfile", "arn:aws:s3:::bucket"))[0])

    def test_a_misspelt_template_and_broken_code_are_found(self):
        text = written("ec2", "default", language="cloudformation").replace("AssumeRolePolicyDocument", "AssumeRolPolicyDocument")
        found = {match.rule.id for match in lint(text, config=ManualArgs(regions=["us-east-1"]))}
        self.assertIn("E3002", found)
        with self.assertRaises(Exception):
            terraform_policies(written("ec2", "default", language="terraform").replace("statement {", "statement [", 1))


if __name__ == "__main__":
    unittest.main()
