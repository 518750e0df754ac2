"""The proof that a run outlives whatever happens to its process, its machine and its calls.

``test_killed``: a command is killed by SIGKILL at each of its events (a file made, each half of a
write, an fsync, a rename, a folder made, a file removed, a request before it leaves and after it
was answered), typed again, and then all is as if it had never died; each third run goes on to its
end and is compared again. ``test_vertex_killed``: the same at each call of Vertex AI and of Cloud
Storage; ``test_vertex_story_killed``: at each call of submit and download of the real story, where
that is beside the checkout. ``test_interplay``: killed twice, two at once, moved meanwhile, and
each fault at each call. ``test_order``: what a power cut could take, which no kill can show.
``test_secrets``: no key is in anything that is left behind. ``tests/mutants.py``: each of these
fails when what it proves is taken out of the package.

How it goes: a *zygote* has imported everything and forks a process for each command; an emulator
in the test's process is the service, and each *world* is a folder with a project and that
service's state. A new command is one line in ``scenarios.py``.
"""
