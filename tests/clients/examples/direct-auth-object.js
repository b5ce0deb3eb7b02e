const socket = io('http://localhost:8000', {
  path: '/socket.io',
  auth: {
    token: 'YOUR_JWT_TOKEN' // Can be "Bearer <token>" or just "<token>"
  }
});
