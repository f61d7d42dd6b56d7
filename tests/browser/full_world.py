"""A world with something on every page: people, responses, queues, disputes, verdicts, datasets, files."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, Protocol
from urllib.parse import quote
from uuid import uuid4

from django.core.files.base import ContentFile

from feedback.accounts.models import ApiKey, Invitation, Project
from feedback.critics.models import Assessment, Critic, CriticVersion
from feedback.datasets.models import Dataset, DatasetVersion, Export
from feedback.datasets.rule import DEFAULT_SHARES, Rule
from feedback.prompts.models import Prompt, PromptVersion
from feedback.responses.models import IngestBatch, Passage, Response, ResponseUpload, SavedFilter, UserFeedback
from feedback.rubrics.models import Rubric
from feedback.rubrics.publish import publish
from feedback.rubrics.ready import HELPFULNESS_CRITERIA
from feedback.text.hashes import sha256_text
from reviews.moderation import act
from reviews.quality.settle import settle_complete_items
from reviews.queues import claim as claiming
from reviews.queues import submit as submitting
from reviews.queues.escalate import raise_escalation, say
from reviews.queues.items import add_items
from reviews.queues.models import Assignment, Item, Queue
from reviews.sampling.models import SamplingRule
from tests import make
from tests.browser.world import let_the_grace_pass, work


class Texts(Protocol):
    """What the people and programs of the world write."""

    paragraph: str
    line: str
    long_word: str
    address: str

    def name(self) -> str: ...


class Ordinary:
    """Texts as they should be."""

    paragraph = (
        "Delays are covered **from the twelfth hour on**, up to 150 euros a night.\n\n"
        "- Keep the receipts.\n- File the claim within 30 days.\n\n| Plan | Limit |\n| --- | --- |\n| Comfort | 150 |"
    )
    line = "Comfort plan, paragraph 4.2"
    long_word = "Reiseversicherungsbedingungen"
    address = "https://example.org/plan"

    def __init__(self) -> None:
        self.count = 0

    def name(self) -> str:
        self.count += 1
        return f"Delays and hotels {self.count}"


def build(texts: Texts) -> dict[str, Any]:
    """The world's objects by name. Its people are an admin, who may open every page, and two reviewers."""
    project = make.project("full", name=texts.line[:100])
    people = {role: make.member(project, "admin", name=texts.name()) for role in ("admin", "first", "second")}
    ApiKey.issue(project, texts.line, ["ingest"], created_by=people["admin"])
    Invitation.make(timedelta(days=1), project=project, email="nia@example.org", role="curator")
    world: dict[str, Any] = {"project": project, "texts": texts, **people}
    world["prompt_version"] = prompts(project, texts)
    world["responses"] = [response(project, texts, world["prompt_version"], number) for number in range(6)]
    assessed(world)
    world["single"], world["pairs"] = queues(project, texts)
    judge(world)
    own = claiming.claim(world["single"], people["admin"])
    assert own is not None
    send(own, single_answers(own, texts, is_grim=True), texts)
    world["own"], world["held"] = own, claiming.claim(world["single"], people["admin"])
    world["dataset"], world["version"], world["exports"] = published(project, texts)
    world["pair"] = world["version"].pairs.first()
    around(world)
    return world


def around(world: dict[str, Any]) -> None:
    """What people do besides judging: ask, withdraw, save a filter, bring a file, write a rule."""
    project, texts, admin = world["project"], world["texts"], world["admin"]
    world["judged"] = Assignment.objects.filter(queue=world["single"], state="submitted").order_by("pk")[0]
    world["escalation"] = raise_escalation(world["held"], texts.paragraph[:2000])
    say(world["escalation"], world["first"], texts.paragraph[:2000])
    settled = Item.objects.filter(queue=world["single"], state=Item.State.SETTLED).order_by("pk")[0]
    act.withdraw(settled, admin, texts.paragraph[:1000])
    world["filter"] = SavedFilter.objects.create(
        project=project, owner=admin, name=texts.name()[:80], query=f"tag={quote(texts.line[:60])}", is_shared=True
    )
    world["rule"] = make.sampling_rule(world["single"], rate=1.0)
    SamplingRule.objects.filter(pk=world["rule"].pk).update(name=texts.name())
    row = {"external_id": texts.line, "messages": [{"role": texts.line, "content": texts.paragraph}], texts.line: 1}
    lines = "\n".join(json.dumps(row | {"n": number}) for number in range(3))
    file = ContentFile(lines.encode())
    world["upload"] = ResponseUpload.keep(project, admin, file, name=f"{texts.line[:60]}.jsonl", columns={})


