"""Writes what GRANT and REVOKE change: privileges as texts, roles with their admin option."""

import re

from .errors import not_supported


class Grants:
    """The part of Access for GRANT and REVOKE."""

    def __init__(self, access):
        self.access, self.store = access, access.store

    def _grantees(self, wanted, login):
        if wanted.all:
            return [e for e in self.store.entities() if e.name not in wanted.excluded]
        found = []
        for name in wanted.names:
            if name == "CURRENT_USER":
                name = login.name if login else self.access.admin
            if name in self.access.readonly_names():
                raise self.access.readonly("update", "user", name)
            entity = self.store.grantee(name)
            if entity is None:
                raise self.access.unknown("role", name)
            found.append(entity)
        return found

    def roles(self, statement, login):
        """Grants or revokes roles."""
        self.access.check_roles(statement.roles.names + statement.roles.excluded)
        for entity in self._grantees(statement.grantees, login):
            if statement.replace:
                entity.roles = {}
            for name in [n for n in (entity.roles if statement.roles.all else statement.roles.names) if n in statement.roles]:
                self._grant_role(entity, name, statement)
            self.store.save(entity)

    def _grant_role(self, entity, name, statement):
        entity.roles = dict(entity.roles)
        if statement.action == "GRANT":
            entity.roles[name] = statement.admin_option or entity.roles.get(name, False)
        elif statement.admin_option and name in entity.roles:
            entity.roles[name] = False
        else:
            entity.roles.pop(name, None)

    def privileges(self, statement, context, login):
        """Grants or revokes privileges; CURRENT GRANTS of the administrator are what is asked for."""
        texts = self._current(login, statement) if statement.current and login is not None else [statement.text]
        for i, text in enumerate(texts):
            self._write(text, statement.replace and i == 0, statement, context, login)

    def _current(self, login, statement):
        """Spells CURRENT GRANTS of a login out: what it may pass on, itself or by a role."""
        roles = [self.store.roles[name] for name in self.store.enabled_roles(login)]
        held = [text for holder in (login, *roles) for text in holder.grants]
        if any(text.startswith("REVOKE") for text in held):
            raise not_supported("GRANT CURRENT GRANTS by a login from which something was revoked")
        if not statement.text.startswith("GRANT ALL ON *.*"):
            raise not_supported("GRANT CURRENT GRANTS(…) of less than ALL ON *.* by another login than the administrator")
        option = " WITH GRANT OPTION"
        kept = [text.removesuffix(option) for text in held if text.endswith(option)]
        return [text + (option if statement.text.endswith(option) else "") for text in kept]

    def _write(self, text, replace, statement, context, login):
        text = self.access.privileges.spell_out(text, context.database or "default")
        if re.search(r"[\x00-\x08\x0b-\x1f]", text):
            raise not_supported("a control character in a name")
        for entity in self._grantees(statement.grantees, login):
            if replace or re.fullmatch(r"REVOKE ALL ON \*\.\*", text):
                entity.grants = []
            if not text.startswith("REVOKE ALL ON *.*") and not self._is_repeated(entity.grants, text):
                entity.grants = [*entity.grants, text]
            self.store.save(entity)

    def _is_repeated(self, grants, text):
        """A GRANT made already changes nothing unless a REVOKE came after it."""
        if not text.startswith("GRANT") or text not in grants:
            return False
        after = grants[len(grants) - grants[::-1].index(text) :]
        return not any(g.startswith("REVOKE") for g in after)
