"""The whole platform on one machine: its servers, the supervisor that keeps them, and a real Odoo."""
