const socket = io('http://localhost:3020', {
  auth: {
    token: 'your_jwt_token'
  }
});
