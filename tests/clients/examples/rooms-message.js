// Send message
socket.emit('message', {
  roomId: '64f8a1b2c3d4e5f6a7b8c9d1',
  content: 'Hello!'
});

// Receive message
socket.on('message', (data) => {
  console.log('New message:', data);
});
