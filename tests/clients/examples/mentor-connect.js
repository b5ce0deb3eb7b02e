import { io } from 'socket.io-client';

const socket = io('ws://localhost:4000/chat', {
  auth: {
    token: 'your-jwt-token'
  }
});