def prompts(project: Project, texts: Texts) -> PromptVersion:
    prompt = Prompt.objects.create(project=project, name=texts.line)
    for label in ("v1", texts.line[:100]):
        version = PromptVersion.objects.create(project=project, prompt=prompt, label=label)
        version.write(texts.paragraph, texts.paragraph, {texts.line: texts.line, "__proto__": {"trapped": 1}})
    return version


def response(project: Project, texts: Texts, version: PromptVersion, number: int) -> Response:
    """Two to each input, so that they can be compared."""
    call = {"id": "c", "type": "function", "function": {"name": texts.line, "arguments": texts.paragraph}}
    messages = [
        {"role": "system", "content": texts.paragraph},
        {"role": "user", "content": f"{texts.paragraph} {number // 2}", "name": texts.line},
        {"role": "assistant", "content": texts.paragraph, "tool_calls": [call]},
        {"role": "tool", "content": texts.paragraph, "tool_call_id": "c"},
        {"role": "user", "content": texts.paragraph},
    ]
    extra = {texts.line: texts.paragraph, "__proto__": {"trapped": True}, "constructor": "x"}
    row = make.response(
        project, f"{number} {texts.paragraph}", external_id=f"{texts.line} {number}", messages=messages,
        model_name=texts.line[:100], prompt_version=version, segment=texts.line[:100], environment=texts.line[:60],
        licence=texts.line[:100], subject_key=texts.line, conversation_id=texts.line, trace_id=texts.line[:64],
        tags=[texts.line, texts.long_word],
        batch=IngestBatch.objects.get_or_create(project=project, source="file", name=texts.line)[0],
        body={"tool_calls": [call], "metadata": extra, "variables": extra, "parameters": extra, "tools": [call]},
    )  # fmt: skip
    Passage.objects.create(
        project=project, response=row, position=0, title=texts.line, text=texts.paragraph, url=texts.address,
        text_hash=sha256_text(texts.paragraph), store=texts.line[:100],
    )  # fmt: skip
    UserFeedback.objects.create(project=project, response=row, kind=texts.line[:40], score=1, comment=texts.paragraph)
    return row


def assessed(world: dict[str, Any]) -> None:
    """A critic's word on each response, with its first character marked."""
    about: dict[str, Any] = {"project": world["project"]}
    texts = world["texts"]
    critic = Critic.objects.create(**about, slug="grounding", name=texts.line[:120])
    version = CriticVersion.objects.create(**about, critic=critic, label=texts.line[:100])
    for row in world["responses"]:
        span = {"start": 0, "end": 1, "quote": row.body.output[0], "kind": "unsupported", "note": texts.paragraph}
        said: dict[str, Any] = {
            "score": 0.2,
            "label": texts.line[:60],
            "reason": texts.paragraph,
            "spans": [span],
            "body_hash": "0" * 64,
        }
        Assessment.objects.create(**about, version=version, response=row, **said)


def queues(project: Project, texts: Texts) -> tuple[Queue, Queue]:
    """One for single responses, one for pairs, both with k = 2 and a guideline, both showing model and critic."""
    made = []
    for criteria in (hostile_criteria(texts), pair_criteria(texts)):
        rubric = Rubric.objects.create(project=project, name=texts.name())
        version = publish(rubric, criteria, texts.paragraph)
        shows: dict[str, Any] = {"shows_model": True, "shows_critic": True}
        made.append(make.queue(project, rubric_version=version, name=texts.name(), **shows))
    return made[0], made[1]


