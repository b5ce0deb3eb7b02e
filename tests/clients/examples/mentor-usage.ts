// Connect
const socket = io('ws://localhost:4000/chat', {
  auth: { token: localStorage.getItem('accessToken') }
});

// Join conversation
socket.emit('join_conversation', { conversationId: 'xxx' });

// Listen for new messages
socket.on('new_message', ({ conversationId, message }) => {
  console.log('New message:', message);
  // Add to UI, update unread count
});

// Send typing indicator
socket.emit('typing', { conversationId: 'xxx', isTyping: true });

// Listen for typing
socket.on('user_typing', ({ conversationId, userId, isTyping }) => {
  // Show/hide typing indicator
});

// Mark as read
socket.emit('mark_read', { conversationId: 'xxx' });

// Cleanup on unmount
socket.disconnect();
