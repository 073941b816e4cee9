"""Reads an archive with haralyzer and tells what it found, as JSON."""

import json
import sys

from haralyzer import HarParser

with open(sys.argv[1], encoding="utf-8") as file:
    parser = HarParser(json.load(file))

pages = []
entries = []
for page in parser.pages:
    pages.append(page.page_id)
    for entry in page.entries:
        assert entry.startTime.tzinfo is not None
        assert entry.request.headers is not None and entry.response.headers is not None
        entries.append(
            {
                "exchange": entry.raw_entry["_mcp"]["exchange"],
                "method": entry.request.method,
                "url": entry.request.url,
                "status": entry.response.status,
                "time": entry.time,
                "text": entry.response.text,
            }
        )
print(json.dumps({"version": parser.version, "pages": pages, "entries": entries}))
