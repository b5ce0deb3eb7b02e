socket.emit('joinRoom', { roomId: '64f8a1b2c3d4e5f6a7b8c9d1' });
