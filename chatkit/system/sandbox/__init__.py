"""The sandbox: what a program that nobody has read may do while it is graded.

- `sandbox`     the tiers of isolation, and the command that starts a program in one
- `namespaces`  a network of its own, and a second user for root
- `rootfs`      the file system that a program sees
- `bounds`      what the kernel bounds of each process; `cgroup` is the bound on memory

Who comes in: `program`, which starts what is contained, and the workers, which ask for a tier.
"""
