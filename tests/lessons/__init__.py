"""The checks: a file for each lesson, `test_NN_name.py`, and the stories that several of them tell.

- `any_server`, `any_client`  what every server and every console client must do
- `room`, `names`             lessons 2 to 4: the room, and the names in it
- `turns`                     lessons 3 and 4: where threads meet
- `chat`                      lesson 5: the chat in a window
- `plain`                     words that look like commands, and are chat

They import `chatkit.bench` and `chatkit.course`, and one another.
"""
