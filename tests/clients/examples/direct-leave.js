socket.emit('leave_conversation', 123);
