#!/usr/bin/env python3
"""Holds docs/deploy.md's list of regions that lack something against cfn-lint's copy of CloudFormation's registry.

    regions.py [--update] EXPANDED...

EXPANDED are templates as .ci/expand.py prints them. --update writes the list.
"""

import json
import pathlib
import re
import sys

from cfnlint.helpers import REGIONS
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

PAGE = pathlib.Path(__file__).resolve().parent.parent / "docs" / "deploy.md"
BLOCK = re.compile(r"(<!-- regions: begin; [^\n]*-->\n).*?(<!-- regions: end -->)", re.S)

types = set()
for name in (a for a in sys.argv[1:] if a != "--update"):
    types |= {r["Type"] for r in json.loads(pathlib.Path(name).read_text(encoding="utf-8"))["Resources"].values()}
if not types:
    sys.exit("regions: error: name the expanded templates")
missing = {}
for region in REGIONS:
    for kind in types - set(PROVIDER_SCHEMA_MANAGER.get_resource_types(region)):
        missing.setdefault(kind, []).append(f"`{region}`")
table = "| missing | in |\n|---|---|\n" + "".join(f"| {kind} | {', '.join(sorted(missing[kind]))} |\n" for kind in sorted(missing))

text = PAGE.read_text(encoding="utf-8")
new, found = BLOCK.subn(lambda m: m[1] + table + m[2], text)
if found != 1:
    sys.exit("regions: error: docs/deploy.md has no one block of regions")
if "--update" in sys.argv:
    PAGE.write_text(new, encoding="utf-8")
elif new != text:
    sys.exit(f"regions: error: docs/deploy.md lists other regions than cfn-lint knows:\n{table}Write them with --update")
print(f"{len(types)} resource types in {len(REGIONS)} regions: as docs/deploy.md says")