def hostile_criteria(texts: Texts) -> list[dict[str, Any]]:
    """The ready rubric with every word of it replaced; the values that are stored stay."""
    rows = []
    for row in HELPFULNESS_CRITERIA:
        options = {name: relabelled(given, texts) for name, given in row.get("options", {}).items()}
        rows.append({**row, "label": texts.line, "help_text": texts.line, "options": options})
    return rows


def relabelled(given: Any, texts: Texts) -> Any:
    if isinstance(given, list):
        return [{**entry, "label": texts.line, "help": texts.line} for entry in given]
    return dict.fromkeys(given, texts.line) if isinstance(given, dict) else given


def pair_criteria(texts: Texts) -> list[dict[str, Any]]:
    return [{**row, "label": texts.line, "help_text": texts.line} for row in make.PAIR_CRITERIA]


def judge(world: dict[str, Any]) -> None:
    """Items of both queues: some agreed and settled, some disputed, one with a correction, one still held."""
    responses, texts = world["responses"], world["texts"]
    pairs = [make.subject(*responses[at : at + 2]) for at in (0, 2)]
    add_items(world["pairs"], [row.pk for row in pairs])
    add_items(world["single"], [make.subject(row).pk for row in responses])
    for number in range(4):
        for person, is_grim in (("first", False), ("second", number % 2 == 1)):
            held = claiming.claim(world["single"], world[person])
            assert held is not None
            send(held, single_answers(held, texts, is_grim), texts)
    for person in ("first", "second"):
        held = claiming.claim(world["pairs"], world[person])
        assert held is not None
        send(
            held,
            {"better": {"outcome": "preferred", "preferred": shown(held)[0], "strength": 2}, "why": texts.paragraph},
            texts,
        )
    let_the_grace_pass()
    settle_complete_items()
    world["disputed"] = Item.objects.filter(state=Item.State.UNRESOLVED).first()


def shown(held: Assignment) -> list[int]:
    return sorted(response.pk for response in held.item.subject.shown())


def single_answers(held: Assignment, texts: Texts, is_grim: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for row in HELPFULNESS_CRITERIA:
        kind, options = row["kind"], row.get("options", {})
        if kind == "scale":
            found[row["key"]] = options["min"] if is_grim else options["max"]
        elif kind == "yes_no":
            found[row["key"]] = "yes" if is_grim else "no"
        elif kind == "choice":
            found[row["key"]] = options["choices"][-1 if is_grim else 0]["value"]
        elif kind == "text":
            found[row["key"]] = texts.paragraph[:2000]
        elif kind == "correction":
            found[row["key"]] = {"response": shown(held)[0], "text": f"{texts.paragraph} better"}
        elif kind == "spans":
            found[row["key"]] = [span(held, options, texts)]
    return found


def span(held: Assignment, options: dict[str, Any], texts: Texts) -> dict[str, Any]:
    response = held.item.subject.shown()[0]
    return {
        "response": response.pk, "start": 0, "end": 60, "quote": response.body.output[:60], "severity": "major",
        "kind": options["kinds"][0]["value"], "note": texts.paragraph[:500],
    }  # fmt: skip


def send(held: Assignment, answers: dict[str, Any], texts: Texts) -> None:
    submitting.submit(held.token, held.reviewer, answers, submission_id=uuid4(), note=texts.paragraph[:2000])


def published(project: Project, texts: Texts) -> tuple[Dataset, DatasetVersion, list[Export]]:
    rule = Rule(min_votes=1).as_json()
    dataset = Dataset.objects.create(project=project, key="set", name=texts.line, rule=rule, shares=DEFAULT_SHARES)
    version = dataset.build()
    work(DatasetVersion)
    exports = [Export.objects.create(project=project, version=version, shape=shape) for shape in Export.Shape.values]
    work(Export)
    return dataset, version, exports
