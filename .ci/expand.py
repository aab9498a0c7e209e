"""Prints a template as CloudFormation creates it: Fn::ForEach expanded and SAM translated.

    expand.py TEMPLATE [NAME=VALUE...] > expanded.json

checkov looks at resources one by one, and sees neither those inside Fn::ForEach
nor what SAM makes. Both are made here by the code that `sam validate` has for it.
Conditions are decided by the parameters' defaults and by the values given, which
the expanded template has as its defaults.
"""

import json
import sys

from samcli.lib.cfn_language_extensions.sam_integration import expand_language_extensions
from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

with open(sys.argv[1], encoding="utf-8") as file:
    template = yaml_parse(file.read())
given = dict(override.split("=", 1) for override in sys.argv[2:])
values = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-central-1",
    "AWS::URLSuffix": "amazonaws.com",
    **given,
}
expanded = expand_language_extensions(template, parameter_values=values, enabled=True).expanded_template
for resource in expanded["Resources"].values():
    for artifact in {"CodeUri", "DefinitionUri"} & resource["Properties"].keys():
        resource["Properties"][artifact] = "s3://packaged/artifact"
translated = Translator(managed_policy_map={}, sam_parser=Parser()).translate(expanded, parameter_values=values)
for name, value in given.items():
    translated["Parameters"][name]["Default"] = value
json.dump(translated, sys.stdout, indent=1)
