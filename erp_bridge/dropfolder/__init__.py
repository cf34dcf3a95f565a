"""The port over a folder of CSV files, for a firm or a system that reads and writes files only."""

from erp_bridge.dropfolder.gateway import FOLDERS, DropFolder

__all__ = ["FOLDERS", "DropFolder"]
