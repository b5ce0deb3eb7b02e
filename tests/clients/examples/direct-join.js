socket.emit('join_conversation', 123);
