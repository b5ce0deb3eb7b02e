import { useEffect, useRef } from 'react';
import io from 'socket.io-client';

const ChatComponent = ({ conversationId, currentUserId, token }) => {
  const socketRef = useRef();

  useEffect(() => {
    // 1. Connect
    socketRef.current = io('http://localhost:8000', {
      path: '/socket.io',
      auth: { token }
    });

    const socket = socketRef.current;

    // 2. Setup Listeners
    socket.on('connect', () => {
      console.log('Connected');
      // Join the conversation room
      socket.emit('join_conversation', conversationId);
    });

    socket.on('new_message', (message) => {
      console.log('New message received:', message);
      // Append to UI list
    });

    socket.on('typing_start', ({ userId }) => {
      if (userId !== currentUserId) {
        console.log(`User ${userId} is typing...`);
      }
    });

    return () => {
      // Cleanup
      socket.emit('leave_conversation', conversationId);
      socket.disconnect();
    };
  }, [conversationId, token]);

  const sendMessage = (content, toUserId) => {
    socketRef.current.emit('send_message', {
      conversationId,
      content,
      toUserId
    });
  };

  return <div>Chat UI Here</div>;
};
