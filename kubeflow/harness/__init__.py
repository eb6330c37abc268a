"""KFP's driver and launcher in Python: runs a compiled file on one machine, a process for each step.

It mirrors what the facts about KFP 2.17 say: types are lost and metadata wrapped on their way between steps, artifacts
go through an object store file by file, conditions are CEL, whatever waits for a step that did not succeed is omitted.
Argo, pods and their images are not played.
"""
