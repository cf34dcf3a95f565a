"""What an administrator does in Odoo's back office: users with the groups they are given, and their keys."""

from typing import Any

import httpx

_USER = """
user = env['res.users'].with_context(no_reset_password=True).create({values})
user.write({{'group_ids': [(6, 0, [env.ref(group).id for group in {groups}])]}})
key = env['res.users.apikeys'].with_user(user).sudo()._generate('rpc', 'of a test', None)
action = {{'type': 'ir.actions.act_window_close', 'infos': {{'key': key}}}}
"""


class BackOffice:
    """A person signed in to Odoo's pages, ``admin`` unless named."""

    def __init__(self, url: str, db: str, password: str, login: str = "admin") -> None:
        self._http = httpx.Client(base_url=url, timeout=60, follow_redirects=True)
        self._answer("/web/session/authenticate", {"db": db, "login": login, "password": password})

    def close(self) -> None:
        self._http.close()

    def page(self, path: str) -> httpx.Response:
        """A page as the person sees it, wherever it leads."""
        return self._http.get(path)

    def call(self, model: str, method: str, *args: Any, **kwargs: Any) -> Any:
        """What the back office's own pages call; raises AssertionError with Odoo's words on a refusal."""
        asked = {"model": model, "method": method, "args": args, "kwargs": kwargs}
        return self._answer("/web/dataset/call_kw", asked)

    def add_user(self, login: str, *, groups: list[str], partner: int | None = None) -> str:
        """A new user in exactly these groups, for a partner where one is given; returns an API key."""
        values = {"name": login, "login": login} | ({"partner_id": partner} if partner else {})
        (model,) = self.call("ir.model", "search", [("model", "=", "res.users")])
        code = _USER.format(values=values, groups=groups)
        action = {"name": f"key of {login}", "model_id": model, "state": "code", "code": code}
        (made,) = self.call("ir.actions.server", "create", [action])
        key: str = self.call("ir.actions.server", "run", [made])["infos"]["key"]
        return key

    def _answer(self, path: str, params: dict[str, Any]) -> Any:
        answer = self._http.post(path, json={"jsonrpc": "2.0", "params": params}).json()
        assert "error" not in answer, answer["error"]["data"]["message"]
        return answer["result"]
