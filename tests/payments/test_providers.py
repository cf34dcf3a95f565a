import os
import subprocess
import sys
from pathlib import Path

import pytest

from api.domain.errors import Unknown
from api.payments.providers import named, provider
from api.settings import settings

KEYS = {
    "stripe": {"STRIPE_API_KEY": "sk_test_1", "STRIPE_WEBHOOK_SECRET": "whsec_1"},
    "alipay": {
        "ALIPAY_APP_ID": "2021",
        "ALIPAY_PRIVATE_KEY_FILE": "/keys/ours.pem",
        "ALIPAY_PUBLIC_KEY_FILE": "/keys/alipay.pem",
    },
    "wechatpay": {
        "WECHATPAY_MERCHANT_ID": "1900",
        "WECHATPAY_PRIVATE_KEY_FILE": "/keys/ours.pem",
        "WECHATPAY_PUBLIC_KEY_FILE": "/keys/wechat.pem",
    },
}


@pytest.mark.usefixtures("session")
@pytest.mark.parametrize("name", KEYS)
def test_new_charges_go_where_the_settings_say_and_old_ones_stay(name: str) -> None:
    os.environ |= KEYS[name] | {"COUNTERFLOW_PAYMENT_PROVIDER": name}
    settings.cache_clear()
    assert provider().name == named(name).name == name
    assert named("sandbox").name == "sandbox"


@pytest.mark.usefixtures("session")
@pytest.mark.parametrize("name", KEYS)
def test_a_provider_whose_keys_are_not_set_is_not_there(name: str) -> None:
    os.environ["COUNTERFLOW_PAYMENT_PROVIDER"] = name
    settings.cache_clear()
    with pytest.raises(Unknown):
        provider()


def test_the_readme_tells_of_every_provider() -> None:
    folder = Path(__file__).parents[2] / "api" / "payments"
    files = {path.name for path in folder.glob("*.py")} - {"__init__.py", "port.py", "providers.py", "rsa.py"}
    words = (folder / "README.md").read_text()
    assert [name for name in files if f"`{name}`" not in words] == []


def test_a_web_process_loads_no_client_of_a_provider_before_somebody_pays() -> None:
    names = ("stripe", "requests", "cryptography", "httpx")
    script = f"import sys, web.app; print([name for name in {names} if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
