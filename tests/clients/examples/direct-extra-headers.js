const socket = io('http://localhost:8000', {
  path: '/socket.io',
  extraHeaders: {
    Authorization: 'Bearer YOUR_JWT_TOKEN'
  }
});
