"""The checks: a file for each lesson, `test_NN_name.py`, which lists its checks in order.

A check stands beside its story. What is not in the lesson's own file lies in one named for its
subject, and the lesson's file names it: `test_leave = leaving.test_leave`, or with other words
`take(leaving.test_leave, …)`.

- `any_server`, `any_client`           what every server and every console client must do
- `leaving`, `waiting`, `crowd`        lessons 2 to 4: people leave, wait, and come in crowds
- `names`                              lesson 4: who gets which name, and what comes first
- `echo_client`, `nickname_client`     the clients of lessons 1 and 4
- `window_lines`, `window_endings`     lesson 5: lines in the window, and where a chat ends

The words of the stories: `room` (a server with clients in it), `chat` (a client in a window) and
`plain` (words that look like commands, and are chat).

All of them import `chatkit.bench`, `chatkit.course`, and one another.
"""
