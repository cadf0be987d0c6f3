module kubedebug.invalid/tests/cluster/images

go 1.26.0
