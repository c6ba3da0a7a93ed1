"""The connector for systems that read and write files in a shared folder, such as the end of an SFTP drop."""

from returns_station.connectors.files.connector import FilesConnector

__all__ = ["FilesConnector"]
