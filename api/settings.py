"""Everything that may be set from outside, each by one environment variable."""

from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings


def _named(variable: str) -> AliasChoices:
    return AliasChoices(variable)


class Settings(BaseSettings):
    """The settings of one process; unset variables keep the defaults of a platform on one machine."""

    data_dir: Path = Field(Path(".counterflow"), validation_alias=_named("COUNTERFLOW_DATA_DIR"))
    """Folder of the embedded database, broker, logs and secrets."""
    port: int = Field(8000, ge=1, le=65535, validation_alias=_named("COUNTERFLOW_PORT"))
    """Port of the web process."""
    web_processes: int = Field(1, ge=1, le=64, validation_alias=_named("COUNTERFLOW_WEB_PROCESSES"))
    """How many processes serve the web, on one port."""
    public_url: str = Field("http://127.0.0.1:8000", validation_alias=_named("COUNTERFLOW_PUBLIC_URL"))
    """Address under which consumers, factories and payment providers reach us, in links and QR codes."""
    secret: str = Field("", validation_alias=_named("COUNTERFLOW_SECRET"))
    """Signs links and the sandbox provider's webhooks; `counterflow up` makes one and keeps it."""
    database_url: str = Field("", validation_alias=_named("DATABASE_URL"))
    """`postgresql://…` of an external server; empty means the embedded one."""
    broker_url: str = Field("", validation_alias=_named("BROKER_URL"))
    """`redis://…` or `amqp://…` of an external broker; empty means the embedded Valkey."""
    planner_crew: str = Field("local", validation_alias=_named("COUNTERFLOW_PLANNER_CREW"))
    """Who solves the parts of a plan: `local` processes, or `celery` workers of the queue `planner`."""
    payment_provider: Literal["sandbox", "stripe", "alipay", "wechatpay"] = Field(
        "sandbox", validation_alias=_named("COUNTERFLOW_PAYMENT_PROVIDER")
    )
    """Where new charges go; payments under way stay with the provider they began with."""
    stripe_api_key: str = Field("", repr=False, validation_alias=_named("STRIPE_API_KEY"))
    """Secret or restricted key of the Stripe account."""
    stripe_webhook_secret: str = Field("", repr=False, validation_alias=_named("STRIPE_WEBHOOK_SECRET"))
    """Signing secret of the webhook endpoint at Stripe, `whsec_…`."""
    stripe_api_base: str = Field("", validation_alias=_named("STRIPE_API_BASE"))
    """Another address than Stripe's own."""
    alipay_app_id: str = Field("", validation_alias=_named("ALIPAY_APP_ID"))
    """The application at Alipay's open platform."""
    alipay_private_key_file: Path | None = Field(None, validation_alias=_named("ALIPAY_PRIVATE_KEY_FILE"))
    """PEM file of our key there."""
    alipay_public_key_file: Path | None = Field(None, validation_alias=_named("ALIPAY_PUBLIC_KEY_FILE"))
    """PEM file of Alipay's own key."""
    alipay_gateway: str = Field("", validation_alias=_named("ALIPAY_GATEWAY"))
    """Another address than Alipay's own, its sandbox for one."""
    wechatpay_merchant_id: str = Field("", validation_alias=_named("WECHATPAY_MERCHANT_ID"))
    """Our number as a merchant of WeChat Pay."""
    wechatpay_app_id: str = Field("", validation_alias=_named("WECHATPAY_APP_ID"))
    """The official account or application that payments belong to."""
    wechatpay_serial: str = Field("", validation_alias=_named("WECHATPAY_SERIAL"))
    """Serial number of our merchant certificate."""
    wechatpay_private_key_file: Path | None = Field(
        None, validation_alias=_named("WECHATPAY_PRIVATE_KEY_FILE")
    )
    """PEM file of that certificate's key."""
    wechatpay_public_key_id: str = Field("", validation_alias=_named("WECHATPAY_PUBLIC_KEY_ID"))
    """Number of WeChat Pay's own key, `PUB_KEY_ID_…`."""
    wechatpay_public_key_file: Path | None = Field(None, validation_alias=_named("WECHATPAY_PUBLIC_KEY_FILE"))
    """PEM file of that key."""
    wechatpay_api_v3_key: str = Field("", repr=False, validation_alias=_named("WECHATPAY_API_V3_KEY"))
    """32 characters that decrypt its notices."""
    wechatpay_api_base: str = Field("", validation_alias=_named("WECHATPAY_API_BASE"))
    """Another address than WeChat Pay's own."""
    odoo_url: str = Field("", validation_alias=_named("ODOO_URL"))
    """Address of an Odoo 19; empty means that every factory works from the order book."""
    odoo_db: str = Field("", validation_alias=_named("ODOO_DB"))
    """Database of that Odoo."""
    odoo_api_key: str = Field("", repr=False, validation_alias=_named("ODOO_API_KEY"))
    """API key of the integration user: orders only."""
    odoo_master_data_key: str = Field("", repr=False, validation_alias=_named("ODOO_MASTER_DATA_KEY"))
    """API key of the user who may create products, bills of material and vendors; empty: nothing is made."""
    drop_folder: Path | None = Field(None, validation_alias=_named("COUNTERFLOW_DROP_FOLDER"))
    """Folder of CSV files for factories of the channel `drop_folder`; without: they use the order book."""
    mail_from: str = Field(
        "Counterflow <orders@counterflow.example>", validation_alias=_named("COUNTERFLOW_MAIL_FROM")
    )
    """Whom letters to buyers come from, `Name <address>`."""
    smtp_url: str = Field("", repr=False, validation_alias=_named("COUNTERFLOW_SMTP_URL"))
    """`smtp://user:password@host:587?starttls=1` or `smtps://…`; empty: letters are files in `mail/`."""
    sms_url: str = Field("", repr=False, validation_alias=_named("COUNTERFLOW_SMS_URL"))
    """`https://KEY-ID:KEY-SECRET@dysmsapi.aliyuncs.com?sign=…&template_zh=…&template_en=…`; empty: none."""
    wechat_url: str = Field("", repr=False, validation_alias=_named("COUNTERFLOW_WECHAT_URL"))
    """`https://APP-ID:SECRET@api.weixin.qq.com?template_zh=…&template_en=…`; empty: none."""

    @property
    def photo_dir(self) -> Path:
        """Where factories' photographs are kept."""
        return self.data_dir / "photos"


@lru_cache
def settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
