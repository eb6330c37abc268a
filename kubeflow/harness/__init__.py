"""KFP's driver and launcher in Python: runs a compiled file on one machine, a process for each step.

`run` has Argo's order of things: what is ready runs, failed steps are started again, whatever waits for a step that did
not succeed is omitted, the exit handler always runs. `driver` finds inputs, `condition` (CEL) and places for outputs;
`cache` may know them already. `launcher` moves artifacts through a `store`, file by file, starts a `process` and reads
what it wrote; `metadata` says what is lost and wrapped on the way. Each names the place in KFP's source (2.17) that it
follows: KFP/ is `backend/src/` there. Pods, images and volumes are not played.
"""
