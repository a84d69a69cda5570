"""The vendors' own clients against the stand-in: proof that it speaks the wires that the providers are tested with."""

import contextlib
import json
import unittest

import boto3
import botocore.config
import botocore.exceptions
import openai

from standin import Standin

SCHEMA = {
    "type": "object",
    "properties": {"host": {"type": "string"}, "port": {"type": "integer"}},
    "required": ["host", "port"],
}
TEXT = "All is well, says the stand-in."


def setUpModule():
    global URL
    URL = unittest.enterModuleContext(Standin()).url


class Bedrock(unittest.TestCase):
    """Converse and ConverseStream, spoken by boto3."""

    TOOLS = {"tools": [{"toolSpec": {"name": "tcp_connect", "description": "Connects.", "inputSchema": {"json": SCHEMA}}}]}
    QUESTION = {"role": "user", "content": [{"text": "Is it up?"}]}

    @classmethod
    def setUpClass(cls):
        config = botocore.config.Config(retries={"total_max_attempts": 1}, read_timeout=5, connect_timeout=5, proxies={})
        cls.client = boto3.client(
            "bedrock-runtime",
            region_name="us-east-1",
            endpoint_url=URL,
            aws_access_key_id="AKIDTEST",
            aws_secret_access_key="not-a-secret",
            config=config,
        )
        cls.addClassCleanup(cls.client.close)

    def converse(self, model, messages=None, **more):
        return self.client.converse(modelId=model, messages=messages or [self.QUESTION], **more)

    def stream(self, model, messages=None, **more):
        reply = self.client.converse_stream(modelId=model, messages=messages or [self.QUESTION], **more)
        with contextlib.closing(reply["stream"]) as events:
            return list(events)

    def refused(self, model, call=None, **more):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            (call or self.converse)(model, **more)
        error = caught.exception.response["Error"]
        return error["Code"], error["Message"], caught.exception.response["ResponseMetadata"]["HTTPStatusCode"]

    def test_a_whole_reply_is_read(self):
        reply = self.converse("us.standin.text", system=[{"text": "You look."}], inferenceConfig={"maxTokens": 100})
        self.assertEqual(reply["output"]["message"], {"role": "assistant", "content": [{"text": TEXT}]})
        self.assertEqual(reply["stopReason"], "end_turn")
        usage = reply["usage"]
        counted = [usage[k] for k in ("inputTokens", "cacheReadInputTokens", "cacheWriteInputTokens", "outputTokens", "totalTokens")]
        self.assertEqual(counted, [11, 4, 2, 7, 24])
        self.assertEqual(usage["cacheDetails"], [{"ttl": "1h", "inputTokens": 2}])

    def test_a_streamed_reply_comes_in_the_wires_order(self):
        events = self.stream("standin.text")
        kinds = [next(iter(event)) for event in events]
        self.assertEqual(kinds, ["messageStart"] + ["contentBlockDelta"] * 6 + ["contentBlockStop", "messageStop", "metadata"])
        said = "".join(e["contentBlockDelta"]["delta"]["text"] for e in events if "contentBlockDelta" in e)
        self.assertEqual(said, TEXT)
        self.assertEqual(events[-2]["messageStop"]["stopReason"], "end_turn")
        self.assertEqual(events[-1]["metadata"]["usage"]["outputTokens"], 7)

    def test_a_tool_is_used_whole_and_streamed(self):
        reply = self.converse("standin.tool", toolConfig=self.TOOLS)
        self.assertEqual(reply["stopReason"], "tool_use")
        call = reply["output"]["message"]["content"][1]["toolUse"]
        self.assertEqual((call["name"], call["input"]), ("tcp_connect", {"host": "localhost", "port": 1}))

        events = self.stream("standin.tool", toolConfig=self.TOOLS)
        starts = [e["contentBlockStart"]["start"] for e in events if "contentBlockStart" in e]
        self.assertEqual(starts, [{"toolUse": {"toolUseId": call["toolUseId"], "name": "tcp_connect"}}])
        deltas = [e["contentBlockDelta"]["delta"] for e in events if "contentBlockDelta" in e]
        self.assertEqual(json.loads("".join(d["toolUse"]["input"] for d in deltas if "toolUse" in d)), call["input"])

        result = {"toolResult": {"toolUseId": call["toolUseId"], "content": [{"text": "closed"}], "status": "success"}}
        conversation = [self.QUESTION, reply["output"]["message"], {"role": "user", "content": [result]}]
        reply = self.converse("standin.tool", conversation, toolConfig=self.TOOLS)
        self.assertEqual(reply["output"]["message"]["content"], [{"text": "The tool said: closed"}])

    def test_reasoning_comes_with_its_signature(self):
        events = self.stream("standin.reasoning", toolConfig=self.TOOLS)
        deltas = [e["contentBlockDelta"]["delta"]["reasoningContent"] for e in events if "reasoningContent" in e.get("contentBlockDelta", {}).get("delta", {})]
        self.assertEqual(deltas, [{"text": "I had better look."}, {"signature": "c2lnbmVk"}])

    def test_refusals_carry_the_vendors_codes(self):
        for model, code, status in [
            ("standin.throttled", "ThrottlingException", 429),
            ("standin.not-ready", "ModelNotReadyException", 429),
            ("standin.denied", "AccessDeniedException", 403),
            ("standin.expired", "ExpiredTokenException", 403),
            ("standin.eol", "ResourceNotFoundException", 404),
            ("standin.profile", "ValidationException", 400),
            ("standin.unwell", "ServiceUnavailableException", 503),
            ("anthropic.unheard-of", "ValidationException", 400),
        ]:
            for call in (self.converse, self.stream):
                with self.subTest(model=model, call=call.__name__):
                    found_code, message, found_status = self.refused(model, call)
                    self.assertEqual((found_code, found_status), (code, status))
                    self.assertTrue(message)

    def test_an_exception_inside_the_stream_is_raised(self):
        for model, code in [("standin.instream-throttle", "throttlingException"), ("standin.instream-unwell", "serviceUnavailableException")]:
            with self.subTest(model=model), self.assertRaises(botocore.exceptions.EventStreamError) as caught:
                self.stream(model)
            self.assertEqual(caught.exception.response["Error"]["Code"], code)

    def test_a_wrong_checksum_is_noticed(self):
        with self.assertRaises(botocore.eventstream.ChecksumMismatch):
            self.stream("standin.garbled")

    def test_a_cut_connection_is_noticed(self):
        with self.assertRaises(Exception) as caught:
            self.stream("standin.cut")
        self.assertRegex(type(caught.exception).__name__, "Protocol|ResponseStreaming|IncompleteRead")

    def test_requests_are_checked_as_the_vendor_checks_them(self):
        use = {"role": "assistant", "content": [{"toolUse": {"toolUseId": "t1", "name": "tcp_connect", "input": {}}}]}
        result = {"role": "user", "content": [{"toolResult": {"toolUseId": "t1", "content": [{"text": "x"}]}}]}
        for name, messages, more in [
            ("two of one role", [self.QUESTION, self.QUESTION], {}),
            ("assistant last", [self.QUESTION, {"role": "assistant", "content": [{"text": "x"}]}], {}),
            ("blank text", [{"role": "user", "content": [{"text": " "}]}], {}),
            ("no toolConfig", [self.QUESTION, use, result], {}),
            ("no result", [self.QUESTION, use, self.QUESTION], {"toolConfig": self.TOOLS}),
            ("result of nothing", [result], {"toolConfig": self.TOOLS}),
            ("temperature", [self.QUESTION], {"inferenceConfig": {"temperature": 0.5}}),
        ]:
            with self.subTest(name):
                self.assertEqual(self.refused("standin.text", messages=messages, **more)[0], "ValidationException")
        self.assertEqual(self.converse("standin.tool", [self.QUESTION, use, result], toolConfig=self.TOOLS)["stopReason"], "end_turn")

    def test_an_unsigned_request_is_refused(self):
        config = botocore.config.Config(signature_version=botocore.UNSIGNED, retries={"total_max_attempts": 1}, proxies={})
        client = boto3.client("bedrock-runtime", region_name="us-east-1", endpoint_url=URL, config=config)
        self.addCleanup(client.close)
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            client.converse(modelId="standin.text", messages=[self.QUESTION])
        self.assertEqual(caught.exception.response["Error"]["Code"], "MissingAuthenticationTokenException")


