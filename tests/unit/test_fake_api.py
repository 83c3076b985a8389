import openai
import pytest

from fake_api import Answer, FakeApi


def client(api: FakeApi, key: str = "sk-canary-0123456789") -> openai.OpenAI:
    return openai.OpenAI(base_url=api.base_url, api_key=key, max_retries=0, timeout=10)


def ask(api: FakeApi, model: str = "fugu", key: str = "sk-canary-0123456789") -> openai.types.chat.ChatCompletion:
    with client(api, key) as openai_client:
        return openai_client.chat.completions.create(model=model, messages=[{"role": "user", "content": "Ready?"}])


def test_the_client_of_openai_takes_the_fake_for_the_real_thing() -> None:
    with FakeApi(key="sk-canary-0123456789") as api:
        api.answer("fugu", Answer("I am ready.", finish_reason="length"))
        first, second = ask(api), ask(api)
        with client(api) as openai_client:
            models = [model.id for model in openai_client.models.list()]
    assert models == ["fugu", "fugu-ultra"]
    assert first.choices[0].message.content == "I am ready."
    assert (first.choices[0].finish_reason, first._request_id) == ("length", "req-fugu-1")
    assert (first.usage.prompt_tokens, first.usage.completion_tokens_details.reasoning_tokens) == (120, 10)
    assert second.choices[0].message.content == "Answer 2 of fugu."
    assert api.chats == 2
    assert [asked.body["messages"] for asked in api.requests[:2]] == [[{"role": "user", "content": "Ready?"}]] * 2


@pytest.mark.parametrize(
    ("kind", "model", "key", "answers"),
    [
        (openai.AuthenticationError, "fugu", "wrong", []),
        (openai.NotFoundError, "gpt-9", "right", []),
        (openai.RateLimitError, "fugu", "right", [Answer(status=429)]),
        (openai.InternalServerError, "fugu", "right", [Answer(status=500)]),
    ],
)
def test_its_errors_are_those_of_the_real_thing(kind, model: str, key: str, answers: list[Answer]) -> None:
    with FakeApi(key="right") as api:
        api.answer("fugu", *answers)
        with pytest.raises(kind):
            ask(api, model, key)
    assert api.chats == 1


def test_a_body_is_sent_as_it_stands() -> None:
    with FakeApi() as api:
        api.answer("fugu", Answer(body='{"choices": [], "id": "x"}', headers={"x-request-id": "mine"}))
        answer = ask(api)
    assert answer.choices == []
    assert answer._request_id == "mine"
