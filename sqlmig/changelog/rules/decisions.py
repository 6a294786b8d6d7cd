"""CL101 to CL104: structural and irreversible changes follow a decision record."""

from __future__ import annotations

from collections.abc import Iterator

from sqlmig.changelog.decisions import DecisionRecord, directive_number, file_number, label_number
from sqlmig.changelog.parser import Bullet, Link
from sqlmig.changelog.rules.registry import Sample, Subject, Violation, rule
from sqlmig.model import Location, Severity

_IRREVERSIBLE = {
    "sql/migrations/0007_drop_rooms.sql": "-- irreversible: the rooms are not kept\n",
    "docs/adr/0004-no-rooms.md": "---\nstatus: accepted\n---\n\n# No rooms\n",
}
_BULLET = "## [Unreleased]\n\n### Removed\n\n- `0007_drop_rooms`: the rooms, which were not used."
_LINKED = f"{_BULLET}\n  [ADR-0004](adr/0004-no-rooms.md)\n"


@rule("CL101", bad=Sample(f"{_BULLET}\n", _IRREVERSIBLE), good=Sample(_LINKED, _IRREVERSIBLE))
def change_without_decision(subject: Subject) -> Iterator[Violation]:
    """The entry of a structural or irreversible migration links to its decision record.

    These are migrations whose head has `-- irreversible: <reason>` or `-- adr: <number>`; with the
    latter, the link must lead to the record with that number.
    """
    links = list(_links(subject))
    for migration_id, entries in subject.now.entries.items():
        if migration_id not in subject.now.migrations:
            continue
        directives, _ = subject.now.head(migration_id)
        if directives.irreversible is None and directives.adr is None:
            continue
        wanted = None if directives.adr is None else directive_number(directives.adr)
        linked = {file_number(path) for bullet, _, path in links if bullet is entries[0].bullet} - {
            None
        }
        if wanted in linked or (wanted is None and linked):
            continue
        why = (
            "is irreversible, but its entry does not link to a decision record"
            if wanted is None
            else f"follows decision {directives.adr}, but its entry does not link to it"
        )
        yield Violation(
            subject.in_changelog(entries[0].position),
            f"{migration_id} {why}",
            f"Add one, such as {_example(subject, wanted)}.",
        )


@rule(
    "CL102",
    bad=Sample(_LINKED.replace("0004-no-rooms", "0004-rooms"), _IRREVERSIBLE),
    good=Sample(_LINKED, _IRREVERSIBLE),
)
def link_to_no_decision(subject: Subject) -> Iterator[Violation]:
    """A link to a decision record leads to one, and its number is the same everywhere.

    The number is in the text of the link, in the name of the file, and in some forms also in
    its title; the path is case-sensitive.
    """
    by_number = {decision.number: path for path, decision in subject.now.decisions.items()}
    for _, link, path in _links(subject):
        place = subject.in_changelog(link.position)
        if path not in subject.now.files:
            near = by_number.get(file_number(path))
            hint = f"Did you mean {subject.now.places.link_to(near)}?" if near else "Fix the link."
            yield Violation(place, f"{path} does not exist", hint)
            continue
        decision = subject.now.decisions[path]
        numbers = label_number(link.label), decision.number, decision.title_number
        if len({number for number in numbers if number is not None}) > 1:
            yield Violation(
                place,
                f"the number of {path} is not the same in the link, the file's name and its title",
                "Use the same number in all of them.",
            )


@rule(
    "CL103",
    bad=Sample(
        _LINKED,
        _IRREVERSIBLE | {"docs/adr/0004-no-rooms.md": "# 4. No rooms\n\n## Status\n\nRejected\n"},
    ),
    good=Sample(
        _LINKED,
        _IRREVERSIBLE | {"docs/adr/0004-no-rooms.md": "# 4. No rooms\n\n## Status\n\nAccepted\n"},
    ),
)
def decision_that_does_not_hold(subject: Subject) -> Iterator[Violation]:
    """Unreleased changes follow decisions in force.

    A record that an entry under Unreleased links to must have a status other than rejected and
    deprecated. Superseded is only a warning if the record names an existing successor.
    """
    records = {
        path: subject.now.decisions[path]
        for bullet, _, path in _links(subject)
        if bullet.is_unreleased
        if path in subject.now.decisions and file_number(path) is not None
    }
    for path, decision in records.items():
        place = subject.file(path, decision.line)
        if decision.status == "superseded":
            yield _superseded(subject, decision, place)
        elif decision.status in ("", "rejected", "deprecated"):
            yield Violation(
                place,
                f"the decision is {decision.status}"
                if decision.status
                else "the decision has no status",
                "Link to a decision in force, or set the status of this one (proposed, accepted).",
            )


@rule(
    "CL104",
    bad=Sample(
        _LINKED, _IRREVERSIBLE | {"docs/adr/0004-fees.md": "---\nstatus: accepted\n---\n\n# Fees\n"}
    ),
    good=Sample(
        _LINKED, _IRREVERSIBLE | {"docs/adr/0005-fees.md": "---\nstatus: accepted\n---\n\n# Fees\n"}
    ),
)
def decision_number_used_twice(subject: Subject) -> Iterator[Violation]:
    """Each decision record has its own number, different from all that are merged.

    Two branches that take the same number merge without a conflict.
    """
    texts = {subject.now.text(path) for path in subject.now.decisions}
    holders = {
        path: decision.number
        for path, decision in {**subject.before.decisions, **subject.now.decisions}.items()
        if path in subject.now.decisions or subject.before.text(path) not in texts
    }
    # Merged records came first, and keep their numbers.
    by_age = sorted(holders, key=lambda path: (path not in subject.before.files, path))
    first: dict[int, str] = {}
    for path in by_age:
        number = holders[path]
        if number is None:
            continue
        if first.setdefault(number, path) != path and path in subject.now.decisions:
            yield Violation(
                subject.file(path),
                f"decision {number} is already {first[number]}",
                "Give this one the next free number.",
            )


def _superseded(subject: Subject, decision: DecisionRecord, place: Location) -> Violation:
    number = decision.successor
    successor = [d.path for d in subject.now.decisions.values() if d.number == number]
    if number is None or not successor:
        named = "" if number is None else f" {number}"
        return Violation(
            place,
            f"superseded by a decision{named} that does not exist",
            "Name its successor, as in `superseded by ADR-0005`, and write that record.",
        )
    return Violation(
        place,
        f"the decision is superseded by {successor[0]}",
        "Check whether the change follows that decision, and link to it.",
        Severity.WARNING,
    )


def _links(subject: Subject) -> Iterator[tuple[Bullet, Link, str]]:
    """The links of all bullets that lead into the folder of records, with the paths that they lead
    to."""
    places = subject.now.places
    for bullet in subject.now.changelog.bullets:
        for link in bullet.links:
            path = places.linked(link.target)
            if path.startswith(f"{places.adr}/") and path.endswith(".md"):
                yield bullet, link, path


def _example(subject: Subject, wanted: int | None) -> str:
    """A link to the wanted record, or to the newest."""
    numbered = [d for d in subject.now.decisions.values() if d.number is not None]
    fitting = [d for d in numbered if wanted is None or d.number == wanted]
    name = f"{subject.now.places.adr}/{wanted or 1:04}-title.md"
    path = fitting[-1].path if fitting else name
    return f"[ADR-{file_number(path):04}]({subject.now.places.link_to(path)})"