class OpenAI(unittest.TestCase):
    """Chat completions, spoken by the openai client."""

    TOOLS = [{"type": "function", "function": {"name": "tcp_connect", "description": "Connects.", "parameters": SCHEMA}}]
    QUESTION = {"role": "user", "content": "Is it up?"}

    @classmethod
    def setUpClass(cls):
        cls.client = openai.OpenAI(api_key="sk-test", base_url=f"{URL}/v1", max_retries=0, timeout=5)
        cls.addClassCleanup(cls.client.close)

    def ask(self, model, messages=None, **more):
        return self.client.chat.completions.create(model=model, messages=messages or [self.QUESTION], **more)

    def test_a_whole_reply_is_read(self):
        reply = self.ask("standin.text", max_completion_tokens=100)
        self.assertEqual((reply.choices[0].message.content, reply.choices[0].finish_reason), (TEXT, "stop"))
        self.assertEqual((reply.usage.prompt_tokens, reply.usage.prompt_tokens_details.cached_tokens, reply.usage.completion_tokens), (15, 4, 7))

    def test_a_streamed_reply_ends_with_its_usage(self):
        chunks = list(self.ask("standin.text", stream=True, stream_options={"include_usage": True}))
        said = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
        self.assertEqual(said, TEXT)
        self.assertEqual(chunks[-2].choices[0].finish_reason, "stop")
        self.assertEqual((chunks[-1].choices, chunks[-1].usage.total_tokens), ([], 22))
        self.assertTrue(all(chunk.usage is None for chunk in self.ask("standin.text", stream=True)))

    def test_a_tool_is_used_whole_and_streamed(self):
        reply = self.ask("standin.tool", tools=self.TOOLS).choices[0]
        self.assertEqual(reply.finish_reason, "tool_calls")
        call = reply.message.tool_calls[0]
        self.assertEqual((call.function.name, json.loads(call.function.arguments)), ("tcp_connect", {"host": "localhost", "port": 1}))

        with self.client.chat.completions.stream(model="standin.tool", messages=[self.QUESTION], tools=self.TOOLS) as stream:
            streamed = stream.get_final_completion().choices[0]
        self.assertEqual(streamed.message.content, "Let me look.")
        self.assertEqual(streamed.message.tool_calls[0].function.arguments, call.function.arguments)

        result = {"role": "tool", "tool_call_id": call.id, "content": "closed"}
        reply = self.ask("standin.tool", [self.QUESTION, reply.message, result], tools=self.TOOLS)
        self.assertEqual(reply.choices[0].message.content, "The tool said: closed")

    def test_refusals_become_the_clients_exceptions(self):
        for model, exception in [
            ("standin.throttled", openai.RateLimitError),
            ("standin.denied", openai.PermissionDeniedError),
            ("standin.expired", openai.AuthenticationError),
            ("standin.eol", openai.NotFoundError),
            ("gpt-unheard-of", openai.NotFoundError),
            ("standin.unwell", openai.InternalServerError),
        ]:
            with self.subTest(model), self.assertRaises(exception) as caught:
                self.ask(model)
            self.assertIsInstance(caught.exception.body["message"], str)
            if model == "standin.throttled":
                self.assertEqual(caught.exception.response.headers["retry-after"], "2")

    def test_an_error_inside_the_stream_is_raised(self):
        with self.assertRaisesRegex(openai.APIError, "Too much of it."):
            list(self.ask("standin.instream-throttle", stream=True))

    def test_an_older_model_wants_the_older_name_of_the_limit(self):
        with self.assertRaisesRegex(openai.BadRequestError, "max_completion_tokens"):
            self.ask("standin.older", max_completion_tokens=100)
        self.assertEqual(self.ask("standin.older", max_tokens=100).choices[0].message.content, TEXT)

    def test_requests_are_checked_as_the_vendor_checks_them(self):
        call = {"id": "c1", "type": "function", "function": {"name": "tcp_connect", "arguments": "{}"}}
        use = {"role": "assistant", "content": None, "tool_calls": [call]}
        for name, messages, more in [
            ("both limits", None, {"max_tokens": 1, "max_completion_tokens": 1}),
            ("no results", [self.QUESTION, use, self.QUESTION], {}),
            ("result of nothing", [self.QUESTION, {"role": "tool", "tool_call_id": "c1", "content": "x"}], {}),
            ("unknown field", None, {"extra_body": {"surprise": 1}}),
            ("usage without stream", None, {"extra_body": {"stream_options": {"include_usage": True}}}),
        ]:
            with self.subTest(name), self.assertRaises(openai.BadRequestError):
                self.ask("standin.text", messages, **more)

    def test_a_wrong_key_is_refused(self):
        with openai.OpenAI(api_key="wrong", base_url=f"{URL}/v1", max_retries=0) as client, self.assertRaises(openai.AuthenticationError):
            client.chat.completions.create(model="standin.text", messages=[self.QUESTION])


if __name__ == "__main__":
    unittest.main()
