"""What migrations use but do not create: a script of the project creates it in each scratch
database, and drift does not compare it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlmig.config import Config
from sqlmig.engine.run.alone import LoneScript
from sqlmig.engine.run.containment import Containment
from sqlmig.engine.server.connection import Connection
from sqlmig.engine.server.failure import ScriptError
from sqlmig.engine.server.remedies import remedy_for
from sqlmig.errors import ScratchScriptError
from sqlmig.proof.catalog import ObjectName, SchemaSnapshot, session_role, snapshot
from sqlmig.proof.difference import Difference, Presence, names_of_wholes
from sqlmig.source.directives import FileKind


@dataclass(frozen=True, slots=True)
class Given:
    """What a scratch script created or altered, each object with its definition, and the `schemas`
    that it created."""

    objects: Mapping[ObjectName, str] = field(default_factory=dict)
    schemas: tuple[str, ...] = ()

    def __or__(self, other: Given) -> Given:
        """What this and, later, `other` gave."""
        return Given({**self.objects, **other.objects}, self.schemas + other.schemas)

    def covers(self, difference: Difference, replayed: SchemaSnapshot) -> bool:
        """Whether a difference between a live schema and the `replayed` one does not concern the
        migrations: it is a given object that they did not alter, or something extra in a given
        schema or table."""
        if difference.object in self.objects:
            return difference.expected == self.objects[difference.object]
        return difference.presence is Presence.EXTRA and self._holds(difference, replayed)

    def _holds(self, extra: Difference, replayed: SchemaSnapshot) -> bool:
        wholes = set(names_of_wholes(extra.object, extra.found or ""))
        if wholes & {name.name for name in replayed.objects.keys() - self.objects.keys()}:
            return False
        inside = tuple(f"{schema}." for schema in self.schemas)
        if any(name.startswith(inside) for name in (extra.object.name, *wholes)):
            return True
        return not wholes.isdisjoint(given.name for given in self.objects)


def scratch_script(config: Config) -> LoneScript | None:
    """The project's script, if it has one. Raises SourceError if it cannot be used."""
    return LoneScript.read(config.scratch_script_file, FileKind.SCRATCH)


def given_by(make: Callable[[], None], beside: Connection) -> Given:
    """What `make` changes in the database of `beside`. Later contents of the schemas that it
    creates are not given."""
    role = session_role(beside)
    before = snapshot(beside, role)
    make()
    return Given(_given(before, snapshot(beside, role)).objects)


def prepared_by(script: LoneScript, containment: Containment, beside: Connection) -> Given:
    """Runs the script in the scratch database of `containment`, in which `beside` is another
    session; returns what it created. Raises ScratchScriptError, BeyondDatabaseError."""
    role = session_role(beside)
    before = snapshot(beside, role)
    try:
        containment.run(script)
    except ScriptError as failure:
        server = failure.server
        known = remedy_for(server, containment.history.connection) if server else ""
        fix = (
            f"{failure.hint} Fix {script.name}, which the setting `scratch_script` names: it "
            "prepares each scratch database."
        )
        raise ScratchScriptError(
            failure.message,
            location=failure.location,
            server=server,
            remedy=known or fix.lstrip(),
        ) from failure
    return _given(before, snapshot(beside, role))


def _given(before: SchemaSnapshot, after: SchemaSnapshot) -> Given:
    objects = {
        name: definition
        for name, definition in after.objects.items()
        if before.objects.get(name) != definition
    }
    made = [name for name in objects if name.kind == "schema" and name not in before.objects]
    return Given(objects, tuple(name.name for name in made))
